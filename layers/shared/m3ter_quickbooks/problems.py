"""Everything that can go wrong on purpose.

    Problem
     ├─ BadRequest            400  the caller must change the request; says which fields
     │   └─ TooLarge          413
     ├─ NotRecognized         401  who calls cannot be told
     ├─ NotAllowed            403  not a member, or a role that may not
     ├─ Missing               404  this organization has no such thing
     ├─ Clash                 409  somebody was faster, or it is there already
     ├─ MalformedEvent             an event without a required key
     ├─ BillCannotBeSent           every reason why this bill cannot become an invoice, at once
     │   └─ MalformedBill          a bill that cannot even be read
     ├─ FilterNotEvaluable         an account filter that has no answer for this account
     ├─ Refused                    QuickBooks said no to a read
     ├─ ConnectionLost             QuickBooks no longer accepts our tokens: somebody must reconnect
     └─ TryLater                   nothing happened and it may work later; says when

Anything else that is raised is a bug: it goes to the dead-letter queue and raises an alarm.
An answer to a *write* in QuickBooks is not an error but a fact: see `run/answer.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from traceback import extract_tb
from typing import Self


class Problem(Exception):  # noqa: N818  the tree is named in the words of its readers
    """What went wrong, in a sentence that the person who reads it can act on."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One bad field of a request: `field` is its path, such as `configData.accountIds[2]`.

    `message` reads on after the field ("is required.", "must be text."), or is a sentence of its own.
    """

    field: str
    message: str

    @property
    def sentence(self) -> str:
        """Both in one."""
        reads_on = self.message.startswith(_READING_ON)
        return f"{self.field}{' ' if reads_on else ': '}{self.message}"


_READING_ON = ("is ", "are ", "must ", "cannot ", "leads ")
MOST_TOLD = 5
"""Fields that one message names; all of them stand beside it."""


class BadRequest(Problem):
    """The caller must change the request. `fields` is empty where no single field is at fault."""

    def __init__(self, message: str, fields: Sequence[FieldProblem] = ()) -> None:
        super().__init__(message)
        self.fields = tuple(fields)

    @classmethod
    def about(cls, *fields: FieldProblem) -> Self:
        """With a message that says what is wrong with each of them, or with the first few of many."""
        told = " ".join(one.sentence for one in fields[:MOST_TOLD])
        more = f" And {len(fields) - MOST_TOLD} more." if len(fields) > MOST_TOLD else ""
        return cls(told + more, fields)


class TooLarge(BadRequest):
    """A body over the limit."""


class NotRecognized(Problem):
    """Credentials that are missing, or that nobody has. Says nothing about which of the two."""


class NotAllowed(Problem):
    """The caller is not a member of the organization (whether it exists or not), or the role may not."""


class Missing(Problem):
    """This organization has no such thing."""


class Clash(Problem):
    """A conditional write lost, or something with the same identity is there already."""


class MalformedEvent(Problem):
    """An event without a required key; `key` is its dotted path."""

    def __init__(self, message: str, key: str = "") -> None:
        super().__init__(message)
        self.key = key


class ProblemKind(StrEnum):
    """What sort of problem a bill has; decides which `integration.*.error` event it becomes."""

    MISSING_ACCOUNT_MAPPING = "missing_account_mapping"
    VALIDATION = "validation"
    AUTHENTICATION = "authentication"
    PERFORM = "perform"


@dataclass(frozen=True, slots=True)
class BillProblem:
    """One reason why a bill cannot be sent.

    `message` says what is wrong, with which object by name, and how to fix it. `detail` helps a program to fix it:
    for a missing account mapping it is the mapping to create, ready to be posted.
    """

    kind: ProblemKind
    message: str
    detail: Mapping[str, object] = field(default_factory=dict)


class BillCannotBeSent(Problem):
    """Every reason why this bill cannot become an invoice, at once, so that it can be mended in one go."""

    def __init__(self, problems: Sequence[BillProblem]) -> None:
        super().__init__(" ".join(problem.message for problem in problems))
        self.problems = tuple(problems)


class MalformedBill(BillCannotBeSent):
    """A bill that cannot be read: a required key is missing or holds something else."""


class FilterNotEvaluable(Problem):
    """An account filter that has no answer for this account. An error, never a silent "no"."""


class Refused(Problem):
    """QuickBooks refused a read for good. `code` is Intuit's, `intuit_tid` is what its support asks for."""

    def __init__(self, message: str, code: str = "", intuit_tid: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.intuit_tid = intuit_tid


class ConnectionLost(Problem):
    """QuickBooks no longer accepts our tokens for this company: somebody must reconnect."""


class TryLater(Problem):
    """Nothing happened, and it may work later. `after` is what the other side asked for, if it did.

    `throttled` tells a rate limit (429) from an outage.
    """

    def __init__(self, message: str, after: timedelta | None = None, *, throttled: bool = False) -> None:
        super().__init__(message)
        self.after = after
        self.throttled = throttled


def failed_on_its_side(error: BaseException) -> bool:
    """Whether a service of AWS answered with a failure of its own (5xx).

    The page of a proxy in between has no code that could be looked up: botocore puts the status in its place.
    """
    response = getattr(error, "response", None)
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) if isinstance(response, dict) else 0
    return isinstance(status, int) and status >= _SERVER_ERROR


_SERVER_ERROR = 500


def what_happened(error: BaseException) -> str:
    """For a log: a problem's own sentence; of anything else its class and where it was raised, with what led to it.

    Never the text of a bug: it can hold whatever the code had in its hands, an address or a token.
    """
    if isinstance(error, Problem):
        return error.message
    # botocore's errors carry AWS' code, which is a plain word.
    response = getattr(error, "response", None)
    code = response.get("Error", {}).get("Code", "") if isinstance(response, dict) else ""
    frames = (f"{frame.name} ({frame.filename}:{frame.lineno})" for frame in extract_tb(error.__traceback__))
    what = " ".join(filter(None, (type(error).__name__, code, "in", " > ".join(frames) or "no frame")))
    return f"{what}; because of {what_happened(error.__cause__)}" if error.__cause__ else what
