"""A number in a table's cell with a bar behind it: chart and table in one."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from tlstudio.gui import theme

SHARE_ROLE = Qt.ItemDataRole.UserRole + 20  # 0 to 1: how far the bar reaches; None draws none
_EDGE = 4

Index = QModelIndex | QPersistentModelIndex


class BarDelegate(QStyledItemDelegate):
    """Draws the bar of a cell's share under its text; ``colour`` is a number of the theme's data colours."""

    def __init__(self, colour: int = 0, parent: object = None) -> None:
        super().__init__(parent)  # type: ignore[arg-type]
        self._colour = colour

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        share = index.data(SHARE_ROLE)
        self.initStyleOption(option, index)
        text, option.text = option.text, ""
        style = option.widget.style() if option.widget else QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        area: QRect = option.rect.adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        right = bool(option.displayAlignment & Qt.AlignmentFlag.AlignRight)
        if share:
            tint = QColor(theme.data_colour(self._colour))
            tint.setAlpha(90)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tint)
            room = area.width() - (painter.fontMetrics().horizontalAdvance(text) + 3 * _EDGE) * right
            bar = QRect(area)
            bar.setWidth(max(round(room * min(float(share), 1.0)), 2))
            painter.drawRoundedRect(bar, 3, 3)
        painter.setPen(theme.colour("text"))
        place = area.adjusted(_EDGE, 0, -_EDGE, 0)
        painter.drawText(place, option.displayAlignment | Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()
