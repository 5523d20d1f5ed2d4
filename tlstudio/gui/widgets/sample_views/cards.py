"""A list of cards that are painted, not built: only those in sight cost anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from PySide6.QtCore import (
    QAbstractListModel,
    QCoreApplication,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    Slot,
)
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QFont,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPalette,
    QPen,
    QResizeEvent,
    QTextDocument,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from tlstudio.gui import formats, i18n, theme
from tlstudio.gui.widgets.common import label

translate = QCoreApplication.translate  # under this name lupdate finds the strings

Item = dict[str, Any]
Index = QModelIndex | QPersistentModelIndex
_EDGE, _GAP = 12, 8  # pixels inside and between cards


class Drawing(Protocol):
    """What stands on a card."""

    def height(self, width: float) -> float: ...

    def draw(self, painter: QPainter, place: QRectF) -> None: ...


class Rich:
    """Rich text as a drawing."""

    def __init__(self, html: str, font: QFont) -> None:
        self._document = QTextDocument()
        self._document.setDocumentMargin(0)
        self._document.setDefaultFont(font)
        self._document.setHtml(html)

    def height(self, width: float) -> float:
        self._document.setTextWidth(width)
        return float(self._document.size().height())

    def draw(self, painter: QPainter, place: QRectF) -> None:
        self._document.setTextWidth(place.width())
        context = QAbstractTextDocumentLayout.PaintContext()
        context.palette.setColor(QPalette.ColorRole.Text, theme.colour("text"))
        painter.save()
        painter.translate(place.topLeft())
        self._document.documentLayout().draw(painter, context)
        painter.restore()


class CardModel(QAbstractListModel):
    """Samples, or those of them that are wrong."""

    def __init__(self, plain: Callable[[Item], str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._plain = plain
        self.items: list[Item] = []

    def set_items(self, items: Sequence[Item]) -> None:
        self.beginResetModel()
        self.items = list(items)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.items)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if index.isValid() and role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._plain(self.items[index.row()])
        return None


class CardDelegate(QStyledItemDelegate):
    """Paints the head line and the drawing of a sample; keeps drawings until the width or the theme changes."""

    def __init__(self, view: SampleView) -> None:
        super().__init__(view)
        self._view = view
        self._kept: dict[int, tuple[Drawing, float]] = {}
        self._for: tuple[Any, ...] = ()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        _drawing, height = self._drawing(index)
        width = self._view.cards.viewport().width()
        return QSize(width, round(height + self._head_height() + 2 * _EDGE + _GAP))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        item = self._view.model.items[index.row()]
        drawing, height = self._drawing(index)
        card = QRectF(option.rect).adjusted(1, 1, -1, -_GAP)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour("accent" if chosen else "border"), 2 if chosen else 1))
        painter.setBrush(theme.colour("base"))
        painter.drawRoundedRect(card, 8, 8)
        inner = card.adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE)
        self._paint_head(painter, inner, item)
        drawing.draw(painter, QRectF(inner.left(), inner.top() + self._head_height(), inner.width(), height))
        painter.restore()

    def _paint_head(self, painter: QPainter, place: QRectF, item: Item) -> None:
        wrong, left = self._view.is_wrong(item), place.left()
        metrics = self._view.fontMetrics()
        top = place.top() + metrics.ascent()
        if wrong is not None:
            sign = translate("CardDelegate", "✕ wrong") if wrong else translate("CardDelegate", "✓ right")
            painter.setPen(theme.colour("error" if wrong else "ok"))
            painter.drawText(round(left), round(top), sign)
            left += metrics.horizontalAdvance(sign) + 14
        painter.setPen(theme.colour("muted"))
        painter.drawText(round(left), round(top), self._view.head(item))

    def _head_height(self) -> int:
        return self._view.fontMetrics().height() + 6

    def _drawing(self, index: Index) -> tuple[Drawing, float]:
        now = (self._view.cards.viewport().width(), theme.colours().dark, self._view.font().key())
        if now != self._for:
            self._for = now
            self._kept.clear()
        item = self._view.model.items[index.row()]
        if id(item) not in self._kept:
            drawing = self._view.drawing(item)
            self._kept[id(item)] = (drawing, drawing.height(now[0] - 2 * _EDGE - 2))
        return self._kept[id(item)]

    def forget(self) -> None:
        self._kept.clear()


class Cards(QListView):
    """Ctrl+C copies the chosen sample as text."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # else the width jumps, and all heights
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.verticalScrollBar().setSingleStep(24)
        theme.set_role(self, "page")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy) and self.currentIndex().isValid():
            QGuiApplication.clipboard().setText(str(self.currentIndex().data()))
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()


class SampleView(QWidget):
    """Cards of samples with a tick that leaves the wrong ones; a subclass says what stands on a card."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: list[Item] = []
        self.caption = label("", "muted", wrap=True)
        self.wrong_only = QCheckBox(self.tr("Only wrong ones"))
        self.wrong_only.toggled.connect(self._show)
        self.count = label("", "caption")
        self.cards = Cards(self.tr("Samples of the test rows"))
        self.model = CardModel(self.plain, self)
        self.cards.setModel(self.model)
        self.delegate = CardDelegate(self)
        self.cards.setItemDelegate(self.delegate)
        top = QHBoxLayout()
        top.addWidget(self.caption, 1)
        top.addWidget(self.count)
        top.addWidget(self.wrong_only)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 12, 0, 0)
        layout.addLayout(top)
        layout.addWidget(self.cards, 1)

    def set_items(self, items: Sequence[Item], unit: str) -> None:
        """``items`` as in ``test.samples`` of results.json; ``unit``: what a row is."""
        self._items = list(items)
        self.caption.setText(self.legend())
        told = any(self.is_wrong(item) is not None for item in items)
        self.wrong_only.setVisible(told)
        self._show()

    def shown(self) -> list[str]:
        """The samples that are shown, as texts."""
        return [self.plain(item) for item in self.model.items]

    # -- what a subclass says -----------------------------------------------------------------------------------

    def legend(self) -> str:
        """How a card is read."""
        return ""

    def head(self, item: Item) -> str:
        return self.tr("Row {n}").format(n=formats.count(item.get("row")))

    def drawing(self, item: Item) -> Drawing:
        return Rich(self.html(item), self.font())

    def html(self, item: Item) -> str:
        """The card as rich text."""
        return ""

    def plain(self, item: Item) -> str:
        """The same as text, to be read aloud and copied."""
        document = QTextDocument()
        document.setHtml(self.html(item))
        return f"{self.head(item)}\n{document.toPlainText()}"

    def is_wrong(self, item: Item) -> bool | None:
        """None where it is no matter of right or wrong."""
        return None

    # -- showing ------------------------------------------------------------------------------------------------

    @Slot()
    def _show(self) -> None:
        only = self.wrong_only.isChecked() and self.wrong_only.isVisibleTo(self)
        items = [item for item in self._items if not only or self.is_wrong(item)]
        self.delegate.forget()
        self.model.set_items(items)
        text = self.tr("{shown} of {n} samples")
        self.count.setText(i18n.filled(text, shown=formats.count(len(items)), n=formats.count(len(self._items))))
