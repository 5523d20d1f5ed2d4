"""Train: start, pause, stop or cancel a run, and watch it learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QProgressBar, QWidget

from tlstudio.gui import formats, metric_names, theme, words
from tlstudio.gui.forms import ChoiceBox
from tlstudio.gui.panes.base import Pane
from tlstudio.gui.widgets.common import Card, button, label
from tlstudio.gui.widgets.log_view import LogView
from tlstudio.gui.widgets.number_strip import NumberStrip
from tlstudio.gui.widgets.queue_view import QueueView
from tlstudio.gui.widgets.splitter import splitter
from tlstudio.gui.widgets.stage_list import StageList
from tlstudio.session.history import RunHistory

if TYPE_CHECKING:
    from tlstudio.gui.plots import CurvePlot

STATES = ("idle", "starting", "running", "paused", "stopping", "finished", "failed")
_RESTING = ("idle", "finished", "failed")
_STYLES = (Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.SolidLine, Qt.PenStyle.DashDotLine)


class TrainPane(Pane):
    """Signals out, setters in. The controller calls :meth:`refresh` ten times a second while a run goes on.

    The plots are made when the pane is first shown: importing them takes longer than the window may take to start.
    """

    start_requested = Signal()
    pause_requested = Signal()
    resume_requested = Signal()
    stop_requested = Signal()
    cancel_requested = Signal()
    enqueue_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self.heading.setText(self.tr("Train"))
        self._history: RunHistory | None = None
        self._earlier: list[tuple[str, RunHistory]] = []
        self._seen = -1
        self._state, self._ready, self._reason = "idle", False, ""
        self.loss_plot: CurvePlot | None = None
        self.metric_plot: CurvePlot | None = None
        self._headline = metric_names.DEFAULT
        self._drawn: tuple[str, ...] = ()  # the names of the metrics that the run has told
        self.scale = ChoiceBox(self)
        self.scale.setAccessibleName(self.tr("Metrics that are shown"))
        self.scale.currentIndexChanged.connect(self._choose_curves)
        self.scale.hide()
        self._build()
        self.set_state("idle")

    # -- setters ------------------------------------------------------------------------------------------------

    def set_ready(self, ready: bool, reason: str = "") -> None:
        """Whether a run can start, and if not, the one thing that is missing."""
        self._ready, self._reason = ready, reason
        self._show_state()

    def set_state(self, state: str) -> None:
        self._state = state
        self._show_state()

    def set_headline(self, name: str) -> None:
        """The main metric of the task: its curve and its number come first."""
        self._headline = name
        self._show_numbers()
        self._offer_curves(self._drawn)

    def attach(self, history: RunHistory | None) -> None:
        """Shows another run: its curves, stages and numbers. The log is emptied; the caller fills it."""
        self._history, self._seen = history, -1
        self.log.clear()
        self.outcome.hide()
        self.progress.setValue(0)
        for plot in (self.loss_plot, self.metric_plot):
            if plot is not None:
                plot.attach(history)
        self._show_numbers()
        self.refresh()

    def refresh(self) -> None:
        """Draws what is new; costs nothing when nothing is, or when the pane is not shown."""
        if self._history is None or not self.isVisible() or self._history.version == self._seen:
            return
        self._seen = self._history.version
        names = tuple(name for name in self._history.names("validation") if name != "loss")
        if names != self._drawn:
            self._offer_curves(names)
        if self.metric_plot is not None:  # a task may have nothing but its loss until the test
            self.metric_plot.setVisible(bool(names) or self._history.latest("validation") is None)
        for plot in (self.loss_plot, self.metric_plot):
            if plot is not None:
                plot.refresh()
        self.stages.set_stages(self._history.stages)
        self._show_numbers()
        if self._history.progress is not None:
            self.set_progress(self._history.progress.to_dict())
        ended = self._history.finished
        if ended is not None and ended.outcome in ("completed", "stopped"):  # the last stages are too short to tell
            self.progress.setValue(self.progress.maximum())

    def add_log(self, level: str, text: str) -> None:
        self.log.add(level, text)

    def set_progress(self, progress: dict[str, Any]) -> None:
        """A progress event: the share of the run (or else of the stage) and the time left."""
        total = progress.get("total") or 0
        share = progress.get("run_fraction")
        share = share if share is not None else (progress.get("done", 0) / total if total else 0)
        left = progress.get("run_seconds_left")
        left = left if left is not None else progress.get("seconds_left")
        self.progress.setValue(round(min(max(share, 0), 1) * 1000))
        self.numbers.set_value("left", formats.duration(left))
        if self._state in _RESTING:
            return  # the line says that it has finished, not what was last done
        parts = [words.stage(str(progress.get("stage", "")))]
        if total and progress.get("unit") and progress.get("stage") not in words.UNCOUNTED:
            parts.append(words.progress(progress.get("done") or 0, total, str(progress["unit"])))
        self.activity.setText(" · ".join(part for part in parts if part))

    def set_earlier(self, earlier: Sequence[tuple[str, RunHistory]]) -> None:
        """Earlier runs, drawn as pale lines."""
        self._earlier = list(earlier)
        for plot in (self.loss_plot, self.metric_plot):
            if plot is not None:
                plot.set_earlier(self._earlier)

    def set_outcome(self, text: str) -> None:
        """One sentence on how the run ended; empty hides it."""
        self.outcome.setText(text)
        self.outcome.setVisible(bool(text))

    # -- building -----------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self._build_actions()
        self.activity = label("", "muted", wrap=True)
        self.outcome = label("", "title", wrap=True)
        self.outcome.hide()
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(self.tr("Progress of the run"))
        self.stages = StageList()
        self.numbers = NumberStrip(
            {
                "epoch": self.tr("Epoch"),
                "step": self.tr("Step"),
                "loss": self.tr("Loss"),
                "score": metric_names.title(self._headline),
                "rate": self.tr("Learning rate"),
                "norm": self.tr("Gradient norm"),
                "speed": self.tr("Samples/s"),
                "left": self.tr("Time left"),
            }
        )
        status = Card()
        status.body.addWidget(self.activity)
        status.body.addWidget(self.outcome)
        status.body.addWidget(self.progress)
        status.body.addWidget(self.stages)
        status.body.addWidget(self.numbers)
        self._plots = splitter(Qt.Orientation.Horizontal)
        self._plots.setMinimumHeight(290)
        self.log = LogView()
        self.log.setMinimumHeight(140)
        split = splitter(Qt.Orientation.Vertical)
        split.addWidget(self._plots)
        split.addWidget(self.log)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 1)
        self.queue = QueueView()
        self.body.addWidget(status)
        self.body.addWidget(self.queue)
        self.body.addWidget(split, 1)

    def _build_actions(self) -> None:
        self.start_button = button(
            self.tr("Start training"), "play", "primary", self.tr("Run everything that the recipe says")
        )
        self.pause_button = button(self.tr("Pause"), "pause", help=self.tr("Hold the run; nothing is lost"))
        self.resume_button = button(self.tr("Resume"), "play", "primary", self.tr("Go on where it was paused"))
        self.stop_button = button(
            self.tr("Stop and keep best"),
            "stop",
            help=self.tr("End training now and go on with the best weights so far"),
        )
        self.cancel_button = button(
            self.tr("Cancel"), "cancel", "danger", self.tr("End the run and discard what it has learnt")
        )
        self.queue_button = button(
            self.tr("Add to queue"), "add", help=self.tr("Run this recipe after those that wait already")
        )
        pairs = (
            (self.queue_button, self.enqueue_requested),
            (self.start_button, self.start_requested),
            (self.pause_button, self.pause_requested),
            (self.resume_button, self.resume_requested),
            (self.stop_button, self.stop_requested),
            (self.cancel_button, self.cancel_requested),
        )
        for widget, signal in pairs:
            widget.clicked.connect(signal)
            self.tools.addWidget(widget)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.loss_plot is None:
            self._build_plots()
        self._seen = -1
        self.refresh()

    def _build_plots(self) -> None:
        from tlstudio.gui.plots import Curve, CurvePlot

        dashed = Qt.PenStyle.DashLine
        self.loss_plot = CurvePlot(
            self.tr("Loss"),
            [
                Curve("train", "loss", self.tr("Training"), 0),
                Curve("validation", "loss", self.tr("Validation"), 1, dashed, smooth=False),
            ],
            smoothing=True,
            log_axis=True,
        )
        self.metric_plot = CurvePlot(self.tr("Metrics on the validation rows"))
        self.metric_plot.footer.insertWidget(0, self.scale)  # beside the title there is no room for a long name
        self._offer_curves(self._drawn)
        for plot in (self.loss_plot, self.metric_plot):
            self._plots.addWidget(plot)
            plot.attach(self._history)
            plot.set_earlier(self._earlier)

    def _offer_curves(self, names: tuple[str, ...]) -> None:
        """Shares have one axis; every other metric has its own, and is chosen in a list."""
        self._drawn = names
        order = sorted(names, key=lambda name: (name != self._headline, metric_names.place(name)))
        shares = [name for name in order if metric_names.is_share(name)]
        groups = ([shares] if shares else []) + [[name] for name in order if name not in shares]
        groups.sort(key=lambda group: self._headline not in group)
        with QSignalBlocker(self.scale):
            self.scale.clear()
            for group in groups:
                self.scale.addItem(words.listing(metric_names.title(name) for name in group[:2]), group)
        self.scale.setVisible(len(groups) > 1 and self.metric_plot is not None)
        self._choose_curves()

    @Slot()
    def _choose_curves(self) -> None:
        if self.metric_plot is None:
            return
        from tlstudio.gui.plots import Curve

        names = self.scale.currentData() or [self._headline]
        curves = [
            Curve("validation", name, metric_names.title(name), 2 + at, _STYLES[at % len(_STYLES)], smooth=False)
            for at, name in enumerate(names)
        ]
        self.metric_plot.set_curves(curves, percent=metric_names.is_share(names[0]))

    # -- showing ------------------------------------------------------------------------------------------------

    def _show_state(self) -> None:
        state, resting = self._state, self._state in _RESTING
        self.start_button.setVisible(resting)
        self.start_button.setEnabled(self._ready)
        self.queue_button.setEnabled(self._ready)
        self.start_button.setText(self.tr("Start training") if state == "idle" else self.tr("Train again"))
        self.pause_button.setVisible(state in ("starting", "running", "stopping"))
        self.pause_button.setEnabled(state == "running")
        self.resume_button.setVisible(state == "paused")
        self.stop_button.setVisible(not resting)
        self.stop_button.setEnabled(state in ("running", "paused"))
        self.cancel_button.setVisible(not resting)
        self.progress.setVisible(not resting or self._history is not None)
        self.activity.setText(self._state_words())
        theme.set_role(self.activity, "warn" if resting and not self._ready else "muted")
        theme.set_role(self.outcome, "error" if state == "failed" else "title")

    def _state_words(self) -> str:
        if self._state in _RESTING and not self._ready:
            return self._reason or self.tr("Choose a model and a labelled file first.")
        return {
            "idle": self.tr("Ready. Start training to see the curves grow here."),
            "starting": self.tr("Starting the worker…"),
            "running": self.tr("Running"),
            "paused": self.tr("Paused. Resume goes on with the same step."),
            "stopping": self.tr("Stopping after this batch; the best weights are kept."),
            "finished": self.tr("Finished. The results are in the next step."),
            "failed": self.tr("The run has failed; the log below says why."),
        }.get(self._state, self._state)

    def _show_numbers(self) -> None:
        train = self._history.latest("train") if self._history else None
        test = self._history.latest("validation") if self._history else None
        values = train.values if train else {}
        name = self._score_name()
        self.numbers.set_caption("score", metric_names.title(name))
        shown = {
            "epoch": formats.decimal(train.epoch, 2) if train else formats.NONE,
            "step": formats.count(train.step) if train else formats.NONE,
            "loss": formats.compact(values.get("loss")),
            "score": metric_names.value(name, test.values.get(name)) if test else formats.NONE,
            "rate": formats.compact(values.get("learning_rate"), 3),
            "norm": formats.compact(values.get("gradient_norm"), 3),
            "speed": formats.decimal(values.get("samples_per_second"), 1),
        }
        for key, text in shown.items():
            self.numbers.set_value(key, text)

    def _score_name(self) -> str:
        """The main metric, or the first that is measured while it trains: some are measured only at the end."""
        told = self._history.latest("validation") if self._history else None
        names = [name for name in (told.values if told else {}) if name != "loss"]
        return self._headline if self._headline in names or not names else names[0]

    def sizeHint(self) -> QSize:
        return QSize(800, 600)
