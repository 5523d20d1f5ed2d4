"""What the data doctor has found, worst first: severity as sign and word, number, and one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QCoreApplication, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QResizeEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from tlstudio.gui import formats, theme

translate = QCoreApplication.translate  # under this name lupdate finds the strings
Index = QModelIndex | QPersistentModelIndex
_FINDING = Qt.ItemDataRole.UserRole
_SIGN, _EDGE, _LINES = 34, 10, 3  # pixels beside and around the texts; lines of a sentence at most
SIGNS = {"error": ("error", "error"), "warning": ("warning", "warn"), "notice": ("info", "accent")}


@dataclass(frozen=True)
class ShownFix:
    """A way to mend a finding; title and the names of what it changes are in the user's language."""

    title: str
    step: dict[str, Any] | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    applied: bool = False


@dataclass(frozen=True)
class ShownFinding:
    """A finding in the user's language. ``key`` stays the same when the checks are made again."""

    key: str
    severity: str
    count: int
    title: str
    effect: str
    samples: tuple[dict[str, Any], ...] = ()
    fixes: tuple[ShownFix, ...] = ()

    @property
    def mended(self) -> bool:
        return any(fix.applied for fix in self.fixes)


def severity(name: str) -> str:
    return {
        "error": translate("findings", "Error"),
        "warning": translate("findings", "Warning"),
        "notice": translate("findings", "Notice"),
    }.get(name, name)


def headline(finding: ShownFinding) -> str:
    """Severity, number, and whether it is being mended."""
    parts = [severity(finding.severity), formats.count(finding.count)]
    if finding.mended:
        parts.append(translate("findings", "✓ mended"))
    return "  ·  ".join(parts)


class FindingList(QListView):
    """``chosen(finding)`` when the user goes to another one; None where there is none."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Findings"))
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMouseTracking(True)
        self.setMinimumWidth(230)
        self._quiet = False
        self._items = QStandardItemModel(self)
        self.setModel(self._items)
        self.setItemDelegate(_Delegate(self))
        self.selectionModel().currentChanged.connect(self._on_current)

    def set_findings(self, findings: Sequence[ShownFinding]) -> None:
        """Shows findings; the chosen one stays, as far as it is still there. ``chosen`` follows."""
        if list(findings) == self.findings():
            return
        before = self.current()
        key = before.key if before is not None else ""
        self._quiet = True
        self._items.clear()
        for finding in findings:
            item = QStandardItem(finding.title)
            item.setData(finding, _FINDING)
            item.setToolTip(finding.title)
            item.setData(f"{headline(finding)}  {finding.title}", Qt.ItemDataRole.AccessibleTextRole)
            self._items.appendRow(item)
        keys = [finding.key for finding in findings]
        self.setCurrentIndex(self._items.index(keys.index(key) if key in keys else 0, 0))
        self._quiet = False
        self.chosen.emit(self.current())

    def findings(self) -> list[ShownFinding]:
        return [self._items.item(row).data(_FINDING) for row in range(self._items.rowCount())]

    def current(self) -> ShownFinding | None:
        found: ShownFinding | None = self.currentIndex().data(_FINDING)
        return found

    def choose(self, row: int) -> None:
        self.setCurrentIndex(self._items.index(row, 0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()  # the sentences wrap anew

    def _on_current(self, current: QModelIndex) -> None:
        if not self._quiet:
            self.chosen.emit(current.data(_FINDING))


class _Delegate(QStyledItemDelegate):
    """Paints a finding: sign, severity and number, and the sentence over at most three lines."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        width = self._width()
        height = self._sentence(option.fontMetrics, width, str(index.data())).height()
        return QSize(width, height + option.fontMetrics.height() + 2 * _EDGE + 2)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        finding: ShownFinding = index.data(_FINDING)
        area: QRect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_back(painter, option, area)
        c = theme.colours()
        name, tint = ("check", "ok") if finding.mended else SIGNS.get(finding.severity, SIGNS["notice"])
        sign = theme.pixmap(name, getattr(c, tint), 18, painter.device().devicePixelRatio())
        painter.drawPixmap(area.left() + _EDGE, area.top() + _EDGE, sign)
        self._paint_texts(painter, option, area, finding)
        painter.restore()

    def _paint_back(self, painter: QPainter, option: QStyleOptionViewItem, area: QRect) -> None:
        c = theme.colours()
        state: QStyle.StateFlag = option.state
        inner = area.adjusted(3, 2, -3, -2)
        painter.setPen(Qt.PenStyle.NoPen)
        if state & QStyle.StateFlag.State_Selected:
            painter.setBrush(QColor(c.selection))
            painter.drawRoundedRect(inner, 6, 6)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(QColor(c.hover))
            painter.drawRoundedRect(inner, 6, 6)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(c.accent), 2))
            painter.drawRoundedRect(inner.adjusted(1, 1, -1, -1), 5, 5)

    def _paint_texts(self, painter: QPainter, option: QStyleOptionViewItem, area: QRect, finding: ShownFinding) -> None:
        c, metrics = theme.colours(), option.fontMetrics
        left, width = area.left() + _SIGN, area.width() - _SIGN - _EDGE
        bold = QFont(option.font)
        bold.setWeight(QFont.Weight.DemiBold)
        painter.setFont(bold)
        painter.setPen(QColor(c.ok if finding.mended else getattr(c, SIGNS.get(finding.severity, ("", "text"))[1])))
        top = QRect(left, area.top() + _EDGE, width, metrics.height())
        shown = painter.fontMetrics().elidedText(headline(finding), Qt.TextElideMode.ElideRight, width)
        painter.drawText(top, Qt.AlignmentFlag.AlignVCenter, shown)
        painter.setFont(option.font)
        painter.setPen(QColor(c.muted if finding.mended else c.text))
        place = self._sentence(metrics, self._width(), finding.title)
        place.moveTopLeft(top.bottomLeft())
        painter.drawText(place, int(Qt.TextFlag.TextWordWrap), finding.title)

    def _sentence(self, metrics: QFontMetrics, width: int, text: str) -> QRect:
        """The room for a sentence in a row of this width; its place is of no matter."""
        room = QRect(0, 0, max(width - _SIGN - _EDGE, 60), metrics.lineSpacing() * _LINES)
        needed = metrics.boundingRect(room, int(Qt.TextFlag.TextWordWrap), text)
        return QRect(0, 0, room.width(), min(needed.height(), room.height()) + 2)

    def _width(self) -> int:
        view = self.parent()
        return view.viewport().width() if isinstance(view, QListView) else 240
