from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.invoice.document import DocumentKind
from m3ter_quickbooks.problems import BillProblem, ProblemKind
from m3ter_quickbooks.run.aftermath import Story, close
from m3ter_quickbooks.run.delivery import Delivery, DocumentRef
from m3ter_quickbooks.run.ports import Closing
from m3ter_quickbooks.run.rest import Ending, failed
from m3ter_quickbooks.run.run import Outcome, RunStatus
from m3ter_quickbooks.run.trouble import EventName, NoticeKind
from tests.unit.run.builders import CONFIGURATION, NOON, ORGANIZATION, a_run, an_integration

REFUSED = failed("QuickBooks refused it.", "quickbooks.6000")
INVOICE = DocumentRef(DocumentKind.INVOICE, "145", "0", Decimal(118), Decimal(118), "1043")


def closing(ending: Ending, integration: Integration | None = None, **story: object) -> Closing:
    return close(a_run(), integration or an_integration(), ending, None, Story(**story), NOON)  # type: ignore[arg-type]  # a test's builder


def delivery(document: DocumentRef | None) -> Delivery:
    return Delivery(ORGANIZATION, CONFIGURATION, a_run().bill_id, rev=3, document=document)


def test_a_failed_run_is_one_error_event_however_many_problems_it_names() -> None:
    problems = (BillProblem(ProblemKind.VALIDATION, "One."), BillProblem(ProblemKind.VALIDATION, "Two."))
    made = closing(Ending(RunStatus.ERROR, problems=problems, counts=True))
    assert [trouble.name for trouble in made.troubles] == [EventName.VALIDATION]
    assert made.run.error == "One. Two."


def test_a_missing_account_mapping_goes_before_everything_else_and_carries_the_mapping_to_create() -> None:
    mapping = {"m3terEntity": "Account", "m3terId": "acme", "externalSystem": "QuickBooks", "externalTable": "Customer"}
    problems = (
        BillProblem(ProblemKind.VALIDATION, "One."),
        BillProblem(ProblemKind.MISSING_ACCOUNT_MAPPING, "Two.", mapping),
    )
    [trouble] = closing(Ending(RunStatus.ERROR, problems=problems, counts=True)).troubles
    assert trouble.name is EventName.MISSING_ACCOUNT_MAPPING
    assert trouble.dto["externalMapping"] == mapping


@pytest.mark.parametrize(
    "status",
    [RunStatus.ACCOUNTING_PERIOD_CLOSED, RunStatus.INVOICE_ALREADY_PAID, RunStatus.TIMEOUT_LIMIT_EXCEEDED],
)
def test_what_says_nothing_about_the_configuration_is_seen_but_not_counted(status: RunStatus) -> None:
    made = closing(replace(REFUSED, status=status, counts=False), an_integration(error_count=9))
    assert made.count is None
    assert len(made.troubles) == 1


@pytest.mark.parametrize("status", [RunStatus.AUTH_FAILED, RunStatus.DISABLED])
def test_a_held_run_has_no_event_of_its_own_and_is_not_counted(status: RunStatus) -> None:
    made = closing(Ending(status, reason="held"), an_integration(error_count=9))
    assert (made.troubles, made.notices, made.count) == ((), (), None)


def test_the_fifth_failure_in_a_row_warns() -> None:
    made = closing(REFUSED, an_integration(error_count=4))
    assert [notice.kind for notice in made.notices] == [NoticeKind.FAILING]
    assert (made.count, made.count_read, made.disable) == (5, 4, False)


def test_the_tenth_failure_in_a_row_disables_and_tells() -> None:
    made = closing(REFUSED, an_integration(error_count=9))
    assert (made.count, made.disable) == (10, True)
    assert [trouble.name for trouble in made.troubles] == [EventName.PERFORM, EventName.DISABLED]
    assert [notice.kind for notice in made.notices] == [NoticeKind.DISABLED]


def test_a_failure_that_ends_after_the_disabling_is_not_counted_again() -> None:
    made = closing(REFUSED, an_integration(error_count=10, enabled=False))
    assert (made.count, made.disable, made.notices) == (None, False, ())
    assert len(made.troubles) == 1


@pytest.mark.parametrize("outcome", [Outcome.CREATED, Outcome.UPDATED, Outcome.ADOPTED, Outcome.VOIDED])
def test_a_success_resets_the_count(outcome: Outcome) -> None:
    made = closing(Ending(RunStatus.COMPLETE, outcome), an_integration(error_count=9))
    assert (made.count, made.count_read) == (0, 9)


@pytest.mark.parametrize("outcome", [Outcome.SKIPPED, Outcome.SUPERSEDED, Outcome.UNCHANGED])
def test_a_bill_that_was_not_sent_leaves_the_count_alone(outcome: Outcome) -> None:
    assert closing(Ending(RunStatus.COMPLETE, outcome), an_integration(error_count=9)).count is None


def test_a_success_without_errors_before_it_costs_no_write_of_the_configuration() -> None:
    assert closing(Ending(RunStatus.COMPLETE, Outcome.CREATED)).count is None


def test_a_new_document_is_recorded_as_the_mapping_of_its_bill() -> None:
    ending = Ending(RunStatus.COMPLETE, Outcome.CREATED, finished=True)
    made = close(a_run(), an_integration(), ending, delivery(INVOICE), Story(), NOON)
    assert made.mapping is not None
    assert (made.mapping.m3ter_entity, made.mapping.external_table, made.mapping.external_id) == (
        "Bill",
        "Invoice",
        "145",
    )
    assert made.run.external_id == "145"


def test_a_change_of_sign_replaces_the_mapping_of_the_other_kind() -> None:
    memo = replace(INVOICE, kind=DocumentKind.CREDIT_MEMO, id="146")
    ending = Ending(RunStatus.COMPLETE, Outcome.CREATED, finished=True)
    made = close(a_run(), an_integration(), ending, delivery(memo), Story(before=INVOICE), NOON)
    assert made.mapping is not None
    assert made.unmapped is not None
    assert (made.mapping.external_table, made.unmapped.external_table) == ("CreditMemo", "Invoice")


def test_a_closed_run_is_not_due_any_more() -> None:
    run = replace(a_run(), due_at=NOON + timedelta(minutes=5))
    made = close(run, an_integration(), REFUSED, None, Story(), NOON)
    assert made.run.due_at is None
    assert made.run.completed_at == NOON
