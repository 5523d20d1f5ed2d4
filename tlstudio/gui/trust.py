"""Windows about what leaves this computer, and settings of the network that take effect at once."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject

from tlstudio.core import tokens
from tlstudio.core.errors import StudioError
from tlstudio.gui.context import Context
from tlstudio.session import diagnostics
from tlstudio.session import settings as settings_module


class Trust(QObject):
    """One for the program; its parent is the controller."""

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context

    def network(self) -> None:
        from tlstudio.gui.network_dialog import NetworkDialog

        dialog = NetworkDialog(self._context.dialogs.window)
        dialog.exec()
        dialog.deleteLater()

    def diagnostics(self) -> None:
        from tlstudio.gui.diagnostics_dialog import DiagnosticsDialog

        settings = self._context.settings
        dialog = DiagnosticsDialog(lambda: diagnostics.collect(settings), self._context.dialogs.window)
        dialog.exec()
        dialog.deleteLater()

    def apply(self, token: str, forget: bool) -> None:
        """Takes over the settings; a token goes to the keyring, which may ask the user and so works in a thread."""
        if settings_module.apply(self._context.settings):
            self._context.queries.renew()
        if token:
            self._context.background.run(lambda: tokens.keep(token), self._on_kept, self._context.dialogs.tell)
        elif forget:
            self._context.background.run(tokens.forget, self._on_forgotten, self._context.dialogs.tell)

    def _on_kept(self, _result: Any) -> None:
        self._context.told.emit(self.tr("The token is in the keyring of the system."))

    def _on_forgotten(self, found: bool) -> None:
        text = self.tr("The token was removed.") if found else self.tr("There was no token in the keyring.")
        self._context.told.emit(text)


def problem_of(values: dict[str, Any]) -> StudioError | None:
    """What is wrong with addresses that the user has typed."""
    for name in ("hub_endpoint", "proxy"):
        if (problem := settings_module.address_problem(name, values[name])) is not None:
            return problem
    return None
