"""The task: chosen, followed, offered; what fits it and what does not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from tests.gui import fake
from tlstudio.core import plugins
from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import Recipe, from_dict
from tlstudio.gui import fit
from tlstudio.gui.presenters.task import with_task
from tlstudio.tasks.base import TaskBase


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    max_length: int = Field(128, ge=8, title="Length", description="Tokens.")


class Others(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    max_length: int = Field(64, ge=8, le=100, title="Length", description="Tokens.")
    scheme: Literal["bio"] = Field("bio", title="Scheme", description="Of tags.")


def task(name: str, title: str, roles: tuple[str, ...], config: type[BaseModel] = Options, **more: Any) -> Any:
    usual = {"NAME": name, "TITLE": title, "SUMMARY": f"{title} in short.", "ROLES": roles, "Config": config}
    return type("Task", (TaskBase,), usual | {"QUICK": ("accuracy", "loss")} | more)()


TASKS = [
    task("text-classification", "Text classification", ("text", "label")),
    task("token-classification", "Token classification", ("tokens", "tags"), Others, METRIC="entity_f1",
         QUICK=("entity_f1", "token_accuracy", "loss")),
    task("image-classification", "Image classification", ("image", "label"), LEARNS="image"),
]  # fmt: skip


@pytest.fixture
def tasks(monkeypatch):
    real = plugins.find
    found = {item.NAME: item for item in TASKS}
    monkeypatch.setattr(plugins, "find", lambda package: found if package == "tlstudio.tasks" else real(package))
    monkeypatch.setattr("tlstudio.tasks.suggest.find", plugins.find)
    return found


@pytest.fixture
def opened(tasks, controller, csv, until):
    """The Data step over data with some roles."""

    def show(roles: dict[str, Any], answers: dict[str, Any], table, **more: Any):
        answers["inspect-data"] = lambda _args: fake.data_facts(table) | {"roles": roles} | more
        controller.show()
        controller.window.go("data")
        controller.context.set_data({"train": (str(csv),)})
        until(lambda: controller.context.facts.data.state == "known")
        return controller.window.pane("data")

    return show


TAGS = {"tokens": "words", "tags": "tags"}


def test_the_task_follows_the_data_and_undo_stays_undone(opened, controller, answers, table, until) -> None:
    pane = opened(TAGS, answers, table)
    recipe = controller.context.project.recipe
    assert recipe.task.name == "token-classification" == pane.task.box.currentData()
    assert recipe.training.best_metric == "auto"
    assert "chosen from the data: Token classification" in pane.offer.text.text()
    assert not pane.offer.button.isVisible()
    controller.context.project.undo()
    until(lambda: controller.context.facts.data.state == "known")
    assert controller.context.project.recipe.task.name == "text-classification"
    assert pane.offer.button.isVisible(), "offered, not taken again"


def test_a_chosen_task_stays_and_the_fitting_one_is_offered(opened, controller, answers, table, until) -> None:
    controller.context.facts.task_chosen = True
    pane = opened(TAGS, answers, table)
    assert controller.context.project.recipe.task.name == "text-classification"
    assert pane.offer.text.text() == "This data is made for another task: Token classification."
    pane.offer.button.click()
    assert controller.context.project.recipe.task.name == "token-classification"
    until(lambda: controller.context.facts.data.state == "known")
    assert not pane.offer.isVisible()


def test_data_that_lacks_roles_says_which_task_it_is_made_for(opened, controller, answers, table, runners) -> None:
    """Asked for the roles of the chosen task, the reply names those that are missing, and what the data is."""
    controller.context.facts.task_chosen = True
    pane = opened(TAGS, answers, table, missing=["text", "label"])
    asked = [args["roles"] for runner in runners for job, args in runner.asked if job == "inspect-data"]
    assert asked[-1] == ["text", "label"]
    assert "this data holds words with tags" in " ".join(pane.problems.messages())
    assert pane.offer.text.text() == "This data is made for another task: Token classification."


def test_labels_that_are_numbers_offer_the_tasks_of_an_order(tasks, opened, controller, answers, table, until) -> None:
    roles = {"text": "text", "label": "label"}
    tasks["ordinal"] = task("ordinal", "In order", ("text", "label"), ORDERS=True, SUGGESTED=False)
    tasks["numbers"] = task("numbers", "Numbers", ("text", "number"), ORDERS=True)
    pane = opened(roles, answers, table, labels=[[str(star), 20] for star in range(5)])
    assert controller.context.project.recipe.task.name == "text-classification"
    assert pane.offer.text.text().endswith("this makes more of them: In order, Numbers.")
    assert pane.offer.button.text() == "Use In order"
    pane.offer.button.click()
    assert controller.context.project.recipe.task.name == "ordinal"
    until(lambda: controller.context.facts.data.state == "known")
    assert not pane.offer.isVisible()
    controller.context.project.undo()
    until(lambda: controller.context.facts.data.state == "known")
    assert not pane.offer.isVisible(), "the user has chosen"


def test_data_without_any_role(opened, controller, answers, table) -> None:
    pane = opened({}, answers, table, missing=["text", "label"])
    assert pane.problems.messages() == ["Text classification needs a column for: Text, Label."]
    assert not pane.offer.isVisible()


def test_what_would_do_as_well_is_named(monkeypatch, opened, controller, answers, table, tasks) -> None:
    tuning = task("instruction-tuning", "Instruction tuning", ("prompt", "response"), ALTERNATIVES=(("messages",),))
    tasks["instruction-tuning"] = tuning
    controller.context.facts.task_chosen = True
    controller.context.edit("task", {"name": "instruction-tuning"})
    pane = opened({}, answers, table, missing=["prompt", "response"])
    [told] = pane.problems.messages()
    assert told == "Instruction tuning needs a column for: Prompt, Response; or instead one for: Messages."


def test_choosing_in_the_box(opened, controller, answers, table, dialogs) -> None:
    pane = opened({"text": "text", "label": "label"}, answers, table)
    assert not pane.offer.isVisible()
    assert pane.task.box.toolTip() == "Text classification in short."
    pane.task.box.activated.emit(pane.task.box.findData("image-classification"))
    assert controller.context.project.recipe.task.name == "image-classification"
    assert controller.context.facts.task_chosen
    dialogs.reply = {"Unsaved changes": "discard"}
    controller.project.new()
    assert not controller.context.facts.task_chosen


def test_options_that_the_new_task_knows_are_kept(tasks) -> None:
    recipe = from_dict({"task": {"name": "text-classification", "max_length": 96}, "training": {"best_metric": "loss"}})
    assert with_task(recipe, "token-classification") == {
        "task": {"name": "token-classification", "max_length": 96},
        "training.best_metric": "auto",
    }
    long = from_dict({"task": {"name": "text-classification", "max_length": 512}})
    assert with_task(long, "token-classification")["task"] == {"name": "token-classification"}
    assert with_task(long, "text-classification") == {}


def test_what_does_not_fit_is_not_offered_and_says_why(tasks, controller, monkeypatch) -> None:
    error = StudioError("strategy.no-features", "It needs one vector a text.", "Choose another.", where="strategy")
    strategies = plugins.find("tlstudio.strategies")
    name = next(name for name in strategies if name != controller.context.project.recipe.strategy.name)
    monkeypatch.setattr(type(strategies[name]), "fits", lambda _self, task: error if "Token" in task.TITLE else None,
                        raising=False)  # fmt: skip
    controller.show()
    controller.window.go("strategy")
    pane = controller.window.pane("strategy")
    assert name in pane._buttons and "one vector a text" not in pane.unfit.text()
    controller.context.edit("task", {"name": "token-classification"})
    assert name not in pane._buttons
    assert pane.unfit.text().startswith("Not for this task:") and "one vector a text" in pane.unfit.text()
    assert controller.context.project.recipe.strategy.name in pane._buttons


def test_the_best_metric_is_one_of_the_task(tasks, controller) -> None:
    controller.show()
    controller.window.go("strategy")
    box = controller.window.pane("strategy").advanced_form.fields["best_metric"].editor
    controller.context.edit("task", {"name": "token-classification"})
    shown = [(box.itemData(at), box.itemText(at)) for at in range(box.count())]
    assert shown == [("auto", "Automatic"), ("entity_f1", "Entity F1"), ("token_accuracy", "Token accuracy"),
                     ("loss", "Loss")]  # fmt: skip
    assert box.currentData() == "auto"
    box.setCurrentIndex(2)
    assert controller.context.project.recipe.training.best_metric == "token_accuracy"


def test_an_unfit_backbone_is_said_in_plan_and_pane(tasks, controller, answers, until) -> None:
    refused = {"code": "task.other-backbone", "message": "A backbone of the type '{kind}' reads no images.",
               "remedy": "Choose another.", "params": {"kind": "bert"}}  # fmt: skip
    answers["inspect-model"] = lambda _args: (
        fake.model_facts() | {"tasks": {"image-classification": refused, "text-classification": None}}
    )
    controller.show()
    controller.window.go("model")
    controller.context.edit("model", {"source": "hub", "name": fake.MINILM})
    until(lambda: controller.context.facts.model.state == "known")
    pane = controller.window.pane("model")
    assert pane.problems.messages() == []
    controller.context.edit("task", {"name": "image-classification"})
    text = "A backbone of the type 'bert' reads no images."
    assert pane.problems.messages() == [text]
    assert text in controller.window.plan.texts()
    assert controller.window.steps.state_of("model")[0] == "missing"
    assert not controller.window.plan.start.isEnabled()


def test_the_catalogue_shows_what_reads_the_task(tasks, controller, answers, until) -> None:
    entries = fake.catalogue()[:3]
    entries[1]["modality"], entries[2]["modality"] = "image", "image-text"
    answers["catalogue"] = lambda _args: entries
    controller.show()
    controller.window.go("model")
    controller.context.facts.ask_catalogue()
    until(lambda: controller.context.facts.get("catalogue").state == "known")
    pane = controller.window.pane("model")
    names = [entry["name"] for entry in entries]

    def shown() -> list[str]:
        return [pane.catalogue.entry(row)["name"] for row in range(pane.catalogue.rowCount())]

    assert shown() == names[:1] and pane.hidden_note.text().startswith("1 of 3 models")
    pane.all_models.setChecked(True)
    assert shown() == names
    pane.all_models.setChecked(False)
    controller.context.edit("task", {"name": "image-classification"})
    assert shown() == names[1:]


@pytest.mark.parametrize(
    ("modality", "learns", "fits"),
    [("text", "text", True), ("", "text", True), ("image", "text", False), ("image-text", "image", True),
     ("image-text", "text", False), ("audio", "audio", True)],
)  # fmt: skip
def test_modalities(modality, learns, fits) -> None:
    assert fit.suits({"modality": modality}, SimpleNamespace(LEARNS=learns)) is fits


def test_another_task_has_only_the_exports_that_fit_it() -> None:
    def of(task: str, *names: str) -> Recipe:
        return from_dict({"task": {"name": task}, "export": [{"name": name} for name in names]})

    def to(task: str, before: Recipe) -> list[str]:
        export = with_task(before, task).get("export", [{"name": choice.name} for choice in before.export])
        return [choice["name"] for choice in export]

    assert to("translation", Recipe()) == ["safetensors"]
    assert to("text-classification", of("translation", "safetensors")) == ["safetensors", "onnx"], "nobody chose that"
    assert to("token-classification", of("text-classification", "onnx")) == ["onnx"]
    assert to("text-classification", of("sentence-embedding", "sentence-transformers")) == ["safetensors", "onnx"]
    assert to("translation", of("text-classification")) == [], "none is a choice as well"


def test_the_model_is_looked_at_with_the_task_in_mind(controller, answers, runners, until) -> None:
    """What is drawn on top of the network belongs to the task."""
    controller.show()
    controller.context.edit("model", {"source": "hub", "name": fake.MINILM})
    until(lambda: controller.context.facts.model.state == "known")
    controller.context.edit("task", {"name": "sentence-embedding"})
    until(lambda: controller.context.facts.model.state == "known")
    asked = [args["task"] for runner in runners for job, args in runner.asked if job == "inspect-model"]
    assert asked[-2:] == ["text-classification", "sentence-embedding"]
