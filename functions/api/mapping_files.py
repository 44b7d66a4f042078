"""Mappings by the file: CSV in and out, with a report line by line; and which of them no longer lead anywhere."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from api import mapping_words as words
from api.answer import Answer
from api.body import bounded, plain
from api.house import House
from api.mapping_checks import Checks
from api.mappings import MappingAnswer, MappingBody, answer, key_of
from api.request import Call, read
from api.route import Routes
from api.shapes import Paging, Shape, optional, told
from api.spreadsheet import cell, text_of
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.integration.mapping import Mapping as ExternalMapping
from m3ter_quickbooks.integration.mapping import MappingKey
from m3ter_quickbooks.problems import BadRequest, Problem
from m3ter_quickbooks.storage.members import Role

routes = Routes.of("externalmappings")

COLUMNS = ("m3terEntity", "m3terId", "externalSystem", "externalTable", "externalId", "integrationConfigId")
MOST_LINES = 500
"""What a request can surely write before the gateway stops waiting."""
MOST_EXPORTED = 10_000
CSV = "text/csv"
BEYOND = "\0"
"""Under this name are the cells for which there is no column: no column can have it."""


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
    next_token: str | None = optional("Give it back to look at the next ones.", "eyJ2Ijox")


@routes.post("/externalmappings/import", Role.OPERATOR, statuses=(503,), body_media=(CSV,))
def import_(call: Call, house: House, query: ImportQuery) -> ImportAnswer:
    """Create mappings from CSV, at most 500 lines.

    The first line names the columns: m3terEntity, m3terId, externalSystem, externalTable, externalId and, if wanted,
    integrationConfigId. Columns with other names are ignored. Each line is checked as on create. A quote in front of
    what a spreadsheet would take for a formula is dropped: the export puts it there.
    """
    lines = [_read(number, row) for number, row in _rows(call.request.body)]
    there = house.mappings.found(call.organization_id, [line.key for line in lines if line.key])
    first = {mapping.key: mapping for mapping in there}
    checks = Checks(call.organization_id, house, many=True)
    done = [_taken(line, first, checks, call, house, update=query.update) for line in lines]
    count = Counter(line.result for line in done)
    return ImportAnswer(
        created=count["created"],
        updated=count["updated"],
        unchanged=count["unchanged"],
        failed=count["failed"],
        lines=done,
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
    checks = Checks(call.organization_id, house, many=True)
    checked, entries = 0, []
    for kept in page.items:
        for trouble in _troubles(kept.value, checks):
            checked += 1
            if trouble:
                entries.append(HealthEntry(mapping=answer(kept), problem=trouble))
    return HealthAnswer(checked=checked, data=entries, next_token=page.next_token)


def _troubles(mapping: ExternalMapping, checks: Checks) -> list[str | None]:
    try:
        return list(checks.troubles(mapping))
    except BadRequest as problem:
        return [problem.message]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file; without a key it could not be read, and `problem` says why."""

    number: int
    key: MappingKey | None = None
    external_id: str = ""
    problem: str = ""


def _rows(body: bytes) -> list[tuple[int, Mapping[str, str]]]:
    """The lines of the file with their numbers. Raises BadRequest for a file that is none."""
    try:
        text = plain(bounded(body).decode("utf-8-sig"), "The file")
    except UnicodeDecodeError as error:
        raise BadRequest("The file is not UTF-8.") from error
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey=BEYOND, restval="")
    try:
        missing = [column for column in COLUMNS[:-1] if column not in (reader.fieldnames or ())]
        if missing:
            raise BadRequest(
                f"The first line must name the columns, with commas between; missing: {', '.join(missing)}."
            )
        twice = [column for column in COLUMNS if (reader.fieldnames or []).count(column) > 1]
        if twice:
            raise BadRequest(f"The first line names {', '.join(twice)} more than once.")
        rows: list[tuple[int, Mapping[str, str]]] = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise BadRequest(f"The file is not CSV: {error}.") from error
    if len(rows) > MOST_LINES:
        raise BadRequest(f"The file has {len(rows)} lines; at most {MOST_LINES} go in one request.")
    return rows


def _read(number: int, row: Mapping[str, str]) -> Line:
    if any(row.get(BEYOND, ())):
        return Line(number, problem="The line has more cells than the first line names columns.")
    try:
        body = read(MappingBody, {column: text_of((row.get(column) or "").strip()) or None for column in COLUMNS})
        return Line(number, key_of(body), body.external_id)
    except BadRequest as problem:
        return Line(number, problem=problem.message)


def _taken(
    line: Line,
    first: Mapping[MappingKey, ExternalMapping],
    checks: Checks,
    call: Call,
    house: House,
    *,
    update: bool,
) -> LineAnswer:
    """What became of one line; a problem of its own holds back no other."""
    if line.key is None:
        return LineAnswer(line=line.number, result="failed", message=line.problem)
    there, by = first.get(line.key), call.caller.name
    try:
        checked = checks.check(line.key, line.external_id)
        told_warnings = " ".join(checked.warnings) or None
        if there and there.external_id == line.external_id:
            return LineAnswer(line=line.number, result="unchanged", id=there.id, message=told_warnings)
        if there and update:
            house.mappings.update(
                call.organization_id,
                there.id,
                line.key,
                line.external_id,
                version=there.version,
                by=by,
                at=house.now(),
                external_name=checked.name,
            )
            return LineAnswer(line=line.number, result="updated", id=there.id, message=told_warnings)
        made = house.mappings.create(
            call.organization_id, line.key, line.external_id, by=by, at=house.now(), external_name=checked.name
        )
        return LineAnswer(line=line.number, result="created", id=made.value.id, message=told_warnings)
    except Problem as problem:
        return LineAnswer(line=line.number, result="failed", message=problem.message)


def _cells(one: ExternalMapping) -> tuple[str, ...]:
    texts = (
        one.m3ter_entity,
        one.m3ter_id,
        one.external_system,
        one.external_table,
        one.external_id,
        one.integration_config_id or "",
    )
    return tuple(map(cell, texts))
