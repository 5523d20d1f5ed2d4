"""What was deleted of runs: brought back, or removed for good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QAbstractItemView, QDialog, QHBoxLayout, QVBoxLayout, QWidget

from tlstudio.gui import formats, run_texts
from tlstudio.gui.widgets.common import button, label
from tlstudio.gui.widgets.record_table import Column, RecordTable
from tlstudio.session.run_disk import PARTS
from tlstudio.session.run_trash import Deleted


class TrashDialog(QDialog):
    """``restore_requested`` and ``empty_requested`` carry lists of :class:`Deleted`; an empty list means all."""

    restore_requested = Signal(list)
    empty_requested = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Trash of the runs"))
        self.resize(760, 420)
        self.table = RecordTable(self._columns(), self.tr("What was deleted"), parent=self)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.about = label("", "muted", wrap=True, parent=self)
        self.restore_button = button(self.tr("Restore"), "undo", "primary", parent=self)
        self.empty_button = button(self.tr("Empty the trash"), "remove", "danger", parent=self)
        self.close_button = button(self.tr("Close"), parent=self)
        self.restore_button.clicked.connect(self._restore)
        self.empty_button.clicked.connect(self._empty)
        self.close_button.clicked.connect(self.accept)
        line = QHBoxLayout()
        line.addWidget(self.restore_button)
        line.addWidget(self.empty_button)
        line.addStretch(1)
        line.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.addWidget(self.about)
        layout.addWidget(self.table, 1)
        layout.addLayout(line)
        self.set_entries([])

    def set_entries(self, entries: Sequence[Deleted]) -> None:
        self.table.set_records(entries)
        if entries:
            self.table.selectRow(0)
        size = formats.size(sum(entry.bytes for entry in entries))
        text = self.tr("{size} on the disk. It is freed when the trash is emptied.").format(size=size)
        self.about.setText(text if entries else self.tr("The trash is empty."))
        for widget in (self.restore_button, self.empty_button):
            widget.setEnabled(bool(entries))

    def _restore(self) -> None:
        self.restore_requested.emit(self.table.chosen())

    def _empty(self) -> None:
        self.empty_requested.emit([])

    def _columns(self) -> list[Column]:
        return [
            Column(self.tr("Run"), lambda entry: entry.run),
            Column(self.tr("What"), _what),
            Column(self.tr("Size"), lambda entry: formats.size(entry.bytes), lambda entry: entry.bytes, numeric=True),
            Column(self.tr("Deleted"), lambda entry: formats.when(datetime.fromtimestamp(entry.time).isoformat()),
                   lambda entry: entry.time),
        ]  # fmt: skip


def _what(entry: Deleted) -> str:
    if entry.whole:
        return run_texts.part("run")
    names = {inner: name for name, inners in PARTS.items() for inner in inners}
    inner = [path.partition("/")[2] for path in entry.paths]
    return ", ".join(dict.fromkeys(run_texts.part(names.get(path, path)) for path in inner))
