"""The page with the switches: faults in force and a form for another one, limits, latencies, late requests."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from local.quickbooks import envelope
from local.quickbooks.entities import BY_SEGMENT
from local.quickbooks.envelope import Answer
from local.quickbooks.limits import Latency, Limits, real_latency, real_limits
from local.quickbooks.mishaps import KINDS, OPERATIONS, BadRule, Rule
from local.quickbooks.page import badge, hidden, page, table
from local.quickbooks.traffic import Request

if TYPE_CHECKING:
    from local.quickbooks.simulator import Simulator

PATH = "/app/faults"
_WORD = re.compile("`([^`]+)`")
_BOUND = ("entity", "operation", "realm", "path", "method")
_NUMBERS = ("count", "after", "probability", "seconds", "status", "retryAfter")
_TEXTS = (*_BOUND, "how", "format", "code", "message", "detail", "date")
_METHODS = ("GET", "POST")
_AT_FIRST = {"count": "1", "probability": "1"}


def answer(simulator: Simulator, request: Request) -> Answer:
    if request.method != "POST":
        return _shown(simulator, 200, "", _AT_FIRST)
    form = {name: values[0] for name, values in parse_qs(request.body.decode(errors="replace")).items()}
    try:
        _carry_out(simulator, form)
    except BadRule as problem:
        return _shown(simulator, 400, str(problem), form)
    return Answer(303, b"", {"Location": PATH})


def _carry_out(simulator: Simulator, form: dict[str, str]) -> None:
    """What one of the buttons says. Raises BadRule."""
    if "remove" in form:
        if not form["remove"].isdecimal() or not simulator.mishaps.remove(int(form["remove"][:9])):
            raise BadRule("there is no such fault any more")
    elif "clear" in form:
        simulator.mishaps.clear()
    elif "limits" in form:
        simulator.limits = real_limits() if form["limits"] == "on" else Limits()
    elif "latency" in form:
        simulator.latency = real_latency() if form["latency"] == "on" else Latency()
    elif "land" in form:
        simulator.land_all()
    else:
        settings: dict[str, Any] = {key: form[key] for key in _TEXTS if form.get(key)}
        settings |= {key: _read(form[key]) for key in _NUMBERS if form.get(key)}
        if form.get("committed"):
            settings["committed"] = form["committed"] == "true"
        simulator.mishaps.bind(form.get("kind", ""), **settings)


def _read(said: str) -> int | float | str:
    """A number of a form; what is none stays as it is, to be refused with its name."""
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(said)
    return said


def _shown(simulator: Simulator, status: int, problem: str, form: Mapping[str, str]) -> Answer:
    told = f'<p role="alert">{badge("Not done", "bad")} {escape(problem)}</p>' if problem else ""
    kinds = [[f"<code>{kind}</code>", _WORD.sub(r"<code>\1</code>", escape(text))] for kind, text in KINDS.items()]
    body = (
        f"{told}<h2>In force</h2>{_in_force(simulator.mishaps.rules)}"
        f"<h2>Add a fault</h2>{_add_form(simulator, form)}<h2>Limits and time</h2>{_switches(simulator)}"
        f"<h2>What each fault does</h2>{table('Kinds of faults', ('Fault', 'What happens'), kinds)}"
    )
    return envelope.html_answer(status, page("Faults", body, PATH))


def _in_force(rules: list[Rule]) -> str:
    heads = ("Fault", "Strikes", "Settings", "How often", "Happened", hidden("Remove"))
    rows = [_row(rule) for rule in rules]
    everything = '<form method="post"><button name="clear" value="all" class="quiet">Remove all</button></form>'
    return table("Faults in force", heads, rows, frozenset({4})) + (everything if len(rows) > 1 else "")


def _row(rule: Rule) -> list[str]:
    bound = [f"{name} {value}" for name in _BOUND if (value := getattr(rule, name))]
    button = (
        f'<form method="post"><input type="hidden" name="remove" value="{rule.id}">'
        f'<button class="quiet">Remove{hidden(f" {rule.kind}, fault {rule.id}")}</button></form>'
    )
    over = rule.count is not None and rule.happened >= rule.count
    happened = str(rule.happened) + (f" {badge('used up')}" if over else "")
    return [
        f'<span class="whole">{escape(rule.kind)}</span>', escape(", ".join(bound) or "any request"),
        escape(", ".join(_own_settings(rule))), _often(rule), happened, button,
    ]  # fmt: skip


def _own_settings(rule: Rule) -> Iterable[str]:
    """What the fault itself was told, without what it is anyway."""
    plain = Rule(rule.kind)
    for name in ("seconds", "how", "format", "status", "committed", "code", "message", "detail", "retryAfter", "date"):
        value = getattr(rule, name)
        if value != getattr(plain, name):
            yield name if value is True else f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"


def _often(rule: Rule) -> str:
    parts = ["always" if rule.probability == 1 else f"{rule.probability:.4g} of the time"]
    if rule.after:
        parts.append(f"after {rule.after}")
    if rule.count is not None:
        parts.append("once" if rule.count == 1 else f"at most {rule.count} times")
    return ", ".join(parts[1:] if rule.probability == 1 and len(parts) > 1 else parts)


def _select(name: str, label: str, words: Iterable[tuple[str, str]], form: Mapping[str, str], blank: str = "") -> str:
    pairs = [("", blank), *words] if blank else list(words)
    chosen = form.get(name, "")
    options = "".join(
        f'<option value="{escape(value)}"{" selected" if value and chosen == value else ""}>{escape(text)}</option>'
        for value, text in pairs
    )
    return f'<label><span>{label}</span><select name="{name}">{options}</select></label>'


def _field(name: str, label: str, form: Mapping[str, str], more: str = "") -> str:
    return f'<label><span>{label}</span><input name="{name}" value="{escape(form.get(name, ""))}" {more}></label>'


def _same(words: Iterable[str]) -> list[tuple[str, str]]:
    return [(one, one) for one in words]


def _add_form(simulator: Simulator, form: Mapping[str, str]) -> str:
    companies = [(realm, f"{realm} {one.name}") for realm, one in simulator.companies.items()]
    entities = "".join(f'<option value="{one}"></option>' for one in BY_SEGMENT)
    extra = (
        "path",
        "method",
        "how",
        "format",
        "status",
        "committed",
        "code",
        "message",
        "detail",
        "retryAfter",
        "date",
    )
    is_open = " open" if any(form.get(name) for name in extra) else ""
    return (
        '<form method="post"><fieldset class="row"><legend class="hidden">New fault</legend>'
        + _select("kind", "Fault", _same(KINDS), form)
        + _select("operation", "Operation", _same(OPERATIONS), form, "any")
        + _field("entity", "Entity", form, 'size="12" placeholder="any" list="entities"')
        + f'<datalist id="entities">{entities}</datalist>'
        + _select("realm", "Company", companies, form, "any")
        + _field("count", "Times at most", form, 'type="number" min="1"')
        + _field("after", "After so many", form, 'type="number" min="0"')
        + _field("probability", "Probability", form, 'type="number" min="0" max="1" step="any"')
        + _field("seconds", "Seconds", form, 'type="number" min="0" step="any"')
        + f'<details{is_open}><summary>More settings, for the faults that have them</summary><div class="row">'
        + _field("path", "Path, a regular expression", form, 'size="24"')
        + _select("method", "Method", _same(_METHODS), form, "any")
        + _select("how", "How an answer is lost", _same(("timeout", "reset")), form, "as usual")
        + _select("format", "Format", _same(("html", "json", "xml")), form, "as usual")
        + _field("status", "HTTP status", form, 'type="number" min="400" max="599"')
        + _select("committed", "Server error", [("true", "after the commit")], form, "before the commit")
        + _field("code", "Code of the fault", form, 'size="6" placeholder="6000"')
        + _field("message", "Message", form)
        + _field("detail", "Detail", form)
        + _field("retryAfter", "Retry-After, seconds", form, 'type="number" min="0"')
        + _field("date", "Books closed until", form, 'type="date"')
        + "</div></details><button>Add</button></fieldset></form>"
    )


def _switches(simulator: Simulator) -> str:
    rows = [
        _switch("limits", "Documented rate limits", simulator.limits == real_limits(), simulator.limits == Limits()),
        _switch("latency", "Real latencies", simulator.latency == real_latency(), simulator.latency == Latency()),
        [
            "Late requests on their way", str(simulator.on_the_way),
            '<form method="post"><button name="land" value="all" class="quiet">Let all of them land</button></form>',
        ],
    ]  # fmt: skip
    return table("Limits and time", ("What", "Now", hidden("Switch")), rows)


def _switch(name: str, label: str, real: bool, none: bool) -> list[str]:
    now = "on" if real else "off" if none else "of your own"
    to = "on" if none else "off"
    about = hidden(f" the {label[0].lower()}{label[1:]}")
    button = f'<button name="{name}" value="{to}" class="quiet">Switch{about} {to}</button>'
    return [label, now, f'<form method="post">{button}</form>']
