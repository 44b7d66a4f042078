"""The parts of an account filter, and what each of them means for an account."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from operator import add, ge, gt, le, lt, mul, sub, truediv

from m3ter_quickbooks.bill.account import Account
from m3ter_quickbooks.bill.reading import read_number
from m3ter_quickbooks.problems import FilterNotEvaluable

Value = str | Decimal | bool | None

CUSTOM_FIELDS = "customFields"
ADDRESS = "address"
HOLDERS = frozenset({CUSTOM_FIELDS, ADDRESS})
"""Names of things that hold others: they can only be compared with null."""

_FIELDS: Mapping[str, Callable[[Account], Value]] = {
    "id": lambda account: account.id,
    "accountName": lambda account: account.name,
    "accountCode": lambda account: account.code,
    "emailAddress": lambda account: account.email_address,
    "currency": lambda account: account.currency,
    "purchaseOrderNumber": lambda account: account.purchase_order_number,
    # What a holder is compared with is null; anything else will do for "it is there".
    ADDRESS: lambda account: account.address is not None or None,
    CUSTOM_FIELDS: lambda account: account.custom_fields is not None or None,
}
_ADDRESS_FIELDS: Mapping[str, str] = {
    "addressLine1": "address_line1",
    "addressLine2": "address_line2",
    "addressLine3": "address_line3",
    "addressLine4": "address_line4",
    "locality": "locality",
    "region": "region",
    "postCode": "post_code",
    "country": "country",
}
KNOWN_NAMES = (
    *(name for name in _FIELDS if name not in HOLDERS),
    *(f"{ADDRESS}.{name}" for name in _ADDRESS_FIELDS),
    f"{CUSTOM_FIELDS}.<name>",
    f'{CUSTOM_FIELDS}["<name>"]',
)

_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?")
_DIGITS = 100


def reads_as_number(text: str) -> bool:
    """Whether this text means a number: plain digits, at most one dot. No exponents, no words."""
    return _NUMBER.fullmatch(text) is not None


def is_known(name: str) -> bool:
    """Whether an account has something of this name."""
    holder, dot, rest = name.partition(".")
    if holder == ADDRESS and dot:
        return rest in _ADDRESS_FIELDS
    return bool(rest) if holder == CUSTOM_FIELDS and dot else name in _FIELDS


@dataclass(frozen=True, slots=True)
class Node:
    """Part of an expression. `at` is its column, counted from 1; `depth` how deeply it nests."""

    at: int
    depth: int

    def value(self, account: Account) -> Value:
        """What it comes to for this account. Raises FilterNotEvaluable."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Word(Node):
    """A bare word whose meaning depends on where it stands; gone when the reading is done."""

    text: str


@dataclass(frozen=True, slots=True)
class Constant(Node):
    """Text, a number, true, false or null."""

    constant: Value

    def value(self, account: Account) -> Value:  # noqa: ARG002  the same for every account
        """Itself."""
        return self.constant


@dataclass(frozen=True, slots=True)
class Name(Node):
    """Something of the account. Missing is null."""

    name: str
    custom_field: str | None = None

    @property
    def is_holder(self) -> bool:
        """Whether it can only be compared with null."""
        return self.custom_field is None and self.name in HOLDERS

    def value(self, account: Account) -> Value:
        """What the account says."""
        if self.custom_field is not None:
            return self._custom(account, self.custom_field)
        holder, dot, rest = self.name.partition(".")
        if not dot:
            return _FIELDS[self.name](account)
        return getattr(account.address, _ADDRESS_FIELDS[rest]) if holder == ADDRESS and account.address else None

    def _custom(self, account: Account, field: str) -> Value:
        value = (account.custom_fields or {}).get(field)
        if value is None or isinstance(value, bool | str):
            return value
        try:
            return read_number(value)
        except ValueError:
            raise FilterNotEvaluable(f"column {self.at}: {self.name} is neither text nor a number.") from None


@dataclass(frozen=True, slots=True)
class Negative(Node):
    """Unary minus."""

    of: Node

    def value(self, account: Account) -> Value:
        """The number with its sign turned; null stays null."""
        number = _operand(self.of, account)
        return None if number is None else -number


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """`first` and then each operator with its operand, from left to right. Null in it makes it null."""

    first: Node
    rest: tuple[tuple[str, Node], ...]

    def value(self, account: Account) -> Value:
        """The number it comes to."""
        result = _operand(self.first, account)
        for operator, node in self.rest:
            number = _operand(node, account)
            if result is None or number is None:
                result = None
                continue
            try:
                with localcontext(prec=_DIGITS):
                    result = _ARITHMETIC[operator](result, number)
            except ArithmeticError:
                raise FilterNotEvaluable(f"column {node.at}: this cannot be calculated (a division by 0?).") from None
        return result


_ARITHMETIC: Mapping[str, Callable[[Decimal, Decimal], Decimal]] = {"+": add, "-": sub, "*": mul, "/": truediv}


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """Two values compared."""

    operator: str
    left: Node
    right: Node

    def value(self, account: Account) -> bool:
        """Whether it holds."""
        left, right = self.left.value(account), self.right.value(account)
        if self.operator in {"==", "!="}:
            return _equal(left, right) is (self.operator == "==")
        return self._ordered(left, right)

    def _ordered(self, left: Value, right: Value) -> bool:
        compare = _ORDER[self.operator]
        if left is None or right is None:
            return False
        if isinstance(left, str) and isinstance(right, str):
            return bool(compare(left, right))
        numbers = _number(left), _number(right)
        if numbers[0] is None or numbers[1] is None:
            raise FilterNotEvaluable(
                f"column {self.at}: {self.operator} cannot compare a number with something that is not one."
            )
        return bool(compare(*numbers))


_ORDER: Mapping[str, Callable[..., object]] = {"<": lt, "<=": le, ">": gt, ">=": ge}


@dataclass(frozen=True, slots=True)
class Membership(Node):
    """Whether a value equals one of a list."""

    of: Node
    among: tuple[Node, ...]

    def value(self, account: Account) -> bool:
        """Whether one of them is equal."""
        value = self.of.value(account)
        return any(_equal(value, node.value(account)) for node in self.among)


@dataclass(frozen=True, slots=True)
class Not(Node):
    """The opposite."""

    of: Node

    def value(self, account: Account) -> bool:
        """Whether it does not hold."""
        return not holds(self.of, account)


@dataclass(frozen=True, slots=True)
class Junction(Node):
    """AND (`every`) or OR of several conditions; those after the one that decides are not looked at."""

    every: bool
    parts: tuple[Node, ...]

    def value(self, account: Account) -> bool:
        """Whether all, or one of them, hold."""
        results = (holds(part, account) for part in self.parts)
        return all(results) if self.every else any(results)


CONDITIONS = Comparison | Membership | Not | Junction


def holds(node: Node, account: Account) -> bool:
    """What `node` comes to as a condition. Null does not hold. Raises FilterNotEvaluable for text or a number."""
    value = node.value(account)
    if value is None or isinstance(value, bool):
        return value is True
    if isinstance(value, str) and value in _TRUTH:
        return _TRUTH[value]
    raise FilterNotEvaluable(f"column {node.at}: this is neither true nor false.")


_TRUTH = {"true": True, "false": False}
"""Custom fields cannot hold booleans, so people write them as text."""


def _number(value: Value) -> Decimal | None:
    if isinstance(value, str):
        return Decimal(value) if reads_as_number(value) else None
    return value if isinstance(value, Decimal) else None


def _operand(node: Node, account: Account) -> Decimal | None:
    value = node.value(account)
    number = _number(value)
    if number is None and value is not None:
        raise FilterNotEvaluable(f"column {node.at}: this is not a number, nothing can be calculated with it.")
    return number


def _equal(left: Value, right: Value) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return _boolean(left) is not None and _boolean(left) is _boolean(right)
    if isinstance(left, Decimal) or isinstance(right, Decimal):
        return _number(left) is not None and _number(left) == _number(right)
    return left == right


def _boolean(value: Value) -> bool | None:
    return _TRUTH.get(value) if isinstance(value, str) else value if isinstance(value, bool) else None
