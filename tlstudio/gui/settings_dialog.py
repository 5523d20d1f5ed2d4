"""The few preferences that have no place of their own in the window."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from tlstudio.core import paths
from tlstudio.gui.forms import ChoiceBox
from tlstudio.gui.widgets.common import button, label
from tlstudio.session.settings import Settings


class SettingsDialog(QDialog):
    """``values()`` are the changed settings."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Settings"))
        self.setMinimumWidth(520)
        form = QFormLayout()
        form.setSpacing(10)
        self.runs_folder = QLineEdit(settings.runs_folder, self)
        self.runs_folder.setPlaceholderText(str(paths.runs_folder()))
        choose = button(self.tr("Choose…"), parent=self)
        choose.clicked.connect(self._choose)
        line = QHBoxLayout()
        line.addWidget(self.runs_folder, 1)
        line.addWidget(choose)
        form.addRow(self.tr("&Folder of the runs"), line)
        self.runner = ChoiceBox(self)
        self.runner.addItem(self.tr("in a process of its own (recommended)"), "worker")
        self.runner.addItem(self.tr("in this process"), "inline")
        self.runner.setCurrentIndex(self.runner.findData(settings.runner))
        form.addRow(self.tr("&Training runs"), self.runner)
        self.alone = ChoiceBox(self)
        self.alone.addItem(self.tr("goes on"), "go-on")
        self.alone.addItem(self.tr("stops and keeps the best"), "stop")
        self.alone.addItem(self.tr("leaves off, to be resumed"), "leave")
        self.alone.setCurrentIndex(self.alone.findData(settings.without_window))
        form.addRow(self.tr("A run &without its window"), self.alone)
        self.scheme = ChoiceBox(self)
        names = {"system": self.tr("as the system"), "light": self.tr("light"), "dark": self.tr("dark")}
        for key, name in names.items():
            self.scheme.addItem(name, key)
        self.scheme.setCurrentIndex(self.scheme.findData(settings.colour_scheme))
        form.addRow(self.tr("&Colours"), self.scheme)
        self.confirm = QCheckBox(self.tr("&Ask before closing while a model trains"), self)
        self.confirm.setChecked(settings.confirm_close)
        form.addRow("", self.confirm)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel, self)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(14)
        layout.addLayout(form)
        note = self.tr("Another way of running takes effect with the next run.")
        layout.addWidget(label(note, "caption", wrap=True, parent=self))
        layout.addWidget(buttons)

    def values(self) -> dict[str, Any]:
        return {
            "runs_folder": self.runs_folder.text().strip(),
            "runner": self.runner.currentData(),
            "colour_scheme": self.scheme.currentData(),
            "without_window": self.alone.currentData(),
            "confirm_close": self.confirm.isChecked(),
        }

    def _choose(self) -> None:
        if folder := QFileDialog.getExistingDirectory(self, self.tr("Folder of the runs"), self.runs_folder.text()):
            self.runs_folder.setText(folder)
