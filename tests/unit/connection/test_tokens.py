from dataclasses import replace
from datetime import timedelta

import pytest

from m3ter_quickbooks.connection.connection import ConnectionStatus
from m3ter_quickbooks.connection.tokens import LEASE
from m3ter_quickbooks.problems import ConnectionLost, TryLater
from m3ter_quickbooks.run.trouble import EventName, NoticeKind
from tests.unit.connection.making import CREDENTIAL, DAY, NOON, ORGANIZATION, Everything, a_connection

HOUR = timedelta(hours=1)
PAST_A_LEASE = LEASE + timedelta(seconds=1)


def test_the_first_call_renews_and_the_next_ones_ask_nobody() -> None:
    world = Everything()
    worker = world.worker()
    token = worker.access_token(world.connection)
    gets, reads = world.secrets.gets, world.items.reads

    assert [worker.access_token(world.connection) for _ in range(1000)] == [token] * 1000
    assert (world.intuit.refreshes, world.secrets.gets, world.items.reads) == (1, gets, reads)


def test_twenty_cold_workers_share_one_renewal() -> None:
    world = Everything()
    tokens = {world.worker().access_token(world.connection) for _ in range(20)}

    assert len(tokens) == 1
    assert world.intuit.refreshes == 1


def test_twenty_workers_over_a_day_renew_once_in_55_minutes() -> None:
    world = Everything()
    workers = [world.worker() for _ in range(20)]
    for minute in range(0, 24 * 60, 5):
        world.clock.now = NOON + timedelta(minutes=minute)
        assert len({worker.access_token(world.connection) for worker in workers}) == 1

    assert world.intuit.refreshes == 27  # 1,440 / 55, rounded up


def test_a_warm_worker_takes_over_a_renewed_token_without_the_secret() -> None:
    world = Everything()
    warm, other = world.worker(), world.worker()
    warm.access_token(world.connection)
    world.clock.now += timedelta(minutes=56)
    newer = other.access_token(world.connection)
    gets = world.secrets.gets

    assert warm.access_token(world.connection) == newer
    assert world.secrets.gets == gets


def test_the_secret_is_written_only_when_the_refresh_token_changed() -> None:
    world = Everything()
    worker = world.worker()
    for hour in range(23):
        world.clock.now = NOON + hour * HOUR
        worker.access_token(world.connection)
    assert world.secrets.puts == 0

    world.clock.now = NOON + 25 * HOUR
    worker.access_token(world.connection)
    assert world.secrets.puts == 1
    assert world.secret.refresh_token != "RT1-0"


def test_no_token_lies_readable_in_the_table() -> None:
    world = Everything()
    token = world.worker().access_token(world.connection)

    shown = repr(world.items.held) + str(world.item.sealed)
    assert token not in shown
    assert "RT1" not in shown


def test_an_item_sealed_for_another_credential_is_not_opened() -> None:
    world = Everything()
    world.worker().access_token(world.connection)
    other = a_connection(credential_id="another")
    world.book.held[ORGANIZATION, other.credential_id] = other
    world.secrets.held[ORGANIZATION, other.credential_id] = world.secret
    world.items.held[ORGANIZATION, other.credential_id] = replace(world.item, credential_id=other.credential_id)

    world.worker().access_token(other)

    assert world.intuit.refreshes == 2


def test_who_comes_while_somebody_renews_uses_the_token_that_is_still_good() -> None:
    world = Everything()
    worker, late = world.worker(), world.worker()
    old = worker.access_token(world.connection)
    world.clock.now += timedelta(minutes=56)
    meanwhile = []

    def turn(step: str) -> None:
        if step == "intuit.refresh":
            meanwhile.append(late.access_token(world.connection))

    world.intuit.turn = turn
    new = worker.access_token(world.connection)

    assert (meanwhile, new != old) == ([old], True)
    assert world.intuit.refreshes == 2


def test_who_comes_while_somebody_renews_an_expired_token_waits_for_it() -> None:
    world = Everything()
    world.worker().access_token(world.connection)
    world.clock.now += 2 * HOUR
    lease = world.items.write(replace(world.item, holder="somebody", lease_until=world.clock() + LEASE))
    reads = world.items.reads

    def given_back(step: str) -> None:
        if step == "item.get" and world.items.reads == reads + 3:
            world.items.held[ORGANIZATION, CREDENTIAL] = replace(lease, rev=lease.rev + 1, holder=None)

    world.items.turn = given_back
    waited_from = world.clock()
    token = world.worker().access_token(world.connection)

    assert world.intuit.accepts(token)
    assert world.clock() - waited_from == timedelta(milliseconds=750)


def test_a_lease_whose_holder_died_is_waited_for_in_the_queue_and_then_taken() -> None:
    world = Everything()
    worker = world.worker()

    def die(step: str) -> None:
        if step == "intuit.refresh":
            raise MemoryError

    world.intuit.turn = die
    with pytest.raises(MemoryError):
        worker.access_token(world.connection)
    world.intuit.turn = lambda _: None

    with pytest.raises(TryLater) as later:
        world.worker().access_token(world.connection)
    assert later.value.after is not None
    assert timedelta(0) < later.value.after <= LEASE

    world.clock.now += later.value.after
    assert world.intuit.accepts(world.worker().access_token(world.connection))


def test_a_crash_after_the_answer_loses_a_rotated_token_and_nothing_else() -> None:
    world = Everything()
    world.clock.now += 2 * DAY

    def die(step: str) -> None:
        if step == "intuit.answer":
            raise MemoryError

    world.intuit.turn = die
    with pytest.raises(MemoryError):
        world.worker().access_token(world.connection)
    world.intuit.turn = lambda _: None
    world.clock.now += timedelta(minutes=1)

    assert world.intuit.accepts(world.worker().access_token(world.connection))
    assert world.connection.status is ConnectionStatus.CONNECTED
    assert world.secret.refresh_token == "RT1-1"


def test_a_crash_between_table_and_secret_is_healed_by_the_next_renewal_even_without_grace() -> None:
    world = Everything()
    world.intuit.grace = timedelta(0)
    world.clock.now += 2 * DAY

    def die(step: str) -> None:
        if step == "secret.put":
            raise MemoryError

    world.secrets.turn = die
    with pytest.raises(MemoryError):
        world.worker().access_token(world.connection)
    world.secrets.turn = lambda _: None
    world.clock.now += 2 * HOUR
    world.worker().access_token(world.connection)

    assert world.connection.status is ConnectionStatus.CONNECTED
    assert world.secret.refresh_token == "RT1-1"
    assert world.intuit.refusals == 0, "the newest one is tried first"


def test_the_lease_is_kept_until_the_secret_is_written() -> None:
    world = Everything()
    world.clock.now += 2 * DAY
    leased: list[bool] = []
    world.secrets.turn = lambda step: leased.append(world.item.leased(world.clock())) if step == "secret.put" else None
    world.worker().access_token(world.connection)

    assert leased == [True]
    assert not world.item.leased(world.clock())


def test_who_slept_after_the_answer_does_not_undo_a_newer_renewal() -> None:
    world = Everything()
    world.intuit.rotate_after = timedelta(0)
    slow, quick = world.worker(), world.worker()

    def sleep(step: str) -> None:
        if step == "item.write" and world.intuit.refreshes:
            world.items.turn = lambda _: None
            world.clock.now += PAST_A_LEASE
            quick.access_token(world.connection)

    world.items.turn = sleep
    slow.access_token(world.connection)

    assert world.secret.refresh_token == world.newest_refresh_token
    world.clock.now += 2 * DAY
    assert world.intuit.accepts(slow.access_token(world.connection))
    assert world.intuit.refusals == 0


def test_a_connection_that_is_ended_during_a_rotation_leaves_no_secret_behind() -> None:
    world = Everything()
    world.clock.now += 2 * DAY

    def disconnect(step: str) -> None:
        if step == "secret.put":
            world.items.held.clear()
            world.secrets.held.clear()

    world.secrets.turn = disconnect
    world.worker().access_token(world.connection)
    assert world.secrets.held == {}


def test_a_failing_secrets_manager_holds_nobody_up() -> None:
    world = Everything()
    world.intuit.grace = timedelta(0)
    world.clock.now += 2 * DAY
    world.secrets.down = True
    worker = world.worker()
    assert world.intuit.accepts(worker.access_token(world.connection))

    world.secrets.down = False
    world.clock.now += 2 * HOUR
    assert world.intuit.accepts(worker.access_token(world.connection))
    assert world.secret.refresh_token == "RT1-1"


def test_a_failing_table_after_the_answer_leaves_the_rotated_token_in_the_secret() -> None:
    world = Everything()
    world.intuit.grace = timedelta(0)
    world.clock.now += 2 * DAY

    def fail(step: str) -> None:
        if step == "item.write" and world.intuit.refreshes:
            raise TryLater("The table is busy.")

    world.items.turn = fail
    with pytest.raises(TryLater):
        world.worker().access_token(world.connection)
    world.items.turn = lambda _: None
    world.clock.now += PAST_A_LEASE

    assert world.secret.refresh_token == world.newest_refresh_token
    assert world.intuit.accepts(world.worker().access_token(world.connection))
    assert world.intuit.refusals == 0


def test_with_table_and_secret_both_failing_the_one_before_is_good_for_a_day() -> None:
    world = Everything()
    world.clock.now += 2 * DAY
    world.secrets.down = True

    def fail(step: str) -> None:
        if step == "item.write" and world.intuit.refreshes:
            raise TryLater("The table is busy.")

    world.items.turn = fail
    with pytest.raises(TryLater, match="table"):
        world.worker().access_token(world.connection)
    world.items.turn, world.secrets.down = (lambda _: None), False
    world.clock.now += PAST_A_LEASE

    assert world.intuit.accepts(world.worker().access_token(world.connection))
    assert world.connection.status is ConnectionStatus.CONNECTED


def test_who_read_the_secret_for_too_long_asks_intuit_for_nothing() -> None:
    world = Everything()
    world.intuit.grace = timedelta(0)
    world.clock.now += 2 * DAY

    def slowly(step: str) -> None:
        if step == "secret.get":
            world.clock.now += timedelta(seconds=20)

    world.secrets.turn = slowly
    with pytest.raises(TryLater):
        world.worker().access_token(world.connection)
    assert world.intuit.refreshes == 0
    assert not world.item.leased(world.clock())

    world.secrets.turn = lambda _: None
    assert world.intuit.accepts(world.worker().access_token(world.connection))


def test_a_secret_that_was_stored_a_moment_ago_and_is_not_seen_yet_breaks_nothing() -> None:
    world = Everything()
    world.worker().access_token(world.connection)
    world.intuit.withdrawn = True
    held = dict(world.secrets.held)
    world.secrets.held.clear()
    with pytest.raises(TryLater):
        world.worker().access_token(world.connection)
    assert world.connection.status is ConnectionStatus.CONNECTED

    world.secrets.held, world.intuit.withdrawn = held, False
    assert world.intuit.accepts(world.worker().access_token(world.connection))


def test_while_intuit_is_down_a_token_that_is_still_good_serves() -> None:
    world = Everything()
    worker = world.worker()
    old = worker.access_token(world.connection)
    world.clock.now += timedelta(minutes=56)
    world.intuit.down = True

    assert worker.access_token(world.connection) == old
    reads = world.items.reads
    assert worker.access_token(world.connection) == old
    assert world.items.reads == reads, "one attempt in thirty seconds is enough"

    world.clock.now += timedelta(minutes=4)
    with pytest.raises(TryLater):
        worker.access_token(world.connection)
    assert world.connection.status is ConnectionStatus.CONNECTED


def test_a_401_brings_one_new_token_for_all() -> None:
    world = Everything()
    workers = [world.worker() for _ in range(5)]
    tried = [worker.access_token(world.connection) for worker in workers]
    world.clock.now += timedelta(minutes=10)

    new = {worker.renewed(world.connection, token) for worker, token in zip(workers, tried, strict=True)}

    assert len(new) == 1
    assert new.isdisjoint(tried)
    assert world.intuit.refreshes == 2


def test_a_401_to_a_token_that_was_replaced_already_needs_no_renewal() -> None:
    world = Everything()
    worker = world.worker()
    token = worker.access_token(world.connection)
    assert worker.renewed(world.connection, "AT-of-an-hour-ago") == token
    assert world.intuit.refreshes == 1


def test_a_token_that_is_refused_at_once_is_not_renewed_for_every_bill() -> None:
    world = Everything()
    worker = world.worker()
    token = worker.access_token(world.connection)
    for _ in range(10):
        with pytest.raises(TryLater):
            worker.renewed(world.connection, token)

    assert world.intuit.refreshes == 1


def test_withdrawn_consent_breaks_the_connection_once_with_one_event_and_one_notice() -> None:
    world = Everything()
    connection = world.connection
    world.intuit.withdrawn = True
    for _ in range(3):
        with pytest.raises(ConnectionLost):
            world.worker().access_token(connection)

    assert world.connection.status is ConnectionStatus.NEEDS_RECONNECT
    assert [trouble.name for trouble in world.book.troubles] == [EventName.AUTHENTICATION]
    assert [notice.kind for notice in world.book.notices] == [NoticeKind.RECONNECT]
    assert "Sandbox Company_US_1" in str(world.book.troubles[0].dto["message"])


def test_a_broken_connection_asks_nobody() -> None:
    world = Everything()
    with pytest.raises(ConnectionLost):
        world.worker().access_token(a_connection(ConnectionStatus.NEEDS_RECONNECT))
    with pytest.raises(ConnectionLost):
        world.worker().renewed(a_connection(ConnectionStatus.DRAFT), "AT-0")
    assert world.items.reads == 0


def test_a_deleted_secret_breaks_the_connection() -> None:
    world = Everything()
    world.secrets.held.clear()
    with pytest.raises(ConnectionLost):
        world.worker().access_token(world.connection)
    assert world.connection.status is ConnectionStatus.NEEDS_RECONNECT


def test_a_refusal_is_not_believed_if_somebody_has_renewed_meanwhile() -> None:
    world = Everything()
    world.intuit.grace = timedelta(0)
    slow, quick = world.worker(), world.worker()
    world.clock.now += 2 * DAY

    def overtake(step: str) -> None:
        """The slow one sleeps before its request for longer than its lease; the other one renews and rotates."""
        if step == "intuit.refresh":
            world.intuit.turn = lambda _: None
            world.clock.now += PAST_A_LEASE
            quick.access_token(world.connection)

    world.intuit.turn = overtake
    with pytest.raises(TryLater):
        slow.access_token(world.connection)

    assert world.connection.status is ConnectionStatus.CONNECTED
    assert world.intuit.accepts(slow.access_token(world.connection))


def test_who_slept_after_the_answer_keeps_the_only_living_token() -> None:
    world = Everything()
    world.intuit.grace = timedelta(0)
    slow, quick = world.worker(), world.worker()
    world.clock.now += 2 * DAY

    def sleep(step: str) -> None:
        """Between answer and table; the other one has just taken the lease over."""
        if step == "item.write" and world.intuit.refreshes:
            world.items.turn = lambda _: None
            world.clock.now += PAST_A_LEASE
            world.items.write(replace(world.item, holder="quick", lease_until=world.clock() + LEASE))

    world.items.turn = sleep
    token = slow.access_token(world.connection)
    world.clock.now += 2 * HOUR

    assert world.intuit.accepts(token)
    assert world.intuit.accepts(quick.access_token(world.connection))
    assert world.connection.status is ConnectionStatus.CONNECTED


def test_a_refusal_that_races_with_a_new_consent_does_not_break_it() -> None:
    world = Everything()
    world.intuit.withdrawn = True

    def connect_anew(step: str) -> None:
        if step == "book.break":
            world.book.turn = lambda _: None
            world.book.write(world.connection)

    world.book.turn = connect_anew
    with pytest.raises(TryLater):
        world.worker().access_token(world.connection)

    assert world.connection.status is ConnectionStatus.CONNECTED
    assert world.book.troubles == []


def test_a_user_who_lost_access_breaks_the_connection_once() -> None:
    world = Everything()
    connection = world.connection
    worker = world.worker()
    worker.refused(connection, "it takes an admin (code 120)")
    worker.refused(connection, "it takes an admin (code 120)")

    assert world.connection.status is ConnectionStatus.NEEDS_RECONNECT
    assert len(world.book.troubles) == 1
    assert "code 120" in str(world.book.troubles[0].dto["message"])


def test_a_refusal_of_an_older_consent_does_not_break_the_new_one() -> None:
    world = Everything()
    old = world.connection
    world.book.write(old)
    with pytest.raises(TryLater):
        world.worker().refused(old, "it takes an admin (code 120)")
    assert world.connection.status is ConnectionStatus.CONNECTED


def test_after_a_refusal_the_token_of_the_older_consent_is_not_used_again() -> None:
    world = Everything()
    worker = world.worker()
    old = worker.access_token(world.connection)
    connection = world.connection
    world.book.write(connection)
    world.items.held.clear()
    with pytest.raises(TryLater):
        worker.refused(connection, "it takes an admin (code 120)")
    assert worker.access_token(world.connection) != old


def test_a_deleted_credential_has_nothing_to_break() -> None:
    world = Everything()
    connection = world.connection
    world.book.held.clear()
    world.worker().refused(connection, "it takes an admin (code 120)")
    world.intuit.withdrawn = True
    with pytest.raises(ConnectionLost):
        world.worker().access_token(connection)
    assert world.book.troubles == []


def test_the_end_of_consent_is_noted_and_announced_once() -> None:
    world = Everything()
    worker = world.worker()
    worker.access_token(world.connection)
    assert world.connection.consent_ends == NOON + timedelta(days=101)
    assert world.book.notices == []

    world.intuit.ends_in = timedelta(days=13)
    for hour in range(1, 30):
        world.clock.now = NOON + hour * HOUR
        worker.access_token(world.connection)

    assert [notice.kind for notice in world.book.notices] == [NoticeKind.CONSENT_ENDING]
    assert world.connection.consent_ends is not None
    assert world.connection.consent_ends < NOON + timedelta(days=15)


def test_an_intuit_that_does_not_say_when_consent_ends_changes_nothing() -> None:
    world = Everything()
    world.intuit.ends_in = None  # type: ignore[assignment]  # the field is optional on the wire
    world.worker().access_token(world.connection)
    assert world.connection.consent_ends is None
