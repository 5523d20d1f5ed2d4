"""The storage page: opened from the menu and from Runs; what was moved is used at once."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from tlstudio.gui.context import Context
from tlstudio.session import settings as settings_module


def open_storage(context: Context, window: QWidget, read_runs: Callable[[], None]) -> None:
    """Shows the page until the user closes it."""
    from tlstudio.gui.storage_dialog import StorageDialog

    dialog = StorageDialog(context.dialogs, window)
    touched: set[str] = set()
    dialog.changed.connect(touched.add)
    dialog.changed.connect(lambda name: use_change(context, name))
    dialog.exec()
    dialog.deleteLater()
    if "runs" in touched:
        read_runs()
    if touched - {"runs", "logs", "studies"}:
        context.facts.ask_again()  # tables and models lie elsewhere, or are not here any more


def use_change(context: Context, name: str) -> None:
    """The settings of the window as they stand in the file: a move has written them."""
    if name == "runs":
        context.change_settings(runs_folder=settings_module.load()[0].runs_folder)
