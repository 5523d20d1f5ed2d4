"""The Results step: from a run to one of its further tasks, and back."""

from __future__ import annotations

import json

import pytest

from tests.gui import several_runs
from tests.gui.sample_run import folder, results
from tlstudio.gui.panes.results import ResultsPane
from tlstudio.gui.presenters.results import ResultsPresenter


@pytest.fixture
def run(tmp_path):
    """A run with a further task that is still there, and others that are not."""
    place = folder(tmp_path / "runs")
    (place / "results.json").write_text(json.dumps(several_runs.together()))
    nested = place / "tasks" / "places"
    nested.mkdir(parents=True)
    (nested / "results.json").write_text(json.dumps(results(0.5)))
    return place


@pytest.fixture
def pane(context, qtbot, run):
    widget = ResultsPane()
    qtbot.addWidget(widget)
    ResultsPresenter(context, widget)
    context.show_run(run)
    return widget


def test_a_task_is_shown_as_a_run_of_its_own_and_leads_back(pane, context, run):
    assert pane.tabs.isTabVisible(pane.tab_of(pane.several))
    assert pane.whole_button.isHidden()
    pane.task_requested.emit("tasks/places")
    assert context.project.run == run / "tasks" / "places"
    assert pane.summary.headline.text() == "Accuracy: 50.0 %"
    assert run.name in pane.run_label.text() and "places" in pane.run_label.text()
    assert not pane.tabs.isTabVisible(pane.tab_of(pane.several))
    assert not pane.whole_button.isHidden()
    pane.whole_button.click()
    assert context.project.run == run
    assert pane.whole_button.isHidden()
    assert pane.tabs.currentIndex() == pane.tab_of(pane.several)


def test_a_task_whose_folder_is_gone_or_lies_elsewhere_is_told(pane, context, run, told):
    pane.task_requested.emit("tasks/gone")
    assert "not there any more" in told[-1]
    pane.task_requested.emit("../../places/../../etc")
    assert "not there any more" in told[-1]
    assert context.project.run == run
