"""Two towers: asked without training by the names of the classes, then trained like any image backbone."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from tests import tiny
from tests.tasks.models import image_network, two_towers, write_pictures
from tlstudio import pipeline
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled
from tlstudio.core.files import read_json
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.labelled import require
from tlstudio.pipeline.predict import Predictor
from tlstudio.tasks.base import EncodeJob, TestJob
from tlstudio.tasks.image_text import PLUGIN as TASK
from tlstudio.tasks.image_text import sentence, text_vectors

TRAINING = {"epochs": 8, "batch_size": 8, "threads": 1, "precision": "fp32", "learning_rate": 3e-3, "patience": 0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory, folder):
    base = tmp_path_factory.mktemp("whole")
    with tiny.own_home(base / "home"):
        made = tiny.recipe(two_towers(base / "model"), folder, task={"name": TASK.NAME}, training=TRAINING,
                           strategy={"name": "full-fine-tuning"}, export=["onnx"])  # fmt: skip
        finished = pipeline.run(made, base / "run", silent, Control())
        assert finished.outcome == "completed", finished.error
        yield SimpleNamespace(folder=base / "run", results=read_json(base / "run" / "results.json"))


def job_of(backbone, folder, emit=silent, control=None, **options):
    rows, config = require(DataSection(path=str(folder)), silent, Control(), TASK.ROLES), TASK.Config(**options)
    encoded = TASK.encode(EncodeJob(config, rows, backbone, silent, Control()))
    return TestJob(config, encoded, rows, "test", [], 50, 7, emit, control or Control())


def test_a_whole_run(whole):
    results = whole.results
    assert [entry["name"] for entry in results["baselines"]] == ["majority", "pixels", "zero-shot"]
    assert results["test"]["metrics"]["accuracy"]["value"] == 1
    assert results["exports"][0]["parity"]["status"] == "passed"
    assert read_json(whole.folder / "model" / "tlstudio.json")["task"] == TASK.NAME


def test_predict(whole, folder):
    path = str(folder / "red" / "1.png")
    [answer] = Predictor(whole.folder / "exports" / "onnx").predict([{"image": path}])
    assert (answer["image"], answer["label"], set(answer["probabilities"])) == (path, "red", {"red", "green", "blue"})


@pytest.mark.parametrize("kind", ["clip", "siglip"])
@pytest.mark.parametrize("side", [32, 48])
def test_the_answer_without_training_is_that_of_transformers(tmp_path, folder, kind, side):
    import torch
    import transformers

    backbone = two_towers(tmp_path / "m", kind, ("a", "picture", "red", "green", "blue"))
    job = job_of(backbone, folder, template="a picture {label}", resolution=side)
    entry = TASK.baselines(job)[-1]
    assert (entry["name"], set(entry["metrics"])) == ("zero-shot", {"accuracy", "macro_f1"})
    model = transformers.AutoModel.from_pretrained(backbone).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(backbone)
    texts = [f"a picture {label}" for label in job.encoded.labels]
    padding = {"padding": "max_length", "max_length": 12} if kind == "siglip" else {"padding": True}
    tokens = tokenizer(texts, return_tensors="pt", **padding)
    given = {
        "input_ids": tokens["input_ids"],
        **({} if kind == "siglip" else {"attention_mask": tokens["attention_mask"]}),
    }
    rows = job.encoded.splits["test"]
    pixels = torch.from_numpy(np.stack([rows[index]["pixel_values"] for index in range(len(rows))]))
    with torch.inference_mode():
        logits = model(pixel_values=pixels, interpolate_pos_encoding=True, **given).logits_per_image
    assert entry["metrics"]["accuracy"]["value"] == pytest.approx(
        float((logits.argmax(1).numpy() == job.targets).mean())
    )


def test_the_sentence_decides(tmp_path):
    import torch

    backbone = two_towers(tmp_path)
    from tlstudio.tasks.image_text import _towers

    model = _towers(backbone)
    one, other = (text_vectors(model, backbone, [text]) for text in ("a photo of a red", "red"))
    assert np.linalg.norm(one) == pytest.approx(1, abs=1e-5)
    assert not np.allclose(one, other)
    long = text_vectors(model, backbone, ["red " * 50])
    assert torch.isfinite(torch.from_numpy(long)).all(), "a long name is cut to what the tower reads"


def test_without_its_text_tower_a_model_is_only_trained(whole, folder):
    heard = tiny.Heard()
    job = job_of(whole.folder / "model", folder, heard)
    assert [entry["name"] for entry in TASK.baselines(job)] == ["majority", "pixels"]
    assert "task.no-text-tower" in heard.codes()


def test_cancel_while_it_is_asked(tmp_path, folder):
    control = Control()
    job = job_of(two_towers(tmp_path / "m"), folder, control=control)
    control.cancel()
    with pytest.raises(Cancelled):
        TASK.baselines(job)


def test_only_two_towers_fit(tmp_path):
    vit, towers = image_network(tmp_path / "vit"), two_towers(tmp_path / "clip")
    assert TASK.fits(read_json(towers / "config.json")) is None
    problem = TASK.fits(read_json(vit / "config.json"))
    assert (problem.code, problem.where) == ("task.one-tower", "model.name")
    assert "CLIP" in problem.remedy
    unknown = {"model_type": "siglip2", "text_config": {}, "vision_config": {}}
    assert TASK.fits(unknown).code == "task.other-backbone"
    assert not TASK.SUGGESTED


@pytest.mark.parametrize("template", ["a photo", "", "{name} photo"])
def test_a_sentence_needs_a_place_for_the_name(template):
    with pytest.raises(ValidationError):
        TASK.Config(template=template)
    assert TASK.Config(template="{label}").template == "{label}"


def test_images_of_two_towers_are_embedded(tmp_path):
    from tlstudio.models.embedding import ImageEmbedder

    embed = ImageEmbedder(two_towers(tmp_path), Control())
    found = embed([Image.new("RGB", (40, 60), "red"), Image.new("RGB", (50, 50), "blue")])
    assert found.shape == (2, 16)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


def test_names_of_folders_are_read_as_words():
    assert sentence("a photo of a {label}", "golden_retriever") == "a photo of a golden retriever"
