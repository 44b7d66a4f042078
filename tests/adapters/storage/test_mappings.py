"""The external mappings as the API keeps them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from m3ter_quickbooks.bill.identifiers import BillId, OrganizationId
from m3ter_quickbooks.integration.identifiers import ConfigurationId, MappingId
from m3ter_quickbooks.integration.mapping import BILL, Mapping, MappingKey
from m3ter_quickbooks.problems import BadRequest, Clash, Missing
from m3ter_quickbooks.run.ports import Closing
from m3ter_quickbooks.run.run import RunId
from m3ter_quickbooks.storage.audit import Audit
from m3ter_quickbooks.storage.deliveries import Deliveries
from m3ter_quickbooks.storage.knowledge import Knowledge
from m3ter_quickbooks.storage.mappings import Mappings
from m3ter_quickbooks.storage.runs import Runs
from m3ter_quickbooks.storage.table import Table
from tests.adapters.storage.test_runs_contract import a_snapshot, closed
from tests.unit.run.builders import NOON, a_run

LATER = NOON + timedelta(hours=1)
KEY = MappingKey("Account", "a1", "QuickBooksSandbox", "Customer")
OWN = replace(KEY, integration_config_id=ConfigurationId("config"))


@pytest.fixture
def mappings(table: Table) -> Mappings:
    return Mappings(table)


def known(table: Table, organization: OrganizationId, *keys: MappingKey) -> list[str]:
    found = Knowledge(table).about(a_run(organization_id=organization), keys, None, None).mappings
    return [mapping.external_id for mapping in found]


def test_a_new_one_is_found_from_everywhere(table: Table, mappings: Mappings, organization: OrganizationId) -> None:
    created = mappings.create(organization, OWN, "58/9 a", by="ann", at=NOON)

    assert (created.value.key, created.value.external_id) == (OWN, "58/9 a")
    assert created.audit == Audit(NOON, "ann", NOON, "ann", 1)
    assert mappings.get(organization, created.value.id) == created
    assert mappings.page(organization, size=10).items == (created,)
    assert mappings.of_m3ter(organization, "Account", "a1", size=10).items == (created,)
    assert mappings.of_external(organization, "QuickBooksSandbox", "Customer", "58/9 a", size=10).items == (created,)
    assert known(table, organization, OWN) == ["58/9 a"]


def test_a_second_one_with_the_same_identity_is_a_clash_that_names_the_first(
    mappings: Mappings, organization: OrganizationId
) -> None:
    first = mappings.create(organization, KEY, "58", by="ann", at=NOON).value

    with pytest.raises(Clash, match=f"mapping {first.id}, to Customer 58"):
        mappings.create(organization, KEY, "59", by="ann", at=NOON)

    for other in (
        OWN,
        replace(KEY, m3ter_id="a2"),
        replace(KEY, m3ter_entity="Product"),
        replace(KEY, external_system="QuickBooks"),
        replace(KEY, external_table="Item"),
        replace(KEY, integration_config_id=ConfigurationId("-")),
    ):
        mappings.create(organization, other, "58", by="ann", at=NOON)
    assert len(mappings.page(organization, size=10).items) == 7


def test_an_update_moves_it(table: Table, mappings: Mappings, organization: OrganizationId) -> None:
    one = mappings.create(organization, KEY, "58", by="ann", at=NOON).value

    moved = mappings.update(organization, one.id, OWN, "59", version=1, by="bob", at=LATER)

    assert moved.value == replace(one, integration_config_id=OWN.integration_config_id, external_id="59", version=2)
    assert moved.audit == Audit(NOON, "ann", LATER, "bob", 2)
    assert mappings.get(organization, one.id) == moved
    assert known(table, organization, KEY, OWN) == ["59"]
    again = mappings.update(organization, one.id, OWN, "60", version=2, by="bob", at=LATER)
    assert (again.audit.version, known(table, organization, OWN)) == (3, ["60"])
    assert mappings.of_external(organization, "QuickBooksSandbox", "Customer", "59", size=10).items == ()


def test_what_the_object_was_called_is_kept_for_the_bills_too(
    table: Table, mappings: Mappings, organization: OrganizationId
) -> None:
    one = mappings.create(organization, KEY, "58", by="ann", at=NOON, external_name="Acme Europe").value
    assert [found.external_name for found in mappings.found(organization, [KEY])] == ["Acme Europe"]

    mappings.update(organization, one.id, KEY, "59", version=1, by="bob", at=LATER)

    assert [found.external_name for found in mappings.found(organization, [KEY])] == [None]


def test_an_update_that_comes_late_or_onto_another_is_a_clash(
    table: Table, mappings: Mappings, organization: OrganizationId
) -> None:
    one = mappings.create(organization, KEY, "58", by="ann", at=NOON).value
    other = mappings.create(organization, OWN, "59", by="ann", at=NOON).value

    with pytest.raises(Clash, match="its version is 1"):
        mappings.update(organization, one.id, KEY, "60", version=7, by="bob", at=LATER)
    with pytest.raises(Clash, match=other.id):
        mappings.update(organization, one.id, OWN, "60", version=1, by="bob", at=LATER)
    with pytest.raises(Missing):
        mappings.update(organization, MappingId("none"), KEY, "60", version=1, by="bob", at=LATER)

    assert known(table, organization, KEY, OWN) == ["58", "59"]


def test_what_is_deleted_is_gone_and_its_identity_is_free(
    table: Table, mappings: Mappings, organization: OrganizationId
) -> None:
    one = mappings.create(organization, KEY, "58", by="ann", at=NOON)

    assert mappings.delete(organization, one.value.id) == one

    with pytest.raises(Missing):
        mappings.get(organization, one.value.id)
    with pytest.raises(Missing):
        mappings.delete(organization, one.value.id)
    assert known(table, organization, KEY) == []
    mappings.create(organization, KEY, "59", by="ann", at=NOON)


def test_lists_are_newest_first_filtered_and_paged(mappings: Mappings, organization: OrganizationId) -> None:
    for number in range(8):
        key = replace(
            KEY if number % 2 else OWN,
            m3ter_id=f"a{number // 2}",
            external_system="QuickBooks" if number >= 6 else KEY.external_system,
        )
        mappings.create(organization, key, str(number), by="ann", at=NOON + timedelta(seconds=number))

    def ids(page_size: int = 10, **filters: object) -> list[str]:
        found, token = [], None
        while True:
            page = mappings.page(organization, size=page_size, token=token, **filters)  # type: ignore[arg-type]
            found += [kept.value.external_id for kept in page.items]
            token = page.next_token
            if token is None:
                return found

    assert ids() == ids(3) == ["7", "6", "5", "4", "3", "2", "1", "0"]
    assert ids(2, system="QuickBooks") == ["7", "6"]
    assert ids(3, configuration_id=OWN.integration_config_id) == ["6", "4", "2", "0"]
    assert ids(1, m3ter_ids=["a1", "a0", "a1"]) == ["1", "0", "3", "2"]
    assert ids(1, m3ter_ids=["a1", "a3"], configuration_id=OWN.integration_config_id) == ["2", "6"]
    assert ids(entity="Product") == []
    assert ids(configuration_id=OWN.integration_config_id, system="QuickBooks") == ["6"]


def test_a_page_token_is_for_its_own_list_only(mappings: Mappings, organization: OrganizationId) -> None:
    for number in range(3):
        mappings.create(organization, replace(KEY, m3ter_id=f"a{number}"), "58", by="ann", at=NOON)
    token = mappings.page(organization, size=1).next_token

    with pytest.raises(BadRequest):
        mappings.page(organization, size=1, token=token, system="QuickBooks")
    with pytest.raises(BadRequest):
        mappings.of_external(organization, "QuickBooksSandbox", "Customer", "58", size=1, token=token)


def test_of_one_entity_are_not_those_of_another_with_the_same_id(
    mappings: Mappings, organization: OrganizationId
) -> None:
    for entity in ("Aggregation", "Account", "AccountPlan"):
        mappings.create(organization, replace(KEY, m3ter_entity=entity), entity, by="ann", at=NOON)

    found = mappings.of_m3ter(organization, "Account", "a1", size=10).items

    assert [kept.value.external_id for kept in found] == ["Account"]


def test_those_of_many_identities_are_found_at_once(mappings: Mappings, organization: OrganizationId) -> None:
    one = mappings.create(organization, KEY, "58", by="ann", at=NOON).value

    assert mappings.found(organization, [OWN, KEY, KEY]) == (one,)


# Given a bill's document, when its run is closed, then it is one mapping, however often it was sent.


def test_the_document_of_a_bill_is_one_mapping_with_one_id(
    table: Table, mappings: Mappings, organization: OrganizationId
) -> None:
    people = mappings.create(organization, KEY, "58", by="ann", at=NOON).value
    document = Mapping(
        MappingId("proposed"), BILL, "bill", "QuickBooksSandbox", "Invoice", "145", ConfigurationId("config")
    )
    seen = []
    for number, one in enumerate(
        [document, replace(document, id=MappingId("another"), external_id="146"), document], start=1
    ):
        run = a_run(organization_id=organization, id=RunId(f"run-{number}"))
        Runs(table).open(a_snapshot(organization), [run])
        Deliveries(table).close(Closing(closed(run, at=NOON + number * timedelta(hours=1)), mapping=one))
        seen.append(mappings.of_m3ter(organization, BILL, BillId("bill"), size=10).items)

    assert [[kept.value.external_id for kept in items] for items in seen] == [["145"], ["146"], ["145"]]
    assert len({kept.value.id for items in seen for kept in items}) == 1
    last = seen[-1][0]
    assert mappings.get(organization, last.value.id) == last
    assert (last.audit.created_at, last.audit.modified_at, last.audit.version) == (
        NOON + timedelta(hours=1),
        NOON + timedelta(hours=3),
        3,
    )
    # People's own come first in the list.
    assert [kept.value.id for kept in mappings.page(organization, size=10).items] == [people.id, last.value.id]
