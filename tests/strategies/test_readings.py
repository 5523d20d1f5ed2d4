"""Heads of ours on frozen backbones: what they are trained on is what the saved and exported network answers."""

from __future__ import annotations

import numpy as np
import pytest

from tests import tiny
from tlstudio import pipeline
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.progress import silent
from tlstudio.core.recipe import from_dict
from tlstudio.models import heads
from tlstudio.models.scorers import OnnxScorer, TorchScorer
from tlstudio.pipeline.predict import Predictor
from tlstudio.strategies import readings
from tlstudio.strategies.base import TransferJob
from tlstudio.tasks.base import Encoded

PROBES = [
    ("mlp-probe", {}),
    ("mlp-probe", {"hidden": 0, "pooling": "max"}),
    ("mlp-probe", {"layers": "mix", "depth": 2, "hidden": 16}),
    ("mlp-probe", {"pooling": "attention"}),
    ("mlp-probe", {"pooling": "attention", "layers": "mix"}),
    ("mlp-probe", {"layer": 1, "pooling": "last"}),
    ("nearest-neighbours", {}),
    ("nearest-neighbours", {"k": 1, "layer": 1, "rows": 20}),
]
IDS = [" ".join([name, *(f"{key}={value}" for key, value in options.items())]) for name, options in PROBES]


@pytest.fixture
def encoded(tiny_model, tickets):
    return tiny.encode(tiny_model, tickets)


@pytest.mark.parametrize(
    ("name", "options"),
    [pytest.param(*probe, id=name, marks=pytest.mark.slow if place > 2 else ())
     for place, (name, probe) in enumerate(zip(IDS, PROBES, strict=True))],
)  # fmt: skip
def test_the_saved_network_and_its_graph_answer_as_the_trained_one(name, options, tiny_model, encoded, tmp_path):
    from tlstudio.models.onnx_graph import to_onnx

    prepared = tiny.transfer(name, tiny_model, encoded, **options)
    model = prepared.finish().eval()
    task = tiny.task()
    task.save(model, encoded, tiny_model, tmp_path / "model")
    settings = heads.read_settings(tmp_path / "model")
    again = heads.load(tmp_path / "model")
    rows = encoded.examples("test")
    truth = tiny.logits(TorchScorer(model), rows)
    assert truth.std() > 0
    assert np.abs(tiny.logits(TorchScorer(again), rows) - truth).max() < 1e-6
    to_onnx(again, tmp_path / "model.onnx", heads.Head.of(settings), heads.inputs_of(settings))
    assert np.abs(tiny.logits(OnnxScorer(tmp_path / "model.onnx"), rows) - truth).max() < 1e-4


@pytest.mark.parametrize(("name", "options"), [one for one in PROBES if one[1].get("pooling") != "attention"])
def test_the_head_trains_on_what_the_whole_network_will_read(name, options, tiny_model, encoded):
    import torch

    prepared = tiny.transfer(name, tiny_model, encoded, **options)
    prepared.model.eval()
    batch = prepared.collate([prepared.train[place] for place in range(8)])
    batch.pop("labels")
    with torch.inference_mode():
        cached = prepared.model(**batch).logits.numpy()
    whole = tiny.logits(TorchScorer(prepared.finish()), [encoded.examples("train")[place] for place in range(8)])
    assert np.abs(whole - cached).max() < 1e-5


def test_plain_transformers_refuses_the_folder_instead_of_answering_with_random_layers(tiny_model, encoded, tmp_path):
    from transformers import AutoModelForSequenceClassification

    model = tiny.transfer("mlp-probe", tiny_model, encoded).finish()
    tiny.task().save(model, encoded, tiny_model, tmp_path / "model")
    with pytest.raises(OSError, match=r"no file named model\.safetensors"):
        AutoModelForSequenceClassification.from_pretrained(tmp_path / "model")


def test_another_training_can_start_from_the_backbone_below_such_a_head(tiny_model, encoded, tmp_path):
    import torch

    model = tiny.transfer("mlp-probe", tiny_model, encoded).finish()
    tiny.task().save(model, encoded, tiny_model, tmp_path / "model")
    built = tiny.task().build(tmp_path / "model", encoded)
    plain = tiny.task().build(tiny_model, encoded)
    for one, other in zip(built.base_model.parameters(), plain.base_model.parameters(), strict=True):
        assert torch.equal(one, other)


def test_neighbours_give_back_what_the_nearest_rows_are(tiny_model, encoded):
    """With one neighbour a training row is answered with its own class: it is the nearest to itself."""
    model = tiny.transfer("nearest-neighbours", tiny_model, encoded, k=1).finish()
    answers = tiny.logits(TorchScorer(model), encoded.examples("train"))
    assert (answers.argmax(1) == np.array(encoded.targets("train"))).mean() > 0.99


def image_job(model):
    """What a strategy is given, as far as a reader looks."""
    import torch

    return TransferJob(
        build=lambda **_options: model,
        encoded=Encoded({"train": [{}]}, ["a", "b"], inputs=("pixel_values",)),
        collate=lambda _rows: {"pixel_values": torch.randn(1, 3, 32, 32)},
        head=heads.Head(auto="AutoModelForImageClassification", probe="classifier"),
        backbone_key="", device=torch.device("cpu"), emit=silent, control=Control(),
    )  # fmt: skip


def test_stages_of_different_width_can_be_read_alone_but_not_mixed():
    import torch
    from transformers import ResNetConfig, ResNetForImageClassification

    model = ResNetForImageClassification(
        ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic", num_labels=2)
    )
    found = readings.reader(image_job(model), "auto", 0, False)
    assert (found.layers, found.width, found.pooling) == (1, 16, "mean")
    with pytest.raises(StudioError) as refused:
        readings.reader(image_job(model), "auto", 0, True)
    assert refused.value.code == "strategy.unreadable"
    # the mean over the places of the last map is what the network's own pooler gives
    from tlstudio.models import parts

    pixels = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        own = model.resnet(pixels).pooler_output.flatten(1)
        assert torch.allclose(parts.features_of(model, {"pixel_values": pixels}, "mean", False)[:, 0], own, atol=1e-5)


def test_numbers_of_a_decoder_are_moved_to_the_users_units_once(tmp_path):
    """The head of transformers has no bias, so the mean is an offset; that of ours must not add it again."""
    from tests.tasks.models import byte_gpt2
    from tests.tasks.whole import write

    rows = [(f"{'late ' * (at % 4)}parcel {at}", 1000 + at % 4) for at in range(60)]
    data = write(tmp_path / "numbers.csv", ["text", "score"], rows)
    recipe = from_dict({
        "model": {"source": "folder", "name": str(byte_gpt2(tmp_path / "model", [text for text, _number in rows]))},
        "data": {"path": str(data)}, "task": {"name": "regression"}, "strategy": {"name": "mlp-probe"},
        "training": {"epochs": 2, "batch_size": 8, "threads": 1, "precision": "fp32"},
        "evaluate": {"bootstrap": 100}, "export": [],
    })  # fmt: skip
    finished = pipeline.run(recipe, tmp_path / "run", tiny.Heard(), Control())
    assert finished.outcome == "completed", finished.error
    answer = Predictor(tmp_path / "run").predict([{"text": "late parcel 1"}])[0]
    assert answer["value"] == pytest.approx(1001.5, abs=5)
