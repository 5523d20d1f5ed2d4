"""A text from several columns: a line with the columns' names in braces, and what becomes of the first rows."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QStringListModel, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QCompleter, QLabel, QLineEdit, QMenu, QVBoxLayout, QWidget

from tlstudio.gui import theme
from tlstudio.gui.widgets.common import button, label, row

_SHOWN = 240  # characters of an example
_OFFERED = 60  # columns in the menu; the others are completed after a brace


class BraceLine(QLineEdit):
    """Completes a column's name after an opening brace; Escape gives the edit up."""

    given_up = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names = QStringListModel(self)
        self.completer_box = QCompleter(self._names, self)
        self.completer_box.setWidget(self)
        self.completer_box.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.completer_box.setFilterMode(Qt.MatchFlag.MatchContains)
        self.completer_box.activated.connect(self.insert_column)
        self.textEdited.connect(self._offer)

    @property
    def completing(self) -> bool:
        """Whether the list of names is open."""
        popup = self.completer_box.popup()
        return popup is not None and popup.isVisible()

    def set_names(self, names: Sequence[str]) -> None:
        self._names.setStringList(list(names))

    def insert_column(self, name: str) -> None:
        """Puts a column at the cursor, in place of what was begun after an open brace."""
        before, after = self.text()[: self.cursorPosition()], self.text()[self.cursorPosition() :]
        begun = _begun(before)
        before = before[: len(before) - len(begun) - 1] if begun is not None else before
        text = f"{before}{{{name}}}"
        self.setText(text + after.removeprefix("}"))
        self.setCursorPosition(len(text))
        self.textEdited.emit(self.text())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.completing and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab):
            event.ignore()  # the list of names takes it
            return
        if event.key() == Qt.Key.Key_Escape:
            self.given_up.emit()
            return
        super().keyPressEvent(event)

    def _offer(self) -> None:
        begun = _begun(self.text()[: self.cursorPosition()])
        if begun is None:
            if (popup := self.completer_box.popup()) is not None:
                popup.hide()
            return
        self.completer_box.setCompletionPrefix(begun)
        if self.completer_box.completionCount():
            self.completer_box.complete()


class TemplateEdit(QWidget):
    """``typed(template)`` while the user types, ``committed(template)`` when he is done."""

    typed = Signal(str)
    committed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value = ""
        self._names: list[str] = []
        self.line = BraceLine(self)
        self.line.setAccessibleName(self.tr("Text template"))
        self.line.setPlaceholderText(self.tr("none: the text is one column; or for example {title}: {body}"))
        self.line.setToolTip(self.tr("Builds the text from several columns; names stand in braces"))
        self.line.setClearButtonEnabled(True)
        self.line.textEdited.connect(self._on_text)
        self.line.textChanged.connect(self._on_cleared)
        self.line.editingFinished.connect(self._finish)
        self.line.given_up.connect(self._give_up)
        self.insert = button(self.tr("Insert a column"), "add", parent=self)
        self.menu = QMenu(self.insert)
        self.insert.setMenu(self.menu)
        self.preview = label("", "muted", wrap=True, parent=self)
        self.preview.setAccessibleName(self.tr("The first texts that the template makes"))
        caption = QLabel(self.tr("Te&xt template"), self)
        caption.setBuddy(self.line)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        line = row(caption, self.line, self.insert, stretch=False)
        line.setStretch(1, 1)
        layout.addLayout(line)
        layout.addWidget(self.preview)

    def set_columns(self, names: Sequence[str]) -> None:
        if list(names) == self._names:
            return
        self._names = list(names)
        self.line.set_names(names)
        self.menu.clear()
        for name in names[:_OFFERED]:
            action = self.menu.addAction(name.replace("&", "&&"))
            action.setData(name)
            action.triggered.connect(self._on_insert)

    def set_template(self, template: str) -> None:
        """The recipe's template; what is being typed is left alone."""
        changed, self._value = template != self._value, template
        if changed or not self.line.hasFocus():
            self.line.setText(template)

    def text(self) -> str:
        """What stands in the line, committed or not."""
        return self.line.text()

    def set_preview(self, texts: Sequence[str], problem: str = "") -> None:
        """The first texts that come of it, or what is wrong with it."""
        shown = problem or "\n".join(_short(text) for text in texts)
        theme.set_role(self.preview, "error" if problem else "muted")
        self.preview.setText(shown)
        self.preview.setVisible(bool(shown))

    def _on_text(self, text: str) -> None:
        self.typed.emit(text)

    def _on_cleared(self, text: str) -> None:
        """The cross in the line clears without an edit of its own."""
        if not text and self._value and self.line.hasFocus():
            self.typed.emit("")

    def _on_insert(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.line.setFocus()
            self.line.insert_column(str(action.data()))

    def _finish(self) -> None:
        if self.line.text() != self._value and not self.line.completing:
            self._value = self.line.text()
            self.committed.emit(self._value)

    def _give_up(self) -> None:
        self.line.setText(self._value)
        self.typed.emit(self._value)


def _begun(text: str) -> str | None:
    """What stands after the last open brace; None where there is none."""
    _head, brace, begun = text.rpartition("{")
    return begun if brace and "}" not in begun else None


def _short(text: str) -> str:
    line = " ".join(text.split())
    return f"› {line[:_SHOWN]}…" if len(line) > _SHOWN else f"› {line}"
