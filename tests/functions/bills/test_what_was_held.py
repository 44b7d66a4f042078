"""What was held goes out once it may, also where whoever ended the holding could not order it, or died."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from tests.functions.bills.conftest import COMPANY, Office

SWEEP = {"source": "m3ter-quickbooks.schedule", "detail-type": "sweep"}
SOON = timedelta(minutes=2)
QUARTER = timedelta(minutes=15)


class Died(BaseException):
    """Lambda ends here."""


def down(*_: Any, **__: Any) -> None:
    raise ClientError({"Error": {"Code": "ServiceUnavailable", "Message": ""}}, "SendMessageBatch")


def killed(*_: Any, **__: Any) -> None:
    raise Died


class Without:
    """An AWS client of which one operation does something else."""

    def __init__(self, client: Any, operation: str, instead: Callable[..., None]) -> None:
        self._client, self._operation, self._instead = client, operation, instead

    def __getattr__(self, name: str) -> Any:
        return self._instead if name == self._operation else getattr(self._client, name)


def lose_the_connection(office: Office) -> None:
    office.simulator.mishaps.add("lost-admin", entity="invoice", operation="create")
    for number in range(3):
        office.hand_over(office.event("bill-demo", id=f"bill-{number}"))
    office.simulator.mishaps.clear()
    assert [run["status"] for run in office.runs()] == ["AUTH_FAILED"] * 3


def reconnect(office: Office) -> httpx.Response:
    begun = office.http.post(f"integrationcredentials/{office.credential['id']}/reconnect").json()
    authorize = httpx.URL(begun["authorizeUrl"]).copy_merge_params({"auto_consent": COMPANY})
    query = httpx.URL(dict(office.simulator.handle("GET", str(authorize), {}, b"").headers)["Location"]).query
    return office.place.gateway.client(None).get(f"quickbooks/callback?{query.decode()}")


def disable_and_hold(office: Office) -> None:
    office.http.post(f"integrationconfigs/{office.configuration['id']}/disable")
    for number in range(3):
        office.hand_over(office.event("bill-demo", id=f"bill-{number}"))
    assert [run["status"] for run in office.runs()] == ["DISABLED"] * 3


def enable(office: Office) -> httpx.Response:
    return office.http.post(f"integrationconfigs/{office.configuration['id']}/enable", json={"replay": True})


def take_the_credential(office: Office) -> None:
    office.http.delete(f"integrationconfigs/{office.configuration['id']}/credential")
    for number in range(3):
        office.hand_over(office.event("bill-demo", id=f"bill-{number}"))
    assert [run["status"] for run in office.runs()] == ["AUTH_FAILED"] * 3


def give_it_back(office: Office) -> httpx.Response:
    body = {"integrationCredentialsId": office.credential["id"]}
    return office.http.put(f"integrationconfigs/{office.configuration['id']}/credential", json=body)


def give_it_back_with_everything_else(office: Office) -> httpx.Response:
    path = f"integrationconfigs/{office.configuration['id']}"
    read = office.http.get(path).json()
    return office.http.put(path, json={**read, "integrationCredentialsId": office.credential["id"]})


ENDINGS = pytest.mark.parametrize(
    ("hold", "end"),
    [
        (lose_the_connection, reconnect),
        (disable_and_hold, enable),
        (take_the_credential, give_it_back),
        (take_the_credential, give_it_back_with_everything_else),
    ],
    ids=["reconnected", "enabled", "given its credential", "changed as a whole"],
)
Hold = Callable[[Office], None]
End = Callable[[Office], httpx.Response]


def work(office: Office) -> None:
    while office.take_messages():
        pass


def sweep_and_work(office: Office, after: timedelta) -> None:
    office.clock.move(after)
    office.hand_over(SWEEP)
    work(office)


@ENDINGS
def test_what_was_held_goes_out_at_once(office: Office, hold: Hold, end: End) -> None:
    hold(office)

    assert end(office).status_code == 200
    work(office)

    assert len(office.invoices()) == 3


@ENDINGS
def test_a_queue_that_takes_nothing_ends_no_less_and_the_sweep_orders_it(office: Office, hold: Hold, end: End) -> None:
    hold(office)
    queue = office.house.runs_world.queue
    queue._client = Without(queue._client, "send_message_batch", down)  # type: ignore[attr-defined]

    assert end(office).status_code == 200
    work(office)
    assert office.invoices() == []

    sweep_and_work(office, SOON)
    assert len(office.invoices()) == 3


@ENDINGS
def test_whoever_dies_before_the_order_leaves_it_to_the_sweep(office: Office, hold: Hold, end: End) -> None:
    hold(office)
    queue = office.house.runs_world.queue
    queue._client = Without(queue._client, "send_message_batch", killed)  # type: ignore[attr-defined]

    with pytest.raises(Died):
        end(office)

    sweep_and_work(office, SOON)
    assert len(office.invoices()) == 3


def test_an_order_that_was_lost_after_it_was_taken_is_given_once_more(office: Office) -> None:
    lose_the_connection(office)
    reconnect(office)
    office.drop_messages()

    sweep_and_work(office, QUARTER + SOON)

    assert len(office.invoices()) == 3


def test_a_replay_is_owed_twice_and_no_more_and_sends_nothing_twice(office: Office) -> None:
    lose_the_connection(office)
    reconnect(office)
    work(office)
    runs = len(office.runs())

    sweep_and_work(office, QUARTER + SOON)
    office.clock.move(QUARTER)
    office.hand_over(SWEEP)

    assert office.take_messages() == 0
    assert len(office.runs()) == runs
    assert len(office.invoices()) == 3
