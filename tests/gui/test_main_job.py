"""The main job, clicked through in the real window over the real worker: from a labelled file to proven exports.

The slow test does the same on Reuters R8 and keeps pictures of every pane. To see it on a real X server:

TLSTUDIO_TEST_PLATFORM=xcb xvfb-run -a -s "-screen 0 1920x1200x24" pytest -m slow tests/gui/test_main_job.py
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests import forked
from tests.gui import hands
from tests.gui.conftest import Answers
from tests.gui.hands import click
from tlstudio.core.files import read_json
from tlstudio.gui import app as app_module
from tlstudio.gui import formats
from tlstudio.gui.controller import Controller
from tlstudio.gui.widgets.step_list import PLACES
from tlstudio.session import settings
from tlstudio.session.runners import WorkerRunner

Until = Callable[..., None]
PATIENCE = 600  # seconds: a worker that starts cold on a busy machine takes minutes, and says so by working
_SHOTS = Path(__file__).resolve().parents[2] / "screenshots" / "r8"


@pytest.fixture
def studio(qapp: QApplication, dialogs: Answers, home: Path) -> Iterator[Controller]:
    """The program as it starts, with real workers; the questions about files are answered by ``dialogs``."""
    settings.save(settings.Settings(colour_scheme="light", language="en"))
    controller = app_module.make_controller(qapp, WorkerRunner, dialogs)
    controller.show()
    controller.window.activateWindow()
    QTest.qWaitForWindowActive(controller.window, 3000)
    yield controller
    if not controller.window.may_close:  # the test has failed on its way
        controller.context.session.close()
        controller.finish()
    controller.window.deleteLater()
    controller.deleteLater()


class Walk:
    """The steps of the job. Everything is done by clicks and keys on what is shown, everything read from there."""

    def __init__(self, studio: Controller, dialogs: Answers, until: Until, shots: Path | None = None) -> None:
        self.studio, self.dialogs, self.until = studio, dialogs, until
        self.camera = hands.Camera(studio.window, shots)

    def go(self, place: str) -> Any:
        """Clicks on a step at the left; returns its pane."""
        steps = self.studio.window.steps
        hands.click_row(steps, steps.model().index(PLACES.index(place), 0))
        pane = self.studio.window.built(place)
        assert pane is self.studio.window.stack.currentWidget()
        return pane

    # --- choosing

    def choose_folder(self, folder: Path) -> None:
        self.dialogs.folder = str(folder)
        pane = self.go("model")
        click(pane.folder_button)
        self.until(lambda: any(str(folder) == text for text in pane.facts.texts()), PATIENCE)
        assert pane.network.isVisible()
        self.camera.shoot("1-model")

    def choose_in_catalogue(self, title: str) -> None:
        pane = self.go("model")
        self.until(lambda: pane.catalogue.rowCount() > 1, PATIENCE)
        hands.click_row(pane.table, hands.row_of(pane.catalogue, title))
        self.until(lambda: any("BertModel" in text for text in pane.facts.texts()), PATIENCE)
        assert not pane.download_card.isVisible(), "the starter package has it"
        self.camera.shoot("1-model")

    def choose_files(self, train: Path, test: Path) -> None:
        pane = self.go("data")
        self.camera.shoot("2-data-empty")
        self.dialogs.file = str(train)
        click(pane.empty.button)
        self.dialogs.file = str(test)
        click(pane.places.rows["test"].choose)

    def check_data(self, rows: int, classes: int) -> None:
        """The preview, the guessed roles, the counts and the split stand there."""
        pane = self.studio.window.built("data")
        self.until(lambda: pane.preview.rowCount() == rows and not pane.busy.isVisible(), PATIENCE)
        columns = pane.columns.model
        assert [columns.facts(row).role for row in range(2)] == ["text", "label"]
        assert all(columns.facts(row).reason for row in range(2))
        assert pane.table.model().index(0, 0).data()
        assert not pane.problems.isVisible()
        for number in range(pane.tabs.count()):
            hands.click_tab(pane.tabs, number)
            self.camera.shoot(f"2-data-{number}")
        assert pane.split.model.rowCount() == classes + 1
        assert f"{classes} labels" in " ".join(self.studio.window.plan.texts())

    def choose_strategy(self, name: str) -> None:
        """Chooses both, takes the second back and does it again by the keyboard, and ends at ``name``."""
        pane = self.go("strategy")
        for other in [item for item in pane._buttons if item != name]:
            click(pane._buttons[other])
        click(pane._buttons[name])
        assert self.studio.context.project.recipe.strategy.name == name
        hands.press(self.studio.window, Qt.Key.Key_Z)
        assert not pane._buttons[name].isChecked()
        hands.press(
            self.studio.window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        )
        assert pane._buttons[name].isChecked()
        assert pane.network.isVisible()
        assert "parameters train" in pane.drawing_note.text()
        self.camera.shoot("3-strategy")

    def add_step(self) -> None:
        pane = self.go("compress")
        click(pane.empty.button)
        assert [step.name for step in self.studio.context.project.recipe.compress] == ["dynamic-int8"]
        self.camera.shoot("4-compress")

    def choose_exports(self, *names: str) -> None:
        pane = self.go("export")
        for name, card in pane.formats.items():
            if card.tick.isChecked() != (name in names):
                click(card.tick)
        assert {choice.name for choice in self.studio.context.project.recipe.export} == set(names)
        self.camera.shoot("7-export")

    # --- the run

    def train(self, seconds: float) -> dict[str, Any]:
        """Starts, watches the curves grow, and waits for the end; returns what the run wrote down."""
        window, session = self.studio.window, self.studio.context.session
        self.until(window.plan.start.isEnabled, PATIENCE)
        self.camera.shoot("5-train-before")
        click(window.plan.start)
        assert session.active
        assert window.steps.current() == "train"
        pane: Any = window.built("train")
        history = session.history
        self.until(lambda: history.latest("validation") is not None or not session.active, seconds)
        self.camera.shoot("5-train-running")
        self.until(lambda: not session.active, seconds)
        assert session.state == "finished", pane.log.texts() if hasattr(pane.log, "texts") else session.state
        assert pane.loss_plot.values_at(1.0) or pane.loss_plot.values_at(10.0), "the curves are drawn"
        assert pane.outcome.text().startswith("Finished in")
        assert "Finished in" in window.status.doing.text()
        self.camera.shoot("5-train")
        return read_json(session.folder / "results.json")

    # --- what came of it

    def read_results(self, results: dict[str, Any], text: str) -> None:
        pane = self.go("results")
        accuracy = results["test"]["metrics"]["accuracy"]["value"]
        assert pane.summary.headline.text() == f"Accuracy: {formats.percent(accuracy)}"
        for number in range(pane.tabs.count()):
            if pane.tabs.isTabVisible(number):  # those that the run has something for
                hands.click_tab(pane.tabs, number)
                self.camera.shoot(f"6-results-{number}")
        hands.click_tab(pane.tabs, pane.tabs.indexOf(pane.stages))
        assert len(pane.stages.table.shown()) == 2
        hands.click_tab(pane.tabs, pane.tab_of(pane.try_box))
        hands.type_text(pane.try_box.inputs["text"].editor, text)
        click(pane.try_box.button)
        self.until(pane.try_box.answer.isVisible, PATIENCE)
        assert pane.try_box.answer.heading.text().split(" · ")[0] in results["labels"]
        self.camera.shoot("6-results-tried")

    def read_compression(self) -> None:
        pane = self.go("compress")
        assert pane.table.rowCount() == 2
        self.camera.shoot("4-compress-measured")

    def read_exports(self, results: dict[str, Any]) -> None:
        pane = self.go("export")
        assert len(pane.cards) == len(results["exports"]) > 0
        for card, export in zip(pane.cards, results["exports"], strict=True):
            status = export["parity"]["status"]
            assert status in (("passed", "warned") if "int8" in export["name"] else ("passed",))
            assert card.verdict.text().startswith({"passed": "✓", "warned": "⚠"}[status])
            assert "same answers" in card.numbers.text()
            assert card.open_button.isVisible()
        self.camera.shoot("7-export-written")

    def read_runs(self, results: dict[str, Any]) -> None:
        """The run is listed; deleting asks, and only then deletes."""
        pane, folder = self.go("runs"), self.studio.context.session.folder
        self.until(pane.table.shown, PATIENCE)
        (shown,) = pane.table.shown()
        assert shown[4] == formats.percent(results["test"]["metrics"]["accuracy"]["value"])
        index = pane.table.sorted.index(0, 0)
        box = pane.table.visualRect(index)
        box.setWidth(24)
        QTest.mouseClick(pane.table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, box.center())
        self.until(lambda: not pane.curves.hint.isVisible())
        self.camera.shoot("8-runs")
        hands.answering("Keep", lambda: click(pane.delete_button))
        assert folder.is_dir()
        hands.answering("Delete for good", lambda: click(pane.delete_button))
        self.until(lambda: not folder.exists() and pane.empty.isVisible())

    def close(self) -> None:
        """Ctrl+Q; the changes are not saved; nothing is left running."""
        closed: list[bool] = []
        self.dialogs.reply = {"Unsaved changes": "discard"}
        self.studio.closed.connect(lambda: closed.append(True))
        hands.press(self.studio.window, Qt.Key.Key_Q)
        self.until(lambda: closed, PATIENCE)
        assert not self.studio.window.isVisible()
        assert not forked.children()


@pytest.mark.timeout(1200)
def test_main_job(studio: Controller, dialogs: Answers, until: Until, tiny_model: Path, tickets: Path) -> None:
    walk = Walk(studio, dialogs, until)
    hands.drop(studio.window, tickets)
    walk.choose_folder(tiny_model)
    walk.go("data")
    walk.check_data(60, 3)
    walk.choose_strategy("linear-probe")
    walk.add_step()
    walk.choose_exports("safetensors", "onnx-int8")
    results = walk.train(PATIENCE)
    walk.read_results(results, "my parcel is late")
    walk.read_compression()
    walk.read_exports(results)
    walk.read_runs(results)
    walk.close()


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_main_job_on_reuters(
    studio: Controller, dialogs: Answers, until: Until, starter: Path, assets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strategy = os.environ.get("TLSTUDIO_R8_STRATEGY", "linear-probe")
    shots = Path(os.environ.get("TLSTUDIO_SHOTS", str(_SHOTS)))
    walk = Walk(studio, dialogs, until, shots)
    walk.camera.shoot("0-welcome")
    walk.choose_in_catalogue("MiniLM")
    text = assets / "data" / "text"
    walk.choose_files(text / "reuters_r8_train.csv", text / "reuters_r8_test.csv")
    walk.check_data(5485, 8)
    walk.choose_strategy(strategy)
    walk.add_step()
    walk.choose_exports("safetensors", "onnx", "onnx-int8")
    results = walk.train(3000)
    walk.read_results(results, "Net profit rose to 12.3 mln dlrs in the first quarter from 9.8 mln a year ago.")
    walk.read_compression()
    walk.read_exports(results)
    walk.read_runs(results)
    walk.close()
    accuracy = results["test"]["metrics"]["accuracy"]
    with capsys.disabled():
        print(f"\nR8, {strategy}: {formats.interval(accuracy)} in {formats.duration(sum(results['seconds'].values()))}")
    assert accuracy["value"] > 0.95
