"""The one encoder, the one decoder, the bodies sent to QuickBooks."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from m3ter_quickbooks.invoice.document import DocumentKind
from m3ter_quickbooks.invoice.payload import (
    body_without_marker,
    create_body,
    decode,
    encode,
    update_body,
    void_body,
)
from tests.unit.making import a_bill, a_line, an_account, document

MARKER = "6f1f9f0e-5d5c-5a1e-9c3e-0123456789ab"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1.50"), "1.5"),
        (Decimal("1E+3"), "1000"),
        (Decimal("1E-7"), "0.0000001"),
        (Decimal("-0.00"), "0"),
        (
            Decimal("12345678901234567890.123456789012345678901234567890"),
            "12345678901234567890.12345678901234567890123456789",
        ),
        (3, "3"),
        (True, "true"),
        (None, "null"),
        ('é\n"\ud800', '"\\u00e9\\n\\"\\ud800"'),
        (date(2026, 3, 1), '"2026-03-01"'),
        (datetime(2026, 3, 1, 12, tzinfo=UTC), '"2026-03-01T12:00:00+00:00"'),
        (DocumentKind.CREDIT_MEMO, '"CreditMemo"'),
        ({"b": [1, (2, {})], "a": {}}, '{"b":[1,[2,{}]],"a":{}}'),
    ],
)
def test_values_are_written_compact_and_plain(value: object, text: str) -> None:
    assert encode(value) == text.encode()


class Colour(Enum):
    RED = 1


@pytest.mark.parametrize("value", [1.5, {1: "a"}, {None: "a"}, b"bytes", {1, 2}, object(), Colour.RED])
def test_what_json_has_no_form_for_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        encode([value])


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1E+999999", "1E-999999"])
def test_numbers_that_cannot_be_written_plainly_are_refused(value: str) -> None:
    with pytest.raises(ValueError, match="not finite, or that is far too large"):
        encode(Decimal(value))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.decimals(-(10**30), 10**30, allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=10,
)


@given(values)
def test_what_is_written_is_read_back_digit_by_digit(value: object) -> None:
    assert decode(encode(value)) == value


@given(values)
def test_the_same_value_gives_the_same_bytes(value: object) -> None:
    assert encode(decode(encode(value))) == encode(value)


def test_fractions_are_read_as_decimals() -> None:
    number = decode(b'{"TotalAmt": 0.1}')["TotalAmt"]

    assert number == Decimal("0.1")
    assert isinstance(number, Decimal)


@pytest.mark.parametrize(
    "data", ["NaN", "[Infinity]", "-Infinity", "{", "", "[" * 100_000, "1" * 5000, b"\xff", f"1e{'9' * 30}"]
)
def test_what_is_not_json_is_refused(data: str | bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  several kinds of it, all of them ValueErrors
        decode(data)


BILL = a_bill(a_line(10))


def test_a_create_ends_its_note_with_its_own_marker() -> None:
    body = json.loads(create_body(document(BILL), MARKER))

    assert body["PrivateNote"].startswith("m3ter-bill:bill-0001\n")
    assert body["PrivateNote"].endswith(f"\nm3ter-send:{MARKER}")


def test_two_creates_of_one_bill_differ_only_in_their_marker() -> None:
    doc = document(BILL)

    assert create_body(doc, MARKER) == create_body(doc, MARKER)
    assert create_body(doc, MARKER).replace(b"\\nm3ter-send:" + MARKER.encode(), b"") == body_without_marker(doc)


def test_an_update_is_sparse_and_leaves_the_note_alone() -> None:
    doc = document(BILL)

    body = decode(update_body(doc, "145", "7"))

    assert body == {"Id": "145", "SyncToken": "7", "sparse": True, **doc.fields}
    assert "PrivateNote" not in body


def test_an_address_that_the_bill_does_not_have_is_not_touched() -> None:
    body = decode(update_body(document(BILL), "145", "7"))

    assert body["BillEmail"] == {"Address": "billing@acme.example"}
    assert "BillEmailCc" not in body


def test_a_void_names_the_document_and_its_state() -> None:
    assert void_body("145", "7") == b'{"Id":"145","SyncToken":"7"}'


def test_documents_that_an_update_could_not_tell_apart_have_one_hash() -> None:
    again = document(a_bill(a_line("10.00"), purchaseOrderNumber="only in the note"))

    assert document(BILL).payload_hash == again.payload_hash


@pytest.mark.parametrize(
    "change", [{"dueDate": "2026-04-01"}, {"lineItems": [a_line(11)]}, {"lineItems": [a_line(10, description="x")]}]
)
def test_any_difference_that_an_update_would_show_changes_the_hash(change: dict[str, object]) -> None:
    assert document(a_bill(a_line(10), **change)).payload_hash != document(BILL).payload_hash


def test_an_invoice_and_a_credit_memo_of_the_same_content_differ() -> None:
    account = an_account(emailAddress=None)

    assert document(a_bill(a_line(-10)), account=account).payload_hash != document(BILL, account=account).payload_hash
