"""The stage that adapts the backbone before the training."""

from __future__ import annotations

import json

import pytest

from tests import tiny
from tests.tasks.models import image_network, write_pictures
from tlstudio import pipeline
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import from_dict, load
from tlstudio.models.folders import read_json
from tlstudio.pipeline.checks import check

QUICK = {"epochs": 2, "learning_rate": 1e-3}


def run(recipe, folder, heard=None, control=None):
    heard = tiny.Heard() if heard is None else heard
    finished = pipeline.run(recipe, folder, heard, control or Control())
    return finished, json.loads((folder / "results.json").read_text()), heard


@pytest.fixture
def unlabelled(tmp_path):
    """A file of lines, without labels."""
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(text for text, _label in tiny.ticket_rows(80, seed=3)), encoding="utf-8")
    return path


def test_the_run_goes_on_from_the_adapted_backbone(tiny_model, tickets, unlabelled, tmp_path):
    from safetensors.torch import load_file

    adapt = [
        {"name": "masked-lm", "data": str(unlabelled), **QUICK},
        {"name": "simcse", **QUICK, "batch_size": 8},
        {"name": "denoising", **QUICK},
    ]
    recipe = tiny.recipe(tiny_model, tickets, adapt=adapt)
    finished, results, heard = run(recipe, tmp_path / "run")
    assert finished.outcome == "completed", finished.error
    assert heard[0].stages[:3] == ("prepare", "adapt", "tokenise")
    assert [(part["name"], part["rows"]) for part in results["adaptation"]] == [
        ("masked-lm", 76), ("simcse", 42), ("denoising", 40),
    ]  # fmt: skip
    assert [len(part["losses"]) for part in results["adaptation"]] == [2, 0, 2]
    assert load(tmp_path / "run/recipe.yaml") == recipe
    before, adapted, trained = (
        load_file(folder / "model.safetensors")
        for folder in (tiny_model, tmp_path / "run/adapted", tmp_path / "run/model")
    )
    name = "encoder.layer.0.output.dense.weight"
    assert set(adapted) == set(before)
    assert not (adapted[name] == before[name]).all()
    assert (trained[f"bert.{name}"] == adapted[name]).all(), "the linear probe left it as it was"
    assert results["model"]["name"] == tiny_model.name


def test_what_is_told_while_it_adapts(tiny_model, tickets, tmp_path):
    recipe = tiny.recipe(tiny_model, tickets, adapt=[{"name": "masked-lm", **QUICK}])
    _finished, _results, heard = run(recipe, tmp_path / "run")
    begin, end = (next(at for at, event in enumerate(heard) if event.kind == kind and event.stage == "adapt")
                  for kind in ("stage-started", "stage-finished"))  # fmt: skip
    within = tiny.Heard()
    within.extend(heard[begin:end])
    assert {event.stage for event in within.of("progress")} == {"adapt"}
    assert {event.split for event in within.of("metric")} == {"train"}
    assert len(within.of("metric")) == 2 * 3
    assert not within.of("checkpoint")
    assert within.codes()[-1] == "adapt.done"
    assert "Loss of the adaptation" in (tmp_path / "run/report.html").read_text(encoding="utf-8")


def test_a_head_that_came_with_the_backbone_stays(tiny_model, tickets, tmp_path):
    first = tiny.recipe(tiny_model, tickets, strategy={"name": "full-fine-tuning"})
    run(first, tmp_path / "runs/first")
    recipe = first.changed("model", {"source": "run", "name": "first"}).changed(
        "adapt", [{"name": "masked-lm", **QUICK}]
    )
    finished, results, heard = run(recipe, tmp_path / "runs/second")
    assert finished.outcome == "completed", finished.error
    assert "model.head-kept" in heard.codes()
    assert [step["run"] for step in results["model"]["lineage"]] == ["first"]
    assert read_json(tmp_path / "runs/second/adapted/config.json")["architectures"] == ["BertForSequenceClassification"]


def test_images(tmp_path):
    pictures = write_pictures(tmp_path / "pictures", each=8)
    model = image_network(tmp_path / "model", "vit")
    recipe = from_dict({
        "model": {"source": "folder", "name": str(model)}, "data": {"path": str(pictures)},
        "task": {"name": "image-classification"}, "strategy": {"name": "linear-probe"}, "evaluate": {"bootstrap": 100},
        "training": {"epochs": 1, "threads": 1, "precision": "fp32"}, "export": [],
        "adapt": [{"name": "masked-images", "data": str(pictures), "epochs": 1, "decoder_width": 32}, "masked-images"],
    })  # fmt: skip
    finished, results, _heard = run(recipe, tmp_path / "run")
    assert finished.outcome == "completed", finished.error
    given, own = (part["rows"] for part in results["adaptation"])
    assert given > own > 0, "all of the folder, and the training rows"


def test_cancelled_in_the_middle(tiny_model, tickets, tmp_path):
    control = Control()

    class Heard(tiny.Heard):
        def __call__(self, event):
            super().__call__(event)
            if event.kind == "metric":
                control.cancel()

    recipe = tiny.recipe(tiny_model, tickets, adapt=[{"name": "masked-lm", **QUICK}])
    finished, results, _heard = run(recipe, tmp_path / "run", Heard(), control)
    assert finished.outcome == "cancelled"
    assert "adaptation" not in results
    assert not (tmp_path / "run/adapted").exists()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"adapt": ["masked-images"]}, "adapt.other-kind"),
        ({"adapt": ["simcse"], "data": {"path": "x.csv", "split": {"method": "k-fold"}}}, "adapt.no-folds"),
        ({"adapt": [{"name": "masked-lm", "shares": 1}]}, "recipe.unknown-field"),
        ({"adapt": ["no-such"]}, "recipe.unknown-plugin"),
    ],
)
def test_what_is_refused(changes, code):
    with pytest.raises(StudioError) as caught:
        check(from_dict(changes))
    assert caught.value.code == code


def test_rows_that_are_not_there_are_seen_at_once(tiny_model, tickets, tmp_path):
    recipe = tiny.recipe(tiny_model, tickets, adapt=[{"name": "masked-lm", "data": str(tmp_path / "absent.txt")}])
    assert [(problem.code, problem.where) for problem in pipeline.problems(recipe)] == [("files.missing", "adapt")]


def test_a_backbone_that_cannot_be_adapted(tickets, tmp_path):
    from tests.tasks.models import byte_gpt2

    recipe = tiny.recipe(byte_gpt2(tmp_path / "gpt2", ["my parcel"]), tickets, adapt=["masked-lm"])
    finished, _results, _heard = run(recipe, tmp_path / "run")
    assert finished.error["code"] == "adapt.no-encoder"
