"""Which properties an entity has, of what kind and length (facts 2.2, 2.3, 3.1 to 3.6)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from local.quickbooks import problems
from local.quickbooks.wire import LARGEST_EXPONENT, Json

Reader = Callable[[Any, str], Any]

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_EMAIL = re.compile(r"^[^@\s,;<>()\"]+@[^@\s,;<>()\"]+\.[^@\s,;<>()\".]+$")


@dataclass(frozen=True, slots=True)
class Shape:
    """The properties of one class and how each is read. `open` shapes take any property as it comes."""

    name: str
    readers: Mapping[str, Reader]
    open: bool = False

    def read(self, body: Any, at: str = "") -> Json:
        """What was really said: unset fields (null, "") are gone, numbers are numbers. Raises Fault."""
        if not isinstance(body, dict):
            raise problems.unreadable(f"Can not deserialize instance of {self.name}")
        known: Json = {}
        for key, value in body.items():
            reader = self.readers.get(key)
            if reader is None:
                if not self.open:
                    raise problems.unknown_property(key, self.name, len(self.readers))
                reader = reference if key.endswith("Ref") and key != "AttachableRef" else anything
            if value is None or value == "":
                continue
            known[key] = reader(value, f"{at}.{key}" if at else key)
        return known


def anything(value: Any, element: str) -> Any:
    return value


def ignored(value: Any, element: str) -> Any:
    """Server-made: whatever is supplied is overwritten, not refused."""
    return value


def scalar(value: Any, element: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | Decimal):
        return str(value)
    raise problems.unreadable(f"Can not deserialize instance of java.lang.String out of {type(value).__name__}")


def text(longest: int, name: str | None = None, shortest: int = 0) -> Reader:
    def read(value: Any, element: str) -> str:
        said = scalar(value, element)
        if not shortest <= len(said) <= longest:
            raise problems.wrong_length(name or element.rsplit(".", 1)[-1], longest, len(said), shortest)
        return said

    return read


def _read_number(value: Any, element: str, no_number: str, no_value: str) -> Decimal:
    """Numbers may come as strings: some clients do so by design (facts 9.2)."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise problems.bad_value(no_number, element, value)
    try:
        exact = Decimal(value)
    except InvalidOperation as cause:
        raise problems.bad_value(no_number, element, value) from cause
    if not exact.is_finite() or abs(exact.adjusted()) > LARGEST_EXPONENT:
        raise problems.bad_value(no_value, element, value)
    return exact


def number(value: Any, element: str) -> Decimal:
    """A decimal. Raises 2100 for what is none and 2110 for one out of all bounds."""
    return _read_number(value, element, "2100", "2110")


def whole(value: Any, element: str) -> Decimal:
    """A number like LineNum: positive and whole. Raises 2080 and 2090."""
    exact = _read_number(value, element, "2080", "2090")
    if exact < 0 or exact != exact.to_integral_value():
        raise problems.bad_value("2090", element, value)
    return exact


def amount(value: Any, element: str) -> Decimal:
    """At most 15 digits in all (facts 2.3). Raises 2100 and 2140."""
    exact = _read_number(value, element, "2100", "2140")
    if abs(exact) >= Decimal(10) ** 13:
        raise problems.bad_value("2140", element, value)
    return exact


def quantity(value: Any, element: str) -> Decimal:
    """Raises 2100 and 2160; the longest is that of an amount."""
    exact = _read_number(value, element, "2100", "2160")
    if abs(exact) >= Decimal(10) ** 13:
        raise problems.bad_value("2160", element, value)
    return exact


def percent(value: Any, element: str) -> Decimal:
    """Raises 2100 and 2150; from 0 to 100."""
    exact = _read_number(value, element, "2100", "2150")
    if not 0 <= exact <= 100:
        raise problems.bad_value("2150", element, value)
    return exact


def boolean(value: Any, element: str) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise problems.unreadable(f"Can not deserialize instance of java.lang.Boolean from {str(value)[:40]!r}")


def day(value: Any, element: str) -> str:
    said = scalar(value, element)[:10]
    if not _DAY.fullmatch(said):
        raise problems.bad_date_format(element, value)
    try:
        date.fromisoformat(said)
    except ValueError as cause:
        raise problems.bad_date(element, value) from cause
    return said


def reference(value: Any, element: str) -> Json:
    if not isinstance(value, dict):
        raise problems.unreadable("Can not construct instance of com.intuit.schema.finance.v3.ReferenceType")
    pointed = value.get("value")
    if pointed is None or pointed == "":
        return {}
    known = {"value": scalar(pointed, element)}
    if isinstance(value.get("name"), str):
        known["name"] = value["name"]
    if len(known["value"]) > 100:
        raise problems.bad_reference(element)
    return known


def typed_reference(value: Any, element: str) -> Json:
    """A reference to a customer, a vendor or an employee, which says which of them."""
    kind = value.get("type") if isinstance(value, dict) else None
    return {**reference(value, element), **({"type": kind} if isinstance(kind, str) and kind else {})}


def one_of(*words: str) -> Reader:
    def read(value: Any, element: str) -> str:
        if value not in words:
            raise problems.bad_enumeration(element, value)
        return str(value)

    return read


def email(longest: int = 100) -> Reader:
    def read(value: Any, element: str) -> Json:
        if not isinstance(value, dict):
            raise problems.unreadable("Can not construct instance of com.intuit.schema.finance.v3.EmailAddress")
        address = value.get("Address")
        if address is None or address == "":
            return {}
        said = scalar(address, element)
        if len(said) > longest:
            raise problems.wrong_length(element, longest, len(said))
        # The web page stores lists with commas, and reads give them back (facts 2.2), so a list is taken too.
        for one in said.split(","):
            if not _EMAIL.match(one.strip()):
                raise problems.bad_email(element, said)
        return {"Address": said}

    return read


def memo(longest: int) -> Reader:
    def read(value: Any, element: str) -> Json:
        said = value.get("value") if isinstance(value, dict) else value
        if said is None or said == "":
            return {}
        return {"value": text(longest, "Customer Memo")(said, element)}

    return read


def listed(value: Any, element: str) -> list[Any]:
    if not isinstance(value, list):
        raise problems.unreadable("Can not deserialize instance of java.util.ArrayList out of START_OBJECT token")
    return value


def links(value: Any, element: str) -> list[Json]:
    """LinkedTxn: whole links, each with a type and an id that are text."""
    found = []
    for one in listed(value, element):
        link = inner(one, element)
        for key in ("TxnId", "TxnType"):
            if key in link:
                link[key] = scalar(link[key], element)
        found.append(link)
    return found


def inner(value: Any, element: str) -> Json:
    if not isinstance(value, dict):
        raise problems.unreadable(f"Can not construct instance of {element}")
    return {key: one for key, one in value.items() if one is not None and one != ""}


_ADDRESS_LIMITS = {"City": 255, "Country": 255, "CountrySubDivisionCode": 255, "PostalCode": 30}


def address(value: Any, element: str) -> Json:
    known = inner(value, element)
    lines = 0
    for key, said in known.items():
        if key.startswith("Line"):
            lines += len(text(500)(said, f"{element}.{key}"))
        elif key in _ADDRESS_LIMITS:
            text(_ADDRESS_LIMITS[key])(said, f"{element}.{key}")
    if lines > 2000:
        raise problems.wrong_length(element, 2000, lines)
    return known


def _as_they_come(names: str) -> dict[str, Reader]:
    """Known properties that nothing is asked of (Finance.xsd), so that others can be told from them."""
    return {name: reference if name.endswith("Ref") else anything for name in names.split()}


_ALWAYS: dict[str, Reader] = {
    "Id": scalar, "SyncToken": scalar, "MetaData": ignored, "domain": ignored, "sparse": ignored, "status": ignored,
    "CustomField": listed, "AttachableRef": listed, "NameAndId": ignored, "HeaderFull": ignored, "Overview": ignored,
    "void": ignored, "time": ignored, "SalesFormExt": ignored,
}  # fmt: skip

_SALES: dict[str, Reader] = {
    **_ALWAYS,
    "CustomerRef": reference, "DocNumber": text(21), "AutoDocNumber": boolean, "TxnDate": day, "DueDate": day,
    "PrivateNote": text(4000), "CustomerMemo": memo(1000), "BillEmail": email(), "BillEmailCc": email(),
    "BillEmailBcc": email(), "BillAddr": address, "ShipAddr": address, "ShipFromAddr": address,
    "FreeFormAddress": boolean, "SalesTermRef": reference, "CurrencyRef": reference, "ExchangeRate": number,
    "GlobalTaxCalculation": one_of("TaxExcluded", "TaxInclusive", "NotApplicable"), "TxnTaxDetail": inner,
    "ApplyTaxAfterDiscount": boolean, "ClassRef": reference, "DepartmentRef": reference, "ProjectRef": reference,
    "Line": listed, "LinkedTxn": links, "TxnSource": ignored, "TxnStatus": ignored, "TransactionLocationType": ignored,
    "PrintStatus": one_of("NotSet", "NeedToPrint", "PrintComplete"),
    "EmailStatus": one_of("NotSet", "NeedToSend", "EmailSent"),
    "TotalAmt": ignored, "HomeTotalAmt": ignored, "Balance": ignored, "HomeBalance": ignored,
    "RecurDataRef": ignored, "TaxExemptionRef": ignored, "DeliveryInfo": ignored, "SalesRepRef": reference,
    "ShipDate": day, "TrackingNum": text(31), "ShipMethodRef": reference, "PaymentMethodRef": reference,
    "PaymentRefNum": text(21), "DepositToAccountRef": reference, "PONumber": text(25), "FOB": text(30),
    "TemplateRef": reference, "RemitToRef": reference, "ARAccountRef": reference, "PaymentType": ignored,
    "DiscountRate": number, "DiscountAmt": number, "FinanceCharge": ignored, "Tag": listed, "InvoiceEx": ignored,
    "OverrideTaxCodeRef": reference, "UseTaxRef": reference, "ShipMethod": ignored, "Attachments": ignored,
}  # fmt: skip

SHAPES: dict[str, Shape] = {
    "Invoice": Shape(
        "Invoice",
        {
            **_SALES,
            "AllowIPNPayment": ignored, "AllowOnlinePayment": ignored, "AllowOnlineCreditCardPayment": boolean,
            "AllowOnlineACHPayment": boolean, "AllowOnlinePayPalPayment": boolean, "AllowOnlineAffirmPayment": boolean,
            "EInvoiceStatus": ignored, "ECloudStatusTimeStamp": ignored, "InvoiceLink": ignored,
            "InvoiceLinkSecurityCode": ignored, "InvoiceStatus": ignored, "CallToAction": ignored,
            "InvoiceStatusLog": ignored, "Deposit": number,
        },
    ),
    "CreditMemo": Shape("CreditMemo", {**_SALES, "RemainingCredit": ignored, "InvoiceRef": reference}),
    "Estimate": Shape(
        "Estimate",
        {
            **_SALES, "ExpirationDate": day, "AcceptedBy": text(100), "AcceptedDate": day,
            "TxnStatus": one_of("Accepted", "Closed", "Pending", "Rejected", "Converted"),
        },
        True,
    ),
    "SalesReceipt": Shape("SalesReceipt", _SALES, True),
    "RefundReceipt": Shape("RefundReceipt", _SALES, True),
    "Payment": Shape(
        "Payment",
        {
            **_ALWAYS,
            "CustomerRef": reference, "TotalAmt": amount, "TxnDate": day, "CurrencyRef": reference,
            "ExchangeRate": number, "PrivateNote": text(4000), "PaymentRefNum": text(21),
            "PaymentMethodRef": reference, "DepositToAccountRef": reference, "ARAccountRef": reference,
            "Line": listed, "LinkedTxn": links, "UnappliedAmt": ignored, "ProcessPayment": boolean,
            "CreditCardPayment": inner, "TxnSource": ignored, "TransactionLocationType": ignored,
            "TaxExemptionRef": ignored, "ProjectRef": reference, "HomeTotalAmt": ignored, "DocNumber": text(21),
            "TxnStatus": ignored, "PaymentType": ignored, "CheckPayment": ignored, "CCDetail": ignored,
        },
    ),
    "Customer": Shape(
        "Customer",
        {
            **_ALWAYS,
            **_as_they_come(
                "AcctNum AltContactName AlternatePhone ARAccountRef BalanceWithJobs BusinessNumber CCDetail"
                " ClientCompanyId ClientEntityId ContactName CreditLimit CustomerEx CustomerTypeRef DefaultTaxCodeRef"
                " Fax FullyQualifiedName GSTIN GSTRegistrationType IntuitId IsCISContractor IsProject JobInfo Level"
                " Mobile OpenBalanceDate Organization OtherAddr OtherContactInfo OverDueBalance PaymentMethodRef"
                " PreferredDeliveryMethod PriceLevelRef PrimaryPhone PrimaryTaxIdentifier RootCustomerRef SalesRepRef"
                " SecondaryTaxIdentifier Source TDSEnabled TaxExemptionReasonId TaxGroupCodeRef TaxRateRef TotalExpense"
                " TotalRevenue UserId V4IDPseudonym WebAddr"
            ),
            "DisplayName": text(500, shortest=1), "Title": text(16), "GivenName": text(100), "MiddleName": text(100),
            "FamilyName": text(100), "Suffix": text(16), "CompanyName": text(100), "PrintOnCheckName": text(110),
            "Notes": text(2000), "ResaleNum": text(16), "PrimaryEmailAddr": email(), "Active": boolean,
            "BillAddr": address, "ShipAddr": address, "CurrencyRef": reference, "Balance": number, "Taxable": boolean,
            "SalesTermRef": reference, "ParentRef": reference, "Job": boolean, "BillWithParent": boolean,
        },
    ),
    "Account": Shape(
        "Account",
        {
            **_ALWAYS,
            "Name": text(100, shortest=1), "Description": text(4000), "AcctNum": text(20), "Active": boolean,
            "AccountType": text(100), "AccountSubType": text(100), "Classification": ignored, "SubAccount": ignored,
            "ParentRef": reference, "CurrencyRef": reference, "FullyQualifiedName": ignored, "CurrentBalance": ignored,
            "CurrentBalanceWithSubAccounts": ignored, "TaxCodeRef": reference, "TxnLocationType": text(100),
            "AccountAlias": text(100), "OpeningBalance": number, "OpeningBalanceDate": day, "BankNum": text(30),
            "RoutingNum": text(30), "FIName": text(100), "OnlineBankingEnabled": boolean, "JournalCodeRef": reference,
        },
    ),
    "Term": Shape(
        "Term",
        {
            **_ALWAYS,
            "Name": text(31, shortest=1), "Active": boolean, "Type": ignored, "DiscountPercent": number,
            "DueDays": whole, "DiscountDays": whole, "DayOfMonthDue": whole, "DueNextMonthDays": whole,
            "DiscountDayOfMonth": whole, "SalesTermEx": ignored,
        },
    ),
    "Item": Shape(
        "Item",
        {
            **_ALWAYS,
            **_as_they_come(
                "AbatementRate AvgCost BuildPoint COGSAccountRef ClassRef DeferredRevenue DepositToAccountRef"
                " FullyQualifiedName ItemAssemblyDetail ItemCategoryType ItemEx ItemGroupDetail Level ManPartNum"
                " PaymentMethodRef PercentBased PrefVendorRef PrintGroupedItems PurchaseTaxCodeRef PurchaseTaxIncluded"
                " QtyOnPurchaseOrder QtyOnSalesOrder RatePercent ReorderPoint ReverseChargeRate SalesTaxCodeRef"
                " SalesTaxIncluded ServiceType Source SpecialItem SpecialItemType SubItem TaxClassificationRef"
                " UOMSetRef UQCDisplayText UQCId"
            ),
            "Name": text(100, shortest=1), "Description": text(4000), "PurchaseDesc": text(1000), "Sku": text(100),
            "UnitPrice": number, "PurchaseCost": number, "Active": boolean, "Taxable": boolean,
            "Type": one_of("Inventory", "Service", "NonInventory", "Category", "Group", "Bundle"),
            "IncomeAccountRef": reference, "ExpenseAccountRef": reference, "AssetAccountRef": reference,
            "QtyOnHand": number, "InvStartDate": day, "TrackQtyOnHand": boolean, "ParentRef": reference,
        },
    ),
}  # fmt: skip

LINE = Shape(
    "Line",
    {
        "Id": scalar, "LineNum": whole, "Description": text(4000, "Description"), "Amount": amount,
        "DetailType": one_of(
            "SalesItemLineDetail", "DescriptionOnly", "DiscountLineDetail", "GroupLineDetail", "SubTotalLineDetail",
            "DescriptionLineDetail", "TaxLineDetail",
        ),
        "SalesItemLineDetail": inner, "DescriptionLineDetail": inner, "DiscountLineDetail": inner,
        "GroupLineDetail": inner, "SubTotalLineDetail": anything, "LinkedTxn": links, "CustomField": listed,
        "Received": ignored, "CustomExtensions": ignored, "LineEx": ignored, "ProjectRef": reference,
    },
)  # fmt: skip

SALES_DETAIL = Shape(
    "SalesItemLineDetail",
    {
        "ItemRef": reference, "Qty": quantity, "UnitPrice": number, "RatePercent": number, "ServiceDate": day,
        "TaxCodeRef": reference, "ClassRef": reference, "MarkupInfo": ignored, "ItemAccountRef": reference,
        "TaxInclusiveAmt": number, "DiscountRate": number, "DiscountAmt": number, "TaxClassificationRef": reference,
        "PriceLevelRef": reference, "UOMRef": ignored, "DeferredRevenue": ignored, "InventorySiteRef": reference,
    },
)  # fmt: skip

_NAMES: dict[str, Reader] = {
    "DisplayName": text(500, shortest=1), "Title": text(16), "GivenName": text(100), "MiddleName": text(100),
    "FamilyName": text(100), "Suffix": text(16), "CompanyName": text(100), "PrintOnCheckName": text(110),
}  # fmt: skip
ANY = Shape(
    "IntuitEntity",
    {
        "Active": boolean, "TxnDate": day, "DocNumber": text(21), "PrivateNote": text(4000),
        "Name": text(100, shortest=1), "Line": listed, "LinkedTxn": links, **_NAMES, "AccountType": text(100),
        "AccountSubType": text(100), "TotalAmt": amount, "Amount": amount, "ExchangeRate": number, "DueDate": day,
        "PaymentType": one_of("Cash", "Check", "CreditCard"), "PayType": one_of("Check", "CreditCard"),
        "NameOf": one_of("Employee", "Vendor", "Other"), "EntityRef": typed_reference,
    },
    True,
)  # fmt: skip


def shape_of(entity: str) -> Shape:
    return SHAPES.get(entity, ANY)
