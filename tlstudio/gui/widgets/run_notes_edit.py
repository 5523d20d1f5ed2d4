"""The user's own words about a run: star, tags, note."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QFocusEvent, QHideEvent
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLineEdit, QPlainTextEdit, QWidget

from tlstudio.session.run_notes import RunNotes


class _Note(QPlainTextEdit):
    left = Signal()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.left.emit()


class RunNotesEdit(QWidget):
    """``edited(run, RunNotes)`` when the user has changed something and gone on."""

    edited = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run, self._notes = "", RunNotes()
        self.star = QCheckBox(self.tr("★ Star"), self)
        self.tags = QLineEdit(self)
        self.tags.setPlaceholderText(self.tr("Tags, parted by commas"))
        self.tags.setAccessibleName(self.tr("Tags of the run"))
        self.note = _Note(self)
        self.note.setPlaceholderText(self.tr("A note about this run"))
        self.note.setAccessibleName(self.tr("Note about the run"))
        self.note.setTabChangesFocus(True)
        self.note.setFixedHeight(3 * self.fontMetrics().height() + 14)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(6)
        grid.addWidget(self.star, 0, 0)
        grid.addWidget(self.tags, 0, 1)
        grid.addWidget(self.note, 1, 0, 1, 2)
        grid.setColumnStretch(1, 1)
        self.star.toggled.connect(self._tell)
        self.tags.editingFinished.connect(self._tell)
        self.note.left.connect(self._tell)
        self.set_run("", RunNotes())

    def set_run(self, run: str, notes: RunNotes) -> None:
        """Shows the notes of a run; what was typed about another one has been told before."""
        if run != self._run:
            self._tell()
        elif notes == self._notes:
            return  # the list was read again: do not take away what is being typed
        self._run, self._notes = run, notes
        with QSignalBlocker(self.star), QSignalBlocker(self.tags), QSignalBlocker(self.note):
            self.star.setChecked(notes.star)
            self.tags.setText(", ".join(notes.tags))
            self.note.setPlainText(notes.note)
        self.setEnabled(bool(run))

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing that was typed is lost when the window closes."""
        self._tell()
        super().hideEvent(event)

    def _tell(self) -> None:
        notes = RunNotes(star=self.star.isChecked(), note=self.note.toPlainText().strip()).tagged([self.tags.text()])
        if self._run and notes != self._notes:
            self._notes = notes
            self.edited.emit(self._run, notes)
