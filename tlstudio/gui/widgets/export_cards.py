"""Cards of the export step: a format that can be chosen, and an export that was written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from tlstudio.core.errors import StudioError
from tlstudio.core.options import describe
from tlstudio.gui import formats, i18n, metric_names, theme
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
    """A finished export: where it is, how large, whether it answers like what it was made of, and how to use it."""

    open_requested = Signal(str)

    def __init__(
        self,
        folder: Path,
        entry: dict[str, Any],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(i18n.engine(str(entry.get("title") or entry.get("name"))), parent)
        self._error = entry.get("error")
        self.path = str(folder / entry["path"]) if entry.get("path") else ""
        exists = bool(self.path) and Path(self.path).is_dir()
        self.size_label = label(formats.size(entry.get("bytes")) if exists else "", "muted")
        self.header.addWidget(self.size_label)
        parity = entry.get("parity") or {}
        sign, role = _SIGNS.get("failed" if self._error else str(parity.get("status")), ("", "muted"))
        self.verdict = label(f"{sign} {self._verdict(parity)}".strip(), role, wrap=True)
        self.numbers = label(self._numbers(parity), "caption", wrap=True)
        self.trained = label(self._beside_trained(entry), "caption", wrap=True)
        self.speed = label(self._speed(parity), "caption", wrap=True)
        self.body.addWidget(self.verdict)
        for part in (self.numbers, self.trained, self.speed):
            part.setVisible(bool(part.text()))
            self.body.addWidget(part)
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
        script, grid = Path(self.path) / "predict.py", QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        self.body.addLayout(grid)
        if script.is_file():
            example = self.tr("your text")  # on a line of its own: lupdate does not look into f-strings
            self.command = f'python "{script}" "{example}"'
            title, about = self.tr("Use it"), self.tr("Command that uses the export, without TLStudio")
            self.command_button = self._add_command(grid, title, about, self.command)
        title, about = self.tr("Serve it"), self.tr("Command that answers on this computer, over HTTP")
        self.serve_button = self._add_command(grid, title, about, f'tlstudio serve "{self.path}"')
        title, about = self.tr("Time it"), self.tr("Command that measures the speed on this computer")
        self.bench_button = self._add_command(grid, title, about, f'tlstudio bench "{self.path}"')

    def _add_command(self, grid: QGridLayout, title: str, about: str, command: str) -> QPushButton:
        """A line with a command to copy."""
        place, copy = grid.rowCount(), button(self.tr("Copy command"), help=about)
        copy.setProperty("command", command)
        copy.setAccessibleName(f"{self.tr('Copy command')}: {title}")
        copy.clicked.connect(self._copy_command)
        caption = label(title, "caption")
        caption.setToolTip(about)
        for column, widget in enumerate((caption, _line(command, about), copy)):
            grid.addWidget(widget, place, column)
        return copy

    def _verdict(self, parity: dict[str, Any]) -> str:
        if isinstance(self._error, dict):
            return i18n.both(self._error)
        if parity.get("message"):
            return i18n.engine(str(parity["message"]), **(parity.get("params") or {}))
        return self.tr("Not compared with the model it was made of.")

    def _speed(self, parity: dict[str, Any]) -> str:
        """The difference of the score and the times, where they were measured."""
        parts, metric = [], parity.get("metric") or {}
        if not formats.missing(gap := metric.get("difference")):
            parts.append(f"{metric_names.title(metric['name'])} {metric_names.difference(metric['name'], gap)}")
        for batch, text in (("1", self.tr("{time} for 1 row")), ("16", self.tr("{time} for 16 rows"))):
            time = ((parity.get("latency") or {}).get(batch) or {}).get("median_ms")
            if not formats.missing(time):
                parts.append(text.format(time=formats.milliseconds(time)))
        return " · ".join(parts)

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

    def _beside_trained(self, entry: dict[str, Any]) -> str:
        """What the compression before the export has changed; nothing where there was none."""
        agreement = entry.get("agreement")
        if entry.get("stage") in (None, "trained") or formats.missing(agreement):
            return ""
        text = self.tr("Made of a compressed form, which has the trained model's answer for {agreement} of test rows")
        return text.format(agreement=formats.percent(agreement, 2))

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
        QGuiApplication.clipboard().setText(str(self.sender().property("command")))


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
