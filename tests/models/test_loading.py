"""Where a backbone is found, and what is refused."""

from __future__ import annotations

import shutil

import pytest

from tests.tasks.models import image_network, two_towers
from tlstudio.core.errors import StudioError
from tlstudio.core.files import sha256
from tlstudio.core.recipe import ModelSection
from tlstudio.models import catalog, loading
from tlstudio.models.heads import Head

MINILM = "sentence-transformers/all-MiniLM-L6-v2"


def folder_section(folder, **more):
    return ModelSection(source="folder", name=str(folder), **more)


def test_folder(tiny_model, tmp_path):
    shutil.copytree(tiny_model, tmp_path / "mine")
    (tmp_path / "mine" / "README.md").write_text("---\nlicense: 'mit'\n---\n")
    found = loading.resolve(folder_section(tmp_path / "mine"))
    assert (found.path, found.name, found.revision, found.licence) == (tmp_path / "mine", "mine", None, "mit")


@pytest.mark.parametrize(
    ("section", "code"),
    [
        (ModelSection(), "model.none"),
        (ModelSection(name="org/absent"), "model.not-here"),
        (ModelSection(name="not a hub name!"), "model.not-here"),
        (ModelSection(name="../../etc"), "model.not-here"),
        (ModelSection(source="folder", name="/absent"), "model.no-folder"),
    ],
)
def test_refusals(section, code):
    with pytest.raises(StudioError) as caught:
        loading.resolve(section)
    assert caught.value.code == code
    assert caught.value.remedy


def test_hash_of_the_recipe(tiny_model):
    right = sha256(tiny_model / "model.safetensors")
    assert loading.resolve(folder_section(tiny_model, sha256=right)).path == tiny_model
    with pytest.raises(StudioError) as caught:
        loading.resolve(folder_section(tiny_model, sha256="0" * 64))
    assert caught.value.code == "model.wrong-hash"


def test_starter_package_stands_for_the_pinned_revision(starter):
    entry = catalog.find(MINILM)
    assert entry is not None
    found = loading.resolve(ModelSection(name="all-MiniLM-L6-v2"))
    assert (found.path, found.name, found.revision) == (starter, MINILM, entry.revision)
    assert found.licence == "apache-2.0"
    assert loading.on_this_machine(MINILM, "1110a24") == starter
    assert loading.on_this_machine(MINILM, "f" * 40) is None


def test_pinned_hashes_are_checked(starter, monkeypatch):
    wrong = catalog.entries()[0].model_copy(update={"sha256": {"tokenizer.json": "0" * 64}})
    monkeypatch.setattr(catalog, "entries", lambda: (wrong,))
    with pytest.raises(StudioError) as caught:
        loading.resolve(ModelSection(name=MINILM))
    assert caught.value.code == "model.wrong-hash"


def test_hub_cache(tiny_model, home, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home))
    commit = "a" * 40
    snapshot = home / "models--org--mine" / "snapshots" / commit
    shutil.copytree(tiny_model, snapshot)
    (home / "models--org--mine" / "refs").mkdir()
    (home / "models--org--mine" / "refs" / "main").write_text(commit)
    found = loading.resolve(ModelSection(name="org/mine"))
    assert (found.path, found.revision) == (snapshot, commit)
    (snapshot / "model.safetensors").unlink()  # an interrupted download
    assert loading.on_this_machine("org/mine", None) is None


def test_inspect(tiny_model):
    facts = loading.inspect(folder_section(tiny_model), Head())
    assert facts["architecture"] == "BertModel"
    assert facts["model_type"] == "bert"
    assert (facts["hidden_size"], facts["max_length"], facts["labels"]) == (32, 64, 2)
    assert facts["bytes"] == (tiny_model / "model.safetensors").stat().st_size
    assert [group["kind"] for group in facts["groups"]][-1] == "head"
    assert facts["parameters"] == sum(g["parameters"] for g in facts["groups"] if g["kind"] != "head")


@pytest.mark.parametrize(("head", "last"), [
    (Head(), ["pooler", "head"]), (Head(auto="AutoModelForTokenClassification"), ["head"]),
    (Head(auto="AutoModelForQuestionAnswering"), ["head"]), (Head(auto="AutoModel", pool="mean"), []),
])  # fmt: skip
def test_the_groups_are_those_of_the_network_of_the_task(tiny_model, head, last):
    """The same backbone has a pooler only below a classifier, and no head at all where it gives vectors."""
    facts = loading.inspect(folder_section(tiny_model), head)
    names = [group["name"] for group in facts["groups"]]
    assert names == ["embeddings", "block 1", "block 2", *last]


def test_package_folder():
    assert loading.package_folder("no_such_package") is None
    assert loading.package_folder("json") is None


@pytest.mark.parametrize(("kind", "width", "side"), [("vit", 32, 32), ("convnext", 32, 224), ("swin", 32, 32)])
def test_inspect_an_image_backbone(tmp_path, kind, width, side):
    folder = image_network(tmp_path, kind)
    facts = loading.inspect(folder_section(folder), Head(auto="AutoModelForImageClassification"))
    assert (facts["modality"], facts["hidden_size"], facts["image_size"]) == ("image", width, side)
    assert facts["max_length"] is None
    assert [group["kind"] for group in facts["groups"]][:2] == ["embeddings", "block"]
    assert facts["groups"][-1]["kind"] == "head"


def test_inspect_two_towers(tmp_path):
    facts = loading.inspect(folder_section(two_towers(tmp_path)), Head(auto="AutoModelForImageClassification"))
    assert (facts["modality"], facts["hidden_size"], facts["image_size"]) == ("image-text", 32, 32)
    assert [group["name"] for group in facts["groups"]] == ["embeddings", "block 1", "block 2", "final", "head"]
