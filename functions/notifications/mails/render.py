"""From a letter to a mail. Every sentence stands in both parts; the HTML loads nothing from anywhere."""

from __future__ import annotations

from html import escape
from pathlib import Path
from string import Template
from textwrap import fill
from typing import assert_never

from notifications.mails.letter import (
    Address,
    Block,
    Counts,
    Facts,
    Group,
    Groups,
    Heading,
    Letter,
    Link,
    Mail,
    Paragraph,
    SmallPrint,
    Steps,
)

_PAGE = Template((Path(__file__).parent / "page.html").read_text(encoding="utf-8"))


def render(letter: Letter) -> Mail:
    """The mail with its text and HTML parts."""
    text = "\n\n".join([_wrapped(letter.title), *(_text(block) for block in letter.blocks)]) + "\n"
    html = _PAGE.substitute(
        subject=escape(letter.subject),
        preview=escape(letter.preview),
        title=escape(letter.title),
        blocks="\n".join(_html(block) for block in letter.blocks),
    )
    return Mail(letter.subject, text, html)


def _wrapped(text: str, first: str = "", rest: str = "") -> str:
    return fill(text, 72, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False)


def _text(block: Block) -> str:
    match block:
        case Paragraph(text):
            return _wrapped(text)
        case Heading(text):
            return f"{text}\n{'-' * len(text)}"
        case Facts(rows):
            return "\n".join(_wrapped(f"{label}: {value}", rest="  ") for label, value in rows)
        case Counts(rows):
            return "\n".join(f"{what}: {count}" for what, count in rows)
        case Groups(groups):
            return "\n\n".join(_group_text(group) for group in groups)
        case Steps(steps):
            return "\n".join(_wrapped(step, f"{n}. ", "   ") for n, step in enumerate(steps, 1))
        case Link(label, url):
            return f"{label}:\n{url}"
        case Address(label, address):
            return f"{label}\n{address}"
        case SmallPrint(text):
            return f"--\n{_wrapped(text)}"
        case _:
            assert_never(block)


def _group_text(group: Group) -> str:
    return "\n".join(
        (
            _wrapped(group.title, "* ", "  "),
            _wrapped(group.tally, "  ", "  "),
            _wrapped(group.example, "  > ", "  > "),
            _wrapped(group.remedy, "  ", "  "),
        )
    )


def _html(block: Block) -> str:
    match block:
        case Paragraph(text):
            return f"<p>{escape(text)}</p>"
        case Heading(text):
            return f"<h2>{escape(text)}</h2>"
        case Facts(rows):
            cells = (f'<tr><th scope="row">{escape(label)}</th><td>{escape(value)}</td></tr>' for label, value in rows)
            return "\n".join(("<table>", *cells, "</table>"))
        case Counts(rows):
            cells = (f'<tr><th scope="row">{escape(what)}</th><td>{count}</td></tr>' for what, count in rows)
            return "\n".join(('<table class="counts">', *cells, "</table>"))
        case Groups(groups):
            return "\n".join(_group_html(group) for group in groups)
        case Steps(steps):
            return "\n".join(("<ol>", *(f"<li>{escape(step)}</li>" for step in steps), "</ol>"))
        case Link(label, url):
            return f'<p><a class="open" href="{escape(url)}">{escape(label)}</a></p>'
        case Address(label, address):
            return f'<p class="address">{escape(label)}<br><code>{escape(address)}</code></p>'
        case SmallPrint(text):
            return f'<p class="small">{escape(text)}</p>'
        case _:
            assert_never(block)


def _group_html(group: Group) -> str:
    return "\n".join(
        (
            '<section class="cause">',
            f"<h3>{escape(group.title)}</h3>",
            f'<p class="tally">{escape(group.tally)}</p>',
            f"<blockquote>{escape(group.example)}</blockquote>",
            f"<p>{escape(group.remedy)}</p>",
            "</section>",
        )
    )
