"""Strategy pane and its presenter."""

from __future__ import annotations

import pytest

from tests.gui import fake
from tlstudio.core.options import describe
from tlstudio.core.recipe import TrainingSection
from tlstudio.gui.panes.strategy import StrategyPane
from tlstudio.gui.widgets.network import Block


@pytest.fixture
def pane(keep):
    result = keep(StrategyPane(describe(TrainingSection)))
    result.set_strategies([("full", "Full", "All of it."), ("probe", "Probe", "Only the head.")])
    return result


def test_strategies_are_chosen(pane, qtbot):
    pane.set_strategy("full", [], {})
    choices = {choice.property("strategy"): choice for choice in pane._group.buttons()}
    assert choices["full"].isChecked()
    with qtbot.waitSignal(pane.strategy_chosen) as signal:
        choices["probe"].click()
    assert signal.args == ["probe"]


def test_training_is_edited_and_set_without_echo(pane):
    made = []
    pane.edited.connect(lambda path, value: made.append((path, value)))
    pane.set_training(TrainingSection(epochs=3, warmup=0.1).model_dump())
    assert made == []
    assert pane.common_form.fields["epochs"].value() == 3
    pane.advanced_form.fields["warmup"].editor.setValue(0.2)
    assert made == [("training.warmup", 0.2)]


def test_advanced_is_folded(pane):
    assert not pane.advanced_form.isVisible()
    pane.advanced.toggle.click()
    assert pane.advanced_form.isVisible()


def test_drawing_says_in_words_what_it_shows(pane):
    pane.set_blocks([Block("embeddings", 100, "frozen"), Block("head", 7, "trains")], "7 of 107 train.")
    assert pane.network.accessibleDescription() == "Embeddings: 100, frozen; Head: 7, trains"
    assert pane.network.grab().width() > 0


def test_real_strategies_draw_what_they_train(controller, until):
    controller.show()
    controller.context.edit("model", {"source": "hub", "name": fake.MINILM})
    controller.window.go("strategy")
    pane = controller.window.pane("strategy")
    until(lambda: pane.network.blocks)
    assert {block.state for block in pane.network.blocks} == {"trains"}
    pane.strategy_chosen.emit("linear-probe")
    assert controller.context.project.recipe.strategy.name == "linear-probe"
    states = [block.state for block in pane.network.blocks]
    assert states == ["frozen"] * 7 + ["trains"]
    assert pane.drawing_note.text() == "3.08 k of 22.6 M parameters train."


def test_options_of_strategy_and_task_edit_the_recipe(controller):
    controller.show()
    controller.window.go("strategy")
    pane = controller.window.pane("strategy")
    assert pane.task_form is not None
    box = pane.task_form.fields["class_weights"].editor
    box.setCurrentIndex(box.findData("balanced"))
    assert controller.context.project.recipe.task.options == {"class_weights": "balanced"}
    name, field = next(iter(pane.options_form.fields.items()))
    field.editor.setValue(0.1)
    assert controller.context.project.recipe.strategy.options[name] == 0.1


def test_auto_shows_the_number_that_will_be_used(controller, csv, until):
    controller.show()
    controller.window.go("strategy")
    pane = controller.window.pane("strategy")
    fields = pane.common_form.fields
    assert fields["epochs"].editor.text() == "auto", "depends on data that is not chosen yet"
    assert fields["batch_size"].editor.text() == "16"
    controller.context.set_data_file("train", str(csv))
    until(lambda: fields["epochs"].editor.text() == "9")  # 560 rows need more passes than thousands do
    assert "at most 9 epochs" in " ".join(controller.window.plan.texts())
    assert controller.context.project.recipe.training.epochs == "auto"
    pane.strategy_chosen.emit("linear-probe")
    assert fields["epochs"].editor.text() == "60"
    assert fields["learning_rate"].editor.text() == "0.01"


def test_dropout_is_that_of_the_model_until_it_is_chosen(controller):
    controller.show()
    controller.window.go("strategy")
    field = controller.window.pane("strategy").options_form.fields["hidden_dropout"]
    assert field.editor.text() == "" and field.auto.text() == "As in the model"
    field.auto.click()
    assert controller.context.project.recipe.strategy.options["hidden_dropout"] == 0.1
    field.auto.click()
    assert "hidden_dropout" not in controller.context.project.recipe.strategy.options


def test_the_head_has_a_row_for_each_label(controller, csv, until, answers):
    facts = fake.model_facts()
    facts["groups"][-1]["parameters"] = 2 * 385
    answers["inspect-model"] = lambda _args: facts | {"labels": 2}
    controller.show()
    controller.context.edit_many({"model": {"source": "hub", "name": fake.MINILM}, "strategy.name": "linear-probe"})
    controller.window.go("strategy")
    pane = controller.window.pane("strategy")
    until(lambda: pane.drawing_note.text().startswith("770 of"))
    controller.context.set_data_file("train", str(csv))
    until(lambda: pane.drawing_note.text().startswith("3.08 k of"))
