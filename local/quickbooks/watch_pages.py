"""The pages for those who watch and disturb: recent API calls, and the switches of `fault_page`."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from local.quickbooks import envelope, fault_page
from local.quickbooks.envelope import Answer
from local.quickbooks.page import badge, hidden, page, table
from local.quickbooks.traffic import Call, Request

if TYPE_CHECKING:
    from local.quickbooks.simulator import Simulator

_BODY = 4000


def answer(simulator: Simulator, request: Request, path: str) -> Answer | None:
    if path == "/app/calls":
        return envelope.html_answer(200, page("API calls", calls_table(simulator, 200), "/app/calls"))
    if path == fault_page.PATH:
        return fault_page.answer(simulator, request)
    return None


def calls_table(simulator: Simulator, most: int) -> str:
    calls = list(simulator.calls)[-most:]
    heads = ("Time (UTC)", "Call", "Answer", "What went wrong", "Request id")
    return table("API calls", heads, [_row(one) for one in reversed(calls)])


def _row(call: Call) -> list[str]:
    asked = "&".join(f"{key}={value}" for key, value in call.query.items() if key not in ("requestid", "code", "state"))
    what = f"<code>{escape(call.method)} {escape(call.path)}{'?' + escape(asked) if asked else ''}</code>"
    bodies = "".join(
        f"<p>{name}</p><pre>{escape(text[:_BODY])}</pre>"
        for name, text in (("Request", call.request_body), ("Answer", call.response_body))
        if text
    )
    about = hidden(f" of call {call.number}")
    more = f"<details><summary>Bodies{about}</summary>{bodies}</details>" if bodies else ""
    wrong = [badge(one, "bad") for one in call.mishaps]
    wrong += [badge("landed late", "open")] if call.landed_at else []
    wrong += [badge("replayed")] if call.replayed else []
    return [
        f'<time datetime="{call.at.isoformat()}">{call.at:%Y-%m-%d %H:%M:%S}</time>',
        what + more,
        _status(call),
        " ".join(wrong),
        f"<code>{escape(call.request_id or '')}</code>",
    ]


def _status(call: Call) -> str:
    if call.status is None:
        return badge("no answer", "bad")
    # Faults can come with 200.
    fine = call.status < 400 and not {"fault-in-200", "unreadable"} & set(call.mishaps)
    return badge(str(call.status), "paid" if fine else "bad")
