"""What goes back, and the one place where a problem becomes a status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from api.shapes import shown
from m3ter_quickbooks.invoice.payload import encode
from m3ter_quickbooks.problems import (
    BadRequest,
    BillCannotBeSent,
    Clash,
    ConnectionLost,
    FilterNotEvaluable,
    MalformedEvent,
    Missing,
    NotAllowed,
    NotRecognized,
    Problem,
    Refused,
    TooLarge,
    TryLater,
)

STATUSES: Mapping[type[Problem], int] = {
    TooLarge: 413,
    BadRequest: 400,
    MalformedEvent: 400,
    BillCannotBeSent: 400,
    FilterNotEvaluable: 400,
    NotRecognized: 401,
    NotAllowed: 403,
    Missing: 404,
    Clash: 409,
    Refused: 400,
    ConnectionLost: 409,
    TryLater: 503,
}
"""By the nearest class of the tree in `problems.py`. What is not a Problem is a bug: 500, and an alarm."""

MOST_FIELDS = 100
"""At fault, in one answer: a body of one megabyte can be wrong in a hundred thousand places."""

SAFE_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=31536000",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer. `text` is the whole body."""

    status: int
    text: str
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    def proxy(self) -> dict[str, Any]:
        """As API Gateway wants it (proxy integration, payload format 1.0)."""
        headers = {**SAFE_HEADERS, "Content-Type": self.content_type, **self.headers}
        return {"statusCode": self.status, "headers": headers, "body": self.text, "isBase64Encoded": False}


def answered(value: object, status: int = 200) -> Answer:
    """A model (or a finished answer) as an answer."""
    return value if isinstance(value, Answer) else Answer(status, encode(shown(value)).decode())


def refused(problem: Problem) -> Answer:
    """The status and body that this problem has everywhere: `{"message", "errors"?}`."""
    body: dict[str, object] = {"message": problem.message}
    if isinstance(problem, BadRequest) and problem.fields:
        named = problem.fields[:MOST_FIELDS]
        body["errors"] = [{"field": one.field, "message": one.message} for one in named]
    return Answer(_status(problem), encode(body).decode(), headers=_headers(problem))


def no_route(methods: tuple[str, ...]) -> Answer:
    """There is no such path, or it does not have this method."""
    if not methods:
        return Answer(404, encode({"message": "There is no such route."}).decode())
    *most, last = methods
    message = f"This path answers {', '.join(most)}{' and ' if most else ''}{last} only."
    return Answer(405, encode({"message": message}).decode(), headers={"Allow": ", ".join(methods)})


def failed(request_id: str) -> Answer:
    """The answer to a bug of ours: it says nothing but where to look it up."""
    return Answer(500, encode({"message": f"This is our fault. The log knows more under {request_id}."}).decode())


def _status(problem: Problem) -> int:
    return next(STATUSES[kind] for kind in type(problem).__mro__ if kind in STATUSES)


def _headers(problem: Problem) -> Mapping[str, str]:
    if isinstance(problem, Clash | ConnectionLost):
        # The m3ter SDKs repeat a 409 by themselves; repeating does not help here.
        return {"x-should-retry": "false"}
    if isinstance(problem, NotRecognized):
        return {"WWW-Authenticate": "Basic"}
    if isinstance(problem, TryLater) and problem.after:
        return {"Retry-After": str(max(1, int(problem.after.total_seconds())))}
    return {}
