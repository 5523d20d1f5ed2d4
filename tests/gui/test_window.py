"""What holds for the whole window: names, buddies, small screens, both schemes, comparison, dialogs."""

from __future__ import annotations

import json
import sys

import pytest
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QTableView,
    QToolButton,
)

from tests.gui import fake
from tlstudio.gui.doctor_dialog import DoctorDialog
from tlstudio.gui.settings_dialog import SettingsDialog
from tlstudio.gui.widgets.step_list import PLACES
from tlstudio.session import sample
from tlstudio.session.settings import Settings

_INPUTS = (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QTableView,
    QToolButton,
)


def inputs(root):
    for kind in _INPUTS:
        for item in root.findChildren(kind):
            inner = isinstance(item.parent(), (QAbstractSpinBox, QComboBox)) or item.objectName().startswith("qt_")
            if item.isVisible() and not inner:
                yield item


@pytest.mark.parametrize("place", PLACES)
def test_every_input_has_a_name_for_screen_readers(controller, until, place):
    controller.show()
    controller.context.project.new(sample.recipe())
    until(lambda: controller.context.facts.data.state == "known")
    controller.window.go(place)
    nameless = []
    for item in inputs(controller.window):
        text = item.text() if hasattr(item, "text") else ""
        if not (item.accessibleName() or (isinstance(item, (QPushButton, QCheckBox, QRadioButton)) and text)):
            nameless.append((type(item).__name__, item.objectName(), text))
    assert nameless == []


@pytest.mark.parametrize("place", PLACES)
def test_small_screen_needs_no_sideways_scrolling(controller, until, place):
    controller.show()
    controller.context.project.new(sample.recipe())
    until(lambda: controller.context.facts.data.state == "known")
    controller.window.resize(1280, 720)
    controller.window.go(place)
    for _ in range(3):
        until(lambda: True)
    pane = controller.window.pane(place)
    assert pane.horizontalScrollBar().maximum() == 0
    assert controller.window.width() == 1280
    assert controller.window.height() == 720


def test_both_schemes_and_every_pane_can_be_drawn(controller, until):
    controller.show()
    controller.context.project.new(sample.recipe())
    for scheme in ("light", "dark"):
        controller.set_scheme(scheme)
        for place in PLACES:
            controller.window.go(place)
            until(lambda: True)
            assert not controller.window.grab().isNull()


def test_comparing_runs(controller, until, tmp_path):
    controller.show()
    base = controller.context.settings.runs_path
    for name in ("one", "two"):
        (base / name).mkdir(parents=True)
        (base / name / "results.json").write_text(json.dumps(fake.results(name)), encoding="utf-8")
        (base / name / "events.jsonl").write_text("", encoding="utf-8")
    controller.context.compare_requested.emit(["one", "two"])
    until(lambda: controller.window.steps.current() == "results")
    assert controller.context.project.run == base / "one"
    pane = controller.window.pane("results")
    assert pane.tabs.currentWidget() is pane.comparison


def test_runs_are_listed_opened_and_deleted(controller, until):
    controller.show()
    folder = controller.context.settings.runs_path / "20261122-100000-x-y"
    folder.mkdir(parents=True)
    (folder / "results.json").write_text(json.dumps(fake.results(folder.name)), encoding="utf-8")
    controller.window.go("runs")
    pane = controller.window.pane("runs")
    until(lambda: pane._runs)
    pane.open_requested.emit(folder.name)
    assert controller.context.project.run == folder
    assert controller.window.steps.current() == "results"
    pane.delete_requested.emit([folder.name], False)
    until(lambda: not folder.exists())
    assert controller.context.project.run is None


def test_trying_a_text(controller, until, tmp_path):
    controller.show()
    controller.context.project.set_run(tmp_path, fake.results("r"))
    controller.window.go("results")
    got = []
    pane = controller.window.pane("results")
    pane.set_try_reply = lambda reply, error: got.append((reply, error))
    pane.try_requested.emit("Where is my parcel?")
    until(lambda: got)
    assert got[0][0][0]["label"] == "billing"


def test_exporting_a_finished_run(controller, until, tmp_path):
    controller.show()
    (tmp_path / "results.json").write_text(json.dumps(fake.results("r")), encoding="utf-8")
    controller.context.show_run(tmp_path)
    controller.window.go("export")
    controller.window.pane("export").export_requested.emit([{"name": "onnx"}])
    assert controller.context.session.job == "export"
    until(lambda: not controller.context.session.active)


def test_choosing_exports_edits_the_recipe(controller):
    controller.show()
    controller.window.go("export")
    controller.window.pane("export").choices_changed.emit([{"name": "onnx"}])
    assert [choice.name for choice in controller.context.project.recipe.export] == ["onnx"]


def test_settings_dialog(keep, tmp_path):
    dialog = keep(SettingsDialog(Settings(runs_folder=str(tmp_path), colour_scheme="dark")))
    dialog.confirm.setChecked(False)
    assert dialog.values() == {
        "runs_folder": str(tmp_path),
        "runner": "worker",
        "colour_scheme": "dark",
        "without_window": "go-on",
        "confirm_close": False,
    }


def test_doctor_dialog_shows_what_comes(keep, until):
    dialog = keep(DoctorDialog(program=[sys.executable, "-c", "print('all is well')"]))
    until(lambda: "all is well" in dialog.text.toPlainText())


def test_doctor_that_cannot_start(keep, until):
    dialog = keep(DoctorDialog(program=["/no/such/program"]))
    until(lambda: "could not be started" in dialog.text.toPlainText())


def test_menus_have_shortcuts(controller):
    shortcuts = {name: action.shortcut().toString() for name, action in controller.window.actions_by_name.items()}
    wanted = {"new": "Ctrl+N", "open": "Ctrl+O", "save": "Ctrl+S", "save-as": "Ctrl+Shift+S", "undo": "Ctrl+Z"}
    wanted |= {"redo": "Ctrl+Shift+Z", "start": "Ctrl+R"}
    assert wanted.items() <= shortcuts.items()
