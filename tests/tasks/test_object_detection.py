"""Object detection: boxes in squares and back, the models' own losses, and a run from annotations to exports."""

from __future__ import annotations

import json
import runpy
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests import tiny
from tests.tasks import models
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.labelled import require
from tlstudio.metrics.detection import Boxes
from tlstudio.models import heads
from tlstudio.models.batches import Examples
from tlstudio.models.pixels import Pixels
from tlstudio.models.scorers import TorchScorer, score
from tlstudio.pipeline import run
from tlstudio.pipeline.predict import Predictor
from tlstudio.tasks import detection_images
from tlstudio.tasks import object_detection as module
from tlstudio.tasks.base import EncodeJob

TASK = module.PLUGIN
ALL = ("yolos", "detr", "table-transformer", "conditional_detr", "deformable_detr", "rt_detr")


def section(data: Path, **changes: Any) -> DataSection:
    """Training, validation and test images are the same: what is shown is that they can be learnt by heart."""
    return DataSection.model_validate({"path": str(data), "validation": str(data), "test": str(data), **changes})


def encode(model: Path, data: Path, emit: Any = silent, control: Control | None = None, known: Any = None,
           wish: DataSection | None = None, **options: Any) -> Any:  # fmt: skip
    rows = require(wish or section(data), silent, Control(), TASK.ROLES)
    return TASK.encode(EncodeJob(TASK.Config(**options), rows, model, emit, control or Control(), known=known))


@pytest.fixture(scope="module")
def shapes(tmp_path_factory) -> Path:
    return models.write_rectangles(tmp_path_factory.mktemp("shapes"))


def recipe(model: Path, data: Path, epochs: int, **changes: Any) -> Any:
    training = {"epochs": epochs, "batch_size": 4, "threads": 1, "precision": "fp32", "patience": 0,
                "learning_rate": 4e-3}  # fmt: skip
    wish = tiny.recipe(model, data, task={"name": TASK.NAME, "flip": 0.0}, strategy={"name": "full-fine-tuning"},
                       training=training, evaluate={"bootstrap": 100}, **changes)  # fmt: skip
    return wish.model_copy(update={"data": section(data, checks=[])})


@pytest.fixture(scope="module")
def ran(tmp_path_factory) -> Any:
    """A whole run over four images: enough to show that boxes are learnt, and quick."""
    folder, heard = tmp_path_factory.mktemp("run"), tiny.Heard()
    shapes = models.write_rectangles(folder / "shapes", count=4)
    with tiny.own_home(folder / "home"):
        wish = recipe(models.detector(folder / "backbone"), shapes, 140, export=[{"name": "onnx"}])
        ended = run(wish, folder / "run", heard, Control())
    assert ended.outcome == "completed", ended
    results = json.loads((folder / "run/results.json").read_text())
    return SimpleNamespace(folder=folder / "run", heard=heard, results=results, data=shapes)


def test_a_run_learns_the_boxes_by_heart(ran):
    test = ran.results["test"]
    assert (ran.results["unit"], ran.results["headline"]) == ("images", "map")
    assert test["metrics"]["map"]["value"] > 0.9
    assert test["metrics"]["map50"]["value"] > 0.95
    [baseline] = ran.results["baselines"]
    assert baseline["metrics"]["map"]["value"] < 0.2
    assert [entry["label"] for entry in test["per_class"]] == ["blue", "red"]
    assert max(ran.heard.values("validation", "map50")) > 0.95


def test_samples_and_predictions_hold_the_boxes(ran):
    import pyarrow.parquet as pq

    samples = ran.results["test"]["samples"]
    assert samples["kind"] == "boxes"
    assert len(samples["items"]) == 4
    annotations = json.loads(ran.data.read_text())
    for item in samples["items"]:
        number = int(Path(item["image"]).stem)
        truth = [entry["bbox"] for entry in annotations["annotations"] if entry["image_id"] == number]
        found = [[box[0], box[1], box[2] - box[0], box[3] - box[1]] for box in (one["box"] for one in item["truth"])]
        assert sorted(found) == sorted(truth)
    table = pq.read_table(ran.folder / "predictions.parquet")
    assert {"image", "label", "predicted", "score", "predicted_boxes"} <= set(table.column_names)
    assert np.mean(table["score"].to_pylist()) > 0.9


def test_an_export_answers_alike(ran):
    assert [entry["parity"]["status"] for entry in ran.results["exports"]] == ["passed"]


def test_predictions_are_in_pixels_of_the_image(ran):
    settings = json.loads((ran.folder / "model/tlstudio.json").read_text())
    assert 0 < settings["threshold"] < 1
    assert settings["inputs"] == {"pixel_values": {"dtype": "float32", "shape": [3, 64, 64]}}
    image = str(ran.data.parent / "0.png")
    for folder in (ran.folder, ran.folder / "exports/onnx"):
        [answer] = Predictor(folder).predict([{"image": image}])
        assert (answer["kind"], answer["width"], answer["height"]) == ("boxes", 72, 56)
        found = {box["label"]: box["box"] for box in answer["boxes"]}
        assert set(found) == {"red", "blue"}
        truth = json.loads(ran.data.read_text())["annotations"][:2]
        for entry, label in zip(truth, ("red", "blue"), strict=True):
            left, top, width, height = entry["bbox"]
            assert found[label] == pytest.approx([left, top, left + width, top + height], abs=3)


@pytest.mark.parametrize("name", ["onnx", "transformers"])
def test_the_scripts_find_the_same(ran, name, tmp_path):
    folder = shutil.copytree(ran.folder / ("exports/onnx" if name == "onnx" else "model"), tmp_path / "export")
    shutil.copyfile(f"resources/export/predict_boxes_{name}.py", folder / "predict.py")
    predict = runpy.run_path(str(folder / "predict.py"))["predict"]
    turned = tmp_path / "turned.png"  # higher than wide
    Image.open(ran.data.parent / "1.png").convert("RGBA").transpose(Image.Transpose.ROTATE_90).save(turned)
    for image in (ran.data.parent / "0.png", turned):
        [answer] = Predictor(ran.folder).predict([{"image": str(image)}])
        found = predict(str(image))
        assert [box["label"] for box in found] == [box["label"] for box in answer["boxes"]]
        for one, other in zip(found, answer["boxes"], strict=True):
            assert one["box"] == pytest.approx(other["box"], abs=0.05)
            assert one["score"] == pytest.approx(other["score"], abs=1e-3)


# --- boxes


@pytest.mark.parametrize("crop", ["pad", "squash"])
@pytest.mark.parametrize("size", [(200, 100), (100, 200), (64, 64), (101, 37)])
def test_boxes_lie_where_the_image_shows_them(crop, size):
    pixels = Pixels(64, 64, crop, 2, (0.0,) * 3, (1.0,) * 3)
    place = detection_images.placed(pixels, size)
    box = np.array([[0.25 * size[0], 0.5 * size[1], 0.75 * size[0], size[1]]])
    image = np.full((size[1], size[0], 3), 255, np.uint8)
    left, top, right, bottom = box[0].round().astype(int)
    image[top:bottom, left:right] = (255, 0, 0)
    square = np.asarray(pixels.square(Image.fromarray(image)))
    rows, columns = np.nonzero(square[..., 1] < 128)
    seen = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) / 64
    [[x, y, width, height]] = place.to_square(box)
    assert [x - width / 2, y - height / 2, x + width / 2, y + height / 2] == pytest.approx(seen, abs=1.5 / 64)
    assert place.to_image(place.to_square(box)) == pytest.approx(box, abs=1e-3)


def test_boxes_are_cut_at_the_edges_and_empty_images_stay(tmp_path):
    Image.new("RGB", (40, 20)).save(tmp_path / "a.png")
    Image.new("RGB", (40, 20), "red").save(tmp_path / "b.png")
    Image.new("RGB", (40, 20), "blue").save(tmp_path / "c.png")
    rows = [{"image": str(tmp_path / "a.png"), "boxes": ["-5 -5 10 10", "35 5 99 99"], "box_labels": ["x", "y"]},
            {"image": str(tmp_path / "b.png"), "boxes": [], "box_labels": []},
            {"image": str(tmp_path / "c.png"), "boxes": ["50 0 60 20"], "box_labels": ["x"]}]  # fmt: skip
    (tmp_path / "rows.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    train = encode(models.detector(tmp_path / "yolos"), tmp_path / "rows.jsonl", crop="squash").splits["train"]
    truth = {Path(str(place)).name: boxes for place, boxes in enumerate(train["truth"])}
    assert truth["0"].boxes.tolist() == [[0, 0, 10, 10], [35, 5, 40, 20]]
    assert [len(boxes.boxes) for boxes in train["truth"]] == [2, 0, 0]
    assert train["labels"][1]["boxes"].shape == (0, 4)
    assert train["labels"][0]["boxes"][0].tolist() == [0.125, 0.25, 0.25, 0.5]


def test_mirrored_rows_take_their_boxes_along(shapes, tmp_path):
    model = models.detector(tmp_path / "yolos")
    plain, always = (encode(model, shapes, flip=flip).splits["train"] for flip in (0.0, 1.0))
    assert np.array_equal(plain[0]["pixel_values"], always[0]["pixel_values"][..., ::-1])
    boxes, mirrored = plain[0]["labels"]["boxes"], always[0]["labels"]["boxes"]
    assert mirrored[:, 0] == pytest.approx(1 - boxes[:, 0])
    assert np.array_equal(mirrored[:, 1:], boxes[:, 1:])
    some = encode(model, shapes, flip=0.5).splits
    seen = set()
    for epoch in range(6):
        some["train"].set_epoch(epoch)
        seen.add(some["train"][0]["pixel_values"].tobytes())
    assert len(seen) == 2
    assert np.array_equal(some["test"][0]["pixel_values"], plain[0]["pixel_values"])


def test_augmentations_that_would_move_the_image_are_refused(shapes, tmp_path):
    from tlstudio.pipeline.checks import check

    wish = recipe(models.detector(tmp_path / "yolos"), shapes, 1)
    for name, fine in (("colour-jitter", True), ("rotation", False), ("crop", False), ("flip", False)):
        changed = wish.model_copy(update={"data": section(shapes, augment=[{"name": name}])})
        if fine:
            check(changed)
            continue
        with pytest.raises(StudioError) as caught:
            check(changed)
        assert caught.value.code == "augment.misfit"


def test_colours_change_while_training(shapes, tmp_path):
    from tlstudio.augmentation.apply import Augmenter
    from tlstudio.augmentation.base import Resources
    from tlstudio.core.recipe import Choice

    model = models.detector(tmp_path / "yolos")
    rows = require(section(shapes), silent, Control(), TASK.ROLES)
    augmenter = Augmenter([Choice(name="colour-jitter")], 7, Resources(Control(), model), silent)
    encoded = TASK.encode(EncodeJob(TASK.Config(flip=0), rows, model, silent, Control(), augmenter))
    train = encoded.splits["train"]
    changed, plain = train[0]["pixel_values"], encoded.splits["test"][0]["pixel_values"]
    assert changed.shape == plain.shape
    assert not np.array_equal(changed, plain)


# --- the models


@pytest.mark.parametrize("kind", ALL)
def test_every_kind_gives_its_own_loss_and_boxes(kind, shapes, tmp_path):
    from transformers import AutoModelForObjectDetection

    encoded = encode(models.detector(tmp_path / "backbone", kind), shapes)
    model = TASK.build(tmp_path / "backbone", encoded)
    batch = TASK.collator(TASK.Config(), encoded)([encoded.splits["test"][at] for at in range(4)])
    labels = batch.pop("labels")
    model.eval()
    with torch.inference_mode():
        outputs = model(**batch)
        own = AutoModelForObjectDetection.from_pretrained(tmp_path / "backbone", num_labels=2).eval()
        own.load_state_dict(model.state_dict())
        expected = own(pixel_values=batch["pixel_values"], labels=labels)
    assert TASK.loss(TASK.Config(), encoded)(outputs, labels).item() == pytest.approx(expected.loss.item())
    model.train()
    with torch.autocast("cpu", torch.bfloat16):
        loss = TASK.loss(TASK.Config(), encoded)(model(**batch), labels)
    loss.backward()
    assert loss.dtype == torch.float32
    assert all(torch.isfinite(one.grad).all() for one in model.parameters() if one.grad is not None)
    TASK.save(model.eval(), encoded, tmp_path / "backbone", tmp_path / "model")
    scorer = TorchScorer(tmp_path / "model")
    answers = score(scorer, encoded.examples("test"))
    found = module.predictions(answers, encoded.splits["test"]["place"], encoded.labels)
    for boxes in found:
        assert len(boxes.boxes) <= 100
        assert (np.diff(boxes.scores) <= 0).all()
        assert (boxes.boxes >= 0).all()
        assert (boxes.boxes <= (72, 56, 72, 56)).all()


def test_answers_that_are_no_numbers_give_no_loss(shapes, tmp_path):
    encoded = encode(models.detector(tmp_path / "yolos"), shapes)
    model = TASK.build(tmp_path / "yolos", encoded)
    with torch.no_grad():
        model.bbox_predictor.layers[0].weight.fill_(float("nan"))
    batch = TASK.collator(TASK.Config(), encoded)([encoded.splits["train"][0]])
    del batch["labels"]
    assert torch.isnan(model(**batch).loss)


def test_a_detector_of_other_classes_keeps_all_but_its_classifier(shapes, tmp_path):
    first = TASK.build(models.detector(tmp_path / "rt", "rt_detr"), SimpleNamespace(labels=list("abcd")))
    first.save_pretrained(tmp_path / "four")
    second = TASK.build(tmp_path / "four", SimpleNamespace(labels=["x", "y"]))
    assert second.model.decoder.class_embed[0].weight.shape[0] == 2
    kept = second.model.decoder.bbox_embed.state_dict()
    assert all(torch.equal(value, kept[name]) for name, value in first.model.decoder.bbox_embed.state_dict().items())


def test_the_answers_of_queries_become_boxes():
    place = detection_images.Place(0, 0, 1, 1, 100, 50)
    nothing = np.array([[4.0, 0, 0, 0.5, 0.5, 0.2, 0.4], [0, 1, 3.0, 0.5, 0.5, 1, 1]])  # two classes and none
    [found] = module.predictions([nothing], [place], ["a", "b"])
    assert found.labels.tolist() == [0, 1]
    assert found.boxes[0] == pytest.approx([40, 15, 60, 35])
    assert found.scores[0] == pytest.approx(np.exp(4) / (np.exp(4) + 2))
    each = np.array([[4.0, 1.0, 0.5, 0.5, 0.2, 0.4], [-2, 2, 0.5, 0.5, 3, 3]])  # yes or no for each class
    [found] = module.predictions([each], [place], ["a", "b"])
    assert found.labels.tolist() == [0, 1, 1, 0]
    assert found.boxes[1].tolist() == [0, 0, 100, 50]
    assert len(module.above(found, 0.6, 10).boxes) == 3
    assert len(module.above(found, 0.6, 2).boxes) == 2


def test_the_threshold_gives_the_best_f1():
    truth = [Boxes(np.array([[0.0, 0, 10, 10]]), np.array([0]))] * 2
    right, wrong = [0.0, 0, 10, 9], [20.0, 0, 30, 10]
    found = [Boxes(np.array([right, wrong]), np.array([0, 0]), np.array([0.8, 0.3])),
             Boxes(np.array([right, right]), np.array([0, 0]), np.array([0.6, 0.2]))]  # fmt: skip
    assert module.best_threshold(truth, found) == pytest.approx(0.45)
    assert module.image_score(truth[0], module.above(found[0], 0.45, 9)) == 1.0
    assert module.image_score(truth[0], found[0]) == pytest.approx(2 / 3)
    assert module.best_threshold(truth, [Boxes(np.zeros((0, 4)), np.zeros(0, int), np.zeros(0))] * 2) == 0.5
    nothing = Boxes(np.zeros((0, 4)), np.zeros(0, int))
    assert module.image_score(nothing, nothing) == 1.0


def test_options_of_the_answers(shapes, tmp_path):
    encoded = encode(models.detector(tmp_path / "yolos"), shapes)
    config = TASK.Config(threshold=0.3, most_boxes=2)
    assert TASK.tune(config, encoded, lambda _split: []) == {"threshold": 0.3, "most_boxes": 2}


# --- data and backbones


def test_the_resolution(shapes, tmp_path):
    model = models.detector(tmp_path / "yolos")
    assert encode(model, shapes).facts["pixels"]["size"] == 64
    encoded = encode(model, shapes, resolution=96, crop="squash")
    assert encoded.splits["train"][0]["pixel_values"].shape == (3, 96, 96)
    assert isinstance(encoded.examples("train"), Examples)
    assert TASK.build(model, encoded)(pixel_values=torch.zeros(1, 3, 96, 96)).logits.shape == (1, 5, 3)
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps({**config, "image_size": [512, 864]}))
    assert encode(model, shapes).facts["pixels"]["size"] == 640


def test_a_class_that_training_lacks(shapes, tmp_path):
    content = json.loads(shapes.read_text())
    content["categories"].append({"id": 3, "name": "green"})
    content["annotations"][0]["category_id"] = 3
    other = shapes.parent / "other.json"
    other.write_text(json.dumps(content))
    with pytest.raises(StudioError) as caught:
        encode(models.detector(tmp_path / "yolos"), shapes, wish=section(shapes, test=str(other)))
    assert caught.value.code == "data.unseen-box"
    assert caught.value.params["label"] == "green"


def test_a_further_set_takes_the_classes_of_training(shapes, tmp_path):
    model = models.detector(tmp_path / "yolos")
    known = SimpleNamespace(labels=["a", "blue", "red"])
    found = encode(model, shapes, known=known)
    assert found.labels == known.labels
    assert set(np.concatenate([one["class_labels"] for one in found.splits["train"]["labels"]])) == {1, 2}


def test_training_without_boxes(shapes, tmp_path):
    path = tmp_path / "rows.jsonl"
    rows = [{"image": str(shapes.parent / f"{at}.png"), "boxes": [], "box_labels": []} for at in range(3)]
    path.write_text("\n".join(json.dumps(row) for row in rows))
    roles = {role: role for role in TASK.ROLES}
    with pytest.raises(StudioError) as caught:
        encode(models.detector(tmp_path / "yolos"), path, wish=section(path, roles=roles))
    assert caught.value.code in ("data.no-boxes", "data.no-column-left", "data.wrong-kind")


def test_cancelled_preparation(shapes, tmp_path):
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        encode(models.detector(tmp_path / "yolos"), shapes, control=control)


def test_backbones_that_do_not_fit():
    assert TASK.fits({"model_type": "bert"}).code == "task.other-detector"
    assert TASK.fits({"model_type": "rt_detr_v2"}).code == "task.other-detector"
    assert TASK.fits({"model_type": "detr", "use_timm_backbone": True}).code == "task.timm-backbone"
    inner = {"model_type": "timm_backbone"}
    assert TASK.fits({"model_type": "detr", "backbone_config": inner}).code == "task.timm-backbone"
    for kind in ALL:
        assert TASK.fits({"model_type": kind}) is None


def test_a_probe_is_not_offered():
    from tlstudio.strategies.linear_probe import PLUGIN

    assert PLUGIN.fits(TASK).code == "strategy.no-probe"


def test_weights_of_rows_are_not_used(shapes, tmp_path):
    rows = [{"image": str(shapes.parent / f"{at}.png"), "boxes": ["1 1 9 9"], "box_labels": ["x"], "w": at + 1}
            for at in range(4)]  # fmt: skip
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    heard = tiny.Heard()
    encoded = encode(models.detector(tmp_path / "yolos"), path, heard, wish=section(path, roles={"weight": "w"}))
    assert "task.no-weights" in heard.codes()
    assert "weight" not in encoded.splits["train"][0]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ALL)
def test_every_kind_learns_by_heart_and_exports(kind, shapes, tmp_path):
    model = models.detector(tmp_path / "backbone", kind)
    ended = run(recipe(model, shapes, 250, export=[{"name": "onnx"}]), tmp_path / "run", silent, Control())
    assert ended.outcome == "completed", ended
    results = json.loads((tmp_path / "run/results.json").read_text())
    assert results["test"]["metrics"]["map50"]["value"] > 0.9
    assert results["exports"][0]["parity"]["status"] == "passed"
    assert heads.read_settings(tmp_path / "run/model")["task"] == TASK.NAME
