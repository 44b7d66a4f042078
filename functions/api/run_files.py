"""Runs by the file: a period of one configuration as CSV, for a spreadsheet."""

from __future__ import annotations

import csv
import io

from api.answer import Answer
from api.house import House
from api.request import Call
from api.route import Routes
from api.runs import RunAnswer, answer
from api.shapes import Moment, Shape, Until, optional
from api.spreadsheet import cell
from m3ter_quickbooks.integration.identifiers import ConfigurationId
from m3ter_quickbooks.run.run import Outcome, RunStatus

routes = Routes.of("integrationruns")

CSV = "text/csv"
COLUMNS = (
    "dt_created",
    "dt_completed",
    "entity_id",
    "account_id",
    "status",
    "outcome",
    "reason",
    "error",
    "warnings",
    "external_id",
    "url",
    "request_id",
    "intuit_tid",
    "id",
)
MOST_EXPORTED = 5_000


class RunExportQuery(Shape):
    """Which runs."""

    start_date: Moment | None = optional("Only runs created after this.", "2026-03-01T00:00:00Z")
    end_date: Until | None = optional("Only runs created at or before this.", "2026-04-01T00:00:00Z")
    status: RunStatus | None = optional("Only runs with this status.", "ERROR")
    outcome: Outcome | None = optional("Only runs with this outcome.", "SKIPPED")
    next_token: str | None = optional("The `x-next-token` of the answer before.", max_length=4000)


@routes.get("/integrationconfigs/{id}/runs/export", statuses=(404,), media=(CSV,))
def export(call: Call, house: House, query: RunExportQuery) -> Answer:
    """Get the runs of a configuration as CSV, oldest first, at most 5,000; `x-next-token` says that there are more."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow([RunAnswer.model_fields[column].alias for column in COLUMNS])
    token, written = query.next_token, 0
    while True:
        page = house.history.of_configuration(
            call.organization_id,
            ConfigurationId(call.ids["id"]),
            size=200,
            token=token,
            outcomes=[query.outcome] if query.outcome else [],
            statuses=[query.status] if query.status else [],
            start=query.start_date,
            end=query.end_date,
            newest_first=False,
        )
        rows.writerows(_cells(answer(run)) for run in page.items)
        token, written = page.next_token, written + len(page.items)
        if token is None or written >= MOST_EXPORTED:
            break
    if not written and not query.next_token:
        # The history of a deleted configuration stays, so only one without any may be one that never was.
        house.configurations.get(call.organization_id, ConfigurationId(call.ids["id"]))
    more = {"x-next-token": token} if token else {}
    headers = {"Content-Disposition": 'attachment; filename="runs.csv"', **more}
    return Answer(200, text.getvalue(), f"{CSV}; charset=utf-8", headers)


def _cells(run: RunAnswer) -> list[str]:
    told = run.model_dump(mode="json")
    return [_cell(told[column]) for column in COLUMNS]


def _cell(value: object) -> str:
    return cell(" ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value))
