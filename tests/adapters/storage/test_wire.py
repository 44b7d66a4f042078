"""Values survive the table: amounts, bytes, JSON."""

from __future__ import annotations

import base64
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from m3ter_quickbooks.storage.wire import from_image, from_wire, pack, to_wire, unpack, write_value

SCALARS = st.none() | st.booleans() | st.text() | st.integers(-(10**37), 10**37)
JSON = st.recursive(
    SCALARS | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**60), max_value=10**60),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def no_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: no_none(part) for key, part in value.items() if part is not None}
    return [no_none(part) for part in value if part is not None] if isinstance(value, list) else value


@given(st.dictionaries(st.text(min_size=1), st.recursive(SCALARS | st.binary(), st.lists, max_leaves=5)))
def test_items_survive_and_what_is_none_is_left_out(item: dict[str, Any]) -> None:
    plain = no_none(item)

    assert from_wire(to_wire(plain)) == plain
    assert to_wire(plain | {"gone": None}).keys() == plain.keys()


def test_a_number_with_a_fraction_is_a_decimal_and_a_whole_one_an_int() -> None:
    read = from_wire({"a": {"N": "1.50"}, "b": {"N": "7"}, "c": {"NULL": True}, "d": {"SS": ["x"]}})

    assert read == {"a": Decimal("1.50"), "b": 7, "c": None, "d": ["x"]}
    assert isinstance(read["b"], int)


def test_bytes_in_a_stream_image_are_base64() -> None:
    body = bytes(range(256))

    assert from_image({"body": {"B": base64.b64encode(body).decode()}, "list": {"L": [{"B": "AA=="}]}}) == {
        "body": body,
        "list": [b"\0"],
    }


@pytest.mark.parametrize("value", [1.5, {1, 2}, object()])
def test_what_has_no_place_in_the_table_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        write_value(value)


@given(JSON)
def test_json_survives_with_every_digit(value: Any) -> None:
    assert unpack(pack(value)) == value


def test_a_float_of_an_event_that_came_parsed_keeps_its_own_digits() -> None:
    assert unpack(pack({"billTotal": 0.1, "lines": [118.5]})) == {
        "billTotal": Decimal("0.1"),
        "lines": [Decimal("118.5")],
    }
