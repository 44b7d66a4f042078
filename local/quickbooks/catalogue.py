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
    "100": Known("General Authentication Error", "AuthenticationErrorGeneral: general authentication error", 401),
    "110": Known("Authentication OAuth Error", "AuthenticationOAuthError: general authorization error", 403),
    "120": Known("Authorization Failure", "AuthorizationFailure: --11014-You do not have access to this company.", 401),
    "130": Known("Accessing Wrong Cluster", "WrongClusterError: the company lives elsewhere, statusCode: 503", 503),
    "140": Known("Company Locked Out", "CompanyLockedOut: the company is locked, statusCode: 503", 503),
    "150": Known("Company Under Maintenance", "CompanyUnderMaintenance: try again later, statusCode: 503", 503),
    "400": Known("MalformedRequest", "Batch Request is Empty"),
    "500": Known("Unsupported Operation", "Operation is not supported."),
    "600": Known("Duplicate Request ID", "The request ID is in use already."),
    "610": Known(
        "Object Not Found",
        "Object Not Found : Something you're trying to use has been made inactive. "
        "Check the fields with accounts, customers, items, vendors or employees.",
    ),
    "620": Known("Txn ID Cannot Be Linked", "Txn ID Cannot Be Linked : 101"),
    "630": Known("Duplicate Object", "The object exists already."),
    "800": Known("Cannot delete object", "Cannot delete object : delete what depends on it first."),
    "1000": Known("Operation failed", "Operation create failed."),
    "1010": Known("Create Failed", "Object creation failed, Invoice."),
    "1020": Known("Update Failed", "Object update failed, Invoice."),
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
    "2070": Known("Invalid Date", "The date value must be a valid value. Supplied value:2026-02-30"),
    "2080": Known("Invalid Number Format", "Invalid number."),
    "2090": Known("Invalid Number", "Invalid Number"),
    "2100": Known("Invalid Decimal Format", "Invalid decimal."),
    "2110": Known("Invalid Decimal", "Invalid Decimal : -1"),
    "2130": Known("Invalid Request Id Format", "The format of the request id is not supported."),
    "2140": Known("Invalid Amount", "The amount is invalid."),
    "2150": Known("Invalid Percent", "The percentage is invalid."),
    "2160": Known("Invalid Quantity", "The quantity is invalid."),
    "2170": Known("Invalid Enumeration", "Invalid Enumeration: HAS_BEEN_BILLED"),
    "2210": Known("Invalid Email Address format", "The email address does not conform to the syntax rules of RFC 822."),
    "2220": Known("Invalid Currency Type", "Invalid currency."),
    "2250": Known("Missing lines", "You must enter at least one split line."),
    "2290": Known("NegativeAmount", "Negative amounts aren't supported on transaction lines."),
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
    "5030": Known("Feature Not Supported", "The feature is not available in this company.", 403),
    "6000": Known(
        "A business validation error has occurred while processing your request",
        "Business Validation Error: Unexpected Internal Error. (-30003)",
    ),
    "6070": Known("Amount calculation incorrect in the request.", "Amount is not equal to UnitPrice * Qty."),
    "6080": Known("No Name Provided", "At least one part of the name is required."),
    "6090": Known("Discount Line missing required info", "A discount amount or percent is required."),
    "6100": Known("Invalid tax code", "Only TAX or NON can be used as the tax code of a line. Supplied value: 10"),
    "6110": Known("MAS Transaction cannot be updated", "A transaction of payment processing cannot be updated."),
    "6120": Known("MAS Transaction cannot be deleted", "A transaction of payment processing cannot be deleted."),
    "6130": Known("Cannot change who customer bills with", "There are invoices connected to the parent account."),
    "6140": Known(
        "Duplicate Document Number Error",
        "Duplicate Document Number Error : You must specify a different number. This number has already been used.",
    ),
    "6160": Known("Invalid TaxCodeRef Error", "The CustomSalesTax ID can't be used to create a transaction."),
    "6170": Known("TxnTaxDetail not allowed", "TxnTaxDetail must not be sent when tax does not apply."),
    "6180": Known("Nesting too deep", "At most 5 levels."),
    "6190": Known("Invalid Company Status", "The subscription has ended or there is a billing problem."),
    "6200": Known("Account Period Closed", "The transaction date is in a closed period."),
    "6210": Known(
        "Account Period Closed, Cannot Update Through Services API",
        "Account Period Closed, Cannot Update Through Services API : The account period has closed "
        "and the account books cannot be updated.",
    ),
    "6220": Known("Delete Entity Has Balance Error", "The object has an open balance."),
    "6230": Known("Invalid TaxCodeRef Error", "The CustomSalesTax ID can't be used to update a transaction."),
    "6240": Known(
        "Duplicate Name Exists Error",
        "The name supplied already exists. : Another customer, vendor or employee is already using this name. "
        "Please use a different name.",
    ),
    "6250": Known("InvalidSalesCustomer", "The customer doesn't exist, or is inactive."),
    "6270": Known("InventoryTxnDatedBeforeItemStartDate", "The transaction is dated before the item's start date."),
    "6280": Known("Delete Customer Has Unbilled Expenses Error", "The customer has unbilled charges."),
    "6310": Known("MissingCustomer", "A customer is required if the transaction is billable."),
    "6400": Known("Deleting linkedPurchase results in invalid Invoice", "An invoice is linked to the purchase."),
    "6420": Known("Email address is required", "Add an email address to send this transaction."),
    "6430": Known("Invalid account type used", "Invalid account type: Income"),
    "6440": Known("Transaction Detail Information Required", "A split line needs a product or service, or an account."),
    "6450": Known("Attempt to Void Transaction failed", "The transaction is settled already and can't be voided."),
    "6460": Known("Invoice MAS Transaction Deposit Amount mismatch", "Deposit and credit card amount don't match."),
    "6470": Known("TaxLiabilityAccount or TaxRateError", "A tax rate is missing, or a tax is not allowed here."),
    "6480": Known("Matched Transaction Delete Error", "The transaction is matched to another one in a bank account."),
    "6520": Known("Missing Tracked Inventory Item Quantity", "The tracked inventory item must have a quantity."),
    "6540": Known("Deposited Transaction cannot be changed", "Deposited Transaction cannot be changed"),
    "10000": Known("An application error has occurred while processing your request", "System Failure Error", 500),
    "10100": Known("Result Set Big", "The result for the query is too large."),
    "10200": Known("Company Reset", "Company has been reset. Request for CUD is stale."),
}


def fault_of(code: str, message: str | None = None, detail: str | None = None, status: int | None = None) -> Fault:
    """A fault as asked for; what was not said is as QuickBooks says it for this code."""
    known = CODES.get(code, CODES["6000"])
    return Fault(code, message or known.message, detail or known.detail, status=status or known.status)
