"""Which mappings count, and which are asked for."""

from __future__ import annotations

import pytest

from m3ter_quickbooks.integration.mapping import ITEM, MappingKey, Mappings, keys_needed
from tests.unit.making import CONFIGURATION, CUSTOMER, SYSTEM, a_band, a_bill, a_line, an_integration, mapped, usage

OTHER = "c0f10000-0000-4000-8000-000000000002"


def found(*external: str, enforced: bool = False) -> str | None:
    """Which of Product p1's mappings counts. `any` has no parent, `own` belongs to us, `other` to another."""
    parents = {"any": None, "own": CONFIGURATION, "other": OTHER}
    mappings = [mapped("Product", "p1", "Item", name, parent=parents[name]) for name in external]
    mapping = Mappings(mappings, an_integration(enforceExternalMappingsForConfig=enforced)).find("Product", "p1", ITEM)
    return mapping.external_id if mapping else None


@pytest.mark.parametrize(
    ("external", "counts"),
    [
        (["any"], "any"),
        (["own"], "own"),
        (["any", "own"], "own"),
        (["own", "any"], "own"),
        (["other"], None),
        ([], None),
    ],
)
def test_its_own_mapping_comes_before_one_without_a_parent(external: list[str], counts: str | None) -> None:
    assert found(*external) == counts


@pytest.mark.parametrize(("external", "counts"), [(["any"], None), (["any", "own", "other"], "own"), (["other"], None)])
def test_enforced_only_its_own_count(external: list[str], counts: str | None) -> None:
    assert found(*external, enforced=True) == counts


def test_a_mapping_of_another_system_or_table_does_not_count() -> None:
    production = mapped("Product", "p1", "Item", "1", system="QuickBooks")
    customer = mapped("Product", "p1", "Customer", "2")

    assert Mappings([production, customer], an_integration()).find("Product", "p1", ITEM) is None


def test_a_mapping_knows_what_makes_it_unique() -> None:
    assert CUSTOMER.key == MappingKey("Account", "a1", SYSTEM, "Customer", None)


def wanted(bill_lines: list[dict[str, object]], **config_data: object) -> list[str]:
    keys = keys_needed(a_bill(*bill_lines), an_integration(enforceExternalMappingsForConfig=True, **config_data))
    assert len(set(keys)) == len(keys)
    return [f"{key.m3ter_entity} {key.m3ter_id} -> {key.external_table}" for key in keys]


BANDS = [a_band(1, 1, 1), a_band(2, 2, 1, pricingBandId="pb2"), a_band(0, 0, 0, pricingBandId=None)]
BANDED = usage(3, 3, 1, compoundAggregationId="g2", accountingProductId="p9", usagePerPricingBand=BANDS)


@pytest.mark.parametrize(
    ("split", "rungs"),
    [
        (
            "ITEM_PER_USAGE_BAND",
            [
                "PricingBand pb1",
                "Aggregation g1",
                "CompoundAggregation g2",
                "Product p9",
                "Product p1",
                "PricingBand pb2",
            ],
        ),
        ("ITEM_PER_AGGREGATION", ["Aggregation g1", "CompoundAggregation g2", "Product p9", "Product p1"]),
        ("ITEM_PER_PRODUCT", ["Product p9", "Product p1"]),
    ],
)
def test_the_keys_of_a_usage_line_depend_on_the_split(split: str, rungs: list[str]) -> None:
    keys = wanted([BANDED], splitUsageLineItems=split)

    assert keys == ["Account a1 -> Customer", *(f"{rung} -> Item" for rung in rungs)]


def test_other_lines_only_ask_for_products() -> None:
    line = a_line(5, aggregationId="g1", accountingProductId="p1")

    assert wanted([line, line]) == ["Account a1 -> Customer", "Product p1 -> Item"]


def test_lines_that_are_left_out_or_have_their_item_ask_for_nothing() -> None:
    lines = [a_line(5, lineItemType="CREDIT_MEMO"), a_line(5, lineItemType="AD_HOC")]

    assert wanted(lines, quickBooksItemMapping={"CREDIT_MEMO": "1"}, excludedLineItemTypes=["AD_HOC"]) == [
        "Account a1 -> Customer"
    ]


def test_unless_enforced_mappings_without_a_parent_are_asked_for_too() -> None:
    keys = keys_needed(a_bill(), an_integration())

    assert keys == [
        MappingKey("Account", "a1", SYSTEM, "Customer", CONFIGURATION),
        MappingKey("Account", "a1", SYSTEM, "Customer", None),
    ]


def test_a_bill_without_lines_or_account_asks_for_nothing() -> None:
    assert keys_needed(a_bill(accountId=None, lineItems=None), an_integration()) == []


def test_a_line_without_any_product_asks_for_nothing() -> None:
    bare = a_line(5, productId=None)
    metered = usage(5, 5, 1, aggregationId=None, productId=None)

    assert wanted([bare, metered]) == ["Account a1 -> Customer"]
