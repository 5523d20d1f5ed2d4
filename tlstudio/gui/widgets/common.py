"""Small pieces that all panes share: cards, headings, empty states, scrolling pages, selectable facts."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from tlstudio.gui import theme


def label(text: str = "", role: str = "", wrap: bool = False, parent: QWidget | None = None) -> QLabel:
    """A label with a role of the style sheet; plain text, so that data can never become markup."""
    result = QLabel(text, parent)
    result.setTextFormat(Qt.TextFormat.PlainText)
    result.setWordWrap(wrap)
    if role:
        theme.set_role(result, role)
    return result


def button(text: str, icon: str = "", role: str = "", help: str = "", parent: QWidget | None = None) -> QPushButton:
    result = QPushButton(text, parent)
    result.setAccessibleName(text)
    if role:
        theme.set_role(result, role)
    if icon:
        theme.set_icon(result, icon, {"primary": "accent_text", "quiet": "accent", "danger": "error"}.get(role, "text"))
    if help:
        result.setToolTip(help)
        result.setAccessibleDescription(help)
    return result


class Sign(QLabel):
    """An icon in a colour of the scheme, drawn anew when the scheme becomes another."""

    def __init__(self, icon: str, tint: str, size: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon, self._tint, self._size = icon, tint, size
        self.setFixedSize(QSize(size + 2, size + 2))
        self._draw()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == event.Type.PaletteChange:
            self._draw()
        super().changeEvent(event)

    def _draw(self) -> None:
        tint = getattr(theme.colours(), self._tint)
        self.setPixmap(theme.pixmap(self._icon, tint, self._size, self.devicePixelRatioF()))


class Card(QFrame):
    """A titled panel; put content into ``body``."""

    def __init__(self, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_role(self, "card")
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(16, 12, 16, 14)
        self.body.setSpacing(8)
        self.title = label(title, "title", parent=self)
        self.title.setVisible(bool(title))
        self.header = QHBoxLayout()
        self.header.setSpacing(8)
        self.header.addWidget(self.title)
        self.header.addStretch(1)
        self.body.addLayout(self.header)


class Page(QScrollArea):
    """A pane's scrolling page with a heading; put content into ``body``."""

    def __init__(self, heading: str, explanation: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        inner = QWidget(self)
        theme.set_role(inner, "page")
        self.body = QVBoxLayout(inner)
        self.body.setContentsMargins(24, 18, 24, 20)
        self.body.setSpacing(12)
        self.heading = label(heading, "heading", parent=inner)
        self.tools = QHBoxLayout()
        self.tools.setSpacing(8)
        top = QHBoxLayout()
        top.addWidget(self.heading, 1)
        top.addLayout(self.tools)
        self.body.addLayout(top)
        if explanation:
            self.body.addWidget(label(explanation, "muted", wrap=True, parent=inner))
        self.setWidget(inner)

    def reveal(self, part: QWidget) -> None:
        """Scrolls so that a part of the page is at the top, or as far up as it goes."""
        place = part.mapTo(self.widget() or self, QPoint(0, 0)).y()
        self.verticalScrollBar().setValue(place - self.body.spacing())

    def minimumSizeHint(self) -> QSize:
        return QSize(320, 240)


class EmptyState(QWidget):
    """What to do next where there is nothing to show; ``triggered`` when the button is pressed."""

    triggered = Signal()

    def __init__(self, icon: str, title: str, text: str, action: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = icon
        layout = QVBoxLayout(self)
        layout.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout.setSpacing(10)
        self._picture = label(parent=self)
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title = label(title, "title", parent=self)
        self._text = label(text, "muted", wrap=True, parent=self)
        for item in (self._title, self._text):
            item.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text.setMinimumWidth(360)
        self._text.setMaximumWidth(520)
        self.button = button(action, role="primary", parent=self)
        self.button.setVisible(bool(action))
        self.button.clicked.connect(self.triggered)
        for widget in (self._picture, self._title, self._text, self.button):
            layout.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        self._draw()

    def set_text(self, title: str, text: str, action: str | None = None) -> None:
        self._title.setText(title)
        self._text.setText(text)
        if action is not None:
            self.button.setText(action)
            self.button.setAccessibleName(action)
            self.button.setVisible(bool(action))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == event.Type.PaletteChange:
            self._draw()
        super().changeEvent(event)

    def _draw(self) -> None:
        self._picture.setPixmap(theme.pixmap(self._icon, theme.colours().muted, 44, self.devicePixelRatioF()))


class Facts(QWidget):
    """Pairs of a name and a value that can be selected and copied."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(5)
        self._grid.setColumnStretch(1, 1)

    def set_facts(self, facts: list[tuple[str, str]]) -> None:
        clear(self._grid)
        for row, (name, value) in enumerate(facts):
            left = label(name, "muted", parent=self)
            left.setAlignment(Qt.AlignmentFlag.AlignTop)
            right = label(value, wrap=True, parent=self)
            right.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            policy = right.sizePolicy()  # keeps that the height follows from the width: else a long value is cut
            policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)
            right.setSizePolicy(policy)
            self._grid.addWidget(left, row, 0)
            self._grid.addWidget(right, row, 1)

    def texts(self) -> list[str]:
        return [item.text() for item in self.findChildren(QLabel)]


def scrolled(page: QWidget) -> QScrollArea:
    """A tab that scrolls by itself: one with long forms must not make the others higher than the window."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    theme.set_role(page, "page")
    area.setWidget(page)
    return area


def clear(layout: QLayout) -> None:
    """Removes and deletes all that is in a layout."""
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.setParent(None)
            widget.deleteLater()
        elif (inner := item.layout()) is not None:
            clear(inner)


def row(*widgets: QWidget, stretch: bool = True) -> QHBoxLayout:
    """Widgets beside each other, pushed to the left."""
    result = QHBoxLayout()
    result.setSpacing(8)
    for widget in widgets:
        result.addWidget(widget)
    if stretch:
        result.addStretch(1)
    return result
