"""The list of verified facts and the tests that name them, held together. Reads files only."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
LIST = tomllib.loads((TESTS / "verified_facts.toml").read_text())
SECTIONS = {"1.3", "1.5", "1.7", "2.4", "2.5", "2.9", "4", "5", "7"}

Fact = tuple[str, str]


def listed(kind: str) -> set[Fact]:
    return {(section, row) for section, rows in LIST[kind].items() for row in rows}


def is_fact(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).endswith("mark.fact")


def named(tree: ast.AST) -> Iterator[Fact]:
    """What the marks under this node name. Raises ValueError for a mark that is not two plain strings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and is_fact(node):
            section, row = (ast.literal_eval(one) for one in node.args)
            yield section, row


def of_tests(source: str) -> set[Fact]:
    """The facts named in decorators of tests, and in the cases of a parametrised one."""
    tests = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    return {fact for test in tests for decorator in test.decorator_list for fact in named(decorator)}


SOURCES = [file.read_text() for file in sorted(TESTS.glob("test_*.py"))]
NAMED = {fact for source in SOURCES for fact in of_tests(source)}


def test_every_verified_fact_has_a_test_that_names_it() -> None:
    assert listed("verified") - NAMED == set()


def test_every_fact_modelled_on_less_has_a_test_too() -> None:
    assert listed("modelled") - NAMED == set()


def test_every_mark_names_a_fact_of_the_list_word_for_word() -> None:
    ours = {fact for fact in NAMED if fact[0] in SECTIONS}
    assert ours - listed("verified") - listed("modelled") == set()


def test_no_mark_stands_where_it_marks_no_test() -> None:
    assert {fact for source in SOURCES for fact in named(ast.parse(source))} == NAMED


def test_every_section_is_there_and_every_row_says_what_it_rests_on() -> None:
    assert set(LIST["verified"]) == SECTIONS
    for rows in LIST["verified"].values():
        assert all(marks.split() and set(marks.split()) <= set("LDSR") for marks in rows.values())


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('@pytest.mark.fact("4", "a")\ndef test_x(): ...', {("4", "a")}),
        ('@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.fact("4", "b"))])\ndef test_x(x): ...',
         {("4", "b")}),
        ('@pytest.mark.fact("4", "a")\ndef builder(): ...', set()),
    ],
)  # fmt: skip
def test_marks_are_found_on_tests_and_on_their_cases_only(source: str, found: set[Fact]) -> None:
    assert of_tests(source) == found
