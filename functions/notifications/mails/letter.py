"""What a mail says, before it is text or HTML: both are made from the same blocks, so both say the same."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of whole sentences."""

    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    """The heading of what follows."""

    text: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values: (label, value)."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """What, and how many of it."""

    rows: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Errors with one cause: how often, when, one of them word for word, and what helps."""

    title: str
    tally: str
    example: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Groups:
    """The causes, the most frequent first."""

    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Steps:
    """What to do, in order."""

    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """The one thing to press."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Address:
    """Where something is found; to copy, not to press."""

    label: str
    address: str


@dataclass(frozen=True, slots=True)
class SmallPrint:
    """Why this mail came to this reader."""

    text: str


Block = Paragraph | Heading | Facts | Counts | Groups | Steps | Link | Address | SmallPrint


@dataclass(frozen=True, slots=True)
class Letter:
    """A whole mail. `preview` is what a mailbox shows beside the subject."""

    subject: str
    title: str
    preview: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as it is handed to SES."""

    subject: str
    text: str
    html: str
