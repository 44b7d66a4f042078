"""One QuickBooks company: what it is set to, and how that shows in Preferences and CompanyInfo."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from decimal import Decimal
from typing import Any

from local.quickbooks.checked import (
    COUNTRY,
    DAY,
    DIGITS,
    POSITIVE,
    YES_OR_NO,
    by_key,
    checked,
    one_of,
    or_nothing,
    text,
)
from local.quickbooks.wire import Json

CURRENCIES = {
    "USD": "United States Dollar", "EUR": "Euro", "GBP": "British Pound Sterling", "CAD": "Canadian Dollar",
    "JPY": "Japanese Yen", "AUD": "Australian Dollar", "CHF": "Swiss Franc", "INR": "Indian Rupee",
    "SEK": "Swedish Krona", "NOK": "Norwegian Krone", "DKK": "Danish Krone", "NZD": "New Zealand Dollar",
    "SGD": "Singapore Dollar", "HKD": "Hong Kong Dollar", "MXN": "Mexican Peso", "ZAR": "South African Rand",
    "BRL": "Brazilian Real", "PLN": "Polish Zloty", "CZK": "Czech Koruna", "CNY": "Chinese Yuan Renminbi",
    "KWD": "Kuwaiti Dinar", "AED": "UAE Dirham", "ILS": "Israeli Shekel", "THB": "Thai Baht", "HUF": "Hungarian Forint",
}  # fmt: skip

# Public setting name -> attribute, and what it may be; these are the keys of the admin interface.
_PUBLIC = {
    "name": "name", "country": "country", "homeCurrency": "home_currency", "multicurrency": "multicurrency",
    "customTransactionNumbers": "custom_numbers", "bookCloseDate": "book_close_date",
    "bookClosePassword": "book_close_password", "automatedSalesTax": "automated_tax",
    "paymentsEnabled": "payments_enabled", "defaultItem": "default_item", "defaultTerm": "default_term",
    "exchangeRates": "rates",
}  # fmt: skip
_ALLOWED = {
    "name": text(1024), "country": COUNTRY, "homeCurrency": one_of(CURRENCIES), "multicurrency": YES_OR_NO,
    "customTransactionNumbers": YES_OR_NO, "bookCloseDate": or_nothing(DAY), "bookClosePassword": YES_OR_NO,
    "automatedSalesTax": YES_OR_NO, "paymentsEnabled": YES_OR_NO, "defaultItem": or_nothing(DIGITS),
    "defaultTerm": or_nothing(DIGITS), "exchangeRates": by_key(CURRENCIES, POSITIVE),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Company:
    """Settings of one company. `rates` are home units for one unit of the foreign currency."""

    realm: str
    name: str = "Sandbox Company_US_1"
    country: str = "US"
    home_currency: str = "USD"
    multicurrency: bool = False
    custom_numbers: bool = False
    book_close_date: str | None = None
    book_close_password: bool = False
    automated_tax: bool = True
    payments_enabled: bool = False
    default_item: str | None = "1"
    default_term: str | None = "3"
    rates: dict[str, Decimal] = field(default_factory=dict)

    @property
    def needs_tax_codes(self) -> bool:
        return self.country != "US"

    def stored(self) -> Json:
        return asdict(self)

    def public(self) -> Json:
        return {"companyId": self.realm, **{key: getattr(self, name) for key, name in _PUBLIC.items()}}


def from_stored(settings: Json) -> Company:
    known = {one.name for one in fields(Company)}
    settings = {key: value for key, value in settings.items() if key in known}
    settings["rates"] = {code: Decimal(rate) for code, rate in settings.get("rates", {}).items()}
    return Company(**settings)


def with_settings(company: Company, said: Mapping[str, Any]) -> Company:
    """The company with the public settings given; its id is none of them. Raises BadSetting."""
    given = {key: value for key, value in said.items() if key != "companyId"}
    return replace(company, **{_PUBLIC[key]: value for key, value in checked(given, _ALLOWED).items()})


def currency_reference(code: str) -> Json:
    return {"value": code, "name": CURRENCIES.get(code, code)}


def impose(company: Company, preferences: Json) -> Json:
    """Preferences as the settings of the company have them. These cannot be switched through the API (facts 3.5)."""
    accounting = preferences["AccountingInfoPrefs"]
    accounting.pop("BookCloseDate", None)
    if company.book_close_date:
        accounting["BookCloseDate"] = company.book_close_date
    sales = preferences["SalesFormsPrefs"]
    sales["CustomTxnNumbers"] = company.custom_numbers
    sales["ETransactionPaymentEnabled"] = company.payments_enabled
    sales.pop("DefaultTerms", None)
    if company.default_term:
        sales["DefaultTerms"] = {"value": company.default_term}
    preferences["CurrencyPrefs"] = {
        "MultiCurrencyEnabled": company.multicurrency,
        "HomeCurrency": {"value": company.home_currency},
    }
    preferences["TaxPrefs"]["PartnerTaxEnabled"] = company.country == "US" and company.automated_tax
    names = [one for one in preferences["OtherPrefs"]["NameValue"] if one.get("Name") != "SalesFormsPrefs.DefaultItem"]
    if company.default_item:
        names.append({"Name": "SalesFormsPrefs.DefaultItem", "Value": company.default_item})
    preferences["OtherPrefs"] = {"NameValue": names}
    return preferences


def preferences(company: Company) -> Json:
    """Preferences of a new company, those of the sample company where it has them."""
    used = [
        {"Name": f"SalesFormsPrefs.UseSalesCustom{n}", "Type": "BooleanType", "BooleanValue": n == 1} for n in (1, 2, 3)
    ]
    names = {
        "CustomField": [{"Name": "SalesFormsPrefs.SalesCustomName1", "Type": "StringType", "StringValue": "Crew #"}]
    }
    return impose(company, {
        "AccountingInfoPrefs": {
            "UseAccountNumbers": False, "TrackDepartments": False, "ClassTrackingPerTxn": False,
            "ClassTrackingPerTxnLine": False, "FirstMonthOfFiscalYear": "January", "TaxYearMonth": "January",
            "CustomerTerminology": "Customers", "DepartmentTerminology": "Location",
        },
        "ProductAndServicesPrefs": {
            "ForSales": True, "ForPurchase": True, "QuantityWithPriceAndRate": True, "QuantityOnHand": True,
        },
        "SalesFormsPrefs": {
            "CustomField": [{"CustomField": used}, names],
            "CustomTxnNumbers": False, "AllowDeposit": True, "AllowDiscount": True, "AllowEstimates": True,
            "AllowServiceDate": False, "AllowShipping": False, "AutoApplyCredit": False, "AutoApplyPayments": True,
            "DefaultTerms": {"value": "3"}, "DefaultDiscountAccount": "86", "EmailCopyToCompany": False,
            "EstimateMessage": {"Subject": f"Estimate from {company.name}", "Message": "Please review the estimate."},
            "IPNSupportEnabled": False, "ETransactionAttachPDF": False, "ETransactionEnabledStatus": "NotApplicable",
            "ETransactionPaymentEnabled": False, "UsingProgressInvoicing": False, "UsingPriceLevels": False,
            "DefaultCustomerMessage": "Thank you for your business and have a great day!",
        },
        "EmailMessagesPrefs": {
            kind: {"Subject": f"{title} from {company.name}", "Message": f"Your {title.lower()} is attached."}
            for kind, title in (("InvoiceMessage", "Invoice"), ("EstimateMessage", "Estimate"),
                                ("SalesReceiptMessage", "Sales Receipt"), ("StatementMessage", "Statement"))
        },
        "PrintDocumentPrefs": {},
        "VendorAndPurchasesPrefs": {
            "TrackingByCustomer": True, "BillableExpenseTracking": True,
            "POCustomField": [{"CustomField": [{"Name": f"PurchasePrefs.UsePurchaseCustom{n}", "Type": "BooleanType",
                                                "BooleanValue": n == 1} for n in (1, 2, 3)]}],
        },
        "TimeTrackingPrefs": {
            "UseServices": True, "BillCustomers": True, "ShowBillRateToAll": False, "WorkWeekStartDate": "Monday",
            "MarkTimeEntriesBillable": True,
        },
        "TaxPrefs": {"UsingSalesTax": True, "TaxGroupCodeRef": {"value": "2"}},
        "CurrencyPrefs": {},
        "ReportPrefs": {"ReportBasis": "Accrual", "CalcAgingReportFromTxnDate": False},
        "OtherPrefs": {"NameValue": [
            {"Name": "SalesFormsPrefs.DefaultCustomerMessage",
             "Value": "Thank you for your business and have a great day!"},
        ]},
    })  # fmt: skip


def company_info(company: Company) -> Json:
    # The country of the three addresses is ISO-3 and they have no Lat/Long since 2025 (facts 3.6).
    iso3 = {"US": "USA", "GB": "GBR", "CA": "CAN", "AU": "AUS"}.get(company.country, company.country)
    place = {"Id": "1", "Line1": "123 Sierra Way", "City": "San Pablo", "Country": iso3,
             "CountrySubDivisionCode": "CA", "PostalCode": "87999"}  # fmt: skip
    pairs = {
        "NeoEnabled": "true", "IsQbdtMigrated": "false", "SubscriptionStatus": "PAID",
        "OfferingSku": "QuickBooks Online Plus", "PayrollFeature": "false", "AccountantFeature": "false",
        "ItemCategoriesFeature": "true", "IndustryType": "Landscaping Services", "IndustryCode": "561730",
    }  # fmt: skip
    return {
        "CompanyName": company.name, "LegalName": company.name, "CompanyAddr": place,
        "CustomerCommunicationAddr": place, "LegalAddr": place,
        "CustomerCommunicationEmailAddr": {"Address": "noreply@quickbooks.com"}, "PrimaryPhone": {},
        "CompanyStartDate": "2015-06-05", "EmployerId": "123456789", "FiscalYearStartMonth": "January",
        "Country": company.country, "Email": {"Address": "noreply@quickbooks.com"}, "WebAddr": {},
        "SupportedLanguages": "en", "DefaultTimeZone": "America/Los_Angeles",
        "NameValue": [{"Name": key, "Value": value} for key, value in pairs.items()],
    }  # fmt: skip
