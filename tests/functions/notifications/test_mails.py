"""What the mails say. `UPDATE_GOLDEN=1 pytest` writes the golden mails anew; look at them before they are committed."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from m3ter_quickbooks.run.trouble import EventName
from notifications.mails.incident import Cause
from notifications.mails.letter import (
    Address,
    Counts,
    Facts,
    Group,
    Groups,
    Heading,
    Letter,
    Link,
    Paragraph,
    SmallPrint,
    Steps,
)
from notifications.mails.render import render
from notifications.mails.words import write
from tests.functions.notifications.incidents import AT, DISABLED, FAILING, LETTERS, RECONNECT

GOLDEN = Path(__file__).parent / "golden"
every_mail = pytest.mark.parametrize("name", sorted(LETTERS))


def one_line(text: str) -> str:
    return " ".join(text.split())


class Reader(HTMLParser):
    """The words, tags and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.style = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.extend(attrs)

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] == ["style"]:
            self.style += data
        self.words.append(data)

    @property
    def text(self) -> str:
        return one_line(" ".join(self.words))


def said(letter: Letter) -> list[str]:
    """Every piece of text of a letter."""
    pieces = [letter.title]
    for block in letter.blocks:
        match block:
            case Paragraph(text) | Heading(text) | SmallPrint(text):
                pieces.append(text)
            case Facts(rows):
                pieces.extend(text for row in rows for text in row)
            case Counts(rows):
                pieces.extend(f"{part}" for row in rows for part in row)
            case Groups(groups):
                pieces.extend(text for group in groups for text in said_of(group))
            case Steps(steps):
                pieces.extend(steps)
            case Link(label, _):
                pieces.append(label)
            case Address(label, address):
                pieces.extend((label, address))
    return pieces


def said_of(group: Group) -> tuple[str, ...]:
    return group.title, group.tally, group.example, group.remedy


@every_mail
def test_a_mail_reads_as_its_golden_one(name: str) -> None:
    mail = render(LETTERS[name])
    found = {f"{name}.txt": f"Subject: {mail.subject}\n\n{mail.text}", f"{name}.html": mail.html}
    for file, content in found.items():
        if os.environ.get("UPDATE_GOLDEN"):
            (GOLDEN / file).write_text(content, encoding="utf-8")
        assert content == (GOLDEN / file).read_text(encoding="utf-8")


@every_mail
def test_every_sentence_stands_in_text_and_html(name: str) -> None:
    letter = LETTERS[name]
    mail = render(letter)
    text, html = one_line(mail.text.replace("\n  > ", " ")), Reader(mail.html).text
    assert len(said(letter)) > 8
    for piece in said(letter):
        assert one_line(piece) in text
        assert one_line(piece) in html


@every_mail
def test_the_html_loads_nothing_from_anywhere(name: str) -> None:
    page = Reader(render(LETTERS[name]).html)
    assert not {"img", "link", "script", "iframe", "object", "video", "audio", "form", "base"} & set(page.tags)
    assert not {"src", "srcset", "background", "poster"} & {attribute for attribute, _ in page.attributes}
    assert "url(" not in page.style
    assert "@import" not in page.style


@every_mail
def test_a_mail_names_integration_and_organization_in_its_subject(name: str) -> None:
    subject = render(LETTERS[name]).subject
    assert "“Bills to QuickBooks”" in subject
    assert "Acme Ltd" in subject


@every_mail
def test_a_mail_holds_no_address_of_a_person(name: str) -> None:
    mail = render(LETTERS[name])
    assert not re.search(r"\S+@[\w-]+\.\w+", mail.subject + mail.text + mail.html)


@every_mail
def test_no_line_of_the_text_is_longer_than_a_terminal_but_an_address(name: str) -> None:
    for line in render(LETTERS[name]).text.splitlines():
        assert len(line) <= 72 or line.startswith("https://")


def test_a_page_follows_the_reader_into_the_dark_and_onto_a_phone() -> None:
    page = Reader(render(write(DISABLED)).html)
    assert "prefers-color-scheme: dark" in page.style
    assert "max-width: 420px" in page.style
    assert ("name", "viewport") in page.attributes


def test_without_a_console_there_is_nothing_to_press() -> None:
    assert "a" not in Reader(render(write(FAILING)).html).tags


def test_names_cannot_break_the_subject_or_the_page() -> None:
    nasty = '<script>alert(1)</script>\r\nBcc: everybody\u202e $title ${x} "&'
    incident = replace(DISABLED, organization=nasty, causes=(replace(DISABLED.causes[0], example=nasty),))
    mail = render(write(incident))
    assert mail.subject.isprintable()
    assert "<script" not in mail.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; Bcc: everybody" in mail.html


def test_a_connection_of_many_integrations_says_how_many() -> None:
    assert "integration “Bills to QuickBooks” and 1 more of Acme Ltd" in render(write(RECONNECT)).subject


def test_what_was_mended_meanwhile_is_said() -> None:
    assert "It has been enabled again since then." in render(LETTERS["enabled-again"]).text
    assert "nothing left to do" in one_line(render(write(replace(RECONNECT, connected=True))).text)
    mended = replace(FAILING, affected=(replace(FAILING.affected[0], recovered=True),))
    assert "The errors in a row have ended since then" in render(write(mended)).text
    disabled = replace(FAILING, affected=(replace(FAILING.affected[0], enabled=False),))
    assert "It has been disabled since then." in render(write(disabled)).text


def test_a_mail_whose_events_are_gone_says_so() -> None:
    assert "The error events are no longer kept" in render(write(replace(DISABLED, causes=()))).text


def test_times_of_one_cause_are_told_as_short_as_they_can_be() -> None:
    def tally(first: timedelta, last: timedelta) -> str:
        cause = Cause(EventName.PERFORM, None, 2, AT - first, AT - last, "No.")
        return one_line(render(write(replace(DISABLED, causes=(cause,)))).text)

    none = timedelta()
    assert "2 errors, on 22 November 2026 at 10:04 UTC." in tally(timedelta(seconds=5), none)
    assert "2 errors, on 22 November 2026 from 09:34 to 10:04 UTC." in tally(timedelta(minutes=30), none)
    assert "from 21 November 2026 at 10:04 UTC to 22 November 2026 at 10:04 UTC." in tally(timedelta(days=1), none)


@settings(max_examples=50)
@given(name=st.text(max_size=200), example=st.text(max_size=3000))
def test_any_name_and_any_message_make_a_mail(name: str, example: str) -> None:
    incident = replace(DISABLED, organization=name, causes=(replace(DISABLED.causes[0], example=example),))
    mail = render(write(incident))
    assert mail.subject.isprintable()
    assert len(mail.subject) < 200
    assert len(mail.html) < 20_000
    assert unescape(mail.html).count("<main>") >= 1
