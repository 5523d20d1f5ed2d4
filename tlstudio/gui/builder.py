"""Builds a pane with its presenter when it is first shown; what a pane needs is imported only then."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from tlstudio.gui.context import Context
from tlstudio.gui.presenters.base import Presenter


def build(place: str, context: Context, parent: QWidget) -> tuple[QWidget, Presenter]:
    """The pane of a place and its presenter. The pane has its ``parent`` from the start: Qt, not Python, ends it.

    Raises:
        KeyError: there is no such place.
    """
    return _BUILDERS[place](context, parent)


def _model(context: Context, parent: QWidget) -> tuple[QWidget, Presenter]:
    from tlstudio.gui.panes.model import ModelPane
    from tlstudio.gui.presenters.model import ModelPresenter

    pane = ModelPane(parent)
    return pane, ModelPresenter(context, pane)


def _data(context: Context, parent: QWidget) -> tuple[QWidget, Presenter]:
    from tlstudio.gui.panes.data import DataPane
    from tlstudio.gui.presenters.data import DataPresenter

    pane = DataPane(parent)
    return pane, DataPresenter(context, pane)


def _strategy(context: Context, parent: QWidget) -> tuple[QWidget, Presenter]:
    from tlstudio.core.options import describe
    from tlstudio.core.recipe import TrainingSection
    from tlstudio.gui.panes.strategy import StrategyPane
    from tlstudio.gui.presenters.strategy import StrategyPresenter

    pane = StrategyPane(describe(TrainingSection), parent)
    return pane, StrategyPresenter(context, pane)


def _compress(context: Context, parent: QWidget) -> tuple[QWidget, Presenter]:
    from tlstudio.gui.panes.compress import CompressPane
    from tlstudio.gui.presenters.compress import CompressPresenter

    pane = CompressPane(parent)
    return pane, CompressPresenter(context, pane)


def _train(context: Context, parent: QWidget) -> tuple[QWidget, Presenter]:
    from tlstudio.gui.panes.train import TrainPane
    from tlstudio.gui.presenters.train import TrainPresenter

    pane = TrainPane(parent)
    return pane, TrainPresenter(context, pane)


def _results(context: Context, parent: QWidget) -> tuple[QWidget, Presenter]:
    from tlstudio.gui.panes.results import ResultsPane
    from tlstudio.gui.presenters.results import ResultsPresenter

    pane = ResultsPane(parent)
    return pane, ResultsPresenter(context, pane)


def _export(context: Context, parent: QWidget) -> tuple[QWidget, Presenter]:
    from tlstudio.gui.panes.export import ExportPane
    from tlstudio.gui.presenters.export import ExportPresenter

    pane = ExportPane(parent)
    return pane, ExportPresenter(context, pane)


def _runs(context: Context, parent: QWidget) -> tuple[QWidget, Presenter]:
    from tlstudio.gui.panes.runs import RunsPane
    from tlstudio.gui.presenters.runs import RunsPresenter

    pane = RunsPane(parent)
    return pane, RunsPresenter(context, pane)


_BUILDERS = {
    "model": _model,
    "data": _data,
    "strategy": _strategy,
    "compress": _compress,
    "train": _train,
    "results": _results,
    "export": _export,
    "runs": _runs,
}
