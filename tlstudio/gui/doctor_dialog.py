"""What ``tlstudio doctor`` says, in the window; a process of its own does the looking."""

from __future__ import annotations

import sys

from PySide6.QtCore import QProcess
from PySide6.QtGui import QCloseEvent, QFontDatabase
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPlainTextEdit, QVBoxLayout, QWidget


def command() -> list[str]:
    if getattr(sys, "frozen", False):
        return [sys.executable, "doctor"]
    return [sys.executable, "-m", "tlstudio", "doctor"]


class DoctorDialog(QDialog):
    """Shows the output as it comes."""

    def __init__(self, parent: QWidget | None = None, program: list[str] | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Doctor"))
        self.resize(760, 520)
        self.text = QPlainTextEdit(self)
        self.text.setReadOnly(True)
        self.text.setAccessibleName(self.tr("What the doctor says"))
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setPlainText(self.tr("Looking…"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addWidget(buttons)
        self._program = program or command()
        self._output = ""
        self.process = QProcess(self)
        self.process.setProcessChannelMode(QProcess.ProcessChannelMode.MergedChannels)
        self.process.readyRead.connect(self._on_text)
        self.process.errorOccurred.connect(self._on_error)
        self.process.start(self._program[0], self._program[1:])

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.process.state() != QProcess.ProcessState.NotRunning:
            self.process.kill()
            self.process.waitForFinished(3000)
        super().closeEvent(event)

    def _on_text(self) -> None:
        self._output += bytes(self.process.readAll().data()).decode("utf-8", "replace")
        self.text.setPlainText(self._output)

    def _on_error(self) -> None:
        if self.process.error() == QProcess.ProcessError.FailedToStart:
            self.text.setPlainText(self.tr("The doctor could not be started: {reason}").format(reason=self._program[0]))
