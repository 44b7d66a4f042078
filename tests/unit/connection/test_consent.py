from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from m3ter_quickbooks.connection.connection import Connection, ConnectionStatus
from m3ter_quickbooks.connection.consent import Callback, Consents
from m3ter_quickbooks.problems import BadRequest, TryLater
from tests.unit.connection.making import CREDENTIAL, NOON, ORGANIZATION, REALM, Everything, a_connection

ANOTHER_REALM = "9130000000000002"
PLACE = (ORGANIZATION, CREDENTIAL)


class Desk:
    """The API's side of consent, on a credential that is still a draft."""

    def __init__(self, status: ConnectionStatus = ConnectionStatus.DRAFT) -> None:
        self.world = Everything()
        self.world.secrets.held.clear()
        self.world.book.held[PLACE] = a_connection(status)
        self.world.intuit.companies[ANOTHER_REALM] = replace(
            self.world.intuit.companies[REALM], company_id=ANOTHER_REALM, name="Somebody else's"
        )
        self.consents = Consents(
            self.world.states,
            self.world.book,
            self.world.intuit,
            self.world.intuit,
            self.world.secrets,
            self.world.items,
            self.world.clock,
            self.world.clock.pause,
            self.world.random_bytes,
        )

    def begin(self) -> str:
        url = self.consents.begin(self.world.connection)
        return parse_qs(urlsplit(url).query)["state"][0]

    def finish(self, state: str, realm: str = REALM, code: str | None = None) -> Connection:
        return self.consents.finish(Callback(state, code or self.world.intuit.consents(realm), realm))


def test_consent_connects_the_credential_to_its_company() -> None:
    desk = Desk()
    connected = desk.finish(desk.begin())

    assert connected.status is ConnectionStatus.CONNECTED
    assert connected.company_id == REALM
    assert connected.company is not None
    assert connected.company.name == "Sandbox Company_US_1"
    assert connected.consent_ends == NOON + timedelta(days=101)
    assert desk.world.intuit.accepts(desk.world.worker().access_token(connected))
    assert desk.world.intuit.refreshes == 0, "the token of the consent itself is used first"


def test_the_state_is_stored_only_as_its_hash_and_is_different_each_time() -> None:
    desk = Desk()
    first, second = desk.begin(), desk.begin()

    assert first != second
    assert first not in str(desk.world.states.held)
    assert len(first) >= 43


def test_a_state_works_once() -> None:
    desk = Desk()
    state = desk.begin()
    desk.finish(state)
    with pytest.raises(BadRequest, match="used already"):
        desk.finish(state)


def test_a_state_ends_after_ten_minutes() -> None:
    desk = Desk()
    state = desk.begin()
    desk.world.clock.now += timedelta(minutes=10)
    with pytest.raises(BadRequest, match="ten minutes"):
        desk.finish(state)
    assert desk.world.states.held == {}


@pytest.mark.parametrize("state", [None, "", "made-up", "x" * 100_000, "\udcff"])
def test_a_state_that_is_not_ours_connects_nothing(state: str | None) -> None:
    desk = Desk()
    desk.begin()
    with pytest.raises(BadRequest, match="not ours"):
        desk.consents.finish(Callback(state, desk.world.intuit.consents(), REALM))
    assert desk.world.connection.status is ConnectionStatus.DRAFT


@pytest.mark.parametrize(
    "callback",
    [
        Callback(error="access_denied"),
        Callback(code="code-1"),
        Callback(realm_id=REALM),
        Callback(code="code-1", realm_id="../v3"),
        Callback(code="code-1", realm_id="9" * 21),
        Callback(code="x" * 513, realm_id=REALM),
        Callback(code="a\nb", realm_id=REALM),
    ],
)
def test_a_refused_or_broken_callback_uses_the_state_up_and_says_so(callback: Callback) -> None:
    desk = Desk()
    state = desk.begin()
    with pytest.raises(BadRequest, match="Begin again"):
        desk.consents.finish(replace(callback, state=state))
    with pytest.raises(BadRequest, match="used already"):
        desk.finish(state)
    assert desk.world.secrets.held == {}


def test_a_code_that_intuit_does_not_know_connects_nothing() -> None:
    desk = Desk()
    with pytest.raises(BadRequest, match="did not accept"):
        desk.finish(desk.begin(), code="used-before")
    assert desk.world.connection.status is ConnectionStatus.DRAFT


def test_a_company_put_into_the_address_by_hand_is_not_attached() -> None:
    desk = Desk()
    own_code = desk.world.intuit.consents(REALM)
    with pytest.raises(BadRequest, match="does not confirm"):
        desk.finish(desk.begin(), realm=ANOTHER_REALM, code=own_code)

    assert desk.world.connection == a_connection(ConnectionStatus.DRAFT)
    assert desk.world.secrets.held == {}


def test_reconnecting_to_another_company_is_refused_before_the_code_is_used() -> None:
    desk = Desk(ConnectionStatus.NEEDS_RECONNECT)
    code = desk.world.intuit.consents(ANOTHER_REALM)
    with pytest.raises(BadRequest, match="belongs to Sandbox Company_US_1"):
        desk.finish(desk.begin(), realm=ANOTHER_REALM, code=code)

    assert desk.world.connection.status is ConnectionStatus.NEEDS_RECONNECT
    assert code in desk.world.intuit.codes


def test_reconnecting_makes_a_new_key_and_workers_follow() -> None:
    desk = Desk()
    connected = desk.finish(desk.begin())
    worker = desk.world.worker()
    old = worker.access_token(connected)
    old_key = desk.world.secret.key
    desk.world.book.held[PLACE] = replace(connected, status=ConnectionStatus.NEEDS_RECONNECT)

    again = desk.finish(desk.begin())

    assert desk.world.secret.key != old_key
    new = worker.renewed(again, old)
    assert new != old
    assert desk.world.intuit.accepts(new)


def test_a_deleted_or_disconnected_credential_cannot_be_finished() -> None:
    desk = Desk()
    state, later = desk.begin(), desk.begin()
    desk.world.book.held[PLACE] = a_connection(ConnectionStatus.DISCONNECTED)
    with pytest.raises(BadRequest, match="disconnected"):
        desk.finish(state)
    desk.world.book.held.clear()
    with pytest.raises(BadRequest, match="deleted"):
        desk.finish(later)


def test_of_two_consents_at_once_for_two_companies_the_first_one_decides() -> None:
    desk = Desk()
    first, second = desk.begin(), desk.begin()

    def overtake(step: str) -> None:
        if step == "book.write":
            desk.world.book.turn = lambda _: None
            desk.finish(second, realm=ANOTHER_REALM)

    desk.world.book.turn = overtake
    with pytest.raises(BadRequest, match="belongs to Somebody else's"):
        desk.finish(first)

    assert desk.world.connection.company_id == ANOTHER_REALM
    token = desk.world.worker().access_token(desk.world.connection)
    facts = desk.world.intuit.facts(desk.world.connection.destination, ANOTHER_REALM, token)
    assert facts.name == "Somebody else's"


def test_two_consents_at_once_for_one_company_both_succeed() -> None:
    desk = Desk()
    first, second = desk.begin(), desk.begin()

    def overtake(step: str) -> None:
        if step == "book.write":
            desk.world.book.turn = lambda _: None
            desk.finish(second)

    desk.world.book.turn = overtake
    assert desk.finish(first).status is ConnectionStatus.CONNECTED
    assert desk.world.intuit.accepts(desk.world.worker().access_token(desk.world.connection))


def test_a_credential_disconnected_during_consent_leaves_no_secret_behind() -> None:
    desk = Desk(ConnectionStatus.NEEDS_RECONNECT)

    def disconnect(step: str) -> None:
        if step == "book.write":
            desk.world.book.turn = lambda _: None
            desk.consents.disconnect(desk.world.connection)

    state = desk.begin()
    desk.world.book.turn = disconnect
    with pytest.raises(BadRequest, match="changed while you gave consent"):
        desk.finish(state)
    assert desk.world.secrets.held == {}
    assert desk.world.items.held == {}


def test_a_credential_deleted_during_consent_leaves_no_secret_behind() -> None:
    desk = Desk(ConnectionStatus.NEEDS_RECONNECT)

    def delete(step: str) -> None:
        if step == "book.write":
            desk.world.book.turn = lambda _: None
            desk.world.book.held.clear()

    state = desk.begin()
    desk.world.book.turn = delete
    with pytest.raises(BadRequest, match="deleted"):
        desk.finish(state)
    assert desk.world.secrets.held == {}
    assert desk.world.items.held == {}


def test_consent_waits_for_a_renewal_under_way_and_writes_after_it() -> None:
    desk = Desk(ConnectionStatus.NEEDS_RECONNECT)
    lease = desk.world.items.write(
        replace(desk.world.items.get(*PLACE), holder="somebody", lease_until=desk.world.clock() + timedelta(seconds=3))
    )
    state = desk.begin()
    began = desk.world.clock()
    desk.finish(state)

    assert desk.world.clock() - began == timedelta(seconds=3)
    assert desk.world.item.rev == lease.rev + 2


def test_consent_is_not_held_up_for_ever_by_a_worker_that_died() -> None:
    desk = Desk(ConnectionStatus.NEEDS_RECONNECT)
    desk.world.items.write(
        replace(desk.world.items.get(*PLACE), holder="dead", lease_until=desk.world.clock() + timedelta(seconds=30))
    )
    state = desk.begin()
    began = desk.world.clock()
    assert desk.finish(state).status is ConnectionStatus.CONNECTED
    assert desk.world.clock() - began < timedelta(seconds=9)


def test_a_worker_that_renews_in_between_does_not_undo_a_consent() -> None:
    desk = Desk(ConnectionStatus.NEEDS_RECONNECT)
    state = desk.begin()

    def renew(step: str) -> None:
        if step == "secret.put":
            desk.world.secrets.turn = lambda _: None
            item = desk.world.items.get(*PLACE)
            desk.world.items.write(replace(item, holder="late", lease_until=None))

    desk.world.secrets.turn = renew
    connected = desk.finish(state)

    assert desk.world.intuit.accepts(desk.world.worker().access_token(connected))
    assert desk.world.secret.refresh_token == desk.world.newest_refresh_token


def test_disconnecting_revokes_at_intuit_and_deletes_every_trace() -> None:
    desk = Desk()
    connected = desk.finish(desk.begin())
    refresh_token = desk.world.secret.refresh_token

    assert desk.consents.disconnect(connected).status is ConnectionStatus.DISCONNECTED
    assert desk.world.intuit.revoked == [refresh_token]
    assert desk.world.secrets.held == {}
    assert desk.world.items.held == {}


def test_a_company_that_another_credential_still_uses_is_not_revoked() -> None:
    desk = Desk()
    connected = desk.finish(desk.begin())
    desk.world.book.is_shared = True
    desk.consents.disconnect(connected)

    assert desk.world.intuit.revoked == []
    assert desk.world.secrets.held == {}


def test_an_outage_while_disconnecting_stops_the_sending_and_can_be_finished_later() -> None:
    desk = Desk()
    connected = desk.finish(desk.begin())
    desk.world.intuit.down = True
    with pytest.raises(TryLater):
        desk.consents.disconnect(connected)
    assert desk.world.connection.status is ConnectionStatus.DISCONNECTED

    desk.world.intuit.down = False
    desk.consents.disconnect(desk.world.connection)
    assert len(desk.world.intuit.revoked) == 1
    assert desk.world.secrets.held == {}


def test_a_draft_that_was_never_connected_can_be_disconnected() -> None:
    desk = Desk()
    assert desk.consents.disconnect(desk.world.connection).status is ConnectionStatus.DISCONNECTED
    assert desk.world.intuit.revoked == []


def test_no_secret_shows_in_a_repr() -> None:
    desk = Desk()
    desk.finish(desk.begin())
    assert "RT1" not in repr(desk.world.secret)
    assert "code-9" not in repr(Callback("state", "code-9", REALM))
    assert repr(desk.world.item.sealed) not in repr(desk.world.item)
