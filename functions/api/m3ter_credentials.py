"""The organization's m3ter service user, for completing events that came without everything."""

from __future__ import annotations

from pydantic import HttpUrl

from api.house import House
from api.request import Call
from api.route import Routes
from api.shapes import Moment, Shape, optional, told
from m3ter_quickbooks.problems import BadRequest, FieldProblem
from m3ter_quickbooks.storage.members import Role

routes = Routes.of("m3tercredentials")


class M3terCredentialsBody(Shape):
    """A service user of m3ter. Kept in Secrets Manager; no answer ever holds it."""

    api_key: str = told("Its API key.", "key-made-in-m3ter", min_length=1, max_length=500)
    api_secret: str = told("Its API secret.", "secret-made-in-m3ter", min_length=1, max_length=500)
    base_url: HttpUrl | None = optional(
        "m3ter's API, https only; none: the installation's own setting.", "https://api.m3ter.com"
    )


class M3terCredentialsAnswer(Shape):
    """Whether there are m3ter credentials, and since when."""

    configured: bool = told("Whether there are any.", example=True)
    dt_configured: Moment | None = optional("Since when.", "2026-03-01T09:00:00.000Z")
    configured_by: str | None = optional("Who gave them.", "USER_a1b2")


@routes.get("/m3tercredentials")
def get(call: Call, house: House) -> M3terCredentialsAnswer:
    """Say whether there are m3ter credentials, and since when."""
    return _answer(call, house)


@routes.put("/m3tercredentials", Role.ADMIN, statuses=(503,))
def put(call: Call, house: House, body: M3terCredentialsBody) -> M3terCredentialsAnswer:
    """Keep the organization's m3ter credentials, in place of those that were there."""
    if body.base_url is not None and body.base_url.scheme != "https":
        raise BadRequest.about(FieldProblem("baseUrl", "must begin with https."))
    house.m3ter_credentials.put(
        call.organization_id,
        body.api_key,
        body.api_secret,
        str(body.base_url).rstrip("/") if body.base_url else None,
        by=call.caller.name,
        at=house.now(),
    )
    return _answer(call, house)


@routes.delete("/m3tercredentials", Role.ADMIN, statuses=(503,))
def delete(call: Call, house: House) -> M3terCredentialsAnswer:
    """Forget the organization's m3ter credentials."""
    house.m3ter_credentials.delete(call.organization_id)
    return M3terCredentialsAnswer(configured=False)


def _answer(call: Call, house: House) -> M3terCredentialsAnswer:
    found = house.m3ter_credentials.known(call.organization_id)
    if found is None:
        return M3terCredentialsAnswer(configured=False)
    return M3terCredentialsAnswer(configured=True, dt_configured=found.since, configured_by=found.by)
