"""A list of earlier runs and recipes that is put together from a menu and a file dialog."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from tlstudio.gui import theme
from tlstudio.gui.widgets.common import button, label

_MOST = 7  # lines that are shown without scrolling
_MISSING = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class ListedRun:
    """A run or a recipe: ``place`` as the recipe names it, ``about`` what it has learnt, ``missing`` if it is gone."""

    place: str
    name: str
    about: str = ""
    missing: bool = False


class RunList(QWidget):
    """``changed(places)`` when the user has added, removed or moved one; ``browse_requested`` for recipe files."""

    changed = Signal(list)
    browse_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._places: list[str] = []
        self.title = label("", parent=self)
        self.note = label("", "caption", wrap=True, parent=self)
        self.empty = label(self.tr("None chosen yet."), "muted", wrap=True, parent=self)
        self.list = QListWidget(self)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.currentRowChanged.connect(self._enable)
        self.list.installEventFilter(self)
        self.title.setBuddy(self.list)
        self.add_button = button(self.tr("Add a run"), "add", parent=self)
        self.menu = QMenu(self.add_button)
        self.menu.setToolTipsVisible(True)
        self.add_button.setMenu(self.menu)
        self.browse_button = button(self.tr("Add a recipe…"), "file", parent=self)
        self.browse_button.setToolTip(self.tr("A recipe file names data and task that no run has learnt yet"))
        self.browse_button.clicked.connect(self.browse_requested)
        self.up_button = self._tool("up", self.tr("Earlier (Alt+Up)"))
        self.down_button = self._tool("down", self.tr("Later (Alt+Down)"))
        self.remove_button = self._tool("remove", self.tr("Remove (Del)"))
        self.up_button.clicked.connect(lambda: self._move(-1))
        self.down_button.clicked.connect(lambda: self._move(1))
        self.remove_button.clicked.connect(self._remove)
        self._arrange()
        self.set_offered([])
        self.set_chosen([])

    # --- setters

    def set_texts(self, title: str, note: str) -> None:
        """What is chosen here, in the user's language."""
        self.title.setText(title)
        self.note.setText(note)
        self.list.setAccessibleName(title)
        self.list.setAccessibleDescription(note)

    def set_chosen(self, runs: Sequence[ListedRun]) -> None:
        """Those that are chosen, in order; emits nothing."""
        row = self.list.currentRow()
        self._places = [run.place for run in runs]
        self.list.blockSignals(True)
        self.list.clear()
        for run in runs:
            self.list.addItem(self._item(run))
        self.list.setCurrentRow(min(max(row, 0), len(runs) - 1))
        self.list.blockSignals(False)
        self.list.setVisible(bool(runs))
        self.empty.setVisible(not runs)
        lines = min(max(len(runs), 1), _MOST)
        self.list.setFixedHeight(self._line_height() * lines + 2 * self.list.frameWidth() + 4)
        for tool in (self.up_button, self.down_button, self.remove_button):
            tool.setVisible(bool(runs))
        self._enable(self.list.currentRow())

    def set_offered(self, runs: Sequence[ListedRun]) -> None:
        """The runs of the menu, the newest first; those that are chosen already are left out by the caller."""
        self.menu.clear()
        for run in runs:
            action = QAction(f"{run.name}  ·  {run.about}" if run.about else run.name, self.menu)
            action.setToolTip(run.place)
            action.setData(run.place)
            action.triggered.connect(self._on_add)
            self.menu.addAction(action)
        self.add_button.setEnabled(bool(runs))
        self.add_button.setToolTip("" if runs else self.tr("There is no other completed run."))

    def add(self, places: Sequence[str]) -> None:
        """Adds what the user has chosen in a dialog; what is there already stays where it is."""
        new = [place for place in dict.fromkeys(places) if place not in self._places]
        if new:
            self._take([*self._places, *new], len(self._places) + len(new) - 1)

    # --- inside

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.list and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            alt = event.modifiers() == Qt.KeyboardModifier.AltModifier
            if event.key() == Qt.Key.Key_Delete:
                self._remove()
                return True
            if alt and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                self._move(-1 if event.key() == Qt.Key.Key_Up else 1)
                return True
        return super().eventFilter(watched, event)

    def _arrange(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.add_button)
        line.addWidget(self.browse_button)
        line.addStretch(1)
        for tool in (self.up_button, self.down_button, self.remove_button):
            line.addWidget(tool)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for part in (self.title, self.note, self.empty, self.list):
            layout.addWidget(part)
        layout.addLayout(line)

    def _tool(self, icon: str, text: str) -> QToolButton:
        tool = QToolButton(self)
        theme.set_icon(tool, icon)
        tool.setToolTip(text)
        tool.setAccessibleName(text)
        return tool

    def _item(self, run: ListedRun) -> QListWidgetItem:
        about = self.tr("not found") if run.missing else run.about
        item = QListWidgetItem(f"{run.name}  ·  {about}" if about else run.name)
        item.setToolTip(run.place)
        item.setSizeHint(QSize(0, self._line_height()))
        item.setData(_MISSING, run.missing)
        _colour(item)
        return item

    def _line_height(self) -> int:
        return self.fontMetrics().height() + 10

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            for row in range(self.list.count()):
                _colour(self.list.item(row))
        super().changeEvent(event)

    def _enable(self, row: int) -> None:
        self.up_button.setEnabled(row > 0)
        self.down_button.setEnabled(0 <= row < len(self._places) - 1)
        self.remove_button.setEnabled(row >= 0)

    def _on_add(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.add([action.data()])

    def _remove(self) -> None:
        row = self.list.currentRow()
        if row >= 0:
            self._take(self._places[:row] + self._places[row + 1 :], row)

    def _move(self, by: int) -> None:
        row, places = self.list.currentRow(), list(self._places)
        if row < 0 or not 0 <= row + by < len(places):
            return
        places[row], places[row + by] = places[row + by], places[row]
        self._take(places, row + by)

    def _take(self, places: list[str], row: int) -> None:
        """Tells the new list; what is shown follows when it has been taken into the recipe."""
        self.changed.emit(places)
        self.list.setCurrentRow(min(row, self.list.count() - 1))


def _colour(item: QListWidgetItem) -> None:
    """In the scheme of the moment; the words say the same."""
    item.setForeground(theme.colour("error" if item.data(_MISSING) else "text"))
