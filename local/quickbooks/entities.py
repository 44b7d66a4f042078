"""The entities and what can be done with each."""

from dataclasses import dataclass

SALES_FORM, PAYMENT, TRANSACTION, NAME, LISTED = "sales form", "payment", "transaction", "name", "list"


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity: its JSON key, its kind, and what it allows. The path segment is the key in lower case."""

    name: str
    kind: str
    deletable: bool = True
    voidable: bool = False
    sequence: str = ""
    required: tuple[str, ...] = ()
    path: str = ""

    @property
    def segment(self) -> str:
        return self.path or self.name.lower()

    @property
    def is_transaction(self) -> bool:
        return self.kind in (SALES_FORM, PAYMENT, TRANSACTION)


def _transaction(name: str, required: tuple[str, ...] = (), voidable: bool = False, path: str = "") -> Entity:
    return Entity(name, TRANSACTION, True, voidable, "transaction", required, path)


def _listed(name: str, *required: str, deletable: bool = False) -> Entity:
    return Entity(name, LISTED, deletable, False, name, required)


_ALL = (
    Entity("Invoice", SALES_FORM, True, True, "transaction"),
    Entity("CreditMemo", SALES_FORM, True, False, "transaction"),
    Entity("Estimate", SALES_FORM, True, False, "transaction"),
    Entity("SalesReceipt", SALES_FORM, True, True, "transaction"),
    Entity("RefundReceipt", SALES_FORM, True, True, "transaction"),
    Entity("Payment", PAYMENT, True, True, "transaction"),
    _transaction("Bill", ("VendorRef", "Line")),
    _transaction("BillPayment", ("VendorRef", "PayType", "TotalAmt"), voidable=True),
    _transaction("Deposit", ("DepositToAccountRef", "Line")),
    _transaction("JournalEntry", ("Line",)),
    _transaction("Purchase", ("PaymentType", "AccountRef", "Line")),
    _transaction("PurchaseOrder", ("VendorRef", "Line")),
    _transaction("VendorCredit", ("VendorRef", "Line")),
    _transaction("Transfer", ("FromAccountRef", "ToAccountRef", "Amount")),
    _transaction(
        "CreditCardPaymentTxn", ("CreditCardAccountRef", "BankAccountRef", "Amount"), path="creditcardpayment"
    ),
    Entity("TimeActivity", TRANSACTION, True, False, "TimeActivity", ("NameOf",)),
    Entity("RecurringTransaction", TRANSACTION, True, False, "transaction"),
    Entity("InventoryAdjustment", TRANSACTION, True, False, "transaction", ("AdjustAccountRef", "Line")),
    Entity("Customer", NAME, False, False, "name"),
    Entity("Vendor", NAME, False, False, "name"),
    Entity("Employee", NAME, False, False, "name"),
    _listed("Item", "Name"),
    _listed("Account", "Name"),
    _listed("Term", "Name"),
    _listed("Class", "Name"),
    _listed("Department", "Name"),
    _listed("PaymentMethod", "Name"),
    _listed("TaxCode", "Name"),
    _listed("TaxRate", "Name"),
    _listed("TaxAgency", "DisplayName"),
    _listed("CustomerType", "Name"),
    _listed("CompanyCurrency", "Code"),
    _listed("JournalCode", "Name"),
    _listed("Budget", "Name", deletable=True),
    _listed("Attachable", deletable=True),
    _listed("ExchangeRate", "SourceCurrencyCode", "Rate"),
    _listed("Preferences"),
    _listed("CompanyInfo"),
)

BY_SEGMENT = {one.segment: one for one in _ALL}
BY_NAME = {one.name: one for one in _ALL}
# What a query names is found without case; `CreditCardPayment` is queried under its path name.
BY_QUERY_NAME = {**{one.name.lower(): one for one in _ALL}, **BY_SEGMENT}
NAMES = tuple(one.name for one in _ALL if one.kind == NAME)
SALES_FORMS = tuple(one.name for one in _ALL if one.kind == SALES_FORM)
# There from the start, and no second one is made (facts 3.6).
ONE_OF_A_KIND = {"CompanyInfo"}
READ_ONLY = {"TaxCode", "TaxRate"}
# Needed in every update, a sparse one too (facts 2.9).
NEVER_LEFT_OUT = {"Bill": "VendorRef", "Purchase": "PaymentType"}
