"""The delivery records, and the end of a run (docs/decisions/0010, rules 1 and 5)."""

from __future__ import annotations

import zlib
from dataclasses import replace
from decimal import Decimal

from m3ter_quickbooks.bill.fence import Fence
from m3ter_quickbooks.bill.identifiers import BillId, OrganizationId
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.invoice.document import DocumentKind
from m3ter_quickbooks.problems import BillCannotBeSent, BillProblem, Clash, ProblemKind
from m3ter_quickbooks.run.delivery import Delivery, DocumentRef, Done, Operation, Verb
from m3ter_quickbooks.run.ports import Closing, CountMoved
from m3ter_quickbooks.storage import keys
from m3ter_quickbooks.storage.configurations import counted
from m3ter_quickbooks.storage.events import event_item
from m3ter_quickbooks.storage.mappings import document_mapped
from m3ter_quickbooks.storage.notices import notice_item
from m3ter_quickbooks.storage.run_items import doubt_item, doubt_of, look_item, run_item, run_of
from m3ter_quickbooks.storage.table import Action, ConditionFailed, ItemTooLarge, Put, Table, TransactionRefused
from m3ter_quickbooks.storage.wire import (
    BIGGEST_BLOB,
    Item,
    day_or_none,
    moment_or_none,
    written,
)


class Deliveries:
    """Implements `run.ports.Deliveries`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, organization_id: OrganizationId, configuration_id: ConfigurationId, bill_id: BillId) -> Delivery:
        """See the port."""
        item = self._table.get(keys.delivery(organization_id, configuration_id, bill_id))
        return Delivery(organization_id, configuration_id, bill_id) if item is None else delivery_of(item)

    def write(self, delivery: Delivery) -> Delivery:
        """See the port.

        worker      ── put, if rev is 4 ──▶ table      rev 4 ▶ 5, claim A
                    ◀─ answer lost ──
        (SDK)       ── put, if rev is 4 ──▶ table      refused; shows rev 5, claim A: it was this very write
        """
        after = replace(delivery, rev=delivery.rev + 1)
        try:
            self._table.put(_put(delivery))
        except ConditionFailed as failed:
            if failed.item is None or not _own(failed.item, after):
                raise Clash(f"The delivery of bill {delivery.bill_id} was written by somebody else.") from failed
        except ItemTooLarge as error:
            raise _too_large(delivery) from error
        return after

    def close(self, closing: Closing) -> None:
        """See the port. The refusal itself shows what is stored, so nothing is read to know which it was."""
        actions = _closing(closing)
        try:
            self._table.transact(actions)
        except TransactionRefused as refused:
            failed = {_part(actions, number): item for number, item in refused.failed.items()}
            run = failed.get("run")
            # All or nothing: if the run is stored exactly so, this very closing arrived and only its answer was lost.
            if run is not None and run_of(run) == closing.run:
                return
            if set(failed) == {"configuration"}:
                raise CountMoved from refused
            raise Clash(f"Run {closing.run.id} was closed, or its delivery written, by somebody else.") from refused
        except ItemTooLarge as error:
            raise _too_large(closing.delivery) from error


def _closing(closing: Closing) -> list[Action]:
    run = closing.run
    at = run.completed_at or run.created_at
    actions: list[Action] = [Put(run_item(run), "#is_open = :open", {":open": True})]
    if closing.delivery is not None:
        actions.append(_put(closing.delivery))
    if closing.count is not None:
        actions.append(
            counted(
                run.organization_id,
                run.configuration_id,
                count=closing.count,
                read=closing.count_read,
                disable=closing.disable,
                at=at,
            )
        )
    actions += [Put(event_item(trouble)) for trouble in closing.troubles]
    actions += [Put(notice_item(notice)) for notice in closing.notices]
    if closing.look is not None:
        actions.append(Put(look_item(closing.look)))
    return [*actions, *document_mapped(run.organization_id, closing.mapping, closing.unmapped, at)]


def _part(actions: list[Action], number: int) -> str:
    action = actions[number]
    return str(action.item["type"]) if isinstance(action, Put) else "configuration"


def _put(delivery: Delivery) -> Put:
    item = delivery_item(replace(delivery, rev=delivery.rev + 1))
    if delivery.op is not None and len(item["op"]["body"]) > BIGGEST_BLOB:
        raise _too_large(delivery)
    if delivery.rev == 0:
        return Put(item, "attribute_not_exists(#pk)")
    return Put(item, "#rev = :rev", {":rev": delivery.rev})


def _own(item: Item, after: Delivery) -> bool:
    """Whether the stored record is our own write: our claim token at our rev, or, without a claim, the very same."""
    stored = delivery_of(item)
    return stored.rev == after.rev and (stored.claim == after.claim if after.claim is not None else stored == after)


def delivery_item(delivery: Delivery) -> Item:
    """A delivery record as the table keeps it. Amounts are text, the body of the operation is compressed."""
    key = keys.delivery(delivery.organization_id, delivery.configuration_id, delivery.bill_id)
    done = delivery.done
    return {
        "pk": key.pk,
        "sk": key.sk,
        "type": "delivery",
        "organization_id": delivery.organization_id,
        "configuration_id": delivery.configuration_id,
        "bill_id": delivery.bill_id,
        "rev": delivery.rev,
        "claim": delivery.claim,
        "lease_until": written(delivery.lease_until),
        "fence": None if delivery.fence is None else delivery.fence.to_text(),
        "done": None if done is None else _done_item(done),
        "document": None if delivery.document is None else _document_item(delivery.document),
        "gone": None if delivery.gone is None else _document_item(delivery.gone),
        "op": None if delivery.op is None else _operation_item(delivery.op),
        "op_number": delivery.op_number,
        "company_id": delivery.company_id,
        "doubts": [doubt_item(doubt) for doubt in delivery.doubts],
    }


def delivery_of(item: Item) -> Delivery:
    """The record that `delivery_item` wrote."""
    fence, done, document, gone, op = (item.get(name) for name in ("fence", "done", "document", "gone", "op"))
    return Delivery(
        organization_id=OrganizationId(item["organization_id"]),
        configuration_id=ConfigurationId(item["configuration_id"]),
        bill_id=BillId(item["bill_id"]),
        rev=item["rev"],
        claim=item.get("claim"),
        lease_until=moment_or_none(item.get("lease_until")),
        fence=None if fence is None else Fence.from_text(fence),
        done=None if done is None else _done_of(done),
        document=None if document is None else _document_of(document),
        gone=None if gone is None else _document_of(gone),
        op=None if op is None else _operation_of(op),
        op_number=item["op_number"],
        company_id=item.get("company_id"),
        doubts=tuple(doubt_of(doubt) for doubt in item.get("doubts", ())),
    )


def _done_item(done: Done) -> Item:
    return {
        "fence": done.fence.to_text(),
        "payload_hash": done.payload_hash,
        "addresses": list(done.addresses),
    }


def _done_of(item: Item) -> Done:
    return Done(Fence.from_text(item["fence"]), item["payload_hash"], tuple(item.get("addresses", ())))


def _document_item(document: DocumentRef) -> Item:
    return {
        "kind": str(document.kind),
        "id": document.id,
        "sync_token": document.sync_token,
        "total": str(document.total),
        "balance": str(document.balance),
        "number": document.number,
    }


def _document_of(item: Item) -> DocumentRef:
    return DocumentRef(
        kind=DocumentKind(item["kind"]),
        id=item["id"],
        sync_token=item["sync_token"],
        total=Decimal(item["total"]),
        balance=Decimal(item["balance"]),
        number=item.get("number"),
    )


def _operation_item(op: Operation) -> Item:
    return {
        "number": op.number,
        "verb": str(op.verb),
        "kind": str(op.kind),
        "fence": op.fence.to_text(),
        "body": zlib.compress(op.body, 6),
        "request_id": op.request_id,
        "payload_hash": op.payload_hash,
        "total": str(op.total),
        "document_id": op.document_id,
        "customer_id": op.customer_id,
        "txn_date": written(op.txn_date),
        "doc_number": op.doc_number,
        "sent_at": written(op.sent_at),
        "unsure": op.unsure,
        "batched": op.batched,
        "number_again": op.number_again,
    }


def _operation_of(item: Item) -> Operation:
    return Operation(
        number=item["number"],
        verb=Verb(item["verb"]),
        kind=DocumentKind(item["kind"]),
        fence=Fence.from_text(item["fence"]),
        body=zlib.decompress(item["body"]),
        request_id=item["request_id"],
        payload_hash=item["payload_hash"],
        total=Decimal(item["total"]),
        document_id=item.get("document_id"),
        customer_id=item.get("customer_id"),
        txn_date=day_or_none(item.get("txn_date")),
        doc_number=item.get("doc_number"),
        sent_at=moment_or_none(item.get("sent_at")),
        unsure=item["unsure"],
        batched=item["batched"],
        number_again=item.get("number_again", False),
    )


def _too_large(delivery: Delivery | None) -> BillCannotBeSent:
    bill = "The bill" if delivery is None else f"Bill {delivery.bill_id}"
    sentence = f"{bill} is too large: its invoice takes more than 350 KB after compression. Split the bill in m3ter."
    return BillCannotBeSent([BillProblem(ProblemKind.VALIDATION, sentence)])
