"""Long lists come whole, in order, one bounded page at a time."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from m3ter_quickbooks.bill.identifiers import OrganizationId
from m3ter_quickbooks.integration.destination import Destination
from m3ter_quickbooks.integration.identifiers import ConfigurationId, MappingId
from m3ter_quickbooks.integration.integration import Integration
from m3ter_quickbooks.integration.mapping import Mapping
from m3ter_quickbooks.storage.audit import Audit, Kept, new_id
from m3ter_quickbooks.storage.configurations import configuration_item
from m3ter_quickbooks.storage.mappings import mapping_item
from m3ter_quickbooks.storage.wire import Item, to_wire
from tests.functions.api.conftest import Place


def written(place: Place, items: list[Item]) -> None:
    """Straight into the table, twenty-five at a time."""
    client, table = place.gateway.house._client("dynamodb"), place.gateway.house.environment.table_name
    for start in range(0, len(items), 25):
        puts = [{"PutRequest": {"Item": to_wire(item)}} for item in items[start : start + 25]]
        client.batch_write_item(RequestItems={table: puts})


def walked(place: Place, path: str) -> tuple[list[str], list[int]]:
    """The ids of all pages in order, and how long each page was."""
    http, token = place.http("viewer"), None
    ids: list[str] = []
    lengths: list[int] = []
    events = place.gateway.house._client("dynamodb").meta.events
    events.register("after-call.dynamodb.Query", _never_more_than_a_page)
    while True:
        params: dict[str, Any] = {"pageSize": 200} | ({"nextToken": token} if token else {})
        page = http.get(path, params=params).json()
        ids += [one["id"] for one in page["data"]]
        lengths.append(len(page["data"]))
        token = page.get("nextToken")
        if token is None:
            events.unregister("after-call.dynamodb.Query", _never_more_than_a_page)
            return ids, lengths


def _never_more_than_a_page(parsed: dict[str, Any], **_: object) -> None:
    """However long the list is: what is read of it at once, and so what memory it takes, is a page and one more."""
    assert parsed["Count"] <= 201


def test_a_thousand_configurations_come_in_pages_of_two_hundred(place: Place) -> None:
    organization_id = OrganizationId(place.organization_id)
    ids = [ConfigurationId(new_id(place.clock() + timedelta(seconds=number))) for number in range(1000)]
    audit = Audit.new("test", place.clock())
    written(
        place,
        [configuration_item(Kept(Integration(one, organization_id, "", Destination.QUICKBOOKS), audit)) for one in ids],
    )
    seen, lengths = walked(place, "integrationconfigs")
    assert seen == ids[::-1]
    assert lengths == [200] * 5


def test_thousands_of_mappings_come_in_pages_of_two_hundred(place: Place) -> None:
    organization_id = OrganizationId(place.organization_id)
    ids = [MappingId(new_id(place.clock() + timedelta(seconds=number))) for number in range(2000)]
    audit = Audit.new("test", place.clock())
    written(
        place,
        [
            mapping_item(organization_id, Kept(Mapping(one, "Account", one, "QuickBooks", "Customer", "1"), audit))
            for one in ids
        ],
    )
    seen, lengths = walked(place, "externalmappings")
    assert seen == ids[::-1]
    assert lengths == [200] * 10


def test_a_page_that_would_not_fit_into_an_answer_is_shorter(place: Place) -> None:
    """Lambda hands over six megabytes."""
    organization_id = OrganizationId(place.organization_id)
    ids = [ConfigurationId(new_id(place.clock() + timedelta(seconds=number))) for number in range(70)]
    audit, data = Audit.new("test", place.clock()), {"blob": ["1" * 15_000] * 6}
    made = (Integration(one, organization_id, "", Destination.QUICKBOOKS, config_data=data) for one in ids)
    written(place, [configuration_item(Kept(one, audit)) for one in made])
    whole = place.http("viewer").get("integrationconfigs", params={"pageSize": 200})
    assert len(json.dumps(whole.text)) < 6_000_000
    seen, lengths = walked(place, "integrationconfigs")
    assert seen == ids[::-1]
    assert len(lengths) > 1
