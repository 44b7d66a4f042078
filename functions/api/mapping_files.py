"""Mappings by the file: CSV in and out, with a report line by line; and which of them no longer lead anywhere."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Literal

from api import mapping_words as words
from api.answer import Answer
from api.body import bounded, plain
from api.house import House
from api.mapping_checks import Look, check, connections_for, many_at_once, trouble_with
from api.mappings import MappingAnswer, MappingBody, answer, key_of
from api.request import Call, read
from api.route import Routes
from api.shapes import Paging, Shape, optional, told
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.integration.mapping import CUSTOMER, ITEM
from m3ter_quickbooks.integration.mapping import Mapping as ExternalMapping
from m3ter_quickbooks.problems import BadRequest, Clash, Missing, Problem
from m3ter_quickbooks.storage.audit import Kept
from m3ter_quickbooks.storage.members import Role

routes = Routes.of("externalmappings")

COLUMNS = ("m3terEntity", "m3terId", "externalSystem", "externalTable", "externalId", "integrationConfigId")
MOST_LINES = 500
"""What a request can surely write before the gateway stops waiting."""
MOST_EXPORTED = 10_000
CSV = "text/csv"


class ImportQuery(Shape):
    """How to import."""

    update: bool = told("Also change mappings that are there and lead elsewhere.", example=True, default=False)


class LineAnswer(Shape):
    """What became of one line."""

    line: int = told("Line of the file; the header is line 1.", 2)
    result: Literal["created", "updated", "unchanged", "failed"] = told("What became of it.", "created")
    id: str | None = optional("Id of the mapping.", "01957f3e-6a00-7000-8000-000000000003")
    message: str | None = optional(
        "Why it failed, or what to look at.", "Customer Amy's Bird Sanctuary (1) is inactive."
    )


class ImportAnswer(Shape):
    """A report, line by line. A line that failed holds back no other."""

    created: int = told("Lines that made a mapping.", 10)
    updated: int = told("Lines that changed one.", 0)
    unchanged: int = told("Lines that were there already.", 2)
    failed: int = told("Lines that were refused.", 1)
    lines: list[LineAnswer] = told("One entry per line.")


class ExportQuery(Shape):
    """Which mappings."""

    external_system_id: str | None = optional("Name of the external system.", "QuickBooksSandbox", max_length=200)
    integration_config_id: str | None = optional("Only those of this configuration.", max_length=200)
    next_token: str | None = optional("The `x-next-token` of the answer before.", max_length=4000)


class HealthEntry(Shape):
    """A mapping that no bill could use."""

    mapping: MappingAnswer = told("The mapping.")
    problem: str = told(
        "What is wrong with its object, and what to do.", "Customer Amy's Bird Sanctuary (1) is inactive."
    )


class HealthAnswer(Shape):
    """The mappings of this page that no bill could use."""

    checked: int = told("How many mappings of this page were looked at.", 100)
    data: list[HealthEntry] = told("Those with a problem.")
    next_token: str | None = optional("Give it back to look at the next ones.")


@routes.post("/externalmappings/import", Role.OPERATOR, statuses=(503,), body_media=(CSV,))
def import_(call: Call, house: House, query: ImportQuery) -> ImportAnswer:
    """Create mappings from CSV, at most 500 lines.

    The first line names the columns: m3terEntity, m3terId, externalSystem, externalTable, externalId and, if wanted,
    integrationConfigId. Columns with other names are ignored. Each line is checked as on create.
    """
    look = many_at_once(house)
    lines = [_import(number, row, call, house, look, query) for number, row in _rows(call.request.body)]
    count = Counter(line.result for line in lines)
    return ImportAnswer(
        created=count["created"],
        updated=count["updated"],
        unchanged=count["unchanged"],
        failed=count["failed"],
        lines=lines,
    )


@routes.get("/externalmappings/export", media=(CSV,))
def export(call: Call, house: House, query: ExportQuery) -> Answer:
    """Get the mappings as CSV, newest first, at most 10,000; the header `x-next-token` says that there are more."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    token, written = query.next_token, 0
    while True:
        page = house.mappings.page(
            call.organization_id,
            size=200,
            token=token,
            system=words.system_or_none(query.external_system_id),
            configuration_id=ConfigurationId(query.integration_config_id) if query.integration_config_id else None,
        )
        rows.writerows(_cells(kept.value) for kept in page.items)
        token, written = page.next_token, written + len(page.items)
        if token is None or written >= MOST_EXPORTED:
            break
    more = {"x-next-token": token} if token else {}
    headers = {"Content-Disposition": 'attachment; filename="mappings.csv"', **more}
    return Answer(200, text.getvalue(), f"{CSV}; charset=utf-8", headers)


@routes.get("/externalmappings/check", statuses=(409, 503))
def health(call: Call, house: House, query: Paging) -> HealthAnswer:
    """List the mappings whose QuickBooks object is inactive, deleted or merged, or cannot stand on an invoice."""
    page = house.mappings.page(call.organization_id, size=query.page_size, token=query.next_token)
    look = many_at_once(house)
    checked, entries = 0, []
    for kept in page.items:
        for problem in _problems(kept.value, call, house, look):
            checked += 1
            if problem:
                entries.append(HealthEntry(mapping=answer(kept), problem=problem))
    return HealthAnswer(checked=checked, data=entries, next_token=page.next_token)


def _problems(one: ExternalMapping, call: Call, house: House, look: Look) -> Iterator[str | None]:
    """For each company that a mapping speaks of, what is wrong there. Nothing where it cannot be looked at."""
    if one.external_table not in (CUSTOMER, ITEM):
        return
    try:
        connections = list(connections_for(call.organization_id, one.key, house))
    except BadRequest as problem:
        yield problem.message
        return
    for connection in connections:
        remote = look(connection, one.external_table, one.external_id)
        company = connection.company.name if connection.company else "The company"
        yield trouble_with(remote, one.external_table, one.external_id, company)


def _rows(body: bytes) -> list[tuple[int, Mapping[str, str]]]:
    """The lines of the file with their numbers. Raises BadRequest for a file that is none."""
    try:
        text = plain(bounded(body).decode("utf-8-sig"), "The file")
    except UnicodeDecodeError as error:
        raise BadRequest("The file is not UTF-8.") from error
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", restval="")
    try:
        missing = [column for column in COLUMNS[:-1] if column not in (reader.fieldnames or ())]
        if missing:
            raise BadRequest(f"The first line must name the columns; missing: {', '.join(missing)}.")
        rows: list[tuple[int, Mapping[str, str]]] = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise BadRequest(f"The file is not CSV: {error}.") from error
    if len(rows) > MOST_LINES:
        raise BadRequest(f"The file has {len(rows)} lines; at most {MOST_LINES} go in one request.")
    return rows


def _import(
    number: int, row: Mapping[str, str], call: Call, house: House, look: Look, query: ImportQuery
) -> LineAnswer:
    try:
        body = read(MappingBody, {column: (row.get(column) or "").strip() or None for column in COLUMNS})
        checked = check(call.organization_id, key_of(body), body.external_id, house, look)
        warnings = " ".join(checked.warnings) or None
        by, at = call.caller.name, house.now()
        try:
            kept = house.mappings.create(call.organization_id, checked.key, body.external_id, by=by, at=at)
        except Clash:
            first = _first(call, body, house)
            if first.value.external_id == body.external_id:
                return LineAnswer(line=number, result="unchanged", id=first.value.id, message=warnings)
            if not query.update:
                raise
            kept = house.mappings.update(
                call.organization_id,
                first.value.id,
                checked.key,
                body.external_id,
                version=first.audit.version,
                by=by,
                at=at,
            )
            return LineAnswer(line=number, result="updated", id=kept.value.id, message=warnings)
        return LineAnswer(line=number, result="created", id=kept.value.id, message=warnings)
    except Problem as problem:
        fields = getattr(problem, "fields", ())
        message = "; ".join(f"{one.field}: {one.message}" for one in fields) or problem.message
        return LineAnswer(line=number, result="failed", message=message)


def _first(call: Call, body: MappingBody, house: House) -> Kept[ExternalMapping]:
    """The mapping that has this identity already."""
    key = key_of(body)
    token = None
    while True:
        page = house.mappings.of_m3ter(call.organization_id, key.m3ter_entity, key.m3ter_id, size=200, token=token)
        for kept in page.items:
            if kept.value.key == key:
                return kept
        if page.next_token is None:
            raise Missing("The mapping that was there has just been deleted; please try again.")
        token = page.next_token


def _cells(one: ExternalMapping) -> tuple[str, ...]:
    return (
        one.m3ter_entity,
        one.m3ter_id,
        one.external_system,
        one.external_table,
        one.external_id,
        one.integration_config_id or "",
    )
