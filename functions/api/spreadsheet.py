"""CSV cells that a spreadsheet leaves alone.

Excel and its like take text that begins like a formula for one, and run it for whoever opens the file. Such text gets
a quote in front on the way out and loses it on the way in, so that what was exported is imported as it was.
"""

from __future__ import annotations

import re

# With the quotes that stand in front already: text that began with a quote itself must come back with it.
_LIKE_A_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")


def cell(text: str) -> str:
    """The text as a cell."""
    return f"'{text}" if _LIKE_A_FORMULA.match(text) else text


def text_of(cell_text: str) -> str:
    """The text that `cell` made a cell of. A cell that somebody typed without the quote is taken as it is."""
    return cell_text.removeprefix("'") if _LIKE_A_FORMULA.match(cell_text) else cell_text
