"""The account filter: an expression on the account that decides whether its bills are sent.

    either      :=  both (OR both)*
    both        :=  negation (AND negation)*
    negation    :=  NOT negation | comparison
    comparison  :=  sum (== | != | < | <= | > | >=) sum  |  sum IN ( sum, ... )  |  sum
    sum         :=  + - * / as usual, unary minus, parentheses
    value       :=  a name | "text" | 'text' | number | null | true | false

A bare word that is no name is text, but only right of a comparison and in an IN list. Nothing is ever handed to `eval`:
the text is parsed when the configuration is saved, by a table-driven parser that does not recurse, bounded in length
and in nesting; evaluating recurses no deeper than the nesting.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, NoReturn, Self, cast

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, v_args

from m3ter_quickbooks.bill.account import Account
from m3ter_quickbooks.integration.filter_expression import (
    CONDITIONS,
    CUSTOM_FIELDS,
    KNOWN_NAMES,
    Arithmetic,
    Comparison,
    Constant,
    Junction,
    Membership,
    Name,
    Negative,
    Node,
    Not,
    Word,
    holds,
    is_known,
    reads_as_number,
)
from m3ter_quickbooks.problems import FilterNotEvaluable

LONGEST = 2000
DEEPEST = 50

# The lexer is contextual: where a value is expected, OR and IN are words (Oregon, India), elsewhere they are operators.
_GRAMMAR = r"""
    ?start: either                                        -> whole
    ?either: both (OR both)*                              -> either
    ?both: negation (AND negation)*                       -> both
    ?negation: NOT negation                               -> negation
        | comparison
    ?comparison: sum (EQ | NE | LE | GE | LT | GT) sum    -> comparison
        | sum IN "(" sum ("," sum)* ")"                   -> membership
        | sum
    ?sum: product ((PLUS | MINUS) product)*               -> arithmetic
    ?product: signed ((TIMES | OVER) signed)*             -> arithmetic
    ?signed: MINUS signed                                 -> negative
        | atom
    ?atom: STRING                                         -> text
        | NULL                                            -> null
        | TRUE                                            -> true
        | FALSE                                           -> false
        | CUSTOM STRING "]"                               -> custom_field
        | WORD                                            -> word
        | LPAR either ")"                                 -> group

    OR.2: /or(?![\w.\-])/i
    AND.2: /and(?![\w.\-])/i
    NOT.2: /not(?![\w.\-])/i
    IN.2: /in(?![\w.\-])/i
    NULL.2: /null(?![\w.\-])/i
    TRUE.2: /true(?![\w.\-])/i
    FALSE.2: /false(?![\w.\-])/i
    EQ: /=\s*=/
    NE: "!="
    LE: "<="
    GE: ">="
    LT: "<"
    GT: ">"
    PLUS: "+"
    MINUS: "-"
    TIMES: "*"
    OVER: "/"
    LPAR: "("
    CUSTOM.2: /customFields\s*\[/
    STRING: /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/s
    WORD: /\w[\w.\-]*/
    %ignore /\s+/
"""

_HINTS = {
    "=": "to compare, write ==",
    "&": "write AND",
    "|": "write OR",
    "!": "write NOT, or != to compare",
    '"': "this text has no closing quote",
    "'": "this text has no closing quote",
}


class BadFilter(ValueError):  # noqa: N818  read as `raise BadFilter`, like everything in problems.py
    """An expression that cannot be read. `column` counts from 1."""

    def __init__(self, column: int, words: str) -> None:
        super().__init__(f"column {column}: {words}")
        self.column = column


@dataclass(frozen=True, slots=True)
class AccountFilter:
    """An expression that was read. `text` is what the operator wrote."""

    text: str
    condition: Node

    @classmethod
    def read(cls, text: str) -> Self:
        """Parse `text`. Raises BadFilter with the column and what is wrong there."""
        if len(text) > LONGEST:
            raise BadFilter(LONGEST + 1, f"the expression is longer than {LONGEST:,} characters.")
        try:
            # The parser's transformer makes nodes of what lark's types call a tree.
            return cls(text, cast("Node", _PARSER.parse(text)))
        except UnexpectedInput as error:
            _explain(text, error)

    def holds_for(self, account: Account | None) -> bool:
        """Whether bills of this account are to be sent. Raises FilterNotEvaluable, also for want of the account."""
        if account is None:
            raise FilterNotEvaluable(
                "The account filter cannot be evaluated: the bill's account is not known. "
                "Send its configuration.account event, create it with POST accounts, or give this organization's "
                "m3ter credentials so that it can be fetched."
            )
        try:
            return holds(self.condition, account)
        except FilterNotEvaluable as problem:
            raise FilterNotEvaluable(
                f"The account filter cannot be evaluated for account {account.name or ''} ({account.id}): "
                f"{problem.message} Change the filter or the account."
            ) from None


def _explain(text: str, error: UnexpectedInput) -> NoReturn:
    token = getattr(error, "token", None)
    if isinstance(token, Token) and token.type == "$END":
        raise BadFilter(len(text) + 1, "the expression ends too early.") from None
    at = cast("int", error.pos_in_stream)
    if isinstance(error, UnexpectedCharacters):
        hint = _HINTS.get(text[at])
        raise BadFilter(at + 1, f"{hint}." if hint else f"{text[at]!r} is not understood here.") from None
    raise BadFilter(at + 1, f"{str(token)[:40]!r} is not expected here.") from None


if TYPE_CHECKING:
    _Base = Transformer[Token, Node]
else:
    _Base = Transformer


@v_args(inline=True)
class _Reader(_Base):
    """Builds the expression from the inside out. A bare word gets its meaning from what it stands in."""

    def whole(self, node: Node) -> Node:
        return _condition(node)

    def either(self, *children: Node | Token) -> Node:
        return _junction(children, every=False)

    def both(self, *children: Node | Token) -> Node:
        return _junction(children, every=True)

    def negation(self, token: Token, node: Node) -> Node:
        return Not(_column(token), _deeper(token, node), _condition(node))

    def comparison(self, left: Node, operator: Token, right: Node) -> Node:
        sides = _named(left), _meant(right)
        symbol = "".join(operator.split())
        for side, other in (sides, sides[::-1]):
            is_null = isinstance(other, Constant) and other.constant is None
            if isinstance(side, Name) and side.is_holder and not (is_null and symbol in {"==", "!="}):
                raise BadFilter(side.at, f"{side.name} can only be compared with null; write {side.name}.<name>.")
        return Comparison(_column(operator), max(left.depth, right.depth), symbol, *sides)

    def membership(self, left: Node, operator: Token, *among: Node) -> Node:
        nodes = tuple(_without_holder(_meant(node)) for node in among)
        depth = max(left.depth, *(node.depth for node in nodes))
        return Membership(_column(operator), depth, _without_holder(_named(left)), nodes)

    def arithmetic(self, first: Node, *rest: Node | Token) -> Node:
        if not rest:
            return first
        start = _number(first)
        operators = [str(token) for token in rest[0::2]]
        operands = [_number(node) for node in rest[1::2] if isinstance(node, Node)]
        depth = max(first.depth, *(node.depth for node in operands))
        return Arithmetic(first.at, depth, start, tuple(zip(operators, operands, strict=True)))

    def negative(self, token: Token, node: Node) -> Node:
        return Negative(_column(token), _deeper(token, node), _number(node))

    def group(self, token: Token, node: Node) -> Node:
        return replace(node, depth=_deeper(token, node))

    def text(self, token: Token) -> Node:
        return Constant(_column(token), 0, _unquoted(token))

    def null(self, token: Token) -> Node:
        return Constant(_column(token), 0, None)

    def true(self, token: Token) -> Node:
        return Constant(_column(token), 0, constant=True)

    def false(self, token: Token) -> Node:
        return Constant(_column(token), 0, constant=False)

    def custom_field(self, opening: Token, name: Token) -> Node:
        field = _unquoted(name)
        return Name(_column(opening), 0, f'{CUSTOM_FIELDS}["{field}"]', field)

    def word(self, token: Token) -> Node:
        return Word(_column(token), 0, str(token))


def _junction(children: tuple[Node | Token, ...], *, every: bool) -> Node:
    nodes = [child for child in children if isinstance(child, Node)]
    if len(nodes) == 1:
        return nodes[0]
    depth = max(node.depth for node in nodes)
    return Junction(nodes[0].at, depth, every, tuple(_condition(node) for node in nodes))


def _named(node: Node) -> Node:
    """A word where only a name or a number can stand."""
    if not isinstance(node, Word):
        return node
    if reads_as_number(node.text):
        return Constant(node.at, node.depth, Decimal(node.text))
    if not is_known(node.text):
        raise BadFilter(node.at, f"{node.text[:40]} is not known here; there are {', '.join(KNOWN_NAMES)}.")
    holder, dot, rest = node.text.partition(".")
    return Name(node.at, node.depth, node.text, rest if holder == CUSTOM_FIELDS and dot else None)


def _meant(node: Node) -> Node:
    """A word where text can stand too."""
    if isinstance(node, Word) and not reads_as_number(node.text) and not is_known(node.text):
        return Constant(node.at, node.depth, node.text)
    return _named(node)


def _without_holder(node: Node) -> Node:
    if isinstance(node, Name) and node.is_holder:
        raise BadFilter(node.at, f"{node.name} can only be compared with null; write {node.name}.<name>.")
    return node


def _number(node: Node) -> Node:
    node = _without_holder(_named(node))
    if isinstance(node, CONDITIONS) or (isinstance(node, Constant) and isinstance(node.constant, bool)):
        raise BadFilter(node.at, "a number is expected here.")
    return node


def _condition(node: Node) -> Node:
    node = _without_holder(_named(node))
    if isinstance(node, CONDITIONS | Name) or (isinstance(node, Constant) and isinstance(node.constant, bool)):
        return node
    raise BadFilter(node.at, "a condition is expected here, such as currency == EUR.")


def _deeper(token: Token, node: Node) -> int:
    if node.depth >= DEEPEST:
        raise BadFilter(_column(token), f"the expression is nested deeper than {DEEPEST} levels.")
    return node.depth + 1


def _column(token: Token) -> int:
    return (token.start_pos or 0) + 1


def _unquoted(token: Token) -> str:
    """The text between the quotes; a backslash keeps the quote or backslash after it."""
    return re.sub(r"\\([\"'\\])", r"\1", token[1:-1])


_PARSER = Lark(_GRAMMAR, parser="lalr", lexer="contextual", transformer=_Reader())
