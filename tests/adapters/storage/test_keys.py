"""No two things share a key, whatever their ids hold."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from m3ter_quickbooks.bill.identifiers import BillId, OrganizationId
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.integration.mapping import MappingKey
from m3ter_quickbooks.run.run import RunId, RunStatus
from m3ter_quickbooks.storage import keys
from m3ter_quickbooks.storage.audit import new_id
from m3ter_quickbooks.storage.secrets import secret_part
from m3ter_quickbooks.storage.wire import moment_of, moment_text

# Ids that look like our own keys, beside any other text.
IDS = st.one_of(
    st.text(min_size=1),
    st.text(alphabet="a#%-=~2305ORG/é", min_size=1, max_size=8),
    st.text(alphabet="ab#", min_size=180, max_size=400),
)
Identity = tuple[str, str, str, str, str | None]
MOMENTS = st.datetimes(timezones=st.just(UTC))


@given(IDS, IDS)
def test_parts_differ_where_ids_do_and_never_hold_a_separator(one: str, other: str) -> None:
    assert (keys.part(one) == keys.part(other)) == (one == other)
    assert "#" not in keys.part(one)
    assert len(keys.part(one).encode()) <= keys.LONGEST_PART


@given(st.tuples(IDS, IDS, IDS), st.tuples(IDS, IDS, IDS))
def test_delivery_records_differ_where_their_facts_do(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    def key(facts: tuple[str, str, str]) -> keys.Key:
        return keys.delivery(OrganizationId(facts[0]), ConfigurationId(facts[1]), BillId(facts[2]))

    assert (key(one) == key(other)) == (one == other)


@given(st.tuples(IDS, IDS, IDS, IDS, st.none() | IDS), st.tuples(IDS, IDS, IDS, IDS, st.none() | IDS))
def test_mappings_differ_where_their_identities_do(one: Identity, other: Identity) -> None:
    def key(facts: Identity) -> keys.Key:
        entity, m3ter_id, system, table, parent = facts
        configuration_id = None if parent is None else ConfigurationId(parent)
        return keys.mapped(OrganizationId("o"), MappingKey(entity, m3ter_id, system, table, configuration_id))

    assert (key(one) == key(other)) == (one == other)
    assert len(key(one).sk.encode()) <= 1024


@given(IDS, IDS)
def test_what_one_organization_owns_is_never_in_anothers_partition(one: str, other: str) -> None:
    ours, theirs = OrganizationId(one), OrganizationId(other)
    partitions = [
        {
            keys.organization(owner).pk,
            keys.run(owner, RunId("r")).pk,
            keys.bills(owner),
            keys.unactioned(owner),
            keys.accounts(owner),
            keys.by_m3ter(owner, "a"),
        }
        for owner in (ours, theirs)
    ]

    assert one == other or not partitions[0] & partitions[1]


def test_an_id_cannot_reach_into_another_partition() -> None:
    plain = OrganizationId("o")

    assert keys.organization(OrganizationId("o#BILLS")).pk != keys.bills(plain)
    assert keys.run(plain, RunId("r#RUN")).pk != keys.run(OrganizationId("o#RUN#r"), RunId("RUN")).pk


@given(MOMENTS, MOMENTS)
def test_moments_sort_as_text(one: datetime, other: datetime) -> None:
    assert (moment_text(one) < moment_text(other)) == (one < other)
    assert moment_of(moment_text(one)) == one


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9999, 1, 1)), st.binary(min_size=8, max_size=8))  # noqa: DTZ001
def test_ids_sort_by_time_and_are_uuids_of_version_7(at: datetime, random: bytes) -> None:
    moment = at.replace(tzinfo=UTC)
    later = moment.replace(microsecond=(moment.microsecond + 1) % 1_000_000)

    made, next_made = (new_id(one, lambda _: random) for one in (moment, later))

    assert (made < next_made) == (moment < later)
    assert (made[14], made[19] in "89ab", len(made)) == ("7", True, 36)


def test_ids_of_one_moment_differ() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)

    assert len({new_id(at) for _ in range(1000)}) == 1000


def test_open_runs_are_spread_over_every_shard() -> None:
    assert {keys.shard_of(f"run-{number}") for number in range(100)} == set(range(keys.SHARDS))


@given(IDS, IDS)
def test_names_of_secrets_differ_where_ids_do_and_are_allowed(one: str, other: str) -> None:
    assert (secret_part(one) == secret_part(other)) == (one == other)
    assert all(character.isascii() and (character.isalnum() or character in "_.@-=+") for character in secret_part(one))


@pytest.mark.parametrize("status", ["COMPLETE", "ERROR"])
def test_an_enum_word_is_its_text_in_a_key(status: str) -> None:
    place = keys.ended_runs(OrganizationId("o"), ConfigurationId("c"), RunStatus(status))

    assert place == f"ORG#o#CONFIG#c#ENDED#{status}"
