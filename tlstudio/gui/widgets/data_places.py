"""Where the rows of each split come from: files, folders, names; each chosen, typed or given up in one line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLineEdit, QMenu, QToolButton, QWidget

from tlstudio.core.files import is_name
from tlstudio.gui import formats, i18n, theme
from tlstudio.gui.widgets.common import Card, button, label
from tlstudio.gui.widgets.elided import ElidedLabel

SPLITS = ("train", "validation", "test")
EXAMPLES = "hub:organisation/name   sqlite:///file.db   sample:digits"


class NameField(QLineEdit):
    """A name of data that is no file; ``entered(name)`` on Enter, ``left`` on Escape or when nothing was typed."""

    entered = Signal(str)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(EXAMPLES)
        self.setAccessibleName(self.tr("Name of a data set of the hub, a database or a sample"))
        self.setToolTip(self.tr("Enter takes the name; nothing is downloaded before you ask for it"))
        self.setClearButtonEnabled(True)
        self.returnPressed.connect(self._enter)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if not self.text() and event.reason() != Qt.FocusReason.PopupFocusReason:
            self.left.emit()

    def _enter(self) -> None:
        if name := self.text().strip().strip("\"'"):
            self.entered.emit(name)


class PlaceRow(QWidget):
    """The places of one split. Signals only say what is wished; what is shown comes from outside."""

    files_requested = Signal(bool)  # True: beside those that are there
    folder_requested = Signal()
    name_entered = Signal(str)
    removed = Signal(str)  # one of several places; empty: all

    def __init__(self, title: str, optional: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._optional = optional
        self._places: tuple[str, ...] = ()
        self.name = ElidedLabel(self)
        self.field = NameField(self)
        self.field.entered.connect(self._on_name)
        self.field.left.connect(self.close_field)
        self.field.hide()
        self.count = label("", "muted", parent=self)
        self.clear = QToolButton(self)
        theme.set_icon(self.clear, "cancel")
        self.clear.setToolTip(self.tr("Give up these rows"))
        self.clear.setAccessibleName(self.tr("Give up: {title}").format(title=title))
        self.clear.clicked.connect(self._on_clear)
        self.choose = button(self.tr("Files…"), parent=self)
        self.choose.setAccessibleName(self.tr("Choose: {title}").format(title=title))
        self.choose.setToolTip(self.tr("One file, or several that are read as one"))
        self.choose.clicked.connect(self._on_choose)
        self.more = self._make_more(title)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.name, 1)
        layout.addWidget(self.field, 1)
        for widget in (self.count, self.clear, self.choose, self.more):
            layout.addWidget(widget)
        self.set_places(())

    def _make_more(self, title: str) -> QToolButton:
        more = QToolButton(self)
        theme.set_icon(more, "more")
        more.setToolTip(self.tr("A folder, a data set of the hub, a database"))
        more.setAccessibleName(self.tr("Other places: {title}").format(title=title))
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(more)
        self.folder_action = menu.addAction(self.tr("Choose a folder…"))
        self.folder_action.triggered.connect(self.folder_requested)
        self.name_action = menu.addAction(self.tr("Type a name…"))
        self.name_action.triggered.connect(self.open_field)
        self.add_action = menu.addAction(self.tr("Add more files…"))
        self.add_action.triggered.connect(self._on_add)
        theme.set_icon(self.folder_action, "folder")
        theme.set_icon(self.name_action, "language")
        theme.set_icon(self.add_action, "add")
        more.setMenu(menu)
        return more

    # --- setters

    def set_places(self, places: Sequence[str], rows: Sequence[int] = ()) -> None:
        """``rows`` of each place, where they are known."""
        if self._places != tuple(places):  # else a name is perhaps being typed
            self._places = tuple(places)
            self.close_field()
        nothing = self.tr("optional: taken from the labelled rows") if self._optional else self.tr("none")
        self.name.set_full(_shown(places) if places else nothing, self._tip(places, rows))
        theme.set_role(self.name, "" if places else "muted")
        parts = [self.tr("{n} files").format(n=formats.count(len(places)))] if len(places) > 1 else []
        if rows:
            parts.append(i18n.filled(self.tr("{n} rows"), n=formats.count(sum(rows))))
        self.count.setText(" · ".join(parts))
        self.clear.setVisible(bool(places))
        self.add_action.setEnabled(bool(places))

    def open_field(self) -> None:
        """The line becomes a field for a name."""
        self.field.setText(self._places[0] if len(self._places) == 1 and is_name(self._places[0]) else "")
        self.name.hide()
        self.field.show()
        self.field.setFocus()
        self.field.selectAll()

    def close_field(self) -> None:
        had_focus = self.field.hasFocus()
        self.field.hide()
        self.name.show()
        if had_focus:
            self.more.setFocus()

    # --- inside

    def _tip(self, places: Sequence[str], rows: Sequence[int]) -> str:
        if len(rows) != len(places):
            return "\n".join(places)
        text = self.tr("{place}: {n} rows")
        return "\n".join(i18n.filled(text, place=p, n=formats.count(n)) for p, n in zip(places, rows, strict=True))

    def _on_choose(self) -> None:
        self.files_requested.emit(False)

    def _on_add(self) -> None:
        self.files_requested.emit(True)

    def _on_name(self, name: str) -> None:
        self.close_field()
        self.name_entered.emit(name)

    def _on_clear(self) -> None:
        if len(self._places) < 2:
            self.removed.emit("")
            return
        self.choices = QMenu(self)
        for place in (*self._places, ""):
            action = self.choices.addAction(_short(place) if place else self.tr("All"))
            action.setData(place)
            action.triggered.connect(self._on_removed)
        self.choices.aboutToHide.connect(self.choices.deleteLater)
        self.choices.popup(self.clear.mapToGlobal(self.clear.rect().bottomLeft()))

    def _on_removed(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.removed.emit(str(action.data()))


class PlacesCard(Card):
    """The places of all splits; the first argument of the signals is the split."""

    files_requested = Signal(str, bool)
    folder_requested = Signal(str)
    name_entered = Signal(str, str)
    removed = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        self.rows: dict[str, PlaceRow] = {}
        titles = (self.tr("Labelled rows"), self.tr("Validation rows"), self.tr("Test rows"))
        for line, (split, title) in enumerate(zip(SPLITS, titles, strict=True)):
            self.rows[split] = self._make_row(split, title)
            caption = QLabel(title, self)
            caption.setBuddy(self.rows[split].choose)
            grid.addWidget(caption, line, 0)
            grid.addWidget(self.rows[split], line, 1)
        self.body.addLayout(grid)
        self.reading = label("", "caption", wrap=True, parent=self)
        self.body.addWidget(self.reading)

    def _make_row(self, split: str, title: str) -> PlaceRow:
        result = PlaceRow(title, split != "train", self)
        result.setProperty("split", split)
        result.files_requested.connect(self._on_files)
        result.folder_requested.connect(self._on_folder)
        result.name_entered.connect(self._on_name)
        result.removed.connect(self._on_removed)
        return result

    def set_reading(self, text: str) -> None:
        """How the rows were read, in one line."""
        self.reading.setText(text)
        self.reading.setVisible(bool(text))

    def _split(self) -> str:
        return str(self.sender().property("split"))

    def _on_files(self, more: bool) -> None:
        self.files_requested.emit(self._split(), more)

    def _on_folder(self) -> None:
        self.folder_requested.emit(self._split())

    def _on_name(self, name: str) -> None:
        self.name_entered.emit(self._split(), name)

    def _on_removed(self, place: str) -> None:
        self.removed.emit(self._split(), place)


def _short(place: str) -> str:
    return place if is_name(place) else Path(place).name or place


def _shown(places: Sequence[str]) -> str:
    """One place with its folder, several by their names."""
    if len(places) > 1:
        return ", ".join(_short(place) for place in places)
    return places[0] if is_name(places[0]) else f"{_short(places[0])}   {Path(places[0]).parent}"
