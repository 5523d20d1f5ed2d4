"""Model pane and its presenter."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from tests.gui import fake
from tlstudio.gui import theme
from tlstudio.gui.panes.model import ModelPane


@pytest.fixture
def pane(keep):
    result = keep(ModelPane())
    result.set_catalogue(fake.catalogue())
    return result


@pytest.fixture
def chosen(pane):
    names = []
    pane.model_chosen.connect(names.append)
    return names


def test_catalogue_shows_size_languages_licence_and_place(pane):
    row = [pane.catalogue.index(0, column).data() for column in range(6)]
    assert row[0] == "MiniLM L6"
    assert row[1:] == ["22.7 M", "91.0 MB", "English", "apache-2.0", "yes"]
    assert pane.catalogue.index(1, 5).data() == "to download"


def test_setters_emit_nothing(pane, chosen):
    pane.set_chosen("hub", fake.MINILM)
    pane.set_catalogue(fake.catalogue())
    pane.set_chosen("folder", "/x")
    assert pane.table.currentIndex().row() == -1
    assert chosen == []


def test_a_row_or_a_name_of_the_hub_is_chosen(pane, chosen):
    pane.table.selectRow(1)
    pane.hub_name.setText(" org/other ")
    pane.hub_button.click()
    assert chosen == [fake.catalogue()[1]["name"], "org/other"]


def test_facts_and_anatomy(pane):
    pane.set_facts(fake.model_facts())
    texts = pane.facts.texts()
    assert "BertModel" in texts
    assert "22,713,216" in texts
    assert len(pane.network.blocks) == 8
    assert "Block 1: 1.77 M" in pane.network.accessibleDescription()
    pane.set_facts(None, "Looking…")
    assert not pane.anatomy.isVisible()


def test_download_states(pane):
    pane.set_download("It comes from the hub.", "offered")
    assert pane.download_button.isVisible()
    pane.set_download("12 of 90 MB", "running", 0.5)
    assert pane.download_bar.value() == 500
    assert pane.cancel_button.isVisible()
    pane.set_download("", "hidden")
    assert not pane.download_card.isVisible()


def test_choosing_edits_the_recipe_with_its_revision(controller, until):
    controller.show()
    controller.window.go("model")
    pane = controller.window.pane("model")
    until(lambda: pane.catalogue.rowCount() > 3)
    pane.table.selectRow(0)
    model = controller.context.project.recipe.model
    assert model.name == fake.MINILM
    assert model.revision == fake.catalogue()[0]["revision"]
    until(lambda: len(pane.network.blocks) == 8)


def test_folder_is_chosen(controller, dialogs, until):
    controller.show()
    controller.window.go("model")
    dialogs.folder = "/some/net"
    controller.window.pane("model").folder_button.click()
    assert controller.context.project.recipe.model.name == "/some/net"
    assert controller.context.project.recipe.model.source == "folder"


def test_download_only_on_a_click(controller, answers, until):
    asked = []
    answers["download"] = lambda args: asked.append(args) or {}
    controller.show()
    controller.window.go("model")
    pane = controller.window.pane("model")
    until(lambda: pane.catalogue.rowCount() > 3)
    pane.table.selectRow(1)
    until(lambda: controller.context.facts.model.state == "known")
    until(pane.download_button.isVisible)
    assert asked == []
    pane.download_button.click()
    until(lambda: asked)
    assert asked[0]["name"] == fake.catalogue()[1]["name"]
    until(lambda: controller.context.facts.get("download").state == "known")


def test_failed_inspection_is_shown(controller, answers, until):
    error = {"code": "model.no-config", "message": "{path} has no config.json.", "where": "model.name"}

    def fail(_args):
        raise ValueError({**error, "remedy": "Choose another.", "params": {"path": "/net"}})

    answers["inspect-model"] = fail
    controller.show()
    controller.window.go("model")
    controller.context.edit("model", {"source": "folder", "name": "/net"})
    until(controller.window.pane("model").problems.messages)
    assert controller.window.pane("model").problems.messages() == ["/net has no config.json."]


def test_images_and_sounds_have_no_facts_of_texts(pane):
    pane.set_facts(fake.model_facts() | {"modality": "image", "max_length": None, "image_size": 224, "languages": []})
    texts = pane.facts.texts()
    assert "224 × 224 pixels" in texts
    assert not {"Longest text", "Vocabulary", "Languages"} & set(texts)


def test_a_catalogue_without_a_fitting_model_says_so(pane):
    pane.set_catalogue(fake.catalogue(), dict.fromkeys((entry["name"] for entry in fake.catalogue()), ""))
    assert pane.table.isHidden()
    assert pane.hidden_note.text().startswith("No model of the catalogue")
    pane.all_models.setChecked(True)
    assert not pane.table.isHidden()


def test_models_that_cannot_learn_the_task_say_why(pane):
    entries = fake.catalogue()
    pane.set_catalogue(entries, {entries[1]["name"]: "It has no decoder."})
    names = [pane.catalogue.index(row, 0).data() for row in range(pane.catalogue.rowCount())]
    assert entries[1]["title"] not in names and len(names) == len(entries) - 1
    pane.all_models.setChecked(True)
    index = pane.catalogue.index(pane.catalogue.row_of(entries[1]["name"]), 0)
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == f"{entries[1]['title']} (not for this task)"
    assert index.data(Qt.ItemDataRole.DecorationRole) is not None, "colour is not the only sign"
    assert "It has no decoder." in index.data(Qt.ItemDataRole.ToolTipRole)
    assert index.data(Qt.ItemDataRole.ForegroundRole) == theme.colour("muted")
    other = pane.catalogue.index(0, 0)
    assert (other.data(), other.data(Qt.ItemDataRole.ForegroundRole)) == ("MiniLM L6", None)
    assert other.data(Qt.ItemDataRole.DecorationRole) is None
    assert pane.catalogue.index(pane.catalogue.row_of("google-t5/t5-small"), 3).data() == "4 languages"


def refusal(kind):
    told = {"message": "'{kind}' has no decoder.", "remedy": "Take T5.", "params": {"kind": kind}}
    return {"code": "task.no-writer", "where": "model.name", **told}


def test_a_model_that_is_not_here_yet_is_refused_before_its_download(controller, answers, until):
    entries = fake.catalogue()
    encoder, writer = entries[1]["name"], next(row["name"] for row in entries if row["title"] == "T5 small")
    answers["catalogue-tasks"] = lambda _args: {encoder: {"translation": refusal("distilbert")}, writer: {}}
    controller.show()
    controller.window.go("model")
    controller.context.facts.ask_catalogue()
    until(lambda: controller.context.facts.get("catalogue-tasks").state == "known")
    pane, context = controller.window.pane("model"), controller.context
    context.edit_many({"task": {"name": "translation"}, "model": {"source": "hub", "name": encoder}})
    assert pane.problems.messages() == ["'distilbert' has no decoder."]
    assert pane.download_button.isVisible(), "the user may still want it"
    assert controller.window.steps.state_of("model")[0] == "missing"
    context.edit("model", {"source": "hub", "name": writer})
    assert "'distilbert' has no decoder." not in pane.problems.messages()


def test_a_head_that_begins_with_random_numbers_is_a_warning(controller, answers, until):
    note = {
        "code": "model.fresh-head",
        "message": "No layers for {task}.",
        "remedy": "Another.",
        "params": {"task": "x"},
    }
    answers["inspect-model"] = lambda _args: fake.model_facts() | {"fresh_head": note}
    controller.show()
    controller.window.go("model")
    controller.context.edit("model", {"source": "hub", "name": fake.MINILM})
    until(lambda: controller.context.facts.model.state == "known")
    assert controller.window.pane("model").problems.messages() == ["No layers for x."]
    assert controller.window.steps.state_of("model")[0] == "done"
