"""The parts of the Runs pane: finder, notes, comparison, lineage; and a list of ten thousand."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from PySide6.QtCore import Qt

from tests.session.test_run_compare import make
from tlstudio.gui import run_texts
from tlstudio.gui.panes.runs import RunsPane
from tlstudio.gui.widgets.run_comparison import RunComparison
from tlstudio.gui.widgets.run_finder import RunFinder
from tlstudio.gui.widgets.run_notes_edit import RunNotesEdit
from tlstudio.gui.widgets.run_tree import RunTree
from tlstudio.session.run_filter import RunFilter
from tlstudio.session.run_notes import RunNotes
from tlstudio.session.runs import RunSummary

RUNS = [
    RunSummary("3", "/r/3", "2026-11-03T10:00", "tickets", "org/m", "LoRA", "text-classification", "completed",
               "accuracy", 0.9, tags=("paper",), lineage=("1", "2")),
    RunSummary("2", "/r/2", "2026-11-02T10:00", "tickets", "org/m", "Full", "regression", "failed", lineage=("1",)),
    RunSummary("1", "/r/1", "2026-11-01T10:00", "reviews", "org/m", "Full", "text-classification", "completed",
               "accuracy", 0.8, star=True),
]  # fmt: skip


def test_finder_offers_what_there_is(keep, qtbot) -> None:
    finder = RunFinder()
    keep(finder)
    told: list[RunFilter] = []
    finder.changed.connect(told.append)
    finder.offer(RUNS)
    assert [finder.states.itemText(at) for at in range(finder.states.count())] == [
        "State: all",
        "✓ completed",
        "✕ failed",
    ]
    assert [finder.tags.itemData(at) for at in range(finder.tags.count())] == ["", "paper"]
    assert not finder.tags.isVisible() and finder.tasks.isVisible() and told == []
    finder.states.setCurrentIndex(2)
    finder.star.click()
    finder.text.setText("lora")
    qtbot.waitUntil(lambda: told[-1:] == [RunFilter("lora", ("failed",), star=True)], timeout=5000)
    finder.offer(RUNS[2:])
    assert told[-1].states == (), "a choice that is gone is given up"


def test_notes_are_told_once_and_of_the_right_run(keep) -> None:
    edit = RunNotesEdit()
    keep(edit)
    told: list[tuple[str, RunNotes]] = []
    edit.edited.connect(lambda run, notes: told.append((run, notes)))
    edit.set_run("a", RunNotes(("old",)))
    edit.star.click()
    assert told == [("a", RunNotes(("old",), "", True))]
    edit.note.setPlainText("half typed")
    edit.set_run("a", RunNotes(("old",), "", True))
    assert edit.note.toPlainText() == "half typed", "the list was read again meanwhile"
    edit.set_run("b", RunNotes())
    assert told[1:] == [("a", RunNotes(("old",), "half typed", True))]
    edit.tags.setText("x, y ,x")
    edit.tags.editingFinished.emit()
    edit.tags.editingFinished.emit()
    assert told[2:] == [("b", RunNotes(("x", "y")))]
    edit.set_run("", RunNotes())
    assert not edit.isEnabled()


def test_comparison_of_three(keep, tmp_path, until) -> None:
    right = np.random.default_rng(0).random(400) < 0.7
    scores = {"1": right, "2": right | (np.arange(400) < 60), "3": right}
    folders = {name: make(tmp_path, name, values, rate=1e-4 * int(name)) for name, values in scores.items()}
    runs = {run.id: replace(run, folder=str(folders[run.id])) for run in RUNS}
    view = RunComparison()
    keep(view)
    view.set_chosen(runs, ["1"])
    assert view.hint.isVisible() and view.found is None
    view.set_chosen(runs, ["1", "2", "3"])
    until(lambda: view.found is not None)
    assert [row[1] for row in view.differences.shown()] == ["▲ better", "≈ may be chance"]
    assert view.parameters.shown() == [["training.learning_rate", "0.0001", "0.0002", "0.0003"]]
    assert view.metrics.shown()[0][0] == "Accuracy"
    view.reference.setCurrentIndex(1)
    until(lambda: view.found.runs[0] == "2")
    assert [row[1] for row in view.differences.shown()] == ["▼ worse", "▼ worse"]
    view.set_chosen(runs, [])
    assert view.hint.isVisible() and not view.differences.isVisible()


def test_lineage(keep, qtbot) -> None:
    tree = RunTree()
    keep(tree)
    tree.show_family([RUNS[2]], "1")
    assert tree.hint.isVisible() and not tree.view.isVisible()
    tree.show_family([RUNS[0], RUNS[2]], "3")
    root = tree.model.item(0, 0)
    middle = root.child(0, 0)
    assert (root.text(), middle.text(), middle.child(0, 0).text()) == ("1", "2", "3")
    assert "not here" in root.child(0, 4).text() and root.child(0, 0).data() is None
    with qtbot.waitSignal(tree.chosen, timeout=1000) as caught:
        tree.view.activated.emit(root.index())
    assert caught.args == ["1"]
    with qtbot.assertNotEmitted(tree.chosen):
        tree.view.activated.emit(middle.index())


def test_marks() -> None:
    assert run_texts.marks(RUNS[0]) == "#paper" and run_texts.marks(RUNS[2]) == "★"


def test_ten_thousand_runs_stay_smooth(keep) -> None:
    """Each of these is one event: the processor time that it takes in this thread is a stall."""
    runs = [replace(RUNS[at % 3], id=f"{at:05d}", created=f"2026-11-{at % 28 + 1:02d}T10:{at % 60:02d}",
                    score=None if at % 7 == 0 else at / 10_000) for at in range(10_000)]  # fmt: skip
    pane = RunsPane()
    keep(pane)
    pane.set_runs(RUNS)  # the plot is made now, once

    def took(work) -> float:
        begin = time.thread_time()
        work()
        pane.table.viewport().repaint()
        return time.thread_time() - begin

    times = {
        "shown": took(lambda: pane.set_runs(runs)),
        "shown again": took(lambda: pane.set_runs(runs)),
        "sorted": took(lambda: pane.table.sortByColumn(4, Qt.SortOrder.DescendingOrder)),
        "searched": took(lambda: (pane.filter.setText("lora 0.9"), pane.finder._tell())),
        "searched again": took(lambda: (pane.filter.setText("lora"), pane.finder._tell())),
        "scrolled": took(pane.table.scrollToBottom),
    }
    print({name: round(seconds, 3) for name, seconds in times.items()})
    assert pane.table.sorted.rowCount() == 3334 and pane.count.text() == "3,334 of 10,000 runs"
    assert max(times.values()) < 0.5, times  # 0.09 at most where this was written
