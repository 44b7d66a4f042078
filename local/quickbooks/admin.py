"""The interface for tests and demos, under /_simulator: companies, faults, calls, clock, tokens, people. No login."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from local.quickbooks import envelope, seed, settings_objects, wire
from local.quickbooks.company import BadSetting, Company, with_settings
from local.quickbooks.entities import BY_SEGMENT
from local.quickbooks.envelope import Answer
from local.quickbooks.limits import Limits, real_latency, real_limits
from local.quickbooks.mishaps import KINDS, BadRule
from local.quickbooks.problems import Fault
from local.quickbooks.traffic import Request
from local.quickbooks.webhooks import CLASSIC, CLOUD_EVENTS, Endpoint

if TYPE_CHECKING:
    from local.quickbooks.simulator import Simulator


class NotThere(LookupError):
    """No such thing; the message names it."""


def answer(simulator: Simulator, request: Request) -> Answer:
    try:
        status, content = _carried_out(simulator, request)
    except NotThere as problem:
        return envelope.json_answer(404, {"message": str(problem)})
    except (BadRule, BadSetting, wire.Malformed, TypeError, ValueError, ArithmeticError) as problem:
        return envelope.json_answer(400, {"message": str(problem)})
    except Fault as problem:
        return envelope.json_answer(409, {"message": str(problem), **envelope.fault_content(problem)})
    return Answer(204, b"") if status == 204 else envelope.json_answer(status, content)


Reply = tuple[int, Any]


def _carried_out(simulator: Simulator, request: Request) -> Reply:
    parts = request.segments[1:] or [""]
    route = _ROUTES.get(parts[0])
    if route is None:
        raise NotThere(f"no such path; known: {', '.join(sorted(_ROUTES))}")
    said = wire.loads(request.body) if request.body.strip() else {}
    if not isinstance(said, dict):
        raise BadSetting("the body must be a JSON object")
    return route(simulator, request, parts[1:], said)


def _companies(simulator: Simulator, request: Request, parts: list[str], said: wire.Json) -> Reply:
    if not parts:
        if request.method == "GET":
            return 200, {"companies": [one.public() for one in simulator.companies.values()]}
        return 201, _new_company(simulator, said).public()
    realm = parts[0]
    if realm not in simulator.companies:
        raise NotThere(f"no company {realm}")
    if len(parts) > 1:
        return _within(simulator, request, realm, parts[1:], said)
    if request.method == "DELETE":
        with simulator.store.transaction():
            simulator.store.wipe(realm)
        simulator.tokens.forget_known()
        del simulator.companies[realm]
        return 204, None
    if request.method in ("PATCH", "PUT", "POST"):
        simulator.as_person(realm).settings(**said)
    return 200, simulator.companies[realm].public()


def _new_company(simulator: Simulator, said: wire.Json) -> Company:
    realm = str(said.get("companyId") or max((int(one) for one in simulator.companies), default=9130000000000000) + 1)
    if not realm.isdigit() or len(realm) > 19 or realm in simulator.companies:
        raise BadSetting(f"companyId {realm} is taken or is no number")
    company = with_settings(Company(realm, name=f"Sandbox Company {realm[-4:]}"), said)
    with simulator.store.transaction():
        seed.add_company(simulator.store, company, simulator.now())
    simulator.companies[realm] = company
    return company


def _within(  # noqa: C901  one branch for each path
    simulator: Simulator, request: Request, realm: str, parts: list[str], said: wire.Json
) -> Reply:
    """One company: forget-request-ids, disconnect, pay, rate, and objects as people change them."""
    person = simulator.as_person(realm)
    match parts:
        case ["forget-request-ids"]:
            with simulator.store.transaction():
                return 200, {"forgotten": simulator.store.forget_request_ids(realm, said.get("requestId"))}
        case ["disconnect"]:
            with simulator.store.transaction():
                return 200, {"ended": simulator.tokens.end_company(realm)}
        case ["pay", invoice]:
            amount = said.get("amount")
            return 201, person.pay(invoice, None if amount is None else Decimal(str(amount)))
        case ["rates", currency]:
            person.set_rate(currency, Decimal(str(said["rate"])), str(said.get("asOf") or settings_objects.SINCE_EVER))
            return 204, None
        case [segment] if segment in BY_SEGMENT:
            name = BY_SEGMENT[segment].name
            if request.method == "GET":
                return 200, {name: person.all(name)}
            return 201, person.create(name, said)
        case [segment, id_] if segment in BY_SEGMENT:
            name = BY_SEGMENT[segment].name
            if request.method == "GET":
                return 200, person.read(name, id_)
            if request.method == "DELETE":
                return 200, person.delete(name, id_)
            return 200, person.edit(name, id_, **said)
        case [segment, id_, "void"] if segment in BY_SEGMENT:
            return 200, person.void(BY_SEGMENT[segment].name, id_)
    raise NotThere(f"no such path: {'/'.join(parts)}")


def _faults(simulator: Simulator, request: Request, parts: list[str], said: wire.Json) -> Reply:
    mishaps = simulator.mishaps
    if request.method == "POST":
        settings = {key: float(one) if isinstance(one, Decimal) else one for key, one in said.items() if key != "kind"}
        return 201, mishaps.add(str(said.get("kind")), **settings).public()
    if request.method == "DELETE":
        if not parts:
            mishaps.clear()
        elif not mishaps.remove(int(parts[0])):
            raise NotThere(f"no fault {parts[0]}")
        return 204, None
    return 200, {"faults": [one.public() for one in mishaps.rules], "kinds": KINDS}


def _requests(simulator: Simulator, request: Request, parts: list[str], said: wire.Json) -> Reply:
    if request.method == "DELETE":
        simulator.calls.clear()
        return 204, None
    wanted = {key: request.query[key] for key in ("realm", "entity", "operation", "method") if key in request.query}
    since = int(request.query.get("after", 0))
    found = [one for one in list(simulator.calls) if one.number > since]
    kept = [one.public() for one in found if all(getattr(one, key) == value for key, value in wanted.items())]
    return 200, {"requests": kept[-int(request.query.get("last", 1000)) :]}


def _clock(simulator: Simulator, request: Request, parts: list[str], said: wire.Json) -> Reply:
    if request.method == "POST":
        simulator.advance(float(said.get("advanceSeconds", 0)))
    return 200, {"now": simulator.now().isoformat(), "onTheWay": simulator.on_the_way}


def _late(simulator: Simulator, request: Request, parts: list[str], said: wire.Json) -> Reply:
    if request.method == "POST":
        return 200, {"landed": simulator.land_all()}
    if request.method == "DELETE":
        return 200, {"dropped": simulator.drop_late()}
    return 200, {"onTheWay": simulator.on_the_way}


def _tokens(simulator: Simulator, request: Request, parts: list[str], said: wire.Json) -> Reply:
    with simulator.store.transaction():
        if parts == ["expire"]:
            return 200, {"expired": simulator.tokens.expire_access(realm=said.get("companyId"))}
        realm = str(said.get("companyId") or seed.SAMPLE)
        if realm not in simulator.companies:
            raise NotThere(f"no company {realm}")
        return 201, {**simulator.tokens.issue(realm, simulator.now()), "realmId": realm}


def _settings(simulator: Simulator, request: Request, parts: list[str], said: wire.Json) -> Reply:
    """Everything that is not about one company or one fault."""
    for key, value in said.items():
        match key:
            case "limits":
                simulator.limits = real_limits() if value is True else Limits(**(value or {}))
            case "latency":
                _set_latency(simulator, value)
            case "seed":
                simulator.mishaps.seed(int(value))
            case "requestIdSeconds":
                simulator.request_id_seconds = int(value)
            case "overlappingRequestIds" if value in ("once", "twice", "refused"):
                simulator.overlapping_request_ids = value
            case "queryLagSeconds":
                simulator.query_lag_seconds = float(value)
            case "rotateAfterSeconds":
                simulator.tokens.rotation.after_seconds = int(value)
            case "rotationGraceSeconds":
                simulator.tokens.rotation.grace_seconds = int(value)
            case _:
                raise BadSetting(f"unknown setting or value: {key}")
    rotation = simulator.tokens.rotation
    return 200, {
        "limits": asdict(simulator.limits), "latency": {k: str(v) for k, v in asdict(simulator.latency).items()},
        "requestIdSeconds": simulator.request_id_seconds, "overlappingRequestIds": simulator.overlapping_request_ids,
        "queryLagSeconds": str(simulator.query_lag_seconds), "rotateAfterSeconds": rotation.after_seconds,
        "rotationGraceSeconds": rotation.grace_seconds,
    }  # fmt: skip


def _set_latency(simulator: Simulator, value: Any) -> None:
    latency = real_latency()
    wanted = asdict(latency) if value is True else {"fixed": 0, "spread": 0, "each": 0, **(value or {})}
    simulator.latency = type(latency)(**{key: float(one) for key, one in wanted.items()})


def _webhooks(simulator: Simulator, request: Request, parts: list[str], said: wire.Json) -> Reply:
    hooks = simulator.webhooks
    if request.method == "POST":
        form = said.get("format", CLASSIC)
        if form not in (CLASSIC, CLOUD_EVENTS) or not str(said.get("url", "")).startswith(("http://", "https://")):
            raise BadSetting(f"a webhook needs a url and the format {CLASSIC} or {CLOUD_EVENTS}")
        hooks.disabled.clear()
        hooks.endpoints.append(Endpoint(str(said["url"]), str(said.get("verifier", "")), form))
        return 201, {"url": said["url"], "format": form}
    if request.method == "DELETE":
        hooks.endpoints.clear()
        hooks.deliveries.clear()
        return 204, None
    endpoints = [{"url": one.url, "format": one.format} for one in hooks.endpoints]
    return 200, {"endpoints": endpoints, "deliveries": [one.public() for one in hooks.deliveries]}


def _reset(simulator: Simulator, request: Request, parts: list[str], said: wire.Json) -> Reply:
    """Everything as at the first start: companies, tokens, faults, calls, clock."""
    with simulator.store.transaction():
        simulator.store.wipe()
        seed.seed_all(simulator.store, simulator.now())
    simulator.tokens.forget_known()
    simulator.mishaps.clear()
    simulator.calls.clear()
    simulator.drop_late()
    simulator.webhooks.deliveries.clear()
    simulator.reload()
    return 204, None


_ROUTES: dict[str, Callable[[Simulator, Request, list[str], wire.Json], Reply]] = {
    "companies": _companies,
    "faults": _faults,
    "requests": _requests,
    "clock": _clock,
    "late": _late,
    "tokens": _tokens,
    "settings": _settings,
    "reset": _reset,
    "webhooks": _webhooks,
}
