"""The one page that we show: what came of a consent. Plain, and nothing in it from anywhere else."""

from __future__ import annotations

import base64
from hashlib import sha256
from html import escape

from api.answer import Answer

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:15vh auto 0;padding:0 1.25rem}"
    "h1{font-size:1.5rem;line-height:1.25;margin:0 0 .75rem}p{margin:0 0 .75rem}"
)
_STYLE_HASH = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()

HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    # The address holds the code and the state; they are spent, and still nobody else's business.
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "interest-cohort=()",
}


def connected(company: str, country: str, organization: str) -> str:
    """What the page says when it worked.

    It names the organization, since the state is bound to that and not to a browser: whoever was talked into opening
    somebody else's link reads here to whom they gave their books.
    """
    where = f" ({country})" if country else ""
    return (
        f"{company}{where} is connected to the organization {organization} in m3ter. Its bills can now be sent there. "
        "If that is not your organization, disconnect this app in QuickBooks. Otherwise you can close this window."
    )


def page(status: int, heading: str, sentence: str) -> Answer:
    """The page. Both texts may hold anything: they are escaped."""
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(heading)}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{escape(heading)}</h1><p>{escape(sentence)}</p></main></body></html>"
    )
    return Answer(status, html, "text/html; charset=utf-8", HEADERS)
