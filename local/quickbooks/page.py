"""The frame of every HTML page: one style sheet, nothing from elsewhere."""

from html import escape

_STYLE = """
:root { color-scheme: light; --ink:#1b2733; --dim:#5b6770; --line:#d9dfe4; --green:#0b6b3a; --paper:#fff; --back:#f3f5f7 }
* { box-sizing: border-box }
body { margin:0; background:var(--back); color:var(--ink); font:16px/1.5 system-ui, "DejaVu Sans", sans-serif }
header.top { background:var(--green); color:#fff; padding:.8rem 1.5rem; display:flex; gap:1.5rem; align-items:baseline }
header.top a { color:#fff; font-weight:600; text-decoration:none }
header.top nav a { font-weight:400; margin-right:1rem; text-decoration:underline }
main { max-width:68rem; margin:1.5rem auto; padding:0 1.5rem }
h1 { font-size:1.5rem; margin:.2rem 0 1rem } h2 { font-size:1.15rem; margin:1.8rem 0 .6rem }
table { border-collapse:collapse; width:100%; background:var(--paper) }
th, td { text-align:left; padding:.45rem .7rem; border-bottom:1px solid var(--line); vertical-align:top }
th { font-weight:600; color:var(--dim); font-size:.85rem } td.n, th.n { text-align:right; font-variant-numeric:tabular-nums }
a { color:#0a5a8a } small, .dim { color:var(--dim) } code { font-size:.9em; overflow-wrap:anywhere }
fieldset { border:1px solid var(--line); background:var(--paper); margin:1rem 0; padding:1rem }
fieldset label { display:block; margin:.35rem 0 }
button { font:inherit; padding:.4rem 1rem; border:1px solid var(--green); background:var(--green); color:#fff;
 border-radius:.3rem } button[value=cancel], button.quiet { background:#fff; color:var(--green) }
input, select { font:inherit; padding:.25rem .4rem } :focus-visible { outline:3px solid #f0a30a; outline-offset:2px }
.paper { background:var(--paper); border:1px solid var(--line); padding:2rem; box-shadow:0 1px 4px #0001 }
.head { display:flex; justify-content:space-between; gap:2rem; flex-wrap:wrap } .total { font-size:1.6rem; font-weight:600 }
.badge { display:inline-block; padding:.1rem .6rem; border-radius:1rem; background:#e3f1e9; color:#07502b; font-size:.85rem }
.badge.void, .badge.bad { background:#fbe4e2; color:#8d1c12 } .badge.open { background:#fff2d6; color:#6a4700 }
.skip { position:absolute; left:-999px } .skip:focus { left:1rem }
.wrap { overflow-x:auto } .note { white-space:pre-wrap; overflow-wrap:anywhere }
"""


def page(title: str, body: str) -> str:
    """A whole page. `body` is HTML; the title is escaped here."""
    name = escape(title)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{name}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><style>{_STYLE}</style></head><body>'
        '<a class="skip" href="#content">Skip to content</a>'
        '<header class="top"><a href="/">QuickBooks simulator</a>'
        '<nav aria-label="Main"><a href="/">Companies</a><a href="/app/calls">Calls</a>'
        '<a href="/app/faults">Faults</a></nav></header>'
        f'<main id="content"><h1>{name}</h1>{body}</main></body></html>'
    )
