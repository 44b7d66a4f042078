"""One run in hand: everything that is known about it before anything is claimed or sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from m3ter_quickbooks.bill.account import Account
from m3ter_quickbooks.bill.bill import Bill
from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.connection.connection import Connection, ConnectionStatus
from m3ter_quickbooks.integration.identifiers import CredentialId
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.integration.mapping import Mappings, keys_needed
from m3ter_quickbooks.invoice.company import rate_needed
from m3ter_quickbooks.invoice.document import DocumentKind, NothingLeft
from m3ter_quickbooks.invoice.translate import translate
from m3ter_quickbooks.patience import time_is_up
from m3ter_quickbooks.problems import (
    BillCannotBeSent,
    BillProblem,
    FilterNotEvaluable,
    Missing,
    ProblemKind,
    Refused,
    TryLater,
)
from m3ter_quickbooks.run import gate, words
from m3ter_quickbooks.run.delivery import Delivery
from m3ter_quickbooks.run.planning import Wanted
from m3ter_quickbooks.run.refusal import About, about_write
from m3ter_quickbooks.run.rest import Ending
from m3ter_quickbooks.run.run import Happening, Outcome, Run, RunStatus
from m3ter_quickbooks.run.world import World


@dataclass(frozen=True, slots=True)
class InHand:
    """A run that a worker has taken up. `integration` and `bill` ride along where the event was just opened."""

    run: Run
    integration: Integration
    dto: dict[str, object]


@dataclass(frozen=True, slots=True)
class Case:
    """A run that may be sent: its bill is wanted, and has been translated.

    `turned_away`: the bill is not wanted as it is now, and this is its end. It takes the fence nevertheless, so that no
    older telling that still waits is sent after it.
    """

    run: Run
    integration: Integration
    connection: Connection
    delivery: Delivery
    wanted: Wanted
    bill: Bill
    account: Account | None
    warnings: tuple[str, ...] = ()
    turned_away: Ending | None = None

    @property
    def company_id(self) -> str:
        """The company that everything of this case goes to."""
        return self.connection.company_id or ""

    def about(self, kind: DocumentKind = DocumentKind.INVOICE) -> About:
        """What it is about, by name."""
        return about_write(kind, self.run.bill_id, None, self.bill, self.account)


def prepare(in_hand: InHand, world: World) -> Case | Ending:
    """Read what is known, ask the gate, translate.

    Raises TryLater, ConnectionLost and Refused from the reads.
    """
    run, integration = in_hand.run, in_hand.integration
    connection = connection_of(integration, world.connections.get)
    if (no := gate.connected(integration, connection)) is not None:
        return Ending(no.status, no.outcome, no.reason)
    assert connection is not None  # noqa: S101  the gate has just said so; this tells the type checker
    try:
        bill = _bill(in_hand, world)
    except BillCannotBeSent as cannot:
        return refused(cannot)
    rate = rate_needed(bill, connection.company) if run.happening is not Happening.DELETED else None
    known = world.knowledge.about(
        run, keys_needed(bill, integration), rate, connection.company_id, connection.credential_id
    )
    if (no := gate.connected(integration, _usable(integration, known.connection))) is not None:
        # It was disconnected within the last minute. QuickBooks itself may still take its token: where another
        # credential leads to the same company, Intuit was told nothing.
        return Ending(no.status, no.outcome, no.reason)
    account, unread = (known.account, ()) if known.account else _account(run, integration, world)
    try:
        no = gate.wanted(integration, run.happening, bill.status, bill.account_id, account)
    except FilterNotEvaluable as unclear:
        problem = BillProblem(ProblemKind.VALIDATION, unclear.message)
        return refused(BillCannotBeSent([problem]))
    nothing = Case(run, integration, connection, known.delivery, Wanted(run.fence, None), bill, account)
    if no is not None:
        return replace(nothing, turned_away=_turned_away(no, known.delivery))
    if run.happening is Happening.DELETED:
        return nothing
    exchange_rate = known.rate
    if rate is not None and exchange_rate is None and connection.company_id is not None:
        exchange_rate = world.quickbooks.exchange_rate(connection, rate.currency, rate.on)
        world.knowledge.keep_rate(connection.company_id, rate, exchange_rate)
    try:
        document = translate(
            bill, account, integration, Mappings(known.mappings, integration), connection.company, exchange_rate
        )
    except BillCannotBeSent as cannot:
        return refused(cannot)
    if isinstance(document, NothingLeft):
        no = gate.No(RunStatus.COMPLETE, Outcome.SKIPPED, gate.Reason.NOTHING_LEFT)
        return replace(nothing, turned_away=_turned_away(no, known.delivery))
    wanted = Wanted(run.fence, document)
    return Case(run, integration, connection, known.delivery, wanted, bill, account, (*unread, *document.warnings))


def about(in_hand: InHand) -> About:
    """What the run is about, by name, also where its bill cannot be read."""
    try:
        bill = Bill.parse(in_hand.dto)
    except BillCannotBeSent:
        bill = None
    return about_write(DocumentKind.INVOICE, in_hand.run.bill_id, None, bill, None)


def refused(cannot: BillCannotBeSent) -> Ending:
    """The bill itself stands in the way; the first problem by weight names the cause."""
    kinds = {problem.kind for problem in cannot.problems}
    cause = (
        ProblemKind.MISSING_ACCOUNT_MAPPING if ProblemKind.MISSING_ACCOUNT_MAPPING in kinds else ProblemKind.VALIDATION
    )
    return Ending(RunStatus.ERROR, problems=cannot.problems, cause=cause.value, counts=True)


def _turned_away(no: gate.No, delivery: Delivery) -> Ending:
    """A bill that is not wanted any more never takes a document back by itself; but somebody should know of it."""
    warnings = (words.still_there(delivery.document),) if delivery.document else ()
    return Ending(no.status, no.outcome, no.reason, warnings=warnings)


def connection_of(
    integration: Integration, read: Callable[[OrganizationId, CredentialId], Connection]
) -> Connection | None:
    """The connection that an integration may use, None without one."""
    if integration.credential_id is None:
        return None
    try:
        return _usable(integration, read(integration.organization_id, integration.credential_id))
    except Missing:
        return None


def _usable(integration: Integration, connection: Connection | None) -> Connection | None:
    if connection is not None and connection.destination is not integration.destination:
        # A sandbox credential can never reach production: it counts as no connection at all.
        return replace(connection, status=ConnectionStatus.DISCONNECTED)
    return connection


def _bill(in_hand: InHand, world: World) -> Bill:
    """The bill of the event, completed from m3ter where the event came without its line items."""
    run = in_hand.run
    bill = Bill.parse(in_hand.dto)
    if bill.line_items is not None or run.happening is Happening.DELETED:
        return bill
    complete = world.m3ter.bill(run.organization_id, run.bill_id)
    if complete is not None and complete.line_items is not None:
        return bill.model_copy(update={"line_items": complete.line_items, "bill_total": complete.bill_total})
    raise BillCannotBeSent(
        [
            BillProblem(
                ProblemKind.VALIDATION,
                f"The event of bill {run.bill_id} came without line items, and they could not be read from m3ter. "
                "Store the m3ter service user of this organization (PUT m3tercredentials), then retry the run.",
            )
        ]
    )


def _account(run: Run, integration: Integration, world: World) -> tuple[Account | None, tuple[str, ...]]:
    """An account that no event has told us of, from m3ter; and a warning where that did not work.

    It is needed only where a setting asks for it; elsewhere an invoice without its e-mail address is better than none.
    """
    settings = integration.settings
    needed = settings.account_filter is not None or settings.account_manager_email_custom_field is not None
    if run.account_id is None or (run.happening is Happening.DELETED and not needed):
        return None, ()
    if time_is_up(world.clock()):
        # Where others have used it up, nothing speaks against m3ter, and nothing for an invoice without an address.
        raise TryLater("There was no time left to ask m3ter for the account; it is asked for later.")
    try:
        found = world.m3ter.account(run.organization_id, run.account_id)
    except (TryLater, Refused):
        if needed:
            raise
        return None, (f"Account {run.account_id} could not be read from m3ter: the document has no e-mail address.",)
    if found is None:
        return None, ()
    account, dto = found
    world.knowledge.keep_account(run.organization_id, account, dto)
    return account, ()
