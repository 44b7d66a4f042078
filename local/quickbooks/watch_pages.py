"""The pages for those who watch and disturb: recent API calls, switches for faults."""

from __future__ import annotations

import contextlib
import re
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from local.quickbooks import envelope
from local.quickbooks.envelope import Answer
from local.quickbooks.limits import Limits, real_latency, real_limits
from local.quickbooks.mishaps import KINDS, BadRule
from local.quickbooks.page import badge, page, table
from local.quickbooks.traffic import Call, Request

if TYPE_CHECKING:
    from local.quickbooks.simulator import Simulator

_OPERATIONS = [
    "create",
    "update",
    "void",
    "delete",
    "send",
    "read",
    "query",
    "batch",
    "cdc",
    "token",
    "refresh",
    "revoke",
]
_BODY = 4000
_WORD = re.compile("`([^`]+)`")


def answer(simulator: Simulator, request: Request, path: str) -> Answer | None:
    if path == "/app/calls":
        return envelope.html_answer(200, page("API calls", calls_table(simulator, 200), "/app/calls"))
    if path == "/app/faults":
        if request.method == "POST":
            return _switch(simulator, request)
        return _faults(simulator, 200, "")
    return None


def calls_table(simulator: Simulator, most: int) -> str:
    calls = list(simulator.calls)[-most:]
    heads = ("Time", "Call", "Answer", "What went wrong", "Request id")
    return table("API calls", heads, [_row(one) for one in reversed(calls)])


def _row(call: Call) -> list[str]:
    asked = "&".join(f"{key}={value}" for key, value in call.query.items() if key not in ("requestid", "code", "state"))
    what = f"<code>{escape(call.method)} {escape(call.path)}{'?' + escape(asked) if asked else ''}</code>"
    bodies = "".join(
        f"<p>{name}</p><pre>{escape(text[:_BODY])}</pre>"
        for name, text in (("Request", call.request_body), ("Answer", call.response_body))
        if text
    )
    more = f"<details><summary>Bodies</summary>{bodies}</details>" if bodies else ""
    wrong = "".join(badge(one, "bad") for one in call.mishaps)
    wrong += badge("landed late", "open") if call.landed_at else ""
    wrong += badge("replayed") if call.replayed else ""
    return [
        call.at.strftime("%H:%M:%S"),
        what + more,
        _status(call),
        wrong,
        f"<code>{escape(call.request_id or '')}</code>",
    ]


def _status(call: Call) -> str:
    if call.status is None:
        return badge("no answer", "bad")
    return badge(str(call.status), "paid" if call.status < 400 else "bad")


def _faults(simulator: Simulator, status: int, problem: str) -> Answer:
    told = f'<p role="alert">{badge("Not added", "bad")} {escape(problem)}</p>' if problem else ""
    rows = []
    for rule in simulator.mishaps.rules:
        bound = [f"{name} {value}" for name in ("entity", "operation", "realm", "path", "method")
                 if (value := getattr(rule, name))]  # fmt: skip
        often = f"{rule.probability:.0%}" + (f", at most {rule.count} times" if rule.count is not None else "")
        button = (
            f'<form method="post"><input type="hidden" name="remove" value="{rule.id}">'
            f'<button class="quiet" aria-label="Remove {rule.kind}">Remove</button></form>'
        )
        rows.append([escape(rule.kind), escape(", ".join(bound) or "any request"), often, str(rule.happened), button])
    heads = ("Fault", "Strikes", "How often", "Happened", "")
    body = (
        told
        + "<h2>In force</h2>"
        + table("Faults in force", heads, rows, frozenset({3}))
        + _add_form()
        + _switches(simulator)
    )
    kinds = [[f"<code>{kind}</code>", _WORD.sub(r"<code>\1</code>", escape(text))] for kind, text in KINDS.items()]
    body += "<h2>What each fault does</h2>" + table("Kinds of faults", ("Fault", "What happens"), kinds)
    return envelope.html_answer(status, page("Faults", body, "/app/faults"))


def _options(words: list[str], blank: str) -> str:
    first = f'<option value="">{blank}</option>' if blank else ""
    return first + "".join(f"<option>{one}</option>" for one in words)


def _add_form() -> str:
    return (
        '<h2>Add a fault</h2><form method="post"><fieldset class="row"><legend>New fault</legend>'
        f'<label><span>Fault</span><select name="kind">{_options(list(KINDS), "")}</select></label>'
        f'<label><span>Operation</span><select name="operation">{_options(_OPERATIONS, "any")}</select></label>'
        '<label><span>Entity</span><input name="entity" size="10" placeholder="invoice"></label>'
        '<label><span>Times</span><input name="count" type="number" min="1" value="1" size="5"></label>'
        "<label><span>Probability</span>"
        '<input name="probability" type="number" min="0" max="1" step="0.05" value="1"></label>'
        '<label><span>Seconds</span><input name="seconds" type="number" min="0" step="0.1" size="6"></label>'
        "<button>Add</button></fieldset></form>"
    )


def _switches(simulator: Simulator) -> str:
    limited = simulator.limits.per_second is not None
    slow = bool(simulator.latency.fixed)
    return (
        '<h2>Limits and time</h2><form method="post"><fieldset class="row"><legend>Switches</legend>'
        f'<button name="limits" value="{"off" if limited else "on"}" class="quiet">'
        f"Documented rate limits: {'on' if limited else 'off'}</button>"
        f'<button name="latency" value="{"off" if slow else "on"}" class="quiet">'
        f"Real latencies: {'on' if slow else 'off'}</button>"
        f'<button name="land" value="all" class="quiet">Let late requests land ({simulator.on_the_way})</button>'
        "</fieldset></form>"
    )


def _switch(simulator: Simulator, request: Request) -> Answer:
    form = {name: values[0] for name, values in parse_qs(request.body.decode(errors="replace")).items()}
    try:
        _carry_out(simulator, form)
    except BadRule as problem:
        return _faults(simulator, 400, str(problem))
    return Answer(303, b"", {"Location": "/app/faults"})


def _read(said: str) -> int | float | str:
    """A number of a form; what is none stays as it is, to be refused with its name."""
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(said)
    return said


def _carry_out(simulator: Simulator, form: dict[str, str]) -> None:
    if "remove" in form:
        if not form["remove"].isdecimal() or not simulator.mishaps.remove(int(form["remove"][:9])):
            raise BadRule("there is no such fault any more")
    elif "limits" in form:
        simulator.limits = real_limits() if form["limits"] == "on" else Limits()
    elif "latency" in form:
        simulator.latency = real_latency() if form["latency"] == "on" else type(simulator.latency)()
    elif "land" in form:
        simulator.land_all()
    else:
        settings: dict[str, Any] = {key: form[key] for key in ("operation", "entity") if form.get(key)}
        settings |= {key: _read(form[key]) for key in ("count", "probability", "seconds") if form.get(key)}
        simulator.mishaps.bind(form.get("kind", ""), **settings)
