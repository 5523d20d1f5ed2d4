"""Strategy pane and its presenter."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest

from tests.gui import fake
from tlstudio.core.options import describe
from tlstudio.core.recipe import TrainingSection
from tlstudio.gui.panes.strategy import StrategyPane
from tlstudio.gui.widgets.network import Block


@pytest.fixture
def pane(keep):
    result = keep(StrategyPane(describe(TrainingSection)))
    result.set_strategies({
        "network": [("full", "Full", "All of it.")], "features": [("probe", "Probe", "Only the head.")],
    })  # fmt: skip
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


def test_only_the_chosen_strategy_is_explained(pane):
    pane.set_strategy("probe", [], {})
    assert pane.summary.text() == "Only the head."
    pane.set_strategy("full", [], {})
    assert pane.summary.text() == "All of it."


# --- the drawing


def press(view, place, to=None):
    """A click, or a drag, with the left button."""
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=place.toPoint())
    if to is not None:
        QTest.mouseMove(view, to.toPoint())
        view.mouseMoveEvent(QMouseEvent(QEvent.Type.MouseMove, to, view.mapToGlobal(to), Qt.MouseButton.NoButton,
                                        Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier))  # fmt: skip
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=(to or place).toPoint())


@pytest.fixture
def shown(controller, until):
    """The Strategy pane with MiniLM, whose network has six blocks."""
    controller.show()
    controller.context.edit("model", {"source": "hub", "name": fake.MINILM})
    controller.window.go("strategy")
    pane = controller.window.pane("strategy")
    until(lambda: pane.network.blocks)
    return pane


def test_blocks_are_chosen_by_click_and_by_key(controller, shown):
    recipe = controller.context.project
    view = shown.network
    press(view, view._area(3).center())
    assert recipe.recipe.strategy.options == {}, "full fine-tuning has nothing to choose"
    shown.strategy_chosen.emit("partial")
    names = [block.name for block in view.blocks]
    assert [block.name for block in view.blocks if block.state == "trains"] == ["block 6", "head"]
    press(view, view._area(names.index("block 3")).center())
    assert recipe.recipe.strategy.options["trains"] == "selection"
    assert recipe.recipe.strategy.options["selection"] == ["block 3", "block 6"]
    view.setFocus()
    view._current = names.index("block 6")
    recipe._last_edit = None  # a while later: another step to undo
    QTest.keyClick(view, Qt.Key.Key_Space)
    assert recipe.recipe.strategy.options["selection"] == ["block 3"]
    controller.context.project.undo()
    assert recipe.recipe.strategy.options["selection"] == ["block 3", "block 6"]


def test_openings_are_dragged_and_stay_in_order(controller, shown):
    controller.context.edit("training.epochs", 8)
    shown.strategy_chosen.emit("gradual-unfreezing")
    view = shown.network
    opens = {block.name: block.opens for block in view.blocks}
    assert opens["head"] == 0 < opens["block 6"] < opens["block 1"] < opens["embeddings"] == 4
    names = [block.name for block in view.blocks]
    index = names.index("block 5")
    strip = view._strip(view._area(index))
    edge = QPointF(strip.left() + opens["block 5"] / 8 * strip.width(), strip.center().y())
    press(view, edge, QPointF(strip.left() + 6 / 8 * strip.width(), edge.y()))
    opens = {block.name: block.opens for block in view.blocks}
    assert opens["block 5"] == 6
    assert opens["block 6"] < 6 == opens["block 4"] == opens["embeddings"], "those below open no earlier"
    view.setFocus()
    view._current = index
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert {block.name: block.opens for block in view.blocks}["block 5"] == 5.75
    assert "from epoch 6.75" in view.accessibleDescription()
    shown.options_form.fields["by"].editor.setCurrentIndex(1)
    assert controller.context.project.recipe.strategy.options["by"] == "plateau"
    before = controller.context.project.recipe
    press(view, edge, QPointF(edge.x() + 40, edge.y()))
    assert controller.context.project.recipe == before, "nothing to drag where losses decide"


def test_rates_are_drawn_over_time(shown, controller):
    controller.context.edit_many({"strategy.layer_decay": 0.5, "training.schedule": "constant", "training.warmup": 0.0})
    blocks = {block.name: block for block in shown.network.blocks}
    assert set(blocks["head"].curve) == {1.0}
    assert set(blocks["block 6"].curve) == {0.5}
    assert blocks["block 1"].curve[0] == pytest.approx(0.5**6)
    assert "trains × 0.5" in shown.network.accessibleDescription()


def test_the_sentence_counts_what_really_trains(shown, controller, answers):
    shown.strategy_chosen.emit("partial")
    shown.options_form.fields["trains"].editor.setCurrentIndex(1)
    trained = sum(block.trained for block in shown.network.blocks)
    assert 0 < trained < 100_000 < sum(block.parameters for block in shown.network.blocks)
    assert trained == 3080 + 6 * 4992
    assert shown.drawing_note.text().startswith("33 k of"), "biases alone, and the head"


def test_regularisers_are_added_set_and_removed(shown, controller):
    titles = {action.data(): action for action in shown.regularisers.add_menu.actions()}
    titles["r-drop"].trigger()
    titles = {action.data(): action for action in shown.regularisers.add_menu.actions()}
    assert "r-drop" not in titles
    titles["l2-sp"].trigger()
    names = [choice.name for choice in controller.context.project.recipe.regularise]
    assert names == ["r-drop", "l2-sp"]
    _name, form = shown.regularisers._forms[0]
    form.fields["weight"].editor.setValue(2.0)
    assert controller.context.project.recipe.regularise[0].options == {"weight": 2.0}
    assert "R-Drop" in " ".join(controller.window.plan.texts())
    shown.regularisers.remove_requested.emit(0)
    assert [choice.name for choice in controller.context.project.recipe.regularise] == ["l2-sp"]


def test_adaptations_are_added_ordered_set_and_removed(shown, controller):
    def chosen():
        return [choice.name for choice in controller.context.project.recipe.adapt]

    actions = {action.data(): action for action in shown.adaptations.add_menu.actions()}
    assert set(actions) == {"masked-lm", "denoising", "simcse"}
    assert "Masked images (MAE). Text classification learns from texts." in shown.adaptations.unfit.text()
    actions["simcse"].trigger()
    next(action for action in shown.adaptations.add_menu.actions() if action.data() == "masked-lm").trigger()
    assert chosen() == ["simcse", "masked-lm"]
    controller.context.project._last_edit = None  # a while later: another step to undo
    shown.adaptations.move_requested.emit(1, -1)
    assert chosen() == ["masked-lm", "simcse"]
    controller.context.project.undo()
    assert chosen() == ["simcse", "masked-lm"]
    _name, form = shown.adaptations._forms[0]
    assert form.fields["data"].value() == "train" and form.fields["column"].isHidden()
    form.fields["data"].editor.setText("/home/me/texts.txt")
    form.fields["data"].auto.setChecked(False)
    assert controller.context.project.recipe.adapt[0].options == {"data": "/home/me/texts.txt"}
    assert not form.fields["column"].isHidden()
    form.fields["epochs"].editor.setValue(5)
    assert controller.context.project.recipe.adapt[0].options["epochs"] == 5
    assert "adapts the model first" in " ".join(controller.window.plan.texts())
    shown.adaptations.remove_requested.emit(0)
    assert chosen() == ["masked-lm"]


def test_adaptations_fit_the_task_and_the_model(shown, controller, answers, until, monkeypatch):
    # who asks an architecture itself imports transformers
    monkeypatch.setattr("tlstudio.adaptation.base.reads_texts", lambda _config: pytest.fail("only the worker asks"))
    controller.context.edit("task", {"name": "image-classification"})
    refused = {"code": "adapt.no-patches", "message": "Not for {kind}.", "params": {"kind": "resnet"}, "remedy": ""}
    answers["inspect-model"] = lambda _args: fake.model_facts() | {"adaptations": {"masked-images": refused}}
    controller.context.facts.inspect_again("model")
    until(lambda: "resnet" in shown.adaptations.unfit.text())
    assert not shown.adaptations.add_button.isEnabled()
    assert "Image classification learns from images." in shown.adaptations.unfit.text()
    answers["inspect-model"] = lambda _args: fake.model_facts() | {"adaptations": {"masked-images": None}}
    controller.context.facts.inspect_again("model")
    until(lambda: [action.data() for action in shown.adaptations.add_menu.actions()] == ["masked-images"])


def test_options_without_effect_are_hidden(shown, controller):
    shown.strategy_chosen.emit("partial")
    assert shown.options_form.fields["blocks"].isVisible()
    controller.context.edit("strategy.trains", "biases")
    assert not shown.options_form.fields["blocks"].isVisible()


def test_the_advisor_is_as_high_as_its_page(shown):
    heights = []
    for index in range(shown.advisor_tabs.count()):
        shown.advisor_tabs.setCurrentIndex(index)
        heights.append(shown.advisor_tabs.sizeHint().height())
    assert heights[3] > heights[1], "more is asked for in a search"
