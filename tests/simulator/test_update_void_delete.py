from decimal import Decimal
from typing import Any

import pytest

from local.quickbooks.simulator import Simulator
from tests.simulator.caller import Caller, invoice, line


def pointed(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"Id": document["Id"], "SyncToken": document["SyncToken"], **changes}


@pytest.mark.fact("2.9", "wrong token: 5010, HTTP 400")
@pytest.mark.fact("1.7", "5010 stale object")
def test_an_update_needs_the_present_sync_token(company: Caller) -> None:
    made = company.made("Invoice", invoice())
    company.made("Invoice", pointed(made, sparse=True, PrivateNote="a"))
    error = company.fault("invoice", pointed(made, sparse=True, PrivateNote="b"))
    assert error["code"] == "5010"
    assert error["Message"] == "Stale Object Error"
    assert "were working on this at the same time" in error["Detail"]
    assert company.read("Invoice", made["Id"])["PrivateNote"] == "a"


@pytest.mark.fact("2.9", "SyncToken is a string, +1 per change; a no-op update keeps it")
def test_the_sync_token_rises_with_each_change_and_only_then(company: Caller) -> None:
    made = company.made("Invoice", invoice())
    assert made["SyncToken"] == "0"
    changed = company.made("Invoice", pointed(made, sparse=True, PrivateNote="a"))
    assert changed["SyncToken"] == "1"
    assert company.made("Invoice", pointed(changed, sparse=True, PrivateNote="a"))["SyncToken"] == "1"


@pytest.mark.fact("2.9", "sparse: omitted fields stay")
def test_a_sparse_update_keeps_what_it_does_not_name(company: Caller) -> None:
    made = company.made("Invoice", invoice(PrivateNote="note", DueDate="2026-12-24"))
    changed = company.made("Invoice", pointed(made, sparse=True, CustomerMemo={"value": "hello"}))
    assert changed["PrivateNote"] == "note"
    assert changed["DueDate"] == "2026-12-24"
    assert changed["Line"] == made["Line"]
    assert changed["CustomerMemo"] == {"value": "hello"}


@pytest.mark.fact("2.9", "full update: omitted writable fields become null, some are made again or survive")
def test_a_full_update_clears_what_it_does_not_name(company: Caller) -> None:
    made = company.made("Invoice", invoice(PrivateNote="note", PrintStatus="PrintComplete"))
    changed = company.made("Invoice", {**invoice(), **pointed(made)})
    assert "PrivateNote" not in changed
    assert changed["PrintStatus"] == "PrintComplete"
    assert changed["CurrencyRef"] == made["CurrencyRef"]


@pytest.mark.fact("2.9", "Line in any update replaces the whole list, also in sparse mode")
def test_a_shorter_list_of_lines_deletes_lines(company: Caller) -> None:
    made = company.made("Invoice", invoice(line(1), line(2), line(3)))
    changed = company.made("Invoice", pointed(made, sparse=True, Line=[{**line(2), "Id": "2"}]))
    assert [one.get("Id") for one in changed["Line"]] == ["2", None]
    assert changed["TotalAmt"] == 2


@pytest.mark.fact("2.9", "Line.Id existing = modify; absent or unknown = new line with a fresh Id")
def test_known_line_ids_are_kept_and_others_are_fresh(company: Caller) -> None:
    made = company.made("Invoice", invoice(line(1), line(2)))
    lines = [{**line(5), "Id": "2"}, line(6), {**line(7), "Id": "77"}, {**line(8), "Id": "-1"}]
    changed = company.made("Invoice", pointed(made, sparse=True, Line=lines))
    assert [one["Id"] for one in changed["Line"][:-1]] == ["2", "3", "4", "5"]


@pytest.mark.fact("2.9", "payments change the token; deleting the payment restores Balance")
def test_a_payment_lowers_the_balance_and_raises_the_token(company: Caller) -> None:
    made = company.made("Invoice", invoice(line(100)))
    payment = company.made(
        "Payment",
        {
            "CustomerRef": {"value": "1"},
            "TotalAmt": 40,
            "Line": [{"Amount": 40, "LinkedTxn": [{"TxnId": made["Id"], "TxnType": "Invoice"}]}],
        },
    )
    paid = company.read("Invoice", made["Id"])
    assert (paid["Balance"], paid["SyncToken"]) == (60, "1")
    assert paid["LinkedTxn"] == [{"TxnId": payment["Id"], "TxnType": "Payment"}]
    assert company.fault("invoice", pointed(made, sparse=True, PrivateNote="x"))["code"] == "5010"
    company.made("Payment", pointed(payment), "payment?operation=delete")
    restored = company.read("Invoice", made["Id"])
    assert (restored["Balance"], restored["SyncToken"], restored["LinkedTxn"]) == (100, "2", [])


@pytest.mark.fact("2.9", "void: amounts 0, note Voided, SyncToken +1; DocNumber, lines, dates kept")
@pytest.mark.parametrize("path", ["invoice?operation=void", "invoice?operation=update&include=void"])
def test_void_leaves_everything_but_the_amounts(company: Caller, path: str) -> None:
    made = company.made("Invoice", invoice(line(50, Qty=2, UnitPrice=25), PrivateNote="bill 7"))
    void = company.made("Invoice", pointed(made), path)
    assert (void["TotalAmt"], void["Balance"], void["SyncToken"]) == (0, 0, "1")
    assert void["PrivateNote"].startswith("Voided")
    assert void["PrivateNote"].endswith("bill 7")
    assert [one["Amount"] for one in void["Line"]] == [0, 0]
    kept = ("DocNumber", "TxnDate", "DueDate", "CustomerRef")
    assert [void[key] for key in kept] == [made[key] for key in kept]


@pytest.mark.fact("2.9", "void of a paid invoice works; the payment stays with UnappliedAmt = its amount")
def test_a_paid_invoice_can_be_voided_and_its_payment_stays(simulator: Simulator, company: Caller) -> None:
    made = company.made("Invoice", invoice(line(100)))
    payment = simulator.as_person(company.realm).pay(made["Id"])
    company.made("Invoice", {"Id": made["Id"], "SyncToken": "1"}, "invoice?operation=void")
    kept = company.read("Payment", payment["Id"])
    assert (kept["TotalAmt"], kept["UnappliedAmt"], kept["Line"]) == (100, 100, [])


@pytest.mark.fact("2.9", "delete answers a stub; afterwards read 610, query no row")
@pytest.mark.fact("1.7", "610 object not found: read, update, delete")
def test_a_deleted_invoice_is_gone(company: Caller) -> None:
    made = company.made("Invoice", invoice())
    stub = company.made("Invoice", pointed(made), "invoice?operation=delete")
    assert stub == {"domain": "QBO", "status": "Deleted", "Id": made["Id"]}
    answer = company.get(f"invoice/{made['Id']}")
    assert answer.status == 400
    assert company.error_of(answer)["code"] == "610"
    assert company.query(f"select * from Invoice where Id = '{made['Id']}'") == {}
    assert company.fault("invoice?operation=delete", pointed(made))["code"] == "610"
    assert company.fault("invoice", pointed(made, sparse=True, PrivateNote="x"))["code"] == "610"


@pytest.mark.fact("2.9", "closed books: create, update, void, delete with TxnDate <= BookCloseDate")
@pytest.mark.fact("1.7", "6200 account period closed")
@pytest.mark.fact("1.7", "6210 account period closed with a password")
@pytest.mark.parametrize(("password", "code"), [(False, "6200"), (True, "6210")])
def test_nothing_changes_in_closed_books(simulator: Simulator, company: Caller, password: bool, code: str) -> None:
    made = company.made("Invoice", invoice(TxnDate="2026-09-30"))
    simulator.as_person(company.realm).close_books("2026-09-30", password)
    assert company.fault("invoice", invoice(TxnDate="2026-09-30"))["code"] == code
    assert company.fault("invoice", pointed(made, sparse=True, PrivateNote="x"))["code"] == code
    assert company.fault("invoice", pointed(made, sparse=True, TxnDate="2026-10-01"))["code"] == code
    assert company.fault("invoice?operation=void", pointed(made))["code"] == code
    assert company.fault("invoice?operation=delete", pointed(made))["code"] == code
    company.made("Invoice", invoice(TxnDate="2026-10-01"))


@pytest.mark.fact("2.9", "BookCloseDate is absent when not set")
def test_the_book_close_date_shows_in_preferences(simulator: Simulator, company: Caller) -> None:
    def accounting() -> Any:
        return company.get("preferences").json()["Preferences"]["AccountingInfoPrefs"]

    assert "BookCloseDate" not in accounting()
    simulator.as_person(company.realm).close_books("2026-09-30")
    assert accounting()["BookCloseDate"] == "2026-09-30"


@pytest.mark.fact("2.9", "a sparse payment edit lacking required fields is refused with 2020")
def test_a_payment_cannot_be_edited_without_its_required_fields(simulator: Simulator, company: Caller) -> None:
    made = company.made("Invoice", invoice(line(100)))
    payment = simulator.as_person(company.realm).pay(made["Id"], Decimal(40))
    error = company.fault("payment", pointed(payment, sparse=True, PrivateNote="x"))
    assert error["code"] == "2020"


@pytest.mark.fact("1.1", "POST to the create URL, or with ?operation=update")
def test_updates_may_name_the_operation(company: Caller) -> None:
    made = company.made("Invoice", invoice())
    changed = company.made("Invoice", pointed(made, sparse=True, PrivateNote="x"), "invoice?operation=update")
    assert changed["PrivateNote"] == "x"


@pytest.mark.fact("9.2", "SyncToken as number")
def test_the_sync_token_may_be_a_number(company: Caller) -> None:
    made = company.made("Invoice", invoice())
    assert company.made("Invoice", {"Id": made["Id"], "SyncToken": 0, "sparse": True, "PrivateNote": "x"})


def test_lowering_the_total_below_what_was_paid_gives_the_rest_back(simulator: Simulator, company: Caller) -> None:
    made = company.made("Invoice", invoice(line(100)))
    payment = simulator.as_person(company.realm).pay(made["Id"])
    changed = company.made("Invoice", {"Id": made["Id"], "SyncToken": "1", "sparse": True, "Line": [line(30)]})
    assert (changed["TotalAmt"], changed["Balance"]) == (30, 0)
    assert company.read("Payment", payment["Id"])["UnappliedAmt"] == 70


def test_a_credit_memo_can_be_updated_and_deleted_but_not_voided(company: Caller) -> None:
    made = company.made("CreditMemo", invoice(line(20)))
    assert (made["RemainingCredit"], made["Balance"]) == (20, 20)
    assert "DueDate" not in made
    changed = company.made("CreditMemo", pointed(made, sparse=True, Line=[line(15)]))
    assert changed["RemainingCredit"] == 15
    assert company.fault("creditmemo?operation=void", pointed(changed))["code"] == "500"
    company.made("CreditMemo", pointed(changed), "creditmemo?operation=delete")
    assert company.fault("creditmemo?operation=delete", pointed(changed))["code"] == "610"
