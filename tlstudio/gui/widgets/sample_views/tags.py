"""Words with their tags: what the model says below them, the truth above them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from tlstudio.gui import theme
from tlstudio.gui.widgets.sample_views.markup import mixed

MOST = 250  # words of one sentence that are drawn
_BEGINS, _PREFIXES = ("B", "U", "S"), ("B", "I", "L", "U", "E", "S", "M")
_SPACE, _PAD = 7.0, 5.0  # pixels between words, inside a label


@dataclass(frozen=True)
class Segment:
    """Words ``start`` to ``end`` (exclusive) with one label."""

    start: int
    end: int
    label: str


def scheme_of(tags: Sequence[str]) -> bool:
    """Whether tags join words to entities (B-PER, I-PER …) rather than name each word (NN, VB …)."""
    return any(len(tag) > 2 and tag[1] in "-_" and tag[0] in _PREFIXES for tag in tags)


def segments(tags: Sequence[str], joins: bool) -> list[Segment]:
    """Entities, or one segment for each tagged word. An I that continues nothing begins something."""
    found: list[Segment] = []
    for at, tag in enumerate(tags):
        if tag in ("O", "", "_"):
            continue
        prefixed = len(tag) > 2 and tag[1] in "-_" and tag[0] in _PREFIXES
        name = tag[2:] if prefixed else tag
        last = found[-1] if found else None
        if joins and prefixed and tag[0] not in _BEGINS and last and last.end == at and last.label == name:
            found[-1] = Segment(last.start, at + 1, name)
        else:
            found.append(Segment(at, at + 1, name))
    return found


class TagFlow:
    """Words that wrap, with labelled segments below (the model's) and above (the truth's, where it is given).

    ``names``: the labels that may occur, which gives each the same colour in all sentences. A predicted segment that
    is not in the truth is marked with ✕ and a red edge, a true one that was not found has a dashed edge. Where every
    word has a tag, only the differing truth is shown.
    """

    def __init__(
        self,
        words: Sequence[str],
        predicted: Sequence[Segment],
        truth: Sequence[Segment] | None,
        font: QFont,
        names: Sequence[str] = (),
    ) -> None:
        self._words = [word[:80] for word in words[:MOST]] + (["…"] if len(words) > MOST else [])
        known = set(truth or ())
        self._predicted = [(item, truth is not None and item not in known) for item in predicted if item.end <= MOST]
        missed = set(known) - set(predicted)
        dense = len(known) > len(words) / 2
        self._truth = [
            (item, item in missed) for item in truth or () if item.end <= MOST and (item in missed or not dense)
        ]
        self._has_truth = truth is not None
        self._font, self._small = QFont(font), QFont(font)
        self._small.setPointSizeF(font.pointSizeF() * 0.85)
        here = {item.label for item, _ in (*self._predicted, *self._truth)}
        self._colours = {name: at for at, name in enumerate([*names, *sorted(here - set(names))])}
        self._lines: list[list[tuple[int, float]]] = []
        self._widths: list[float] = []

    def height(self, width: float) -> float:
        self._wrap(width)
        return len(self._lines) * self._line_height()

    def draw(self, painter: QPainter, place: QRectF) -> None:
        self._wrap(place.width())
        for number, line in enumerate(self._lines):
            top = place.top() + number * self._line_height()
            self._draw_line(painter, line, place.left(), top)

    def text_of(self, segment: Segment) -> str:
        return " ".join(self._words[segment.start : segment.end])

    # -- measures -----------------------------------------------------------------------------------------------

    def _band(self) -> float:
        return QFontMetricsF(self._small).height() + 2

    def _text_height(self) -> float:
        return QFontMetricsF(self._font).height() + 4

    def _line_height(self) -> float:
        return self._text_height() + self._band() * (2 if self._has_truth else 1) + 10

    def _wrap(self, width: float) -> None:
        metrics, small = QFontMetricsF(self._font), QFontMetricsF(self._small)
        self._widths = [metrics.horizontalAdvance(word) + _SPACE for word in self._words]
        for item, odd in (*self._predicted, *self._truth):
            wanted = small.horizontalAdvance(_title(item, odd)) + 2 * _PAD + 3
            lacks = wanted - sum(self._widths[item.start : item.end])
            if lacks > 0:
                self._widths[item.end - 1] += lacks
        self._lines, x = [[]], 0.0
        for at, word in enumerate(self._widths):
            if x + word > width and self._lines[-1]:
                self._lines.append([])
                x = 0.0
            self._lines[-1].append((at, x))
            x += word

    # -- painting -----------------------------------------------------------------------------------------------

    def _draw_line(self, painter: QPainter, line: list[tuple[int, float]], left: float, top: float) -> None:
        band = self._band() if self._has_truth else 0.0
        words = QRectF(left, top + band, 0, self._text_height())
        for item, odd in self._predicted:
            self._draw_segment(painter, line, words, item, odd, below=True)
        for item, odd in self._truth:
            self._draw_segment(painter, line, words, item, odd, below=False)
        painter.setFont(self._font)
        painter.setPen(theme.colour("text"))
        for at, x in line:
            place = QRectF(left + x + 2, words.top(), self._widths[at], words.height())
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self._words[at])

    def _draw_segment(
        self, painter: QPainter, line: list[tuple[int, float]], words: QRectF, item: Segment, odd: bool, below: bool
    ) -> None:
        inside = [(at, x) for at, x in line if item.start <= at < item.end]
        if not inside:
            return
        left, right = inside[0][1], inside[-1][1] + self._widths[inside[-1][0]] - 3
        area = QRectF(words.left() + left, words.top(), right - left, words.height())
        colour = theme.data_colour(self._colours[item.label])
        band = QRectF(area.left(), area.bottom() if below else area.top() - self._band(), area.width(), self._band())
        if below:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(mixed(colour.name())))
            painter.drawRoundedRect(area.united(band), 4, 4)
        edge = theme.colour("error") if below and odd else colour
        style = Qt.PenStyle.DashLine if odd and not below else Qt.PenStyle.SolidLine
        painter.setPen(QPen(edge, 1.6 if odd else 1, style))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if odd or not below:
            painter.drawRoundedRect((area.united(band) if below else band).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setFont(self._small)
        painter.setPen(theme.colour("error" if below and odd else "text"))
        painter.drawText(band, Qt.AlignmentFlag.AlignCenter, _title(item, odd and below))


def _title(item: Segment, odd: bool) -> str:
    return f"✕ {item.label}" if odd else item.label
