"""Whether a configuration could send bills now, and what is to be changed, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from itertools import islice

from api.house import House
from api.mapping_checks import connection_of
from api.request import Call
from api.route import Routes
from api.shapes import Shape, optional, told
from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.connection.connection import Connection, ConnectionStatus
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.integration.mapping import ACCOUNT, CUSTOMER, MappingKey
from m3ter_quickbooks.integration.settings import KEYS
from m3ter_quickbooks.invoice.company import Company
from m3ter_quickbooks.problems import ConnectionLost, Refused, TryLater
from m3ter_quickbooks.storage.members import Role

routes = Routes.of("integrationconfigs")

MOST_UNKNOWN = 50
"""Unknown settings that are looked at, of at most so many characters."""
MOST_BILLS = 400
"""Tellings of bills that are looked through, the newest first."""


class UnmappedAccount(Shape):
    """An account that has bills and no customer."""

    id: str = told("Its id.", "2c1d0000-0000-4000-8000-000000000001")
    code: str | None = optional("Its code, as its bill says.", "acme-europe")
    bills: int = told("How many bills of it were seen.", 3)


class ReadinessAnswer(Shape):
    """Whether bills could be sent now, and what is to be done first."""

    ready: bool = told("Whether there is nothing left to do.", example=False)
    enabled: bool = told("Whether the configuration is enabled.", example=True)
    connected: bool = told("Whether it leads to a company.", example=True)
    company_id: str | None = optional("QuickBooks company.", "9130000000000001")
    company_name: str | None = optional("Its name.", "Sandbox Company_US_1")
    country: str | None = optional("Its country.", "US")
    home_currency: str | None = optional("Its home currency.", "USD")
    multicurrency: bool | None = optional("Whether it takes other currencies.", example=True)
    custom_transaction_numbers: bool | None = optional(
        "Whether it takes our invoice numbers as they are.", example=False
    )
    closing_date: date | None = optional("Books are closed up to and on this day.", "2025-12-31")
    currencies: list[str] = told("Currencies of the bills seen.", ["EUR", "USD"])
    unmapped_accounts: list[UnmappedAccount] = told("Accounts that have bills and no customer.")
    todo: list[str] = told("What to change first, in words.", ["Turn on multicurrency in QuickBooks."])
    notes: list[str] = told("What to know, though nothing has to be done.", ["Books are closed up to 2025-12-31."])


@dataclass
class Seen:
    """What the bills seen so far say."""

    currencies: set[str] = field(default_factory=set)
    accounts: dict[str, UnmappedAccount] = field(default_factory=dict)


@routes.get("/integrationconfigs/{id}/readiness", Role.VIEWER, statuses=(404,))
def readiness(call: Call, house: House) -> ReadinessAnswer:
    """Say whether this configuration could send bills now, and what to change first.

    The company is asked now. The last 400 bills that were seen say which accounts and currencies there are.
    """
    integration = house.configurations.get(call.organization_id, ConfigurationId(call.ids["id"]))
    connection = connection_of(integration, house)
    notes: list[str] = []
    company = _company(connection, house, notes)
    seen = _seen(call.organization_id, house)
    unmapped = _unmapped(integration, seen, house)
    todo = [
        *_about_configuration(integration, connection),
        *(_about_company(company, seen) if company else ()),
        *_about_accounts(unmapped),
    ]
    notes += _to_know(company) if company else ()
    notes += _mistyped(integration.config_data)
    return ReadinessAnswer(
        ready=not todo,
        enabled=integration.enabled,
        connected=connection is not None and connection.status is ConnectionStatus.CONNECTED,
        company_id=company.company_id if company else None,
        company_name=company.name if company else None,
        country=company.country if company else None,
        home_currency=company.home_currency if company else None,
        multicurrency=company.multicurrency if company else None,
        custom_transaction_numbers=company.custom_transaction_numbers if company else None,
        closing_date=company.book_close_date if company else None,
        currencies=sorted(seen.currencies),
        unmapped_accounts=unmapped,
        todo=todo,
        notes=notes,
    )


def _company(connection: Connection | None, house: House, notes: list[str]) -> Company | None:
    """The company as it says of itself now; as it was at consent, with a note, where it does not answer."""
    if connection is None or connection.status is not ConnectionStatus.CONNECTED:
        return connection.company if connection else None
    try:
        return house.catalogue.company(connection)
    except (TryLater, ConnectionLost, Refused) as problem:
        notes.append(f"The company is shown as it was at consent: {problem.message}")
        return connection.company


def _seen(organization_id: OrganizationId, house: House) -> Seen:
    seen, token, left = Seen(), None, MOST_BILLS
    while left > 0:
        page = house.history.bills_seen(organization_id, size=min(100, left), token=token)
        for snapshot in page.items:
            currency, code = snapshot.dto.get("currency"), snapshot.dto.get("accountCode")
            if isinstance(currency, str):
                seen.currencies.add(currency.upper())
            if snapshot.account_id:
                known = seen.accounts.get(snapshot.account_id)
                seen.accounts[snapshot.account_id] = UnmappedAccount(
                    id=snapshot.account_id,
                    code=known.code if known else code if isinstance(code, str) else None,
                    bills=known.bills + 1 if known else 1,
                )
        token, left = page.next_token, left - len(page.items)
        if token is None:
            break
    return seen


def _unmapped(integration: Integration, seen: Seen, house: House) -> list[UnmappedAccount]:
    parents = (integration.id,) if integration.settings.enforce_external_mappings_for_config else (integration.id, None)
    restricted, allowed = integration.settings.restricted_account_ids, integration.settings.account_ids
    wanted = [one for one in seen.accounts if one not in restricted and (not allowed or one in allowed)]
    keys = [
        MappingKey(ACCOUNT, account_id, integration.destination.value, CUSTOMER, parent)
        for account_id in wanted
        for parent in parents
    ]
    mapped = {mapping.m3ter_id for mapping in house.mappings.found(integration.organization_id, keys)}
    return [seen.accounts[account_id] for account_id in wanted if account_id not in mapped]


def _about_configuration(integration: Integration, connection: Connection | None) -> Iterator[str]:
    if not integration.enabled:
        yield "Enable the configuration: it is disabled, so bills are not sent."
    if connection is None:
        yield "Connect the configuration: create a credential, give consent, and set it on the configuration."
    elif connection.destination is not integration.destination:
        yield f"Choose another credential: this one leads to {connection.destination.value}."
    elif connection.status is ConnectionStatus.DRAFT:
        yield "Finish the consent of the credential: reconnect it, and open its authorize URL."
    elif connection.status is not ConnectionStatus.CONNECTED:
        yield "Reconnect the credential: QuickBooks no longer accepts its tokens."


def _about_company(company: Company, seen: Seen) -> Iterator[str]:
    home = (company.home_currency or "").upper()
    foreign = sorted(currency for currency in seen.currencies if currency != home)
    if foreign and not company.multicurrency:
        yield (
            f"Turn on multicurrency in QuickBooks (Account and settings, Advanced, Currency): bills came in "
            f"{', '.join(foreign)}, and {company.name} takes {home} only. It cannot be turned off again."
        )


def _about_accounts(unmapped: list[UnmappedAccount]) -> Iterator[str]:
    if unmapped:
        named = ", ".join(one.code or one.id for one in unmapped[:5]) + (", ..." if len(unmapped) > 5 else "")  # noqa: PLR2004
        count = "1 account that has" if len(unmapped) == 1 else f"{len(unmapped)} accounts that have"
        yield f"Map {count} bills to a QuickBooks customer: {named}."


def _to_know(company: Company) -> Iterator[str]:
    if not company.custom_transaction_numbers:
        yield (
            "Custom transaction numbers are off: invoices carry m3ter's number where it gives one, and QuickBooks' own "
            "where not. Turn them on (Account and settings, Sales) to have QuickBooks refuse a number twice."
        )
    if company.book_close_date:
        yield f"Books are closed up to and on {company.book_close_date.isoformat()}: bills of that time are refused."


def _mistyped(names: Iterable[str]) -> Iterator[str]:
    """Unknown keys are kept, and mean nothing; one that looks like a setting was most likely meant to be it."""
    unknown = (name for name in names if name not in KEYS and len(name) <= MOST_UNKNOWN)
    for name in islice(unknown, MOST_UNKNOWN):
        for meant in get_close_matches(name, KEYS, n=1, cutoff=0.8):
            yield f"configData.{name} is no setting and changes nothing; there is {meant}."
