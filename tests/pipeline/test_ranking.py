"""Backbones ranked by features of a sample."""

from __future__ import annotations

import json
import shutil

import pytest

from tests import tiny
from tests.conftest import ticket_rows
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.progress import silent
from tlstudio.core.reasons import told
from tlstudio.core.recipe import ModelSection
from tlstudio.pipeline.ranking import candidates, rank


def folder(path):
    return ModelSection(source="folder", name=str(path))


@pytest.fixture(scope="module")
def blind(tiny_model, tmp_path_factory):
    """The same network with embeddings that are all alike: it sees no words."""
    from safetensors.torch import load_file, save_file

    path = shutil.copytree(tiny_model, tmp_path_factory.mktemp("blind") / "blind-bert")
    weights = load_file(path / "model.safetensors")
    name = next(key for key in weights if key.endswith("word_embeddings.weight"))
    weights[name] = weights[name] * 0 + 0.01
    save_file(weights, path / "model.safetensors", metadata={"format": "pt"})
    return path


def test_the_better_features_come_first(tiny_model, blind, tickets, monkeypatch):
    monkeypatch.setattr("tlstudio.models.catalog.listing", list)
    heard = tiny.Heard()
    found = rank(tiny.recipe(tiny_model, tickets), heard, Control(), [folder(blind)], rows=30)
    json.dumps(found)
    names = [entry["name"] for entry in found["candidates"]]
    assert names[0] == str(tiny_model) == found["best"]
    first, *_others = found["candidates"]
    last = next(entry for entry in found["candidates"] if entry["name"] == str(blind))
    assert first["current"] and not last["current"]
    assert first["scores"]["probe"] > last["scores"]["probe"]
    assert first["difference"] is None
    assert last["difference"]["high"] < 0
    assert last["reasons"][1]["code"] == "rank.worse"
    assert first["cost"]["training_memory_bytes"] == 16 * first["cost"]["parameters"] > 0
    assert first["cost"]["latency_ms"] > 0
    assert (found["kind"], found["rows"], found["of"]) == ("classes", 30, 42)
    assert found["chance"] == pytest.approx(1 / 3)
    assert [entry["rank"] for entry in found["candidates"]] == list(range(1, len(names) + 1))
    assert {event.data["name"] for event in heard.of("result")} == set(names)
    assert heard.of("progress")[-1].done == pytest.approx(heard.of("progress")[-1].total)
    assert all(
        "{" not in told(item) for entry in found["candidates"] for item in (*entry["reasons"], *found["reasons"])
    )


def test_the_catalogue_takes_part_but_for_large_ones(tiny_model, tickets, starter, monkeypatch):
    entries = [
        {
            "name": "sentence-transformers/all-MiniLM-L6-v2",
            "present": True,
            "parameters": 22_000_000,
            "title": "MiniLM",
        },
        {"name": "org/large", "present": True, "parameters": 900_000_000, "title": "Large"},
        {"name": "org/gone", "present": False, "parameters": 1, "title": "Gone"},
    ]
    monkeypatch.setattr("tlstudio.models.catalog.listing", lambda: entries)
    chosen, skipped = candidates(tiny.recipe(tiny_model, tickets), [], False, Control())
    assert [model.name for model in chosen] == [str(tiny_model), entries[0]["name"]]
    assert [(entry["name"], entry["error"]["code"]) for entry in skipped] == [("org/large", "rank.large")]


def test_the_second_time_features_come_from_the_cache(tiny_model, blind, tickets):
    recipe = tiny.recipe(tiny_model, tickets)
    before = rank(recipe, silent, Control(), [folder(tiny_model), folder(blind)], only=True)
    assert all(entry["rows_per_second"] > 0 for entry in before["candidates"])
    after = rank(recipe, silent, Control(), [folder(blind), folder(tiny_model)], only=True)
    assert all(entry["rows_per_second"] is None for entry in after["candidates"])
    assert [entry["scores"] for entry in after["candidates"]] == [entry["scores"] for entry in before["candidates"]]
    assert (after["lean"], after["clear"]) == (None, True)


def test_numbers_and_several_labels(tiny_model, tmp_path):
    for header, kind, last in (("number", "numbers", lambda at: f"{at / 7}"),
                               ("labels", "labels", lambda at: "a|b" if at % 2 else "b|c")):  # fmt: skip
        path = tmp_path / f"{header}.csv"
        lines = [f"{text},{last(at)}" for at, (text, _label) in enumerate(ticket_rows())]
        path.write_text("\n".join([f"text,{header}", *lines]) + "\n")
        task = {"numbers": "regression", "labels": "multi-label-classification"}[kind]
        recipe = tiny.recipe(tiny_model, path, task={"name": task}).changed(
            "data.roles", {"text": "text", header: header}
        )
        found = rank(recipe, silent, Control(), [folder(tiny_model)], only=True)
        assert (found["kind"], found["chance"]) == (kind, None)
        assert found["candidates"][0]["scores"]["h_score"] is None
        assert [item["code"] for item in found["reasons"]] == ["rank.only-one"]


def test_words_of_sentences(tiny_model, tmp_path):
    path = tmp_path / "words.jsonl"
    rows = [{"tokens": text.split(), "tags": ["LONG" if len(word) > 4 else "SHORT" for word in text.split()]}
            for text, _label in ticket_rows()]  # fmt: skip
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    recipe = tiny.recipe(tiny_model, path, task={"name": "token-classification"})
    found = rank(recipe, silent, Control(), [folder(tiny_model)], only=True, rows=20)
    assert (found["kind"], found["rows"]) == ("tokens", 20)
    assert found["candidates"][0]["scores"]["probe"] > 0.6


def test_what_cannot_be_ranked(tiny_model, tickets, tmp_path):
    recipe = tiny.recipe(tiny_model, tickets)
    gone = folder(tmp_path / "gone")
    found = rank(recipe, silent, Control(), [gone, folder(tiny_model)], only=True)
    assert [(entry["name"], entry["error"]["code"]) for entry in found["skipped"]] == [(gone.name, "model.no-folder")]
    with pytest.raises(StudioError) as caught:
        rank(recipe, silent, Control(), [gone], only=True)
    assert caught.value.code == "model.no-folder"
    with pytest.raises(StudioError) as caught:
        rank(tiny.recipe(tiny_model, tickets, task={"name": "masked-lm"}), silent, Control())
    assert caught.value.code == "rank.no-features"


def test_stop_and_cancel(tiny_model, blind, tickets):
    recipe, control = tiny.recipe(tiny_model, tickets), Control()
    found = rank(recipe, lambda event: control.stop() if event.kind == "result" else None, control,
                 [folder(tiny_model), folder(blind)], only=True)  # fmt: skip
    assert len(found["candidates"]) == 1
    with pytest.raises(Cancelled):
        rank(recipe, silent, control, [folder(tiny_model)], only=True)
    control.cancel()
    with pytest.raises(Cancelled):
        rank(recipe, silent, control, [folder(tiny_model)], only=True)
