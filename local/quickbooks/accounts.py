"""The chart of accounts: which type a sub-type belongs to, what class that is, and accounts under accounts.

Intuit's reference of Account; the sub-types are those that it lists for a company in the United States.
"""

from local.quickbooks import problems
from local.quickbooks.books import Books
from local.quickbooks.company import CURRENCIES, currency_reference
from local.quickbooks.entities import Entity
from local.quickbooks.names import qualified
from local.quickbooks.wire import Json

_CLASS_OF = {
    "Bank": "Asset", "Accounts Receivable": "Asset", "Other Current Asset": "Asset", "Fixed Asset": "Asset",
    "Other Asset": "Asset", "Equity": "Equity", "Expense": "Expense", "Other Expense": "Expense",
    "Cost of Goods Sold": "Expense", "Accounts Payable": "Liability", "Credit Card": "Liability",
    "Long Term Liability": "Liability", "Other Current Liability": "Liability", "Income": "Revenue",
    "Other Income": "Revenue",
}  # fmt: skip
# The first sub-type of a type is the one that an account gets when nobody says which.
_SUB_TYPES = {
    "Bank": "CashOnHand Checking MoneyMarket RentsHeldInTrust Savings TrustAccounts",
    "Accounts Receivable": "AccountsReceivable",
    "Other Current Asset": "EmployeeCashAdvances AllowanceForBadDebts DevelopmentCosts Inventory"
    " Investment_MortgageRealEstateLoans Investment_Other Investment_TaxExemptSecurities"
    " Investment_USGovernmentObligations LoansToOfficers LoansToOthers"
    " LoansToStockholders OtherCurrentAssets PrepaidExpenses Retainage UndepositedFunds",
    "Fixed Asset": "FurnitureAndFixtures AccumulatedAmortization AccumulatedDepletion AccumulatedDepreciation Buildings"
    " DepletableAssets FixedAssetComputers FixedAssetCopiers FixedAssetFurniture FixedAssetOtherToolsEquipment"
    " FixedAssetPhone FixedAssetPhotoVideo FixedAssetSoftware IntangibleAssets Land LeaseholdImprovements"
    " MachineryAndEquipment OtherFixedAssets Vehicles",
    "Other Asset": "OtherLongTermAssets AccumulatedAmortizationOfOtherAssets Goodwill LeaseBuyout Licenses"
    " OrganizationalCosts SecurityDeposits",
    "Accounts Payable": "AccountsPayable",
    "Credit Card": "CreditCard",
    "Other Current Liability": "OtherCurrentLiabilities DirectDepositPayable FederalIncomeTaxPayable InsurancePayable"
    " LineOfCredit LoanPayable PayrollClearing PayrollTaxPayable PrepaidExpensesPayable RentsInTrustLiability"
    " SalesTaxPayable StateLocalIncomeTaxPayable TrustAccountsLiabilities UndistributedTips",
    "Long Term Liability": "OtherLongTermLiabilities NotesPayable ShareholderNotesPayable",
    "Equity": "OpeningBalanceEquity AccumulatedAdjustment CommonStock EstimatedTaxes Healthcare OwnersEquity"
    " PaidInCapitalOrSurplus PartnerContributions PartnerDistributions PartnersEquity PersonalExpense PersonalIncome"
    " PreferredStock RetainedEarnings TreasuryStock",
    "Income": "SalesOfProductIncome DiscountsRefundsGiven NonProfitIncome OtherPrimaryIncome ServiceFeeIncome"
    " UnappliedCashPaymentIncome",
    "Other Income": "OtherMiscellaneousIncome DividendIncome InterestEarned OtherInvestmentIncome TaxExemptInterest",
    "Cost of Goods Sold": "SuppliesMaterialsCogs CostOfLaborCos EquipmentRentalCos OtherCostsOfServiceCos"
    " ShippingFreightDeliveryCos",
    "Expense": "OfficeGeneralAdministrativeExpenses AdvertisingPromotional Auto BadDebts BankCharges"
    " CharitableContributions CommissionsAndFees"
    " CostOfLabor DuesSubscriptions Entertainment EntertainmentMeals EquipmentRental FinanceCosts GlobalTaxExpense"
    " Insurance InterestPaid LegalProfessionalFees OfficeExpenses Travel"
    " OtherBusinessExpenses OtherMiscellaneousServiceCost PayrollExpenses PromotionalMeals RentOrLeaseOfBuildings"
    " RepairMaintenance ShippingFreightDelivery SuppliesMaterials TaxesPaid TravelMeals UnappliedCashBillPaymentExpense"
    " Utilities",
    "Other Expense": "OtherMiscellaneousExpense Amortization Depreciation ExchangeGainOrLoss GasAndFuel HomeOffice"
    " HomeOwnerRentalInsurance MortgageInterest OtherHomeOfficeExpenses OtherVehicleExpenses ParkingAndTolls"
    " PenaltiesSettlements RentUtilities VehicleExpenses VehicleInsurance VehicleLease VehicleLoan"
    " VehicleRegistration VehicleRepairs WashAndRoadServices",
}
_TYPE_OF = {sub: kind for kind, subs in _SUB_TYPES.items() for sub in subs.split()}
_DERIVED = ("Classification", "CurrentBalance", "CurrentBalanceWithSubAccounts", "CurrencyRef")


def compose(books: Books, entity: Entity, said: Json, stored: Json | None) -> Json:
    """Raises 2020 without a type, 2170 for one that is none, 6000 where type, sub-type, parent or currency disagree."""
    kind, sub = _type(said)
    if "Name" in said and '"' in str(said["Name"]):
        detail = "Invalid String : The name of an account must not contain double quotes."
        raise problems.Fault("2040", "Invalid String", detail, "Name")
    parent = said.get("ParentRef")
    above = parent if isinstance(parent, dict) and parent.get("value") is not None else None
    if above and books.referred("Account", above, "ParentRef")["AccountType"] != kind:
        raise problems.business("The parent account must have the same account type as its sub-account.")
    name, full = qualified(books, entity, said, stored, 100)
    balance = stored or {}
    kept = {key: value for key, value in said.items() if key not in _DERIVED}
    return {
        **kept,
        "Name": name,
        "SubAccount": ":" in full,
        "FullyQualifiedName": full,
        "Active": said.get("Active", True),
        "Classification": _CLASS_OF[kind],
        "AccountType": kind,
        "AccountSubType": sub,
        "CurrentBalance": balance.get("CurrentBalance", 0),
        "CurrentBalanceWithSubAccounts": balance.get("CurrentBalanceWithSubAccounts", 0),
        "CurrencyRef": currency_reference(_currency(books, said, stored)),
    }


def _type(said: Json) -> tuple[str, str]:
    """Type and sub-type: one of them is enough (facts 9.2: python-quickbooks sends the sub-type alone)."""
    kind, sub = said.get("AccountType"), said.get("AccountSubType")
    if not kind and not sub:
        raise problems.missing("AccountType")
    if kind and kind not in _CLASS_OF:
        raise problems.bad_enumeration("AccountType", kind)
    if sub and sub not in _TYPE_OF:
        raise problems.bad_enumeration("AccountSubType", sub)
    if not sub:
        return str(kind), _SUB_TYPES[str(kind)].split()[0]
    if kind and _TYPE_OF[str(sub)] != kind:
        raise problems.business("The account sub-type doesn't belong to the account type.")
    return _TYPE_OF[str(sub)], str(sub)


def _currency(books: Books, said: Json, stored: Json | None) -> str:
    """The currency is chosen once, when the account is made."""
    home = books.company.home_currency
    if stored is not None:
        return str(stored["CurrencyRef"]["value"])
    code = str((said.get("CurrencyRef") or {}).get("value", home))
    if code not in CURRENCIES:
        raise problems.bad_currency(code)
    if code != home and not books.company.multicurrency:
        raise problems.business("Multi Currency should be enabled to perform this operation")
    return code
