"""A line above the panes that offers one thing to do, until it is done or put away."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from tlstudio.gui import theme
from tlstudio.gui.widgets.common import Sign, button, label


class Notice(QFrame):
    """One offer at a time; a newer one takes the place of the one before."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_role(self, "problem-warning")
        self._do: Callable[[], None] | None = None
        self.text = label("", wrap=True, parent=self)
        self.action = button("", role="primary", parent=self)
        self.action.clicked.connect(self._accept)
        self.put_away = button(self.tr("Not now"), role="quiet", parent=self)
        self.put_away.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 8, 10, 8)
        layout.setSpacing(10)
        layout.addWidget(Sign("warning", "warn", 18, self))
        layout.addWidget(self.text, 1)
        layout.addWidget(self.action)
        layout.addWidget(self.put_away)
        self.hide()

    def offer(self, text: str, action: str, do: Callable[[], None]) -> None:
        """Shows the line; ``do`` is called when the user presses the button."""
        self._do = do
        self.text.setText(text)
        self.action.setText(action)
        self.action.setAccessibleName(action)
        self.show()

    def _accept(self) -> None:
        self.hide()
        if self._do is not None:
            self._do()
