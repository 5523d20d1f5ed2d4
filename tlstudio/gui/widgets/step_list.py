"""The steps at the left: number, title, and a sign with a word for ready, not ready or done."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from tlstudio.gui import theme, words
from tlstudio.session.project import STEPS

_NAME, _STATUS, _DETAIL = (Qt.ItemDataRole.UserRole + index for index in range(3))
_ROW = 54
Index = QModelIndex | QPersistentModelIndex

PLACES = (*STEPS, "runs")


class StepList(QListView):
    """``chosen(step)`` when the user goes to a step."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("steps")
        self.setAccessibleName(self.tr("Steps"))
        self.setFixedWidth(204)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(True)
        self._items = QStandardItemModel(self)
        for place in PLACES:
            item = QStandardItem(words.step(place))
            item.setData(place, _NAME)
            self._items.appendRow(item)
        self.setModel(self._items)
        self.setItemDelegate(_StepDelegate(self))
        self.selectionModel().currentChanged.connect(self._on_current)
        self.clicked.connect(self._on_current)  # also the row that is current already, from a pane that is no step

    def set_state(self, step: str, status: str, detail: str = "") -> None:
        """``status``: missing, ready, done, running or an empty text."""
        item = self._items.item(PLACES.index(step))
        item.setData(status, _STATUS)
        item.setData(detail, _DETAIL)
        sign = words.status(status)
        item.setToolTip(detail or sign)
        item.setData(words.clauses((words.step(step), sign, detail)), Qt.ItemDataRole.AccessibleTextRole)

    def state_of(self, step: str) -> tuple[str, str]:
        item = self._items.item(PLACES.index(step))
        return item.data(_STATUS) or "", item.data(_DETAIL) or ""

    def set_current(self, step: str) -> None:
        self.setCurrentIndex(self._items.index(PLACES.index(step), 0))

    def current(self) -> str:
        return str(self.currentIndex().data(_NAME) or PLACES[0])

    def _on_current(self, current: QModelIndex) -> None:
        if current.isValid():
            self.chosen.emit(current.data(_NAME))


class _StepDelegate(QStyledItemDelegate):
    """Paints a row: sign, title, and one muted line."""

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(180, _ROW + (12 if index.row() == len(STEPS) else 0))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        c = theme.colours()
        area: QRect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if index.row() == len(STEPS):
            painter.setPen(QColor(c.border))
            painter.drawLine(area.left() + 14, area.top() + 5, area.right() - 14, area.top() + 5)
            area = area.adjusted(0, 12, 0, 0)
        self._paint_back(painter, option, area)
        self._paint_sign(painter, area, str(index.data(_NAME)), str(index.data(_STATUS) or ""))
        self._paint_texts(painter, option, area, index)
        painter.restore()

    def _paint_back(self, painter: QPainter, option: QStyleOptionViewItem, area: QRect) -> None:
        c = theme.colours()
        state: QStyle.StateFlag = option.state
        inner = area.adjusted(8, 2, -8, -2)
        painter.setPen(Qt.PenStyle.NoPen)
        if state & QStyle.StateFlag.State_Selected:
            painter.setBrush(QColor(c.selection))
            painter.drawRoundedRect(inner, 7, 7)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(QColor(c.hover))
            painter.drawRoundedRect(inner, 7, 7)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(c.accent), 2))
            painter.drawRoundedRect(inner.adjusted(1, 1, -1, -1), 6, 6)

    def _paint_sign(self, painter: QPainter, area: QRect, name: str, status: str) -> None:
        c = theme.colours()
        x, y = area.left() + 18, area.center().y() - 10
        ratio = painter.device().devicePixelRatio()
        tint = c.muted if status == "missing" else c.text
        painter.drawPixmap(x, y, theme.pixmap(name, tint, 20, ratio))
        sign = {"done": ("check", c.ok), "missing": ("error", c.warn), "running": ("play", c.accent)}.get(status)
        right = area.right() - 34
        if sign:
            painter.drawPixmap(right, y + 2, theme.pixmap(sign[0], sign[1], 16, ratio))
        elif status == "ready":
            painter.setPen(QPen(QColor(c.accent), 1.8))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(right + 4, y + 6, 8, 8)

    def _paint_texts(self, painter: QPainter, option: QStyleOptionViewItem, area: QRect, index: Index) -> None:
        c = theme.colours()
        status, detail = str(index.data(_STATUS) or ""), str(index.data(_DETAIL) or "")
        left, width = area.left() + 48, area.width() - 48 - 36
        bold = QFont(option.font)
        bold.setWeight(QFont.Weight.DemiBold)
        number = f"{index.row() + 1}  " if index.row() < len(STEPS) else ""
        second = detail or words.status(status)
        painter.setFont(bold)
        painter.setPen(QColor(c.text))
        middle = Qt.AlignmentFlag.AlignVCenter
        top = QRect(left, area.top() + (8 if second else 4), width, 20 if second else area.height() - 8)
        painter.drawText(top, middle, number + str(index.data()))
        if not second:
            return
        small = QFont(option.font)
        small.setPointSizeF(small.pointSizeF() * 0.85)
        painter.setFont(small)
        painter.setPen(QColor(c.muted))
        place = QRect(left, area.top() + 27, width + 24, 18)
        painter.drawText(
            place, middle, painter.fontMetrics().elidedText(second, Qt.TextElideMode.ElideRight, width + 20)
        )
