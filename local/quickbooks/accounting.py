"""The paths under /v3/company/{realmId} (facts 1.1), request ids included (facts 1.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.quickbooks import (
    batch,
    changes,
    envelope,
    files,
    operations,
    paper,
    problems,
    query,
    settings_objects,
    wire,
    xml_bodies,
)
from local.quickbooks.books import Books
from local.quickbooks.catalogue import fault_of
from local.quickbooks.entities import BY_SEGMENT, SALES_FORM
from local.quickbooks.envelope import Answer, Style
from local.quickbooks.problems import Fault
from local.quickbooks.traffic import Request, Visit

if TYPE_CHECKING:
    from local.quickbooks.simulator import Simulator

LONGEST_REQUEST_ID = 50


def answer(simulator: Simulator, visit: Visit, style: Style) -> Answer:
    """The answer of the books, committed. Raises Fault; then nothing was changed."""
    request = visit.request
    realm = visit.about["realm"]
    try:
        with simulator.store.transaction():
            books = simulator.books(realm)
            key = _memory_key(request, visit.about["operation"])
            _check_overlap(simulator, visit, key)
            remembered = _remembered(simulator, visit, key)
            if remembered is not None:
                visit.call.replayed = True
                return envelope.replayed(style, *remembered)
            made = _route(simulator, books, visit, style)
            if key is not None and not visit.rule("forget-request-id"):
                kind = made.headers["Content-Type"]
                simulator.store.remember(realm, key, wire.milliseconds(books.now), made.status, kind, made.body)
    except _FaultWith200 as wrapped:
        return Answer(200, envelope.fault(style, wrapped.fault).body, style.traced({"Content-Type": envelope.JSON}))
    except wire.Malformed as cause:
        raise problems.unreadable() from cause
    if books.changes:
        simulator.companies[realm] = books.company
        simulator.changed(realm, books.changes)
    return made


def is_remembered(simulator: Simulator, visit: Visit) -> bool:
    """Whether the request id is known already, where two requests on their way may overlap."""
    if simulator.overlapping_request_ids == "once":
        return True
    key = _memory_key(visit.request, visit.about["operation"])
    return key is not None and _remembered(simulator, visit, key) is not None


def _check_overlap(simulator: Simulator, visit: Visit, key: str | None) -> None:
    """Where overlapping request ids are refused: raises 600 while an earlier request with this id is on its way."""
    if simulator.overlapping_request_ids == "refused" and key is not None:
        mine = (visit.about["realm"], visit.call.request_id)
        if mine in {(late.about["realm"], late.call.request_id) for late in simulator.late_visits if late is not visit}:
            raise fault_of("600")


def _remembered(simulator: Simulator, visit: Visit, key: str | None) -> tuple[int, str, bytes] | None:
    if key is None or visit.rule("forget-request-id") or not visit.known_at_arrival:
        return None
    not_before = wire.milliseconds(simulator.now()) - int(simulator.request_id_seconds * 1000)
    return simulator.store.remembered(visit.about["realm"], key, not_before)


def _memory_key(request: Request, operation: str) -> str | None:
    """What a remembered answer is found by; None where nothing is remembered. Raises 2130."""
    request_id = request.query.get("requestid")
    if request_id is None:
        return None
    longest = batch.LONGEST_REQUEST_ID if operation == "batch" else LONGEST_REQUEST_ID
    if not 1 <= len(request_id) <= longest:
        raise problems.bad_request_id()
    if request.method != "POST" or operation in ("query", "upload"):
        return None
    if operation == "batch":
        return batch.memory_key(request_id, batch.items_of(_body(request), request_id))
    return request_id


def _route(simulator: Simulator, books: Books, visit: Visit, style: Style) -> Answer:
    rule = visit.rule("fault", "fault-in-200")
    if rule is not None:
        fault = fault_of(rule.code, rule.message, rule.detail, rule.status)
        raise _FaultWith200(fault) if rule.kind == "fault-in-200" else fault
    request, parts = visit.request, visit.request.segments[3:]
    if request.method not in ("GET", "POST"):
        raise problems.unsupported(request.method)
    if request.method == "POST" and [one.lower() for one in parts] == ["taxservice", "taxcode"]:
        made = settings_objects.tax_service(books, _body(request))
        return envelope.plain(style, 200, "application/json;charset=utf-8", made.encode())
    special = _SPECIAL.get((request.method, parts[0].lower()))
    if special is not None:
        return special(simulator, books, visit, style)
    return _object(books, request, parts, style)


def _object(books: Books, request: Request, parts: list[str], style: Style) -> Answer:
    """The paths of one entity: {entity}, {entity}/{id}, {entity}/{id}/pdf, {entity}/{id}/send."""
    entity = BY_SEGMENT.get(parts[0].lower())
    if entity is None:
        raise problems.unsupported(parts[0][:100])
    include = frozenset(request.query.get("include", "").lower().split(",")) - {""}
    if request.method == "GET":
        if len(parts) == 2:
            text = operations.read(books, entity, parts[1], frozenset(request.query.get("include", "").split(",")))
            return envelope.success(style, f'"{entity.name}":{text}')
        if len(parts) == 3 and parts[2].lower() == "pdf" and entity.kind in (SALES_FORM, "payment"):
            record = books.existing(entity.name, parts[1])
            return envelope.plain(style, 200, "application/pdf", paper.pdf(books.company, entity.name, record))
        raise problems.unsupported("/".join(parts)[:100])
    if len(parts) == 3 and parts[2].lower() == "send":
        done = operations.send(books, entity, parts[1], request.query.get("sendTo"))
    elif len(parts) == 1:
        operation = request.query.get("operation", "").lower()
        done = operations.write(books, entity, _body(request), operation, include)
    else:
        raise problems.unsupported("/".join(parts)[:100])
    return envelope.success(style, f'"{done.entity}":{done.text}')


def _body(request: Request) -> Any:
    try:
        request.body.decode()
    except UnicodeDecodeError as cause:
        raise problems.unsupported("payload that is not UTF-8") from cause
    read = xml_bodies.loads if xml_bodies.is_xml(request.body) else wire.loads
    return wire.bounded(read(request.body))


def _statement(request: Request) -> str:
    if request.method == "POST" and request.body:
        try:
            return request.body.decode()
        except UnicodeDecodeError as cause:
            raise problems.unsupported("payload that is not UTF-8") from cause
    return request.query.get("query", "")


def _queried(simulator: Simulator, books: Books, statement: str) -> str:
    lag = simulator.query_lag_seconds
    not_after = wire.milliseconds(books.now) - int(lag * 1000) if lag else None
    return query.answer(books.store, books.realm, query.parse(statement), books.today, not_after)


def _query(simulator: Simulator, books: Books, visit: Visit, style: Style) -> Answer:
    return envelope.success(style, '"QueryResponse":' + _queried(simulator, books, _statement(visit.request)))


def _batch(simulator: Simulator, books: Books, visit: Visit, style: Style) -> Answer:
    def mishap(entity: str, operation: str) -> None:
        about = {**visit.about, "entity": entity, "operation": operation}
        for rule in simulator.mishaps.befalling(about, only="fault"):
            raise fault_of(rule.code, rule.message, rule.detail, rule.status)

    items = batch.items_of(_body(visit.request), visit.request.query.get("requestid"))
    return envelope.success(style, batch.run(books, items, lambda one, text: _queried(simulator, one, text), mishap))


def _changes(simulator: Simulator, books: Books, visit: Visit, style: Style) -> Answer:
    return envelope.success(style, changes.since(books, visit.request.query))


def _preferences(simulator: Simulator, books: Books, visit: Visit, style: Style) -> Answer:
    return envelope.success(style, f'"Preferences":{operations.read(books, BY_SEGMENT["preferences"], "1")}')


def _exchange_rate(simulator: Simulator, books: Books, visit: Visit, style: Style) -> Answer:
    asked = visit.request.query
    source = asked.get("sourcecurrencycode", "")
    text = settings_objects.exchange_rate(books, source, asked.get("asofdate"))
    return envelope.success(style, f'"ExchangeRate":{text}')


def _company_info(simulator: Simulator, books: Books, visit: Visit, style: Style) -> Answer:
    return envelope.success(style, f'"CompanyInfo":{operations.read(books, BY_SEGMENT["companyinfo"], "1")}')


def _upload(simulator: Simulator, books: Books, visit: Visit, style: Style) -> Answer:
    return envelope.success(style, files.upload(books, visit.request))


def _download(simulator: Simulator, books: Books, visit: Visit, style: Style) -> Answer:
    """Where the file of an attachment lies, as plain text (Intuit's reference of Attachable). Raises 610."""
    found = books.existing("Attachable", visit.request.segments[-1])
    return envelope.plain(style, 200, "text/plain;charset=utf-8", str(found.get("TempDownloadUri", "")).encode())


def _report(simulator: Simulator, books: Books, visit: Visit, style: Style) -> Answer:
    parts = visit.request.segments[3:]
    if len(parts) != 2:
        raise problems.unsupported("reports")
    return Answer(200, files.empty_report(books, parts[1], visit.request.query).encode(),
                  style.traced({"Content-Type": "application/json;charset=utf-8"}))  # fmt: skip


class _FaultWith200(Exception):
    """A fault that comes with HTTP 200, as documented and seen (facts 1.5)."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


_SPECIAL = {
    ("GET", "query"): _query, ("POST", "query"): _query, ("POST", "batch"): _batch, ("GET", "cdc"): _changes,
    ("GET", "preferences"): _preferences, ("GET", "exchangerate"): _exchange_rate,
    ("GET", "companyinfo"): _company_info, ("POST", "upload"): _upload, ("GET", "reports"): _report,
    ("GET", "download"): _download,
}  # fmt: skip
