from decimal import Decimal

import pytest

from m3ter_quickbooks.invoice.document import DocumentKind
from m3ter_quickbooks.quickbooks.documents import amount, day, read_document, text
from m3ter_quickbooks.quickbooks.faults import faults_in

MEMO = DocumentKind.CREDIT_MEMO
PLAIN = {"Id": "1", "SyncToken": "0", "TotalAmt": 5}


def test_what_is_left_of_a_credit_memo_may_have_either_name() -> None:
    for entity, left in (
        (PLAIN | {"Balance": 3, "RemainingCredit": 9}, 3),
        (PLAIN | {"RemainingCredit": 2}, 2),
        (PLAIN, 5),
    ):
        document = read_document(MEMO, entity)
        assert document is not None
        assert document.balance == left


def test_a_document_may_lack_all_that_is_optional() -> None:
    document = read_document(MEMO, PLAIN | {"TxnDate": "soon", "CustomerRef": "1", "PrivateNote": 7, "DocNumber": ""})
    assert document is not None
    assert (document.txn_date, document.customer_id, document.note, document.number) == (None, None, "", None)


def test_something_else_is_no_document() -> None:
    assert read_document(MEMO, ["Id"]) is None


@pytest.mark.parametrize("value", [None, True, "many", Decimal("NaN"), Decimal("1e31"), [1]])
def test_what_is_no_amount_is_none(value: object) -> None:
    assert amount(value) is None


@pytest.mark.parametrize(("value", "number"), [(1, 1), ("100.10", Decimal("100.10")), (Decimal(0), 0)])
def test_amounts_come_as_numbers_or_as_text(value: object, number: Decimal) -> None:
    assert amount(value) == number


def test_ids_come_as_text_or_as_numbers() -> None:
    assert [text(value) for value in ("1", 1, True, None)] == ["1", "1", None, None]
    assert day(20260301) is None


def test_the_code_may_stand_in_the_message_alone() -> None:
    error = {"message": "message=AuthenticationFailed; errorCode=003200; statusCode=401", "code": None}
    (fault,) = faults_in({"fault": {"error": [error]}}, 401)
    assert fault.code == "3200"


def test_a_code_that_is_a_number_is_read() -> None:
    (fault,) = faults_in({"Fault": {"Error": {"code": 610, "Message": True}}}, 400)
    assert (fault.code, fault.message) == ("610", "")
