"""The stage: real code, the QuickBooks simulator, a queue, a clock, and workers that stop at every call.

events ──▶ queue ──▶ workers (Watched ports) ──▶ simulator
             ▲             │
             └── retries ──┘        `quiet()` lets everything come to rest without any further fault
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

from bills.messages import read_message
from local.quickbooks.simulator import Simulator
from local.quickbooks.transport import transport
from m3ter_quickbooks.bill.fence import Fence
from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.connection.connection import Connection, ConnectionStatus
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.identifiers import ConfigurationId, CredentialId, MappingId
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.integration.mapping import Mapping as ExternalMapping
from m3ter_quickbooks.integration.settings import Settings
from m3ter_quickbooks.invoice.company import Company
from m3ter_quickbooks.problems import Missing, TryLater
from m3ter_quickbooks.quickbooks.client import QuickBooksClient
from m3ter_quickbooks.quickbooks.outgoing import http_client
from m3ter_quickbooks.quickbooks.wire import Hosts, Wire
from m3ter_quickbooks.run.carry_out import Attempt
from m3ter_quickbooks.run.case import Case, InHand
from m3ter_quickbooks.run.dispatch import carry_out
from m3ter_quickbooks.run.look_again import look_again
from m3ter_quickbooks.run.opening import Told, end_untaken, open_runs, take_up
from m3ter_quickbooks.run.ports import Closing, Configurations, Connections, Deliveries, Knowledge, Pacer, Runs, Rush
from m3ter_quickbooks.run.run import Run
from m3ter_quickbooks.run.silence import PatientM3ter, PatientQuickBooks
from m3ter_quickbooks.run.sweep import sweep
from m3ter_quickbooks.run.trouble import LookAgain
from m3ter_quickbooks.run.world import World
from tests.protocol.workers import Order, Watched, Worker

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
IN_FLIGHT = timedelta(seconds=135)
INVOCATION = timedelta(seconds=90)
READ_TIMEOUT = 45.0
ORGANIZATION = "org"
REALM = "9130000000000002"
REALM_ELSEWHERE = "9130000000000001"
CUSTOMER = "1"
ITEM = "1"


@dataclass
class Stores:
    """The ports that keep things: fakes, or the real adapters on moto."""

    runs: Runs
    deliveries: Deliveries
    knowledge: Knowledge
    configurations: Configurations
    connections: Connections
    pacer: Pacer
    rush: Rush
    configure: Callable[[Integration], object]
    put_run: Callable[[Run], object]
    """Whatever its state is: for a protocol that lacks a rule."""


@dataclass
class PlainQueue:
    """The queue: messages with the moment from which they may be delivered. At least once, in any order."""

    clock: Callable[[], datetime]
    messages: list[tuple[datetime, object]] = field(default_factory=list)

    def retry(self, runs: list[Run], delay: timedelta) -> None:
        self.messages += [(self.clock() + min(delay, timedelta(minutes=15)), run) for run in runs]

    def look(self, look: LookAgain, delay: timedelta) -> None:
        self.messages.append((self.clock() + delay, look))


class Observed:
    """Delivery records, with every closing that was committed, in its order."""

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries
        self.closings: list[Closing] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._deliveries, name)

    def close(self, closing: Closing) -> None:
        self._deliveries.close(closing)
        self.closings.append(closing)


class Nobody:
    """Neither m3ter nor a witness has anything to say."""

    def bill(self, *_: object) -> None:
        return None

    def account(self, *_: object) -> None:
        return None

    def closed(self, run: Run, cause: str) -> None:
        pass

    def waits(self, run: Run) -> None:
        pass


class StageClock:
    """A clock that only the stage moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Tokens:
    """Access tokens that are always good: tokens have tests of their own."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def access_token(self, connection: Connection) -> str:
        token: str = self._simulator.tokens.issue(str(connection.company_id), self._simulator.now())["access_token"]
        return token

    def renewed(self, connection: Connection, tried: str) -> str:
        return self.access_token(connection)

    def refused(self, connection: Connection, reason: str) -> None:
        raise AssertionError(reason)


class Stage:
    """One organization, one company, any number of configurations and bills."""

    def __init__(self, stores: Stores, clock: StageClock, protocol: Callable[..., Attempt] = Attempt) -> None:
        self.clock = clock
        self.protocol = protocol
        self.sweep = sweep
        self.trusted = INVOCATION
        """How long a worker believes that it has: longer than it has where the check before sending is taken out."""
        self.acknowledged_first = False
        self.simulator = Simulator(clock=clock, seed=1)
        self.person = self.simulator.as_person(REALM)
        self.person_elsewhere = self.simulator.as_person(REALM_ELSEWHERE)
        for person in (self.person, self.person_elsewhere):
            person.settings(customTransactionNumbers=False)
        self.observed: Any = Observed(stores.deliveries)
        self.stores = replace(stores, deliveries=self.observed)
        self.voids = True
        """Whether the document of a deleted bill is to be voided."""
        self.queue = PlainQueue(clock)
        self.workers: list[Worker] = []
        self.deadlines: dict[str, datetime] = {}
        self.newest: dict[str, tuple[Fence, Decimal | None]] = {}
        self.unwanted: set[str] = set()
        """Bills whose newest version has nothing to send; what was sent of an older one stays."""
        self._claims = 0
        http = http_client(clock, transport(self.simulator, waited=clock.wait))
        tokens = Tokens(self.simulator)
        hosts = Hosts("http://quickbooks.test", "http://quickbooks.test")
        self.quickbooks: Any = QuickBooksClient(Wire(http, hosts, tokens, clock, READ_TIMEOUT), tokens)
        self.m3ter: Any = Nobody()

    # --- what happens

    def let_be_on_deletion(self) -> None:
        """The operator does not want documents of deleted bills to be voided."""
        self.voids = False
        self.stores.configure(replace(INTEGRATION, settings=Settings.read({}), config_data={}))

    def tell(self, bill: Mapping[str, Any], happening: str = "created") -> None:
        """An event of m3ter reaches the queue."""
        body = json.dumps(an_event(bill, happening), default=str)
        message = read_message(body)
        assert isinstance(message, Told)
        key = str(bill["id"])
        total = None if happening == "deleted" else Decimal(str(bill["billTotal"]))
        if key not in self.newest or self.newest[key][0] <= message.fence:
            self.newest[key] = (message.fence, total)
            self.unwanted.discard(key)
            if total is not None and not bill["lineItems"]:
                self.unwanted.add(key)
        self.queue.messages.append((self.clock(), message))

    def take(self, *places: int) -> Worker:
        """A worker takes messages (by place in the queue) and starts; they stay in the queue until it has finished."""
        taken = [self.queue.messages[place] for place in places]
        worker = Worker(f"W{len(self.workers) + 1}", lambda me: self._invocation(me, taken))
        self.deadlines[worker.name] = self.clock() + INVOCATION
        worker.messages = len(taken)
        self.workers.append(worker)
        return worker

    def _invocation(self, worker: Worker, taken: list[tuple[datetime, object]]) -> None:
        world = self.world(worker)
        if self.acknowledged_first:
            self._acknowledge(taken)
        now = self.clock()
        deadline = now + INVOCATION
        came_through = list(taken)
        begun: list[tuple[tuple[datetime, object], InHand]] = []
        for delivered in taken:
            try:
                begun += [(delivered, hand) for hand in self._begun(delivered[1], world, deadline)]
            except TryLater:
                came_through.remove(delivered)
        message_of = {hand.run.id: delivered for delivered, hand in begun}
        in_hand = list({hand.run.id: hand for _, hand in begun}.values())

        def attempt(case: Case, world: World, _: datetime) -> Attempt:
            return self.protocol(case, world, deadline)

        def shield(run: Run, step: Callable[[], None]) -> bool:
            """As the door does it: what fails for want of a store brings its message back."""
            try:
                step()
            except TryLater:
                if message_of[run.id] in came_through:
                    came_through.remove(message_of[run.id])
                return False
            return True

        carry_out(in_hand, world, now + self.trusted, shield, attempt)
        self._acknowledge(came_through)

    def _acknowledge(self, taken: list[tuple[datetime, object]]) -> None:
        """At once for this delivery; a copy that another worker took is a delivery of its own."""
        for message in taken:
            if message in self.queue.messages:
                self.queue.messages.remove(message)

    def _begun(self, message: object, world: World, deadline: datetime) -> list[InHand]:
        if isinstance(message, Told):
            return open_runs(message, world, deadline)
        if isinstance(message, LookAgain):
            look_again(message, world)
            return []
        assert isinstance(message, Run)
        run = world.runs.get(message.organization_id, message.id)
        if not run.status.open or message.version < run.version:
            return []
        try:
            return [take_up(run, world)]
        except Missing:
            end_untaken(run, world)
            return []

    def play(self, worker: Worker, until: str | None = None, order: Order = Order.GO) -> None:
        """Let a worker go on, to its end, or until it is about to make a call whose name ends in `until`."""
        for _ in range(500):
            if worker.at is None:
                break
            if until is not None and worker.at.endswith(until):
                return
            worker.step(order)
        if worker.bug is not None:
            raise worker.bug
        assert until is None, f"{worker.name} never came to {until}"

    def pass_time(self, by: timedelta) -> None:
        self.clock.now += by
        self.simulator.land_due()

    def end_invocations(self, only_at: str = "") -> None:
        """Lambda ends an invocation at its deadline, whatever it is in the middle of. `only_at`: at such a call."""
        for worker in self.workers:
            if self.clock() >= self.deadlines[worker.name] and (worker.at or "").startswith(only_at):
                worker.kill()

    def quiet(self, rounds: int = 200) -> None:
        """No more faults: who sleeps dies, time passes, the queue and the sweep do their work until all rest."""
        for worker in self.workers:
            worker.kill()
        self.simulator.mishaps.clear()
        world = self.world(None)
        for _ in range(rounds):
            self.simulator.land_due()
            due = [message for message in self.queue.messages if message[0] <= self.clock()]
            if due:
                for message in due[:3]:
                    if message in self.queue.messages:
                        self.play(self.take(self.queue.messages.index(message)))
            elif self.queue.messages or self.open_runs() or self.simulator.on_the_way:
                self.pass_time(timedelta(seconds=61))
                self.sweep(world)
            else:
                return
        raise AssertionError(f"still open: {self.open_runs()}")

    # --- what is there

    def world(self, worker: Worker | None) -> World:
        def watched(port: Any, name: str) -> Any:
            return port if worker is None else Watched(port, worker, name)

        stores = self.stores
        return World(
            runs=watched(stores.runs, "runs"),
            deliveries=watched(stores.deliveries, "deliveries"),
            knowledge=watched(stores.knowledge, "knowledge"),
            configurations=watched(stores.configurations, "configurations"),
            connections=watched(stores.connections, "connections"),
            quickbooks=PatientQuickBooks(watched(self.quickbooks, "quickbooks"), self.clock),
            m3ter=PatientM3ter(self.m3ter, self.clock),
            pacer=watched(stores.pacer, "pacer"),
            rush=watched(stores.rush, "rush"),
            queue=watched(self.queue, "queue"),
            witness=Nobody(),
            clock=self.clock,
            wait_until=watched(self, "stage").wait_until,
            new_claim=self._new_claim,
            jitter=lambda: 0.5,
            link=lambda connection, kind, identity: f"https://qbo.test/{kind}/{identity}",
            in_flight=IN_FLIGHT,
        )

    def _new_claim(self) -> str:
        self._claims += 1
        return f"claim {self._claims}"

    def wait_until(self, moment: datetime) -> None:
        if moment > self.clock():
            self.pass_time(moment - self.clock())

    def open_runs(self) -> list[Run]:
        due = self.stores.runs.due(self.clock() + timedelta(days=2), 1000)
        return [run for run in due if isinstance(run, Run) and run.status.open]

    def documents(self, bill_id: str) -> list[tuple[str, dict[str, Any]]]:
        """Every living document of a bill, in whatever company: not deleted, not voided."""
        found = []
        for person, entity in product((self.person, self.person_elsewhere), ("Invoice", "CreditMemo")):
            for document in person.all(entity):
                note = str(document.get("PrivateNote", ""))
                if f"m3ter-bill:{bill_id}\n" in note and not note.startswith("Voided"):
                    found.append((entity, document))
        return found


def an_event(bill: Mapping[str, Any], happening: str) -> dict[str, Any]:
    """An EventBridge event about a bill."""
    dto = "oldDto" if happening == "deleted" else "newDto"
    name = f"billing.bill.{happening}"
    identity = f"{bill['id']}-{bill['version']}-{bill['status']}-{happening}"
    return {
        "source": "m3ter",
        "detail-type": name,
        "detail": {
            "id": identity,
            "eventName": name,
            "eventTime": "2026-03-01T12:00:00Z",
            "orgId": bill.get("orgId", ORGANIZATION),
            "m3terEvent": {"eventData": {dto: dict(bill)}},
        },
    }


def a_bill(version: int, total: str, bill_id: str = "bill-1") -> dict[str, Any]:
    """A bill of one line. A negative total becomes a credit memo."""
    kind = "AD_HOC" if Decimal(total) >= 0 else "CREDIT_MEMO"
    return {
        "id": bill_id,
        "version": version,
        "accountId": "account-acme",
        "billDate": "2026-03-01",
        "dueDate": "2026-03-31",
        "currency": "USD",
        "status": "APPROVED",
        "billTotal": total,
        "lineItems": [
            {
                "id": "line-1",
                "lineItemType": kind,
                "description": "Consulting",
                "quantity": 1,
                "units": 1,
                "unit": "hour",
                "subtotal": total,
                "convertedSubtotal": total,
                "currency": "USD",
                "conversionRate": 1,
                "averageUnitPrice": total,
                "productId": "product-1",
            }
        ],
    }


COMPANY = Company(REALM, "Sandbox Company_US_2", "US", "USD")
CONNECTION = Connection(
    OrganizationId(ORGANIZATION),
    CredentialId("credential"),
    Destination.QUICKBOOKS_SANDBOX,
    ConnectionStatus.CONNECTED,
    company_id=REALM,
    company=COMPANY,
)
INTEGRATION = Integration(
    id=ConfigurationId("config"),
    organization_id=OrganizationId(ORGANIZATION),
    name="QuickBooks",
    destination=Destination.QUICKBOOKS_SANDBOX,
    settings=Settings.read({"voidInvoiceOnBillDeletion": True}),
    credential_id=CredentialId("credential"),
    ever_connected=True,
    config_data={"voidInvoiceOnBillDeletion": True},
)
ELSEWHERE = replace(
    INTEGRATION,
    id=ConfigurationId("config-elsewhere"),
    organization_id=OrganizationId("elsewhere"),
    credential_id=CredentialId("credential-elsewhere"),
)
"""Another organization of the same installation, with a company of its own."""
CONNECTIONS = (
    CONNECTION,
    replace(
        CONNECTION,
        organization_id=ELSEWHERE.organization_id,
        credential_id=CredentialId("credential-elsewhere"),
        company_id=REALM_ELSEWHERE,
        company=Company(REALM_ELSEWHERE, "Sandbox Company_US_1", "US", "USD"),
    ),
)
MAPPINGS = (
    ExternalMapping(MappingId("m1"), "Account", "account-acme", "QuickBooksSandbox", "Customer", CUSTOMER),
    ExternalMapping(MappingId("m2"), "Product", "product-1", "QuickBooksSandbox", "Item", ITEM),
)
