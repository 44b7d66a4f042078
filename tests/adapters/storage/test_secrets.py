"""Secrets Manager, as far as the contract of the tokens does not ask for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from moto import mock_aws

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.connection.ports import App
from m3ter_quickbooks.integration.identifiers import CredentialId
from m3ter_quickbooks.problems import TryLater
from m3ter_quickbooks.storage.secrets import M3terCredentials, ServiceUser, Tokens, Told, Vault, intuit_app
from m3ter_quickbooks.storage.table import Table
from tests.adapters.storage.on_moto import a_client
from tests.adapters.storage.test_connections_contract import a_secret
from tests.unit.run.builders import NOON

PREFIX = "m3ter-quickbooks/test/"


@pytest.fixture
def secretsmanager() -> Iterator[Any]:
    with mock_aws():
        yield a_client("secretsmanager")


def test_names_begin_with_the_installations_prefix(secretsmanager: Any, organization: OrganizationId) -> None:
    Tokens(Vault(secretsmanager), PREFIX).put(organization, CredentialId("c"), a_secret("t"))

    names = [secret["Name"] for secret in secretsmanager.list_secrets()["SecretList"]]

    assert names == [f"{PREFIX}{organization}/connection/c"]


def test_the_intuit_app_is_read_and_shows_no_secret(secretsmanager: Any) -> None:
    vault = Vault(secretsmanager)
    with pytest.raises(LookupError, match="no secret app"):
        intuit_app(vault, "app")
    vault.write("app", {"clientId": "id", "clientSecret": "very secret"})

    assert intuit_app(vault, "app") == App("id", "very secret")
    assert "very secret" not in repr(intuit_app(vault, "app"))


def test_m3ter_credentials_are_kept_and_only_told_of(
    table: Table, secretsmanager: Any, organization: OrganizationId
) -> None:
    credentials = M3terCredentials(table, Vault(secretsmanager), PREFIX)
    assert (credentials.get(organization), credentials.known(organization)) == (None, None)

    credentials.put(organization, "key", "secret", "https://api.m3ter.test", by="ann", at=NOON)
    assert credentials.get(organization) == ServiceUser("key", "secret", "https://api.m3ter.test")
    assert credentials.known(organization) == Told(NOON, "ann")

    credentials.put(organization, "key2", "secret2", None, by="bob", at=NOON + timedelta(days=1))
    assert credentials.get(organization) == ServiceUser("key2", "secret2", None)
    assert "secret2" not in repr(credentials.get(organization))

    credentials.delete(organization)
    credentials.delete(organization)
    assert (credentials.get(organization), credentials.known(organization)) == (None, None)


class Refusing:
    """Secrets Manager in a bad moment."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        def refuse(**_: Any) -> None:
            raise self._error

        return refuse


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "ThrottlingException", "Message": "x"}}, "GetSecretValue"),
        ClientError({"Error": {"Code": "InternalServiceError", "Message": "x"}}, "GetSecretValue"),
        ClientError({"Error": {"Code": "InvalidRequestException", "Message": "being deleted"}}, "GetSecretValue"),
        ConnectTimeoutError(endpoint_url="https://secrets"),
    ],
)
def test_a_bad_moment_is_tried_later(error: Exception) -> None:
    vault = Vault(cast("Any", Refusing(error)))

    with pytest.raises(TryLater):
        vault.read("a")
    with pytest.raises(TryLater):
        vault.write("a", {})
    with pytest.raises(TryLater):
        vault.remove("a")


def test_a_refusal_for_want_of_permission_is_a_bug() -> None:
    error = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "x"}}, "GetSecretValue")

    with pytest.raises(ClientError):
        Vault(cast("Any", Refusing(error))).read("a")
