"""Small pieces of rich text whose colours follow the theme; whatever comes from data is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise

from PySide6.QtGui import QColor

from tlstudio.gui import theme

LONGEST = 1200  # characters of one text on a card

Range = tuple[int, int]


def text(value: object, longest: int = LONGEST) -> str:
    """A text of the data: escaped, cut, its line ends kept."""
    plain = str(value)
    shown = plain if len(plain) <= longest else plain[:longest].rstrip() + " …"
    return escape(shown).replace("\n", "<br>")


def muted(html: str) -> str:
    return f'<span style="color:{theme.colours().muted}">{html}</span>'


def tinted(html: str, tint: str) -> str:
    """In a colour of the theme, such as ok or error."""
    return f'<span style="color:{getattr(theme.colours(), tint)}">{html}</span>'


def bold(html: str) -> str:
    return f"<b>{html}</b>"


def mark(html: str, colour: int = 0, tint: str = "") -> str:
    """On a coloured ground."""
    ground = mixed(getattr(theme.colours(), tint) if tint else theme.colours().data[colour % 8])
    return f'<span style="background-color:{ground}">{html}</span>'


def mixed(colour: str, share: float = 0.28) -> str:
    """A colour thinned by the ground, so that text on it stays readable in both schemes."""
    one, ground = QColor(colour), QColor(theme.colours().base)
    pairs = ((one.red(), ground.red()), (one.green(), ground.green()), (one.blue(), ground.blue()))
    red, green, blue = (round(above * share + below * (1 - share)) for above, below in pairs)
    return QColor(red, green, blue).name()


def cells(texts: Sequence[str], widths: Sequence[int] = ()) -> str:
    """A row of a table; ``widths`` in per cent."""
    sizes = [f' width="{width}%"' for width in widths] or [""] * len(texts)
    parts = (f'<td{size} style="padding-right:14px">{cell}</td>' for cell, size in zip(texts, sizes, strict=True))
    return f'<tr valign="top">{"".join(parts)}</tr>'


def table(rows: Iterable[str], full: bool = False) -> str:
    return f'<table cellspacing="0" cellpadding="2"{" width=100%" if full else ""}>{"".join(rows)}</table>'


def passage(value: str, grounds: Sequence[Range], lines: Sequence[Range], around: int = 320) -> str:
    """A text with some ranges on a coloured ground and others underlined, cut to what is around them."""
    marks = sorted({edge for start, end in (*grounds, *lines) for edge in (start, end) if 0 <= edge <= len(value)})
    first = max((marks[0] if marks else 0) - around, 0)
    last = min((marks[-1] if marks else around) + around, len(value))
    edges = [first, *(edge for edge in marks if first < edge < last), last]
    parts = [_piece(value, start, end, grounds, lines) for start, end in pairwise(edges)]
    before, after = "… " if first else "", " …" if last < len(value) else ""
    return f"{before}{''.join(parts)}{after}"


def _piece(value: str, start: int, end: int, grounds: Sequence[Range], lines: Sequence[Range]) -> str:
    html = text(value[start:end], end - start)
    if any(low <= start and end <= high for low, high in lines):
        html = f"<u>{html}</u>"
    if any(low <= start and end <= high for low, high in grounds):
        html = mark(bold(html), 0)
    return html
