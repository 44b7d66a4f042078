"""What the integration suite of python-quickbooks does (the package ships no tests), and intuit-oauth."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from intuitlib.exceptions import AuthClientError
from quickbooks import QuickBooks
from quickbooks import objects as qbo
from quickbooks.batch import batch_create, batch_delete, batch_update
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import (
    AuthorizationException,
    ObjectNotFoundException,
    QuickbooksException,
    ValidationException,
)
from quickbooks.objects.companycurrency import CompanyCurrency
from quickbooks.objects.creditcardpayment_entity import CreditCardPayment
from quickbooks.objects.exchangerate import ExchangeRate
from quickbooks.objects.recurringtransaction import (
    RecurringBill,
    RecurringInfo,
    RecurringInvoice,
    RecurringTransaction,
    ScheduleInfo,
)
from quickbooks.objects.taxservice import TaxRateDetails, TaxService
from quickbooks.objects.trackingclass import Class

from local.quickbooks.app import running
from local.quickbooks.seed import SAMPLE
from local.quickbooks.simulator import Simulator


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Simulator, str]]:
    simulator = Simulator()
    with pytest.MonkeyPatch.context() as patch, running(simulator) as base:
        # oauthlib refuses plain http without it; the clients themselves stay as they are.
        patch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
        yield simulator, base
    simulator.close()


@pytest.fixture
def auth(server: tuple[Simulator, str]) -> Iterator[AuthClient]:
    client = AuthClient(
        client_id="simulator-client",
        client_secret="simulator-secret",
        redirect_uri="http://localhost:8000/callback",
        environment=f"{server[1]}/.well-known/openid_sandbox_configuration/",
    )
    yield client
    client.close()


@pytest.fixture
def qb(server: tuple[Simulator, str], auth: AuthClient) -> Iterator[Any]:
    simulator, base = server
    with simulator.store.transaction():
        tokens = simulator.tokens.issue(SAMPLE, simulator.now())
    local = type("LocalQuickBooks", (QuickBooks,), {"api_url_v3": f"{base}/v3"})
    client = local(auth_client=auth, refresh_token=tokens["refresh_token"], company_id=SAMPLE, minorversion=75)
    yield client
    client.session.close()


def first(kind: Any, qb: Any) -> Any:
    return kind.all(max_results=1, qb=qb)[0]


def sales_line(qb: Any, amount: int = 100) -> Any:
    line = qbo.SalesItemLine()
    line.LineNum = 1
    line.Description = "description"
    line.Amount = amount
    line.SalesItemLineDetail = qbo.SalesItemLineDetail()
    line.SalesItemLineDetail.ItemRef = first(qbo.Item, qb).to_ref()
    return line


def new_invoice(qb: Any, request_id: str | None = None, amount: int = 100) -> Any:
    invoice = qbo.Invoice()
    invoice.Line.append(sales_line(qb, amount))
    invoice.CustomerRef = first(qbo.Customer, qb).to_ref()
    invoice.CustomerMemo = qbo.CustomerMemo()
    invoice.CustomerMemo.value = "Customer Memo"
    invoice.save(qb=qb, request_id=request_id)
    return qbo.Invoice.get(invoice.Id, qb=qb)


def test_an_invoice_is_created_and_read(qb: Any) -> None:
    kept = new_invoice(qb)
    assert kept.CustomerRef.name == first(qbo.Customer, qb).DisplayName
    assert kept.CustomerMemo.value == "Customer Memo"
    assert (kept.Line[0].Description, kept.Line[0].Amount) == ("description", 100.0)


def test_an_invoice_is_made_once_for_a_request_id(qb: Any) -> None:
    assert new_invoice(qb, "3f1d8c4e-0000-4000-8000-1").Id == new_invoice(qb, "3f1d8c4e-0000-4000-8000-1").Id


def test_an_invoice_is_updated_whole(qb: Any) -> None:
    kept = new_invoice(qb)
    kept.Line[0].Amount = 250
    kept.save(qb=qb)
    again = qbo.Invoice.get(kept.Id, qb=qb)
    assert (again.TotalAmt, again.SyncToken) == (250, "1")


def test_an_invoice_is_deleted(qb: Any) -> None:
    kept = new_invoice(qb)
    kept.delete(qb=qb)
    assert qbo.Invoice.filter(Id=kept.Id, qb=qb) == []
    with pytest.raises(ObjectNotFoundException):
        qbo.Invoice.get(kept.Id, qb=qb)


def test_an_invoice_is_voided(qb: Any) -> None:
    kept = new_invoice(qb)
    kept.void(qb=qb)
    void = qbo.Invoice.get(kept.Id, qb=qb)
    assert (void.Balance, void.TotalAmt) == (0.0, 0.0)
    assert "Voided" in void.PrivateNote


def test_invoices_are_found_by_customer(qb: Any) -> None:
    customer = first(qbo.Customer, qb)
    found = qbo.Invoice.query(f"select * from Invoice where CustomerRef = '{customer.Id}'", qb=qb)
    assert {one.CustomerRef.name for one in found} == {customer.DisplayName}
    assert qbo.Invoice.count(f"CustomerRef = '{customer.Id}'", qb=qb) == len(found)


def test_an_invoice_link_comes_for_invoices_that_can_be_paid_online(server: tuple[Simulator, str], qb: Any) -> None:
    person = server[0].as_person(SAMPLE)
    person.settings(paymentsEnabled=True)
    invoice = qbo.Invoice()
    invoice.Line.append(sales_line(qb))
    invoice.CustomerRef = first(qbo.Customer, qb).to_ref()
    invoice.AllowOnlineCreditCardPayment = True
    invoice.BillEmail = qbo.EmailAddress()
    invoice.BillEmail.Address = "test@example.com"
    invoice.save(qb=qb)
    person.settings(paymentsEnabled=False)
    kept = qbo.Invoice.get(invoice.Id, qb=qb, params={"include": "invoiceLink"})
    assert kept.InvoiceLink.startswith("https://")


def test_an_invoice_is_sent_and_printed(qb: Any) -> None:
    kept = new_invoice(qb)
    kept.send(qb=qb, send_to="someone@example.com")
    sent = qbo.Invoice.get(kept.Id, qb=qb)
    assert (sent.EmailStatus, sent.BillEmail.Address) == ("EmailSent", "someone@example.com")
    assert kept.download_pdf(qb=qb).startswith(b"%PDF-")


def test_a_customer_is_created_and_updated(qb: Any) -> None:
    customer = qbo.Customer()
    customer.Title, customer.GivenName, customer.MiddleName, customer.FamilyName = "Ms.", "First", "Mid", "Last"
    customer.Suffix, customer.CompanyName, customer.DisplayName = "Sr.", "Test & Sons", "O'Neill, the customer"
    customer.FullyQualifiedName = customer.PrintOnCheckName = "O'Neill"
    customer.PrimaryPhone = qbo.PhoneNumber()
    customer.PrimaryPhone.FreeFormNumber = "555-555-5555"
    customer.PrimaryEmailAddr = qbo.EmailAddress()
    customer.PrimaryEmailAddr.Address = "test@email.com"
    customer.BillAddr = qbo.Address()
    customer.BillAddr.Line1, customer.BillAddr.City = "123 Main", "City"
    customer.save(qb=qb)
    (kept,) = qbo.Customer.filter(DisplayName="O'Neill, the customer", qb=qb)
    assert (kept.Id, kept.PrimaryPhone.FreeFormNumber, kept.BillAddr.City) == (customer.Id, "555-555-5555", "City")
    kept.GivenName = "Other"
    kept.save(qb=qb)
    assert qbo.Customer.get(kept.Id, qb=qb).GivenName == "Other"


def test_an_inventory_item_is_created_and_comes_with_its_sku(qb: Any) -> None:
    item = qbo.Item()
    item.Name, item.Type, item.TrackQtyOnHand, item.QtyOnHand = "Test item", "Inventory", True, 10
    item.Sku, item.InvStartDate = "SKU123123", "2015-01-01"
    income = "AccountType = 'Income' and AccountSubType = 'SalesOfProductIncome'"
    item.IncomeAccountRef = qbo.Account.where(income, max_results=1, qb=qb)[0].to_ref()
    item.ExpenseAccountRef = qbo.Account.where("AccountSubType = 'SuppliesMaterialsCogs'", qb=qb)[0].to_ref()
    item.AssetAccountRef = qbo.Account.where("AccountSubType = 'Inventory'", qb=qb)[0].to_ref()
    item.save(qb=qb)
    (kept,) = [one for one in qbo.Item.all(qb=qb) if one.Id == item.Id]
    assert (kept.Name, kept.Type, kept.QtyOnHand, kept.Sku) == ("Test item", "Inventory", 10, "SKU123123")


def test_a_credit_memo_is_created_and_updated(qb: Any) -> None:
    memo = qbo.CreditMemo()
    memo.CustomerRef = first(qbo.Customer, qb).to_ref()
    memo.Line.append(sales_line(qb, 50))
    memo.save(qb=qb)
    kept = qbo.CreditMemo.get(memo.Id, qb=qb)
    assert (kept.Line[0].Amount, kept.RemainingCredit) == (50.0, 50.0)
    kept.Line[0].Description = "changed"
    kept.save(qb=qb)
    assert qbo.CreditMemo.get(memo.Id, qb=qb).Line[0].Description == "changed"


@pytest.mark.parametrize("kind", [qbo.Payment, qbo.SalesReceipt, qbo.BillPayment])
def test_payments_and_receipts_are_created_and_voided(qb: Any, kind: Any) -> None:
    made = kind()
    if kind is qbo.BillPayment:
        made.PayType, made.PrivateNote = "Check", "Private Note"
        made.VendorRef = first(qbo.Vendor, qb).to_ref()
        made.CheckPayment = qbo.CheckPayment()
        account = qbo.Account.where("AccountSubType = 'Checking'", qb=qb)[0]
        made.CheckPayment.BankAccountRef = account.to_ref()
        line = qbo.BillPaymentLine()
        line.Amount = 200
        line.LinkedTxn.append(new_bill(qb).to_linked_txn())
        made.Line.append(line)
    else:
        made.CustomerRef = first(qbo.Customer, qb).to_ref()
        made.PaymentMethodRef = first(qbo.PaymentMethod, qb).to_ref()
    if kind is qbo.SalesReceipt:
        made.Line.append(sales_line(qb, 200))
    made.TotalAmt = 200
    made.save(qb=qb)
    assert kind.get(made.Id, qb=qb).TotalAmt == 200.0
    made.void(qb=qb)
    void = kind.get(made.Id, qb=qb)
    assert void.TotalAmt == 0.0
    assert "Voided" in void.PrivateNote


def test_there_are_five_payments_in_the_sample_company(qb: Any) -> None:
    assert len(qbo.Payment.all(max_results=5, qb=qb)) == 5


def new_bill(qb: Any) -> Any:
    bill = qbo.Bill()
    line = qbo.AccountBasedExpenseLine()
    line.Amount, line.DetailType = 200, "AccountBasedExpenseLineDetail"
    line.AccountBasedExpenseLineDetail = qbo.AccountBasedExpenseLineDetail()
    line.AccountBasedExpenseLineDetail.AccountRef = first(qbo.Account, qb).to_ref()
    bill.Line.append(line)
    bill.VendorRef = first(qbo.Vendor, qb).to_ref()
    bill.save(qb=qb)
    return qbo.Bill.get(bill.Id, qb=qb)


def test_a_bill_adds_up(qb: Any) -> None:
    assert new_bill(qb).TotalAmt == 200


def test_preferences_are_read_and_changed(qb: Any) -> None:
    kept = qbo.Preferences.get(qb=qb)
    assert kept.Id == "1"
    assert kept.AccountingInfoPrefs.TaxYearMonth == "January"
    assert kept.ProductAndServicesPrefs.ForPurchase is True
    assert kept.VendorAndPurchasesPrefs.BillableExpenseTracking is True
    assert kept.TimeTrackingPrefs.WorkWeekStartDate == "Monday"
    assert kept.OtherPrefs.NameValue[0].Name == "SalesFormsPrefs.DefaultCustomerMessage"
    kept.EmailMessagesPrefs.EstimateMessage.Subject = "subject"
    kept.save(qb=qb)
    assert qbo.Preferences.get(qb=qb).EmailMessagesPrefs.EstimateMessage.Subject == "subject"


def test_exchange_rates_are_read_and_changed(qb: Any) -> None:
    rate = ExchangeRate.where("SourceCurrencyCode = 'EUR'", qb=qb)[0]
    assert (rate.SourceCurrencyCode, rate.TargetCurrencyCode) == ("EUR", "USD")
    rate.Rate += 1
    rate.save(qb=qb)
    assert ExchangeRate.where("SourceCurrencyCode = 'EUR'", qb=qb)[0].Rate == rate.Rate


def test_currencies_are_read(qb: Any) -> None:
    assert CompanyCurrency.get("1", qb=qb).Name == "Canadian Dollar"
    assert len(CompanyCurrency.all(qb=qb)) > 1


def test_company_info_is_read(qb: Any) -> None:
    assert qbo.CompanyInfo.get(1, qb=qb).CompanyName == "Sandbox Company_US_1"


@pytest.mark.parametrize("kind", [qbo.Department, Class, qbo.Term, qbo.Vendor, qbo.Employee, qbo.PaymentMethod])
def test_list_objects_are_created_and_renamed(qb: Any, kind: Any) -> None:
    made = kind()
    name = "DisplayName" if kind is qbo.Vendor else "GivenName" if kind is qbo.Employee else "Name"
    setattr(made, name, f"Test {kind.__name__}")
    if kind is qbo.Employee:
        made.FamilyName = "Last"
    if kind is qbo.Term:
        made.DueDays = 10
    made.save(qb=qb)
    kept = kind.get(made.Id, qb=qb)
    setattr(kept, name, f"Changed {kind.__name__}")
    kept.save(qb=qb)
    assert getattr(kind.get(made.Id, qb=qb), name) == f"Changed {kind.__name__}"


def test_accounts_are_created_renamed_and_filtered(qb: Any) -> None:
    account = qbo.Account()
    account.AcctNum, account.Name, account.AccountSubType = "231145", "Test account", "CashOnHand"
    account.save(qb=qb)
    (kept,) = qbo.Account.filter(Name="Test account", qb=qb)
    kept.Name = "Changed account"
    kept.save(qb=qb)
    assert qbo.Account.get(account.Id, qb=qb).Name == "Changed account"
    where = "Classification = 'Asset' AND FullyQualifiedName != 'Accounts Receivable (A/R)'"
    assert "Accounts Receivable (A/R)" not in {one.Name for one in qbo.Account.where(where, qb=qb)}


def test_transfers_deposits_and_card_payments(qb: Any) -> None:
    checking, savings = qbo.Account.filter(AccountType="Bank", max_results=2, qb=qb)
    card = qbo.Account.filter(AccountType="Credit Card", max_results=1, qb=qb)[0]
    transfer = qbo.Transfer()
    transfer.Amount = 100
    transfer.FromAccountRef, transfer.ToAccountRef = checking.to_ref(), savings.to_ref()
    transfer.save(qb=qb)
    assert qbo.Transfer.get(transfer.Id, qb=qb).Amount == 100
    deposit = qbo.Deposit()
    line = qbo.DepositLine()
    line.Amount, line.DetailType = Decimal(20), "DepositLineDetail"
    line.DepositLineDetail = qbo.DepositLineDetail()
    line.DepositLineDetail.AccountRef = savings.to_ref()
    deposit.DepositToAccountRef = checking.to_ref()
    deposit.Line.append(line)
    deposit.save(qb=qb)
    assert qbo.Deposit.get(deposit.Id, qb=qb).Id == deposit.Id
    paid = CreditCardPayment()
    paid.Amount, paid.BankAccountRef, paid.CreditCardAccountRef = 100, checking.to_ref(), card.to_ref()
    paid.save(qb=qb)
    kept = CreditCardPayment.all(max_results=1, qb=qb)[0]
    kept.Amount += 1
    kept.save(qb=qb)
    assert CreditCardPayment.get(kept.Id, qb=qb).Amount == 101


def test_a_refund_receipt_needs_no_customer(qb: Any) -> None:
    refund = qbo.RefundReceipt()
    refund.DocNumber, refund.TotalAmt, refund.Balance, refund.PaymentType = "DocNum123", 100, 100, "Check"
    refund.Line.append(sales_line(qb, 200))
    refund.DepositToAccountRef = qbo.Account.where("Name = 'checking'", max_results=1, qb=qb)[0].to_ref()
    refund.save(qb=qb)
    kept = qbo.RefundReceipt.get(refund.Id, qb=qb)
    assert (kept.DocNumber, kept.Line[0].Amount) == ("DocNum123", 200)


def test_an_estimate_keeps_its_discount(qb: Any) -> None:
    estimate = qbo.Estimate()
    estimate.CustomerRef = first(qbo.Customer, qb).to_ref()
    line = sales_line(qb, 35)
    line.SalesItemLineDetail.UnitPrice, line.SalesItemLineDetail.Qty = 35, 1
    estimate.Line.append(line)
    discount = qbo.DiscountLine()
    discount.Amount = Decimal("3.5")
    discount.DiscountLineDetail = qbo.DiscountLineDetail()
    discount.DiscountLineDetail.PercentBased, discount.DiscountLineDetail.DiscountPercent = True, 10
    estimate.Line.append(discount)
    estimate.save(qb=qb)
    kept = qbo.Estimate.get(estimate.Id, qb=qb)
    assert (kept.TotalAmt, kept.Line[2].Amount) == (31.5, 3.5)


def test_purchase_orders_purchases_journals_and_credits(qb: Any) -> None:
    vendor, account = first(qbo.Vendor, qb), first(qbo.Account, qb)
    order = qbo.PurchaseOrder()
    line = qbo.ItemBasedExpenseLine()
    line.Amount = 100
    line.ItemBasedExpenseLineDetail = qbo.ItemBasedExpenseLineDetail()
    line.ItemBasedExpenseLineDetail.ItemRef = qbo.Item.filter(Type="Inventory", max_results=1, qb=qb)[0].to_ref()
    line.ItemBasedExpenseLineDetail.TaxCodeRef = first(qbo.TaxCode, qb).to_ref()
    order.Line.append(line)
    order.VendorRef, order.APAccountRef, order.TotalAmt = vendor.to_ref(), account.to_ref(), 100
    order.save(qb=qb)
    assert qbo.PurchaseOrder.get(order.Id, qb=qb).TotalAmt == 100
    credit = qbo.VendorCredit()
    credit.VendorRef, credit.Line = vendor.to_ref(), [line]
    credit.save(qb=qb)
    purchase = qbo.Purchase()
    purchase.PaymentType, purchase.AccountRef, purchase.Line = "Cash", account.to_ref(), [line]
    purchase.save(qb=qb)
    assert qbo.Purchase.get(purchase.Id, qb=qb).TotalAmt == 100
    journal = qbo.JournalEntry()
    for side in ("Debit", "Credit"):
        entry = qbo.JournalEntryLine()
        entry.Amount, entry.DetailType = 70, "JournalEntryLineDetail"
        entry.JournalEntryLineDetail = qbo.JournalEntryLineDetail()
        entry.JournalEntryLineDetail.PostingType = side
        entry.JournalEntryLineDetail.AccountRef = account.to_ref()
        journal.Line.append(entry)
    journal.save(qb=qb)
    assert len(qbo.JournalEntry.get(journal.Id, qb=qb).Line) == 2


def test_time_is_kept(qb: Any) -> None:
    time = qbo.TimeActivity()
    time.NameOf, time.EmployeeRef = "Employee", first(qbo.Employee, qb).to_ref()
    time.Description, time.StartTime, time.EndTime = "x", "2016-07-22T10:00:00-07:00", "2016-07-22T11:00:00-07:00"
    time.save(qb=qb)
    kept = first(qbo.TimeActivity, qb)
    kept.Description = "changed"
    kept.save(qb=qb)
    assert qbo.TimeActivity.get(kept.Id, qb=qb).Description == "changed"


def test_tax_is_read_and_made(qb: Any) -> None:
    assert first(qbo.TaxRate, qb)
    agency = qbo.TaxAgency()
    agency.DisplayName = "Test agency"
    agency.save(qb=qb)
    service, detail = TaxService(), TaxRateDetails()
    service.TaxCode = detail.TaxRateName = "Test code"
    detail.RateValue, detail.TaxAgencyId = 10, 1
    service.TaxRateDetails.append(detail)
    made = service.save(qb=qb)
    assert (made.TaxCode, made.TaxRateDetails[0].RateValue, made.TaxRateDetails[0].TaxAgencyId) == (
        "Test code",
        10,
        "1",
    )


def recurring(qb: Any, kind: Any, name: str) -> Any:
    template = kind()
    if kind is RecurringInvoice:
        template.Line.append(sales_line(qb))
        template.CustomerRef = first(qbo.Customer, qb).to_ref()
    else:
        template.Line = new_bill(qb).Line
        template.VendorRef = first(qbo.Vendor, qb).to_ref()
    template.RecurringInfo = RecurringInfo()
    template.RecurringInfo.Active, template.RecurringInfo.Name = True, name
    template.RecurringInfo.ScheduleInfo = ScheduleInfo()
    template.RecurringInfo.ScheduleInfo.IntervalType = "Monthly"
    template.RecurringInfo.ScheduleInfo.DayOfMonth = 1
    transaction = RecurringTransaction()
    setattr(transaction, "Invoice" if kind is RecurringInvoice else "Bill", template)
    return transaction.save(qb=qb)


def test_recurring_transactions_are_made_changed_filtered_and_deleted(qb: Any) -> None:
    made = recurring(qb, RecurringInvoice, "invoice each month")
    recurring(qb, RecurringBill, "bill each month")
    kept = RecurringTransaction.get(made.Invoice.Id, qb=qb)
    kept.Invoice.RecurringInfo.ScheduleInfo.DayOfMonth = 15
    kept.save(qb=qb)
    again = RecurringTransaction.get(made.Invoice.Id, qb=qb)
    assert again.Invoice.RecurringInfo.ScheduleInfo.DayOfMonth == 15
    assert [hasattr(one, "Bill") for one in RecurringTransaction.where("Type = 'Bill'", qb=qb)] == [True]
    assert len(RecurringTransaction.all(qb=qb)) == 2
    again.delete(qb=qb)
    assert len(RecurringTransaction.all(qb=qb)) == 1


def test_notes_and_files_are_attached(qb: Any, tmp_path: Path) -> None:
    note = qbo.Attachable()
    reference = qbo.AttachableRef()
    reference.EntityRef = first(qbo.Vendor, qb).to_ref()
    note.AttachableRef.append(reference)
    note.Note = "Test note"
    note.save(qb=qb)
    assert qbo.Attachable.get(note.Id, qb=qb).Note == "Test note"
    path = tmp_path / "file.txt"
    path.write_text("content")
    attached = qbo.Attachable()
    attached.AttachableRef.append(reference)
    attached.FileName, attached.ContentType, attached._FilePath = "file.txt", "text/plain", str(path)
    attached.save(qb=qb)
    kept = qbo.Attachable.get(attached.Id, qb=qb)
    assert (kept.FileName, kept.Size, kept.AttachableRef[0].EntityRef.value) == ("file.txt", 7, "30")


def test_batches_create_update_and_delete(qb: Any) -> None:
    made = []
    for number in range(31):
        customer = qbo.Customer()
        customer.DisplayName = f"Batch customer {number}"
        made.append(customer)
    made[1].DisplayName = "Amy's Bird Sanctuary"
    done = batch_create(made, qb=qb)
    assert (len(done.successes), [one.Error[0].code for one in done.faults]) == (30, ["6240"])
    for one in done.successes:
        one.GivenName = "Batch"
    assert len(batch_update(done.successes, qb=qb).successes) == 30
    invoices = [new_invoice(qb), new_invoice(qb)]
    assert len(batch_delete(invoices, qb=qb).successes) == 2


def test_changes_are_captured(qb: Any) -> None:
    kept = new_invoice(qb)
    since = datetime.now(UTC) - timedelta(minutes=1)
    answer = change_data_capture([qbo.Invoice, qbo.Vendor], since.isoformat(), qb=qb)
    assert kept.Id in {one.Id for one in answer.Invoice._object_list}


def test_reports_are_empty_and_well_formed(qb: Any) -> None:
    report = qb.get_report("ProfitAndLoss", {"start_date": "2026-01-01", "end_date": "2026-06-30"})
    assert report["Header"]["ReportName"] == "ProfitAndLoss"
    assert (report["Header"]["StartPeriod"], report["Rows"]) == ("2026-01-01", {})


def test_faults_become_the_exceptions_of_the_client(server: tuple[Simulator, str], qb: Any) -> None:
    with pytest.raises(ValidationException) as wrong:
        qb.query("select * from Unicorn")
    assert wrong.value.error_code == 4001
    kept = new_invoice(qb)
    kept.SyncToken = "7"
    with pytest.raises(QuickbooksException) as stale:
        kept.save(qb=qb)
    assert stale.value.error_code == 5010
    server[0].tokens.expire_access(realm=SAMPLE)
    with pytest.raises(AuthorizationException):
        new_invoice(qb)


def test_a_signature_is_checked_by_the_client(qb: Any) -> None:
    digest = hmac.new(b"verifier", b"body", hashlib.sha256).digest()
    assert qb.validate_webhook_signature("body", base64.b64encode(digest), "verifier")


def test_intuit_oauth_goes_through_consent_refresh_and_revocation(auth: AuthClient) -> None:
    url = auth.get_authorization_url([Scopes.ACCOUNTING])
    back = requests.get(f"{url}&auto_consent={SAMPLE}", allow_redirects=False, timeout=5).headers["Location"]
    said = {key: values[0] for key, values in parse_qs(urlsplit(back).query).items()}
    assert said["state"] == auth.state_token
    auth.get_bearer_token(said["code"], realm_id=said["realmId"])
    assert (auth.expires_in, auth.x_refresh_token_expires_in) == (3600, 8726400)
    before = auth.access_token
    auth.refresh()
    assert auth.access_token != before
    assert auth.get_user_info().status_code == 200
    assert auth.revoke(token=auth.refresh_token) is True
    with pytest.raises(AuthClientError) as refused:
        auth.refresh()
    assert refused.value.status_code == 400
    assert refused.value.intuit_tid
