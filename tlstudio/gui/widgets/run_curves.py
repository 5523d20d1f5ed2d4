"""The curves of ticked runs, laid over each other; read from their folders in the background."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from tlstudio.gui import formats, i18n, metric_names
from tlstudio.gui.background import Latest
from tlstudio.gui.widgets.common import label, row
from tlstudio.session.history import RunHistory
from tlstudio.session.runs import RunSummary

if TYPE_CHECKING:
    from tlstudio.gui.plots import CurvePlot

_STYLES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)
_KEPT = 40  # histories in memory


class RunCurves(QWidget):
    """One curve of each ticked run, of a metric that the user picks."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs: Mapping[str, RunSummary] = {}
        self._ticked: list[str] = []
        self._histories: dict[str, RunHistory] = {}
        self._background = Latest(self)
        self._background.done.connect(self._take_histories)
        self.plot: CurvePlot | None = None
        self._picked: tuple[str, ...] = ()  # the curve that the user wants to see
        self.metric_choice = QComboBox()
        self.metric_choice.setAccessibleName(self.tr("Curve that is shown"))
        self.metric_choice.currentIndexChanged.connect(self._draw)
        self.metric_choice.activated.connect(self._pick)
        self.hint = label("", "muted", wrap=True)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.addLayout(row(self.metric_choice))
        self._layout.addWidget(self.hint)
        self.setMinimumWidth(300)
        self._offer_curves()

    def set_ticked(self, runs: Mapping[str, RunSummary], ticked: Sequence[str]) -> None:
        """Shows the ticked of all runs. Curves that are not in memory are read; of runs that go on, anew."""
        self._runs, self._ticked = runs, list(ticked)
        self._histories = {key: value for key, value in self._histories.items() if key in runs}
        wanted = {
            run: Path(runs[run].folder) / "events.jsonl"
            for run in self._ticked
            if run not in self._histories or runs[run].outcome == "running"
        }
        paths = {run: path for run, path in wanted.items() if path.is_file()}
        if paths:
            self._background.start(
                tuple(paths), lambda: {run: RunHistory.from_events(path) for run, path in paths.items()}
            )
        self._draw()

    @Slot(object, object)
    def _take_histories(self, _key: Any, histories: dict[str, RunHistory]) -> None:
        self._histories |= histories
        for old in [run for run in self._histories if run not in self._ticked][:-_KEPT]:
            del self._histories[old]
        self._draw()

    def _offer_curves(self) -> None:
        """What the ticked runs have measured: their main metrics first, the losses last; the chosen one stays."""
        shown = [run for run in self._ticked if run in self._histories]
        found = {name for run in shown for name in self._histories[run].names("validation")} - {"loss"}
        main = [run.metric for run in self._runs.values() if run.metric]
        names = sorted(found or set(main), key=lambda name: (name not in main, metric_names.place(name)))
        wanted = [("validation", name) for name in names] + [("validation", "loss"), ("train", "loss")]
        if wanted == [tuple(self.metric_choice.itemData(at)) for at in range(self.metric_choice.count())]:
            return
        validation = self.tr("Validation: {metric}")
        with QSignalBlocker(self.metric_choice):
            self.metric_choice.clear()
            for split, name in wanted:
                title = validation.format(metric=metric_names.title(name))
                self.metric_choice.addItem(title if split == "validation" else self.tr("Training loss"), (split, name))
            self.metric_choice.setCurrentIndex(wanted.index(self._picked) if self._picked in wanted else 0)

    @Slot(int)
    def _pick(self, index: int) -> None:
        self._picked = tuple(self.metric_choice.itemData(index))

    @Slot()
    def _draw(self) -> None:
        self._offer_curves()
        read = [run for run in self._ticked if run in self._histories]
        split, name = self.metric_choice.currentData()
        shown = [run for run in read if name in self._histories[run].names(split)]
        self._show_hint(len(shown), len(read))
        if self.plot is None:
            return
        from tlstudio.gui.plots import Line

        names = self._legend(shown)
        lines = [
            Line(names[run], self._histories[run], split, name, number, _STYLES[number % len(_STYLES)])
            for number, run in enumerate(shown)
        ]
        self.plot.set_percent(metric_names.is_share(name))
        self.plot.set_lines(lines)
        self.plot.fit()

    def _show_hint(self, shown: int, ticked: int) -> None:
        """Only like is laid over like: says how many of the ticked runs have no such curve."""
        self.hint.setVisible(shown < ticked or not ticked)
        text = self.tr("{n} of {all} ticked runs have no such curve: their task has other metrics.")
        if not ticked:
            text = self.tr("Tick runs to lay their curves over each other.")
        self.hint.setText(text.format(n=ticked - shown, all=ticked))

    def _legend(self, runs: list[str]) -> dict[str, str]:
        """Names for the legend: time and strategy, numbered where that is the same for two runs."""
        names: dict[str, str] = {}
        for run in runs:
            name = f"{formats.when(self._runs[run].created)[5:]} {i18n.engine(self._runs[run].strategy)}"
            same = sum(other == name or other.startswith(f"{name} (") for other in names.values())
            names[run] = f"{name} ({same + 1})" if same else name
        return names

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.plot is None:
            from tlstudio.gui.plots import CurvePlot

            self.plot = CurvePlot(self.tr("Curves"), smoothing=True, log_axis=True)
            self._layout.addWidget(self.plot, 1)
            self._draw()
