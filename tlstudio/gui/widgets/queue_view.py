"""The queue: recipes that are run one after another, with what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from tlstudio.gui import i18n, theme
from tlstudio.gui.widgets.common import Card, button, clear, label
from tlstudio.session.recipe_queue import Item

_HEIGHT = 190  # pixels that the list takes at most


class QueueView(Card):
    """Signals of the user's wishes, which name recipes by id; hidden while the queue is empty."""

    start_requested = Signal()
    hold_requested = Signal()
    clear_requested = Signal()
    move_requested = Signal(str, int)
    remove_requested = Signal(str)
    again_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.title.setText(self.tr("Queue"))
        self.title.show()
        self._shown: tuple[list[Item], bool] | None = None
        self.clear_button = button(self.tr("Clear what has ended"), role="quiet")
        self.clear_button.clicked.connect(self.clear_requested)
        self.start_button = button(
            self.tr("Run the queue"), "play", help=self.tr("One after another, also after a failure")
        )
        self.start_button.clicked.connect(self.start_requested)
        self.hold_button = button(
            self.tr("Hold the queue"), "pause", help=self.tr("The present run ends; no other begins")
        )
        self.hold_button.clicked.connect(self.hold_requested)
        for widget in (self.clear_button, self.start_button, self.hold_button):
            self.header.addWidget(widget)
        inner = QWidget()
        theme.set_role(inner, "page")
        self._rows = QVBoxLayout(inner)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(2)
        self._area = _Area(inner)
        self.body.addWidget(self._area)
        self.hide()

    def set_items(self, items: Sequence[Item], going: bool) -> None:
        """Shows the recipes; ``going``: the next one begins by itself."""
        if self._shown == (list(items), going):
            return  # rows that are made anew would lose the focus of the keyboard
        self._shown = (list(items), going)
        clear(self._rows)
        for place, item in enumerate(items):
            self._rows.addLayout(self._row(item, place, len(items)))
        self.setVisible(bool(items))
        self.start_button.setVisible(not going)
        self.start_button.setEnabled(any(item.state == "waiting" for item in items))
        self.hold_button.setVisible(going)
        self.clear_button.setVisible(any(item.ended for item in items))
        self._area.updateGeometry()

    def _row(self, item: Item, place: int, count: int) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(6)
        state = label(self._state(item), _ROLES.get(item.state, "muted"))
        state.setMinimumWidth(110)
        name = label(item.title, wrap=True)
        name.setToolTip(item.run)
        line.addWidget(state)
        line.addWidget(name, 1)
        if item.error:
            reason = i18n.message(item.error)
            name.setText(f"{item.title} — {reason}")
        if item.state == "waiting":
            up = self._tool(
                "up", self.tr("Earlier: {title}"), item, partial(self.move_requested.emit, item.id, place - 1)
            )
            down = self._tool("down", self.tr("Later: {title}"), item,
                              partial(self.move_requested.emit, item.id, place + 1))  # fmt: skip
            up.setEnabled(place > 0)
            down.setEnabled(place < count - 1)
            line.addWidget(up)
            line.addWidget(down)
        if item.state in ("failed", "cancelled"):
            again = partial(self.again_requested.emit, item.id)
            line.addWidget(self._tool("refresh", self.tr("Run again: {title}"), item, again))
        if item.state != "running":
            remove = partial(self.remove_requested.emit, item.id)
            line.addWidget(self._tool("remove", self.tr("Remove: {title}"), item, remove))
        return line

    def _tool(self, icon: str, text: str, item: Item, do: partial[None]) -> QWidget:
        made = button("", icon, "quiet", text.format(title=item.title))
        made.setAccessibleName(text.format(title=item.title))
        made.setMaximumWidth(34)
        made.clicked.connect(lambda: do())  # noqa: PLW0108 - the signal brings a value along
        return made

    def _state(self, item: Item) -> str:
        if item.state == "waiting" and item.run:
            return self.tr("⚠ to be resumed")
        return {
            "waiting": self.tr("○ waiting"),
            "running": self.tr("▶ going on"),
            "completed": self.tr("✓ completed"),
            "stopped": self.tr("✓ stopped early"),
            "cancelled": self.tr("– cancelled"),
            "failed": self.tr("✕ failed"),
        }.get(item.state, item.state)


_ROLES = {"completed": "ok", "stopped": "ok", "failed": "error", "running": "title"}


class _Area(QScrollArea):
    """As high as its rows, up to a limit."""

    def __init__(self, inner: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setWidget(inner)
        self.setMaximumHeight(_HEIGHT)

    def sizeHint(self) -> QSize:
        inner = self.widget()
        return QSize(300, min(inner.sizeHint().height() + 4 if inner else 0, _HEIGHT))

    def minimumSizeHint(self) -> QSize:
        return QSize(200, self.sizeHint().height())
