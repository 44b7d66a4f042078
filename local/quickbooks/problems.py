"""The faults of QuickBooks, with their codes and texts as seen on the wire (facts 1.5 and 1.7)."""

from collections.abc import Mapping


class Fault(Exception):
    """A business fault: capital `Fault`, usually HTTP 400."""

    def __init__(self, code: str, message: str, detail: str, element: str | None = "", status: int = 400) -> None:
        super().__init__(f"{code}: {message} / {detail}")
        self.code, self.message, self.detail, self.element, self.status = code, message, detail, element, status
        self.timed = True

    @property
    def type(self) -> str:
        """AuthorizatonFault misses an i in the schema and on the wire."""
        if self.code in ("100", "3202"):
            return "AuthenticationFault"
        if self.code in ("110", "120"):
            return "AuthorizatonFault"
        return "SystemFault" if len(self.code) >= 5 else "ValidationFault"


class GatewayFault(Exception):
    """A fault of the gateway in front of QuickBooks: lower-case keys, another shape."""

    def __init__(self, status: int, code: str, message: str, detail: str, kind: str = "AUTHENTICATION") -> None:
        super().__init__(f"{code}: {message} / {detail}")
        self.status, self.code, self.message, self.detail, self.kind = status, code, message, detail, kind
        self.headers: Mapping[str, str] = {}


class OAuthRefusal(Exception):
    """A refusal of the token endpoint."""

    def __init__(self, error: str, description: str = "", status: int = 400) -> None:
        super().__init__(f"{error}: {description}")
        self.error, self.description, self.status = error, description, status


def unsupported(what: str) -> Fault:
    return Fault("500", "Unsupported Operation", f"Operation {what} is not supported.", None)


def not_found(detail: str = "") -> Fault:
    text = detail or (
        "Something you're trying to use has been made inactive. "
        "Check the fields with accounts, customers, items, vendors or employees."
    )
    return Fault("610", "Object Not Found", f"Object Not Found : {text}")


def unreadable(detail: str = "failed to parse json object; a property specified is unsupported or invalid") -> Fault:
    return Fault("2010", "Request has invalid or unsupported property", f"Property Name:{detail}", None)


def unknown_property(name: str, entity: str, known: int) -> Fault:
    return unreadable(
        f'Unrecognized field "{name}" (class com.intuit.schema.finance.v3.{entity}), not marked as ignorable '
        f"({known} known properties) specified is unsupported or invalid"
    )


def missing(name: str) -> Fault:
    return Fault(
        "2020",
        "Required param missing, need to supply the required value for the API",
        f"Required parameter {name} is missing in the request",
        name,
    )


def invalid_id(value: object) -> Fault:
    return Fault("2030", "Invalid ID", f"Id should be a valid number. Supplied value:{str(value)[:50]}", "Id")


def wrong_length(element: str, longest: int, supplied: int, shortest: int = 0) -> Fault:
    return Fault(
        "2050",
        "String length is either shorter or longer than supported by specification",
        f"String length specified does not match the supported length. "
        f"Min:{shortest} Max:{longest} supported. Supplied length:{supplied}",
        element,
    )


def bad_date_format(element: str, value: object) -> Fault:
    return Fault("2060", "Invalid Date Format", f"Invalid Date Format : {str(value)[:50]}", element)


def bad_date(element: str, value: object) -> Fault:
    detail = f"The date value must be a valid value. Supplied value:{str(value)[:50]}"
    return Fault("2070", "Invalid Date", detail, element)


def bad_value(code: str, element: str, value: object) -> Fault:
    """2080, 2100: no number at all. 2090, 2110, 2140, 2150, 2160: a number that cannot be used there."""
    message = {
        "2080": "Invalid Number Format", "2090": "Invalid Number", "2100": "Invalid Decimal Format",
        "2110": "Invalid Decimal", "2140": "Invalid Amount", "2150": "Invalid Percent", "2160": "Invalid Quantity",
    }[code]  # fmt: skip
    return Fault(code, message, f"{message} : {str(value)[:50]}", element)


def bad_request_id() -> Fault:
    return Fault("2130", "Invalid Request Id Format", "The format of the request id is not supported.", "requestid")


def bad_enumeration(element: str, value: object) -> Fault:
    return Fault("2170", "Invalid Enumeration", f"Invalid Enumeration: {str(value)[:50]}", element)


def bad_email(element: str, value: object) -> Fault:
    return Fault(
        "2210",
        "Invalid Email Address format",
        f"The email address does not conform to the syntax rules of RFC 822. Supplied value:{str(value)[:100]}",
        element,
    )


def bad_currency(value: object) -> Fault:
    return Fault("2220", "Invalid Currency Type", f"Invalid currency. Supplied value:{str(value)[:20]}", "CurrencyRef")


def no_lines() -> Fault:
    return missing("Line")


def bad_reference(element: str) -> Fault:
    return Fault("2500", "Invalid Reference Id", f"Invalid Reference Id : {element}", element)


def category_used(element: str) -> Fault:
    return Fault("2500", "Invalid Reference Id", "Categories cannot be used in transactions.", element)


def stale() -> Fault:
    return Fault(
        "5010",
        "Stale Object Error",
        "Stale Object Error : You and Sandbox User were working on this at the same time. "
        "Sandbox User finished before you did, so your work was not saved.",
    )


def business(detail: str) -> Fault:
    return Fault(
        "6000",
        "A business validation error has occurred while processing your request",
        f"Business Validation Error: {detail}",
    )


def wrong_amount(value: object) -> Fault:
    return Fault(
        "6070",
        "Amount calculation incorrect in the request.",
        f"Amount is not equal to UnitPrice * Qty. Supplied value:{value:,}",
        "Line.Amount",
    )


def nameless() -> Fault:
    return Fault(
        "6080",
        "No Name Provided",
        "At least one of DisplayName, Title, GivenName, MiddleName, FamilyName, Suffix is required.",
        "DisplayName",
    )


def us_tax_code(value: object) -> Fault:
    return Fault(
        "6100",
        "Invalid tax code",
        f"Only TAX or NON can be used as the tax code of a line. Supplied value: {str(value)[:50]}",
        "Line.SalesItemLineDetail.TaxCodeRef",
    )


def duplicate_number(number: str, entity: str, id_: str) -> Fault:
    return Fault(
        "6140",
        "Duplicate Document Number Error",
        "Duplicate Document Number Error : You must specify a different number. This number has already been used. "
        f"DocNumber={number} is assigned to TxnType={entity} with TxnId={id_}",
    )


def tax_detail_not_allowed() -> Fault:
    return Fault(
        "6170",
        "TxnTaxDetail not allowed",
        "TxnTaxDetail must not be sent when GlobalTaxCalculation is NotApplicable.",
        "TxnTaxDetail",
    )


def period_closed(with_password: bool) -> Fault:
    if with_password:
        text = "Account Period Closed, Cannot Update Through Services API"
        return Fault("6210", text, f"{text} : The account period has closed and the account books cannot be updated.")
    return Fault("6200", "Account Period Closed", "Account Period Closed : The transaction date is in a closed period.")


def duplicate_name() -> Fault:
    return Fault(
        "6240",
        "Duplicate Name Exists Error",
        "The name supplied already exists. : Another customer, vendor or employee is already using this name. "
        "Please use a different name.",
    )


def email_needed() -> Fault:
    return Fault("6420", "Email address is required", "Add an email address to send this transaction.", "BillEmail")


def deposited() -> Fault:
    return Fault("6540", "Deposited Transaction cannot be changed", "Deposited Transaction cannot be changed")


def cannot_be_linked(id_: object) -> Fault:
    detail = f"Txn ID Cannot Be Linked : {str(id_)[:50]}"
    return Fault("620", "Txn ID Cannot Be Linked", detail, "LinkedTxn")


def duplicate_object(what: str) -> Fault:
    return Fault("630", "Duplicate Object", f"Duplicate Object : there is {what} already.")


def has_dependencies(what: str) -> Fault:
    detail = f"Cannot delete object : delete what depends on it first, {what}."
    return Fault("800", "Cannot delete object", detail)


def bad_custom_field() -> Fault:
    return Fault("3000", "Invalid Custom Field", "Invalid Custom Field", "CustomField")


def custom_sales_tax(create: bool) -> Fault:
    code, what = ("6160", "create") if create else ("6230", "update")
    detail = f"The CustomSalesTax ID can't be used to {what} a transaction."
    return Fault(code, "Invalid TaxCodeRef Error", detail, "TxnTaxDetail.TxnTaxCodeRef")


def before_inventory_start(day: str) -> Fault:
    detail = f"Transactions with inventory items can't be dated earlier than {day}."
    return Fault("6270", "InventoryTxnDatedBeforeItemStartDate", detail, "TxnDate")


def empty_token() -> GatewayFault:
    message = "message=EmptyField; errorCode=003202; statusCode=401"
    return GatewayFault(401, "3202", message, "The field oauth_token is empty.")


def no_token() -> GatewayFault:
    return _authentication("Malformed bearer token: too short or too long")


def unknown_token() -> GatewayFault:
    return _authentication("Token not found or revoked")


def expired_token() -> GatewayFault:
    return _authentication("Token expired: the access token is no longer valid")


def _authentication(detail: str) -> GatewayFault:
    message = "message=AuthenticationFailed; errorCode=003200; statusCode=401"
    fault = GatewayFault(401, "3200", message, detail)
    fault.headers = {"WWW-Authenticate": 'Bearer realm="Intuit", error="invalid_token"'}
    return fault


def wrong_company() -> GatewayFault:
    message = "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403"
    return GatewayFault(403, "3100", message, "The application is not authorized for this company.", "SERVICE")


def throttled() -> GatewayFault:
    message = "message=ThrottleExceeded; errorCode=003001; statusCode=429"
    return GatewayFault(429, "3001", message, "The request limit was reached.  Try again later", "SERVICE")


class LostAdmin(Exception):
    """Code 120: the user who connected is no longer an administrator. Its fault type misses an i on the wire too."""

    code, status = "120", 401
    message = "Authorization Failure"
    detail = "AuthorizationFailure: --11014-You do not have access to this company."
