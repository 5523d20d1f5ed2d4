"""The export pane: formats of the recipe, finished exports with their verdicts."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from tests.gui import fake
from tests.gui.sample_run import folder, results
from tlstudio.core.recipe import Recipe
from tlstudio.gui.panes.export import ExportPane


@pytest.fixture
def pane(qtbot):
    widget = ExportPane()
    qtbot.addWidget(widget)
    widget.resize(800, 600)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


def click(widget) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def recipe(*names: str) -> Recipe:
    return Recipe.model_validate({"export": list(names)})


def test_the_recipe_is_shown_and_nothing_is_emitted(pane, qtbot) -> None:
    with qtbot.assertNotEmitted(pane.choices_changed):
        pane.set_recipe(recipe("onnx", "safetensors"))
    assert {name for name, card in pane.formats.items() if card.tick.isChecked()} == {"onnx", "safetensors"}
    assert pane.choices() == [{"name": "onnx"}, {"name": "safetensors"}]


def test_a_tick_changes_the_recipe(pane, qtbot) -> None:
    pane.set_recipe(recipe("onnx"))
    with qtbot.waitSignal(pane.choices_changed, timeout=1000) as caught:
        pane.formats["safetensors"].tick.click()
    assert caught.args == [[{"name": "onnx"}, {"name": "safetensors"}]]


def test_a_missing_step_is_said(pane) -> None:
    pane.set_recipe(recipe("onnx-int8"))
    problem = pane.formats["onnx-int8"].problem
    assert problem.isVisible() and "dynamic-int8" in problem.text()
    pane.set_recipe(Recipe.model_validate({"export": ["onnx-int8"], "compress": ["dynamic-int8"]}))
    assert not problem.isVisible()


def test_without_a_run_it_offers_to_start(pane, qtbot) -> None:
    pane.set_recipe(recipe("onnx"))
    assert not pane.export_button.isVisible()
    assert "next run" in pane.note.text()
    with qtbot.waitSignal(pane.start_requested, timeout=1000):
        click(pane.empty.button)


def test_export_now(pane, tmp_path, qtbot) -> None:
    run = folder(tmp_path)
    pane.set_recipe(recipe("onnx"))
    pane.set_run(run, {**results(), "exports": []})
    assert pane.empty.isVisible() and not pane.empty.button.isVisible()
    with qtbot.waitSignal(pane.export_requested, timeout=1000) as caught:
        click(pane.export_button)
    assert caught.args == [[{"name": "onnx"}]]
    pane.set_busy(True)
    assert not pane.export_button.isEnabled()
    pane.set_busy(False)
    pane.set_recipe(recipe())
    assert not pane.export_button.isEnabled()


def test_finished_exports_with_their_verdicts(pane, tmp_path, qtbot) -> None:
    run = folder(tmp_path)
    pane.set_run(run, results())
    passed, failed = pane.cards
    assert passed.verdict.text() == "✓ 99.5% of 200 texts get the same label."
    assert passed.numbers.text() == (
        "200 rows compared · 99.50 % same answers · largest difference 1.9e-06 · limit 0.001"
    )
    assert failed.verdict.text().startswith("✕") and failed.verdict.property("role") == "error"
    assert not hasattr(failed, "open_button")
    with qtbot.waitSignal(pane.open_folder_requested, timeout=1000) as caught:
        passed.open_button.click()
    assert caught.args == [str(run / "exports" / "onnx")]
    passed.copy_button.click()
    assert QGuiApplication.clipboard().text() == str(run / "exports" / "onnx")
    passed.command_button.click()
    assert QGuiApplication.clipboard().text().startswith(f'python "{run}')
    passed.serve_button.click()
    assert QGuiApplication.clipboard().text() == f'tlstudio serve "{run / "exports" / "onnx"}"'
    passed.bench_button.click()
    assert QGuiApplication.clipboard().text().startswith("tlstudio bench ")
    assert not passed.speed.isVisible() and not hasattr(failed, "serve_button")


def test_what_else_was_measured_and_why_one_failed(pane, tmp_path) -> None:
    found = results()
    found["exports"][0]["parity"] |= {
        "metric": {"name": "macro_f1", "value": 0.893, "reference": 0.895, "difference": -0.002},
        "latency": {"1": {"median_ms": 9.4}},
    }
    error = {"code": "x", "message": "OpenVINO is not there.", "remedy": "Install it.", "params": {}}
    found["exports"].append({"name": "openvino", "title": "OpenVINO", "path": None, "error": error})
    pane.set_run(folder(tmp_path), found)
    assert pane.cards[0].speed.text() == "F1, mean of classes −0.2 points · 9.4 ms for 1 row"
    assert pane.cards[-1].verdict.text() == "✕ OpenVINO is not there. Install it."


def test_an_export_of_a_compressed_form_is_set_beside_the_trained_model(pane, tmp_path) -> None:
    found = results()
    found["exports"][0] |= {"stage": "1-layer-removal", "agreement": 0.715}
    found["exports"].append({**found["exports"][0], "stage": "trained", "agreement": 1.0})
    pane.set_run(folder(tmp_path), found)
    assert "trained model's answer for 71.50 %" in pane.cards[0].trained.text()
    assert not pane.cards[1].trained.text() and not pane.cards[1].trained.isVisible()


def test_an_export_that_was_moved_is_said(pane, tmp_path) -> None:
    pane.set_run(tmp_path, results())
    assert not hasattr(pane.cards[0], "open_button")


def test_a_tokenizer_that_no_graph_can_use_is_told_before_the_training(controller, answers, csv, until):
    reason = {"code": "export.no-tokenizer-file", "message": "No file for {kind}.", "remedy": "Take safetensors.",
              "where": "export", "params": {"kind": "CanineTokenizer"}}  # fmt: skip
    answers["inspect-model"] = lambda _args: fake.model_facts() | {"no_graph": reason}
    controller.show()
    controller.window.go("export")
    context, pane = controller.context, controller.window.pane("export")
    context.edit_many({"model": {"source": "hub", "name": fake.MINILM}, "export": [{"name": "onnx"}]})
    until(lambda: context.facts.model.state == "known")
    assert pane.problems.messages() == ["No file for CanineTokenizer."]
    assert "No file for CanineTokenizer." in [problem.message for problem in context.project.problems()]
    context.edit("export", [{"name": "safetensors"}])
    assert pane.problems.messages() == []
    context.edit("compress", [{"name": "dynamic-int8"}])
    assert controller.window.steps.state_of("compress")[0] == "missing"
    context.edit_many({"compress": [], "export": [{"name": "onnx"}], "task": {"name": "image-classification"}})
    assert pane.problems.messages() == [], "images need no tokenizer"
