"""What the sender does with each code of QuickBooks (facts 1.7), to a create, to an update and to a read.

Whatever may have been carried out must never count as refused: a refused create is forgotten, and the next one would
be a second document. Why each group is where it is stands in docs/decisions/0010.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from local.quickbooks.catalogue import CODES, Known
from local.quickbooks.transport import transport
from m3ter_quickbooks.connection.connection import Connection, ConnectionStatus
from m3ter_quickbooks.invoice.document import DocumentKind
from m3ter_quickbooks.problems import ConnectionLost, Refused, TryLater
from m3ter_quickbooks.quickbooks.client import QuickBooksClient
from m3ter_quickbooks.quickbooks.wire import Hosts, Wire
from m3ter_quickbooks.run.run import RunStatus
from tests.adapters.quickbooks.making import CONNECTION as AT_THE_DESK
from tests.adapters.quickbooks.making import answering
from tests.adapters.quickbooks.test_write import a_fault
from tests.fakes.memory import Memory
from tests.protocol.in_memory import stores_in_memory
from tests.protocol.stage import READ_TIMEOUT, Stage, StageClock, Tokens, a_bill

GATEWAY = {
    "3001": Known("message=ThrottleExceeded; errorCode=003001; statusCode=429", "The request limit was reached.", 429),
    "3100": Known("message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403", "Wrong company.", 403),
    "3200": Known("message=AuthenticationFailed; errorCode=003200; statusCode=401", "Token expired.", 401),
}
"""What the simulator's catalogue of business faults lacks."""
EVERY_CODE = CODES | GATEWAY


@dataclass(frozen=True)
class Does:
    """`create` and `update`: of the run whose write met the code once. `read`: of a single read."""

    create: str
    update: str
    read: str


REFUSED = Does("ends as an error", "ends as an error", "refused")
"""Class P of the facts, a business or a request fault of 4xx: it says that nothing was done."""
UNSURE = Does("looks for it, then waits", "sends it again later", "later")
LOST = Does("ends until reconnected", "ends until reconnected", "reconnect")
CLOSED = Does("ends, the period is closed", "ends, the period is closed", "refused")

OTHERS = {
    **dict.fromkeys(("100", "110", "120", "3100"), LOST),
    # Passing, and with statuses from 401 to 503: whether the request got through is not said.
    **dict.fromkeys(("130", "140", "150"), UNSURE),
    # Something was done under this very request id.
    "600": UNSURE,
    # To an update: the document is read, and is there; then it is what it refers to that is missing.
    "610": Does("ends as an error", "ends as an error", "no such document"),
    "3001": Does("slows down", "slows down", "slows down"),
    "3200": Does("goes on with another token", "goes on with another token", "later"),
    "3202": Does("goes on with another token", "goes on with another token", "later"),
    "5010": Does("ends as an error", "reads it and goes on", "refused"),
    # As the simulator gives it: -30003, which passes.
    "6000": UNSURE,
    **dict.fromkeys(("6200", "6210"), CLOSED),
    "10000": UNSURE,
    # Says that the answer is too large, not that the request was not carried out.
    "10100": Does("looks for it, then waits", "sends it again later", "refused"),
}


class BreakableTokens(Tokens):
    """Tokens of a connection that may be found broken."""

    def __init__(self, stage: Stage, memory: Memory) -> None:
        super().__init__(stage.simulator)
        self._memory = memory

    def refused(self, connection: Connection, reason: str) -> None:
        self._memory.connect(replace(connection, status=ConnectionStatus.NEEDS_RECONNECT))


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def stage(memory: Memory) -> Stage:
    stage = Stage(stores_in_memory(memory), StageClock())
    tokens = BreakableTokens(stage, memory)
    http = httpx.Client(transport=transport(stage.simulator, waited=stage.clock.wait))
    hosts = Hosts("http://quickbooks.test", "http://quickbooks.test")
    stage.quickbooks = QuickBooksClient(Wire(http, hosts, tokens, stage.clock, READ_TIMEOUT), tokens)
    return stage


def meets(stage: Stage, operation: str, code: str) -> None:
    known = EVERY_CODE[code]
    settings = {"message": known.message, "detail": known.detail, "status": known.status}
    stage.simulator.mishaps.add("fault", entity="invoice", operation=operation, count=1, code=code, **settings)


def done_by_the_last_run(memory: Memory, otherwise: str) -> str:
    run = list(memory.runs.values())[-1]
    [delivery] = memory.deliveries.values()
    match run.status:
        case RunStatus.AWAITING_RETRY if delivery.op is not None and delivery.op.unsure:
            return "looks for it, then waits" if delivery.leased(run.created_at) else "sends it again later"
        case RunStatus.COMPLETE:
            return otherwise
        case status:
            return {
                RunStatus.ERROR: "ends as an error",
                RunStatus.AUTH_FAILED: "ends until reconnected",
                RunStatus.ACCOUNTING_PERIOD_CLOSED: "ends, the period is closed",
                RunStatus.RATE_LIMIT_RETRY: "slows down",
            }.get(status, status.value)


def what_a_read_does(code: str, status: int) -> str:
    desk = answering(status, a_fault(code, EVERY_CODE[code].message, EVERY_CODE[code].detail))
    try:
        found = desk.client.read(AT_THE_DESK, DocumentKind.INVOICE, "7")
    except TryLater as later:
        return "slows down" if later.throttled else "later"
    except ConnectionLost:
        return "reconnect"
    except Refused:
        return "refused"
    assert found is None
    return "no such document"


def test_every_code_of_the_facts_is_here() -> None:
    facts = tomllib.loads((Path(__file__).parents[1] / "simulator/verified_facts.toml").read_text())
    rows = [row.split()[0] for state in ("verified", "modelled") for row in facts[state]["1.7"]]
    assert {code for code in rows if code.isdecimal()} <= set(EVERY_CODE)
    assert set(OTHERS) < set(EVERY_CODE)


@pytest.mark.parametrize("code", EVERY_CODE)
def test_what_is_done_with_a_create(stage: Stage, memory: Memory, code: str) -> None:
    meets(stage, "create", code)
    stage.tell(a_bill(1, "100.00"))
    stage.play(stage.take(0))
    assert done_by_the_last_run(memory, "goes on with another token") == OTHERS.get(code, REFUSED).create


@pytest.mark.parametrize("code", EVERY_CODE)
def test_what_is_done_with_an_update(stage: Stage, memory: Memory, code: str) -> None:
    stage.tell(a_bill(1, "100.00"))
    stage.quiet()
    meets(stage, "update", code)
    stage.tell(a_bill(2, "200.00"), "updated")
    stage.play(stage.take(0))
    expected = OTHERS.get(code, REFUSED).update
    otherwise = "reads it and goes on" if code == "5010" else "goes on with another token"
    assert done_by_the_last_run(memory, otherwise) == expected


@pytest.mark.parametrize("code", EVERY_CODE)
def test_what_is_done_with_a_read(code: str) -> None:
    assert what_a_read_does(code, EVERY_CODE[code].status) == OTHERS.get(code, REFUSED).read


@pytest.mark.parametrize("code", EVERY_CODE)
def test_whatever_the_code_a_server_error_to_a_create_is_no_refusal(stage: Stage, memory: Memory, code: str) -> None:
    stage.simulator.mishaps.add("fault", entity="invoice", operation="create", count=1, code=code, status=500)
    stage.tell(a_bill(1, "100.00"))
    stage.play(stage.take(0))
    assert done_by_the_last_run(memory, "") == UNSURE.create


@pytest.mark.parametrize("code", EVERY_CODE)
def test_whatever_the_code_a_server_error_to_a_read_is_asked_again(code: str) -> None:
    assert what_a_read_does(code, 500) == "later"


def test_an_object_that_is_there_already_may_be_the_create_that_is_repeated(stage: Stage, memory: Memory) -> None:
    """630, as 6140, to the first try of a create is somebody else's; to a repeat it can be its own."""
    stage.simulator.mishaps.add("lost-request", entity="invoice", operation="create", count=1)
    stage.tell(a_bill(1, "100.00"))
    stage.play(stage.take(0))
    stage.pass_time(timedelta(minutes=6))
    meets(stage, "create", "630")
    stage.play(stage.take(0))
    assert done_by_the_last_run(memory, "") == UNSURE.create
