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
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from tlstudio.core import hub, paths
from tlstudio.gui import i18n
from tlstudio.gui.forms import ChoiceBox
from tlstudio.gui.trust import problem_of
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
        title = QLabel(self.tr("&Folder of the runs"), self)
        title.setBuddy(self.runs_folder)  # a row with a layout has none of itself
        form.addRow(title, line)
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
        self._add_network(form, settings)
        self.confirm = QCheckBox(self.tr("&Ask before closing while a model trains"), self)
        self.confirm.setChecked(settings.confirm_close)
        form.addRow("", self.confirm)
        self.log_values = QCheckBox(self.tr("&Write values of the data into the logs"), self)
        self.log_values.setChecked(settings.log_values)
        form.addRow("", self.log_values)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel, self)
        buttons.accepted.connect(self._check)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(14)
        layout.addLayout(form)
        note = self.tr("Another way of running takes effect with the next run.")
        layout.addWidget(label(note, "caption", wrap=True, parent=self))
        self.problem = label("", "error", wrap=True, parent=self)
        self.problem.hide()
        layout.addWidget(self.problem)
        layout.addWidget(buttons)

    def values(self) -> dict[str, Any]:
        return {
            "runs_folder": self.runs_folder.text().strip(),
            "runner": self.runner.currentData(),
            "colour_scheme": self.scheme.currentData(),
            "without_window": self.alone.currentData(),
            "confirm_close": self.confirm.isChecked(),
            "hub_endpoint": self.hub_endpoint.text().strip(),
            "proxy": self.proxy.text().strip(),
            "log_values": self.log_values.isChecked(),
        }

    def _add_network(self, form: QFormLayout, settings: Settings) -> None:
        self.hub_endpoint = QLineEdit(settings.hub_endpoint, self)
        self.hub_endpoint.setPlaceholderText(hub.DEFAULT_ENDPOINT)
        form.addRow(self.tr("&Hub or mirror"), self.hub_endpoint)
        self.proxy = QLineEdit(settings.proxy, self)
        self.proxy.setPlaceholderText(self.tr("as the environment says"))
        form.addRow(self.tr("&Proxy"), self.proxy)
        self.token = QLineEdit(self)
        self.token.setEchoMode(QLineEdit.EchoMode.Password)
        self.token.setPlaceholderText(self.tr("kept in the keyring of the system, in no file"))
        form.addRow(self.tr("To&ken for the hub"), self.token)
        self.forget = QCheckBox(self.tr("Re&move the token from the keyring"), self)
        form.addRow("", self.forget)
        self.token.textChanged.connect(self._on_token)

    def _on_token(self, text: str) -> None:
        self.forget.setEnabled(not text)

    def _check(self) -> None:
        """Accepts what can be used; else says what cannot."""
        problem = problem_of(self.values())
        if problem is None:
            self.accept()
            return
        self.problem.setText(i18n.both(problem))
        self.problem.show()

    def _choose(self) -> None:
        if folder := QFileDialog.getExistingDirectory(self, self.tr("Folder of the runs"), self.runs_folder.text()):
            self.runs_folder.setText(folder)
