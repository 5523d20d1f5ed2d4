"""Cards of the export step: a format that can be chosen, and an export that was written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QCheckBox, QLineEdit, QVBoxLayout, QWidget

from tlstudio.core.errors import StudioError
from tlstudio.core.options import describe
from tlstudio.gui import formats, i18n, theme
from tlstudio.gui.forms import Form
from tlstudio.gui.widgets.common import Card, button, label, row

_SIGNS = {"passed": ("✓", "ok"), "warned": ("⚠", "warn"), "failed": ("✕", "error")}


class FormatCard(QWidget):
    """An export plug-in with its tick and options. ``changed`` on the user's edits only."""

    changed = Signal()

    def __init__(self, plugin: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name: str = plugin.NAME
        self._plugin = plugin
        self.tick = QCheckBox(i18n.engine(plugin.TITLE).replace("&", "&&"))
        self.tick.setAccessibleDescription(i18n.engine(plugin.SUMMARY))
        self.tick.clicked.connect(self._clicked)
        self._summary = label(i18n.engine(plugin.SUMMARY), "caption", wrap=True)
        self.problem = label("", "warn", wrap=True)
        self.problem.hide()
        self.form = Form(describe(plugin.Config), captions=True)
        self.form.changed.connect(self.changed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2, 0, 6)
        layout.setSpacing(2)
        layout.addWidget(self.tick)
        for widget in (self._summary, self.problem, self.form):
            widget.setContentsMargins(26, 0, 0, 0)
            layout.addWidget(widget)
        self._show_form()

    def set_choice(self, options: dict[str, Any] | None, problem: StudioError | None) -> None:
        """``options`` are None where the format is not chosen. Emits nothing."""
        self.tick.setChecked(options is not None)
        self.form.set_values(options or {})
        shown = problem if options is not None else None
        self.problem.setText(f"⚠ {i18n.both(shown)}" if shown else "")
        self.problem.setVisible(shown is not None)
        self._show_form()

    def choice(self) -> dict[str, Any] | None:
        """The choice as the recipe has it; options that are as they come are left out."""
        if not self.tick.isChecked():
            return None
        values = self.form.values()
        fields = self.form.fields
        changed = {name: value for name, value in values.items() if value != fields[name].option.default}
        return {"name": self.name, **changed}

    @Slot()
    def _clicked(self) -> None:
        self._show_form()
        self.changed.emit()

    def _show_form(self) -> None:
        self.form.setVisible(self.tick.isChecked() and bool(self.form.fields))


class ExportCard(Card):
    """A finished export: where it is, how large, whether it answers like the trained model, and how to use it."""

    open_requested = Signal(str)

    def __init__(self, folder: Path, entry: dict[str, Any], parent: QWidget | None = None) -> None:
        super().__init__(i18n.engine(str(entry.get("title") or entry.get("name"))), parent)
        self.path = str(folder / entry["path"]) if entry.get("path") else ""
        exists = bool(self.path) and Path(self.path).is_dir()
        self.header.addWidget(label(formats.size(entry.get("bytes")) if exists else "", "muted"))
        parity = entry.get("parity") or {}
        sign, role = _SIGNS.get(str(parity.get("status")), ("", "muted"))
        self.verdict = label(f"{sign} {self._verdict(parity)}".strip(), role, wrap=True)
        self.numbers = label(self._numbers(parity), "caption", wrap=True)
        self.body.addWidget(self.verdict)
        self.body.addWidget(self.numbers)
        if not self.path:
            self.body.addWidget(label(self.tr("No files were kept, so that nobody uses a wrong model."), wrap=True))
            return
        if not exists:
            text = self.tr("The folder is no longer there: {path}")
            self.body.addWidget(label(text.format(path=self.path), "warn", wrap=True))
            return
        self._add_files()

    def _add_files(self) -> None:
        self.open_button = button(self.tr("Open folder"), "folder")
        self.copy_button = button(self.tr("Copy path"), help=self.path)
        self.open_button.clicked.connect(self._open)
        self.copy_button.clicked.connect(self._copy_path)
        place = row(
            _line(self.path, self.tr("Folder of the export")), self.copy_button, self.open_button, stretch=False
        )
        self.body.addLayout(place)
        script = Path(self.path) / "predict.py"
        if not script.is_file():
            return
        example = self.tr("your text")  # on a line of its own: lupdate does not look into f-strings
        self.command = f'python "{script}" "{example}"'
        self.command_button = button(self.tr("Copy command"))
        self.command_button.clicked.connect(self._copy_command)
        self.body.addWidget(label(self.tr("How to use it, from a terminal and without TLStudio:"), "caption"))
        command = _line(self.command, self.tr("Command that uses the export"))
        self.body.addLayout(row(command, self.command_button, stretch=False))

    def _verdict(self, parity: dict[str, Any]) -> str:
        if parity.get("message"):
            return i18n.engine(str(parity["message"]), **(parity.get("params") or {}))
        return self.tr("Not compared with the trained model.")

    def _numbers(self, parity: dict[str, Any]) -> str:
        if not parity.get("rows"):
            return ""
        text = self.tr(
            "{rows} rows compared · {agreement} same answers · largest difference {difference} · limit {limit}"
        )
        return text.format(
            rows=formats.count(parity["rows"]),
            agreement=formats.percent(parity.get("agreement"), 2),
            difference=formats.compact(parity.get("max_logit_difference"), 2),
            limit=self._limit(parity),
        )

    def _limit(self, parity: dict[str, Any]) -> str:
        if parity.get("kind") == "agreement":
            return formats.percent(parity.get("tolerance"), 0)
        return formats.compact(parity.get("tolerance"))

    @Slot()
    def _open(self) -> None:
        self.open_requested.emit(self.path)

    @Slot()
    def _copy_path(self) -> None:
        QGuiApplication.clipboard().setText(self.path)

    @Slot()
    def _copy_command(self) -> None:
        QGuiApplication.clipboard().setText(self.command)


def _line(text: str, name: str) -> QLineEdit:
    """A text to copy: scrolls sideways in its own line instead of breaking a path."""
    result = QLineEdit(text)
    result.setReadOnly(True)
    result.setAccessibleName(name)
    result.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
    result.setCursorPosition(0)
    result.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    theme.set_role(result, "path")
    return result
