"""The results pane: numbers in words, tables, cells that open their samples, trying, comparing."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.gui.sample_run import folder, results
from tlstudio.core.errors import StudioError
from tlstudio.gui.panes.results import ResultsPane
from tlstudio.session.predictions import samples


@pytest.fixture
def pane(qtbot):
    widget = ResultsPane()
    qtbot.addWidget(widget)
    widget.resize(800, 600)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


@pytest.fixture
def run(tmp_path):
    return folder(tmp_path)


def click(widget) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def click_cell(view, row: int, column: int) -> None:
    place = view.visualRect(view.model().index(row, column)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_without_a_run_it_offers_to_start(pane, qtbot) -> None:
    assert pane.empty.isVisible() and not pane.tabs.isVisible()
    with qtbot.waitSignal(pane.start_requested, timeout=1000):
        click(pane.empty.button)


def test_a_run_without_results_says_so(pane, run) -> None:
    pane.set_run(run, None)
    assert pane.empty._title.text() == "This run has no results"
    assert pane.empty.button.isVisible()


def test_the_headline_beside_the_baselines(pane, run) -> None:
    pane.set_run(run, results())
    assert pane.summary.headline.text() == "Accuracy: 94.0 %"
    assert "Of 100 test texts" in pane.summary.sentence.text()
    assert "between 91.0 % and 97.0 %" in pane.summary.sentence.text()
    assert pane.summary.baselines.text().strip() == "Bag of words reaches 76.0 %: the model makes 75 % fewer errors."
    assert "This model: 94.0 % (91.0–97.0)" in pane.summary.bars.accessibleDescription()
    assert "1 min 34 s" in pane.summary.facts.text() and "1.4 GB" in pane.summary.facts.text()


@pytest.mark.parametrize(("accuracy", "words"), [(0.77, "may be no better"), (0.5, "better than this model")])
def test_a_model_that_does_not_beat_the_baseline(pane, run, accuracy, words) -> None:
    pane.set_run(run, results(accuracy))
    assert words in pane.summary.baselines.text()


def test_metrics_with_intervals_and_extra_sets(pane, run) -> None:
    pane.set_run(run, results())
    shown = {row[0]: row[1] for row in pane.summary.metrics.shown()}
    assert shown["Accuracy"] == "94.0 % (91.0–97.0)"
    assert shown["Log loss"] == "0.230 (0.200–0.260)"
    assert pane.summary.extra.shown() == [["zh.csv", "150", "31.0 % (28.0–34.0)", "F1, mean of classes 28.0 %"]]


def test_classes_sort_by_number(pane, run) -> None:
    pane.set_run(run, results())
    pane.classes.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    assert [row[0] for row in pane.classes.shown()] == ["praise", "delivery", "refund"]
    assert pane.classes.shown()[0][3] == "100.0 % (97.0–103.0)"


def test_a_cell_opens_its_samples(pane, run, qtbot) -> None:
    pane.set_run(run, results())
    pane.open(pane.confusion)
    with qtbot.waitSignal(pane.confusion.matrix.cell_activated, timeout=1000) as caught:
        click_cell(pane.confusion.matrix, 0, 1)
    assert caught.args == ["refund", "delivery"]
    qtbot.waitUntil(lambda: len(pane.confusion.samples.shown()) == 3, timeout=10_000)
    assert [row[2:4] for row in pane.confusion.samples.shown()] == [["refund", "✕ delivery"]] * 3
    assert pane.confusion.caption.text() == "3 texts with the true label refund, predicted as delivery"


def test_cells_are_reached_with_the_keyboard_and_read_aloud(pane, run, qtbot) -> None:
    pane.set_run(run, results())
    pane.open(pane.confusion)
    matrix = pane.confusion.matrix
    matrix.setFocus()
    matrix.setCurrentIndex(matrix.model().index(0, 0))
    QTest.keyClick(matrix, Qt.Key.Key_Down)
    with qtbot.waitSignal(matrix.cell_activated, timeout=1000) as caught:
        QTest.keyClick(matrix, Qt.Key.Key_Return)
    assert caught.args == ["delivery", "refund"]
    text = matrix.currentIndex().data(Qt.ItemDataRole.AccessibleTextRole)
    assert text == "1 with the true label delivery predicted as refund (2.4 % of delivery)"
    qtbot.waitUntil(lambda: len(pane.confusion.samples.shown()) == 1, timeout=10_000)


def test_shares_of_the_matrix(pane, run) -> None:
    pane.set_run(run, results())
    pane.confusion.shares.setChecked(True)
    assert pane.confusion.matrix.model().index(0, 0).data() == "93 %"


def test_missing_predictions_are_explained(pane, tmp_path, qtbot) -> None:
    pane.set_run(tmp_path, results())
    pane.confusion.open_cell("refund", "refund")
    qtbot.waitUntil(lambda: "does not exist" in pane.confusion.caption.text(), timeout=10_000)
    assert pane.confusion.caption.property("role") == "error"


def test_damaged_predictions_raise_a_studio_error(tmp_path) -> None:
    (tmp_path / "predictions.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(StudioError) as caught:
        samples(tmp_path)
    assert caught.value.code == "runs.predictions-damaged"


def test_errors_calibration_and_stages(pane, run) -> None:
    pane.set_run(run, results())
    assert pane.errors.shown()[0] == ["7", "where is it", "delivery", "✕ refund", "99.0 %"]
    pane.errors.sortByColumn(4, Qt.SortOrder.AscendingOrder)
    assert pane.errors.shown()[0][0] == "3"
    assert "3.1 % (2.1–4.1)" in pane.calibration_words.text()
    assert "accuracy 93.0 %, 80 texts" in pane.reliability.accessibleDescription()
    assert pane.stages.sentence.text() == "Dynamic int8: 3.9 × smaller, 2.2 × as fast, Accuracy −0.6 points."
    assert pane.stages.table.shown()[1][1] == "23.0 MB"


def test_trying_a_text(pane, run, qtbot) -> None:
    pane.set_run(run, results())
    pane.open(pane.try_box)
    box = pane.try_box
    assert not box.button.isEnabled()
    QTest.keyClicks(box.inputs["text"].editor, "where is my parcel")
    with qtbot.waitSignal(pane.try_requested, timeout=1000) as caught:
        click(box.button)
    assert caught.args == [{"text": "where is my parcel"}]
    assert not box.button.isEnabled()
    pane.set_try_reply([{"text": "", "label": "delivery", "probabilities": {"refund": 0.1, "delivery": 0.9}}], None)
    assert box.answer.heading.text() == "delivery · 90.0 %"
    assert box.answer.bars.bars() == [("delivery", 0.9), ("refund", 0.1)]
    assert box.button.isEnabled()
    with qtbot.waitSignal(pane.try_requested, timeout=1000):
        QTest.keyClick(box.inputs["text"].editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    pane.set_try_reply(None, "The model folder is gone.")
    assert box.message.text() == "The model folder is gone." and not box.answer.isVisible()


def test_comparing_two_runs(pane, run, qtbot) -> None:
    pane.set_run(run, results())
    with qtbot.waitSignal(pane.compare_requested, timeout=1000):
        click(pane.compare_button)
    pane.set_comparison("older", results(0.80))
    assert pane.tabs.currentWidget() is pane.comparison
    rows = {row[0]: row[3:] for row in pane.comparison.table.shown()}
    assert rows["Accuracy"] == ["+14.0 points", "▲ better"]
    assert rows["Log loss"] == ["+0.000", "≈ may be chance"]


def test_the_report_opens_where_there_is_one(pane, run, tmp_path, qtbot) -> None:
    pane.set_run(run, results())
    with qtbot.waitSignal(pane.open_report_requested, timeout=1000):
        click(pane.report_button)
    pane.set_run(tmp_path, results())
    assert not pane.report_button.isEnabled()


def test_results_of_an_unfinished_evaluation_do_not_break_it(pane, run) -> None:
    pane.set_run(run, {"outcome": "stopped"})
    assert pane.summary.headline.text() == "Accuracy: –"
    assert pane.run_label.text().endswith("best weights kept")
