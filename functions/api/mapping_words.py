"""The words of a mapping: which entities, systems and tables there are, and which belong together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.integration.mapping import (
    ACCOUNT,
    AGGREGATION,
    BILL,
    COMPOUND_AGGREGATION,
    CREDIT_MEMO,
    CUSTOMER,
    INVOICE,
    ITEM,
    PRICING_BAND,
    PRODUCT,
    MappingKey,
)
from m3ter_quickbooks.problems import BadRequest, FieldProblem

TABLES: Mapping[str, tuple[str, ...]] = {
    ACCOUNT: (CUSTOMER,),
    PRODUCT: (ITEM,),
    AGGREGATION: (ITEM,),
    COMPOUND_AGGREGATION: (ITEM,),
    PRICING_BAND: (ITEM,),
    BILL: (INVOICE, CREDIT_MEMO),
}
"""m3ter entity -> the QuickBooks tables that can stand for it. Any other mapping would never be looked at."""

SYSTEMS = tuple(destination.value for destination in Destination)


def key(entity: str, m3ter_id: str, system: str, table: str, configuration_id: ConfigurationId | None) -> MappingKey:
    """The identity of a mapping in the words that bills look it up by; any case will do.

    Raises BadRequest, with every word that there is not.
    """
    wrong: list[FieldProblem] = []
    known_entity = _among(TABLES, entity)
    if known_entity is None:
        wrong.append(FieldProblem("m3terEntity", f"is not known; known are {_listed(TABLES)}."))
    known_system = system_or_none(system)
    if known_system not in SYSTEMS:
        wrong.append(FieldProblem("externalSystem", f"is not supported; supported are {_listed(SYSTEMS)}."))
    tables = TABLES.get(known_entity or "", tuple(dict.fromkeys(one for many in TABLES.values() for one in many)))
    known_table = _among(tables, table)
    if known_table is None:
        wrong.append(FieldProblem("externalTable", f"must be {_listed(tables, 'or')} for {known_entity or 'this'}."))
    if wrong or known_entity is None or known_table is None or known_system is None:
        raise BadRequest.about(*wrong)
    return MappingKey(known_entity, m3ter_id, known_system, known_table, configuration_id)


def system_or_none(name: str | None) -> str | None:
    """A system's name in its canonical spelling; one that is not ours as it came (a list of it is just empty)."""
    if not name:
        return None
    try:
        return Destination.read(name).value
    except ValueError:
        return name


def _among(words: Iterable[str], word: str) -> str | None:
    return next((one for one in words if one.casefold() == word.casefold()), None)


def _listed(words: Iterable[str], last: str = "and") -> str:
    *most, end = words
    return f"{', '.join(most)} {last} {end}" if most else end
