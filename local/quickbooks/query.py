"""The query language (facts 4): parse, then answer from the store.

select * | count(*) | fields  from Entity  [where c [and c]*]  [order by f [asc|desc]]  [startposition n] [maxresults n]
"""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from local.quickbooks import wire
from local.quickbooks.entities import BY_QUERY_NAME, NAME, Entity
from local.quickbooks.operations import shown
from local.quickbooks.problems import Fault
from local.quickbooks.store import Condition, Store

MOST_ROWS = 1000
MOST_IN_DATABASE = 500
_TIME = re.compile(r"\d{4}-\d\d-\d\dT")
_TOKEN = re.compile(r"\s*(?:'((?:[^'\\]|\\.)*)'|([A-Za-z_][\w.]*)|(-?\d+(?:\.\d+)?)|(<=|>=|!=|<>|[=<>(),*]))")


@dataclass(frozen=True, slots=True)
class Comparison:
    field: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    entity: Entity
    count: bool
    where: tuple[Comparison, ...]
    order: tuple[tuple[str, bool], ...]
    start: int
    most: int


def _parse_fault(detail: str) -> Fault:
    return Fault("4000", "Error parsing query", f"QueryParserError: {detail}")


def _invalid(detail: str) -> Fault:
    return Fault("4001", "Invalid query", f"QueryValidationError: {detail}")


class _Words:
    """The statement cut into words. A word is (kind, text): text, name, number or sign."""

    def __init__(self, statement: str) -> None:
        self.at, self.words = 0, []
        place, end = 0, len(statement.rstrip())
        while place < end:
            found = _TOKEN.match(statement, place)
            if found is None or found.end() == place:
                raise _parse_fault(
                    f"Invalid content. Lexical error at line 1, column {place + 1}. "
                    f"Encountered: {statement[place : place + 1]!r}"
                )
            text, name, number, sign = found.groups()
            if text is not None:
                self.words.append(("text", re.sub(r"\\(.)", r"\1", text)))
            else:
                kind = "name" if name else "number" if number else "sign"
                self.words.append((kind, name or number or sign))
            place = found.end()

    def peek(self) -> tuple[str, str]:
        return self.words[self.at] if self.at < len(self.words) else ("end", "<EOF>")

    def take(self) -> tuple[str, str]:
        word = self.peek()
        self.at += 1
        return word

    def keyword(self, *wanted: str) -> str | None:
        kind, text = self.peek()
        if kind == "name" and text.lower() in wanted:
            self.at += 1
            return text.lower()
        return None

    def sign(self, wanted: str) -> bool:
        if self.peek() == ("sign", wanted):
            self.at += 1
            return True
        return False

    def expect(self, kind: str, wanted: str) -> str:
        found, text = self.take()
        if found != kind:
            raise _parse_fault(f'Encountered " {text} " at line 1. Was expecting one of: {wanted}')
        return text


def parse(statement: str) -> Query:
    """Raises 4000 for what cannot be parsed, 4001 for an unknown entity and a page that cannot be."""
    words = _Words(statement)
    if words.keyword("select") is None:
        raise _parse_fault(f'Encountered " {words.peek()[1]} " at line 1, column 1. Was expecting: "select"')
    count = _selection(words)
    if words.keyword("from") is None:
        raise _parse_fault(f'Encountered " {words.peek()[1]} ". Was expecting: "from"')
    name = words.expect("name", "an entity")
    entity = BY_QUERY_NAME.get(name.lower())
    if entity is None:
        raise _invalid(f"invalid context declaration: {name}")
    where = _where(words)
    order = _order(words)
    start, most = _page(words)
    if words.peek()[0] != "end":
        raise _parse_fault(f'Encountered " {words.peek()[1]} ". Was expecting: <EOF>')
    return Query(entity, count, where, order, start, most)


def _selection(words: _Words) -> bool:
    """True for count(*). A list of fields is read and not honoured: all properties come back."""
    if words.keyword("count"):
        if not (words.sign("(") and words.sign("*") and words.sign(")")):
            raise _parse_fault('Was expecting: "(*)"')
        return True
    while True:
        if not words.sign("*") and words.expect("name", "a property").endswith("."):
            words.sign("*")
        if not words.sign(","):
            return False


def _where(words: _Words) -> tuple[Comparison, ...]:
    if words.keyword("where") is None:
        return ()
    found = [_comparison(words)]
    while words.keyword("and"):
        found.append(_comparison(words))
    return tuple(found)


def _comparison(words: _Words) -> Comparison:
    field = words.expect("name", "a property")
    word = words.keyword("in", "like")
    if word is None:
        word = words.expect("sign", '"=" "<" ">" "<=" ">=" "in" "like"')
        if word not in ("=", "<", ">", "<=", ">=", "!="):
            raise _parse_fault(f'Encountered " {word} ". Was expecting one of: "=" "<" ">" "<=" ">=" "in" "like"')
        return Comparison(field, word, (_value(words),))
    if word == "like":
        return Comparison(field, word, (_value(words),))
    if not words.sign("("):
        raise _parse_fault('Was expecting: "("')
    values = [_value(words)]
    while words.sign(","):
        values.append(_value(words))
    if not words.sign(")"):
        raise _parse_fault('Was expecting: ")"')
    return Comparison(field, "in", tuple(values))


def _value(words: _Words) -> str:
    kind, text = words.take()
    if kind in ("text", "number") or (kind == "name" and text.lower() in ("true", "false")):
        return text
    raise _parse_fault(f'Encountered " {text} ". Was expecting a value')


def _order(words: _Words) -> tuple[tuple[str, bool], ...]:
    if words.keyword("orderby") is None:
        if words.keyword("order") is None:
            return ()
        if words.keyword("by") is None:
            raise _parse_fault('Was expecting: "by"')
    found = []
    while True:
        field = words.expect("name", "a property")
        found.append((field, words.keyword("asc", "desc") == "desc"))
        if not words.sign(","):
            return tuple(found)


def _page(words: _Words) -> tuple[int, int]:
    start, most = 1, 100
    while word := words.keyword("startposition", "maxresults"):
        said = int(Decimal(words.expect("number", "a number")))
        if word == "startposition":
            start = min(max(said, 1), 10**9)
        elif said < 1:
            raise _invalid(f"value {said} is too small. Min allowed value is 1")
        else:
            most = min(said, MOST_ROWS)
    return start, most


# What may be asked for where it matters; other entities take any property they have.
_ALWAYS = {"id", "metadata.createtime", "metadata.lastupdatedtime"}
_SALES = _ALWAYS | {
    "docnumber", "txndate", "duedate", "customerref", "totalamt", "balance", "salestermref", "projectref", "shipdate",
}  # fmt: skip
_FILTERABLE = {
    "Invoice": _SALES,
    "CreditMemo": _SALES | {"remainingcredit"},
    "Payment": _ALWAYS | {"txndate", "customerref", "totalamt", "paymentrefnum", "projectref"},
    "Customer": _ALWAYS | {
        "displayname", "givenname", "familyname", "middlename", "companyname", "fullyqualifiedname", "active",
        "primaryemailaddr", "balance", "notes", "printoncheckname", "job", "webaddr", "primaryphone", "taxable",
    },
    "Account": _ALWAYS | {
        "name", "active", "accounttype", "accountsubtype", "classification", "fullyqualifiedname", "subaccount",
        "acctnum", "description", "parentref", "currentbalance", "currentbalancewithsubaccounts", "currencyref",
    },
    "Term": _ALWAYS | {
        "name", "active", "type", "duedays", "discountdays", "discountpercent", "dayofmonthdue", "duenextmonthdays",
        "discountdayofmonth",
    },
    "Item": _ALWAYS | {
        "name", "active", "sku", "type", "fullyqualifiedname", "unitprice", "description", "qtyonhand", "invstartdate",
        "taxable", "purchasecost", "parentref",
    },
}  # fmt: skip
_NEVER = {"departmentref", "accountref", "privatenote", "customermemo", "line"}


def answer(store: Store, realm: str, query: Query, today: str, not_after: int | None = None) -> str:
    """The text of QueryResponse. `not_after`: the query index knows nothing newer (epoch milliseconds)."""
    active = not any(one.field.lower() == "active" for one in query.where)
    for one in query.where:
        _check_filterable(query.entity, one.field)
    conditions = _as_conditions(query)
    simple = [one for one in conditions if one is not None]
    if active:
        simple.append(Condition("active", "=", (1,)))
    if not_after is not None:
        simple.append(Condition("created", "<=", (not_after,)))
    rates = query.entity.name == "ExchangeRate"
    if len(conditions) == len([one for one in conditions if one]) and not query.order and not rates:
        if query.count:
            return wire.dumps({"totalCount": store.count(realm, query.entity.name, simple)})
        rows = store.bodies(realm, query.entity.name, simple, query.start - 1, query.most)
        return _page_text(query, [shown(store, realm, query.entity, one) for one in rows])
    texts = store.bodies(realm, query.entity.name, simple)
    if "balance" in {one.field.lower() for one in query.where} | {field.lower() for field, _ in query.order}:
        texts = [shown(store, realm, query.entity, one) for one in texts]
    if rates:
        texts = _in_force(texts, query.where, today)
    left = [(text, record) for text in texts if _matches(record := wire.loads(text), query.where)]
    for field, descending in reversed(query.order):
        _check_filterable(query.entity, field)
        left.sort(key=lambda pair: _sort_key(_field(pair[1], field)), reverse=descending)
    if query.count:
        return wire.dumps({"totalCount": len(left)})
    page = left[query.start - 1 : query.start - 1 + query.most]
    return _page_text(query, [shown(store, realm, query.entity, text) for text, _ in page])


def _in_force(texts: list[str], where: tuple[Comparison, ...], today: str) -> list[str]:
    """One rate of each currency: that of the day asked for, or of today. A rate holds until the next one."""
    day = next((one.values[0] for one in where if one.field.lower() == "asofdate" and one.operator == "="), today)
    latest: dict[str, Any] = {}
    for record in sorted((wire.loads(text) for text in texts), key=lambda one: str(one["AsOfDate"])):
        if record["AsOfDate"] <= day:
            latest[record["SourceCurrencyCode"]] = record
    return [wire.dumps({**record, "AsOfDate": day}) for record in latest.values()]


def _page_text(query: Query, rows: list[str]) -> str:
    if not rows:
        return "{}"
    return f'{{"{query.entity.name}":[{",".join(rows)}],"startPosition":{query.start},"maxResults":{len(rows)}}}'


def _check_filterable(entity: Entity, field: str) -> None:
    name = field.lower()
    known = _FILTERABLE.get(entity.name)
    if name in _NEVER:
        raise _invalid(f"property '{field}' is not queryable")
    if known is not None and name not in known:
        raise _invalid(f"Property {field} not found for Entity {entity.name}")


_COLUMNS = {"id": "id", "customerref": "customer", "txndate": "txn_date", "docnumber": "number"}


def _as_conditions(query: Query) -> list[Condition | None]:
    """None where the comparison is made here, as all are once they are more than SQLite takes in one statement."""
    if sum(len(one.values) for one in query.where) > MOST_IN_DATABASE:
        return [None] * len(query.where)
    return [_as_condition(query.entity, one) for one in query.where]


def _as_condition(entity: Entity, one: Comparison) -> Condition | None:
    """The comparison as one of the database, where that means exactly the same."""
    name = one.field.lower()
    if name == "displayname" and entity.kind == NAME and one.operator in ("=", "in"):
        return Condition("name", one.operator, tuple(value.casefold() for value in one.values))
    if name == "active" and one.operator in ("=", "in"):
        return Condition("active", one.operator, tuple(int(value.lower() == "true") for value in one.values))
    if name in ("id", "customerref") and one.operator in ("=", "in"):
        return Condition(_COLUMNS[name], one.operator, one.values)
    if (
        name == "txndate"
        and one.operator not in ("like", "!=")
        and all(re.fullmatch(r"\d{4}-\d\d-\d\d", v) for v in one.values)
    ):
        return Condition("txn_date", one.operator, one.values)
    if name == "docnumber" and one.operator in ("=", "in") and all(value.isascii() for value in one.values):
        return Condition("number", one.operator, one.values)
    return None


def _field(record: Any, field: str) -> Any:
    """The value of a property, found without case; a reference or an address stands for what it holds."""
    return next(iter(_values(record, field.lower().split("."))), None)


def _values(value: Any, path: list[str]) -> list[Any]:
    """All values of a property: there are several where a list is on the way, as in AttachableRef.EntityRef.value."""
    if isinstance(value, list):
        return [found for one in value for found in _values(one, path)]
    if path:
        inside = value.items() if isinstance(value, dict) else ()
        return next((_values(one, path[1:]) for key, one in inside if key.lower() == path[0]), [])
    if isinstance(value, dict):
        return [value[key] for key in ("value", "Address", "FreeFormNumber", "URI") if key in value][:1]
    return [value]


def _matches(record: Any, where: tuple[Comparison, ...]) -> bool:
    if len(record) == 1:
        # A recurring transaction: its kind is what `Type` asks for.
        ((kind, inside),) = record.items()
        record = {"Type": kind, **inside}
    return all(
        any(_holds(value, one) for value in _values(record, one.field.lower().split(".")) or [None]) for one in where
    )


def _holds(value: Any, one: Comparison) -> bool:
    if one.operator == "in":
        return any(_compare(value, "=", said) for said in one.values)
    if one.operator == "like":
        return value is not None and _like(str(value).casefold(), one.values[0].casefold())
    if one.operator == "!=":
        return not _compare(value, "=", one.values[0])
    return _compare(value, one.operator, one.values[0])


def _like(text: str, pattern: str) -> bool:
    """Each part between % at the first place where it fits: no pattern takes longer than the text is long."""
    first, *rest = pattern.split("%")
    if not rest:
        return text == first
    *middle, last = rest
    if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
        return False
    place, end = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, place, end)
        if found < 0:
            return False
        place = found + len(part)
    return True


def _compare(value: Any, operator: str, said: str) -> bool:
    if value is None:
        return False
    if operator == "=" and isinstance(value, str) and not _TIME.match(value):
        return value.casefold() == said.casefold()
    left, right = _comparable(value, said)
    if operator == "=":
        return bool(left == right)
    if operator in ("<", "<="):
        return bool(left < right or (operator == "<=" and left == right))
    return bool(left > right or (operator == ">=" and left == right))


def _comparable(value: Any, said: str) -> tuple[Any, Any]:
    if isinstance(value, bool):
        return value, said.lower() == "true"
    if isinstance(value, int | Decimal):
        try:
            return Decimal(value), Decimal(said)
        except InvalidOperation as cause:
            raise _invalid(f"invalid value: {said[:50]}") from cause
    text = str(value)
    if _TIME.match(text):
        try:
            return wire.parsed_time(text), wire.parsed_time(said)
        except (ValueError, OverflowError) as cause:
            raise _invalid(f"invalid value: {said[:50]}") from cause
    if text.isdecimal() and said.isdecimal():
        return int(text[:300]), int(said[:300])
    return text.casefold(), said.casefold()


def _sort_key(value: Any) -> tuple[int, Any]:
    if value is None:
        return (0, 0)
    if isinstance(value, bool | int | Decimal):
        return (1, Decimal(value))
    text = str(value)
    return (2, (int(text[:300]), "")) if text.isdecimal() else (3, text.casefold())
