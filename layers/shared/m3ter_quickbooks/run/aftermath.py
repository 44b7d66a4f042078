"""The end of a run, as one transaction: the record, the run, the error event, the count, the disabling (rule 5).

Pure: it makes the `Closing`; storage commits it. A failed run is one error event, however many problems it names, and
ten failed runs in a row disable the configuration: exactly once, because the count that makes ten is conditional on
the count that was read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from m3ter_quickbooks.integration.identifiers import MappingId
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.integration.mapping import BILL
from m3ter_quickbooks.integration.mapping import Mapping as ExternalMapping
from m3ter_quickbooks.problems import BillProblem, ProblemKind
from m3ter_quickbooks.run.delivery import Delivery, DocumentRef
from m3ter_quickbooks.run.identity import time_ordered_id
from m3ter_quickbooks.run.ports import Closing
from m3ter_quickbooks.run.rest import Ending
from m3ter_quickbooks.run.run import Outcome, Run, RunStatus
from m3ter_quickbooks.run.trouble import EventName, LookAgain, Notice, NoticeKind, Trouble

DISABLE_AT = 10
WARN_AT = 5
LOOK_AGAIN_AFTER = timedelta(minutes=15)
SUCCESSES = frozenset({Outcome.CREATED, Outcome.UPDATED, Outcome.ADOPTED, Outcome.VOIDED})
_QUIET = frozenset({RunStatus.COMPLETE, RunStatus.DISABLED, RunStatus.AUTH_FAILED})
"""Endings without an error event of their own: a lost connection has one for itself, not one for each bill."""

_EVENT_OF = (
    (ProblemKind.MISSING_ACCOUNT_MAPPING, EventName.MISSING_ACCOUNT_MAPPING),
    (ProblemKind.VALIDATION, EventName.VALIDATION),
    (ProblemKind.AUTHENTICATION, EventName.AUTHENTICATION),
    (ProblemKind.PERFORM, EventName.PERFORM),
)


@dataclass(frozen=True, slots=True)
class Story:
    """What the attempt leaves to be told, beside how it ended."""

    before: DocumentRef | None = None
    warnings: tuple[str, ...] = ()
    request_id: str | None = None
    url: str | None = None
    look: LookAgain | None = None
    log: tuple[str, ...] = ()


def close(
    run: Run, integration: Integration, ending: Ending, delivery: Delivery | None, story: Story, now: datetime
) -> Closing:
    """The transaction that ends `run`. `delivery` is the record to be written with it, None to leave it alone."""
    document = delivery.document if delivery else None
    closed = replace(
        run,
        status=ending.status,
        outcome=ending.outcome,
        reason=ending.reason,
        problems=ending.problems,
        error=" ".join(problem.message for problem in ending.problems) or None,
        warnings=(*story.warnings, *ending.warnings),
        log=story.log or run.log,
        external_id=document.id if document else (story.before.id if story.before else None),
        url=story.url,
        request_id=story.request_id,
        intuit_tid=ending.intuit_tid,
        completed_at=now,
        due_at=None,
        configuration_version=integration.version,
        version=run.version + 1,
    )
    count = _count(integration, ending)
    disable = count is not None and count >= DISABLE_AT
    trouble = _trouble(closed, integration, ending, now)
    troubles: tuple[Trouble, ...] = (trouble,) if trouble else ()
    notices: tuple[Notice, ...] = ()
    if disable:
        troubles += (_disabled(closed, integration, now),)
    if count in {WARN_AT, DISABLE_AT}:
        notices = (_notice(closed, integration, NoticeKind.DISABLED if disable else NoticeKind.FAILING, now),)
    return Closing(
        run=closed,
        delivery=delivery,
        count=count,
        count_read=integration.error_count,
        disable=disable,
        troubles=troubles,
        notices=notices,
        look=story.look,
        mapping=_mapping(closed, document) if document and document != story.before else None,
        unmapped=_mapping(closed, story.before)
        if story.before and delivery and _gone(document, story.before)
        else None,
    )


def _count(integration: Integration, ending: Ending) -> int | None:
    """What the count becomes; None: it is left alone."""
    if ending.counts and integration.enabled:
        return integration.error_count + 1
    if ending.outcome in SUCCESSES and integration.error_count:
        return 0
    return None


def _gone(document: DocumentRef | None, before: DocumentRef) -> bool:
    return document is None or document.kind is not before.kind


def _mapping(run: Run, document: DocumentRef) -> ExternalMapping:
    identity = time_ordered_id(run.created_at, run.configuration_id, run.bill_id, document.kind.value)
    return ExternalMapping(
        MappingId(identity),
        BILL,
        run.bill_id,
        run.destination.value,
        document.kind.value,
        document.id,
        run.configuration_id,
    )


def _trouble(run: Run, integration: Integration, ending: Ending, now: datetime) -> Trouble | None:
    if ending.status in _QUIET:
        return None
    kinds = {problem.kind for problem in ending.problems}
    name = next((event for kind, event in _EVENT_OF if kind in kinds), EventName.PERFORM)
    dto = _told(run, integration) | {
        "message": run.error or ending.reason or ending.status.value,
        "status": ending.status.value,
        "problems": [{"kind": problem.kind.value, "message": problem.message} for problem in ending.problems],
    }
    dto |= _mapping_to_create(ending.problems)
    return _event(run, name, dto, ending.cause, now)


def _mapping_to_create(problems: tuple[BillProblem, ...]) -> dict[str, object]:
    for problem in problems:
        if problem.kind is ProblemKind.MISSING_ACCOUNT_MAPPING and problem.detail:
            return {
                "m3terEntity": problem.detail.get("m3terEntity"),
                "m3terId": problem.detail.get("m3terId"),
                "externalMapping": dict(problem.detail),
            }
    return {}


def _told(run: Run, integration: Integration) -> dict[str, object]:
    return {
        "integrationConfigId": run.configuration_id,
        "integrationName": integration.name,
        "integrationRunId": run.id,
        "entityType": "Bill",
        "entityId": run.bill_id,
        "accountId": run.account_id,
        "destination": run.destination.value,
    }


def _disabled(run: Run, integration: Integration, now: datetime) -> Trouble:
    message = (
        f"Integration {integration.name} ({integration.id}) was disabled after {DISABLE_AT} failed runs in a row. "
        "Correct what the runs name, enable it again and replay its runs: the bills that failed or were held are then "
        "sent."
    )
    dto = _told(run, integration) | {"message": message, "errorCount": DISABLE_AT}
    return _event(run, EventName.DISABLED, dto, "disabled", now)


def _event(run: Run, name: EventName, dto: Mapping[str, object], cause: str, now: datetime) -> Trouble:
    return Trouble(
        id=time_ordered_id(now, run.id, name.value),
        organization_id=run.organization_id,
        name=name,
        at=now,
        dto=dto,
        cause=cause,
        configuration_id=run.configuration_id,
        account_id=run.account_id,
        bill_id=run.bill_id,
        run_id=run.id,
    )


def _notice(run: Run, integration: Integration, kind: NoticeKind, now: datetime) -> Notice:
    return Notice(
        id=time_ordered_id(now, run.id, kind.value),
        organization_id=run.organization_id,
        kind=kind,
        at=now,
        configuration_id=run.configuration_id,
        facts={"integrationName": integration.name, "destination": run.destination.value, "runId": run.id},
    )
