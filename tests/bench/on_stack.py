"""What is measured on the local stack, in real time."""

from __future__ import annotations


def rows() -> list[tuple[str, str, str]]:
    return []
