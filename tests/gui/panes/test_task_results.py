"""The results, train and runs panes with results of other tasks than text classification."""

from __future__ import annotations

import json
import re

import pytest
from PySide6.QtCore import Qt

from tests.gui import task_runs
from tlstudio.core.events import Metric
from tlstudio.gui.panes.results import ResultsPane
from tlstudio.gui.panes.runs import RunsPane
from tlstudio.gui.panes.train import TrainPane
from tlstudio.gui.widgets.pictures import PictureDelegate
from tlstudio.session.history import RunHistory
from tlstudio.session.runs import RunIndex


def history(names: dict[str, float], steps: int = 5) -> RunHistory:
    run = RunHistory()
    for step in range(1, steps + 1):
        run.append(Metric(split="train", step=step, epoch=step / 5, values={"loss": 2 / step}))
        values = {name: value * step / steps for name, value in names.items()}
        run.append(Metric(split="validation", step=step, epoch=step / 5, values={"loss": 3 / step, **values}))
    return run


@pytest.fixture
def pane(keep):
    return keep(ResultsPane())


def tabs(pane: ResultsPane) -> list[str]:
    return [pane.tabs.tabText(at) for at in range(pane.tabs.count()) if pane.tabs.isTabVisible(at)]


ALWAYS = ["Size and speed", "Try it", "Compare"]


@pytest.mark.parametrize(
    ("kind", "headline", "shown"),
    [
        ("spans", "Entity F1: 87.2 %", ["Summary", "Samples", "Classes", *ALWAYS]),
        ("answers", "Answer F1: 81.2 %", ["Summary", "Samples", *ALWAYS]),
        ("generations", "BLEU: 31.42", ["Summary", "Samples", *ALWAYS]),
        ("causal", "Perplexity: 18.70", ["Summary", "Samples", *ALWAYS]),
        ("numbers", "Pearson correlation: 0.861", ["Summary", "Samples", *ALWAYS]),
        ("masked", "Perplexity: 5.810", ["Summary", "Samples", *ALWAYS]),
        ("neighbours", "nDCG at 10: 78.1 %", ["Summary", "Samples", *ALWAYS]),
        ("labels", "F1, over all labels: 84.2 %", ["Summary", "Samples", "Classes", *ALWAYS]),
        ("boxes", "mAP: 41.2 %", ["Summary", "Samples", *ALWAYS]),
        ("images", "Accuracy: 91.1 %", ["Summary", "Confusion", "Calibration", "Errors", *ALWAYS]),
    ],
)
def test_headline_and_tabs_of_each_kind(pane, tmp_path, kind, headline, shown) -> None:
    results = task_runs.make(kind, tmp_path)
    pane.set_run(tmp_path, results)
    assert pane.summary.headline.text() == headline
    assert tabs(pane) == shown
    assert f"1,204 test {results['unit']}" in pane.summary.sentence.text()
    assert not re.search("[{}]", pane.summary.facts.text() + pane.summary.baselines.text())


def test_a_smaller_perplexity_is_better(pane, tmp_path) -> None:
    results = task_runs.make("causal", tmp_path)
    pane.set_run(tmp_path, results)
    assert pane.summary.baselines.text() == "Most frequent class reaches 29.92: the model is better by 11.22."
    results["baselines"][0]["metrics"]["perplexity"] = task_runs.interval(9.0, 0.1, 99)
    pane.set_run(tmp_path, results)
    assert "which is better than this model" in pane.summary.baselines.text()


def test_other_runs_take_the_tabs_away_again(pane, tmp_path) -> None:
    pane.set_run(tmp_path, task_runs.make("labels", tmp_path))
    pane.set_run(tmp_path, task_runs.make("images", tmp_path))
    assert "Samples" not in tabs(pane)
    pane.set_run(tmp_path, task_runs.make("spans", tmp_path))
    assert "Samples" in tabs(pane) and "Confusion" not in tabs(pane)


def test_a_cell_of_images_shows_thumbnails(pane, tmp_path, qtbot) -> None:
    pane.set_run(tmp_path, task_runs.make("images", tmp_path))
    pane.open(pane.confusion)
    pane.confusion.open_cell("cat", "dog")
    table = pane.confusion.samples
    qtbot.waitUntil(lambda: len(table.shown()) == 2, timeout=10_000)
    assert pane.confusion.caption.text() == "2 images with the true label cat, predicted as dog"
    assert table.records.columns[1].title == "Image"
    assert isinstance(table.itemDelegateForColumn(1), PictureDelegate)
    table.grab()
    qtbot.waitUntil(lambda: not table.pictures.busy, timeout=10_000)
    assert table.pictures.get(table.records.records[0].text) is not None
    assert pane.errors.shown()[0][1].endswith(".png")


def test_what_a_task_asks_for_is_in_the_box(pane, tmp_path) -> None:
    results = task_runs.make("spans", tmp_path)
    pane.set_run(tmp_path, results | {"task": "no-such-task"})
    assert list(pane.try_box.inputs) == ["text"]


def test_comparing_different_tasks_says_so(pane, tmp_path) -> None:
    pane.set_run(tmp_path, task_runs.make("labels", tmp_path))
    pane.set_comparison("other", task_runs.make("images", tmp_path))
    assert [row[0] for row in pane.comparison.table.shown()] == ["F1, mean of classes"]
    assert pane.comparison.note.text().startswith("The runs have different tasks")


# --- training


def test_the_curves_of_any_metrics(keep) -> None:
    pane = keep(TrainPane())
    pane.set_headline("entity_f1")
    pane.attach(history({"token_accuracy": 0.9, "entity_f1": 0.8, "perplexity": 12.0}))
    assert list(pane.metric_plot.values_at(5)) == ["Entity F1", "Token accuracy"], "the headline first"
    assert pane.numbers.value("score") == "80.0 %"
    assert pane.scale.isVisible() and pane.scale.count() == 2
    pane.scale.setCurrentIndex(1)
    assert pane.metric_plot.values_at(5) == {"Perplexity": 12.0}
    assert not pane.metric_plot._percent


def test_a_task_that_only_has_its_loss(keep) -> None:
    pane = keep(TrainPane())
    pane.set_headline("bleu")
    pane.attach(history({}))
    assert not pane.metric_plot.isVisible() and pane.loss_plot.isVisible()
    assert pane.numbers.value("score") == "–"
    pane.attach(history({"perplexity": 7.0}))
    assert pane.metric_plot.isVisible() and pane.numbers.value("score") == "7.000"


# --- runs


@pytest.fixture
def mixed(tmp_path):
    """Runs of three tasks, in a folder of runs."""
    base = tmp_path / "runs"
    for number, (kind, names) in enumerate(
        (("images", {"accuracy": 0.9}), ("causal", {"perplexity": 9.0}), ("masked", {"perplexity": 5.0}))
    ):
        folder = base / f"2026112{number}-100000-{kind}"
        results = task_runs.make(kind, folder)
        (folder / "results.json").write_text(json.dumps(results | {"created": f"2026-11-2{number}T10:00:00+00:00"}))
        lines = []
        for step in range(1, 4):
            event = Metric(split="validation", step=step, epoch=step, values={"loss": 1.0, **names})
            lines.append(json.dumps(event.to_dict()))
        (folder / "events.jsonl").write_text("\n".join(lines))
    return RunIndex(base).list()


def test_runs_of_different_metrics(keep, mixed, qtbot) -> None:
    pane = keep(RunsPane())
    pane.set_runs(mixed)
    assert [row[4:6] for row in pane.table.shown()] == [
        ["5.810", "Perplexity"], ["18.70", "Perplexity"], ["91.1 %", "Accuracy"]
    ]  # fmt: skip
    assert pane.mixed.isVisible()
    pane.table.sortByColumn(4, Qt.SortOrder.DescendingOrder)
    assert [row[4] for row in pane.table.shown()] == ["91.1 %", "5.810", "18.70"], "the best first, each among its own"
    assert "Accuracy" in pane.facts.texts() or "Perplexity" in pane.facts.texts()
    for row in range(3):
        index = pane.table.sorted.index(row, 0)
        pane.table.sorted.setData(index, Qt.CheckState.Checked.value, Qt.ItemDataRole.CheckStateRole)
    qtbot.waitUntil(lambda: len(pane.curves._histories) == 3, timeout=10_000)
    names = [pane.curves.metric_choice.itemText(at) for at in range(pane.curves.metric_choice.count())]
    assert names == ["Validation: Accuracy", "Validation: Perplexity", "Validation: Loss", "Training loss"]
    qtbot.waitUntil(lambda: len(pane.curves.plot._entries) == 1, timeout=10_000)
    assert pane.curves.hint.text() == "2 of 3 ticked runs have no such curve: their task has other metrics."
    pane.curves.metric_choice.setCurrentIndex(2)
    assert len(pane.curves.plot._entries) == 3 and not pane.curves.hint.isVisible()


def test_classes_have_the_columns_that_the_task_has(pane, tmp_path) -> None:
    boxes = task_runs.make("boxes", tmp_path / "boxes")
    share = task_runs.interval(0.5)
    boxes["test"]["per_class"] = [{"label": "car", "support": 3, "precision": share, "recall": share}]
    pane.set_run(tmp_path / "boxes", boxes)
    assert pane.classes.records.columns[1].title == "Test boxes"
    assert pane.classes.isColumnHidden(4)
    pane.set_run(tmp_path / "spans", task_runs.make("spans", tmp_path / "spans"))
    assert pane.classes.records.columns[1].title == "Test entities"
    assert not pane.classes.isColumnHidden(4)


def test_a_run_that_compressed_nothing_shows_no_empty_table(pane, tmp_path) -> None:
    results = task_runs.make("numbers", tmp_path / "run")
    pane.set_run(tmp_path / "run", results)
    assert not pane.stages.table.isHidden()
    pane.set_run(tmp_path / "run", results | {"stages": []})
    assert pane.stages.table.isHidden() and pane.stages.note.isHidden()
    assert pane.stages.sentence.text().startswith("Nothing was compressed.")
