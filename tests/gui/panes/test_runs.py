"""The runs pane: listing, filtering, opening, overlaying and deleting runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox, QPushButton

from tests.gui.sample_run import folder
from tlstudio.gui.panes import runs as module
from tlstudio.gui.panes.runs import RunsPane
from tlstudio.session.runs import RunIndex, RunSummary

NAMES = ("20261120-100000-mini-linear-probe", "20261121-100000-mini-full", "20261122-100000-mini-full")


@pytest.fixture
def runs(tmp_path) -> list[RunSummary]:
    for number, name in enumerate(NAMES):
        folder(tmp_path, name, 0.9 + number / 100)
    return RunIndex(tmp_path).list()


@pytest.fixture
def pane(qtbot):
    widget = RunsPane()
    qtbot.addWidget(widget)
    widget.resize(900, 800)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


def click(widget) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def tick(pane: RunsPane, *rows: int) -> None:
    for row in rows:
        index = pane.table.sorted.index(row, 0)
        pane.table.sorted.setData(index, Qt.CheckState.Checked.value, Qt.ItemDataRole.CheckStateRole)


def answer(monkeypatch, pane: RunsPane, text: str) -> list[str]:
    """Presses the button called ``text`` in the question; returns what was asked."""
    asked: list[str] = []

    def exec_(box: QMessageBox) -> int:
        asked.append(box.informativeText())
        next(button for button in box.findChildren(QPushButton) if button.text() == text).click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", exec_)
    return asked


def test_no_runs_offers_the_train_step(pane, qtbot) -> None:
    assert pane.empty.isVisible()
    with qtbot.waitSignal(pane.step_requested, timeout=1000) as caught:
        click(pane.empty.button)
    assert caught.args == ["train"]


def test_runs_are_listed_with_their_numbers(pane, runs) -> None:
    pane.set_runs(runs)
    shown = pane.table.shown()
    assert len(shown) == 3 and pane.count.text() == "3 runs"
    assert shown[0][1:6] == ["tickets", "Full fine-tuning", "✓ completed", "92.0 %", "Accuracy"]
    assert shown[0][6:] == ["mini", "90.9 MB", "23.0 MB", "1 min 43 s", ""]
    assert pane.details.title.text() == runs[0].id, "the newest is chosen"
    assert "92.0 % (89.0–95.0)" in pane.facts.texts()


def test_sorting_by_a_header_sorts_numbers(pane, runs) -> None:
    pane.set_runs(runs)
    pane.table.sortByColumn(4, Qt.SortOrder.AscendingOrder)
    assert [row[4] for row in pane.table.shown()] == ["90.0 %", "91.0 %", "92.0 %"]


def test_the_filter_looks_at_every_column(pane, runs, qtbot) -> None:
    pane.set_runs(runs)
    QTest.keyClicks(pane.filter, "91.0 %")
    qtbot.waitUntil(lambda: len(pane.table.shown()) == 1, timeout=5000)
    assert [row[4] for row in pane.table.shown()] == ["91.0 %"]
    assert pane.count.text() == "1 of 3 runs"


def test_open_by_button_double_click_and_enter(pane, runs, qtbot) -> None:
    pane.set_runs(runs)
    with qtbot.waitSignal(pane.open_requested, timeout=1000) as caught:
        click(pane.open_button)
    assert caught.args == [runs[0].id]
    pane.table.selectRow(1)
    with qtbot.waitSignal(pane.open_requested, timeout=1000) as caught:
        QTest.keyClick(pane.table, Qt.Key.Key_Return)
    assert caught.args == [runs[1].id]


def test_ticked_runs_lie_over_each_other(pane, runs, qtbot) -> None:
    pane.set_runs(runs)
    assert pane.curves.hint.isVisible() and not pane.compare_button.isEnabled()
    tick(pane, 0, 2)
    qtbot.waitUntil(lambda: len(pane.curves.plot._entries) == 2, timeout=10_000)
    assert not pane.curves.hint.isVisible()
    values = pane.curves.plot.values_at(40)
    assert list(values.values()) == [0.9, 0.9]
    pane.curves.metric_choice.setCurrentIndex(3)
    assert list(pane.curves.plot.values_at(40).values()) == [0.05, 0.05]
    click(pane.compare_button)
    assert pane.tabs.currentIndex() == 1
    qtbot.waitUntil(lambda: pane.comparison.found is not None, timeout=10_000)
    with qtbot.waitSignal(pane.compare_requested, timeout=1000) as caught:
        click(pane.comparison.results_button)
    assert caught.args == [[runs[0].id, runs[2].id]]


def test_delete_asks_with_the_names(pane, runs, qtbot, monkeypatch) -> None:
    pane.set_runs(runs)
    tick(pane, 1, 2)
    asked = answer(monkeypatch, pane, "Keep")
    with qtbot.assertNotEmitted(pane.delete_requested):
        click(pane.delete_button)
    assert asked == [f"{runs[1].id}\n{runs[2].id}"]
    for text, for_good in (("Move to the trash", False), ("Delete for good", True)):
        tick(pane, 1, 2)
        answer(monkeypatch, pane, text)
        with qtbot.waitSignal(pane.delete_requested, timeout=1000) as caught:
            click(pane.delete_button)
        assert caught.args == [[runs[1].id, runs[2].id], for_good]
    pane.set_runs(runs[:1])
    assert pane.ticked() == []


def test_a_run_that_goes_on_is_not_offered_for_deletion(pane, runs, qtbot, monkeypatch) -> None:
    (Path(runs[0].folder) / "run.lock").write_text(str(os.getpid()))
    pane.set_runs(RunIndex(Path(runs[0].folder).parent).list())
    assert pane.table.shown()[0][3] == "▶ going on"
    answer(monkeypatch, pane, "Delete for good")
    with qtbot.assertNotEmitted(pane.delete_requested):
        click(pane.delete_button)


def test_refresh_and_folder_and_report(pane, runs, qtbot, monkeypatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(module.QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    with qtbot.waitSignal(pane.refresh_requested, timeout=1000):
        click(pane.refresh_button)
    pane.set_runs(runs)
    click(pane.folder_button)
    click(pane.report_button)
    assert opened == [runs[0].folder, str(Path(runs[0].folder) / "report.html")]


def test_the_choice_stays_when_the_list_is_read_again(pane, runs) -> None:
    pane.set_runs(runs)
    pane.table.selectRow(2)
    tick(pane, 1)
    pane.set_runs(runs[1:])
    assert pane.current_id() == runs[2].id
    assert pane.ticked() == [runs[1].id]


def test_the_model_of_a_run_is_used_again(controller, tmp_path, until) -> None:
    runs = controller.context.settings.runs_path
    for name, model in (("20260101-first", True), ("20260102-broken", False)):
        folder = runs / name
        (folder / "model").mkdir(parents=True)
        (folder / "recipe.yaml").write_text("schema: 1\n", encoding="utf-8")
        if model:
            (folder / "model/config.json").write_text("{}", encoding="utf-8")
    controller.show()
    controller.window.go("runs")
    pane = controller.window.pane("runs")
    until(lambda: len(pane.table.shown()) == 2)
    assert [action.text() for action in pane.use_button.menu().actions()] == ["Start from it", "Teacher"]
    pane.start_requested.emit("20260102-broken")
    assert controller.context.project.recipe.model.name == "", "it has none"
    pane.start_requested.emit("20260101-first")
    model = controller.context.project.recipe.model
    assert (model.source, model.name) == ("run", "20260101-first")
    pane.teacher_requested.emit("20260101-first")
    assert controller.context.project.recipe.strategy.options["teacher"] == "20260101-first"
