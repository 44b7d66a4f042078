"""The part of the admin interface that is about the run: faults, calls, clock, tokens, webhooks, settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from local.quickbooks import seed
from local.quickbooks.checked import (
    DIGITS,
    PATTERN,
    BadSetting,
    Kind,
    checked,
    listed,
    number,
    one_of,
    or_nothing,
    text,
    whole,
)
from local.quickbooks.limits import Latency, Limits, real_latency, real_limits
from local.quickbooks.mishaps import KINDS, OPERATIONS
from local.quickbooks.webhooks import CLASSIC, CLOUD_EVENTS, Endpoint

if TYPE_CHECKING:
    from local.quickbooks.simulator import Simulator

Reply = tuple[int, Any]
Said = Mapping[str, Any]
LAST_YEAR = 2200
_LONGEST = 10**9


class NotThere(LookupError):
    """No such thing; the message names it."""


def _faults(simulator: Simulator, said: Said) -> Reply:
    return 200, {"faults": [one.public() for one in simulator.mishaps.rules], "kinds": KINDS}


def _add_fault(simulator: Simulator, said: Said) -> Reply:
    settings = {key: one for key, one in said.items() if key != "kind"}
    return 201, simulator.mishaps.bind(said.get("kind", ""), **settings).public()


def _no_faults(simulator: Simulator, said: Said) -> Reply:
    simulator.mishaps.clear()
    return 204, None


def _no_fault(simulator: Simulator, said: Said, rule: str) -> Reply:
    if not re.fullmatch("[0-9]{1,9}", rule) or not simulator.mishaps.remove(int(rule)):
        raise NotThere(f"no fault {rule[:40]}")
    return 204, None


def _counted(value: Any) -> int:
    """A number as a query string has it."""
    if not re.fullmatch("[0-9]{1,9}", value):
        raise ValueError
    return int(value)


_COUNTED = Kind("a whole number", _counted)
_FILTERS = {
    "after": _COUNTED, "last": _COUNTED, "status": _COUNTED, "realm": DIGITS, "entity": text(100),
    "operation": one_of(OPERATIONS), "method": text(20), "path": PATTERN, "requestId": text(200),
    "fault": one_of(KINDS),
}  # fmt: skip


def _requests(simulator: Simulator, said: Said) -> Reply:
    """What came in, the oldest first. Every filter given must hold; `last` keeps so many of those."""
    wanted = checked(said, _FILTERS, "filter")
    last, since = wanted.pop("last", 1000), wanted.pop("after", 0)
    found = [one for one in list(simulator.calls) if one.number > since and one.is_like(wanted)]
    return 200, {"requests": [one.public() for one in found[max(len(found) - last, 0) :]]}


def _forget_requests(simulator: Simulator, said: Said) -> Reply:
    simulator.calls.clear()
    return 204, None


def _clock(simulator: Simulator, said: Said) -> Reply:
    return 200, {"now": simulator.now().isoformat(), "onTheWay": simulator.on_the_way}


def _advance(simulator: Simulator, said: Said) -> Reply:
    seconds = checked(said, {"advanceSeconds": number(0, _LONGEST)}).get("advanceSeconds", 0.0)
    if simulator.now().year + seconds / 31_556_952 > LAST_YEAR:
        raise BadSetting(f"advanceSeconds leads beyond the year {LAST_YEAR}")
    simulator.advance(seconds)
    return _clock(simulator, {})


def _late(simulator: Simulator, said: Said) -> Reply:
    return 200, {"onTheWay": simulator.on_the_way}


def _land(simulator: Simulator, said: Said) -> Reply:
    return 200, {"landed": simulator.land_all()}


def _drop(simulator: Simulator, said: Said) -> Reply:
    return 200, {"dropped": simulator.drop_late()}


def _company_named(simulator: Simulator, said: Said) -> str | None:
    realm: str | None = checked(said, {"companyId": or_nothing(DIGITS)}).get("companyId")
    if realm is not None and realm not in simulator.companies:
        raise NotThere(f"no company {realm}")
    return realm


def _issue(simulator: Simulator, said: Said) -> Reply:
    realm = _company_named(simulator, said) or seed.SAMPLE
    if realm not in simulator.companies:
        raise NotThere(f"no company {realm}")
    with simulator.store.transaction():
        return 201, {**simulator.tokens.issue(realm, simulator.now()), "realmId": realm}


def _expire(simulator: Simulator, said: Said) -> Reply:
    realm = _company_named(simulator, said)
    with simulator.store.transaction():
        return 200, {"expired": simulator.tokens.expire_access(realm=realm)}


def _on_off_or(kind: Kind) -> Kind:
    """True for the documented values, false or null for none, or an object."""

    def read(value: Any) -> Any:
        return value if value is None or isinstance(value, bool) else kind.read(value)

    return Kind(f"true, false, null, or {kind.allowed}", read)


_LIMITS = ("per_second", "per_minute", "at_once", "batches_per_minute")
_SETTINGS = {
    "limits": _on_off_or(listed(dict.fromkeys(_LIMITS, or_nothing(whole(0, _LONGEST))))),
    "latency": _on_off_or(listed(dict.fromkeys(("fixed", "spread", "each"), number(0, 3600)))),
    "seed": whole(-(2**63), 2**63),
    "requestIdSeconds": whole(0, _LONGEST),
    "overlappingRequestIds": one_of(("once", "twice", "refused")),
    "queryLagSeconds": number(0, _LONGEST),
    "rotateAfterSeconds": whole(0, _LONGEST),
    "rotationGraceSeconds": whole(0, _LONGEST),
}


def _set(simulator: Simulator, said: Said) -> Reply:
    """Everything that is not about one company or one fault. All of it is changed, or nothing."""
    for key, value in checked(said, _SETTINGS).items():
        match key:
            case "limits":
                simulator.limits = real_limits() if value is True else Limits(**(value or {}))
            case "latency":
                simulator.latency = real_latency() if value is True else Latency(**(value or {}))
            case "seed":
                simulator.mishaps.seed(value)
            case "requestIdSeconds":
                simulator.request_id_seconds = value
            case "overlappingRequestIds":
                simulator.overlapping_request_ids = value
            case "queryLagSeconds":
                simulator.query_lag_seconds = value
            case "rotateAfterSeconds":
                simulator.tokens.rotation.after_seconds = value
            case "rotationGraceSeconds":
                simulator.tokens.rotation.grace_seconds = value
    return _settings(simulator, {})


def _settings(simulator: Simulator, said: Said) -> Reply:
    rotation = simulator.tokens.rotation
    return 200, {
        "limits": asdict(simulator.limits), "latency": {k: str(v) for k, v in asdict(simulator.latency).items()},
        "requestIdSeconds": simulator.request_id_seconds, "overlappingRequestIds": simulator.overlapping_request_ids,
        "queryLagSeconds": str(simulator.query_lag_seconds), "rotateAfterSeconds": rotation.after_seconds,
        "rotationGraceSeconds": rotation.grace_seconds,
    }  # fmt: skip


def _url(value: Any) -> str:
    """Where something can be posted to. Raises ValueError, also for a host or port that cannot be."""
    if not isinstance(value, str):
        raise TypeError
    parts = urlsplit(value)
    odd = not value.isascii() or not value.isprintable() or " " in value
    if odd or parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise ValueError
    return value


_ENDPOINT = {
    "url": Kind("a URL with http or https", _url), "verifier": text(200), "format": one_of((CLASSIC, CLOUD_EVENTS)),
}  # fmt: skip


def _webhooks(simulator: Simulator, said: Said) -> Reply:
    hooks = simulator.webhooks
    endpoints = [{"url": one.url, "format": one.format} for one in hooks.endpoints]
    return 200, {"endpoints": endpoints, "deliveries": [one.public() for one in hooks.deliveries]}


def _add_webhook(simulator: Simulator, said: Said) -> Reply:
    asked = checked(said, _ENDPOINT)
    if "url" not in asked:
        raise BadSetting(f"url is missing; it must be {_ENDPOINT['url'].allowed}")
    form = asked.get("format", CLASSIC)
    simulator.webhooks.register(Endpoint(asked["url"], asked.get("verifier", ""), form))
    return 201, {"url": asked["url"], "format": form}


def _no_webhooks(simulator: Simulator, said: Said) -> Reply:
    simulator.webhooks.endpoints.clear()
    simulator.webhooks.deliveries.clear()
    return 204, None


def _reset(simulator: Simulator, said: Said) -> Reply:
    simulator.start_over()
    return 204, None


ROUTES: dict[str, dict[str, Callable[..., Reply]]] = {
    "faults": {"GET": _faults, "POST": _add_fault, "DELETE": _no_faults},
    "faults/{id}": {"DELETE": _no_fault},
    "requests": {"GET": _requests, "DELETE": _forget_requests},
    "clock": {"GET": _clock, "POST": _advance},
    "late": {"GET": _late, "POST": _land, "DELETE": _drop},
    "tokens": {"POST": _issue},
    "tokens/expire": {"POST": _expire},
    "settings": {"GET": _settings, "POST": _set, "PATCH": _set},
    "webhooks": {"GET": _webhooks, "POST": _add_webhook, "DELETE": _no_webhooks},
    "reset": {"POST": _reset},
}
