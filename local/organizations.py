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
from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.problems import Problem
from m3ter_quickbooks.storage.members import Member, Members, Organization, Organizations, Role
from m3ter_quickbooks.storage.table import Table

SCOPE = "m3ter-quickbooks/api"
MAKER = "make organization"


@dataclass(frozen=True, slots=True)
class Callers:
    """Who may call the API of one installation."""

    table: Table
    user_pool: str
    cognito: Any

    @classmethod
    def of(cls, *, table: str, user_pool: str, client: Callable[[str], Any]) -> Self:
        """Those of a stack, by the names of its table and its user pool."""
        return cls(table=Table(client("dynamodb"), table), user_pool=user_pool, cognito=client("cognito-idp"))

    def add_organization(self, name: str, known_as: str | None = None) -> dict[str, str]:
        """Creates an organization with an admin API client.

        Args:
            name: what people call it.
            known_as: its id in m3ter, which m3ter's events carry; without one, an id is made up.

        Raises:
            Clash: there is one with this id already.
        """
        organization = OrganizationId(known_as or str(uuid.uuid4()))
        Organizations(self.table).create(Organization(organization, name), by=MAKER, at=datetime.now(UTC))
        return self.add_client(organization, Role.ADMIN)

    def add_client(self, organization: OrganizationId, role: Role) -> dict[str, str]:
        """Creates an API client of an organization.

        Raises:
            Missing: there is no such organization.
        """
        name = Organizations(self.table).get(organization).value.name
        made = self.cognito.create_user_pool_client(
            UserPoolId=self.user_pool,
            # Cognito takes fewer characters in this name than we do in an organization's.
            ClientName=f"{organization} {role}",
            GenerateSecret=True,
            AllowedOAuthFlows=["client_credentials"],
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthScopes=[SCOPE],
        )["UserPoolClient"]
        Members(self.table).add(Member(organization, made["ClientId"], role, name=f"{name} {role}"))
        return {
            "organizationId": organization,
            "clientId": made["ClientId"],
            "clientSecret": made["ClientSecret"],
            "role": str(role),
        }


def _installation() -> Callers:
    deployed = os.environ.get("STACK")
    if deployed:
        stacks = boto3.client("cloudformation").describe_stacks(StackName=deployed)["Stacks"]
        found = {output["OutputKey"]: output["OutputValue"] for output in stacks[0]["Outputs"]}
        session: Callable[..., Any] = boto3.client
        return Callers.of(table=found["TableName"], user_pool=found["UserPoolId"], client=session)
    from local.stack import Stack  # noqa: PLC0415 # the stack itself starts with an organization

    stack = Stack.read()
    return Callers.of(table=stack.table_name, user_pool=stack.user_pool_id, client=stack.client)


def main() -> None:
    """The command line that the Makefile calls; the last line it prints is one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    deeds = parser.add_subparsers(dest="deed", required=True)
    founding = deeds.add_parser("organization")
    founding.add_argument("name")
    founding.add_argument("--id", dest="known_as", help="the organization's id in m3ter")
    adding = deeds.add_parser("client")
    adding.add_argument("organization")
    adding.add_argument("role", type=Role, choices=list(Role))
    arguments = parser.parse_args()
    try:
        callers = _installation()
        if arguments.deed == "organization":
            made = callers.add_organization(arguments.name, arguments.known_as)
        else:
            made = callers.add_client(arguments.organization, arguments.role)
    except (StackTroubleError, Problem) as trouble:
        sys.exit(str(trouble))
    print(json.dumps(made))


if __name__ == "__main__":
    main()
