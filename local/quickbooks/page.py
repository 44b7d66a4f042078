"""The frame and the parts of every HTML page: one style sheet, no script, nothing from elsewhere."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from html import escape

_STYLE = """
:root { --ink:#1b2733; --dim:#55616b; --line:#d9dfe4; --green:#0b6b3a; --back:#f3f5f7 }
* { box-sizing:border-box }
body { margin:0; background:var(--back); color:var(--ink); font:16px/1.5 system-ui, "DejaVu Sans", sans-serif }
header.top { background:var(--green); color:#fff }
header.top div { max-width:72rem; margin:auto; padding:.8rem 1.5rem; display:flex; flex-wrap:wrap; gap:.4rem 2rem; align-items:baseline }
header.top a { color:#fff } header.top .name { font-weight:600; text-decoration:none }
header.top nav a { margin-right:1.2rem } header.top nav a[aria-current] { font-weight:600; text-decoration:none }
main { max-width:72rem; margin:1.5rem auto 3rem; padding:0 1.5rem }
h1 { font-size:1.5rem; margin:.2rem 0 1rem } h2 { font-size:1.15rem; margin:2rem 0 .6rem }
p { margin:.5rem 0 } small, .dim { color:var(--dim) } a { color:#0a5a8a } code { font-size:.88em; overflow-wrap:anywhere }
.wrap { overflow-x:auto; border:1px solid var(--line); background:#fff }
table { border-collapse:collapse; width:100% } th, td { text-align:left; padding:.45rem .7rem; vertical-align:top }
thead th { color:var(--dim); font-size:.85rem; font-weight:600; border-bottom:1px solid var(--line); white-space:nowrap }
tbody tr + tr td { border-top:1px solid var(--line) }
.n { text-align:right; font-variant-numeric:tabular-nums; white-space:nowrap }
.badge { display:inline-block; padding:.05rem .6rem; border-radius:1rem; font-size:.85rem; background:#e8ecef; color:#33404a }
.badge.paid { background:#dff1e6; color:#07502b } .badge.open { background:#fff0cf; color:#634300 }
.badge.void, .badge.bad { background:#fbe2df; color:#8d1c12 }
fieldset { border:1px solid var(--line); background:#fff; margin:1rem 0; padding:.8rem 1rem }
fieldset.row { display:flex; flex-wrap:wrap; gap:.6rem 1.2rem; align-items:end } fieldset.row label { margin:0 }
fieldset label { display:block; margin:.35rem 0 } label span { display:block; color:var(--dim); font-size:.85rem }
button { font:inherit; padding:.35rem 1rem; border:1px solid var(--green); border-radius:.3rem; cursor:pointer;
 background:var(--green); color:#fff } button.quiet, button[value=cancel] { background:#fff; color:var(--green) }
input[type=number] { width:6rem } input, select { font:inherit; padding:.25rem .4rem; border:1px solid #8b98a3; border-radius:.2rem; background:#fff }
:focus-visible { outline:3px solid #d98c00; outline-offset:2px }
.skip { position:absolute; left:-999px } .skip:focus { left:1rem; top:.5rem; background:#fff; padding:.3rem .6rem }
.facts { display:grid; grid-template-columns:repeat(auto-fit, minmax(13.5rem, 1fr)); gap:.6rem 1.5rem; margin:0 }
.facts dt { color:var(--dim); font-size:.85rem } .facts dd { margin:0; overflow-wrap:anywhere }
.paper { background:#fff; border:1px solid var(--line); padding:2.2rem; box-shadow:0 1px 5px #0002 }
.paper .head { display:flex; flex-wrap:wrap; justify-content:space-between; gap:1rem 3rem; margin-bottom:1.5rem }
.paper .kind { font-size:1.7rem; font-weight:600; line-height:1.2 } .paper .wrap { border:0 }
.paper thead th { border-bottom:2px solid var(--ink) } .paper tfoot th { text-align:right; font-weight:400 }
.paper tfoot tr.grand th, .paper tfoot tr.grand td { border-top:2px solid var(--ink); font-weight:600; font-size:1.15rem }
.note { white-space:pre-wrap; overflow-wrap:anywhere; margin:.2rem 0 } details pre { white-space:pre-wrap; overflow-wrap:anywhere;
 background:var(--back); padding:.6rem; font-size:.82rem; margin:.4rem 0 }
"""
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
        f'<header class="top"><div><a class="name" href="/">QuickBooks simulator</a><nav aria-label="Main">{links}</nav>'
        f'</div></header><main id="content"><h1>{name}</h1>{body}</main></body></html>'
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
    return (
        f'<div class="wrap" role="region" aria-label="{escape(caption)}" tabindex="0"><table>'
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


def badge(text: str, kind: str = "") -> str:
    return f'<span class="badge {kind}">{escape(text)}</span>'
