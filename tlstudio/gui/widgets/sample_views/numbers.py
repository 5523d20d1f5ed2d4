"""Predicted over true numbers, each point a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tlstudio.gui import formats
from tlstudio.gui.widgets.common import label
from tlstudio.gui.widgets.record_table import Column, RecordTable
from tlstudio.gui.widgets.splitter import splitter

if TYPE_CHECKING:
    from tlstudio.gui.widgets.scatter import Scatter

Item = dict[str, Any]


class View(QWidget):
    """{row, text, text_b?, label, predicted}: points to hover over and the rows themselves, the worst first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: list[Item] = []
        self.scatter: Scatter | None = None  # pyqtgraph takes most of a second: made when it is first shown
        self.caption = label(
            self.tr("Each point is a row; on the dashed line the prediction is exact. Point at one to read it."),
            "muted",
        )
        self.detail = label("", wrap=True)
        self.detail.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.detail.setMinimumHeight(self.fontMetrics().height() * 3)
        self.detail.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.table = RecordTable(self._columns(), self.tr("Rows with their numbers"))
        self.table.record_chosen.connect(self._choose)
        self._above = QVBoxLayout()
        above, below = QWidget(), QWidget()
        above.setLayout(self._above)
        self._above.setContentsMargins(0, 0, 0, 0)
        inner = QVBoxLayout(below)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self.detail)
        inner.addWidget(self.table, 1)
        split = splitter(Qt.Orientation.Horizontal)
        split.addWidget(above)
        split.addWidget(below)
        above.setMinimumWidth(300)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 1)
        split.setSizes([300, 420])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 12, 0, 0)
        layout.addWidget(self.caption)
        layout.addWidget(split, 1)

    def set_items(self, items: Sequence[Item], unit: str) -> None:
        self._items = sorted(items, key=lambda item: -abs(item["predicted"] - item["label"]))
        self.table.set_records(self._items)
        self.detail.setText(self.tr("The rows with the largest differences come first."))
        self._draw()

    @Slot(int)
    def show_point(self, at: int) -> None:
        """The row of a point that the user points at or has clicked."""
        self._tell(self._items[at])

    @Slot(int)
    def choose_point(self, at: int) -> None:
        model = self.table.sorted
        self.table.selectRow(model.mapFromSource(self.table.records.index(at, 0)).row())

    @Slot(object)
    def _choose(self, item: Item | None) -> None:
        if item is None:
            return
        self._tell(item)
        if self.scatter is not None:
            self.scatter.set_chosen(self._items.index(item))

    def _tell(self, item: Item) -> None:
        text = self.tr("Row {n}: true {true}, predicted {predicted}")
        shown = {"true": formats.number(item["label"]), "predicted": formats.number(item["predicted"])}
        line = text.format(n=formats.count(item.get("row")), **shown)
        texts = [str(item[name])[:400] for name in ("text", "text_b") if item.get(name)]
        self.detail.setText("\n".join([line, *texts]))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.scatter is None:
            from tlstudio.gui.widgets.scatter import Scatter

            self.scatter = Scatter(self.tr("True value"), self.tr("Predicted value"))
            self.scatter.pointed.connect(self.show_point)
            self.scatter.clicked.connect(self.choose_point)
            self._above.addWidget(self.scatter, 1)
            self._draw()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw()

    def _draw(self) -> None:
        if self.scatter is not None:
            self.scatter.set_points([(item["label"], item["predicted"]) for item in self._items])

    def _columns(self) -> list[Column]:
        def number(title: str, value: Any) -> Column:
            return Column(title, lambda item: formats.number(value(item)), value, numeric=True)

        return [
            Column(self.tr("Text"), _text, stretch=True),
            number(self.tr("True"), lambda item: item["label"]),
            number(self.tr("Predicted"), lambda item: item["predicted"]),
            number(self.tr("Difference"), lambda item: abs(item["predicted"] - item["label"])),
        ]


def _text(item: Item) -> str:
    return "  ↔  ".join(" ".join(str(item[name])[:200].split()) for name in ("text", "text_b") if item.get(name))
