"""The companies that are there from the start, the known sample company first (facts 3.4, 9.2)."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from local.quickbooks import documents, lists, payments, settings_objects
from local.quickbooks.books import Books
from local.quickbooks.company import Company, company_info, preferences
from local.quickbooks.entities import BY_NAME
from local.quickbooks.store import Store
from local.quickbooks.wire import Json

SAMPLE, SINGLE_CURRENCY, UNITED_KINGDOM = "9130000000000001", "9130000000000002", "9130000000000003"
ACME_EUROPE, GLOBEX_UK = "101", "102"

_TO_USD = {"EUR": "1.0855", "GBP": "1.2701", "CAD": "0.7312", "JPY": "0.006667", "AUD": "0.6533", "CHF": "1.1302"}
_TO_GBP = {"EUR": "0.8547", "USD": "0.7873", "CAD": "0.5757", "JPY": "0.005249"}

COMPANIES = (
    Company(SAMPLE, multicurrency=True, rates={code: Decimal(rate) for code, rate in _TO_USD.items()}),
    Company(SINGLE_CURRENCY, name="Sandbox Company_US_2", custom_numbers=True),
    Company(
        UNITED_KINGDOM, name="Sandbox Company_GB_1", country="GB", home_currency="GBP", multicurrency=True,
        automated_tax=False, rates={code: Decimal(rate) for code, rate in _TO_GBP.items()},
    ),
)  # fmt: skip

_ACCOUNTS = {
    "1": ("Services", "Income", "ServiceFeeIncome"),
    "2": ("Retained Earnings", "Equity", "RetainedEarnings"),
    "3": ("Prepaid Expenses", "Other Current Asset", "PrepaidExpenses"),
    "4": ("Undeposited Funds", "Other Current Asset", "UndepositedFunds"),
    "11": ("Insurance", "Expense", "Insurance"),
    "12": ("Legal & Professional Fees", "Expense", "LegalProfessionalFees"),
    "13": ("Meals and Entertainment", "Expense", "EntertainmentMeals"),
    "15": ("Office Expenses", "Expense", "OfficeGeneralAdministrativeExpenses"),
    "17": ("Rent or Lease", "Expense", "RentOrLeaseOfBuildings"),
    "22": ("Travel", "Expense", "Travel"),
    "24": ("Utilities", "Expense", "Utilities"),
    "33": ("Accounts Payable (A/P)", "Accounts Payable", "AccountsPayable"),
    "34": ("Opening Balance Equity", "Equity", "OpeningBalanceEquity"),
    "35": ("Checking", "Bank", "Checking"),
    "36": ("Savings", "Bank", "Savings"),
    "41": ("Mastercard", "Credit Card", "CreditCard"),
    "42": ("Visa", "Credit Card", "CreditCard"),
    "45": ("Landscaping Services", "Income", "SalesOfProductIncome"),
    "48": ("Fountains and Garden Lighting", "Income", "SalesOfProductIncome"),
    "54": ("Pest Control Services", "Income", "SalesOfProductIncome"),
    "58": ("Advertising", "Expense", "AdvertisingPromotional"),
    "64": ("Job Expenses", "Expense", "OtherMiscellaneousServiceCost"),
    "79": ("Sales of Product Income", "Income", "SalesOfProductIncome"),
    "80": ("Cost of Goods Sold", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    "81": ("Inventory Asset", "Other Current Asset", "Inventory"),
    "82": ("Design income", "Income", "SalesOfProductIncome"),
    "84": ("Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable"),
    "86": ("Discounts given", "Income", "DiscountsRefundsGiven"),
}
_ITEMS = {
    "1": ("Services", "1", "0"),
    "2": ("Hours", "1", "0"),
    "3": ("Concrete", "48", "0"),
    "4": ("Design", "82", "75"),
    "6": ("Gardening", "45", "0"),
    "10": ("Pest Control", "54", "35"),
}
_TERMS = {"1": ("Due on receipt", 0), "2": ("Net 15", 15), "3": ("Net 30", 30), "4": ("Net 60", 60)}
_CUSTOMERS: dict[str, Json] = {
    "1": {
        "DisplayName": "Amy's Bird Sanctuary", "GivenName": "Amy", "FamilyName": "Lauterbach",
        "CompanyName": "Amy's Bird Sanctuary", "PrimaryEmailAddr": {"Address": "Birds@Intuit.com"},
        "BillAddr": {"Id": "2", "Line1": "4581 Finch St.", "City": "Bayshore", "CountrySubDivisionCode": "CA",
                     "PostalCode": "94326", "Lat": "INVALID", "Long": "INVALID"},
    },
    "2": {
        "DisplayName": "Bill's Windsurf Shop", "GivenName": "Bill", "FamilyName": "Lucchini",
        "CompanyName": "Bill's Windsurf Shop", "PrimaryEmailAddr": {"Address": "Surf@Intuit.com"},
        "BillAddr": {"Id": "3", "Line1": "12 Ocean Dr.", "City": "Half Moon Bay", "CountrySubDivisionCode": "CA",
                     "PostalCode": "94213", "Lat": "37.4307072", "Long": "-122.4295234"},
    },
    "3": {
        "DisplayName": "Cool Cars", "GivenName": "Grace", "FamilyName": "Pariente", "CompanyName": "Cool Cars",
        "PrimaryEmailAddr": {"Address": "Cool_Cars@intuit.com"},
        "BillAddr": {"Id": "4", "Line1": "65 Ocean Dr.", "City": "Half Moon Bay", "CountrySubDivisionCode": "CA",
                     "PostalCode": "94213", "Lat": "37.4300318", "Long": "-122.4336537"},
    },
}  # fmt: skip
_VENDORS = {"30": "Books by Bessie", "31": "Brosnahan Insurance Agency", "41": "Hicks Hardware", "46": "Norton Lumber"}
_EMPLOYEES = {"54": ("Emily", "Platt"), "55": ("John", "Johnson")}
_CURRENCIES = {"1": ("CAD", "Canadian Dollar"), "2": ("EUR", "Euro"), "3": ("GBP", "British Pound Sterling"),
               "4": ("JPY", "Japanese Yen")}  # fmt: skip
# What is made later is counted from here on, above every id that is given in this file.
_LAST_IDS = {
    "name": 102, "transaction": 100, "Item": 20, "Account": 100, "Term": 10, "TaxCode": 10, "TaxRate": 10,
    "TaxAgency": 10, "PaymentMethod": 10, "CompanyCurrency": 10,
}  # fmt: skip
_UK_CODES = {"2": ("20.0% S", "20"), "3": ("5.0% R", "5"), "4": ("0.0% Z", "0"), "5": ("Exempt", "0")}


def seed_all(store: Store, now: datetime) -> None:
    with store.transaction():
        for company in COMPANIES:
            add_company(store, company, now)
            if company.realm == SAMPLE:
                _payments(Books(store, company, now))


def add_company(store: Store, company: Company, now: datetime) -> Books:
    """A company with the accounts, terms, items and customers of the sample company."""
    store.write_company(company.realm, company.stored())
    open_ = replace(company, book_close_date=None)
    books = Books(store, open_, now)
    put(books, "Preferences", "1", preferences(company))
    put(books, "CompanyInfo", "1", company_info(company))
    for currency, rate in company.rates.items():
        settings_objects.save_rate(books, currency, rate, settings_objects.SINCE_EVER)
    _lists(books)
    _tax(books)
    _names(books)
    for name, last in _LAST_IDS.items():
        store.set_counter(company.realm, f"id:{name}", last)
    _first_invoice(books)
    return books


def put(books: Books, entity: str, id_: str, body: Json) -> None:
    record = lists.create(books, BY_NAME[entity], body)
    books.save(entity, {**record, "Id": id_}, "Create")


def _lists(books: Books) -> None:
    for id_, (name, kind, sub) in _ACCOUNTS.items():
        put(books, "Account", id_, {"Name": name, "AccountType": kind, "AccountSubType": sub})
    for id_, (name, days) in _TERMS.items():
        put(books, "Term", id_, {"Name": name, "Type": "STANDARD", "DueDays": days})
    for id_, (name, account, price) in _ITEMS.items():
        income = {"value": account, "name": _ACCOUNTS[account][0]}
        put(
            books,
            "Item",
            id_,
            {"Name": name, "Type": "Service", "UnitPrice": Decimal(price), "IncomeAccountRef": income},
        )
    stock = {
        "Type": "Inventory", "QtyOnHand": Decimal(25), "InvStartDate": "2026-01-01",
        "IncomeAccountRef": {"value": "79"},
        "AssetAccountRef": {"value": "81"}, "ExpenseAccountRef": {"value": "80"},
    }  # fmt: skip
    for id_, (name, cost) in {"5": ("Rock Fountain", 275), "11": ("Pump", 15)}.items():
        put(books, "Item", id_, {**stock, "Name": name, "Sku": f"P461-{id_}", "UnitPrice": Decimal(cost)})
    for id_, name in {"1": "Cash", "2": "Check", "3": "Visa", "4": "MasterCard"}.items():
        put(books, "PaymentMethod", id_, {"Name": name, "Type": "NON_CREDIT_CARD" if int(id_) < 3 else "CREDIT_CARD"})
    for id_, (code, name) in _CURRENCIES.items():
        put(books, "CompanyCurrency", id_, {"Code": code, "Name": name, "Active": True})


def _tax(books: Books) -> None:
    if not books.company.needs_tax_codes:
        for id_, name in {"TAX": "TAX", "NON": "NON", "2": "California", "3": "Tucson"}.items():
            put(books, "TaxCode", id_, {"Name": name, "Taxable": id_ != "NON", "TaxGroup": id_.isdigit()})
        put(books, "TaxRate", "3", {"Name": "California", "RateValue": 8, "AgencyRef": {"value": "1"}})
        put(books, "TaxAgency", "1", {"DisplayName": "Board of Equalization", "TaxTrackedOnSales": True})
        return
    put(books, "TaxAgency", "1", {"DisplayName": "HM Revenue & Customs (VAT)", "TaxTrackedOnSales": True})
    for id_, (name, rate) in _UK_CODES.items():
        put(books, "TaxRate", id_, {"Name": name, "RateValue": Decimal(rate), "AgencyRef": {"value": "1"}})
        detail = {"TaxRateRef": {"value": id_, "name": name}, "TaxTypeApplicable": "TaxOnAmount", "TaxOrder": 0}
        rates = {"TaxRateDetail": [detail]}
        put(books, "TaxCode", id_, {"Name": name, "Taxable": True, "TaxGroup": True, "SalesTaxRateList": rates})


def _names(books: Books) -> None:
    for id_, body in _CUSTOMERS.items():
        put(books, "Customer", id_, {**body, "ShipAddr": body["BillAddr"]})
    if books.company.multicurrency and books.company.home_currency != "EUR":
        email = {"Address": "billing@acme.example"}
        euro = {"DisplayName": "Acme Europe", "CurrencyRef": {"value": "EUR"}, "PrimaryEmailAddr": email}
        put(books, "Customer", ACME_EUROPE, euro)
    if books.company.multicurrency or books.company.home_currency == "GBP":
        email = {"Address": "accounts@globex.example"}
        pound = {"DisplayName": "Globex UK", "CurrencyRef": {"value": "GBP"}, "PrimaryEmailAddr": email}
        put(books, "Customer", GLOBEX_UK, pound)
    for id_, name in _VENDORS.items():
        put(books, "Vendor", id_, {"DisplayName": name, "CompanyName": name})
    for id_, (given, family) in _EMPLOYEES.items():
        put(books, "Employee", id_, {"GivenName": given, "FamilyName": family})


def _payments(books: Books) -> None:
    for id_ in range(61, 66):
        record = payments.create(books, {"CustomerRef": {"value": "2"}, "TotalAmt": Decimal(id_), "Line": []})
        books.save("Payment", {**record, "Id": str(id_)}, "Create")


def _first_invoice(books: Books) -> None:
    detail: Json = {"ItemRef": {"value": "6"}, "Qty": Decimal(3), "UnitPrice": Decimal(25)}
    if books.company.needs_tax_codes:
        detail["TaxCodeRef"] = {"value": "2"}
    line = {"Amount": Decimal(75), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    record = documents.create(books, BY_NAME["Invoice"], {"CustomerRef": {"value": "1"}, "Line": [line]}, set())
    record["Id"] = books.next_id(BY_NAME["Invoice"])
    books.save("Invoice", record, "Create")
