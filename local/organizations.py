"""`make organization` and `make client`: who may call the API, on the local stack or a deployed one."""

import argparse
import json
import os
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

import boto3

from local.processes import StackTroubleError

ROLES = ("admin", "operator", "viewer")
SCOPE = "m3ter-quickbooks/api"


@dataclass(frozen=True, slots=True)
class Organizations:
    """The organizations of one installation, and their API clients."""

    table: Any
    user_pool: str
    cognito: Any

    @classmethod
    def of(cls, *, table: str, user_pool: str, client: Callable[[str], Any]) -> Self:
        """Those of a stack, by the names of its table and its user pool."""
        return cls(table=_Table(client("dynamodb"), table), user_pool=user_pool, cognito=client("cognito-idp"))

    def create(self, name: str) -> dict[str, str]:
        """Creates an organization with an admin API client."""
        organization = str(uuid.uuid4())
        self.table.put({"pk": f"ORG#{organization}", "sk": "ORG", "type": "organization", "name": name})
        return self.add_client(organization, "admin")

    def add_client(self, organization: str, role: str) -> dict[str, str]:
        """Creates an API client of an organization.

        Raises:
            StackTroubleError: there is no such organization.
        """
        if not self.table.has(f"ORG#{organization}", "ORG"):
            raise StackTroubleError(f"There is no organization {organization}.")
        made = self.cognito.create_user_pool_client(
            UserPoolId=self.user_pool,
            ClientName=f"{organization} {role}",
            GenerateSecret=True,
            AllowedOAuthFlows=["client_credentials"],
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthScopes=[SCOPE],
        )["UserPoolClient"]
        member = {"pk": f"ORG#{organization}", "sk": f"MEMBER#{made['ClientId']}", "type": "member", "role": role}
        self.table.put(member)
        return {
            "organizationId": organization,
            "clientId": made["ClientId"],
            "clientSecret": made["ClientSecret"],
            "role": role,
        }


@dataclass(frozen=True, slots=True)
class _Table:
    dynamodb: Any
    name: str

    def put(self, item: dict[str, str]) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        stored = item | {"dtCreated": now}
        self.dynamodb.put_item(TableName=self.name, Item={key: {"S": value} for key, value in stored.items()})

    def has(self, pk: str, sk: str) -> bool:
        key = {"pk": {"S": pk}, "sk": {"S": sk}}
        return "Item" in self.dynamodb.get_item(TableName=self.name, Key=key, ConsistentRead=True)


def _installation() -> Organizations:
    deployed = os.environ.get("STACK")
    if deployed:
        stacks = boto3.client("cloudformation").describe_stacks(StackName=deployed)["Stacks"]
        found = {output["OutputKey"]: output["OutputValue"] for output in stacks[0]["Outputs"]}
        session: Callable[..., Any] = boto3.client
        return Organizations.of(table=found["TableName"], user_pool=found["UserPoolId"], client=session)
    from local.stack import Stack  # noqa: PLC0415 # the stack itself starts with an organization

    stack = Stack.read()
    return Organizations.of(table=stack.table_name, user_pool=stack.user_pool_id, client=stack.client)


def main() -> None:
    """The command line that the Makefile calls; the last line it prints is one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    deeds = parser.add_subparsers(dest="deed", required=True)
    deeds.add_parser("organization").add_argument("name")
    adding = deeds.add_parser("client")
    adding.add_argument("organization")
    adding.add_argument("role", choices=ROLES)
    arguments = parser.parse_args()
    try:
        organizations = _installation()
        if arguments.deed == "organization":
            made = organizations.create(arguments.name)
        else:
            made = organizations.add_client(arguments.organization, arguments.role)
    except StackTroubleError as trouble:
        sys.exit(str(trouble))
    print(json.dumps(made))


if __name__ == "__main__":
    main()
