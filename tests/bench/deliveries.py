"""Month-end in virtual time: real code, the simulator with QuickBooks' limits and latencies, workers as in Lambda."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import httpx

from local.quickbooks import seed
from local.quickbooks.company import Company as SimulatedCompany
from local.quickbooks.limits import Latency, real_limits
from local.quickbooks.simulator import Simulator
from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.connection.connection import Connection, ConnectionStatus
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.identifiers import ConfigurationId, CredentialId, MappingId
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.integration.mapping import Mapping as ExternalMapping
from m3ter_quickbooks.invoice.company import Company
from m3ter_quickbooks.problems import TryLater
from m3ter_quickbooks.quickbooks.client import QuickBooksClient
from m3ter_quickbooks.quickbooks.wire import Hosts, Wire
from m3ter_quickbooks.run.world import World
from tests.bench.network import network
from tests.bench.queue import WORKERS, Queue
from tests.bench.stores import in_memory
from tests.bench.told import a_bill, an_event, bill_of
from tests.bench.virtual_time import START, VirtualTime
from tests.fakes import Memory, MemoryConnections

IN_FLIGHT = timedelta(seconds=135)
ONE_MINUTE = 60.0


class Silent:
    """Neither m3ter nor a witness."""

    def bill(self, *_: object) -> None: ...
    def account(self, *_: object) -> None: ...
    def closed(self, *_: object) -> None: ...
    def waits(self, *_: object) -> None: ...


class Bench:
    """`companies` companies, one organization and configuration each."""

    def __init__(self, companies: int, *, limits: bool = True) -> None:
        self.time = VirtualTime()
        self.simulator = Simulator(clock=self.time, seed=7, recorded_calls=100_000)
        self.simulator.latency = Latency(fixed=0.3, each=0.04)
        if limits:
            self.simulator.limits = real_limits()
        self.memory = Memory()
        self.queue = Queue(self.time)
        self.random = random.Random(7)
        self.realms = [self._company(number) for number in range(companies)]
        http = httpx.Client(transport=network(self.simulator, self.time))
        hosts = Hosts("http://quickbooks.test", "http://quickbooks.test")
        tokens = _Tokens(self.simulator)
        self.world = self._world(QuickBooksClient(Wire(http, hosts, tokens, self.time, 45.0), tokens))

    def _company(self, number: int) -> str:
        realm = str(9140000000000000 + number)
        with self.simulator.store.transaction():
            seed.add_company(self.simulator.store, SimulatedCompany(realm, name=f"Company {number}"), self.time())
        self.simulator.reload()
        organization = OrganizationId(f"org-{number}")
        credential = CredentialId(f"credential-{number}")
        self.memory.connect(
            Connection(
                organization,
                credential,
                Destination.QUICKBOOKS_SANDBOX,
                ConnectionStatus.CONNECTED,
                company_id=realm,
                company=Company(realm, f"Company {number}", "US", "USD"),
            )
        )
        self.memory.configure(
            Integration(
                id=ConfigurationId(f"config-{number}"),
                organization_id=organization,
                name=f"QuickBooks {number}",
                destination=Destination.QUICKBOOKS_SANDBOX,
                credential_id=credential,
                ever_connected=True,
            )
        )
        for place, (entity, m3ter_id, table) in enumerate(
            (("Account", "account", "Customer"), ("Product", "p", "Item"))
        ):
            mapping = ExternalMapping(MappingId(f"m{place}"), entity, m3ter_id, "QuickBooksSandbox", table, "1")
            self.memory.map(organization, mapping)
        return realm

    def _world(self, quickbooks: QuickBooksClient) -> World:
        return World(
            **in_memory(self.memory, self.time),
            connections=MemoryConnections(self.memory),
            quickbooks=quickbooks,
            m3ter=Silent(),  # type: ignore[arg-type]  # has nothing to say
            queue=self.queue,
            witness=Silent(),
            clock=self.time,
            wait_until=self.time.sleep_until,
            new_claim=lambda: str(self.random.getrandbits(64)),
            jitter=self.random.random,
            link=lambda connection, kind, identity: f"https://qbo.test/{kind}/{identity}",
            in_flight=IN_FLIGHT,
        )

    def tell(self, company: int, bill: str, version: int = 1, total: str = "118.50", *, after: float = 0.0) -> None:
        """An event on the bus, `after` so many seconds."""
        self.tell_bill(company, a_bill(bill, version, total), after=after)

    def tell_bill(self, company: int, dto: dict[str, Any], *, after: float = 0.0) -> None:
        """An event about this very bill."""
        at = self.time.now + timedelta(seconds=after)
        self.queue.put(json.dumps(an_event(f"org-{company}", dto)), at)

    def work(self, workers: int = WORKERS) -> None:
        """Until everything rests."""
        for number in range(workers):
            self.time.start(lambda: self.queue.serve(self.world), after=number / 100)
        self.time.run()

    def seconds_at(self, moment: datetime | None) -> float:
        """Since everything began; a run that is not over yet ends never."""
        return math.inf if moment is None else (moment - START).total_seconds()

    def invoices(self, realm: str) -> list[dict[str, Any]]:
        """Those of bills, as QuickBooks has them."""
        return [one for one in self.simulator.as_person(realm).all("Invoice") if bill_of(one)]


class _Tokens:
    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._held: dict[str, tuple[datetime, str]] = {}

    def access_token(self, connection: Connection) -> str:
        realm = str(connection.company_id)
        until, token = self._held.get(realm, (START, ""))
        if self._simulator.now() >= until:
            token = self._simulator.tokens.issue(realm, self._simulator.now())["access_token"]
            self._held[realm] = (self._simulator.now() + timedelta(minutes=50), token)
        return token

    def renewed(self, connection: Connection, tried: str) -> str:
        self._held.pop(str(connection.company_id), None)
        return self.access_token(connection)

    def refused(self, connection: Connection, reason: str) -> None:
        raise AssertionError(reason)


def duplicates_and_losses(bench: Bench, expected: dict[str, set[str]]) -> tuple[int, int]:
    """How many documents are one too many, and how many bills have none, over all companies."""
    twice = lost = 0
    for realm, bills in expected.items():
        found = Counter(bill_of(one) for one in bench.invoices(realm))
        twice += sum(count - 1 for count in found.values())
        lost += len(bills - set(found))
    return twice, lost


@dataclass(frozen=True)
class MonthEnd:
    """3,000 bills at once for one company."""

    bills: int
    seconds: float
    per_minute: float
    of_limit: float
    throttled_after_first_minute: int
    twice: int
    lost: int


def month_end(bills: int = 3000) -> MonthEnd:
    bench = Bench(1)
    names = [f"bill-{number}" for number in range(bills)]
    for name in names:
        bench.tell(0, name)
    bench.work()
    calls = bench.simulator.calls
    # From the events to the last of the runs closed: how long the workers took to begin and to end is in it.
    seconds = max(bench.seconds_at(run.completed_at) for run in bench.memory.runs.values())
    throttled = [
        call
        for call in calls
        if call.status == HTTPStatus.TOO_MANY_REQUESTS and (call.at - START).total_seconds() > ONE_MINUTE
    ]
    twice, lost = duplicates_and_losses(bench, {bench.realms[0]: set(names)})
    per_minute = bills / seconds * 60
    return MonthEnd(bills, seconds, per_minute, per_minute / 1200, len(throttled), twice, lost)


@dataclass(frozen=True)
class Fairness:
    """20 companies with 150 bills each, at once."""

    shares: tuple[float, ...]
    twice: int
    lost: int


class _Unseen:
    """A count that nobody can reach: then nobody lets anybody pass, and chance decides."""

    def had(self, *_: object) -> dict[str, int]:
        text = "Nobody is seen."
        raise TryLater(text)


def fairness(shuffle: int | None, companies: int = 20, bills: int = 150, *, by_chance: bool = False) -> Fairness:
    """The share of each company among what was sent until the first of them was done, as a ratio to its fair share.

    The events come in turn, one of each company, or by chance: `shuffle` is its seed. One seed says little: how much of
    a company comes early is chance, too. `by_chance`: workers take what comes first, as if there were no fair share.
    """
    bench = Bench(companies)
    if by_chance:
        bench.world = replace(bench.world, rush=_Unseen())
    told = [(company, f"bill-{company}-{number}") for number in range(bills) for company in range(companies)]
    if shuffle is not None:
        random.Random(shuffle).shuffle(told)
    for company, name in told:
        bench.tell(company, name)
    bench.work()
    done: Counter[str] = Counter()
    for call in (call for call in bench.simulator.calls if call.method == "POST" and call.status == HTTPStatus.OK):
        done[call.realm] += max(1, str(call.request_body).count('"bId"')) if call.operation == "batch" else 1
        if max(done.values()) >= bills * 0.9:
            break
    fair = sum(done.values()) / companies
    expected = {bench.realms[company]: {n for c, n in told if c == company} for company in range(companies)}
    twice, lost = duplicates_and_losses(bench, expected)
    return Fairness(tuple(sorted(done[realm] / fair for realm in bench.realms)), twice, lost)


@dataclass(frozen=True)
class Storm:
    """Many deliveries with lost answers and doubled events."""

    deliveries: int
    writes: int
    answers_lost: int
    twice: int
    lost: int
    stale: int


def storm(deliveries: int = 10_000, *, ids_remembered: bool) -> Storm:
    """Every fifth answer is lost, every twentieth event comes twice; half the bills are regenerated once."""
    bench = Bench(10)
    bench.simulator.mishaps.add("lost-answer", probability=0.2, operation="create")
    bench.simulator.mishaps.add("lost-answer", probability=0.2, operation="update")
    bench.simulator.mishaps.add("lost-answer", probability=0.2, operation="batch")
    if not ids_remembered:
        bench.simulator.mishaps.add("forget-request-id")
    newest: dict[tuple[int, str], str] = {}
    told: list[tuple[int, str, int, str]] = []
    for number in range(deliveries * 2 // 3):
        company, name = number % 10, f"bill-{number}"
        for version in range(1, 2 + number % 2):
            total = f"{100 + bench.random.randrange(900)}.00"
            told.append((company, name, version, total))
            newest[company, name] = total
    doubled = [one for one in told if bench.random.random() < 0.05]
    told += doubled
    bench.random.shuffle(told)
    for one in told:
        bench.tell(*one)
    bench.work()
    lost_answers = sum("lost-answer" in call.mishaps for call in bench.simulator.calls)
    writes = sum(call.operation in {"create", "update", "batch"} for call in bench.simulator.calls)
    expected = {realm: {n for c, n in newest if c == company} for company, realm in enumerate(bench.realms)}
    twice, lost = duplicates_and_losses(bench, expected)
    stale = sum(
        Decimal(one["TotalAmt"]) != Decimal(newest[company, bill_of(one)])
        for company, realm in enumerate(bench.realms)
        for one in bench.invoices(realm)
    )
    return Storm(len(told), writes, lost_answers, twice, lost, stale)
