"""The rows as they are learnt from: a table that stays smooth at millions of rows, and the chosen row in full below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from tlstudio.data.roles import ROLES
from tlstudio.gui import formats, i18n, theme, words
from tlstudio.gui.forms import ChoiceBox
from tlstudio.gui.i18n import engine
from tlstudio.gui.widgets.arrow_model import ArrowModel, as_text, tagged
from tlstudio.gui.widgets.common import label
from tlstudio.gui.widgets.pictures import PictureDelegate, Pictures
from tlstudio.gui.widgets.splitter import splitter

_ROW, _PICTURE_ROW = 28, 60  # pixels
_LARGE = 112  # pixels of the chosen row's picture
_WIDE, _NARROW = 240, 150  # pixels of a column
_LONG = ("image", "audio", "text", "text_b", "negative", "question", "context", "source_text", "target_text", "prompt",
         "response", "messages", "tokens")  # fmt: skip
_LIMIT = 20_000  # characters of a row that are shown


class PreviewView(QWidget):
    """``split_chosen(split)``: the user wants to see the rows of another place."""

    split_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._roles: dict[str, tuple[str, ...]] = {}
        self._quiet = False
        self._room = 0  # pixels that the columns were made for
        ratio = self.devicePixelRatioF()
        self._small = Pictures(round(_PICTURE_ROW * ratio), self)
        self._large = Pictures(round(_LARGE * ratio), self)
        self._large.ready.connect(self._show_picture)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(self._make_head())
        parts = splitter(Qt.Orientation.Vertical)
        parts.addWidget(self._make_table())
        parts.addWidget(self._make_detail())
        parts.setStretchFactor(0, 4)
        parts.setStretchFactor(1, 1)
        layout.addWidget(parts, 1)
        self._small.ready.connect(self.table.viewport().update)

    # --- parts

    def _make_head(self) -> QHBoxLayout:
        self.splits = ChoiceBox(self)
        self.splits.setAccessibleName(self.tr("Rows of which place"))
        self.splits.currentIndexChanged.connect(self._on_split)
        self.note = label("", "caption", parent=self)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.splits)
        line.addWidget(self.note)
        line.addStretch(1)
        return line

    def _make_table(self) -> QTableView:
        self.model = ArrowModel(self)
        self.table = QTableView(self)
        self.table.setModel(self.model)
        self.table.setAccessibleName(self.tr("Preview of the rows"))
        self.table.setAlternatingRowColors(True)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.table.setItemDelegate(PictureDelegate(self._small, self.table))
        self.table.verticalHeader().setDefaultSectionSize(_ROW)
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.setMinimumHeight(120)
        self.table.selectionModel().currentRowChanged.connect(self._on_row)
        return self.table

    def _make_detail(self) -> QWidget:
        self.detail = QWidget(self)
        self.picture = QLabel(self.detail)
        self.picture.setAccessibleName(self.tr("Image of the chosen row"))
        self.picture.setFixedSize(QSize(_LARGE, _LARGE))
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setWordWrap(True)
        self.text = QPlainTextEdit(self.detail)
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName(self.tr("The chosen row in full"))
        self.text.setPlaceholderText(self.tr("Choose a row to read it in full"))
        self.text.setMinimumHeight(54)
        line = QHBoxLayout(self.detail)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        line.addWidget(self.picture)
        line.addWidget(self.text, 1)
        self.picture.hide()
        return self.detail

    # --- setters

    def set_splits(self, splits: Sequence[str], current: str) -> None:
        """The places that have rows of their own; emits nothing."""
        self._quiet = True
        self.splits.clear()
        for split in splits:
            self.splits.addItem(words.split(split), split)
        self.splits.setCurrentIndex(max(self.splits.findData(current), 0))
        self.splits.setVisible(len(splits) > 1)
        self._quiet = False

    def set_roles(self, roles: Mapping[str, str | Sequence[str]]) -> None:
        """Role to column or columns: marks the columns, and shows images as pictures."""
        given = {role: (names,) if isinstance(names, str) else tuple(names) for role, names in roles.items()}
        if given == self._roles:
            return
        self._roles = given
        self.model.set_roles(given)
        self._fit()
        self._on_row(self.table.currentIndex())

    def open(self, path: str) -> None:
        """Shows the rows of an Arrow file; an empty path shows none.

        Raises:
            StudioError: it cannot be read.
        """
        for pictures in (self._small, self._large):
            pictures.forget()
        if path:
            self.model.open(path)
        else:
            self.model.close()
        self._fit()
        self.note.setText(i18n.filled(self.tr("{n} rows"), n=formats.count(self.model.rowCount())) if path else "")
        self._on_row(QModelIndex())

    def close_file(self) -> None:
        self.open("")

    @property
    def busy(self) -> bool:
        """Whether pictures are being made."""
        return self._small.busy or self._large.busy

    # --- inside

    def _fit(self) -> None:
        """What has a role stands first, texts and images with wide room; the last column fills up."""
        header, names = self.table.horizontalHeader(), self.model.columns
        self._widen()
        for place, name in enumerate(self._used(names)):
            header.moveSection(header.visualIndex(names.index(name)), place)
        self.table.verticalHeader().setDefaultSectionSize(_PICTURE_ROW if self.model.images else _ROW)

    def _widen(self) -> None:
        """Shares out the room that there is; what has no text to show stays narrow."""
        wide = {name for role in _LONG for name in self._roles.get(role, ())}
        count = sum(name in wide for name in self.model.columns)
        bar = self.table.verticalScrollBar()
        soon = 0 if bar.isVisible() else bar.sizeHint().width()  # takes its room when the rows are there
        room = self.table.viewport().width() - soon - _NARROW * (len(self.model.columns) - count)
        for column, name in enumerate(self.model.columns):
            self.table.setColumnWidth(column, max(room // count, _WIDE) if name in wide else _NARROW)
        self._room = self.table.viewport().width()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if abs(self.table.viewport().width() - self._room) > _NARROW:  # another window, not a scroll bar that comes
            self._widen()

    def _on_split(self) -> None:
        if not self._quiet:
            self.split_chosen.emit(str(self.splits.currentData()))

    def _on_row(self, current: QModelIndex) -> None:
        images = self.model.images
        self.picture.setVisible(bool(images) and current.isValid())
        if not current.isValid():
            self.text.clear()
            return
        record = self.model.record(current.row())
        self.text.setPlainText("\n".join(self._lines(record))[:_LIMIT])
        if images:
            self._show_picture(self._image())

    def _image(self) -> str:
        """The image of the chosen row."""
        row, images = self.table.currentIndex().row(), self.model.images
        return self.model.full_text(row, images[0]) if images and 0 <= row < self.model.rowCount() else ""

    def _show_picture(self, path: str) -> None:
        if not path or path != self._image():
            return
        found = self._large.get(path)
        pixmap, problem = found if found is not None else (QPixmap(), "")
        if problem:
            self.picture.setText(problem)
            theme.set_role(self.picture, "error")
        else:
            self.picture.setPixmap(pixmap)

    def _lines(self, record: dict[str, Any]) -> list[str]:
        """The row in words: what has a role first, each with its name where there are several."""
        names = dict.fromkeys((*self._used(list(record)), *record))
        tokens, tags = ((self._roles.get(role) or ("",))[0] for role in ("tokens", "tags"))
        lines = []
        for name in names:
            text = as_text(record[name])
            if name == tokens and tags in record:
                text = tagged(record[tokens], record[tags])
            if text and name != tags:
                lines.append(f"{self._title(name)}: {text}")
        return lines

    def _used(self, names: Sequence[str]) -> list[str]:
        """Columns with a role; what is read stands before what is learnt."""
        roles = dict.fromkeys((*_LONG, *ROLES))
        used = [name for role in roles if role != "ignore" for name in self._roles.get(role, ())]
        return [name for name in dict.fromkeys(used) if name in names]

    def _title(self, name: str) -> str:
        roles = self.model.roles_of(name)
        return f"{name} ({engine(ROLES[roles[0]].title)})" if roles else name
