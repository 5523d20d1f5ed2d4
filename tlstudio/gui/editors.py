"""Editors of a form: numbers, choices and texts that a wheel over the page does not change."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QValidator, QWheelEvent
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QLineEdit, QSpinBox, QWidget

_MARGIN = 5  # pixels; a styled spin box would let its text touch the edge


def _ignore_wheel(event: QWheelEvent, focused: bool) -> bool:
    """A wheel over a field that is not in use scrolls the page and changes nothing."""
    if not focused:
        event.ignore()
    return not focused


class NumberBox(QDoubleSpinBox):
    """A number of any magnitude: shows 5e-05 as well as 0.1, and steps 1-2-5.

    Where ``instead`` is a text, that stands in place of the number.
    """

    instead: str | None = None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDecimals(12)
        self.lineEdit().setTextMargins(_MARGIN, 0, 0, 0)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def textFromValue(self, value: float) -> str:
        return f"{value:.6g}" if self.instead is None else self.instead

    def valueFromText(self, text: str) -> float:
        try:
            return float(self._plain(text))
        except ValueError:
            return self.value()

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        plain = self._plain(text)
        try:
            value = float(plain)
        except ValueError:
            half = all(letter in "0123456789.eE+-" for letter in plain)
            state = QValidator.State.Intermediate if half else QValidator.State.Invalid
            return state, text, position
        inside = self.minimum() <= value <= self.maximum()
        return (QValidator.State.Acceptable if inside else QValidator.State.Intermediate), text, position

    def stepBy(self, steps: int) -> None:
        value = self.value()
        for _ in range(abs(steps)):
            value = _next_nice(value, steps > 0, self.maximum())
        self.setValue(value)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not _ignore_wheel(event, self.hasFocus()):
            super().wheelEvent(event)

    def _plain(self, text: str) -> str:
        return text.removesuffix(self.suffix()).strip().replace(",", ".")


class WholeBox(QSpinBox):
    """A whole number; ``instead`` as in :class:`NumberBox`."""

    instead: str | None = None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setGroupSeparatorShown(True)
        self.lineEdit().setTextMargins(_MARGIN, 0, 0, 0)

    def textFromValue(self, value: int) -> str:
        return super().textFromValue(value) if self.instead is None else self.instead

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not _ignore_wheel(event, self.hasFocus()):
            super().wheelEvent(event)


class ChoiceBox(QComboBox):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(10)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not _ignore_wheel(event, self.hasFocus()):
            super().wheelEvent(event)


class TextBox(QLineEdit):
    """A line whose ``committed`` comes once, when the user has finished and the text is another."""

    committed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._before = ""
        self.editingFinished.connect(self._finish)

    def set_text(self, text: str) -> None:
        self._before = text
        if not (self.hasFocus() and self.isModified()):
            self.setText(text)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._before = self.text()
        super().focusInEvent(event)

    def _finish(self) -> None:
        if self.text() != self._before:
            self._before = self.text()
            self.setModified(False)
            self.committed.emit(self.text())


def _next_nice(value: float, up: bool, limit: float) -> float:
    """The next of 1, 2, 5 × 10ⁿ above or below ``value``."""
    if value <= 0:
        return min(1e-6, limit) if up else value
    ladder = [mantissa * 10.0**power for power in range(-9, 7) for mantissa in (1, 2, 5)]
    if up:
        return min(next((step for step in ladder if step > value * 1.0001), value), limit)
    return next((step for step in reversed(ladder) if step < value * 0.9999), 0.0)
