"""Compress pane and its presenter."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.gui import fake
from tlstudio.gui.panes.compress import CompressPane
from tlstudio.gui.widgets import result_summary
from tlstudio.gui.widgets.choice_cards import Choice


@pytest.fixture
def pane(keep):
    return keep(CompressPane())


def test_empty_state_adds_the_first_step(pane, qtbot):
    pane.steps.set_available([("int8", "Int8", "Smaller.")])
    pane.steps.set_choices([])
    pane.set_available(possible=True, chosen=False)
    assert pane.empty.isVisible()
    with qtbot.waitSignal(pane.steps.add_requested) as signal:
        pane.empty.button.click()
    assert signal.args == ["int8"]


def test_steps_are_moved_and_removed(pane):
    pane.steps.set_choices([Choice("a", "A", "First.", (), {}), Choice("b", "B", "Second.", (), {})])
    made = []
    pane.steps.move_requested.connect(lambda *args: made.append(("move", *args)))
    pane.steps.remove_requested.connect(lambda *args: made.append(("remove", *args)))
    from PySide6.QtWidgets import QToolButton

    tools = {(t.property("index"), t.accessibleName()): t for t in pane.findChildren(QToolButton)}
    assert not tools[(0, "Earlier")].isEnabled()
    tools[(1, "Earlier")].click()
    tools[(0, "Remove A")].click()
    assert made == [("move", 1, -1), ("remove", 0)]


def test_measured_table(pane):
    pane.set_measured(fake.results("r"))
    row = [pane.table.item(1, column).text() for column in range(6)]
    assert row == ["Dynamic int8", "23.0 MB\n4.0 × smaller", "94.0 % (92.0–96.0)", "10.9 ms\n2.2 × faster",
                   "130.0 ms\n2.3 × faster", "99.8 %"]  # fmt: skip
    assert pane.table.item(0, 1).text() == "91.0 MB", "the trained model has nothing to be compared with"
    assert pane.table.item(1, 3).toolTip() == "95 % of the times at most 12.0 ms"
    pane.set_measured({})
    assert not pane.measured.isVisible()


def test_networks_of_the_same_runtime_are_told_apart(pane):
    results = fake.results("r")
    for stage, title in zip(results["stages"], ("Trained model", "Weights in bf16"), strict=True):
        stage |= {"title": title, "runtime": "PyTorch fp32"}
    pane.set_measured(results)
    shown = [pane.table.item(line, 0).text() for line in (0, 1)]
    assert shown == ["Trained model\nPyTorch fp32", "Weights in bf16\nPyTorch fp32"]
    assert [result_summary._stage(stage) for stage in results["stages"]] == [
        "Trained model (PyTorch fp32)", "Weights in bf16 (PyTorch fp32)",
    ]  # fmt: skip


@pytest.mark.parametrize(("score", "word"), [(0.9, "worse"), (0.97, "better"), (0.93, "")])
def test_a_score_outside_the_interval_is_marked_by_a_word(pane, score, word):
    results = fake.results("r")
    results["stages"][1]["metrics"] = {"accuracy": fake.interval(score)}
    pane.set_measured(results)
    text = pane.table.item(1, 2).text()
    assert text.endswith(word) and (word or "\n" not in text)


def test_real_step_is_added_drawn_and_removed(controller, until):
    controller.show()
    controller.context.edit("model", {"source": "hub", "name": fake.MINILM})
    controller.window.go("compress")
    pane = controller.window.pane("compress")
    until(lambda: controller.context.facts.model.state == "known")
    pane.empty.triggered.emit()
    assert [choice.name for choice in controller.context.project.recipe.compress] == ["dynamic-int8"]
    assert {block.state for block in pane.network.blocks} == {"int8"}
    pane.steps.remove_requested.emit(0)
    assert controller.context.project.recipe.compress == ()
    assert pane.empty.isVisible()


INT8, REMOVAL = {"name": "dynamic-int8"}, {"name": "layer-removal"}


def tools(pane):
    from PySide6.QtWidgets import QToolButton

    return {(t.property("index"), t.accessibleName()): t for t in pane.steps.findChildren(QToolButton)}


def names(controller):
    return [choice.name for choice in controller.context.project.recipe.compress]


@pytest.fixture
def steps(controller, until):
    """The window at its Compress step, with a model that is known."""
    controller.show()
    controller.context.edit("model", {"source": "hub", "name": fake.MINILM})
    controller.window.go("compress")
    until(lambda: controller.context.facts.model.state == "known")
    return controller.window.pane("compress")


def told(pane):
    """Note and problem of each card."""
    return [(note.text(), problem.text()) for note, problem in pane.steps._told]


def test_an_order_that_cannot_be_is_told_at_the_card_and_mended_by_keys(controller, steps):
    controller.context.edit("compress", [INT8, REMOVAL])
    (first, fine), (second, wrong) = told(steps)
    assert first.startswith("Takes: a network, an ONNX graph. Gives: a finished ONNX graph") and not fine
    assert second == "Takes: a network. Gives: a network."
    assert wrong.startswith("⚠ It cannot follow Dynamic int8, which gives a finished ONNX graph")
    assert {block.state for block in steps.network.blocks} == {"int8"}, "what cannot follow is not drawn"
    up = tools(steps)[(1, "Earlier")]
    up.setFocus()
    QTest.keyClick(up, Qt.Key.Key_Space)
    assert names(controller) == ["layer-removal", "dynamic-int8"]
    assert [problem for _note, problem in told(steps)] == ["", ""]
    assert steps.window().focusWidget() is tools(steps)[(0, "Later")], "the keyboard stays with the step"


def test_a_chain_that_undoes_itself_is_warned_of(controller, steps):
    controller.context.edit("compress", [{"name": "bf16"}, INT8])
    assert any("'Weights in bf16' brings nothing here" in text for text in steps.problems.messages())
    controller.context.edit("compress", [INT8])
    assert not any("brings nothing here" in text for text in steps.problems.messages())


def test_steps_are_duplicated_and_removed_by_keys(controller, steps):
    controller.context.edit("compress", [{**REMOVAL, "keep": 4}])
    copy = tools(steps)[(0, "Duplicate Layer removal")]
    copy.setFocus()
    QTest.keyClick(copy, Qt.Key.Key_Space)
    assert [choice.options for choice in controller.context.project.recipe.compress] == [{"keep": 4}] * 2
    assert steps.window().focusWidget() is tools(steps)[(1, "Duplicate Layer removal")]
    for _ in range(2):
        QTest.keyClick(steps.window().focusWidget(), Qt.Key.Key_Tab)
        remove = tools(steps)[(0, "Remove Layer removal")]
        remove.setFocus()
        QTest.keyClick(remove, Qt.Key.Key_Space)
    assert names(controller) == [] and steps.window().focusWidget() is steps.steps.add_button
    assert len(steps.steps.add_menu.actions()) >= 2, "a step may be added twice"


def test_removed_layers_are_drawn(controller, steps):
    controller.context.edit("compress", [{**REMOVAL, "keep": 2, "choose": "top"}])
    states = {block.name: block.state for block in steps.network.blocks}
    assert [states[f"block {n}"] for n in range(1, 7)] == ["fp32"] * 2 + ["removed"] * 4
    assert "removed" in steps.network.accessibleDescription()
    controller.context.edit("compress", [{**REMOVAL, "choose": "importance"}, INT8])
    assert {block.state for block in steps.network.blocks} == {"int8"}
    controller.context.edit("compress", [{**REMOVAL, "choose": "importance"}])
    assert {block.state for block in steps.network.blocks} == {"fp32", "maybe"}
    assert "decided by the rows" in steps.drawing_note.text()


def test_a_step_that_says_nothing_is_not_drawn(controller, steps, monkeypatch):
    from tlstudio.compression.dynamic_int8 import DynamicInt8

    monkeypatch.delattr(DynamicInt8, "changes")
    controller.context.edit("compress", [INT8])
    assert {block.state for block in steps.network.blocks} == {"plain"}
    assert steps.drawing_note.text() == "Not drawn, because it is only known when it runs: Dynamic int8."


def finished_run(tmp_path):
    run = tmp_path / "runs" / "r"
    run.mkdir(parents=True)
    (run / "results.json").write_text(json.dumps(fake.results("r")), encoding="utf-8")
    return run


def test_what_a_step_has_brought_stands_at_its_card(controller, steps, tmp_path):
    controller.context.edit("compress", [INT8])
    controller.context.show_run(finished_run(tmp_path))
    assert "4.0 × smaller, 2.2 × faster, Accuracy +0.0 points" in told(steps)[0][0]
    controller.context.edit("compress", [REMOVAL, INT8])
    assert not any("shown run" in note for note, _problem in told(steps)), "other steps were measured"


def test_compress_now(controller, steps, tmp_path, until, runners):
    assert not steps.compress_button.isEnabled() and "finished run" in steps.note.text()
    run = finished_run(tmp_path)
    controller.context.show_run(run)
    assert "Add a step" in steps.note.text() and steps.compress_button.toolTip() == steps.note.text()
    controller.context.edit("compress", [INT8, REMOVAL])
    assert not steps.compress_button.isEnabled() and "does not fit" in steps.note.text()
    controller.context.edit("compress", [{**REMOVAL, "keep": 3}, INT8])
    assert steps.compress_button.isEnabled() and "on r;" in steps.note.text()
    before = controller.context.project.results
    steps.compress_button.click()
    assert not steps.compress_button.isEnabled() and "run has ended" in steps.note.text()
    until(lambda: not controller.context.session.active)
    args = [args for runner in runners for job, args in runner.asked if job == "compress"]
    assert args == [{"folder": str(run), "compress": [{"name": "layer-removal", "keep": 3}, INT8]}]
    assert controller.context.project.results is not before and steps.compress_button.isEnabled()


def test_compressing_is_cancelled(controller, steps, tmp_path, until):
    controller.context.show_run(finished_run(tmp_path))
    controller.context.edit("compress", [INT8])
    steps.compress_button.click()
    controller.window.status.asked.emit("cancel")
    until(lambda: not controller.context.session.active)
    assert steps.compress_button.isEnabled() and controller.context.project.results is not None
