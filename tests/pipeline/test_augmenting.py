"""Changed copies of training rows: seen before, learnt from, and never tested on."""

from __future__ import annotations

import pytest

from tests import tiny
from tlstudio import pipeline
from tlstudio.core.control import Control
from tlstudio.core.files import read_json
from tlstudio.core.progress import silent
from tlstudio.pipeline.augmenting import preview

SWAP = {"name": "random-swap", "copies": 2}


def recipe(model, tickets, *augment):
    return tiny.recipe(model, tickets).changed("data.augment", list(augment))


def test_preview_shows_training_texts_before_and_after(tiny_model, tickets):
    found = preview(recipe(tiny_model, tickets, SWAP, "case-noise"), None, 1, silent, Control())
    assert {entry["augmentation"] for entry in found} == {"random-swap", "case-noise"}
    assert all(entry["kind"] == "text" and entry["title"] for entry in found)
    assert any(entry["before"] != entry["after"] for entry in found)
    assert found == preview(recipe(tiny_model, tickets, SWAP, "case-noise"), None, 1, silent, Control())
    other = preview(recipe(tiny_model, tickets, SWAP, "case-noise"), 0, 2, silent, Control())
    assert {entry["augmentation"] for entry in other} == {"random-swap"}
    assert [entry["before"] for entry in other] != [entry["before"] for entry in found[:5]]


@pytest.mark.parametrize("strategy", ["linear-probe", "full-fine-tuning"])
def test_only_training_rows_get_copies(tiny_model, tickets, tmp_path, strategy):
    plain, heard = tiny.Heard(), tiny.Heard()
    for name, ears, augment in (("plain", plain, []), ("more", heard, [SWAP])):
        made = recipe(tiny_model, tickets, *augment).changed("strategy", {"name": strategy})
        finished = pipeline.run(made, tmp_path / name, ears, Control())
        assert finished.outcome == "completed", finished.error
    results = [read_json(tmp_path / name / "results.json") for name in ("plain", "more")]
    assert results[0]["data"]["rows"] == results[1]["data"]["rows"], "the facts tell the rows of the file"
    assert results[0]["test"]["rows"] == results[1]["test"]["rows"]
    assert results[1]["training"]["steps"] > 1.5 * results[0]["training"]["steps"]
    note = next(event for event in heard.of("log") if event.code == "augment.done")
    assert 0 < note.params["made"] <= 2 * results[0]["data"]["rows"]["train"]


def test_copies_carry_the_label_of_their_source(tiny_model, tickets):
    from tlstudio.augmentation.apply import Augmenter
    from tlstudio.augmentation.base import Resources
    from tlstudio.core.recipe import Choice, DataSection
    from tlstudio.data.labelled import require
    from tlstudio.tasks.base import EncodeJob

    rows = require(DataSection(path=str(tickets)), silent, Control())
    wishes = [Choice.model_validate(SWAP)]
    augmenter = Augmenter(wishes, 7, Resources(Control(), tiny_model), silent)
    task = tiny.task()
    encoded = task.encode(EncodeJob(task.Config(), rows, tiny_model, silent, Control(), augmenter))
    train, count = encoded.splits["train"], len(rows.splits["train"])
    assert len(train) > count
    label = dict(zip(train["row"][:count], train["labels"][:count], strict=True))
    assert [label[row] for row in train["row"][count:]] == list(train["labels"][count:])
    assert encoded.key != task.encode(EncodeJob(task.Config(), rows, tiny_model, silent, Control())).key
    assert len(encoded.splits["test"]) == len(rows.splits["test"])
