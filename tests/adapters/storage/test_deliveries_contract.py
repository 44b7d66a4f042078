"""What `run.ports.Deliveries` promises (sending-once rules 1 and 5), asked of the fake and of the table."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from m3ter_quickbooks.bill.fence import Fence
from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.integration.identifiers import MappingId
from m3ter_quickbooks.integration.mapping import BILL, Mapping, MappingKey
from m3ter_quickbooks.invoice.document import DocumentKind
from m3ter_quickbooks.problems import BillCannotBeSent, BillProblem, Clash, ProblemKind
from m3ter_quickbooks.run.delivery import Delivery, DocumentRef, Done, Doubt, Operation, Verb
from m3ter_quickbooks.run.ports import Closing, CountMoved
from m3ter_quickbooks.run.run import Outcome, Run, RunId, RunStatus
from m3ter_quickbooks.run.trouble import EventName, Notice, NoticeKind, Trouble
from m3ter_quickbooks.storage.deliveries import Deliveries, delivery_item, delivery_of
from m3ter_quickbooks.storage.runs import Runs
from m3ter_quickbooks.storage.table import Table
from m3ter_quickbooks.storage.wire import from_wire, to_wire
from tests.adapters.storage.stores import Stores
from tests.adapters.storage.test_runs_contract import a_snapshot, closed
from tests.unit.run.builders import NOON, a_run, an_integration

FENCE = Fence(3, deleted=False, date=NOON, approved=True)
OP = Operation(
    number=2,
    verb=Verb.UPDATE,
    kind=DocumentKind.CREDIT_MEMO,
    fence=FENCE,
    body=b'{"Line":[{"Amount":1.10}],"PrivateNote":"m3ter-bill:\xe2\x82\xac"}',
    request_id="7b0f3a52-6d0e-4b0c-9f3e-0a6c2d1f9b11",
    payload_hash="abc",
    total=Decimal("-1.10"),
    document_id="145",
    customer_id="58",
    txn_date=NOON.date(),
    doc_number="INV-1",
    sent_at=NOON + timedelta(microseconds=5),
    unsure=True,
    batched=True,
    number_again=True,
)


def a_delivery(organization: OrganizationId, **changes: object) -> Delivery:
    run = a_run()
    plain = Delivery(organization, run.configuration_id, run.bill_id)
    return replace(plain, **changes)  # type: ignore[arg-type]  # a test names the fields it means


def an_open_run(stores: Stores, organization: OrganizationId, **changes: object) -> Run:
    run = a_run(organization_id=organization, **changes)
    stores.runs.open(a_snapshot(organization), [run])
    return run


# Given a record, when it is written, then only who has read its newest state can write it.


def test_a_record_never_written_has_rev_0(stores: Stores, organization: OrganizationId) -> None:
    plain = a_delivery(organization)

    assert stores.deliveries.get(organization, plain.configuration_id, plain.bill_id) == plain


def test_a_record_is_read_as_it_was_written_to_the_byte_and_microsecond(
    stores: Stores, organization: OrganizationId
) -> None:
    whole = a_delivery(
        organization,
        claim="token",
        lease_until=NOON + timedelta(microseconds=123_456),
        fence=FENCE,
        done=Done(Fence(2, deleted=True, date=NOON, approved=False), ""),
        document=DocumentRef(DocumentKind.INVOICE, "145", "0", Decimal("1234567890.10"), Decimal(0), "INV-7"),
        gone=DocumentRef(DocumentKind.CREDIT_MEMO, "144", "1", Decimal("40.00"), Decimal(0)),
        op=OP,
        op_number=2,
        company_id="9130000000000001",
        doubts=(Doubt(DocumentKind.INVOICE, "58", NOON.date()), Doubt(DocumentKind.CREDIT_MEMO, "9", NOON.date())),
    )

    written = stores.deliveries.write(whole)

    assert written == replace(whole, rev=1)
    assert stores.deliveries.get(organization, whole.configuration_id, whole.bill_id) == written


def test_of_two_writers_that_read_the_same_one_can_write(stores: Stores, organization: OrganizationId) -> None:
    first = stores.deliveries.write(a_delivery(organization, claim="A"))

    with pytest.raises(Clash):
        stores.deliveries.write(a_delivery(organization, claim="B"))

    second = stores.deliveries.write(replace(first, claim="B"))
    with pytest.raises(Clash):
        stores.deliveries.write(replace(first, claim="A", op=OP))
    assert stores.deliveries.get(organization, first.configuration_id, first.bill_id) == second
    assert second.rev == 2


def test_ones_own_write_that_arrived_is_a_success(stores: Stores, organization: OrganizationId) -> None:
    claimed = a_delivery(organization, claim="A", op=OP)
    stores.deliveries.write(claimed)

    assert stores.deliveries.write(claimed) == replace(claimed, rev=1)


def test_ones_own_write_is_lost_once_somebody_wrote_after_it(stores: Stores, organization: OrganizationId) -> None:
    claimed = a_delivery(organization, claim="A")
    stores.deliveries.write(replace(stores.deliveries.write(claimed), claim="B"))

    with pytest.raises(Clash):
        stores.deliveries.write(claimed)


def test_without_a_claim_only_the_very_same_record_is_ones_own(stores: Stores, organization: OrganizationId) -> None:
    plain = a_delivery(organization, op_number=1)
    stores.deliveries.write(plain)

    assert stores.deliveries.write(plain).rev == 1
    with pytest.raises(Clash):
        stores.deliveries.write(replace(plain, op_number=2))


def test_facts_that_are_gone_are_gone(stores: Stores, organization: OrganizationId) -> None:
    first = stores.deliveries.write(a_delivery(organization, claim="A", lease_until=NOON, op=OP))

    stores.deliveries.write(replace(first, lease_until=None, op=None))

    stored = stores.deliveries.get(organization, first.configuration_id, first.bill_id)
    assert (stored.lease_until, stored.op) == (None, None)


# Given an open run, when it is closed, then all of it happens at once, or nothing.


def a_closing(stores: Stores, organization: OrganizationId) -> Closing:
    integration = an_integration(organization_id=organization, error_count=9, version=4)
    stores.configure(integration)
    run = an_open_run(stores, organization)
    record = stores.deliveries.write(a_delivery(organization, claim="A", lease_until=NOON, op=OP))
    return Closing(
        run=replace(closed(run, RunStatus.ERROR), error="No."),
        delivery=replace(record, op=None, lease_until=None, done=Done(FENCE, "h")),
        count=10,
        count_read=9,
        disable=True,
        troubles=(
            Trouble("e1", organization, EventName.PERFORM, NOON, {"message": "No."}, "quickbooks.6000"),
            Trouble("e2", organization, EventName.DISABLED, NOON, {"message": "Off."}, "disabled"),
        ),
        notices=(Notice("n1", organization, NoticeKind.DISABLED, NOON, integration.id, facts={"count": 10}),),
    )


def test_a_closing_happens_whole(stores: Stores, organization: OrganizationId) -> None:
    closing = a_closing(stores, organization)
    assert closing.delivery is not None

    stores.deliveries.close(closing)

    assert stores.runs.get(organization, closing.run.id) == closing.run
    stored = stores.deliveries.get(organization, closing.run.configuration_id, closing.run.bill_id)
    assert stored == replace(closing.delivery, rev=closing.delivery.rev + 1)
    integration = stores.configurations.get(organization, closing.run.configuration_id)
    assert (integration.error_count, integration.enabled, integration.version) == (10, False, 5)
    assert {trouble.id for trouble in stores.troubles(organization)} == {"e1", "e2"}
    assert stores.notice(organization, "n1") == closing.notices[0]


def untouched(stores: Stores, organization: OrganizationId, closing: Closing) -> bool:
    stored = stores.deliveries.get(organization, closing.run.configuration_id, closing.run.bill_id)
    integration = stores.configurations.get(organization, closing.run.configuration_id)
    return (
        stored.op == OP
        and integration.error_count == 9
        and stores.troubles(organization) == []
        and stores.notice(organization, "n1") is None
    )


def test_a_closing_whose_record_moved_is_lost_and_changes_nothing(stores: Stores, organization: OrganizationId) -> None:
    closing = a_closing(stores, organization)
    assert closing.delivery is not None
    stores.deliveries.write(replace(closing.delivery, claim="B", op=OP))

    with pytest.raises(Clash):
        stores.deliveries.close(closing)

    assert stores.runs.get(organization, closing.run.id).status.open
    assert untouched(stores, organization, closing)


def test_a_record_renewed_by_oneself_does_not_pass_for_a_closing(stores: Stores, organization: OrganizationId) -> None:
    closing = a_closing(stores, organization)
    assert closing.delivery is not None
    stores.deliveries.write(replace(closing.delivery, op=OP))

    with pytest.raises(Clash):
        stores.deliveries.close(closing)

    assert stores.runs.get(organization, closing.run.id).status.open


def test_a_closing_of_a_run_closed_otherwise_is_lost_and_changes_nothing(
    stores: Stores, organization: OrganizationId
) -> None:
    closing = a_closing(stores, organization)
    stores.deliveries.close(Closing(replace(closing.run, status=RunStatus.COMPLETE)))

    with pytest.raises(Clash):
        stores.deliveries.close(closing)

    assert untouched(stores, organization, closing)


@pytest.mark.parametrize("changes", [{"error_count": 8}, {"enabled": False}])
def test_a_count_that_moved_is_told_apart_and_changes_nothing(
    stores: Stores, organization: OrganizationId, changes: dict[str, Any]
) -> None:
    closing = a_closing(stores, organization)
    stores.configure(an_integration(organization_id=organization, **{"error_count": 9, **changes}))

    with pytest.raises(CountMoved):
        stores.deliveries.close(closing)

    assert stores.runs.get(organization, closing.run.id).status.open


def test_a_count_of_a_deleted_configuration_has_moved(stores: Stores, organization: OrganizationId) -> None:
    run = an_open_run(stores, organization)

    with pytest.raises(CountMoved):
        stores.deliveries.close(Closing(closed(run), count=1, count_read=0))


def test_a_lost_run_is_lost_whatever_the_count_says(stores: Stores, organization: OrganizationId) -> None:
    closing = a_closing(stores, organization)
    stores.deliveries.close(Closing(replace(closing.run, status=RunStatus.COMPLETE)))
    stores.configure(an_integration(organization_id=organization, error_count=0))

    with pytest.raises(Clash):
        stores.deliveries.close(closing)


def test_ones_own_closing_that_arrived_is_a_success_and_counts_once(
    stores: Stores, organization: OrganizationId
) -> None:
    closing = a_closing(stores, organization)
    stores.deliveries.close(closing)

    stores.deliveries.close(closing)

    assert stores.configurations.get(organization, closing.run.configuration_id).error_count == 10


def test_ones_own_closing_is_a_success_even_after_a_newer_claim(stores: Stores, organization: OrganizationId) -> None:
    closing = a_closing(stores, organization)
    assert closing.delivery is not None
    stores.deliveries.close(closing)
    stores.deliveries.write(replace(closing.delivery, rev=closing.delivery.rev + 1, claim="B"))

    stores.deliveries.close(closing)


def test_a_success_sets_the_count_back_and_leaves_the_version_alone(
    stores: Stores, organization: OrganizationId
) -> None:
    stores.configure(an_integration(organization_id=organization, error_count=3, version=4))
    run = an_open_run(stores, organization)

    stores.deliveries.close(Closing(closed(run), count=0, count_read=3))

    integration = stores.configurations.get(organization, run.configuration_id)
    assert (integration.error_count, integration.version, integration.enabled) == (0, 4, True)


def test_of_two_workers_that_record_the_tenth_error_one_disables(stores: Stores, organization: OrganizationId) -> None:
    stores.configure(an_integration(organization_id=organization, error_count=9))
    runs = [an_open_run(stores, organization, id=RunId(name)) for name in ("one", "two")]
    closings = [Closing(closed(run, RunStatus.ERROR), count=10, count_read=9, disable=True) for run in runs]

    stores.deliveries.close(closings[0])
    with pytest.raises(CountMoved):
        stores.deliveries.close(closings[1])


# Given a document, when the run that made it is closed, then it is a mapping of the bill, and one only.


def a_document(run: Run, kind: DocumentKind, external_id: str, mapping_id: str) -> Mapping:
    system = run.destination.value
    return Mapping(MappingId(mapping_id), BILL, run.bill_id, system, kind.value, external_id, run.configuration_id)


def documents(stores: Stores, organization: OrganizationId, run: Run) -> list[tuple[str, str]]:
    system = run.destination.value
    keys = [MappingKey(BILL, run.bill_id, system, kind, run.configuration_id) for kind in DocumentKind]
    found = stores.knowledge.about(replace(run, organization_id=organization), keys, None, None).mappings
    return sorted((mapping.external_table, mapping.external_id) for mapping in found)


def test_the_bills_document_is_a_mapping_that_follows_it(stores: Stores, organization: OrganizationId) -> None:
    runs = [an_open_run(stores, organization, id=RunId(f"run-{number}")) for number in range(4)]
    invoice = a_document(runs[0], DocumentKind.INVOICE, "145", "one")
    memo = a_document(runs[2], DocumentKind.CREDIT_MEMO, "9", "three")

    done = replace(closed(runs[0]), outcome=Outcome.CREATED)
    stores.deliveries.close(Closing(done, mapping=invoice))
    assert documents(stores, organization, runs[0]) == [("Invoice", "145")]

    again = replace(invoice, id=MappingId("two"), external_id="146")
    stores.deliveries.close(Closing(closed(runs[1]), mapping=again, unmapped=invoice))
    assert documents(stores, organization, runs[0]) == [("Invoice", "146")]

    stores.deliveries.close(Closing(closed(runs[2]), mapping=memo, unmapped=again))
    assert documents(stores, organization, runs[0]) == [("CreditMemo", "9")]

    stores.deliveries.close(Closing(closed(runs[3]), unmapped=memo))
    assert documents(stores, organization, runs[0]) == []


def test_an_invoice_too_large_to_be_written_ahead_is_a_sentence(stores: Stores, organization: OrganizationId) -> None:
    noise = "".join(str(pow(7, number, 10**40 + 121)) for number in range(1, 24_000))

    with pytest.raises(BillCannotBeSent, match="too large"):
        stores.deliveries.write(a_delivery(organization, op=replace(OP, body=noise.encode())))


@given(body=st.binary(max_size=200), total=st.decimals(allow_nan=False, allow_infinity=False))
def test_any_bytes_and_any_amount_survive_storage(body: bytes, total: Decimal) -> None:
    op = replace(OP, body=body, total=total)
    record = a_delivery(OrganizationId("o"), rev=1, op=op)

    stored = delivery_of(from_wire(to_wire(delivery_item(record))))

    assert stored.op is not None
    assert (stored.op.body, str(stored.op.total)) == (body, str(total))


# Given the table's own limit of 400 KB, when anything else breaks it, then it is a sentence all the same.


def test_whatever_makes_a_record_too_large_is_a_sentence(table: Table, organization: OrganizationId) -> None:
    with pytest.raises(BillCannotBeSent, match="too large"):
        Deliveries(table).write(a_delivery(organization, claim="x" * 410_000))


def test_a_bill_with_thousands_of_problems_can_be_closed(stores: Stores, organization: OrganizationId) -> None:
    problems = tuple(
        BillProblem(ProblemKind.VALIDATION, f"Line {number} of bill INV-1: product p{number} has no QuickBooks item.")
        for number in range(5000)
    )
    run = an_open_run(stores, organization)
    failed = replace(closed(run, RunStatus.ERROR), problems=problems, error=" ".join(one.message for one in problems))

    stores.deliveries.close(Closing(failed))

    assert stores.runs.get(organization, run.id) == failed


def test_whatever_makes_a_closing_or_an_opening_too_large_is_a_sentence(
    table: Table, organization: OrganizationId
) -> None:
    run = a_run(organization_id=organization)
    Runs(table).open(a_snapshot(organization), [run])

    with pytest.raises(BillCannotBeSent, match="too large"):
        Deliveries(table).close(Closing(replace(closed(run), reason="x" * 410_000)))
    with pytest.raises(BillCannotBeSent, match="too large"):
        Runs(table).open(a_snapshot(organization), [replace(run, id=RunId("r2"), reason="x" * 410_000)])
