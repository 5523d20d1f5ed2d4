"""Compress pane and its presenter."""

from __future__ import annotations

import pytest

from tests.gui import fake
from tlstudio.gui.panes.compress import CompressPane
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
    assert row == ["Dynamic int8", "23.0 MB", "94.0 % (92.0–96.0)", "10.9 ms", "130.0 ms", "99.8 %"]
    pane.set_measured({})
    assert not pane.measured.isVisible()


def test_real_step_is_added_drawn_and_removed(controller, until):
    controller.show()
    controller.context.edit("model", {"source": "hub", "name": fake.MINILM})
    controller.window.go("compress")
    pane = controller.window.pane("compress")
    until(lambda: controller.context.facts.model.state == "known")
    pane.steps.add_menu.actions()[0].trigger()
    assert [choice.name for choice in controller.context.project.recipe.compress] == ["dynamic-int8"]
    assert {block.state for block in pane.network.blocks} == {"int8"}
    pane.steps.remove_requested.emit(0)
    assert controller.context.project.recipe.compress == ()
    assert pane.empty.isVisible()
