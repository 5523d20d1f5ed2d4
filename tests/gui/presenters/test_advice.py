"""The advisor: asked on a click, shown in tables and drawings, taken on a click."""

from __future__ import annotations

import pytest

from tests.gui import fake, fake_advice


@pytest.fixture
def ready(controller, csv, until, answers):
    """A window with model and data, whose worker knows the advisor's answers."""
    answers |= fake_advice.ANSWERS
    controller.show()
    controller.context.edit("model", {"source": "hub", "name": fake.MINILM})
    controller.context.set_data_file("train", str(csv))
    until(lambda: controller.context.facts.data.state == "known")
    return controller


def test_nothing_can_be_asked_without_data(controller):
    controller.show()
    controller.window.go("model")
    view = controller.window.pane("model").advice
    assert not view.ask_button.isEnabled()
    assert "data" in view.obstacle.text()


def test_models_are_ranked_and_the_best_is_taken(ready, until):
    ready.window.go("model")
    view = ready.window.pane("model").advice
    assert view.ask_button.isEnabled() and not view.table.isVisible()
    view.ask_button.click()
    until(view.table.isVisible)
    assert view.table.model().rowCount() == 2
    cells = [view.table.model().index(0, column).data() for column in range(7)]
    assert cells == ["1", "Multilingual E5 small", "83.0 %", "73.0 %", "0.415", "118 M", "14.2 ms"]
    assert "Multilingual E5 small comes first" in view.sentences.text()
    view.take_button.click()
    assert ready.context.project.recipe.model.name == "intfloat/multilingual-e5-small"
    assert view.table.isVisible(), "the ranking does not depend on the chosen model"
    assert not view.take_button.isVisible()
    ready.context.project.undo()
    assert ready.context.project.recipe.model.name == fake.MINILM


def test_a_strategy_is_advised_and_forgotten_with_its_data(ready, until):
    ready.window.go("strategy")
    pane = ready.window.pane("strategy")
    view = pane.advice["advise"]
    view.ask_button.click()
    until(view.take_button.isVisible)
    assert view.take_button.text() == "Use LoRA"
    assert [view.table.model().index(1, column).data() for column in (0, 1, 2)] == ["Linear probe", "0.710", "480"]
    view.take_button.click()
    assert ready.context.project.recipe.strategy.name == "lora"
    ready.context.edit("data.split.seed", 11)
    assert not view.table.isVisible(), "other rows are trained on now"


def test_a_rate_is_drawn_and_taken(ready, until):
    ready.window.go("strategy")
    pane = ready.window.pane("strategy")
    pane.advisor_tabs.setCurrentIndex(1)
    view = pane.advice["lr"]
    view.ask_button.click()
    until(lambda: view.canvas is not None)
    assert view.canvas.grab().width() > 0
    view.take_button.click()
    assert ready.context.project.recipe.training.learning_rate == pytest.approx(1.2e-4)
    assert view.canvas is not None, "what it changes is not what it depends on"


def test_a_learning_curve_is_drawn(ready, until):
    ready.window.go("strategy")
    view = ready.window.pane("strategy").advice["curve"]
    view.ask_button.click()
    until(lambda: view.canvas is not None)
    assert "Twice as many rows" in view.sentences.text()
    assert not view.take_button.isVisible()


def test_a_few_examples_of_each_class_are_asked_for(ready, until):
    ready.window.go("strategy")
    pane = ready.window.pane("strategy")
    pane.advisor_tabs.setCurrentIndex(2)
    view = pane.advice["curve"]
    view.numbers.setText("")
    assert not view.few_button.isEnabled()
    view.numbers.setText("16, 4; 8 4")
    assert view.chosen() == [4, 8, 16]
    view.few_button.click()
    assert not view.few_button.isEnabled()
    until(lambda: view.canvas is not None)
    assert view.few_button.isEnabled()
    assert "brought +4.1" in view.sentences.text()
    assert [row[0] for row in view.table.shown()] == ["32 (4 a class)", "64 (8 a class)", "128 (16 a class)"]
    assert view.table.shown()[0][2] == "3.0 %"
    assert view.canvas.accessibleName().endswith("Examples of each class")
    view.ask_button.click()
    until(lambda: "Twice as many rows" in view.sentences.text())
    assert view.table.shown()[0][0] == "40"


def test_errors_are_told_where_they_were_asked(ready, until, answers):
    error = {"code": "data.few", "message": "There are too few rows.", "remedy": "Add some.", "where": "", "params": {}}

    def fail(_args):
        raise ValueError(error)  # the fake worker tells it as an error of the studio

    answers["curve"] = fail
    ready.window.go("strategy")
    view = ready.window.pane("strategy").advice["curve"]
    view.ask_button.click()
    until(lambda: "too few rows" in view.obstacle.text())
    assert view.ask_button.isEnabled()


def test_the_button_above_scrolls_to_the_advisor(ready):
    for step in ("model", "strategy"):
        ready.window.go(step)
        pane = ready.window.pane(step)
        assert pane.verticalScrollBar().value() == 0
        pane.advisor_button.click()
        assert pane.advisor_card.visibleRegion().boundingRect().height() > 60


def test_models_are_shown_as_they_come(ready):
    from tlstudio.gui.facts import Known

    ready.window.go("model")
    view = ready.window.pane("model").advice
    one = {key: value for key, value in fake_advice.rank({})["candidates"][0].items() if key not in ("rank", "reasons")}
    ready.context.facts.receive("rank", Known("busy", progress={"done": 1, "total": 3}, partial=(one,)))
    assert view.table.isVisible() and view.busy.isVisible()
    assert [view.table.model().index(0, column).data() for column in (0, 1)] == ["–", "Multilingual E5 small"]
    assert not view.take_button.isVisible()
    ready.context.facts.cancel("rank")
    assert not view.table.isVisible()
