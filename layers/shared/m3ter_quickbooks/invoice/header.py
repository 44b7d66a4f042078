"""The header of the document: whose it is, its number and days, its currency, who gets it by mail, its note."""

from __future__ import annotations

from decimal import Decimal
from hashlib import sha256

from m3ter_quickbooks.bill.account import Account
from m3ter_quickbooks.bill.bill import Bill
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.integration.mapping import ACCOUNT, CUSTOMER, Mappings
from m3ter_quickbooks.integration.settings import is_email
from m3ter_quickbooks.invoice.company import Company, currency_of, is_iso, rate_needed, transaction_date
from m3ter_quickbooks.invoice.document import DocumentKind
from m3ter_quickbooks.invoice.findings import Findings, name_of, name_of_bill
from m3ter_quickbooks.invoice.payload import LONGEST_NOTE, MARKER_ROOM
from m3ter_quickbooks.invoice.text import LONGEST_NUMBER, at_most, one_line
from m3ter_quickbooks.problems import ProblemKind

BILL_MARKER = "m3ter-bill:"
_LONGEST_NOTE_PART = 200


def customer_of(
    bill: Bill, account: Account | None, integration: Integration, mappings: Mappings, findings: Findings
) -> str | None:
    """The QuickBooks customer that the bill's account is mapped to."""
    if bill.account_id is None:
        findings.problem(f"The {name_of_bill(bill)} does not say which account it is for: accountId is missing.")
        return None
    mapping = mappings.find(ACCOUNT, bill.account_id, CUSTOMER)
    if mapping is not None:
        return mapping.external_id
    wanted: dict[str, object] = {
        "m3terEntity": ACCOUNT,
        "m3terId": bill.account_id,
        "externalSystem": integration.destination.value,
        "externalTable": CUSTOMER,
        "externalId": "",
    }
    own = ""
    if integration.settings.enforce_external_mappings_for_config:
        wanted["integrationConfigId"] = integration.id
        own = " that belongs to this integration (enforceExternalMappingsForConfig is on)"
    name = account.name if account else bill.account_code
    findings.problem(
        f"{name_of(ACCOUNT, bill.account_id, name)} has no {integration.destination} customer. Create an external "
        f"mapping{own} from this account to the Id of its Customer in QuickBooks, then retry.",
        ProblemKind.MISSING_ACCOUNT_MAPPING,
        wanted,
    )
    return None


def currency_fields(
    bill: Bill, company: Company | None, exchange_rate: Decimal | None, findings: Findings
) -> dict[str, object]:
    """CurrencyRef, and for a foreign currency ExchangeRate: QuickBooks would otherwise take 1."""
    currency = currency_of(bill)
    if currency is None:
        findings.problem(f"The {name_of_bill(bill)} has no currency. Recalculate it in m3ter.")
        return {}
    if not is_iso(currency):
        findings.problem(
            f"The {name_of_bill(bill)} is in {_short(currency)}, which is not a currency that QuickBooks knows: it "
            "takes the three letters of ISO 4217. Set the account's currency in m3ter and recalculate the bill."
        )
        return {}
    fields: dict[str, object] = {"CurrencyRef": {"value": currency}}
    needed = rate_needed(bill, company)
    if company is None:
        findings.warning("No QuickBooks company is connected yet: whether an exchange rate is needed is not known.")
    elif company.home_currency is None and company.multicurrency:
        findings.problem(
            f"The home currency of {company.name} is not known, so the bill in {currency} could be booked at a wrong "
            "exchange rate. Reconnect the credential, so that it is read again."
        )
    elif company.home_currency is None:
        findings.warning(f"The home currency of {company.name} is not known: the bill is sent without exchange rate.")
    elif needed is not None:
        if not company.multicurrency:
            findings.warning(
                f"The bill is in {currency}, and Multicurrency was off in {company.name} when it was connected. "
                "If QuickBooks refuses the document, turn it on under Account and settings > Advanced."
            )
        if exchange_rate is None or exchange_rate <= 0:
            findings.problem(
                f"QuickBooks has no exchange rate from {currency} to {company.home_currency} for {needed.on}. "
                "Add it in QuickBooks under Currencies, then retry."
            )
        else:
            fields["ExchangeRate"] = exchange_rate
    return fields


def day_fields(bill: Bill, kind: DocumentKind, findings: Findings) -> dict[str, object]:
    """TxnDate, on an invoice also DueDate, which QuickBooks otherwise derives from the customer's terms."""
    day = transaction_date(bill)
    if day is None:
        findings.problem(f"The {name_of_bill(bill)} has no billDate. Recalculate it in m3ter.")
        return {}
    fields: dict[str, object] = {"TxnDate": day.isoformat()}
    if kind is DocumentKind.INVOICE and bill.due_date is not None:
        fields["DueDate"] = bill.due_date.isoformat()
    return fields


def document_number(bill: Bill) -> str | None:
    """At most 21 characters. A longer number keeps its first 12 and gets a hash, so that two never become one."""
    number = one_line(bill.sequential_invoice_number)
    if len(number) <= LONGEST_NUMBER:
        return number or None
    return f"{number[:12]}-{sha256(number.encode()).hexdigest()[:8]}"


def address_fields(
    account: Account | None, integration: Integration, kind: DocumentKind, findings: Findings
) -> dict[str, object]:
    """Who gets the document. A bad address of the account is left out: the document matters more."""
    fields: dict[str, object] = {}
    email = account.email_address if account else None
    if account and email:
        _add_address(fields, "BillEmail", email, f"The e-mail address of {_name(account)}", findings)
    if kind is DocumentKind.CREDIT_MEMO:
        return fields
    custom_field = integration.settings.account_manager_email_custom_field
    if custom_field and account is None:
        findings.warning(
            f"The account is not known, so the address in its custom field {custom_field} could not be put in Cc."
        )
    elif custom_field and account:
        manager = (account.custom_fields or {}).get(custom_field)
        if manager not in (None, ""):
            whose = f"The address in custom field {custom_field} of {_name(account)}"
            _add_address(fields, "BillEmailCc", manager, whose, findings)
    if integration.settings.bcc_invoice_email_address:
        fields["BillEmailBcc"] = {"Address": integration.settings.bcc_invoice_email_address}
    return fields


def _name(account: Account) -> str:
    return name_of(ACCOUNT, account.id, account.name)


def _add_address(fields: dict[str, object], field: str, address: object, whose: str, findings: Findings) -> None:
    if isinstance(address, str) and is_email(address.strip()):
        fields[field] = {"Address": address.strip()}
    else:
        # The address itself stays out of what is stored and mailed.
        findings.warning(f"{whose} is not a valid e-mail address and was left out of {field}. Correct it in m3ter.")


def note_of(bill: Bill, account: Account | None, integration: Integration, customer_id: str) -> str:
    """PrivateNote without the send marker, short enough to leave room for it."""
    identifier = customer_id if integration.settings.use_external_mapping_account_code else bill.account_id
    order = bill.purchase_order_number or (account.purchase_order_number if account else None)
    parts = [f"{BILL_MARKER}{bill.id}", f"Account: {identifier}"]
    if order:
        parts.append(f"Purchase order: {_short(order)}")
    if bill.start_date and bill.end_date:
        parts.append(f"Service period: {bill.start_date} to {bill.end_date}")
    parts.append(f"Reference: {_short(bill.reference)}")
    return at_most("\n".join(parts), LONGEST_NOTE - MARKER_ROOM)


def _short(text: str) -> str:
    return at_most(one_line(text), _LONGEST_NOTE_PART)
