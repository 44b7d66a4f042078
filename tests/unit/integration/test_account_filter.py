"""The account filter: what it reads, what it means, what it refuses."""

from __future__ import annotations

from contextlib import suppress
from time import process_time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from m3ter_quickbooks.bill.account import Account
from m3ter_quickbooks.integration.account_filter import DEEPEST, LONGEST, AccountFilter, BadFilter
from m3ter_quickbooks.integration.filter_expression import Node
from m3ter_quickbooks.problems import FilterNotEvaluable

ACME = Account.parse(
    {
        "id": "a-1",
        "name": "Acme Europe",
        "code": "007",
        "emailAddress": "billing@acme.example",
        "currency": "EUR",
        "purchaseOrderNumber": "PO-77",
        "address": {
            "addressLine1": "1 Market Street",
            "addressLine2": "Unit 4",
            "addressLine3": "Yard",
            "addressLine4": "Rear",
            "locality": "Salem",
            "region": "OR",
            "postCode": "97301",
            "country": "IN",
        },
        "customFields": {
            "country": "UK",
            "seats": 12,
            "price": 1.5,
            "big seats": "30",
            "tier": "gold",
            "vip": "true",
            "trial": "false",
            "empty": "",
            "negative": "-4",
            "a.b": "dotted",
            "or": "conjunction",
        },
    }
)
BARE = Account.parse({"id": "a-2"})


def holds(text: str, account: Account = ACME) -> bool:
    return AccountFilter.read(text).holds_for(account)


@pytest.mark.parametrize(
    "text",
    [
        # m3ter's own examples, as printed and as meant
        "customFields != null AND customFields.country == UK",
        "customFields != null AND customFields.country = = UK",
        "address.country == IN",
        # every name
        "id == 'a-1'",
        "id == a-1",
        'accountName == "Acme Europe"',
        "accountCode == '007'",
        "emailAddress == 'billing@acme.example'",
        "currency == EUR",
        "purchaseOrderNumber == PO-77",
        "address.addressLine1 == '1 Market Street'",
        "address.addressLine2 == 'Unit 4'",
        "address.addressLine3 == Yard",
        "address.addressLine4 == Rear",
        "address.locality == Salem",
        "address.region == OR",
        "address.postCode == 97301",
        "address != null",
        "customFields.tier == gold",
        'customFields["big seats"] == 30',
        "customFields ['big seats'] == 30",
        "customFields.a.b == dotted",
        "customFields.or == conjunction",
        # comparisons
        "currency != USD",
        "customFields.seats < 13",
        "customFields.seats <= 12",
        "customFields.seats > 11.99",
        "customFields.seats >= 12",
        "12 == customFields.seats",
        "customFields.price == 1.50",
        # numbers compare as numbers, also when one side is a string that reads as one
        "customFields.seats == '12'",
        "customFields['big seats'] > 4",
        "accountCode == 7",
        "customFields.negative < 0",
        "customFields.negative == -4",
        # two strings compare as text, case included
        "customFields['big seats'] < '4'",
        "currency != eur",
        "accountName < B",
        # words of the language, in any case
        "currency == EUR and not currency == USD Or currency == GBP",
        "not NOT currency == EUR",
        "customFields.nothing == NULL",
        "true",
        "True OR false",
        "NOT False",
        # missing is null
        "customFields.nothing == null",
        "null == customFields.nothing",
        "NOT customFields.nothing == UK",
        "customFields.nothing != UK",
        "NOT (customFields.nothing < 3 OR customFields.nothing >= 3 OR customFields.nothing <= null)",
        "NOT customFields.nothing",
        # null in arithmetic is null
        "customFields.nothing + 1 == null",
        "1 - customFields.nothing == null",
        "-customFields.nothing == null",
        "customFields.nothing / 0 == null",
        # arithmetic
        "customFields.seats + 1 == 13",
        "customFields.seats - 1 - 1 == 10",
        "customFields.seats * 2 + 1 == 25",
        "1 + customFields.seats * 2 == 25",
        "(1 + customFields.seats) * 2 == 26",
        "customFields.seats / 5 == 2.4",
        "-customFields.seats == 0 - 12",
        "- - customFields.seats == 12",
        "customFields['big seats'] + '1' == 31",
        "3 * -2 == -6",
        "customFields.seats -2 == 10",
        # IN
        "address.country IN (US, IN, 'FR')",
        "currency in ('EUR')",
        "customFields.seats IN (1, 12)",
        "NOT currency IN (USD, GBP)",
        "customFields.nothing IN (null)",
        "address.region IN (OR, WA)",
        "customFields.seats IN (6 + 6)",
        # conditions as values
        "(currency == EUR) == true",
        "(currency == USD) == (currency == GBP)",
        "customFields.vip",
        "NOT customFields.trial",
        "customFields.vip == true",
        "customFields.trial != true",
        "customFields.seats != true",
        "customFields.nothing != false",
        "currency == customFields.tier OR currency == currency",
        # a word that is no name is text
        "customFields.tier == gold AND accountName != Name",
        "currency == OR OR currency == EUR",
        # escapes in quotes
        r"accountName != 'O\'Brien \"and\" \\ Sons'",
        "customFields.empty == ''",
        "   currency\n==\tEUR  ",
    ],
)
def test_it_holds(text: str) -> None:
    assert holds(text) is True


@pytest.mark.parametrize(
    "text",
    [
        "customFields.country == FR",
        "currency == eur",
        "customFields.seats == twelve",
        "customFields.tier == 3",
        "address.country IN (US, FR)",
        "currency == EUR AND currency == USD",
        "NOT currency == EUR",
        "customFields.tier == null",
        "customFields == null",
        "address == null",
        "false",
        "customFields.seats == false",
    ],
)
def test_it_does_not_hold(text: str) -> None:
    assert holds(text) is False


def test_an_account_without_anything_has_nulls_everywhere() -> None:
    assert holds("customFields == null AND customFields.country == null", BARE)
    assert holds("address == null AND address.country == null AND accountName == null", BARE)
    assert not holds("customFields != null AND customFields.country == UK", BARE)


def test_and_binds_closer_than_or() -> None:
    assert holds("currency == EUR OR currency == EUR AND currency == USD")
    assert not holds("(currency == EUR OR currency == EUR) AND currency == USD")


def test_what_does_not_decide_is_not_looked_at() -> None:
    assert not holds("customFields.nothing != null AND 1 / 0 > 1")
    assert holds("currency == EUR OR 1 / 0 > 1")


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("country == UK", 1, "country is not known here"),
        ("currency == EUR AND seats > 3", 21, "seats is not known here"),
        ("UK == address.country", 1, "UK is not known here"),
        ("address.planet == Mars", 1, "address.planet is not known here"),
        ("customFields. == 3", 1, "customFields. is not known here"),
        ("UK IN (address.country)", 1, "UK is not known here"),
        ("currency == EUR + seats", 13, "EUR is not known here"),
        ("currency = EUR", 10, "write =="),
        ("currency == EUR && true", 17, "write AND"),
        ("currency == EUR || true", 17, "write OR"),
        ("!customFields.vip", 1, "write NOT"),
        ("currency == 'EUR", 13, "no closing quote"),
        ('currency == "EUR', 13, "no closing quote"),
        ("currency == EUR;", 16, "';' is not understood"),
        ("currency == é€", 14, "'€' is not understood"),
        ("currency ==", 12, "ends too early"),
        ("(currency == EUR", 17, "ends too early"),
        ("", 1, "ends too early"),
        ("   ", 4, "ends too early"),
        ("currency == EUR)", 16, "')' is not expected"),
        ("currency IN ()", 14, "')' is not expected"),
        ("currency IN EUR", 13, "'EUR' is not expected"),
        ("currency NOT IN (EUR)", 10, "'NOT' is not expected"),
        ("accountName == Acme Europe", 21, "'Europe' is not expected"),
        ("currency == EUR == true", 17, "'==' is not expected"),
        ("AND currency == EUR", 5, "'currency' is not expected"),
        ("customFields[big] == 3", 14, "'big' is not expected"),
        ("customFields == UK", 1, "can only be compared with null"),
        ("customFields < null", 1, "can only be compared with null"),
        ("UK == customFields", 1, "UK is not known here"),
        ("currency == address", 13, "can only be compared with null"),
        ("address IN (null)", 1, "can only be compared with null"),
        ("currency IN (address)", 14, "can only be compared with null"),
        ("customFields", 1, "can only be compared with null"),
        ("customFields + 1 == 2", 1, "can only be compared with null"),
        ("5", 1, "a condition is expected"),
        ("'text'", 1, "a condition is expected"),
        ("null", 1, "a condition is expected"),
        ("currency == EUR AND 5", 21, "a condition is expected"),
        ("NOT 'text'", 5, "a condition is expected"),
        ("1 + 1", 1, "a condition is expected"),
        ("(currency == EUR) + 1 == 2", 11, "a number is expected"),
        ("1 + true == 2", 5, "a number is expected"),
        ("-(NOT true) == 2", 3, "a number is expected"),
    ],
)
def test_a_bad_expression_is_refused_at_its_column(text: str, column: int, words: str) -> None:
    with pytest.raises(BadFilter) as caught:
        AccountFilter.read(text)

    assert caught.value.column == column
    assert str(caught.value).startswith(f"column {column}: ")
    assert words in str(caught.value)


def test_an_unknown_name_is_told_which_names_there_are() -> None:
    with pytest.raises(
        BadFilter, match=r'accountName.*address\.country.*customFields\.<name>, customFields\["<name>"\]'
    ):
        AccountFilter.read("name == Acme")


@pytest.mark.parametrize(
    "text",
    [
        "1 / 0 > 1",
        "0 / 0 > 1",
        "customFields.tier + 1 > 1",
        "-customFields.tier == 1",
        "customFields.tier < 3",
        "3 < customFields.tier",
        "true > 1 OR true",
        "currency",
        "NOT customFields.seats",
        "customFields.tier AND true",
    ],
)
def test_what_has_no_answer_is_an_error_and_not_a_no(text: str) -> None:
    with pytest.raises(FilterNotEvaluable, match=r"for account Acme Europe \(a-1\): column \d+"):
        holds(text)


@pytest.mark.parametrize("value", [["list"], {"a": 1}, float("nan")])
def test_a_custom_field_that_is_neither_text_nor_a_number_has_no_answer(value: object) -> None:
    account = Account.parse({"id": "a-3", "customFields": {"odd": value}})

    with pytest.raises(FilterNotEvaluable, match=r"customFields\.odd is neither text nor a number"):
        holds("customFields.odd == 3", account)


def test_without_the_account_there_is_no_answer() -> None:
    with pytest.raises(FilterNotEvaluable, match="the bill's account is not known"):
        AccountFilter.read("true").holds_for(None)


def test_a_sentence_about_an_account_without_a_name_does_not_say_none() -> None:
    with pytest.raises(FilterNotEvaluable, match=r"for account  ?\(a-2\)"):
        holds("1 / 0 == 1", BARE)


def test_no_value_of_the_account_is_repeated_in_an_error() -> None:
    with pytest.raises(FilterNotEvaluable) as caught:
        holds("customFields.tier < 3")

    assert "gold" not in caught.value.message


def test_a_filter_is_at_most_2000_characters_long() -> None:
    fits = "currency == '" + "x" * (LONGEST - 14) + "'"

    assert len(fits) == 2000
    assert not holds(fits)
    with pytest.raises(BadFilter, match=r"column 2001: .* longer than 2,000 characters"):
        AccountFilter.read(fits + " ")


@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("NOT ", ""), ("NOT (", ")")])
def test_nesting_is_bounded(opening: str, closing: str) -> None:
    levels = DEEPEST // (2 if opening == "NOT (" else 1)
    deepest = opening * levels + "currency == EUR" + closing * levels

    assert isinstance(holds(deepest), bool)
    with pytest.raises(BadFilter, match="nested deeper than 50"):
        AccountFilter.read(f"({deepest})")


def test_unary_minus_nests_too() -> None:
    assert holds("-" * 50 + "1 == 1")
    with pytest.raises(BadFilter, match=r"column 1: .*nested deeper than 50"):
        AccountFilter.read("-" * 51 + "1 == 1")


@pytest.mark.parametrize(
    "text",
    [
        "(" * 2000,
        "-" * 2000,
        "NOT " * 500,
        "1" + "+1" * 999,
        "true" + " AND true" * 221,
        "currency IN (a" + ",a" * 990 + ")",
        "9" * 2000,
        "9" * 300 + " * " + "9" * 300 + " == 1",
        "\\" * 2000,
        '"' + "\\" * 1999,
    ],
)
def test_hostile_text_is_read_or_refused_quickly(text: str) -> None:
    start = process_time()
    with suppress(BadFilter, FilterNotEvaluable):
        holds(text)
    assert process_time() - start < 1


@st.composite
def conditions(draw: st.DrawFn, depth: int = 3) -> tuple[str, bool]:
    """An expression and whether it holds for ACME, by an evaluation of our own."""
    kind = draw(st.sampled_from(["leaf", "not", "and", "or"])) if depth else "leaf"
    if kind == "leaf":
        left, right = draw(st.integers(-5, 5)), draw(st.integers(-5, 5))
        operator, answer = draw(
            st.sampled_from(
                [
                    ("==", left == right),
                    ("= =", left == right),
                    ("!=", left != right),
                    ("<", left < right),
                    ("<=", left <= right),
                    (">", left > right),
                    (">=", left >= right),
                ]
            )
        )
        return f"{left} {operator} {right}", answer
    word = draw(st.sampled_from([kind, kind.upper(), kind.title()]))
    text, answer = draw(conditions(depth - 1))
    if kind == "not":
        return f"{word} ({text})", not answer
    other, second = draw(conditions(depth - 1))
    return f"({text}) {word} ({other})", (answer and second) if kind == "and" else (answer or second)


@given(conditions())
def test_conditions_mean_what_they_mean_in_python(condition: tuple[str, bool]) -> None:
    text, answer = condition

    assert holds(text) is answer


TOKENS = """
currency customFields.seats customFields address.country EUR 12 1.5 'x' "y" '' null true ( ) [ ] == = != < <= > >=
AND OR NOT IN + - * / , . é \\ customFields['a']
"""
tokens = st.sampled_from(TOKENS.split())


@given(st.lists(tokens, max_size=25).map(" ".join) | st.text(max_size=80))
@example("customFields[")
@example("IN (")
def test_any_text_is_read_or_refused_at_a_column_of_its_own(text: str) -> None:
    try:
        parsed = AccountFilter.read(text)
    except BadFilter as bad:
        assert 1 <= bad.column <= len(text) + 1  # noqa: PT017  either outcome is right
        return
    for account in (ACME, BARE):
        try:
            assert isinstance(parsed.holds_for(account), bool)
        except FilterNotEvaluable as none:
            assert none.message  # noqa: PT017  either outcome is right


def test_a_part_of_an_expression_must_say_what_it_means() -> None:
    with pytest.raises(NotImplementedError):
        Node(1, 0).value(ACME)
