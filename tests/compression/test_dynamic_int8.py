"""Dynamic int8: a quarter of the weights, nearly the same answers."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests import tiny
from tests.tasks import models
from tlstudio.compression.base import CompressJob
from tlstudio.compression.dynamic_int8 import PLUGIN
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.models.scorers import TorchScorer


@pytest.fixture
def model(tiny_model, tickets, tmp_path):
    encoded = tiny.encode(tiny_model, tickets)
    tiny.task().save(tiny.task().build(tiny_model, encoded), encoded, tiny_model, tmp_path / "model")
    return tmp_path / "model", tiny.ids(encoded, "train")


def test_the_result_is_a_complete_int8_model(model, tmp_path):
    import onnx

    source, ids = model
    heard, folder = tiny.Heard(), tmp_path / "int8"
    folder.mkdir()
    PLUGIN.apply(PLUGIN.Config(), CompressJob(source, "transformers", heard, Control()), folder)
    names = {path.name for path in folder.iterdir()}
    assert {"model.onnx", "config.json", "tokenizer.json", "tlstudio.json"} <= names
    assert not [name for name in names if name.endswith(".part") or name == "full.onnx"]
    assert json.loads((folder / "config.json").read_text()) == json.loads((source / "config.json").read_text())
    kinds = [weight.data_type for weight in onnx.load(str(folder / "model.onnx")).graph.initializer]
    assert kinds.count(onnx.TensorProto.INT8) >= 12
    scorer = PLUGIN.scorer(folder)
    assert scorer.format == "onnx"
    reference, found = tiny.logits(TorchScorer(source), tiny.rows(ids)), tiny.logits(scorer, tiny.rows(ids))
    assert 0 < np.abs(found - reference).max() < 0.05
    assert heard.of("progress")[-1].done == 2
    # an odd batch, one text and long texts: both axes are dynamic
    assert np.stack(scorer.outputs(tiny.rows([[2, 7, 3]]))).shape == (1, 3)
    assert np.stack(scorer.outputs(tiny.rows([[2, *[7] * 60, 3]] * 3))).shape == (3, 3)


def test_cancel(model, tmp_path):
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        PLUGIN.apply(PLUGIN.Config(), CompressJob(model[0], "transformers", tiny.Heard(), control), tmp_path)


def test_what_was_reached_is_told(model, tmp_path):
    heard, folder = tiny.Heard(), tmp_path / "int8"
    folder.mkdir()
    PLUGIN.apply(PLUGIN.Config(), CompressJob(model[0], "transformers", heard, Control()), folder)
    [note] = [event for event in heard.of("log") if event.code == "compress.int8-share"]
    assert note.params["percent"] > 90
    assert note.params["after"] <= note.params["before"]


def test_a_network_of_convolutions_is_hardly_reached_and_that_is_told(tmp_path):
    """ONNX Runtime has no kernel for convolutions with 8-bit weights."""
    from dataclasses import replace

    from tests.tasks import models
    from tlstudio.core.files import write_json
    from tlstudio.models.onnx_graph import int8_share
    from tlstudio.tasks.image_classification import PLUGIN as TASK

    backbone = models.image_network(tmp_path / "resnet", "resnet")
    from transformers import AutoModelForImageClassification

    AutoModelForImageClassification.from_pretrained(backbone, num_labels=3).save_pretrained(tmp_path / "model")
    inputs = {"pixel_values": {"dtype": "float32", "shape": [3, 32, 32]}}
    write_json(tmp_path / "model/tlstudio.json", {"head": replace(TASK.HEAD).to_dict(), "inputs": inputs})
    heard, folder = tiny.Heard(), tmp_path / "int8"
    folder.mkdir()
    PLUGIN.apply(PLUGIN.Config(), CompressJob(tmp_path / "model", "transformers", heard, Control()), folder)
    [note] = [event for event in heard.of("log") if event.code == "compress.little-int8"]
    assert note.level == "warning"
    assert note.params["percent"] < 20
    assert int8_share(folder / "model.onnx") == pytest.approx(note.params["percent"] / 100, abs=1e-3)


def test_a_tokenizer_that_no_program_can_read(tmp_path):
    source, folder = models.canine(tmp_path / "canine"), tmp_path / "int8"
    folder.mkdir()
    with pytest.raises(StudioError) as caught:
        PLUGIN.apply(PLUGIN.Config(), CompressJob(source, "transformers", tiny.Heard(), Control()), folder)
    assert caught.value.code == "export.no-tokenizer-file"
    assert list(folder.iterdir()) == []
