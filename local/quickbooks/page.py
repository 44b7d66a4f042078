"""The frame and the parts of every HTML page: one style sheet, no script, nothing from elsewhere."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from html import escape
from pathlib import Path

_STYLE = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
_PLACES = (("/", "Companies"), ("/app/calls", "API calls"), ("/app/faults", "Faults"))


def page(title: str, body: str, at: str = "") -> str:
    """A whole page. `body` is HTML; the title is escaped here. `at` is the entry of the menu that it belongs to."""
    name = escape(title)
    links = "".join(
        f'<a href="{path}"{" aria-current=page" if path == at else ""}>{label}</a>' for path, label in _PLACES
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{name} - QuickBooks simulator</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><style>{_STYLE}</style></head><body>'
        '<a class="skip" href="#content">Skip to content</a>'
        '<header class="top"><div><a class="name" href="/">QuickBooks simulator</a>'
        f'<nav aria-label="Main">{links}</nav></div></header>'
        f'<main id="content"><h1>{name}</h1>{body}</main></body></html>'
    )


def table(
    caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: frozenset[int] = frozenset()
) -> str:
    """Cells are HTML. `numbers` are the columns set to the right; the caption is for those who cannot see the table."""
    mark = [' class="n"' if column in numbers else "" for column in range(len(heads))]
    head = "".join(f'<th scope="col"{mark[column]}>{one}</th>' for column, one in enumerate(heads))
    body = "".join(
        "<tr>" + "".join(f"<td{mark[column]}>{cell}</td>" for column, cell in enumerate(row)) + "</tr>" for row in rows
    )
    if not body:
        return f'<p class="dim">{escape(caption)}: none.</p>'
    wide = ' class="wide"' if len(heads) > 3 else ""
    return (
        f'<div class="wrap" role="region" aria-label="{escape(caption)}" tabindex="0"><table{wide}>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and values, the values as HTML; empty ones are left out."""
    inside = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in pairs if value)
    return f'<dl class="facts">{inside}</dl>'


def amount(value: object, currency: str = "") -> str:
    """1,234.50, with the currency behind it where one is given."""
    shown = f"{Decimal(str(value)):,.2f}"
    return f"{shown} {escape(currency)}" if currency else shown


def hidden(text: str) -> str:
    """For those who cannot see the page, where the rest of it says the same."""
    return f'<span class="hidden">{escape(text)}</span>'


def badge(text: str, kind: str = "") -> str:
    return f'<span class="badge {kind}">{escape(text)}</span>'
