"""From an event to its runs: one for each Bill configuration, stored before anything else happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid5

from m3ter_quickbooks.bill.bill import Bill
from m3ter_quickbooks.bill.event import BillEvent
from m3ter_quickbooks.bill.fence import Fence
from m3ter_quickbooks.bill.identifiers import AccountId, BillId, EventId, OrganizationId
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.problems import BillCannotBeSent, Clash, MalformedBill, Missing
from m3ter_quickbooks.run import aftermath, words
from m3ter_quickbooks.run.aftermath import LOOK_AGAIN_AFTER, Story
from m3ter_quickbooks.run.case import InHand
from m3ter_quickbooks.run.doubts import left_alone
from m3ter_quickbooks.run.ports import Closing, Configurations, Snapshot
from m3ter_quickbooks.run.rest import GIVE_UP_AFTER, failed
from m3ter_quickbooks.run.run import Happening, Run, RunId, RunStatus
from m3ter_quickbooks.run.world import World

_NAMESPACE = UUID("2f5b2c44-1c9a-5b7e-9a43-0c5d7e6f8a90")


@dataclass(frozen=True, slots=True)
class Told:
    """What an event says about a bill, as far as a run needs it: also of a bill that cannot be read."""

    event_id: EventId
    organization_id: OrganizationId
    bill_id: BillId
    account_id: AccountId | None
    happening: Happening
    event_time: datetime
    fence: Fence
    dto: Mapping[str, object]

    @classmethod
    def of(cls, event: BillEvent) -> Told:
        """What a readable event says."""
        return cls(
            event.event_id,
            event.organization_id,
            event.bill.id,
            event.bill.account_id,
            Happening(event.happening),
            event.event_time,
            event.fence,
            event.dto,
        )


class ReadOnce:
    """Configurations as one invocation reads them: once each, however many of its messages are about them."""

    def __init__(self, configurations: Configurations) -> None:
        self._configurations = configurations
        self._for_bills: dict[OrganizationId, list[Integration]] = {}
        self._one: dict[tuple[OrganizationId, ConfigurationId], Integration] = {}

    def for_bills(self, organization_id: OrganizationId) -> list[Integration]:
        """See the port."""
        if organization_id not in self._for_bills:
            self._for_bills[organization_id] = self._configurations.for_bills(organization_id)
        return self._for_bills[organization_id]

    def get(self, organization_id: OrganizationId, configuration_id: ConfigurationId) -> Integration:
        """See the port."""
        place = (organization_id, configuration_id)
        if place not in self._one:
            self._one[place] = self._configurations.get(organization_id, configuration_id)
        return self._one[place]


def open_runs(told: Told, world: World, deadline: datetime) -> list[InHand]:
    """Store the bill and a run for each configuration; those that are still open, ready to be carried out.

    An event delivered twice opens nothing twice: the id of a run is made of its configuration and the event.
    """
    integrations = {integration.id: integration for integration in world.configurations.for_bills(told.organization_id)}
    if not integrations:
        return []
    now = world.clock()
    snapshot = Snapshot(
        f"{told.event_time.isoformat()}#{told.event_id}",
        told.organization_id,
        told.bill_id,
        told.account_id,
        now,
        told.dto,
    )
    runs = [_run(told, integration, snapshot.name, now, deadline, world) for integration in integrations.values()]
    try:
        stored = world.runs.open(snapshot, runs)
    except BillCannotBeSent:
        # Too large to be kept: it is kept without its lines, and completed from m3ter, or ends with a sentence.
        slim = replace(snapshot, dto={key: value for key, value in told.dto.items() if key != "lineItems"})
        stored = world.runs.open(slim, runs)
        snapshot = slim
    dto = dict(snapshot.dto)
    return [InHand(run, integrations[run.configuration_id], dto) for run in stored if run.status.open]


def again(run: Run, integration: Integration, now: datetime, order: str) -> Run:
    """A new run that repeats an ended one on purpose, with the same bill. `parent_run_id` names the first.

    The same run in the same `order` makes the same id.
    """
    name = f"{run.id}\n{order}"
    return replace(
        run,
        id=RunId(str(uuid5(_NAMESPACE, name))),
        configuration_version=integration.version,
        created_at=now,
        give_up_at=now + GIVE_UP_AFTER,
        status=RunStatus.WAITING,
        due_at=now,
        attempts=0,
        outcome=None,
        reason=None,
        warnings=(),
        problems=(),
        error=None,
        external_id=None,
        url=None,
        request_id=None,
        intuit_tid=None,
        started_at=None,
        completed_at=None,
        parent_run_id=run.id,
        version=1,
    )


def take_up(run: Run, world: World) -> InHand:
    """A run that waited: its configuration as it is now, and the bill it is about. Raises Missing."""
    integration = world.configurations.get(run.organization_id, run.configuration_id)
    snapshot = world.runs.snapshot(run)
    return InHand(run, integration, dict(snapshot.dto))


def end_untaken(run: Run, world: World) -> None:
    """End a waiting run that cannot be taken up: DISABLED without its configuration, an error without its bill.

    A create that it left unsure is looked at later all the same: nobody else will.
    """
    now = world.clock()
    stored = world.deliveries.get(run.organization_id, run.configuration_id, run.bill_id)
    left = left_alone(stored, run, now)
    look = left.look_of(run, now)
    try:
        integration = world.configurations.get(run.organization_id, run.configuration_id)
    except Missing:
        closed = replace(run, status=RunStatus.DISABLED, reason="integration deleted", due_at=None, completed_at=now)
        closing = Closing(replace(closed, version=run.version + 1), left.record, look=look)
    else:
        ending = replace(failed(words.bill_gone(run.bill_id), "bill_gone"), counts=False)
        closing = aftermath.close(run, integration, ending, left.record, Story(stored.document, look=look), now)
    try:
        world.deliveries.close(closing)
    except Clash:
        return  # closed already, or the record was written meanwhile: then the sweep brings it again
    world.witness.closed(closing.run, "" if closing.run.status is RunStatus.DISABLED else "bill_gone")
    if look is not None:
        world.queue.look(look, LOOK_AGAIN_AFTER)


def told_of_unreadable(detail: Mapping[str, object], event_time: datetime) -> Told | None:
    """What a bill event says although its bill cannot be read: enough for a run that says why. None: too little."""
    data = detail.get("m3terEvent")
    inner = data.get("eventData") if isinstance(data, Mapping) else None
    dto = (inner.get("newDto") or inner.get("oldDto")) if isinstance(inner, Mapping) else None
    if not isinstance(dto, Mapping):
        return None
    organization, bill, event = detail.get("orgId") or dto.get("orgId"), dto.get("id"), detail.get("id")
    name = detail.get("eventName")
    if not (
        isinstance(organization, str) and isinstance(bill, str) and isinstance(event, str) and isinstance(name, str)
    ):
        return None
    account = dto.get("accountId")
    happening = Happening(name.rsplit(".", 1)[-1])
    return Told(
        EventId(event),
        OrganizationId(organization),
        BillId(bill),
        AccountId(account) if isinstance(account, str) else None,
        happening,
        event_time,
        _fence_of(dto, event_time, deleted=happening is Happening.DELETED),
        dto,
    )


def _fence_of(dto: Mapping[str, object], event_time: datetime, *, deleted: bool) -> Fence:
    """The fence of a bill as far as it can be read: the same bill told properly must not be older than this."""
    readable: dict[str, object] = {"id": "unreadable"}
    for name in ("version", "status", "lastCalculatedDate", "dtLastModified"):
        try:
            Bill.parse({"id": "unreadable", name: dto.get(name)})
        except MalformedBill:
            continue
        readable[name] = dto.get(name)
    return Fence.of(Bill.parse(readable), event_time, deleted=deleted)


def _run(told: Told, integration: Integration, snapshot: str, now: datetime, deadline: datetime, world: World) -> Run:
    identity = uuid5(_NAMESPACE, f"{integration.id}\n{told.event_id}")
    return Run(
        id=RunId(str(identity)),
        organization_id=told.organization_id,
        configuration_id=integration.id,
        configuration_version=integration.version,
        destination=integration.destination,
        bill_id=told.bill_id,
        account_id=told.account_id,
        event_id=told.event_id,
        happening=told.happening,
        fence=told.fence,
        snapshot=snapshot,
        created_at=now,
        give_up_at=now + GIVE_UP_AFTER,
        status=RunStatus.STARTED,
        started_at=now,
        # Carried out at once; if this worker dies, the sweep takes it up when its lease would have ended.
        due_at=deadline + world.in_flight,
    )
