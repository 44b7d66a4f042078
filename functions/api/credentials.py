"""Credentials: the consent of a QuickBooks company, and the callback that finishes it. No answer ever holds a token."""

from __future__ import annotations

from typing import Literal

from api.answer import Answer, answered, refused
from api.callback_page import connected, page
from api.configurations import destination_of
from api.house import House
from api.request import Call
from api.route import Routes
from api.shapes import Audited, Moment, Page, Paging, Shape, audit, optional, told
from m3ter_quickbooks.connection.connection import Connection, ConnectionStatus
from m3ter_quickbooks.connection.consent import Callback
from m3ter_quickbooks.integration.identifiers import CredentialId
from m3ter_quickbooks.problems import Problem
from m3ter_quickbooks.run.replay import resume
from m3ter_quickbooks.run.run import RunStatus
from m3ter_quickbooks.storage.audit import Kept
from m3ter_quickbooks.storage.members import Role

routes = Routes.of("integrationcredentials")


class NewCredentialBody(Shape):
    """A credential to get consent for."""

    destination: str = told("`QuickBooks` or `QuickBooksSandbox`, in any case.", "QuickBooksSandbox", max_length=40)
    name: str | None = optional("What people call it.", "Books of Acme Inc", max_length=200)


class CredentialAnswer(Audited):
    """A credential, without any secret."""

    id: str = told("Its id, ordered by time.", "01957f3e-6a00-7000-8000-000000000002")
    name: str = told("What people call it.", "Books of Acme Inc")
    destination: str = told("`QuickBooks` or `QuickBooksSandbox`.", "QuickBooksSandbox")
    type: Literal["OAUTH_CODE"] = told("Always `OAUTH_CODE`: consent in a browser.", "OAUTH_CODE", default="OAUTH_CODE")
    status: ConnectionStatus = told("`NEEDS_RECONNECT`: QuickBooks no longer accepts our tokens.", "CONNECTED")
    authorize_url: str | None = optional(
        "Only after create and reconnect: where the company's administrator consents, within ten minutes.",
        "https://appcenter.intuit.com/connect/oauth2?client_id=...",
    )
    company_id: str | None = optional("QuickBooks company, fixed at consent.", "9130000000000001")
    company_name: str | None = optional("Its name.", "Sandbox Company_US_1")
    country: str | None = optional("Its country.", "US")
    home_currency: str | None = optional("Its home currency.", "USD")
    multicurrency: bool | None = optional("Whether it takes other currencies.", example=True)
    dt_consent_ends: Moment | None = optional("When consent runs out.", "2031-03-01T09:00:00.000Z")


class CallbackQuery(Shape):
    """What Intuit sends the browser back with."""

    state: str | None = optional("The state of the authorize URL.", max_length=500)
    code: str | None = optional("The authorization code.", max_length=2000)
    realm_id: str | None = optional("The company.", "9130000000000001", max_length=100)
    error: str | None = optional("Why there is no code.", "access_denied", max_length=500)


@routes.post("/integrationcredentials", Role.OPERATOR, statuses=(503,))
def create(call: Call, house: House, body: NewCredentialBody) -> CredentialAnswer:
    """Create a draft credential and begin its consent.

    Open `authorizeUrl` in a browser as an administrator of the company, within ten minutes.
    """
    destination = destination_of(body.destination)
    by, at = call.caller.name, house.now()
    kept = house.credentials.create(call.organization_id, destination, body.name or "", by=by, at=at)
    return _answer(kept, house.consents(call.request.base_url).begin(kept.value))


@routes.get("/integrationcredentials")
def list_(call: Call, house: House, query: Paging) -> Page[CredentialAnswer]:
    """List the credentials, newest first."""
    found = house.credentials.page(call.organization_id, size=query.page_size, token=query.next_token)
    return Page[CredentialAnswer](data=[_answer(kept) for kept in found.items], next_token=found.next_token)


@routes.get("/integrationcredentials/{id}", statuses=(404,))
def get(call: Call, house: House) -> CredentialAnswer:
    """Get a credential."""
    return _answer(house.credentials.get(call.organization_id, _id(call)))


@routes.post("/integrationcredentials/{id}/reconnect", Role.OPERATOR, statuses=(404, 503))
def reconnect(call: Call, house: House) -> CredentialAnswer:
    """Begin consent anew, for the same company."""
    kept = house.credentials.get(call.organization_id, _id(call))
    return _answer(kept, house.consents(call.request.base_url).begin(kept.value))


@routes.delete("/integrationcredentials/{id}", Role.OPERATOR, statuses=(404, 409, 503))
def delete(call: Call, house: House) -> CredentialAnswer:
    """Disconnect: revoke the consent at Intuit, delete the secret and the credential.

    Configurations that used it are no longer connected; their bills are held.
    """
    kept = house.credentials.get(call.organization_id, _id(call))
    gone = house.consents(call.request.base_url).disconnect(kept.value)
    house.credentials.delete(call.organization_id, _id(call), by=call.caller.name, at=house.now())
    return _answer(Kept(gone, kept.audit))


@routes.get("/quickbooks/callback", None, statuses=(503,), media=("text/html", "application/json"))
def callback(call: Call, house: House, query: CallbackQuery) -> Answer:
    """Finish a consent. Intuit sends the browser here.

    A page for the person, or JSON if `Accept` asks for it. The state is used up whatever comes of it.
    """
    try:
        connection = house.consents(call.request.base_url).finish(
            Callback(query.state, query.code, query.realm_id, query.error)
        )
    except Problem as problem:
        status = refused(problem).status
        return refused(problem) if _wants_json(call) else page(status, "Not connected", problem.message)
    for integration in house.configurations.using(connection.organization_id, connection.credential_id):
        resume(connection.organization_id, integration.id, RunStatus.AUTH_FAILED, house.runs_world)
    if _wants_json(call):
        return answered(_answer(house.credentials.get(connection.organization_id, connection.credential_id)))
    company = connection.company
    name, country = (company.name, company.country or "") if company else ("The company", "")
    organization = house.organizations.get(connection.organization_id).value.name
    return page(200, "Connected", connected(name, country, organization))


def _wants_json(call: Call) -> bool:
    accept = call.request.headers.get("accept", "")
    return "application/json" in accept and "text/html" not in accept


def _id(call: Call) -> CredentialId:
    return CredentialId(call.ids["id"])


def _answer(kept: Kept[Connection], authorize_url: str | None = None) -> CredentialAnswer:
    one, company = kept.value, kept.value.company
    return CredentialAnswer(
        id=one.credential_id,
        name=one.name,
        destination=one.destination.value,
        status=one.status,
        authorize_url=authorize_url,
        company_id=one.company_id,
        company_name=company.name if company else None,
        country=company.country if company else None,
        home_currency=company.home_currency if company else None,
        multicurrency=company.multicurrency if company else None,
        dt_consent_ends=one.consent_ends,
        **audit(kept.audit),
    )
