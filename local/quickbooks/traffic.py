"""Requests as they come, and the record that is kept of each."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from local.quickbooks.mishaps import Rule
from local.quickbooks.problems import GatewayFault, LostAdmin


class LostAnswer(Exception):
    """The client hears nothing: a timeout after `seconds`, or a connection that breaks."""

    def __init__(self, how: str, seconds: float) -> None:
        super().__init__(f"no answer: {how} after {seconds} s")
        self.how, self.seconds = how, seconds


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. Header names are lower case; a parameter given twice counts once, the first."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base: str

    @property
    def segments(self) -> list[str]:
        return [unquote(one) for one in self.path.split("/") if one]


def request_of(method: str, url: str, headers: Mapping[str, str] | None, body: bytes | str | None) -> Request:
    """`url` whole, or from its path on; then the Host header says whose it is."""
    known = {name.lower(): value for name, value in (headers or {}).items()}
    if url.startswith("/"):
        base, rest = f"http://{known.get('host', 'localhost')}", url
    else:
        parts = urlsplit(url)
        base, rest = f"{parts.scheme}://{parts.netloc}", f"{parts.path}?{parts.query}"
    path, _, query = rest.partition("?")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=1000)
    except ValueError:
        pairs = []
    raw = body.encode() if isinstance(body, str) else body or b""
    return Request(method.upper(), path or "/", dict(reversed(pairs)), known, raw, base)


@dataclass(slots=True)
class Call:
    """One recorded request with its answer. `status` is None while there is no answer, or none was given."""

    number: int
    at: datetime
    method: str
    path: str
    query: dict[str, str]
    realm: str
    entity: str
    operation: str
    request_id: str | None
    content_type: str
    user_agent: str
    request_body: str
    status: int | None = None
    response_body: str = ""
    intuit_tid: str = ""
    mishaps: list[str] = field(default_factory=list)
    replayed: bool = False
    landed_at: datetime | None = None

    def is_like(self, wanted: Mapping[str, Any]) -> bool:
        """Whether this is one of those asked for: by path, request id, fault, or an attribute compared without case."""
        for name, value in wanted.items():
            match name:
                case "path":
                    held = re.search(value, self.path) is not None
                case "requestId":
                    held = self.request_id == value
                case "fault":
                    held = value in self.mishaps
                case _:
                    held = str(getattr(self, name)).lower() == str(value).lower()
            if not held:
                return False
        return True

    def public(self) -> dict[str, Any]:
        known = asdict(self)
        known["at"] = self.at.isoformat()
        known["landed_at"] = self.landed_at.isoformat() if self.landed_at else None
        return known


@dataclass(slots=True)
class Visit:
    """One request on its way through the simulator."""

    request: Request
    call: Call
    about: dict[str, str]
    rules: tuple[Rule, ...] = ()
    wait: float = 0.0
    metered: bool = False
    known_at_arrival: bool = True
    refusal: GatewayFault | LostAdmin | None = None

    def rule(self, *kinds: str) -> Rule | None:
        return next((one for one in self.rules if one.kind in kinds), None)


_REFRESH = re.compile(rb'grant_type"?\s*[=:]\s*"?refresh_token')


def describe(request: Request) -> dict[str, str]:
    """What the request is about, in the words of the rules: realm, entity, operation."""
    parts = request.segments
    about = {"method": request.method, "path": request.path, "realm": "", "entity": "", "operation": ""}
    if request.path.rstrip("/").endswith("/tokens/bearer"):
        about["operation"] = "refresh" if _REFRESH.search(request.body) else "token"
    elif request.path.rstrip("/").endswith("/tokens/revoke"):
        about["operation"] = "revoke"
    elif len(parts) >= 4 and parts[:2] == ["v3", "company"]:
        about["realm"], about["entity"] = parts[2], parts[3].lower()
        about["operation"] = _operation(request, parts)
        if about["entity"] in ("query", "batch", "cdc"):
            about["operation"], about["entity"] = about["entity"], ""
    return about


def _operation(request: Request, parts: list[str]) -> str:
    if len(parts) >= 6:
        return parts[5].lower()
    if request.method == "GET":
        return "read"
    include = request.query.get("include", "").lower()
    operation = request.query.get("operation", "").lower()
    if operation == "void" or "void" in include.split(","):
        return "void"
    if operation and operation != "update":
        return operation
    return "update" if b'"SyncToken"' in request.body and b'"Id"' in request.body else "create"
