"""Questions to the user: files, yes or no, problems. One object, so that tests can answer in its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QInputDialog, QLineEdit, QMessageBox, QWidget

from tlstudio.core import plugins
from tlstudio.core.errors import StudioError
from tlstudio.gui import i18n

_ARCHIVES = (".zip", ".gz", ".tgz", ".tar", ".bz2", ".xz")


class Dialogs(QObject):
    """``window`` is the parent of the dialogs."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.window: QWidget | None = None
        self._folder = str(Path.home())

    def open_data(self) -> list[str]:
        """Labelled files that are read as one; none if the user has thought better of it."""
        kinds = self.tr("Labelled data ({endings});;All files (*)").format(endings=data_endings())
        title = self.tr("Choose labelled data")
        names, _ = QFileDialog.getOpenFileNames(self.window, title, self._folder, kinds)
        self._remember(names[0] if names else "")
        return names

    def open_project(self) -> str:
        kinds = self.tr("Projects and recipes (*.tlstudio *.yaml *.yml);;All files (*)")
        return self._open(self.tr("Open a project"), kinds)

    def open_recipes(self) -> list[str]:
        kinds = self.tr("Recipes (*.yaml *.yml)")
        names, _ = QFileDialog.getOpenFileNames(self.window, self.tr("Choose recipes"), self._folder, kinds)
        self._remember(names[0] if names else "")
        return names

    def save_project(self, suggestion: str) -> str:
        start = str(Path(self._folder) / suggestion) if not Path(suggestion).is_absolute() else suggestion
        name, _ = QFileDialog.getSaveFileName(
            self.window, self.tr("Save the project"), start, self.tr("Projects (*.tlstudio)")
        )
        return self._remember(name)

    def open_zip(self, title: str) -> str:
        return self._open(title, self.tr("Zip files (*.zip)"))

    def save_zip(self, title: str, suggestion: str) -> str:
        start = str(Path(self._folder) / suggestion)
        name, _ = QFileDialog.getSaveFileName(self.window, title, start, self.tr("Zip files (*.zip)"))
        return self._remember(name)

    def open_folder(self, title: str) -> str:
        return self._remember(QFileDialog.getExistingDirectory(self.window, title, self._folder))

    def ask(self, title: str, text: str, answers: dict[str, str], default: str, cancel: str = "") -> str:
        """Asks a question. ``answers`` maps keys to the buttons' texts; Escape gives ``cancel``."""
        box = QMessageBox(QMessageBox.Icon.Question, title, text, parent=self.window)
        keys = {}
        for key, words in answers.items():
            role = QMessageBox.ButtonRole.RejectRole if key == cancel else QMessageBox.ButtonRole.AcceptRole
            button = box.addButton(words, role)
            keys[button] = key
            if key == default:
                box.setDefaultButton(button)
            if key == cancel:
                box.setEscapeButton(button)
        box.exec()
        return keys.get(box.clickedButton(), cancel)  # type: ignore[call-overload]

    def ask_text(self, title: str, text: str, value: str) -> str:
        """A line of text; empty if the user has thought better of it."""
        answer, accepted = QInputDialog.getText(self.window, title, text, QLineEdit.EchoMode.Normal, value)
        return answer.strip() if accepted else ""

    def tell(self, error: StudioError | dict[str, Any], title: str = "") -> None:
        """Shows a problem and what to do about it."""
        box = QMessageBox(
            QMessageBox.Icon.Warning, title or self.tr("TLStudio"), i18n.message(error), parent=self.window
        )
        box.setInformativeText(i18n.remedy(error))
        detail = (error.params if isinstance(error, StudioError) else error.get("params", {})).get("detail")
        if detail:
            box.setDetailedText(str(detail))
        box.exec()

    def inform(self, title: str, text: str) -> None:
        QMessageBox.information(self.window, title, text)

    def _open(self, title: str, kinds: str) -> str:
        name, _ = QFileDialog.getOpenFileName(self.window, title, self._folder, kinds)
        return self._remember(name)

    def _remember(self, name: str) -> str:
        if name:
            self._folder = str(Path(name).parent)
        return name


def data_endings() -> str:
    """Patterns of all files that some source reads, alone or packed."""
    found = (suffix for plugin in plugins.find("tlstudio.data.sources").values() for suffix in plugin.SUFFIXES)
    return " ".join(f"*{suffix}" for suffix in dict.fromkeys((*found, *_ARCHIVES)))
