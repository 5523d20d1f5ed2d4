"""The line above the list of runs: words that are looked for, and choices of state, task, tag and star."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QSignalBlocker, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QToolButton, QWidget

from tlstudio.core import plugins
from tlstudio.gui import i18n, run_texts
from tlstudio.gui.widgets.common import label
from tlstudio.session.run_filter import RunFilter
from tlstudio.session.runs import RunSummary

_PAUSE = 120  # ms after the last key, so that ten thousand runs are not searched for every letter


class RunFinder(QWidget):
    """``changed`` with the wish; what can be chosen is what the runs have."""

    changed = Signal(object)  # RunFilter

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QLineEdit(self)
        self.text.setPlaceholderText(self.tr("Search name, model, data, strategy, tags, notes"))
        self.text.setAccessibleName(self.tr("Filter the runs"))
        self.text.setClearButtonEnabled(True)
        self.states = self._choice(self.tr("State"))
        self.tasks = self._choice(self.tr("Task"))
        self.tags = self._choice(self.tr("Tag"))
        self.star = QToolButton(self)
        self.star.setText("★")
        self.star.setCheckable(True)
        self.star.setToolTip(self.tr("Only runs with a star"))
        self.star.setAccessibleName(self.tr("Only runs with a star"))
        self.count = label("", "caption", parent=self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.text, 1)
        for widget in (self.states, self.tasks, self.tags, self.star, self.count):
            layout.addWidget(widget)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_PAUSE)
        self._soon.timeout.connect(self._tell)
        self.text.textChanged.connect(self._soon.start)
        self.star.toggled.connect(self._tell)

    def wanted(self) -> RunFilter:
        def one(choice: QComboBox) -> tuple[str, ...]:
            return (str(choice.currentData()),) if choice.currentData() else ()

        return RunFilter(self.text.text(), one(self.states), one(self.tasks), one(self.tags), self.star.isChecked())

    def offer(self, runs: Iterable[RunSummary]) -> None:
        """Offers the states, tasks and tags that there are; a choice that is gone is given up."""
        runs = list(runs)
        states, tasks = {run.outcome for run in runs}, {run.task for run in runs if run.task}
        tags = {tag for run in runs for tag in run.tags}
        known = plugins.find("tlstudio.tasks")
        named = {name: i18n.engine(known[name].TITLE) if name in known else name for name in tasks}
        before = self.wanted()
        self._fill(self.states, [(run_texts.outcome(name), name) for name in run_texts.OUTCOMES if name in states])
        self._fill(self.tasks, sorted((title, name) for name, title in named.items()))
        self._fill(self.tags, sorted((f"#{tag}", tag) for tag in tags))
        if self.wanted() != before:
            self._tell()

    def _choice(self, title: str) -> QComboBox:
        box = QComboBox(self)
        box.setAccessibleName(title)
        box.setProperty("title", title)
        box.addItem(title, "")
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        box.currentIndexChanged.connect(self._tell)
        return box

    def _fill(self, box: QComboBox, entries: list[tuple[str, str]]) -> None:
        chosen = box.currentData()
        with QSignalBlocker(box):
            box.clear()
            box.addItem(self.tr("{title}: all").format(title=box.property("title")), "")
            for title, name in entries:
                box.addItem(title, name)
            box.setCurrentIndex(max(box.findData(chosen), 0))
        box.setVisible(len(entries) > 1 or box.currentIndex() > 0)

    def _tell(self) -> None:
        self._soon.stop()
        self.changed.emit(self.wanted())
