"""Lists, one page at a time.

A page token says where the last page ended. It carries a digest of the organization, the question and the position, so
that a token of somebody else's list, of another filter or of nobody is refused. It needs no secret: the partition that
is read always comes from the request, so a forged position can only move within one's own list.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Generic, TypeVar

from m3ter_quickbooks.problems import BadRequest, FieldProblem

T = TypeVar("T")

_DIGEST = 12


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some entries of a list, and the token of the next ones; None on the last page."""

    items: tuple[T, ...]
    next_token: str | None = None


def write_token(question: Sequence[str | None], position: Sequence[str]) -> str:
    """A token for the page after `position` of the list that `question` (organization, list, filters) stands for."""
    body = json.dumps(list(position), separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_digest(question, body) + body).rstrip(b"=").decode()


def read_token(question: Sequence[str | None], token: str | None, parts: int) -> list[str] | None:
    """The position in `token`: `parts` texts; None: the first page. Raises BadRequest if it is not for `question`."""
    if not token:
        return None
    try:
        raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
        digest, body = raw[:_DIGEST], raw[_DIGEST:]
        if digest == _digest(question, body):
            position = json.loads(body)
            if len(position) == parts:
                return [str(part) for part in position]
    except (UnicodeEncodeError, binascii.Error, json.JSONDecodeError):
        pass  # It is not ours: said below, as for every other reason.
    raise BadRequest.about(FieldProblem("nextToken", "is not a token that this list gave out."))


def _digest(question: Sequence[str | None], body: bytes) -> bytes:
    asked = json.dumps(list(question)).encode()
    return sha256(sha256(asked).digest() + body).digest()[:_DIGEST]
