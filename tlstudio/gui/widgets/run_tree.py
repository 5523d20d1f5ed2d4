"""The family of a run: which run started from which, as a tree."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QTreeView, QVBoxLayout, QWidget

from tlstudio.gui import formats, i18n, metric_names, run_texts
from tlstudio.gui.widgets.common import label
from tlstudio.session.run_lineage import Node, family
from tlstudio.session.runs import RunSummary

_ID = Qt.ItemDataRole.UserRole


class RunTree(QWidget):
    """``chosen(run)`` when the user picks a run that is there."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.hint = label("", "muted", wrap=True, parent=self)
        self.model = QStandardItemModel(self)
        self.view = QTreeView(self)
        self.view.setModel(self.model)
        self.view.setAccessibleName(self.tr("Which run started from which"))
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.setUniformRowHeights(True)
        self.view.setStyleSheet("QTreeView::item { padding: 4px; }")
        self.view.activated.connect(self._on_activated)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 8, 4, 8)
        layout.addWidget(self.hint)
        layout.addWidget(self.view, 1)
        self._shown: tuple[str, dict[str, RunSummary | None]] = ("", {})
        self.show_family([], "")

    def show_family(self, runs: Sequence[RunSummary], run: str) -> None:
        """The tree in which ``run`` stands."""
        tree = family(runs, run) if run else None
        known = {node.id: node.run for _depth, node in tree.walk()} if tree is not None else {}
        if (run, known) == self._shown and self.model.columnCount():
            return
        self._shown = (run, known)
        self.model.clear()
        titles = [self.tr("Run"), self.tr("Task"), self.tr("Strategy"), self.tr("Score"), self.tr("Outcome")]
        self.model.setHorizontalHeaderLabels(titles)
        self.view.setVisible(tree is not None)
        self.hint.setVisible(tree is None)
        alone = self.tr("This run started from no other run, and no other from it. “Use its model” starts a new one.")
        self.hint.setText(alone if run else self.tr("Choose a run to see which run it started from."))
        if tree is not None:
            self._fill(tree, run)

    def _fill(self, tree: Node, run: str) -> None:
        places: list[QStandardItem] = [self.model.invisibleRootItem()]
        current = QModelIndex()
        for depth, node in tree.walk():
            items = self._items(node, node.id == run)
            del places[depth + 1 :]
            places[depth].appendRow(items)
            places.append(items[0])
            if node.id == run:
                current = items[0].index()
        self.view.expandAll()
        for column in range(self.model.columnCount()):
            self.view.resizeColumnToContents(column)
        self.view.setCurrentIndex(current)
        self.view.scrollTo(current)

    def _items(self, node: Node, bold: bool) -> list[QStandardItem]:
        run = node.run
        if run is None:
            texts = [node.id, "", "", "", self.tr("not here (deleted, or of another computer)")]
        else:
            score = metric_names.value(run.metric, run.score) if run.metric else formats.NONE
            texts = [run.id, run.task, i18n.engine(run.strategy), score, run_texts.outcome(run.outcome)]
        items = [QStandardItem(text) for text in texts]
        items[0].setData(node.id if run is not None else "", _ID)
        for item in items:
            font = item.font()
            font.setBold(bold)
            font.setItalic(run is None)
            item.setFont(font)
        return items

    @Slot(QModelIndex)
    def _on_activated(self, index: QModelIndex) -> None:
        if run := index.siblingAtColumn(0).data(_ID):
            self.chosen.emit(run)
