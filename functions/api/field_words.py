"""What is wrong with a field, in the words of somebody who bills: its path as it was typed, and no type of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from m3ter_quickbooks.problems import FieldProblem

Trail = tuple["Trail", str | int] | None
"""The way to a value, its last step first: cheap to make for each of half a million values."""

LONGEST_STEP = 100
LONGEST_NAME = 200

_PLAIN_NAME = re.compile(r"[\w$-]+")
_NAME = "field_name"


def path_of(trail: Trail) -> str:
    """The path of the value at the end of `trail`."""
    steps: list[str | int] = []
    while trail:
        trail, step = trail
        steps.append(step)
    return path(steps[::-1])


def path(steps: Sequence[str | int]) -> str:
    """`configData.accountIds[2]`, `customFields["a.b"]`; a step that is very long is cut."""
    whole = ""
    for step in steps:
        if isinstance(step, int):
            whole += f"[{step}]"
        elif _PLAIN_NAME.fullmatch(step):
            whole += f".{_short(step)}" if whole else _short(step)
        else:
            whole += f'["{_short(step)}"]'
    return whole


def short_name(name: str) -> str:
    """The name itself, of a field that the caller named. Raises PydanticCustomError for one that is too long."""
    if len(name) > LONGEST_NAME:
        raise PydanticCustomError(_NAME, "the name of a field is too long")
    return name


def problems_of(error: ValidationError) -> tuple[FieldProblem, ...]:
    """One problem per bad field, never with what was in it; the field of the whole body is empty."""
    return tuple(_problem(one) for one in error.errors(include_url=False, include_input=False))


def _problem(error: Mapping[str, Any]) -> FieldProblem:
    kind, limits = error["type"], error.get("ctx", {})
    if kind == _NAME:
        # pydantic says of a name: the field, the name, "[key]".
        return FieldProblem(path(error["loc"][:-2]), f"must have names of at most {LONGEST_NAME} characters.")
    return FieldProblem(path(error["loc"]), _sentence(kind, limits))


def _sentence(kind: str, limits: Mapping[str, Any]) -> str:
    if kind == "value_error":
        # A validator of this API raises words for people; that of e-mail addresses says only why.
        return "must be an e-mail address." if "reason" in limits else str(limits["error"])
    words = _WORDS.get(kind) or _FAMILIES.get(kind.partition("_")[0], "is not understood.")
    return words.format(**limits).replace("'", "")


_WORDS: Mapping[str, str] = {
    "missing": "is required.",
    "string_pattern_mismatch": "must be on one line, with no space around it.",
    "string_too_short": "must not be empty.",
    "string_too_long": "must have at most {max_length} characters.",
    "url_too_long": "must have at most {max_length} characters.",
    "too_short": "must not be empty.",
    "too_long": "must have at most {max_length} entries.",
    "greater_than_equal": "must be {ge} or more.",
    "less_than_equal": "must be {le} or less.",
    "enum": "must be {expected}.",
    "literal_error": "must be {expected}.",
}
"""By pydantic's name for what is wrong."""
_FAMILIES: Mapping[str, str] = {
    "string": "must be text.",
    "int": "must be a whole number.",
    "bool": "must be true or false.",
    "dict": "must be an object.",
    "model": "must be an object.",
    "list": "must be a list.",
    "url": "must be a web address, such as https://api.m3ter.com.",
}
"""By the first word of it: `int_type`, `int_parsing`, `int_from_float`."""


def _short(step: str) -> str:
    return step if len(step) <= LONGEST_STEP else f"{step[:LONGEST_STEP]}..."
