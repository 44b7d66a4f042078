"""qbosdk, another public client, unmodified: it renews its own token and speaks in queries, posts and files."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from qbosdk import QuickbooksOnlineSDK, revoke_refresh_token
from qbosdk.exceptions import InvalidTokenError, WrongParamsError

from local.quickbooks.app import running
from local.quickbooks.seed import SAMPLE
from local.quickbooks.simulator import Simulator


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    simulator = Simulator()
    yield simulator
    simulator.close()


@pytest.fixture(scope="module")
def base(simulator: Simulator) -> Iterator[str]:
    with running(simulator) as base, pytest.MonkeyPatch.context() as patch:
        # Its hosts are attributes of its class: it has no other way to be told where QuickBooks is.
        patch.setattr(QuickbooksOnlineSDK, "TOKEN_URL", f"{base}/oauth2/v1/tokens/bearer")
        patch.setattr(QuickbooksOnlineSDK, "TOKEN_REVOKE_URL", f"{base}/v2/oauth2/tokens/revoke")
        patch.setattr(
            QuickbooksOnlineSDK,
            "_QuickbooksOnlineSDK__base_url",
            property(lambda _: f"{base}/v3/company/{SAMPLE}", lambda *_: None),
            raising=False,
        )
        yield base


@pytest.fixture
def sdk(simulator: Simulator, base: str) -> Any:
    with simulator.store.transaction():
        tokens = simulator.tokens.issue(SAMPLE, simulator.now())
    return QuickbooksOnlineSDK("simulator-client", "simulator-secret", tokens["refresh_token"], SAMPLE, "sandbox")


LISTS = ["accounts", "customers", "vendors", "employees", "items", "tax_codes"]
MORE_LISTS = ["departments", "classes", "bills", "purchases", "journal_entries", "bill_payments", "attachments"]


def spent(line: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"Amount": 12.5, "DetailType": "AccountBasedExpenseLineDetail", "AccountBasedExpenseLineDetail": line}]


def test_it_starts_with_a_refresh(sdk: Any) -> None:
    assert sdk.access_token
    assert sdk.access_token_expires_in == 3600


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_the_sample_company_is_read_and_counted(sdk: Any, name: str) -> None:
    found = getattr(sdk, name).get()
    assert len(found) > 0
    if name != "employees":
        assert getattr(sdk, name).count() == len(found)


@pytest.mark.parametrize("name", [*LISTS, *MORE_LISTS])
def test_a_list_is_read_page_by_page_until_nothing_comes(sdk: Any, name: str) -> None:
    assert [one for page in getattr(sdk, name).get_all_generator() for one in page] == getattr(sdk, name).get()


@pytest.mark.parametrize("name", ["accounts", "customers", "vendors", "items"])
def test_what_is_inactive_and_changed_since_is_asked_for(sdk: Any, name: str) -> None:
    """It writes Metadata, QuickBooks MetaData: names of fields are taken in any case."""
    yesterday = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert [one for page in getattr(sdk, name).get_inactive(yesterday) for one in page] == []


def test_preferences_and_the_company_are_read(sdk: Any) -> None:
    assert sdk.preferences.get()["CurrencyPrefs"]["MultiCurrencyEnabled"] is True
    assert sdk.company_info.get()["CompanyName"]


def test_a_vendor_is_made_and_found_by_name(sdk: Any) -> None:
    made = sdk.vendors.post({"DisplayName": "Hill and Sons"})["Vendor"]
    assert sdk.vendors.search_vendor_by_display_name("Hill and Sons")["Id"] == made["Id"]


def test_a_vendor_of_a_name_in_use_is_refused(sdk: Any) -> None:
    sdk.vendors.post({"DisplayName": "Twice Ltd"})
    with pytest.raises(WrongParamsError) as refused:
        sdk.vendors.post({"DisplayName": "Twice Ltd"})
    assert "6240" in refused.value.response


def test_a_bill_is_made_read_and_listed(sdk: Any) -> None:
    vendor, account = sdk.vendors.get()[0]["Id"], _account(sdk, "Expense")
    made = sdk.bills.post({"VendorRef": {"value": vendor}, "Line": spent({"AccountRef": {"value": account}})})["Bill"]
    assert sdk.bills.get_by_id(made["Id"])["TotalAmt"] == 12.5
    assert made["Id"] in [bill["Id"] for bill in sdk.bills.get()]


def test_a_purchase_is_made_and_read(sdk: Any) -> None:
    purchase = {
        "PaymentType": "Cash",
        "AccountRef": {"value": _account(sdk, "Bank")},
        "Line": spent({"AccountRef": {"value": _account(sdk, "Expense")}}),
    }
    made = sdk.purchases.post(purchase)["Purchase"]
    assert made["TotalAmt"] == 12.5
    assert made["Id"] in [one["Id"] for one in sdk.purchases.get()]


def test_a_journal_entry_balances(sdk: Any) -> None:
    bank, expense = _account(sdk, "Bank"), _account(sdk, "Expense")

    def line(kind: str, account: str, amount: float = 30) -> dict[str, Any]:
        detail = {"PostingType": kind, "AccountRef": {"value": account}}
        return {"Amount": amount, "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": detail}

    made = sdk.journal_entries.post({"Line": [line("Debit", expense), line("Credit", bank)]})["JournalEntry"]
    assert sdk.journal_entries.get_by_id(made["Id"])["Line"][0]["Amount"] == 30
    with pytest.raises(WrongParamsError) as refused:
        sdk.journal_entries.post({"Line": [line("Debit", expense), line("Credit", bank, 29)]})
    assert "6000" in refused.value.response


def test_a_file_is_attached_to_a_bill(sdk: Any) -> None:
    vendor, account = sdk.vendors.get()[0]["Id"], _account(sdk, "Expense")
    bill = sdk.bills.post({"VendorRef": {"value": vendor}, "Line": spent({"AccountRef": {"value": account}})})["Bill"]
    content = base64.b64encode(b"%PDF-1.4 receipt").decode()
    answer = sdk.attachments.post(bill["Id"], "Bill", content, "receipt.pdf")
    kept = next(one for one in sdk.attachments.get() if one.get("FileName") == "receipt.pdf")
    assert kept["ContentType"] == "application/pdf"
    assert answer["Attachable"]["Id"] == kept["Id"]


def test_a_rate_of_a_currency_is_read(sdk: Any, simulator: Simulator) -> None:
    simulator.as_person(SAMPLE).set_rate("EUR", "1.1", "2026-01-01")
    assert sdk.exchange_rates.get_by_source("EUR")["Rate"] == 1.1


def test_a_token_that_was_revoked_is_refused(sdk: Any) -> None:
    revoke_refresh_token(sdk.refresh_token, "simulator-client", "simulator-secret")
    with pytest.raises(InvalidTokenError):
        sdk.bills.get()


def _account(sdk: Any, kind: str) -> str:
    return str(next(account["Id"] for account in sdk.accounts.get() if account["AccountType"] == kind))
