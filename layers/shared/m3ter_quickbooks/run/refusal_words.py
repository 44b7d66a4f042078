"""The catalogue: what each refusal of QuickBooks means for a bill, and what to do about it.

Rows follow QuickBooks facts 1.7. In braces: the names in `refusal.About`.
"""

from __future__ import annotations

from dataclasses import dataclass

_RETRY = "and retry the run"
_REPORT = "This is a fault of the integration, not of the bill: report it with the code and the intuit_tid."
_MAP_AGAIN = f"Choose an active one in the external mappings, or make it active in QuickBooks, {_RETRY}."


@dataclass(frozen=True, slots=True)
class Words:
    """What happened, and what to do, where. `names_field`: the field that QuickBooks points at helps the reader."""

    what: str
    remedy: str
    names_field: bool = False


OTHERWISE = Words(
    "{document} was refused by QuickBooks for a reason that we do not know.",
    "Enter it by hand in QuickBooks as a trial to see the full message there, mend the cause, and retry the run.",
    names_field=True,
)
_OURS = Words("{document} was sent in a form that QuickBooks does not accept.", _REPORT, names_field=True)
_FAILED = Words("{document} could not be saved by QuickBooks.", f"Wait some minutes {_RETRY}.")
_TAX = Words(
    "{document} was refused because of its tax.",
    "Set `taxCode` (and `globalTaxCalculation`) in the configuration to a tax code that is active in QuickBooks "
    f"under Taxes, {_RETRY}.",
    names_field=True,
)
_CLOSED = Words(
    "{document} is dated{date}, in a period whose books are closed in QuickBooks.",
    "Reopen the period in QuickBooks (Settings, Account and settings, Advanced, Close the books), or give the bill a "
    f"later external invoice date in m3ter, {_RETRY}.",
)
_INACTIVE = Words(
    "{document} names {customer} and {items}, and one of them is inactive or deleted in QuickBooks.", _MAP_AGAIN
)
_PAYMENT = Words(
    "{document} has a payment on it in QuickBooks that does not allow this change.",
    f"Unapply the payment in QuickBooks {_RETRY}, or settle the difference with a document of your own.",
)
_CURRENCY = Words(
    "{document} is in {currency}, which is not the currency of {customer}.",
    "A customer's currency is fixed in QuickBooks: make a customer for {currency} there and map the account to it, "
    "then retry the run.",
)
_EMAIL = Words(
    "{document} has an e-mail address{emails} that QuickBooks does not accept.",
    "Correct the account's address in m3ter (or `bccInvoiceEmailAddress` in the configuration) and retry the run.",
    names_field=True,
)
_FEATURE = Words(
    "{document} uses something that this QuickBooks company or its user may not use.",
    "Check the company's plan and the rights of the user who connected it, or reconnect as an admin; retry the run.",
    names_field=True,
)
_NEGATIVE = Words(
    "{document} has an amount that QuickBooks does not take as a negative one.",
    "Check the bill's credit lines in m3ter; credits can be given an item of their own with `quickBooksItemMapping`.",
    names_field=True,
)
_ACCOUNT_OF_ITEM = Words(
    "{document} uses {items}, and one of them books on an account of the wrong type.",
    f"Correct the item's income account in QuickBooks (Products and services) {_RETRY}.",
)
_INVENTORY = Words(
    "{document} uses {items}, and one of them is a stock item that has no stock on that day.",
    f"Map to a service or non-stock item, or correct the item's start date and quantity in QuickBooks, {_RETRY}.",
)
_MULTICURRENCY = Words(
    "{document} is in {currency}, and multicurrency is off in this QuickBooks company.",
    "Turn it on in QuickBooks (Settings, Account and settings, Advanced, Currency; it cannot be turned off again), or "
    "bill this account in the home currency, and retry the run.",
)
_TOO_LONG = Words("{document} has a text that is too long for QuickBooks.", _REPORT, names_field=True)

_RESET = Words(
    "{document} was refused: this QuickBooks company was reset, and everything in it is new.",
    "Connect the integration to it again, map accounts and products to what is there now, and retry the run.",
)

BY_CODE: dict[str, Words] = {
    **dict.fromkeys(("500", "2010", "2030", "2130", "2170", "4000", "4001", "6070"), _OURS),
    **dict.fromkeys(("2060", "2070", "2080", "2090", "2100", "2110", "2140", "2150", "2160"), _OURS),
    **dict.fromkeys(("1000", "1010", "1020", "4002"), _FAILED),
    **dict.fromkeys(("6100", "6160", "6170", "6230", "6470"), _TAX),
    **dict.fromkeys(("6200", "6210"), _CLOSED),
    **dict.fromkeys(("620", "6110", "6120", "6220", "6450", "6460", "6480", "6540"), _PAYMENT),
    **dict.fromkeys(("5020", "5030"), _FEATURE),
    **dict.fromkeys(("6430", "6440"), _ACCOUNT_OF_ITEM),
    **dict.fromkeys(("6270", "6520"), _INVENTORY),
    **dict.fromkeys(("2210", "6420"), _EMAIL),
    "610": _INACTIVE,
    "630": Words("{document} exists in QuickBooks already.", f"Look at the customer's documents there {_RETRY}."),
    "800": Words(
        "{document} cannot be taken back: other documents in QuickBooks depend on it.",
        f"Unlink them in QuickBooks {_RETRY}.",
    ),
    "2020": Words(
        "{document} lacks something that this QuickBooks company requires.",
        f"Make it optional in QuickBooks (Settings, Account and settings, Sales) {_RETRY}.",
        names_field=True,
    ),
    "2050": _TOO_LONG,
    "2220": Words(
        "{document} is in {currency}, a currency that this QuickBooks company does not have.",
        f"Add it in QuickBooks (Settings, Currencies) {_RETRY}.",
    ),
    "2250": Words("{document} has no lines left.", "Check `excludedLineItemTypes` in the configuration."),
    "2290": _NEGATIVE,
    "2410": Words(
        "{document} is in {currency} and needs an exchange rate for{date}.",
        f"Enter the rate of that day in QuickBooks (Settings, Currencies) {_RETRY}.",
    ),
    "2500": Words(
        "{document} refers to something that QuickBooks does not have or that is inactive: {customer}, {items}, or a "
        "tax code.",
        _MAP_AGAIN,
        names_field=True,
    ),
    "3000": Words(
        "{document} has a custom field that QuickBooks does not accept.",
        f"Check the custom fields of sales forms in QuickBooks {_RETRY}.",
    ),
    "5010": Words(
        "{document} was changed in QuickBooks at the same moment.",
        "Nothing needs to be done: it is read again and sent again.",
    ),
    "6000": Words(
        "{document} breaks a rule of this QuickBooks company.",
        "Enter it by hand in QuickBooks as a trial (customer, items, currency, tax) to see which rule, mend it, and "
        "retry the run.",
        names_field=True,
    ),
    "6090": Words("{document} has a discount line that is not complete.", _REPORT),
    "6130": Words(
        "{document} belongs to {customer}, which is billed with another customer.",
        f"Map the account to the customer that pays {_RETRY}.",
    ),
    "6140": Words(
        "{document} has the number{number}, which another document in QuickBooks already has.",
        "It is never sent under another number. Renumber the other document in QuickBooks, or delete it if it was made "
        "by hand for this bill, and retry the run.",
    ),
    "6190": Words(
        "{document} cannot be sent: the subscription of this QuickBooks company has ended or is not paid.",
        f"Renew it in QuickBooks (Settings, Subscriptions and billing) {_RETRY}.",
    ),
    "10200": _RESET,
    "6250": Words("{document} is for {customer}, which is inactive or deleted in QuickBooks.", _MAP_AGAIN),
}
"""What a code means where its text says nothing better."""

READ_OTHERWISE = Words(
    "{document} could not be finished: QuickBooks refused to answer a question about it.",
    f"Check that the company opens in QuickBooks and that its subscription is paid, {_RETRY}.",
)
BY_CODE_OF_READS: dict[str, Words] = {
    **dict.fromkeys(
        ("500", "4000", "4001"),
        Words("{document} could not be finished: QuickBooks did not understand a question about it.", _REPORT),
    ),
    "4002": Words(
        "{document} could not be finished: QuickBooks could not look through its documents.",
        f"One of them may have something else than an address in its e-mail field: correct it in QuickBooks {_RETRY}.",
    ),
    "10100": Words(
        "{document} could not be finished: QuickBooks found more than it can answer with.",
        _REPORT,
    ),
    **{code: BY_CODE[code] for code in ("5020", "5030", "6190", "10200")},
}
"""The same for what had to be read first."""

_6000 = frozenset({"6000"})
_REFERENCES = frozenset({"610", "2500", "6000"})

BY_TEXT: tuple[tuple[frozenset[str], str, Words], ...] = (
    (_6000, "Multi Currency should be enabled", _MULTICURRENCY),
    (_6000, "only use one foreign currency", _CURRENCY),
    (_6000, "GST/HST rate", _TAX),
    (_6000, "tax rate", _TAX),
    (_6000, "0 or greater", _NEGATIVE),
    (
        _6000,
        "You must set a transaction amount",
        Words("{document} has a line without an amount.", _REPORT),
    ),
    (
        _6000,
        "discount amount can't be greater",
        Words(
            "{document} has credits that are larger than its charges.",
            "Check the bill's credit lines in m3ter and retry the run.",
        ),
    ),
    (_6000, "doc_num", _TOO_LONG),
    (_6000, "21 characters", _TOO_LONG),
    (
        _REFERENCES,
        "Categories cannot be used",
        Words(
            "{document} uses {items}, and one of them is a category, which QuickBooks does not sell.",
            f"Map to a product or service instead of its category {_RETRY}.",
        ),
    ),
    (
        frozenset({"2500"}),
        "CustomerRef",
        Words("{document} is for {customer}, which QuickBooks does not have or which is inactive.", _MAP_AGAIN),
    ),
    (
        frozenset({"2500"}),
        "ItemRef",
        Words("{document} uses {items}, and QuickBooks does not have one of them or it is inactive.", _MAP_AGAIN),
    ),
    (frozenset({"2500"}), "TaxCodeRef", _TAX),
    (_REFERENCES, "inactive", _INACTIVE),
    (
        frozenset({"610"}),
        "deleted",
        Words(
            "{document} was not found in QuickBooks: it, or what it refers to ({customer}, {items}), was deleted.",
            _MAP_AGAIN,
        ),
    ),
)
"""Texts that are known, the first that fits; they say more than the code."""
