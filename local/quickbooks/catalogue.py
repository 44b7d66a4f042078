"""The error codes that matter to invoicing (facts 1.7), for faults on demand.

Details that were seen on the wire are given as seen; where only Intuit's table names a code, the text is ours.
"""

from dataclasses import dataclass

from local.quickbooks.problems import Fault


@dataclass(frozen=True, slots=True)
class Known:
    message: str
    detail: str
    status: int = 400


CODES: dict[str, Known] = {
    "100": Known("General Authentication Error", "General authentication error.", 401),
    "110": Known("General Authorization Error", "General authorization error.", 403),
    "120": Known("Authorization Failure", "AuthorizationFailure: --11014-You do not have access to this company.", 401),
    "130": Known("Invalid Cluster", "The request was sent to the wrong cluster.", 503),
    "140": Known("Company Locked", "The company is locked.", 503),
    "150": Known("Maintenance", "The company is being maintained. Try again later.", 503),
    "400": Known("MalformedRequest", "Batch Request is Empty"),
    "500": Known("Unsupported Operation", "Operation is not supported."),
    "600": Known("Duplicate Request ID", "The request id was used already."),
    "610": Known(
        "Object Not Found",
        "Object Not Found : Something you're trying to use has been made inactive. "
        "Check the fields with accounts, customers, items, vendors or employees.",
    ),
    "620": Known("Transaction Could Not Be Linked", "The transaction could not be linked."),
    "630": Known("Duplicate Object", "The object exists already."),
    "800": Known("Delete Not Allowed", "The object has dependencies and cannot be deleted."),
    "1000": Known("Operation Failed", "The operation failed."),
    "1010": Known("Create Failed", "The object could not be created."),
    "1020": Known("Update Failed", "The object could not be updated."),
    "1040": Known("Batch size limit exceeded", "Batch size is over the limit of 30."),
    "2010": Known(
        "Request has invalid or unsupported property",
        "Property Name:failed to parse json object; a property specified is unsupported or invalid",
    ),
    "2020": Known(
        "Required param missing, need to supply the required value for the API",
        "Required parameter Line is missing in the request",
    ),
    "2030": Known("Invalid ID", "Id should be a valid number. Supplied value:1.5"),
    "2050": Known(
        "String length is either shorter or longer than supported by specification",
        "String length specified does not match the supported length. Min:0 Max:21 supported. Supplied length:45",
    ),
    "2060": Known("Invalid Date Format", "Invalid date."),
    "2070": Known("Invalid Date Range", "The date is out of range."),
    "2080": Known("Invalid Number Format", "Invalid number."),
    "2090": Known("Invalid Number", "Invalid Number"),
    "2100": Known("Invalid Decimal Format", "Invalid decimal."),
    "2110": Known("Invalid Decimal Range", "The decimal is out of range."),
    "2130": Known("Invalid Request Id", "The format of the request id is not supported."),
    "2140": Known("Invalid Amount", "The amount is invalid."),
    "2150": Known("Invalid Percent", "The percentage is invalid."),
    "2160": Known("Invalid Quantity", "The quantity is invalid."),
    "2170": Known("Invalid Enumeration", "Invalid Enumeration: HAS_BEEN_BILLED"),
    "2210": Known("Invalid Email Address format", "The email address does not conform to the syntax rules of RFC 822."),
    "2220": Known("Invalid Currency Type", "Invalid currency."),
    "2250": Known("Lines Missing", "At least one line is required."),
    "2290": Known("Negative Amount", "A negative amount is not supported on this line."),
    "2410": Known("Curreny and exchange rate required", "A foreign currency needs its exchange rate."),
    "2500": Known("Invalid Reference Id", "Invalid Reference Id : Line.SalesItemLineDetail.ItemRef"),
    "3000": Known("Invalid Custom Field", "The custom field is invalid."),
    "3202": Known("Empty Field", "The field oauth_token is empty.", 401),
    "4000": Known("Error parsing query", "QueryParserError: Encountered an unexpected word."),
    "4001": Known("Invalid query", "QueryValidationError: invalid context declaration"),
    "4002": Known("Error processing query", "QueryProcessingError: an object could not be read."),
    "5010": Known(
        "Stale Object Error",
        "Stale Object Error : You and Sandbox User were working on this at the same time. "
        "Sandbox User finished before you did, so your work was not saved.",
    ),
    "5020": Known("Permission Denied", "The user has no permission for this.", 403),
    "5030": Known("Feature Not Available", "The feature is not available in this company.", 403),
    "6000": Known(
        "A business validation error has occurred while processing your request",
        "Business Validation Error: Unexpected Internal Error. (-30003)",
    ),
    "6070": Known("Amount calculation incorrect in the request.", "Amount is not equal to UnitPrice * Qty."),
    "6080": Known("Name is required", "At least one part of the name is required."),
    "6090": Known("Discount Line Incomplete", "The discount line is not complete."),
    "6100": Known("Invalid tax code", "Only TAX or NON can be used as the tax code of a line. Supplied value: 10"),
    "6110": Known("Update Not Allowed", "A transaction of payment processing cannot be updated."),
    "6120": Known("Delete Not Allowed", "A transaction of payment processing cannot be deleted."),
    "6130": Known("Update Not Allowed", "Whom the customer bills with cannot be changed."),
    "6140": Known(
        "Duplicate Document Number Error",
        "Duplicate Document Number Error : You must specify a different number. This number has already been used.",
    ),
    "6160": Known("Invalid Sales Tax", "CustomSalesTax cannot be used on create."),
    "6170": Known("TxnTaxDetail not allowed", "TxnTaxDetail must not be sent when tax does not apply."),
    "6180": Known("Nesting too deep", "At most 5 levels."),
    "6190": Known("Invalid Company Status", "The subscription has ended or there is a billing problem."),
    "6200": Known("Account Period Closed", "The transaction date is in a closed period."),
    "6210": Known(
        "Account Period Closed, Cannot Update Through Services API",
        "Account Period Closed, Cannot Update Through Services API : The account period has closed "
        "and the account books cannot be updated.",
    ),
    "6220": Known("Delete Not Allowed", "The object has a balance."),
    "6230": Known("Invalid Sales Tax", "CustomSalesTax cannot be used on update."),
    "6240": Known(
        "Duplicate Name Exists Error",
        "The name supplied already exists. : Another customer, vendor or employee is already using this name. "
        "Please use a different name.",
    ),
    "6250": Known("Invalid Customer", "The customer is invalid or inactive."),
    "6270": Known("Invalid Date", "The item is dated before its start date."),
    "6280": Known("Delete Not Allowed", "The customer has unbilled charges."),
    "6310": Known("Customer Missing", "A billable line needs its customer."),
    "6400": Known("Delete Not Allowed", "An invoice is linked to the purchase."),
    "6420": Known("Email address is required", "Add an email address to send this transaction."),
    "6430": Known("Invalid Account Type", "The account is of the wrong type."),
    "6440": Known("Split Line Incomplete", "A split line needs an item or an account."),
    "6450": Known("Void Refused", "The transaction is settled already."),
    "6460": Known("Amounts Differ", "Deposit and card amount differ."),
    "6470": Known("Invalid Tax Rate", "Tax is not allowed here, or its rate is missing."),
    "6480": Known("Delete Not Allowed", "The transaction is matched to a bank transaction."),
    "6520": Known("Quantity Missing", "A tracked item needs its quantity."),
    "6540": Known("Deposited Transaction cannot be changed", "Deposited Transaction cannot be changed"),
    "10000": Known("An application error has occurred while processing your request", "System Failure Error", 500),
    "10100": Known("Result Too Large", "The result of the query is too large."),
    "10200": Known("Company Reset", "The company was reset; the request is out of date."),
}


def fault_of(code: str, message: str | None, detail: str | None, status: int | None) -> Fault:
    """A fault as asked for; what was not said is as QuickBooks says it for this code."""
    known = CODES.get(code, CODES["6000"])
    return Fault(code, message or known.message, detail or known.detail, status=status or known.status)
