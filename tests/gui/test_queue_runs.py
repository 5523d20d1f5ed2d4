"""The queue in the window: recipes wait, are run one after another, and are seen."""

from __future__ import annotations

import pytest

from tests.gui import fake
from tests.gui.test_controller import ready
from tlstudio.session.recipe_queue import RecipeQueue
from tlstudio.session.runners import explain_exit


@pytest.fixture
def window(controller, csv, until):
    controller.show()
    ready(controller, csv, until)
    controller.window.go("train")
    return controller.window


def states(controller):
    return [item.state for item in controller.context.queue.items]


def test_three_recipes_of_which_one_crashes(controller, window, until, monkeypatch):
    queue, pane = controller.context.queue, window.pane("train")
    for epochs in (1, 2, 3):
        controller.context.edit("training.epochs", epochs)
        pane.queue_button.click()
    until(lambda: len(queue.items) == 3)
    assert pane.queue.isVisible()
    usual, runs = fake.FakeRunner._run, []

    def run(self, folder, after):
        runs.append(self.asked[-1][1]["recipe"]["training"]["epochs"])
        if len(runs) == 2:
            error = explain_exit(1).to_dict()
            yield {"event": "finished", "id": 1, "outcome": "failed", "seconds": 0.0, "error": error}
            return
        yield from usual(self, folder, after)

    monkeypatch.setattr(fake.FakeRunner, "_run", run)
    pane.queue.start_button.click()
    until(lambda: states(controller) == ["completed", "failed", "completed"])
    assert runs == [1, 2, 3]
    until(lambda: not queue.going)
    assert not controller.context.session.active
    pane.queue.clear_button.click()
    until(lambda: not queue.items)
    assert not pane.queue.isVisible()


def test_the_queue_waits_for_a_run_that_is_going_on(controller, window, until):
    queue, session = controller.context.queue, controller.context.session
    controller.enqueue()
    until(lambda: len(queue.items) == 1)
    controller.start()
    until(lambda: session.state == "running")
    first = session.folder
    queue.start()
    until(lambda: session.folder != first, 60)
    until(lambda: states(controller) == ["completed"])


def test_holding_lets_the_present_run_end(controller, window, until):
    queue = controller.context.queue
    for _ in range(2):
        controller.enqueue()
    until(lambda: len(queue.items) == 2)
    queue.start()
    until(lambda: states(controller)[0] == "running")
    window.pane("train").queue.hold_button.click()
    until(lambda: states(controller) == ["completed", "waiting"])
    assert not controller.context.session.active


def test_places_change_and_other_processes_are_seen(controller, window, until):
    queue = controller.context.queue
    other = RecipeQueue(controller.context.settings.runs_path)
    for name in ("a", "b"):
        other.add(controller.context.project.recipe, name)
    queue.look()
    until(lambda: [item.title for item in queue.items] == ["a", "b"])
    queue.move(queue.items[1].id, 0)
    until(lambda: [item.title for item in queue.items] == ["b", "a"])
    queue.remove(queue.items[0].id)
    until(lambda: [item.title for item in queue.items] == ["a"])


def test_a_recipe_that_cannot_run_is_not_queued(controller, until):
    controller.show()
    controller.enqueue()
    assert controller.context.queue.items == []
    assert controller.window.steps.current() == "model"
