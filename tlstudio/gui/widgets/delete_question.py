"""Asks before runs are deleted."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QMessageBox, QWidget

from tlstudio.gui import formats

translate = QCoreApplication.translate  # under this name lupdate finds the strings
_NAMED = 5  # runs that the question names; more are counted


def confirmed(runs: list[str], parent: QWidget) -> bool:
    """Whether the user wants these runs deleted; keeping them is the default."""
    names = "\n".join(runs[:_NAMED])
    if len(runs) > _NAMED:
        names += "\n" + translate("RunsPane", "and {n} more").format(n=formats.count(len(runs) - _NAMED))
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle(translate("RunsPane", "Delete runs"))
    box.setText(translate("RunsPane", "Delete these runs with their models and exports? This cannot be undone."))
    box.setInformativeText(names)
    yes = box.addButton(translate("RunsPane", "Delete"), QMessageBox.ButtonRole.DestructiveRole)
    keep = box.addButton(translate("RunsPane", "Keep"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(keep)
    box.exec()
    answer = box.clickedButton() is yes
    box.deleteLater()
    return answer
