"""The archive for a report of a fault: everything that would be in it, to be read before it is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from tlstudio.gui import formats, i18n, theme
from tlstudio.gui.background import Latest
from tlstudio.gui.widgets.common import label
from tlstudio.session import diagnostics
from tlstudio.session.diagnostics import Part

_SHOWN = 100_000  # characters of a part; more would hold the window


class DiagnosticsDialog(QDialog):
    """``collect`` works in a thread; ``choose`` asks for the name of the file."""

    def __init__(
        self,
        collect: Callable[[], tuple[Part, ...]],
        parent: QWidget | None = None,
        choose: Callable[[], str] | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Diagnostics"))
        self.resize(900, 560)
        self._choose = choose or self._ask
        self._parts: tuple[Part, ...] = ()
        text = self.tr(
            "This is all that the file would hold: versions, settings, logs, and how the last runs ended. Names of "
            "user, computer and home folder are taken out; no rows, labels or texts of your data are in it. Nothing is "
            "sent."
        )
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("Content of the file"))
        self.list.currentRowChanged.connect(self._show)
        self.text = QPlainTextEdit(self)
        self.text.setReadOnly(True)
        self.text.setAccessibleName(self.tr("The chosen part"))
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setPlainText(self.tr("Looking…"))
        parts = QSplitter(Qt.Orientation.Horizontal, self)
        parts.addWidget(self.list)
        parts.addWidget(self.text)
        parts.setStretchFactor(1, 1)
        parts.setSizes([260, 640])
        self.said = label("", wrap=True, parent=self)
        self.said.hide()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Close, self)
        self.save_button = buttons.button(QDialogButtonBox.StandardButton.Save)
        self.save_button.setText(self.tr("Save…"))
        self.save_button.setEnabled(False)
        self.save_button.clicked.connect(self.save)
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(label(text, wrap=True, parent=self))
        layout.addWidget(parts, 1)
        layout.addWidget(self.said)
        layout.addWidget(buttons)
        self._work = Latest(self)
        self._work.done.connect(self._on_done)
        self._work.failed.connect(self._on_failed)
        self._work.start("collect", collect)

    @property
    def working(self) -> bool:
        return self._work.busy

    def save(self) -> None:
        if name := self._choose():
            path, parts = Path(name), self._parts
            self._work.start(f"write {path.name}", lambda: diagnostics.write(parts, path))

    def _ask(self) -> str:
        kinds = self.tr("Zip archives (*.zip)")
        name, _ = QFileDialog.getSaveFileName(self, self.tr("Save the diagnostics"), "tlstudio-diagnostics.zip", kinds)
        return name

    def _on_done(self, key: str, found: Any) -> None:
        if key != "collect":
            self._say(self.tr("Saved as {name}").format(name=key.removeprefix("write ")), "")
            return
        self._parts = found
        for part in found:
            self.list.addItem(QListWidgetItem(f"{part.name}  ·  {formats.size(part.size)}"))
        self.list.setCurrentRow(0)
        self.save_button.setEnabled(bool(found))

    def _on_failed(self, _key: str, error: dict[str, Any]) -> None:
        self._say(i18n.both(error), "error")

    def _say(self, text: str, role: str) -> None:
        theme.set_role(self.said, role)
        self.said.setText(text)
        self.said.show()

    def _show(self, row: int) -> None:
        if 0 <= row < len(self._parts):
            self.text.setPlainText(self._parts[row].text[:_SHOWN])
