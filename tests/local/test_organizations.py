"""Who may call the API: what `make organization` and `make client` write."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from local.organizations import Callers
from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.problems import Clash, Missing
from m3ter_quickbooks.storage.members import Members, Role

REGION = "eu-west-1"


def client(service: str) -> Any:  # boto3 makes its clients at run time
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    return boto3.client(service, region_name=REGION, **keys)  # type: ignore[call-overload] # the stubs want a literal


@pytest.fixture
def callers() -> Iterator[Callers]:
    with mock_aws():
        client("dynamodb").create_table(
            TableName="table",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        pool = client("cognito-idp").create_user_pool(PoolName="pool")["UserPool"]["Id"]
        yield Callers.of(table="table", user_pool=pool, client=client)


def test_an_organization_gets_an_admin_client(callers: Callers) -> None:
    made = callers.add_organization("Acme")
    member = Members(callers.table).get(OrganizationId(made["organizationId"]), made["clientId"])
    assert member is not None
    assert (member.role, made["role"]) == (Role.ADMIN, "admin")
    assert made["clientSecret"]


def test_an_organization_is_known_by_its_id_in_m3ter_and_only_once(callers: Callers) -> None:
    assert callers.add_organization("Acme", "m3ter-id")["organizationId"] == "m3ter-id"
    with pytest.raises(Clash):
        callers.add_organization("Acme", "m3ter-id")


def test_another_client_gets_the_role_asked_for(callers: Callers) -> None:
    organization = OrganizationId(callers.add_organization("Acme")["organizationId"])
    made = callers.add_client(organization, Role.VIEWER)
    member = Members(callers.table).get(organization, made["clientId"])
    assert member is not None
    assert member.role is Role.VIEWER


def test_a_client_of_nobody_is_refused(callers: Callers) -> None:
    with pytest.raises(Missing):
        callers.add_client(OrganizationId("nobody"), Role.VIEWER)


def test_a_client_may_ask_for_the_scope_of_the_api_and_nothing_else(callers: Callers) -> None:
    made = callers.add_organization("Acme")
    described = callers.cognito.describe_user_pool_client(UserPoolId=callers.user_pool, ClientId=made["clientId"])
    assert described["UserPoolClient"]["AllowedOAuthFlows"] == ["client_credentials"]
    assert described["UserPoolClient"]["AllowedOAuthScopes"] == ["m3ter-quickbooks/api"]
