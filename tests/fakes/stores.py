"""The stores in memory. Each method happens at once; what a condition refuses changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from zlib import compress

from m3ter_quickbooks.bill.account import Account
from m3ter_quickbooks.bill.identifiers import AccountId, BillId, OrganizationId
from m3ter_quickbooks.connection.connection import Connection, ConnectionStatus
from m3ter_quickbooks.integration.identifiers import ConfigurationId, CredentialId
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.integration.mapping import MappingKey
from m3ter_quickbooks.invoice.company import RateNeeded
from m3ter_quickbooks.problems import BillCannotBeSent, BillProblem, Clash, Missing, ProblemKind, TryLater
from m3ter_quickbooks.run.delivery import Delivery
from m3ter_quickbooks.run.ports import Closing, CountMoved, Known, Snapshot, Unreadable
from m3ter_quickbooks.run.replay_order import OwedReplay
from m3ter_quickbooks.run.run import Run, RunId, RunStatus
from m3ter_quickbooks.run.trouble import LookAgain, Trouble
from m3ter_quickbooks.storage.pacer import BATCHES, SINGLES
from m3ter_quickbooks.storage.wire import BIGGEST_BLOB, pack
from tests.fakes.memory import Memory


class MemoryRuns:
    """`run.ports.Runs`."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def open(self, snapshot: Snapshot, runs: Sequence[Run]) -> list[Run]:
        if len(pack(snapshot.dto)) > BIGGEST_BLOB:
            raise BillCannotBeSent([BillProblem(ProblemKind.VALIDATION, "The bill is too large to be kept.")])
        place = (snapshot.organization_id, snapshot.bill_id, snapshot.name)
        self.memory.snapshots.setdefault(place, snapshot)
        return [self.memory.runs.setdefault((run.organization_id, run.id), run) for run in runs]

    def get(self, organization_id: OrganizationId, run_id: RunId) -> Run:
        run = self.memory.runs.get((organization_id, run_id))
        if run is None:
            raise Missing("There is no such run.")
        return run

    def snapshot(self, run: Run) -> Snapshot:
        snapshot = self.memory.snapshots.get((run.organization_id, run.bill_id, run.snapshot))
        if snapshot is None:
            raise Missing("There is no such bill.")
        return snapshot

    def wait(self, run: Run) -> Run:
        place = (run.organization_id, run.id)
        stored = self.memory.runs.get(place)
        if stored is None or not stored.status.open:
            raise Clash("The run is closed.")
        self.memory.runs[place] = replace(
            stored,
            status=run.status,
            due_at=run.due_at,
            attempts=run.attempts,
            reason=run.reason,
            log=run.log,
            warnings=run.warnings,
            problems=run.problems,
            started_at=run.started_at,
            version=run.version,
        )
        return self.memory.runs[place]

    def due(self, now: datetime, limit: int) -> list[Run]:
        waiting = [run for run in self.memory.runs.values() if run.status.open and run.due_at and run.due_at <= now]
        return sorted(waiting, key=lambda run: (run.due_at or now, run.id))[:limit]

    def looks_due(self, now: datetime, limit: int) -> list[LookAgain]:
        place = {look: self.memory.put_off.get(look.run_id, look.due_at) for look in self.memory.looks.values()}
        looks = [look for look, at in place.items() if at <= now]
        return sorted(looks, key=lambda look: (place[look], look.run_id))[:limit]

    def put_off(self, due: Run | LookAgain | Unreadable, until: datetime) -> bool:
        match due:
            case Run():
                place = (due.organization_id, due.id)
                stored = self.memory.runs.get(place)
                if stored is None or not stored.status.open or stored.due_at != due.due_at:
                    return False
                self.memory.runs[place] = replace(stored, due_at=until)
            case LookAgain():
                if (due.organization_id, due.run_id) not in self.memory.looks:
                    return False
                self.memory.put_off[due.run_id] = until
            case Unreadable():
                raise TypeError(due)
        return True

    def looked(self, look: LookAgain, trouble: Trouble | None) -> None:
        done = self.memory.looks.pop((look.organization_id, look.run_id), None)
        if done is not None and trouble is not None:
            self.memory.troubles[trouble.organization_id, trouble.id] = trouble

    def owed(
        self, organization_id: OrganizationId, configuration_id: ConfigurationId, status: RunStatus
    ) -> OwedReplay | None:
        return self.memory.owed.get((organization_id, configuration_id, status))

    def owed_due(self, now: datetime, limit: int) -> list[OwedReplay]:
        due = [owed for owed in self.memory.owed.values() if owed.due_at <= now]
        return sorted(due, key=lambda owed: (owed.due_at, owed.id))[:limit]

    def ordered(self, owed: OwedReplay, again_at: datetime | None) -> None:
        place = (owed.organization_id, owed.configuration_id, owed.status)
        stored = self.memory.owed.get(place)
        if stored is None or stored.id != owed.id:
            return
        if again_at is None:
            del self.memory.owed[place]
        else:
            self.memory.owed[place] = replace(owed, due_at=again_at, last=True)

    def ended(
        self,
        organization_id: OrganizationId,
        configuration_id: ConfigurationId,
        statuses: Collection[RunStatus],
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Iterator[Run]:
        ended = [
            run
            for run in self.memory.runs.values()
            if (run.organization_id, run.configuration_id) == (organization_id, configuration_id)
            and run.status in statuses
            and not run.status.open
            and (since is None or since <= run.created_at)
            and (until is None or run.created_at <= until)
        ]
        return iter(sorted(ended, key=lambda run: (run.created_at, run.id)))

    def of_bill(self, organization_id: OrganizationId, bill_id: BillId) -> Iterator[Run]:
        runs = self.memory.runs.values()
        about = [run for run in runs if (run.organization_id, run.bill_id) == (organization_id, bill_id)]
        return iter(sorted(about, key=lambda run: (run.created_at, run.id), reverse=True))


class MemoryDeliveries:
    """`run.ports.Deliveries`."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def get(self, organization_id: OrganizationId, configuration_id: ConfigurationId, bill_id: BillId) -> Delivery:
        place = (organization_id, configuration_id, bill_id)
        return self.memory.deliveries.get(place, Delivery(*place))

    def write(self, delivery: Delivery) -> Delivery:
        if delivery.op is not None and len(compress(delivery.op.body)) > BIGGEST_BLOB:
            raise BillCannotBeSent([BillProblem(ProblemKind.VALIDATION, "The bill is too large.")])
        if not self._writable(delivery):
            raise Clash("The delivery was written by somebody else.")
        return self._put(delivery)

    def close(self, closing: Closing) -> None:
        run = closing.run
        stored = self.memory.runs.get((run.organization_id, run.id))
        if stored == run:
            return
        if stored is None or not stored.status.open:
            raise Clash("The run is closed.")
        if closing.delivery is not None and self._stored(closing.delivery).rev != closing.delivery.rev:
            raise Clash("The delivery was written by somebody else.")
        integration = self.memory.configurations.get((run.organization_id, run.configuration_id))
        if closing.count is not None:
            counted = integration is not None and integration.error_count == closing.count_read
            if integration is None or not counted or (closing.disable and not integration.enabled):
                raise CountMoved
            self.memory.count(integration, closing.count, disable=closing.disable)
        self._record(closing)

    def _record(self, closing: Closing) -> None:
        run = closing.run
        self.memory.runs[run.organization_id, run.id] = run
        if closing.delivery is not None:
            self._put(closing.delivery)
        for trouble in closing.troubles:
            self.memory.troubles[trouble.organization_id, trouble.id] = trouble
        for notice in closing.notices:
            self.memory.notices[notice.organization_id, notice.id] = notice
        if closing.look is not None:
            self.memory.looks[closing.look.organization_id, closing.look.run_id] = closing.look
        if closing.unmapped is not None:
            self.memory.mappings.pop((run.organization_id, closing.unmapped.key), None)
        if closing.mapping is not None:
            self.memory.map(run.organization_id, closing.mapping)

    def _stored(self, delivery: Delivery) -> Delivery:
        return self.get(delivery.organization_id, delivery.configuration_id, delivery.bill_id)

    def _writable(self, delivery: Delivery) -> bool:
        stored = self._stored(delivery)
        if stored.rev == delivery.rev:
            return True
        after = replace(delivery, rev=delivery.rev + 1)
        own = stored.claim == after.claim if after.claim is not None else stored == after
        return stored.rev == after.rev and own

    def _put(self, delivery: Delivery) -> Delivery:
        place = (delivery.organization_id, delivery.configuration_id, delivery.bill_id)
        stored = self.memory.deliveries.get(place)
        if stored is None or stored.rev == delivery.rev:
            self.memory.deliveries[place] = replace(delivery, rev=delivery.rev + 1)
        return replace(delivery, rev=delivery.rev + 1)


class MemoryKnowledge:
    """`run.ports.Knowledge`."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def about(
        self,
        run: Run,
        mappings: Sequence[MappingKey],
        rate: RateNeeded | None,
        company_id: str | None,
        credential_id: CredentialId | None = None,
    ) -> Known:
        organization_id = run.organization_id
        wanted = dict.fromkeys((organization_id, key) for key in mappings)
        return Known(
            delivery=MemoryDeliveries(self.memory).get(organization_id, run.configuration_id, run.bill_id),
            account=None if run.account_id is None else self.memory.accounts.get((organization_id, run.account_id)),
            mappings=tuple(self.memory.mappings[place] for place in wanted if place in self.memory.mappings),
            rate=None
            if rate is None or company_id is None
            else self.memory.rates.get((company_id, rate.currency, rate.on)),
            connection=None if credential_id is None else self.memory.connections.get((organization_id, credential_id)),
        )

    def keep_rate(self, company_id: str, needed: RateNeeded, rate: Decimal) -> None:
        self.memory.rates[company_id, needed.currency, needed.on] = rate

    def keep_account(self, organization_id: OrganizationId, account: Account, dto: Mapping[str, object]) -> bool:
        place = (organization_id, account.id)
        stored = self.memory.accounts.get(place)
        if stored is not None and stored.version > account.version:
            return False
        self.memory.accounts[place] = Account.parse({**dto, "id": account.id, "version": account.version})
        return True

    def forget_account(self, organization_id: OrganizationId, account_id: AccountId) -> None:
        self.memory.accounts.pop((organization_id, account_id), None)


class MemoryConfigurations:
    """`run.ports.Configurations`."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def for_bills(self, organization_id: OrganizationId) -> list[Integration]:
        own = [one for (owner, _), one in self.memory.configurations.items() if owner == organization_id]
        return sorted((one for one in own if one.entity_type == "Bill"), key=lambda one: one.id)

    def get(self, organization_id: OrganizationId, configuration_id: ConfigurationId) -> Integration:
        integration = self.memory.configurations.get((organization_id, configuration_id))
        if integration is None:
            raise Missing("There is no such configuration.")
        return integration


class MemoryConnections:
    """`run.ports.Connections`. Remembers nothing: a test that changes a connection sees it at once."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def get(self, organization_id: OrganizationId, credential_id: CredentialId) -> Connection:
        connection = self.memory.connections.get((organization_id, credential_id))
        if connection is None:
            raise Missing("There is no such credential.")
        return connection

    def fresh(self, organization_id: OrganizationId, credential_id: CredentialId) -> Connection:
        return self.get(organization_id, credential_id)

    def to_company(self, organization_id: OrganizationId, company_id: str) -> Connection | None:
        for connection in self.memory.connections.values():
            own = connection.organization_id == organization_id and connection.company_id == company_id
            if own and connection.status is ConnectionStatus.CONNECTED:
                return connection
        return None


class MemoryPacer:
    """`run.ports.Pacer`, with the real paces."""

    def __init__(self, memory: Memory, taken: Callable[[datetime], None] = lambda _: None) -> None:
        self.memory = memory
        self.taken = taken

    def reserve(self, company_id: str, now: datetime, *, batch: bool, within: timedelta) -> datetime:
        pace = BATCHES if batch else SINGLES
        place = (company_id, pace.moment)
        moment = max(self.memory.slots.get(place, now), now)
        slot = max(now, moment - pace.ahead)
        if slot > now + within:
            raise TryLater("The next free slot is too far away.", slot - now - within, throttled=True)
        self.memory.slots[place] = moment + pace.spacing
        self.taken(slot)
        return slot

    def hold_back(self, company_id: str, until: datetime) -> None:
        for pace in (SINGLES, BATCHES):
            place = (company_id, pace.moment)
            floor = until + pace.ahead
            self.memory.slots[place] = max(self.memory.slots.get(place, floor), floor)


class MemoryRush:
    """`run.ports.Rush`."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def had(self, bills: Mapping[str, int], now: datetime) -> dict[str, int]:
        minute = now.replace(second=0, microsecond=0)
        self.memory.had.update({(minute, company): count for company, count in bills.items()})
        return {company: self.memory.had[minute, company] for company in bills}
