"""The settings of an integration."""

from __future__ import annotations

from decimal import Decimal

import pytest

from m3ter_quickbooks.bill.bill import LineItemType
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.settings import KEYS, GlobalTaxCalculation, Settings, Sort, Split, is_email
from m3ter_quickbooks.problems import BadRequest


def refusal(**config_data: object) -> list[tuple[str, str]]:
    with pytest.raises(BadRequest) as caught:
        Settings.read(config_data)
    return [(field.field, field.message) for field in caught.value.fields]


def test_without_settings_every_setting_has_its_default() -> None:
    settings = Settings.read({})

    assert settings == Settings.read(None) == Settings()
    assert settings.account_ids == frozenset()
    assert settings.only_send_bill_on_approval is False
    assert settings.split_usage_line_items is Split.ITEM_PER_AGGREGATION
    assert settings.sort_line_items_by is Sort.NONE
    assert settings.account_filter is None
    assert settings.quick_books_item_mapping == {}


def test_every_setting_is_read() -> None:
    settings = Settings.read(
        {
            "accountIds": ["a1", "a2"],
            "restrictedAccountIds": ["a3"],
            "integrationDisabledNotificationUsers": ["u1", "u2", "u1"],
            "onlySendBillOnApproval": True,
            "useExternalMappingAccountCode": True,
            "excludedLineItemTypes": ["AD_HOC", "CREDIT_MEMO"],
            "accountFilter": "currency == EUR",
            "enforceExternalMappingsForConfig": True,
            "splitUsageLineItems": "ITEM_PER_USAGE_BAND",
            "quickBooksItemMapping": {"CREDIT_MEMO": "12", "DEBIT_MEMO": "", "AD_HOC": 13, "BALANCE_FEE": None},
            "sendZeroQuantityLineItems": True,
            "allowBankTransferPayment": True,
            "allowCreditCardPayment": True,
            "bccInvoiceEmailAddress": "books@vendor.example",
            "accountManagerEmailCustomField": "accountManagerEmail",
            "sortLineItemsBy": "SUBTOTAL",
            "requireItemMapping": True,
            "taxCode": "5",
            "globalTaxCalculation": "NotApplicable",
            "voidInvoiceOnBillDeletion": True,
            "dailySummary": True,
        }
    )

    assert settings.account_ids == {"a1", "a2"}
    assert settings.restricted_account_ids == {"a3"}
    assert settings.integration_disabled_notification_users == ("u1", "u2")
    assert settings.excluded_line_item_types == {LineItemType.AD_HOC, LineItemType.CREDIT_MEMO}
    assert settings.account_filter is not None
    assert settings.account_filter.text == "currency == EUR"
    assert settings.split_usage_line_items is Split.ITEM_PER_USAGE_BAND
    assert settings.quick_books_item_mapping == {LineItemType.CREDIT_MEMO: "12", LineItemType.AD_HOC: "13"}
    assert settings.bcc_invoice_email_address == "books@vendor.example"
    assert settings.account_manager_email_custom_field == "accountManagerEmail"
    assert settings.sort_line_items_by is Sort.SUBTOTAL
    assert settings.tax_code == "5"
    assert settings.global_tax_calculation is GlobalTaxCalculation.NOT_APPLICABLE
    switches = [
        settings.only_send_bill_on_approval,
        settings.use_external_mapping_account_code,
        settings.enforce_external_mappings_for_config,
        settings.send_zero_quantity_line_items,
        settings.allow_bank_transfer_payment,
        settings.allow_credit_card_payment,
        settings.require_item_mapping,
        settings.void_invoice_on_bill_deletion,
        settings.daily_summary,
    ]
    assert switches == [True] * 9


def test_there_are_sixteen_settings_of_m3ters_and_five_of_ours() -> None:
    assert len(KEYS) == 21
    ours = ("requireItemMapping", "taxCode", "globalTaxCalculation", "voidInvoiceOnBillDeletion", "dailySummary")
    assert KEYS[-5:] == ours


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("unset", [None, ""])
def test_null_and_blank_mean_unset(key: str, unset: object) -> None:
    settings = Settings.read({key: unset})

    assert settings == Settings(raw={key: unset})


def test_unknown_keys_are_kept_as_they_came() -> None:
    given = {"foo": {"bar": Decimal("1.50")}, "accountIds": None}

    assert Settings.read(given).config_data() == given


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("accountIds", "a1", "must be a list of texts"),
        ("accountIds", ["a1", ""], "none of them empty"),
        ("restrictedAccountIds", [5], "must be a list of texts"),
        ("integrationDisabledNotificationUsers", {}, "must be a list of texts"),
        ("onlySendBillOnApproval", "true", "must be true or false"),
        ("sendZeroQuantityLineItems", 1, "must be true or false"),
        ("excludedLineItemTypes", ["USAGE", "TELEPATHY"], "'TELEPATHY' is not a line item type; there are STANDING"),
        ("accountFilter", "currency == EUR AND seats > 3", "column 21: seats is not known here"),
        ("accountFilter", 5, "must be text"),
        ("splitUsageLineItems", "ITEM_PER_HOUR", "must be one of ITEM_PER_USAGE_BAND, ITEM_PER_PRODUCT, ITEM_PER_AG"),
        ("quickBooksItemMapping", ["12"], "must be an object"),
        ("quickBooksItemMapping", {"CREDIT_MEMO": True}, "the QuickBooks item id of CREDIT_MEMO must be text"),
        (
            "quickBooksItemMapping",
            {"CREDIT_MEMO": {"value": "1"}},
            "the QuickBooks item id of CREDIT_MEMO must be text",
        ),
        ("quickBooksItemMapping", {"TELEPATHY": "12"}, "'TELEPATHY' is not a line item type"),
        ("bccInvoiceEmailAddress", "books", "is not an e-mail address"),
        ("bccInvoiceEmailAddress", ["books@vendor.example"], "must be text"),
        ("bccInvoiceEmailAddress", f"{'b' * 60}@{'v' * 40}.example", "at most 100 characters"),
        ("accountManagerEmailCustomField", "manager@vendor.example", "must be the name of an Account custom field"),
        ("accountManagerEmailCustomField", " manager", "without spaces around it"),
        ("sortLineItemsBy", "DATE", "must be one of NONE, SUBTOTAL, AGGREGATION_ID"),
        ("taxCode", "TAX\n", "control characters"),
        ("globalTaxCalculation", "TaxSometimes", "must be one of TaxExcluded, TaxInclusive, NotApplicable"),
    ],
)
def test_an_unknown_value_of_a_known_key_is_refused(key: str, value: object, words: str) -> None:
    [(field, message)] = refusal(**{key: value})

    assert field == f"configData.{key}"
    assert words in message


def test_all_bad_fields_are_told_at_once() -> None:
    fields = [
        field for field, _ in refusal(sortLineItemsBy=3, accountIds=3, taxCode="fine", bccInvoiceEmailAddress="x")
    ]

    assert fields == ["configData.accountIds", "configData.bccInvoiceEmailAddress", "configData.sortLineItemsBy"]


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("billing@acme.example", True),
        ("first.last+tag@sub.acme.example", True),
        ("a@b", False),
        ("a b@acme.example", False),
        ("a@acme.example, b@acme.example", False),
        ("ünïcode@acme.example", False),
        ("", False),
    ],
)
def test_addresses_that_quickbooks_takes(text: str, *, valid: bool) -> None:
    assert is_email(text) is valid


@pytest.mark.parametrize(
    ("text", "destination"),
    [
        ("QuickBooks", Destination.QUICKBOOKS),
        ("quickbooks", Destination.QUICKBOOKS),
        ("QUICKBOOKS_SANDBOX", Destination.QUICKBOOKS_SANDBOX),
        ("quickbooks-sandbox", Destination.QUICKBOOKS_SANDBOX),
        ("QuickBooksSandbox", Destination.QUICKBOOKS_SANDBOX),
    ],
)
def test_a_destination_is_read_in_any_spelling(text: str, destination: Destination) -> None:
    assert Destination.read(text) is destination


def test_an_unknown_destination_is_told_which_there_are() -> None:
    with pytest.raises(ValueError, match="supported are QuickBooks and QuickBooksSandbox"):
        Destination.read("Stripe")
