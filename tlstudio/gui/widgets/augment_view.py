"""Augmentation: what changes training rows, how often each class is seen, examples, and the measured effect."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from tlstudio.gui import theme
from tlstudio.gui.widgets.augment_card import Augmentation, AugmentCard
from tlstudio.gui.widgets.augment_examples import Examples
from tlstudio.gui.widgets.common import Card, button, label
from tlstudio.gui.widgets.splitter import splitter

_NARROW, _WIDE = 290, 390  # pixels of the list at least, and at least where a form asks for them
_GAP = 8  # between cards and scroll bar


class AugmentView(QWidget):
    """Signals: what the user wants. Setters: what is known."""

    added = Signal(str)
    removed = Signal(int)
    moved = Signal(int, int)
    option_changed = Signal(int, str, object)
    balance_changed = Signal(bool)
    example_requested = Signal()
    example_cancelled = Signal()
    measure_requested = Signal()
    measure_cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cards: list[AugmentCard] = []
        note = self.tr("Only training rows are changed; validation and test rows always stay as they are.")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(label(note, "muted", wrap=True, parent=self))
        columns = splitter(Qt.Orientation.Horizontal)
        columns.addWidget(self._make_list())
        columns.addWidget(self._make_side())
        columns.setStretchFactor(0, 1)
        columns.setStretchFactor(1, 1)
        columns.setMinimumHeight(300)
        layout.addWidget(columns, 1)
        self.set_measuring(False, "", None)

    # --- parts

    def _make_list(self) -> QScrollArea:
        inner = QWidget(self)
        theme.set_role(inner, "page")
        self._list = QVBoxLayout(inner)
        self._list.setContentsMargins(0, 0, 6, 0)
        self._list.setSpacing(8)
        self._list.addWidget(self._make_balance())
        self._list.addStretch(1)
        self._area = QScrollArea(self)
        self._area.setWidgetResizable(True)
        self._area.setMinimumWidth(_NARROW)
        self._area.setWidget(inner)
        return self._area

    def _make_balance(self) -> Card:
        card = Card(parent=self)
        card.body.setContentsMargins(12, 8, 12, 8)
        card.body.setSpacing(3)
        self.balance = QCheckBox(self.tr("Draw every class equally often"), card)
        self.balance.clicked.connect(self.balance_changed)
        text = self.tr("Rows of rare classes are seen more often in training. For data where some classes are rare.")
        self.balance_note = label(text, "caption", wrap=True, parent=card)
        self.balance_reason = label("", "caption", wrap=True, parent=card)
        for note in (self.balance_note, self.balance_reason):
            note.setContentsMargins(26, 0, 0, 0)
        for widget in (self.balance, self.balance_note, self.balance_reason):
            card.body.addWidget(widget)
        return card

    def _make_side(self) -> QWidget:
        side = QWidget(self)
        layout = QVBoxLayout(side)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        before_after = Card(self.tr("Before and after"), side)
        self.examples = Examples(before_after)
        self.examples.asked.connect(self.example_requested)
        self.examples.cancelled.connect(self.example_cancelled)
        before_after.header.addWidget(self.examples.cancel_button)
        before_after.header.addWidget(self.examples.ask_button)
        before_after.body.addWidget(self.examples, 1)
        layout.addWidget(before_after, 1)
        layout.addWidget(self._make_measure(side))
        return side

    def _make_measure(self, parent: QWidget) -> Card:
        card = Card(parent=parent)
        text = self.tr("Trains twice with the same split and seed, without and with it, and compares both results.")
        self.measure_button = button(self.tr("Measure the effect"), "play", "primary", parent=card)
        self.measure_button.clicked.connect(self.measure_requested)
        self.measure_cancel = button(self.tr("Cancel"), "cancel", parent=card)
        self.measure_cancel.clicked.connect(self.measure_cancelled)
        self.measure_note = label("", "caption", wrap=True, parent=card)
        line = QHBoxLayout()
        line.addWidget(self.measure_button)
        line.addWidget(self.measure_cancel)
        line.addWidget(self.measure_note, 1)
        self.measure_bar = QProgressBar(card)
        self.measure_bar.setAccessibleName(self.tr("Both runs"))
        card.body.addLayout(line)
        card.body.addWidget(label(text, "caption", wrap=True, parent=card))
        card.body.addWidget(self.measure_bar)
        return card

    # --- setters

    def set_augmentations(self, shown: Sequence[Augmentation]) -> None:
        """The augmentations in use, in their order, and then the others. Cards that stay keep their focus."""
        free: dict[str, list[AugmentCard]] = {}
        for card in self.cards:
            free.setdefault(card.shown.name, []).append(card)
        cards = [free[item.name].pop(0) if free.get(item.name) else self._make_card(item) for item in shown]
        for card, item in zip(cards, shown, strict=True):
            card.set_shown(item)
        for gone in [card for card in self.cards if card not in cards]:
            self._list.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        if cards != self.cards:
            for place, card in enumerate(cards, 1):
                self._list.insertWidget(place, card)
        self.cards = cards
        self._fit()

    def _fit(self) -> None:
        """Room for the widest form, so that nothing of it is cut off."""
        needed = max((card.minimumSizeHint().width() for card in self.cards), default=0)
        bar = self._area.verticalScrollBar().sizeHint().width() + _GAP
        self._area.setMinimumWidth(min(max(needed + bar, _NARROW), _WIDE))

    def set_balance(self, balanced: bool, reason: str) -> None:
        """``reason``: why the classes cannot be drawn equally often."""
        self.balance.setChecked(balanced)
        self.balance.setEnabled(balanced or not reason)
        self.balance_reason.setText(f"⚠ {reason}" if balanced else reason)
        self.balance_reason.setVisible(bool(reason))
        self.balance.setAccessibleDescription(reason or self.balance_note.text())

    def set_can_measure(self, possible: bool, note: str) -> None:
        """``note``: what it takes, or why it is not possible now."""
        self.measure_button.setEnabled(possible)
        self.measure_button.setToolTip(note)
        self.measure_button.setAccessibleDescription(note)
        self.measure_note.setText(note)

    def set_measuring(self, active: bool, text: str, fraction: float | None) -> None:
        """``fraction`` of both runs together."""
        self.measure_button.setVisible(not active)
        self.measure_cancel.setVisible(active)
        self.measure_bar.setVisible(active)
        if not active:
            return
        self.measure_note.setText(text)
        self.measure_bar.setRange(0, 0 if fraction is None else 1000)
        if fraction is not None:
            self.measure_bar.setValue(round(fraction * 1000))

    # --- inside

    def _make_card(self, item: Augmentation) -> AugmentCard:
        card = AugmentCard(item, self)
        card.added.connect(self.added)
        card.removed.connect(self.removed)
        card.moved.connect(self.moved)
        card.option_changed.connect(self.option_changed)
        return card
