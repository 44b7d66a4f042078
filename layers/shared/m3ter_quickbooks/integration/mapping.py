"""External mappings: which QuickBooks object stands for which of m3ter's (m3ter facts 8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from m3ter_quickbooks.bill.bill import Bill, BillLine
from m3ter_quickbooks.integration.identifiers import ConfigurationId, MappingId
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.integration.settings import Split

ACCOUNT = "Account"
PRODUCT = "Product"
AGGREGATION = "Aggregation"
COMPOUND_AGGREGATION = "CompoundAggregation"
PRICING_BAND = "PricingBand"
BILL = "Bill"
M3TER_ENTITIES = (ACCOUNT, PRODUCT, AGGREGATION, COMPOUND_AGGREGATION, PRICING_BAND, BILL)

CUSTOMER = "Customer"
ITEM = "Item"
INVOICE = "Invoice"
CREDIT_MEMO = "CreditMemo"
EXTERNAL_TABLES = (CUSTOMER, ITEM, INVOICE, CREDIT_MEMO)


@dataclass(frozen=True, slots=True)
class MappingKey:
    """What makes a mapping unique. `integration_config_id` None: it has no parent configuration."""

    m3ter_entity: str
    m3ter_id: str
    external_system: str
    external_table: str
    integration_config_id: ConfigurationId | None = None


@dataclass(frozen=True, slots=True)
class Mapping:
    """One mapping. `external_id` is QuickBooks' Id of the Customer, Item or document.

    `external_name` is what it was called when it was mapped, if it was looked at then: for sentences about it.
    """

    id: MappingId
    m3ter_entity: str
    m3ter_id: str
    external_system: str
    external_table: str
    external_id: str
    integration_config_id: ConfigurationId | None = None
    version: int = 1
    external_name: str | None = None

    @property
    def key(self) -> MappingKey:
        """Its identity: no second mapping may have the same."""
        return MappingKey(
            self.m3ter_entity, self.m3ter_id, self.external_system, self.external_table, self.integration_config_id
        )


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the ladder on which the item of a line is looked for. `name` is for people, may be missing."""

    m3ter_entity: str
    m3ter_id: str
    name: str | None = None


class Mappings:
    """The mappings found for one bill, as one integration may see them.

    Only those of its destination count. Its own come before those without a parent; with
    `enforceExternalMappingsForConfig` only its own count. Those of another configuration never do.
    """

    def __init__(self, found: Iterable[Mapping], integration: Integration) -> None:
        """Look at `found`, which may hold more than this integration may use."""
        self._by_key = {mapping.key: mapping for mapping in found}
        self._integration = integration

    @property
    def names(self) -> dict[tuple[str, str], str]:
        """What people call the objects that are mapped to, by table and Id."""
        return {
            (mapping.external_table, mapping.external_id): mapping.external_name
            for mapping in self._by_key.values()
            if mapping.external_name
        }

    def find(self, m3ter_entity: str, m3ter_id: str, external_table: str) -> Mapping | None:
        """The mapping that counts, None if nothing is mapped."""
        for key in _candidates(m3ter_entity, m3ter_id, external_table, self._integration):
            if key in self._by_key:
                return self._by_key[key]
        return None


def _candidates(entity: str, m3ter_id: str, table: str, integration: Integration) -> list[MappingKey]:
    system = integration.destination.value
    keys = [MappingKey(entity, m3ter_id, system, table, integration.id)]
    if not integration.settings.enforce_external_mappings_for_config:
        keys.append(MappingKey(entity, m3ter_id, system, table))
    return keys


def item_ladder(line: BillLine, split: Split, band_id: str | None = None) -> list[Rung]:
    """Where the item of a line is looked for, the first that is mapped counts (rule 4).

    per band         PricingBand -> Aggregation | CompoundAggregation -> accounting product -> Product
    per aggregation                 Aggregation | CompoundAggregation -> accounting product -> Product
    all other lines                                                      accounting product -> Product
    """
    usage = line.type is not None and line.type.is_usage
    rungs: list[Rung] = []
    if usage and split is Split.ITEM_PER_USAGE_BAND and band_id:
        rungs.append(Rung(PRICING_BAND, band_id))
    if usage and split is not Split.ITEM_PER_PRODUCT:
        if line.aggregation_id:
            rungs.append(Rung(AGGREGATION, line.aggregation_id))
        if line.compound_aggregation_id:
            rungs.append(Rung(COMPOUND_AGGREGATION, line.compound_aggregation_id))
    if line.accounting_product_id:
        rungs.append(Rung(PRODUCT, line.accounting_product_id, line.accounting_product_name))
    if line.product_id and line.product_id != line.accounting_product_id:
        rungs.append(Rung(PRODUCT, line.product_id, line.product_name))
    return rungs


def keys_needed(bill: Bill, integration: Integration) -> list[MappingKey]:
    """Every key that translating this bill may ask for, each once: the customer's first, then the items'."""
    settings = integration.settings
    keys: dict[MappingKey, None] = {}
    if bill.account_id:
        keys.update(dict.fromkeys(_candidates(ACCOUNT, bill.account_id, CUSTOMER, integration)))
    for line in bill.line_items or ():
        if line.type in settings.excluded_line_item_types or line.type in settings.quick_books_item_mapping:
            continue
        bands = {band.pricing_band_id for band in line.usage_per_pricing_band}
        for band_id in (*sorted(filter(None, bands)), None):
            for rung in item_ladder(line, settings.split_usage_line_items, band_id):
                keys.update(dict.fromkeys(_candidates(rung.m3ter_entity, rung.m3ter_id, ITEM, integration)))
    return list(keys)
