"""The plan in plain words, the start button, and why it cannot start."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from tlstudio.gui import theme
from tlstudio.gui.widgets.common import button, clear, label


@dataclass(frozen=True)
class PlanItem:
    """One line of the plan; a press on it goes to ``step``."""

    step: str
    icon: str
    title: str
    text: str = ""


class PlanPanel(QFrame):
    """Signals of the user's wishes; what it shows comes through the setters."""

    start_requested = Signal()
    estimate_requested = Signal()
    step_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_role(self, "side")
        self.setFixedWidth(276)
        self._missing_step = ""
        self._shown: tuple[list[PlanItem], bool] | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 16)
        layout.setSpacing(10)
        layout.addWidget(label(self.tr("Plan"), "title", parent=self))
        layout.addWidget(self._make_list(), 1)
        layout.addLayout(self._make_estimate())
        self.start = button(self.tr("Start training"), "play", "primary", parent=self)
        self.start.setMinimumHeight(36)
        self.start.clicked.connect(self.start_requested)
        layout.addWidget(self.start)
        self.why = button("", role="quiet", parent=self)
        self.why.clicked.connect(self._go_to_missing)
        self.reason = label("", "muted", wrap=True, parent=self)
        layout.addWidget(self.reason)
        layout.addWidget(self.why, 0, Qt.AlignmentFlag.AlignLeft)
        self.set_ready(True, "", "")

    def _make_list(self) -> QScrollArea:
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = QWidget(area)
        theme.set_role(inner, "page")
        self._items = QVBoxLayout(inner)
        self._items.setContentsMargins(0, 0, 0, 0)
        self._items.setSpacing(12)
        area.setWidget(inner)
        return area

    def _make_estimate(self) -> QVBoxLayout:
        self.estimate = label("", wrap=True, parent=self)
        self.estimating = QProgressBar(self)
        self.estimating.setRange(0, 0)
        self.estimating.setAccessibleName(self.tr("Estimating"))
        self.estimating.hide()
        self.estimate_button = button(
            self.tr("Estimate time and memory"),
            "clock",
            "quiet",
            self.tr("Rehearses a few steps on this computer"),
            parent=self,
        )
        self.estimate_button.clicked.connect(self.estimate_requested)
        box = QVBoxLayout()
        box.setSpacing(4)
        for item in (self.estimate, self.estimating, self.estimate_button):
            box.addWidget(item)
        box.setAlignment(self.estimate_button, Qt.AlignmentFlag.AlignLeft)
        return box

    def set_items(self, items: list[PlanItem]) -> None:
        if (items, theme.colours().dark) == self._shown:
            return
        self._shown = (items, theme.colours().dark)
        clear(self._items)
        for item in items:
            self._items.addWidget(self._row(item))
        self._items.addStretch(1)

    def set_estimate(self, text: str, busy: bool, possible: bool) -> None:
        """``text`` is the measured estimate for exactly this recipe, or empty."""
        self.estimate.setText(text)
        self.estimate.setVisible(bool(text))
        self.estimating.setVisible(busy)
        self.estimate_button.setVisible(not text)
        self.estimate_button.setEnabled(possible and not busy)

    def set_ready(self, ready: bool, reason: str, step: str, title: str = "") -> None:
        """Whether training can start; else the one-line reason and the step where it is mended."""
        self.start.setEnabled(ready)
        if title:
            self.start.setText(title)
            self.start.setAccessibleName(title)
        self._missing_step = step
        self.reason.setText(reason)
        self.reason.setVisible(bool(reason))
        self.why.setVisible(bool(step) and not ready)
        self.why.setText(self.tr("Go there"))
        self.why.setAccessibleName(self.tr("Go to the step where this is mended"))
        self.start.setToolTip(reason)

    def set_start_title(self, title: str) -> None:
        self.start.setText(title)
        self.start.setAccessibleName(title)

    def texts(self) -> list[str]:
        return [item.text() for item in self.findChildren(type(self.reason)) if item.text()]

    def _row(self, item: PlanItem) -> QWidget:
        widget = QWidget(self)
        row = QHBoxLayout(widget)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        picture = label(parent=widget)
        picture.setPixmap(theme.pixmap(item.icon, theme.colours().muted, 18, self.devicePixelRatioF()))
        picture.setFixedSize(QSize(20, 20))
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        texts = QVBoxLayout()
        texts.setSpacing(1)
        title = label(item.title, wrap=True, parent=widget)
        texts.addWidget(title)
        if item.text:
            texts.addWidget(label(item.text, "caption", wrap=True, parent=widget))
        row.addLayout(texts, 1)
        return widget

    def _go_to_missing(self) -> None:
        self.step_requested.emit(self._missing_step)
