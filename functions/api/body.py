"""What came in the body, read without trusting it.

Bounded before it is looked at: one megabyte, fifty levels, no control characters, no key twice, no number that would
take a megabyte to write out. Each of these is a 400 (413 for the size), quickly, whatever the route.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import NoReturn

from api.field_words import Trail, path_of
from m3ter_quickbooks.invoice.payload import exact
from m3ter_quickbooks.problems import BadRequest, FieldProblem, TooLarge

LARGEST_BODY = 1024 * 1024
DEEPEST = 50
LONGEST_STRING = 20_000
MOST_DIGITS = 40

# Half of a surrogate pair is no character either, and cannot be written as UTF-8.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def json_of(body: bytes) -> object:
    """The JSON in `body`; an empty one is an empty object (SDKs send an empty JSON body where none is needed).

    Raises TooLarge and BadRequest.
    """
    bounded(body)
    if not body.strip():
        return {}
    try:
        value = json.loads(
            body.decode("utf-8-sig"), parse_float=exact, parse_constant=_refuse_constant, object_pairs_hook=_object
        )
    except UnicodeDecodeError as error:
        raise BadRequest("The body is not UTF-8.") from error
    except RecursionError as error:
        raise BadRequest(f"The body is nested deeper than {DEEPEST} levels.") from error
    except json.JSONDecodeError as error:
        raise BadRequest(f"The body is not JSON: {error.msg} at line {error.lineno} column {error.colno}.") from error
    except ValueError as error:
        # json itself refuses whole numbers of more than some thousand digits, Decimal absurd exponents.
        raise BadRequest(f"The body holds a number of more than {MOST_DIGITS} digits.") from error
    _look_through(value)
    return value


def bounded(body: bytes) -> bytes:
    """The body itself if it is not over one megabyte. Raises TooLarge."""
    if len(body) > LARGEST_BODY:
        raise TooLarge("The body is larger than 1 MB.")
    return body


def plain(text: str, where: str) -> str:
    """The text itself if it holds no control characters (tabs and line ends are none). Raises BadRequest."""
    if _CONTROL.search(text):
        raise BadRequest(f"{where} holds a control character.")
    return text


def _refuse_constant(name: str) -> NoReturn:
    raise BadRequest(f"The body holds {name}, which is not a JSON number.")


class _KeyTwice(dict[str, object]):
    """An object in which `key` was given twice: which of the two was meant, nobody can say."""

    key: str


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    held = dict(pairs)
    if len(held) == len(pairs):
        return held
    odd = _KeyTwice(held)
    odd.key = Counter(key for key, _ in pairs).most_common(1)[0][0]
    return odd


def _look_through(value: object) -> None:
    # Around it an object of ours, so that a body that is text or a number is looked at as any other value.
    waiting: list[tuple[object, int, Trail]] = [({"": value}, 0, None)]
    while waiting:
        held, depth, trail = waiting.pop()
        if depth > DEEPEST:
            raise BadRequest(f"The body is nested deeper than {DEEPEST} levels.")
        for step, inner in _entries(held, trail):
            way = (trail, step) if depth else None
            if isinstance(inner, dict | list):
                waiting.append((inner, depth + 1, way))
            elif isinstance(inner, str):
                _check_text(inner, way)
            elif isinstance(inner, Decimal | int):
                _check_number(Decimal(inner), way)


def _entries(held: object, trail: Trail) -> Iterable[tuple[str | int, object]]:
    """What an object or a list holds, by name or place. Raises BadRequest for names that are none."""
    if isinstance(held, list):
        return enumerate(held)
    names = held if isinstance(held, dict) else {}
    for name in names:
        _check_text(name, trail)
    if isinstance(held, _KeyTwice):
        raise _refused("is given more than once.", (trail, held.key))
    return names.items()


def _check_text(text: str, trail: Trail) -> None:
    if len(text) > LONGEST_STRING:
        raise _refused(f"must hold no text of more than {LONGEST_STRING} characters.", trail)
    if _CONTROL.search(text):
        raise _refused("must hold no control character.", trail)


def _check_number(number: Decimal, trail: Trail) -> None:
    if len(number.as_tuple().digits) > MOST_DIGITS or abs(number.adjusted()) > MOST_DIGITS:
        raise _refused(f"must hold no number of more than {MOST_DIGITS} digits.", trail)


def _refused(message: str, trail: Trail) -> BadRequest:
    return BadRequest.about(FieldProblem(path_of(trail), message)) if trail else BadRequest(f"The body {message}")
