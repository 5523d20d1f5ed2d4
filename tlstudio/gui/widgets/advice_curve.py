"""The learning curve of the advisor: on growing parts of the rows, or on a few examples of each class."""

from __future__ import annotations

from PySide6.QtCore import QRegularExpression, Signal
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from tlstudio.gui.widgets.advice import AdviceView
from tlstudio.gui.widgets.advice_columns import curve_columns
from tlstudio.gui.widgets.common import button, label

_USUAL = (4, 8, 16, 32)
_HIGHEST = 100_000


class CurveView(AdviceView):
    """``few_asked(numbers)`` when the user asks for trainings on so many examples of each class."""

    few_asked = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", "", curve_columns(), "", parent)
        self.about.setText(self.tr("Trains on growing parts of your rows, and says what twice as many would bring."))
        self.ask_button.setText(self.tr("Would more data help?"))
        self.table.setAccessibleName(self.tr("Learning curve"))
        self.few_button = button(self.tr("How good with few examples?"), "play", parent=self)
        self.few_button.setToolTip(self.tr("Trains on a few examples of each class, five times each with other rows."))
        self.numbers = QLineEdit(", ".join(map(str, _USUAL)), self)
        self.numbers.setMaximumWidth(170)
        self.numbers.setAccessibleName(self.tr("Examples of each class"))
        self.numbers.setValidator(QRegularExpressionValidator(QRegularExpression(r"[0-9]{1,6}([ ,;]+[0-9]{0,6})*")))
        self.numbers.textChanged.connect(self._on_text)
        self.numbers.returnPressed.connect(self.few_button.click)
        self.few_button.clicked.connect(self._ask_few)
        self.ask_button.clicked.connect(self._ask_all)
        self.busy.again_requested.disconnect(self.asked)
        self.busy.again_requested.connect(self._again)
        self._last_few, self._possible = False, True
        line = QHBoxLayout()
        line.addWidget(self.few_button)
        line.addWidget(self.numbers)
        line.addWidget(label(self.tr("examples of each class"), "muted", parent=self))
        line.addStretch()
        self._box.insertLayout(2, line)

    def chosen(self) -> list[int]:
        """The numbers of examples, each once, the smallest first."""
        parts = self.numbers.text().replace(",", " ").replace(";", " ").split()
        return sorted({int(part) for part in parts if 0 < int(part) <= _HIGHEST})

    # --- setters

    def set_possible(self, obstacle: str) -> None:
        super().set_possible(obstacle)
        self._possible = not obstacle
        self._on_text()

    def set_failed(self, error: str) -> None:
        super().set_failed(error)
        self._possible = True
        self._on_text()

    def set_busy(self, text: str, fraction: float | None, left: str) -> None:
        super().set_busy(text, fraction, left)
        self._possible = False
        self._on_text()

    # --- inside

    def _on_text(self) -> None:
        self.few_button.setEnabled(self._possible and bool(self.chosen()))

    def _ask_all(self) -> None:
        self._last_few = False

    def _ask_few(self) -> None:
        self._last_few = True
        self.few_asked.emit(self.chosen())

    def _again(self) -> None:
        if self._last_few:
            self._ask_few()
        else:
            self.asked.emit()
