"""Which QuickBooks item each line is booked on (rule 4)."""

from __future__ import annotations

from dataclasses import dataclass, field

from m3ter_quickbooks.bill.bill import BillLine
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.integration.mapping import ITEM, PRICING_BAND, Mappings, Rung, item_ladder
from m3ter_quickbooks.invoice.findings import Findings, name_of, name_of_line
from m3ter_quickbooks.invoice.text import listed


@dataclass(frozen=True, slots=True)
class ItemChoice:
    """An item, or none; `why` is for people."""

    item_id: str | None
    why: str


@dataclass(slots=True)
class Items:
    """Chooses items, and remembers for which objects there was none."""

    integration: Integration
    mappings: Mappings
    _unmapped: dict[tuple[object, ...], tuple[list[Rung], list[str]]] = field(default_factory=dict)

    def choose(self, line: BillLine, band_id: str | None = None) -> ItemChoice:
        """The item of a line, or of one of its pricing bands."""
        settings = self.integration.settings
        if line.type is not None and line.type in settings.quick_books_item_mapping:
            item_id = settings.quick_books_item_mapping[line.type]
            return ItemChoice(item_id, f"Item {item_id}: quickBooksItemMapping.{line.type}.")
        ladder = item_ladder(line, settings.split_usage_line_items, band_id)
        for rung in ladder:
            mapping = self.mappings.find(rung.m3ter_entity, rung.m3ter_id, ITEM)
            if mapping is not None:
                rung_name = name_of(rung.m3ter_entity, rung.m3ter_id, rung.name)
                return ItemChoice(
                    mapping.external_id, f"Item {mapping.external_id}: {rung_name}, mapping {mapping.id}."
                )
        # The bands of a line are not told one by one: mapping what they have in common is enough.
        shared = [rung for rung in ladder if rung.m3ter_entity != PRICING_BAND] or ladder
        key = tuple((rung.m3ter_entity, rung.m3ter_id) for rung in shared) or (line.line_item_type,)
        self._unmapped.setdefault(key, (shared, []))[1].append(name_of_line(line))
        return ItemChoice(None, "No item: nothing is mapped, QuickBooks books it on its default item.")

    def report(self, findings: Findings) -> None:
        """One warning for each object without an item; with `requireItemMapping` one problem."""
        for ladder, lines in self._unmapped.values():
            names = listed(list(dict.fromkeys(lines)), most=3)
            if ladder:
                objects = " or ".join(name_of(rung.m3ter_entity, rung.m3ter_id, rung.name) for rung in ladder)
                cure = f"Map {objects} to an Item of {self.integration.destination}"
            else:
                cure = "It has no product: set an item for its type in quickBooksItemMapping"
            if self.integration.settings.require_item_mapping:
                findings.problem(f"Line {names} has no QuickBooks item, and requireItemMapping is on. {cure}.")
            else:
                findings.warning(
                    f"Line {names} has no QuickBooks item; QuickBooks will book it on its default item. {cure}."
                )
