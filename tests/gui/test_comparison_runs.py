"""Two runs in the whole window: watched in Train, compared in Results, ended by closing."""

from __future__ import annotations

import pytest

from tests.gui import fake


@pytest.fixture
def window(controller, csv, until):
    """The window with a recipe whose effect of augmentation can be measured."""
    context = controller.context
    controller.show()
    context.edit_many({"model": {"source": "hub", "name": fake.MINILM}, "data.path": str(csv)})
    context.edit("data.balance", "classes")
    until(lambda: context.facts.data.state == "known" and context.facts.model.state == "known")
    return controller.window


def test_both_runs_are_watched_and_then_compared(window, controller, until):
    context = controller.context
    said = []
    context.session.drained.connect(lambda _lines: said.append(window.status.doing.text()))
    context.comparison.start()
    window.go("train")
    until(lambda: context.comparison.number == 2)
    first = context.comparison._folders[0]
    assert context.session.active and not window.plan.start.isEnabled()
    until(lambda: not context.comparison.active)
    pane = window.pane("results")
    until(lambda: window.stack.currentWidget() is pane)
    assert context.project.run == context.session.folder != first
    assert pane.tabs.currentWidget() is pane.comparison
    assert first.name in pane.comparison.caption.text()
    assert any(text.startswith("Run 1 of 2, rows as they are  ·  ") for text in said)
    assert any(text.startswith("Run 2 of 2, classes equally often  ·  ") for text in said)


def test_closing_ends_the_comparison(window, controller, dialogs, runners, until):
    context, closed = controller.context, []
    controller.closed.connect(lambda: closed.append(True))
    context.comparison.start()
    until(lambda: context.session.state == "running")
    dialogs.reply = {"A model is training": "stop", "Unsaved changes": "discard"}
    window.close()
    until(lambda: closed)
    assert sum(job == "run" for runner in runners for job, _args in runner.asked) == 1
    assert not context.session.active


def test_another_language_in_the_middle_goes_on(window, controller, until):
    context = controller.context
    context.comparison.start()
    until(lambda: context.session.state == "running")
    controller.set_language("zh_CN")
    until(lambda: not context.comparison.active)
    pane = controller.window.pane("results")
    until(lambda: controller.window.stack.currentWidget() is pane)
    assert pane.tabs.currentWidget() is pane.comparison


def test_a_run_that_goes_on_is_not_disturbed(window, controller, until):
    context = controller.context
    controller.start()
    context.comparison.start()
    assert not context.comparison.active
    context.session.send("cancel")
    until(lambda: not context.session.active)
