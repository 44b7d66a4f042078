"""Every route, by no token, an expired one, another organization's, a viewer's, an operator's and an admin's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from api.route import Route
from api.table import TABLE
from local.quickbooks.simulator import Simulator
from m3ter_quickbooks.storage.members import Role
from tests.functions.api.conftest import Aws, Clock, Place, build_house, build_place
from tests.functions.api.gateway import Cognito, Gateway

RANKS = ("viewer", "operator", "admin")
ROUTES = [route for route in TABLE.routes if route.role is not None]
PUBLIC = {"/oauth/token", "/quickbooks/callback", "/openapi.json"}

OPERATORS = {
    "integrationconfigs",
    "externalmappings",
    "integrationcredentials",
    "accounts",
    "events",
    "integrationruns",
}
ADMINS = {"invitations", "users", "m3tercredentials"}
READING_POSTS = {"bills/preview", "bills/rehearse"}
# What somebody who may is answered, in an organization that has nothing, to a request without a body: that of a thing
# which is not there is 404, but for the requests that ask for a list or for nothing, and those that say nothing.
FOUND = {
    "DELETE m3tercredentials",
    "GET accounts",
    "GET events",
    "GET events/fields",
    "GET events/types",
    "GET externalmappingconfiguration",
    "GET externalmappingconfiguration/values/{destination}/{entityType}",
    "GET externalmappings",
    "GET externalmappings/check",
    "GET externalmappings/export",
    "GET externalmappings/external/{entity}/{m3terId}",
    "GET externalmappings/externalid/{system}/{externalTable}/{externalId+}",
    "GET integrationconfigs",
    "GET integrationcredentials",
    "GET integrationruns/destinations/{destinationId}",
    "GET integrationruns/{entityType}/{entityId}",
    "GET m3tercredentials",
    "GET users",
    "GET users/me",
}
SAYS_NOTHING = {
    "POST accounts",
    "POST bills/preview",
    "POST bills/rehearse",
    "POST events/actioned",
    "POST externalmappings",
    "POST externalmappings/import",
    "POST integrationconfigs",
    "POST integrationcredentials",
    "POST invitations",
    "PUT accounts/{id}",
    "PUT events/{id}/actioned",
    "PUT externalmappings/{id}",
    "PUT integrationconfigs/{id}",
    "PUT integrationconfigs/{id}/credential",
    "PUT m3tercredentials",
}


def path_of(route: Route, organization_id: str) -> str:
    path = route.path.replace("{orgId}", organization_id).replace("+}", "}")
    while "{" in path:
        start, end = path.index("{"), path.index("}")
        path = path[:start] + "nobody" + path[end + 1 :]
    return path.lstrip("/")


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


def status_where_nothing_is(route: Route) -> int:
    asked = f"{route.method} {route.path.removeprefix('/organizations/{orgId}/')}"
    return 200 if asked in FOUND else 400 if asked in SAYS_NOTHING else 404


@pytest.fixture(scope="module")
def places(aws: Aws) -> Iterator[tuple[Place, Place]]:
    """Two organizations for all routes: nothing that they ask for is there."""
    clock = Clock()
    simulator = Simulator(clock=lambda: clock.at, seed=1)
    cognito = Cognito(lambda: clock.at)
    gateway = Gateway(build_house(aws, clock, simulator, cognito), cognito)
    yield build_place(gateway, clock, simulator), build_place(gateway, clock, simulator)
    simulator.close()


@pytest.mark.parametrize("route", ROUTES, ids=named)
def test_a_route_opens_to_its_role_and_above_and_to_nobody_else(route: Route, places: tuple[Place, Place]) -> None:
    place, other_place = places
    cognito = place.gateway.cognito
    path = path_of(route, place.organization_id)

    def status(token: str | None) -> int:
        return place.gateway.client(token).request(route.method, path).status_code

    old = cognito.token_of_client(place.client_id("admin"))
    place.clock.move(timedelta(hours=2))
    assert status(None) == 401
    assert status(old) == 401
    assert status(cognito.token_of_client(other_place.client_id("admin"))) == 403
    for rank in RANKS:
        answer = status(cognito.token_of_client(place.client_id(rank)))
        if RANKS.index(rank) < RANKS.index(str(route.role)):
            assert answer == 403
        else:
            assert answer == status_where_nothing_is(route)


@pytest.mark.parametrize("route", ROUTES, ids=named)
def test_the_least_role_is_what_the_contract_says(route: Route) -> None:
    """Viewers read and preview; operators also change what is sent; admins also say who may, and keep secrets."""
    below = route.path.removeprefix("/organizations/{orgId}/")
    reads = route.method == "GET" or below in READING_POSTS
    resource = below.partition("/")[0]
    expected = Role.VIEWER if reads else Role.ADMIN if resource in ADMINS else Role.OPERATOR
    assert reads or resource in OPERATORS | ADMINS
    assert route.role is expected


def test_only_three_routes_are_public() -> None:
    assert {route.path for route in TABLE.routes if route.role is None} == PUBLIC
