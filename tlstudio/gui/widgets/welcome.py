"""The first pane of the first start: try the sample, bring a file, or open a project."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal, SignalInstance
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from tlstudio.gui import theme
from tlstudio.gui.widgets.common import Card, Page, button, clear, label


class Welcome(Page):
    """Signals only; the recent projects are set from outside."""

    sample_requested = Signal()
    data_requested = Signal()
    project_requested = Signal()
    recent_requested = Signal(str)
    skipped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "",
            parent=parent,
        )
        self.heading.setText(self.tr("Welcome to TLStudio"))
        intro = self.tr(
            "From a pretrained transformer and a labelled file to a small, tested, exported model: "
            "on this computer, without code. Nothing leaves it."
        )
        self.body.addWidget(label(intro, "muted", wrap=True, parent=self))
        self.body.addSpacing(4)
        self._pictures: list[tuple[QLabel, str]] = []
        grid = QGridLayout()
        grid.setSpacing(14)
        cards = (
            (
                "sample",
                self.tr("Try the sample"),
                self.tr("About 800 support messages in eight intents, ready to train in a few minutes."),
                self.tr("Open the sample project"),
                self.sample_requested,
                "primary",
            ),
            (
                "data",
                self.tr("Start with your own data"),
                self.tr("Texts or images with labels: tables, folders, archives. You can also drop them here."),
                self.tr("Choose files…"),
                self.data_requested,
                "",
            ),
            (
                "folder",
                self.tr("Open a project"),
                self.tr("A .tlstudio file that was saved earlier, or a recipe."),
                self.tr("Open…"),
                self.project_requested,
                "",
            ),
        )
        for column, card in enumerate(cards):
            grid.addWidget(self._card(*card), 0, column)
            grid.setColumnStretch(column, 1)
        self.body.addLayout(grid)
        self._draw()
        self._recent = Card(self.tr("Recent projects"), self)
        self._recent_list = QVBoxLayout()
        self._recent_list.setSpacing(2)
        self._recent.body.addLayout(self._recent_list)
        self.body.addWidget(self._recent)
        skip = button(self.tr("Start with an empty project"), role="quiet", parent=self)
        skip.clicked.connect(self.skipped)
        self.body.addWidget(skip, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addStretch(1)
        self.set_recent([])

    def _card(self, icon: str, title: str, text: str, action: str, signal: SignalInstance, role: str) -> Card:
        card = Card(parent=self)
        picture = label(parent=card)
        self._pictures.append((picture, icon))
        card.body.addWidget(picture)
        card.body.addWidget(label(title, "title", wrap=True, parent=card))
        card.body.addWidget(label(text, "muted", wrap=True, parent=card))
        card.body.addStretch(1)
        push = button(action, role=role, parent=card)
        push.clicked.connect(signal)
        if role == "primary":
            self._first = push
        card.body.addWidget(push)
        card.setMinimumHeight(210)
        return card

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._draw()
        super().changeEvent(event)

    def _draw(self) -> None:
        for picture, icon in getattr(self, "_pictures", ()):  # Qt may tell of a palette before the cards are made
            picture.setPixmap(theme.pixmap(icon, theme.colours().accent, 32, self.devicePixelRatioF()))

    def set_focus(self) -> None:
        """The keyboard begins at the sample."""
        self._first.setFocus()

    def set_recent(self, files: list[Path]) -> None:
        clear(self._recent_list)
        self._recent.setVisible(bool(files))
        for path in files[:5]:
            item = button(path.name, "file", "quiet", str(path), parent=self._recent)
            item.setProperty("path", str(path))
            item.clicked.connect(self._open_recent)
            self._recent_list.addWidget(item, 0, Qt.AlignmentFlag.AlignLeft)

    def _open_recent(self) -> None:
        self.recent_requested.emit(self.sender().property("path"))
