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
from uuid import UUID, uuid5

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004  botocore's own name

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.connection.ports import App, TokenSecret
from m3ter_quickbooks.integration.identifiers import CredentialId
from m3ter_quickbooks.problems import Clash, TryLater, failed_on_its_side
from m3ter_quickbooks.storage import keys
from m3ter_quickbooks.storage.table import Delete, Put, Table
from m3ter_quickbooks.storage.wire import moment_of, moment_text

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

LONGEST_PART = 150
_NAMESPACE = UUID("6a1c5d0e-3f0b-5c55-9d0a-6a2f6b1e7c44")


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
        """Replace the secret, or create it: who writes last wins. Raises TryLater."""
        text = json.dumps(dict(value))
        if _ask(self._client.put_secret_value, SecretId=name, SecretString=text) is None:
            try:
                _ask(self._client.create_secret, Name=name, SecretString=text)
            except Clash as faster:
                raise TryLater("The secret has just been created.") from faster

    def read_version(self, name: str) -> tuple[dict[str, Any], str] | None:
        """The secret as it stands, and the version that it is. Raises TryLater."""
        answer = _ask(self._client.get_secret_value, SecretId=name)
        return None if answer is None else (dict(json.loads(answer["SecretString"])), str(answer["VersionId"]))

    def replace(self, name: str, value: Mapping[str, str], version: str | None) -> None:
        """Write it if `version` is the one that stands; None: create it. Raises Clash, TryLater.

        Secrets Manager has no conditional write, but a version never changes: a second one under the same
        `ClientRequestToken` is refused, unless it is the same. So each version has one name for the next one.
        It holds as long as everybody who writes this secret does it like this.
        """
        text = json.dumps(dict(value))
        if version is None:
            _ask(self._client.create_secret, Name=name, SecretString=text)
            return
        following = str(uuid5(_NAMESPACE, version))
        if _ask(self._client.put_secret_value, SecretId=name, SecretString=text, ClientRequestToken=following) is None:
            raise Clash("The secret has been deleted.")

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
        found = self._vault.read_version(self._name(organization_id, credential_id))
        if found is None:
            return None
        value, version = found
        return TokenSecret(value["refreshToken"], base64.b64decode(value["key"]), moment_of(value["issuedAt"]), version)

    def put(self, organization_id: OrganizationId, credential_id: CredentialId, secret: TokenSecret) -> None:
        """See the port."""
        value = {
            "refreshToken": secret.refresh_token,
            "key": base64.b64encode(secret.key).decode(),
            "issuedAt": moment_text(secret.issued_at),
        }
        self._vault.replace(self._name(organization_id, credential_id), value, secret.version)

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
    # It was deleted a moment ago, and Secrets Manager is not done with that.
    "InvalidRequestException",
}


def _ask(operation: Callable[..., Any], **request: Any) -> Any:  # noqa: ANN401  botocore's own
    """The answer; None if there is no such secret. Raises Clash if there is one, or such a version of it, already."""
    try:
        return operation(**request)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "ResourceNotFoundException":
            return None
        if code == "ResourceExistsException":
            raise Clash("The secret was written at the same time.") from error
        if code in _NOT_NOW or failed_on_its_side(error):
            raise TryLater("Secrets Manager cannot answer now.") from error
        raise
    except (ConnectionError, HTTPClientError) as error:
        raise TryLater("Secrets Manager cannot be reached.") from error
