"""Secrets Manager: the tokens of each connection, our Intuit app, each organization's m3ter service user.

Every name begins with the installation's prefix: the functions' permissions end there.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004  botocore's own name

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.connection.ports import App, TokenSecret
from m3ter_quickbooks.integration.identifiers import CredentialId
from m3ter_quickbooks.problems import TryLater, failed_on_its_side
from m3ter_quickbooks.storage import keys
from m3ter_quickbooks.storage.table import Delete, Put, Table
from m3ter_quickbooks.storage.wire import moment_of, moment_text

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

LONGEST_PART = 150


def secret_part(text: str) -> str:
    """An id as part of a secret's name: other characters as `=` and their hex, a very long one as its hash."""
    escaped = re.sub(r"[^A-Za-z0-9_.@-]", lambda found: "".join(f"={byte:02X}" for byte in found[0].encode()), text)
    return escaped if len(escaped) <= LONGEST_PART else f"=+{sha256(text.encode()).hexdigest()}"


class Vault:
    """Secrets by name. No value is ever kept here, nor in an error."""

    def __init__(self, client: SecretsManagerClient) -> None:
        self._client = client

    def read(self, name: str) -> dict[str, Any] | None:
        """The secret as it stands; None if there is none. Raises TryLater."""
        answer = _ask(self._client.get_secret_value, SecretId=name)
        return None if answer is None else dict(json.loads(answer["SecretString"]))

    def write(self, name: str, value: Mapping[str, str]) -> None:
        """Replace the secret, or create it. Raises TryLater."""
        text = json.dumps(dict(value))
        if _ask(self._client.put_secret_value, SecretId=name, SecretString=text) is None:
            _ask(self._client.create_secret, Name=name, SecretString=text)

    def remove(self, name: str) -> None:
        """Delete it for good, without a recovery window. Nothing happens if there is none. Raises TryLater."""
        _ask(self._client.delete_secret, SecretId=name, ForceDeleteWithoutRecovery=True)


class Tokens:
    """Implements `connection.ports.TokenStore`."""

    def __init__(self, vault: Vault, prefix: str) -> None:
        self._vault = vault
        self._prefix = prefix

    def get(self, organization_id: OrganizationId, credential_id: CredentialId) -> TokenSecret | None:
        """See the port."""
        value = self._vault.read(self._name(organization_id, credential_id))
        if value is None:
            return None
        return TokenSecret(value["refreshToken"], base64.b64decode(value["key"]), moment_of(value["issuedAt"]))

    def put(self, organization_id: OrganizationId, credential_id: CredentialId, secret: TokenSecret) -> None:
        """See the port."""
        value = {
            "refreshToken": secret.refresh_token,
            "key": base64.b64encode(secret.key).decode(),
            "issuedAt": moment_text(secret.issued_at),
        }
        self._vault.write(self._name(organization_id, credential_id), value)

    def delete(self, organization_id: OrganizationId, credential_id: CredentialId) -> None:
        """See the port."""
        self._vault.remove(self._name(organization_id, credential_id))

    def _name(self, organization_id: OrganizationId, credential_id: CredentialId) -> str:
        return f"{self._prefix}{secret_part(organization_id)}/connection/{secret_part(credential_id)}"


def intuit_app(vault: Vault, name: str) -> App:
    """Our registration with Intuit, `{"clientId", "clientSecret"}`. Raises TryLater, LookupError if it is not there."""
    value = vault.read(name)
    if value is None:
        raise LookupError(f"There is no secret {name} with the Intuit app.")
    return App(value["clientId"], value["clientSecret"])


@dataclass(frozen=True, slots=True)
class ServiceUser:
    """An organization's service user in m3ter. `base_url` None: m3ter's own."""

    api_key: str
    api_secret: str = field(repr=False)
    base_url: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """That there are m3ter credentials: since when, and from whom."""

    since: datetime
    by: str


class M3terCredentials:
    """Implements what the m3ter room asks for (`get`), and what the API needs."""

    def __init__(self, table: Table, vault: Vault, prefix: str) -> None:
        self._table = table
        self._vault = vault
        self._prefix = prefix

    def get(self, organization_id: OrganizationId) -> ServiceUser | None:
        """None where the organization has stored none. Raises TryLater."""
        value = self._vault.read(self._name(organization_id))
        return None if value is None else ServiceUser(value["apiKey"], value["apiSecret"], value.get("baseUrl"))

    def put(
        self,
        organization_id: OrganizationId,
        api_key: str,
        api_secret: str,
        base_url: str | None,
        *,
        by: str,
        at: datetime,
    ) -> None:
        """Keep them, in place of those that were there. Raises TryLater."""
        value = {"apiKey": api_key, "apiSecret": api_secret, **({"baseUrl": base_url} if base_url else {})}
        self._vault.write(self._name(organization_id), value)
        key = keys.m3ter_credentials(organization_id)
        item = {"pk": key.pk, "sk": key.sk, "type": "m3ter credentials", "since": moment_text(at), "by": by}
        self._table.put(Put(item))

    def known(self, organization_id: OrganizationId) -> Told | None:
        """Whether there are any: says nothing of what they are."""
        item = self._table.get(keys.m3ter_credentials(organization_id))
        return None if item is None else Told(moment_of(item["since"]), item["by"])

    def delete(self, organization_id: OrganizationId) -> None:
        """Forget them; nothing happens if there are none. Raises TryLater."""
        self._vault.remove(self._name(organization_id))
        self._table.delete(Delete(keys.m3ter_credentials(organization_id)))

    def _name(self, organization_id: OrganizationId) -> str:
        return f"{self._prefix}{secret_part(organization_id)}/m3ter"


_NOT_NOW = {
    "InternalServiceError",
    "InternalServiceErrorException",
    "LimitExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    # It was deleted or created a moment ago, and Secrets Manager is not done with that.
    "InvalidRequestException",
    "ResourceExistsException",
}


def _ask(operation: Callable[..., Any], **request: Any) -> Any:  # noqa: ANN401  botocore's own
    """The answer; None if there is no such secret."""
    try:
        return operation(**request)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "ResourceNotFoundException":
            return None
        if code in _NOT_NOW or failed_on_its_side(error):
            raise TryLater("Secrets Manager cannot answer now.") from error
        raise
    except (ConnectionError, HTTPClientError) as error:
        raise TryLater("Secrets Manager cannot be reached.") from error
