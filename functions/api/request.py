"""A request as API Gateway hands it over, and the call that it becomes once the caller is known to be a member."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_args, get_origin
from urllib.parse import parse_qs, unquote

from pydantic import BaseModel, ValidationError

from api.body import json_of, plain
from api.field_words import problems_of
from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.problems import BadRequest

M = TypeVar("M", bound=BaseModel)

LONGEST_SEGMENT = 500


@dataclass(frozen=True, slots=True)
class Request:
    """What the gateway verified and what it did not: `claims` are those of the token, all else is the caller's word."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, tuple[str, ...]]
    body: bytes
    claims: Mapping[str, str]
    base_url: str

    @classmethod
    def read(cls, event: Mapping[str, Any]) -> Request:
        """Read the gateway's proxy event (payload format 1.0). Raises BadRequest for base64 that is none."""
        context = event.get("requestContext") or {}
        headers = {name.lower(): value for name, value in (event.get("headers") or {}).items() if value is not None}
        many = event.get("multiValueQueryStringParameters") or {}
        single = event.get("queryStringParameters") or {}
        return cls(
            method=str(event["httpMethod"]).upper(),
            path=str(event["path"]),
            headers=headers,
            query={
                **{name: (value,) for name, value in single.items()},
                **{name: tuple(v) for name, v in many.items()},
            },
            body=_bytes_of(event),
            claims=(context.get("authorizer") or {}).get("claims") or {},
            base_url=_base_url(headers, context),
        )

    def form(self) -> Mapping[str, str]:
        """The fields of a form body, the last of each name."""
        return {name: values[-1] for name, values in parse_qs(self.body.decode("utf-8", "replace")).items()}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as the token says: a person (`sub` of a user) or an API client."""

    principal: str
    person: bool
    role: str = ""

    @property
    def name(self) -> str:
        """How audit fields call it."""
        return f"{'USER' if self.person else 'CLIENT'}_{self.principal}"


@dataclass(frozen=True, slots=True)
class Call:
    """A request by a known caller of a known organization to a known route. Public routes have neither of the two."""

    request: Request
    ids: Mapping[str, str] = field(default_factory=dict)
    caller: Caller = Caller("", person=False)

    @property
    def organization_id(self) -> OrganizationId:
        """The organization in the path."""
        return OrganizationId(self.ids["orgId"])

    def body(self, model: type[M]) -> M:
        """The JSON body as `model`. Raises BadRequest with one entry per bad field."""
        return read(model, json_of(self.request.body))

    def query(self, model: type[M]) -> M:
        """The query as `model`: lists may be repeated or comma-joined, of anything else the last counts."""
        given: dict[str, object] = {}
        for name, about in model.model_fields.items():
            key = about.alias or name
            values = tuple(plain(value, f"The parameter {key}") for value in self.request.query.get(key, ()) if value)
            if not values:
                continue
            given[key] = _separated(values) if _is_list(about.annotation) else values[-1]
        return read(model, given)


def read(model: type[M], value: object) -> M:
    """`value` as `model`. Raises BadRequest: a sentence, and one entry per bad field (never what was in it)."""
    try:
        return model.model_validate(value, by_alias=True, by_name=False)
    except ValidationError as error:
        fields = problems_of(error)
        if not all(one.field for one in fields):
            raise BadRequest("The body must be a JSON object.") from error
        raise BadRequest.about(*fields) from error


def segments(path: str) -> tuple[str, ...]:
    """The decoded segments of a path. Raises BadRequest for a segment that no id of ours can be."""
    parts = tuple(unquote(part) for part in path.strip("/").split("/"))
    for part in parts:
        plain(part, "The path")
        if len(part) > LONGEST_SEGMENT:
            raise BadRequest(f"A part of the path is longer than {LONGEST_SEGMENT} characters.")
    return parts


def _bytes_of(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequest("The body is not readable.") from error


def _base_url(headers: Mapping[str, str], context: Mapping[str, Any]) -> str:
    """Where the caller reached us. Only for links and the callback address where no PUBLIC_URL is set."""
    scheme = headers.get("x-forwarded-proto", "https")
    domain = context.get("domainName") or headers.get("host", "")
    # With a domain of one's own the gateway's path holds the base path, and no stage.
    stage = f"/{context.get('stage')}"
    return f"{scheme}://{domain}{stage if str(context.get('path')).startswith(f'{stage}/') else ''}"


def _separated(values: tuple[str, ...]) -> list[str]:
    return [part for value in values for part in value.split(",") if part]


def _is_list(annotation: object) -> bool:
    """Whether it is a list, or a list that may be left out."""
    return get_origin(annotation) is list or any(get_origin(one) is list for one in get_args(annotation))
