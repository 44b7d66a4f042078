"""QuickBooks Online in one object: a request in, an answer out, no socket and no framework.

    arrive:     recorded; faults drawn; token, company and limits checked (the gateway)
    carry_out:  the operation and its commit (the books)
    leave:      room for the next one

`handle` does the three at once and never waits: what takes time is told (`Answer.seconds`, `LostAnswer`), not slept.
"""

import heapq
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local.quickbooks import accounting, admin, consent, envelope, fate, pages, people, problems
from local.quickbooks import seed as seeding
from local.quickbooks.books import Books
from local.quickbooks.company import Company, from_stored
from local.quickbooks.envelope import Answer, Style
from local.quickbooks.limits import Latency, Limits, Meter
from local.quickbooks.mishaps import OF_OAUTH, Mishaps
from local.quickbooks.oauth import Client, Rotation, Tokens
from local.quickbooks.problems import Fault, GatewayFault, LostAdmin
from local.quickbooks.store import Store
from local.quickbooks.traffic import Call, LostAnswer, Request, Visit, describe, request_of
from local.quickbooks.webhooks import Webhooks

Clock = Callable[[], datetime]
NEVER = 10**9


def _wall_clock() -> datetime:
    return datetime.now(UTC)


class Simulator:
    """All companies of one simulated QuickBooks Online, and everything that can go wrong with it.

    `clock` gives aware UTC times. With a `seed`, chance, tokens and trace ids repeat from run to run.
    `request_id_seconds` is how long a request id is remembered; `overlapping_request_ids` "twice" lets two requests
    that are on their way at the same time with one id both commit, "refused" answers the second with code 600 (what
    QuickBooks does is not known);
    `query_lag_seconds` is how long a new document stays invisible to queries.
    """

    def __init__(
        self,
        database: str | Path = ":memory:",
        *,
        clock: Clock = _wall_clock,
        seed: int | None = None,
        client: Client | None = None,
        limits: Limits | None = None,
        latency: Latency | None = None,
        recorded_calls: int = 5000,
    ) -> None:
        self._clock, self._offset = clock, timedelta()
        self._landing: datetime | None = None
        self.store = Store(database)
        self._seed = seed
        self.mishaps = Mishaps(seed)
        self._secret_seed = str(seed) if seed is not None else secrets.token_hex(16)
        self.tokens = Tokens(self.store, client or Client(), self._secret_seed)
        self._limits_at_first, self._latency_at_first = limits or Limits(), latency or Latency()
        self._settle()
        self.calls: deque[Call] = deque(maxlen=recorded_calls)
        self.webhooks = Webhooks()
        self._numbers = 0
        self._late: list[tuple[datetime, int, Visit]] = []
        self.companies: dict[str, Company] = {}
        if not self.store.companies():
            seeding.seed_all(self.store, self.now())
        self.reload()

    def reload(self) -> None:
        self.companies = {realm: from_stored(settings) for realm, settings in self.store.companies()}

    def _settle(self) -> None:
        """Settings as at the start."""
        self.limits, self.latency = replace(self._limits_at_first), replace(self._latency_at_first)
        self.meter = Meter()
        self.request_id_seconds = NEVER
        self.overlapping_request_ids = "once"
        self.query_lag_seconds = 0.0
        self.tokens.rotation = Rotation()

    def start_over(self) -> None:
        """Everything as at the first start: companies, tokens, settings, faults, chance, calls, clock.

        Webhook endpoints stay, what they were to be told goes.
        """
        self._offset = timedelta()
        self.drop_late()
        self._settle()
        with self.store.transaction():
            self.store.wipe()
            seeding.seed_all(self.store, self.now())
        self.tokens.forget_known()
        self.mishaps.clear()
        self.mishaps.seed(self._seed)
        self.calls.clear()
        self.webhooks.deliveries.clear()
        self.reload()

    def close(self) -> None:
        self.store.close()

    def now(self) -> datetime:
        return self._landing or self._clock() + self._offset

    def advance(self, seconds: float) -> None:
        """Let time pass, without waiting, on top of the clock given."""
        self._offset += timedelta(seconds=seconds)
        self.land_due()

    def books(self, realm: str) -> Books:
        return Books(self.store, self.companies[realm], self.now())

    def as_person(self, realm: str) -> people.Person:
        """Somebody at the company's own screen: no token, no faults, no limits."""
        return people.Person(self, realm)

    def handle(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | str | None = None
    ) -> Answer:
        """One request, answered at once. Raises LostAnswer when the client hears nothing."""
        visit = self.arrive(request_of(method, url, headers, body))
        try:
            answer = self.carry_out(visit)
            return replace(answer, seconds=answer.seconds + visit.wait) if visit.wait else answer
        finally:
            self.leave(visit)

    def arrive(self, request: Request) -> Visit:
        self.land_due()
        self._numbers += 1
        about = describe(request)
        now = self.now()
        oauth = about["operation"] in OF_OAUTH
        realm = consent.company_behind(self, request) if oauth else about["realm"]
        # What comes in the query string of a token endpoint is a secret too.
        query = {} if oauth else dict(request.query)
        call = Call(
            self._numbers, now, request.method, request.path, query, about["realm"], about["entity"],
            about["operation"], request.query.get("requestid"), request.headers.get("content-type", ""),
            request.headers.get("user-agent", ""), _readable(request), intuit_tid=self._trace(now),
        )  # fmt: skip
        visit = Visit(request, call, about)
        if about["operation"]:
            self.calls.append(call)
            visit.rules = self.mishaps.befalling({**about, "realm": realm})
            call.mishaps = [rule.kind for rule in visit.rules]
            latency = self.latency
            if latency.fixed or latency.spread:
                visit.wait = latency.fixed + self.mishaps.chance.random() * latency.spread
        if about["realm"]:
            try:
                self._gateway(visit)
            except (GatewayFault, LostAdmin) as refusal:
                visit.refusal, visit.wait = refusal, 0.0
        return visit

    def carry_out(self, visit: Visit) -> Answer:
        """The answer. Raises LostAnswer."""
        try:
            answer = self._answer(visit)
        except LostAnswer:
            visit.call.response_body = "(no answer)"
            raise
        visit.call.status = answer.status
        if visit.about["operation"] in OF_OAUTH and answer.status == 200:
            visit.call.response_body = "(not kept)"
        elif visit.about["operation"]:
            visit.call.response_body = answer.text if len(answer.body) < 200_000 else f"({len(answer.body)} bytes)"
        return answer

    def leave(self, visit: Visit) -> None:
        if visit.metered:
            self.meter.leave(visit.about["realm"])
            visit.metered = False

    def style(self, visit: Visit) -> Style:
        accept = visit.request.headers.get("accept", "")
        json = "json" in accept or visit.request.query.get("format") == "json" or "pdf" in accept
        return Style(self.now(), not json, visit.call.intuit_tid)

    def _answer(self, visit: Visit) -> Answer:
        path = visit.request.path
        if visit.about["realm"]:
            return self._company_answer(visit)
        if path.startswith("/_simulator"):
            return admin.answer(self, visit.request)
        found = consent.answer(self, visit) or pages.answer(self, visit.request)
        return found or envelope.html_answer(404, "<html><body><h1>404 Not Found</h1></body></html>")

    def _company_answer(self, visit: Visit) -> Answer:
        style = self.style(visit)
        try:
            if visit.refusal is not None:
                raise visit.refusal
            self._shape_fate(visit)
            answer = accounting.answer(self, visit, style)
        except LostAdmin as problem:
            return envelope.lost_admin(style, problem)
        except GatewayFault as problem:
            return fate.refused(visit, style, problem)
        except Fault as problem:
            return envelope.fault(style, problem)
        except _Broken as broken:
            return broken.answer
        return fate.after(visit, style, answer)

    def _gateway(self, visit: Visit) -> None:
        """What is decided before the books are reached. Raises GatewayFault, LostAdmin."""
        authorization = visit.request.headers.get("authorization")
        if visit.rule("expire-access-token") and authorization:
            with self.store.transaction():
                self.tokens.expire_access(authorization[7:].strip())
        realm = self.tokens.company_of(authorization, self.now())
        if visit.rule("lost-admin"):
            raise LostAdmin
        if realm != visit.about["realm"] or realm not in self.companies:
            raise problems.wrong_company()
        fate.check_throttle(visit)
        batch = visit.about["operation"] == "batch"
        self.meter.enter(self.limits, realm, batch, self.now().timestamp())
        visit.metered = True
        if batch and self.latency.each:
            visit.wait += self.latency.each * visit.request.body.count(b'"bId"')

    def _shape_fate(self, visit: Visit) -> None:
        """The faults before the commit. Raises LostAnswer, Fault or an answer of a broken server."""
        broken = fate.before(visit, self.style(visit))
        if broken is not None:
            raise _Broken(broken)
        late = visit.rule("late-landing")
        if late:
            due = self.now() + timedelta(seconds=late.seconds if late.seconds is not None else 30)
            visit.known_at_arrival = accounting.is_remembered(self, visit)
            heapq.heappush(self._late, (due, visit.call.number, visit))
            raise LostAnswer("timeout", late.seconds if late.seconds is not None else 30)
        people.meddle(self, visit)

    @property
    def late_visits(self) -> list[Visit]:
        return [visit for _, _, visit in self._late]

    @property
    def on_the_way(self) -> int:
        """How many late requests have not landed yet."""
        return len(self._late)

    def land_due(self) -> int:
        """Carry out the late requests whose time has come, each as at its own time."""
        return self._land(lambda due: due <= self.now())

    def land_all(self) -> int:
        return self._land(lambda _: True)

    def drop_late(self) -> int:
        """Late requests that never land after all."""
        count = len(self._late)
        self._late.clear()
        return count

    def _land(self, is_due: Callable[[datetime], bool]) -> int:
        landed = 0
        while self._late and is_due(self._late[0][0]):
            due, _, visit = heapq.heappop(self._late)
            if visit.about["realm"] not in self.companies:
                continue
            self._landing = visit.call.landed_at = min(due, self.now())
            landed += 1
            try:
                answer = accounting.answer(self, visit, self.style(visit))
                visit.call.response_body = f"(nobody heard) {answer.text}"
            except Fault as fault:
                visit.call.response_body = f"(nobody heard) {fault}"
            finally:
                self._landing = None
        return landed

    def changed(self, realm: str, changes: list[tuple[str, str, str]]) -> None:
        """After a commit: what the webhooks have to tell."""
        self.webhooks.tell(realm, changes, self.now())

    def _trace(self, now: datetime) -> str:
        return f"1-{int(now.timestamp()):08x}-{self._numbers:024x}"


class _Broken(Exception):
    """An answer that no part of QuickBooks itself gives."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(str(answer.status))
        self.answer = answer


def _readable(request: Request) -> str:
    """The body for the record. Forms hold codes, tokens and secrets, so they are not kept; nor are files."""
    kind = request.headers.get("content-type", "")
    if "form" in kind or "/tokens/" in request.path:
        return f"({len(request.body)} bytes)"
    return request.body[:200_000].decode(errors="replace")
