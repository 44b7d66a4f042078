"""The part of the admin interface that is about one company: its settings, its people, its objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from local.quickbooks import seed, settings_objects
from local.quickbooks.admin_run import NotThere, Reply
from local.quickbooks.checked import DAY, DIGITS, POSITIVE, BadSetting, checked, one_of, or_nothing, read_as, text
from local.quickbooks.company import CURRENCIES, Company, with_settings
from local.quickbooks.entities import BY_SEGMENT
from local.quickbooks.people import Person

if TYPE_CHECKING:
    from local.quickbooks.simulator import Simulator

Said = Mapping[str, Any]


def _all(simulator: Simulator, said: Said) -> Reply:
    return 200, {"companies": [one.public() for one in simulator.companies.values()]}


def _make(simulator: Simulator, said: Said) -> Reply:
    asked = said.get("companyId")
    free = max((int(one) for one in simulator.companies), default=9130000000000000) + 1
    realm = str(free) if asked is None else read_as("companyId", DIGITS, asked)
    if realm in simulator.companies:
        raise BadSetting(f"companyId {realm} is taken")
    company = with_settings(Company(realm, name=f"Sandbox Company {realm[-4:]}"), said)
    with simulator.store.transaction():
        seed.add_company(simulator.store, company, simulator.now())
    simulator.companies[realm] = company
    return 201, company.public()


def _person(simulator: Simulator, realm: str) -> Person:
    if realm not in simulator.companies:
        raise NotThere(f"no company {realm[:40]}")
    return simulator.as_person(realm)


def _show(simulator: Simulator, said: Said, realm: str) -> Reply:
    return 200, simulator.companies[_person(simulator, realm).realm].public()


def _change(simulator: Simulator, said: Said, realm: str) -> Reply:
    if said.get("companyId", realm) != realm:
        raise BadSetting("companyId cannot be changed")
    return 200, _person(simulator, realm).settings(said).public()


def _remove(simulator: Simulator, said: Said, realm: str) -> Reply:
    _person(simulator, realm)
    with simulator.store.transaction():
        simulator.store.wipe(realm)
    simulator.tokens.forget_known()
    del simulator.companies[realm]
    return 204, None


def _forget_request_ids(simulator: Simulator, said: Said, realm: str) -> Reply:
    asked = checked(said, {"requestId": or_nothing(text(200))})
    _person(simulator, realm)
    with simulator.store.transaction():
        return 200, {"forgotten": simulator.store.forget_request_ids(realm, asked.get("requestId"))}


def _disconnect(simulator: Simulator, said: Said, realm: str) -> Reply:
    checked(said, {})
    _person(simulator, realm)
    with simulator.store.transaction():
        return 200, {"ended": simulator.tokens.end_company(realm)}


def _pay(simulator: Simulator, said: Said, realm: str, invoice: str) -> Reply:
    asked = checked(said, {"amount": or_nothing(POSITIVE)})
    return 201, _person(simulator, realm).pay(invoice, asked.get("amount"))


def _set_rate(simulator: Simulator, said: Said, realm: str, currency: str) -> Reply:
    asked = checked(said, {"rate": POSITIVE, "asOf": or_nothing(DAY)})
    if "rate" not in asked:
        raise BadSetting(f"rate is missing; it must be {POSITIVE.allowed}")
    code = read_as("the currency", one_of(CURRENCIES), currency)
    _person(simulator, realm).set_rate(code, asked["rate"], asked.get("asOf") or settings_objects.SINCE_EVER)
    return 204, None


def _entity(segment: str) -> str:
    entity = BY_SEGMENT.get(segment.lower())
    if entity is None:
        raise NotThere(f"no entity {segment[:40]}; known: {', '.join(BY_SEGMENT)}")
    return entity.name


def _objects(simulator: Simulator, said: Said, realm: str, segment: str) -> Reply:
    name = _entity(segment)
    return 200, {name: _person(simulator, realm).all(name)}


def _make_object(simulator: Simulator, said: Said, realm: str, segment: str) -> Reply:
    return 201, _person(simulator, realm).create(_entity(segment), dict(said))


def _object(simulator: Simulator, said: Said, realm: str, segment: str, id_: str) -> Reply:
    return 200, _person(simulator, realm).read(_entity(segment), id_)


def _change_object(simulator: Simulator, said: Said, realm: str, segment: str, id_: str) -> Reply:
    return 200, _person(simulator, realm).edit(_entity(segment), id_, **said)


def _delete_object(simulator: Simulator, said: Said, realm: str, segment: str, id_: str) -> Reply:
    return 200, _person(simulator, realm).delete(_entity(segment), id_)


def _void_object(simulator: Simulator, said: Said, realm: str, segment: str, id_: str) -> Reply:
    return 200, _person(simulator, realm).void(_entity(segment), id_)


ROUTES: dict[str, dict[str, Callable[..., Reply]]] = {
    "companies": {"GET": _all, "POST": _make},
    "companies/{id}": {"GET": _show, "PATCH": _change, "PUT": _change, "POST": _change, "DELETE": _remove},
    "companies/{id}/forget-request-ids": {"POST": _forget_request_ids},
    "companies/{id}/disconnect": {"POST": _disconnect},
    "companies/{id}/pay/{invoice}": {"POST": _pay},
    "companies/{id}/rates/{currency}": {"POST": _set_rate},
    "companies/{id}/{entity}": {"GET": _objects, "POST": _make_object},
    "companies/{id}/{entity}/{objectId}": {
        "GET": _object, "PATCH": _change_object, "PUT": _change_object, "POST": _change_object,
        "DELETE": _delete_object,
    },
    "companies/{id}/{entity}/{objectId}/void": {"POST": _void_object},
}  # fmt: skip
