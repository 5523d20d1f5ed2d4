"""What has changed between two texts, word by word, and how it is shown."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher

from PySide6.QtGui import QColor

from tlstudio.gui.theme import Colours

_TOKEN = re.compile(r"\s|\w+|[^\w\s]")
_MOST = 250  # tokens between the first and the last change; comparing takes their square
_CONTEXT = 60  # characters that are kept around a change of a long text
_JOINER = "\u200d"  # holds emoji together
_SIGNS = {"\n": "⏎", "\r": "␍", "\t": "⇥", "\u00a0": "⍽", " ": " "}
_SPACE, _SPACES = re.compile(" +"), re.compile(" {2,}")


@dataclass(frozen=True)
class Piece:
    """A stretch of a text; ``changed`` is what the other text does not have."""

    text: str
    changed: bool


def compare(before: str, after: str) -> tuple[list[Piece], list[Piece]]:
    """The two texts in pieces."""
    if before == after:
        same = [Piece(before, False)] if before else []
        return same, same
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    start, end = _shared(old, new)
    middle = old[start : len(old) - end], new[start : len(new) - end]
    left, right = _Side(), _Side()
    for side in (left, right):
        side.add(old[:start], False)
    if max(map(len, middle)) > _MOST:
        left.add(middle[0], True)
        right.add(middle[1], True)
    else:
        _align(*middle, left, right)
    for side in (left, right):
        side.add(old[len(old) - end :], False)
    return left.pieces(), right.pieces()


class _Side:
    def __init__(self) -> None:
        self._parts: list[tuple[str, bool]] = []

    def add(self, tokens: list[str], changed: bool) -> None:
        if not tokens:
            return
        text = "".join(tokens)
        if self._parts and self._parts[-1][1] == changed:
            text = self._parts.pop()[0] + text
        self._parts.append((text, changed))

    def pieces(self) -> list[Piece]:
        return [Piece(text, changed) for text, changed in self._parts]


def _shared(old: list[str], new: list[str]) -> tuple[int, int]:
    """Tokens that are the same at the start and at the end."""
    most = min(len(old), len(new))
    start = next((index for index in range(most) if old[index] != new[index]), most)
    most -= start
    end = next((index for index in range(most) if old[-1 - index] != new[-1 - index]), most)
    return start, end


def _align(old: list[str], new: list[str], left: _Side, right: _Side) -> None:
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        left.add(old[a:b], tag != "equal")
        right.add(new[c:d], tag != "equal")


def markup(pieces: list[Piece], gone: bool, colours: Colours) -> str:
    """The pieces as HTML for Qt: what is gone is struck out, what is new is underlined; both are tinted as well.

    Invisible characters that have changed are shown as signs. All text of the data is escaped.
    """
    last = len(pieces) - 1
    parts = []
    for index, piece in enumerate(pieces):
        if not piece.changed:
            parts.append(html.escape(_shortened(piece.text, index == 0, index == last)))
            continue
        tint = mixed(colours.error if gone else colours.ok, colours.base, 0.24)
        line = "line-through" if gone else "underline"
        text = html.escape(visible(piece.text))
        parts.append(f'<span style="background-color:{tint}; text-decoration:{line};">{text}</span>')
    return "".join(parts).replace("\n", " ⏎ ")


def visible(text: str) -> str:
    """The text with a sign for each character that one cannot see; a single space between words stays one."""
    spaces = _SPACES if text.strip(" ") else _SPACE
    text = spaces.sub(lambda found: "␣" * len(found[0]), text)
    return "".join(_SIGNS.get(letter) or _named(letter) for letter in text)


def mixed(one: str, other: str, share: float) -> str:
    """A colour between two, as #rrggbb; ``share`` of the first."""
    first, second = QColor(one), QColor(other)
    parts = zip(first.getRgb()[:3], second.getRgb()[:3], strict=True)  # type: ignore[index]
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in parts)


def _named(letter: str) -> str:
    if letter == _JOINER or unicodedata.category(letter) not in ("Cc", "Cf", "Zs", "Zl", "Zp"):
        return letter
    return f"‹U+{ord(letter):04X}›"


def _shortened(text: str, first: bool, last: bool) -> str:
    """A long stretch without changes, cut where it is far from one."""
    if first and last:
        return text
    if first:
        return text if len(text) <= 2 * _CONTEXT else "…" + text[-_CONTEXT:]
    if last:
        return text if len(text) <= 2 * _CONTEXT else text[:_CONTEXT] + "…"
    return text if len(text) <= 3 * _CONTEXT else f"{text[:_CONTEXT]} … {text[-_CONTEXT:]}"
