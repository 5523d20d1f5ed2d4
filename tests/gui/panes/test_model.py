"""Model pane and its presenter."""

from __future__ import annotations

import pytest

from tests.gui import fake
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
    pane.set_catalogue(fake.catalogue(), [entry["name"] for entry in fake.catalogue()])
    assert pane.table.isHidden()
    assert pane.hidden_note.text().startswith("No model of the catalogue")
    pane.all_models.setChecked(True)
    assert not pane.table.isHidden()
