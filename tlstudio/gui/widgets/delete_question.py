"""Asks before runs are deleted."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QMessageBox, QWidget

from tlstudio.gui import formats

translate = QCoreApplication.translate  # under this name lupdate finds the strings
_NAMED = 5  # runs that the question names; more are counted
TRASH, FOR_GOOD = "trash", "for-good"


def how_to_delete(runs: list[str], parent: QWidget) -> str:
    """How the user wants these runs deleted: ``trash``, ``for-good``, or not at all (empty), which is the default."""
    names = "\n".join(runs[:_NAMED])
    if len(runs) > _NAMED:
        names += "\n" + translate("RunsPane", "and {n} more").format(n=formats.count(len(runs) - _NAMED))
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle(translate("RunsPane", "Delete runs"))
    box.setText(translate("RunsPane", "Delete these runs with their models and exports? From the trash they can be "
                          "restored; their space is freed when it is emptied."))  # fmt: skip
    box.setInformativeText(names)
    trash = box.addButton(translate("RunsPane", "Move to the trash"), QMessageBox.ButtonRole.AcceptRole)
    good = box.addButton(translate("RunsPane", "Delete for good"), QMessageBox.ButtonRole.DestructiveRole)
    keep = box.addButton(translate("RunsPane", "Keep"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(keep)
    box.exec()
    answer = TRASH if box.clickedButton() is trash else FOR_GOOD if box.clickedButton() is good else ""
    box.deleteLater()
    return answer
