"""The fp16 export: half the numbers' bytes, the same answers."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import onnx
import pytest

from tlstudio.core.errors import StudioError
from tlstudio.export.onnx_fp16 import PLUGIN


@pytest.fixture
def exported(monkeypatch, int8_folder):
    """The fp32 graph was exported before; writing it once more would only take time."""
    graph = int8_folder.parent / "fp32.onnx"
    monkeypatch.setattr(
        "tlstudio.models.onnx_graph.to_onnx", lambda _model, path, *_given: shutil.copyfile(graph, path)
    )


@pytest.mark.parametrize("compute", ["fp32", "fp16"])
def test_weights_are_halves_and_answers_stay(compute, exported, job, encoded, reference, tmp_path):
    PLUGIN.write(job, tmp_path, PLUGIN.Config(compute=compute))
    tensors = onnx.load(str(tmp_path / "model.onnx")).graph.initializer
    matrices = {one.data_type for one in tensors if len(one.dims) == 2 and one.data_type != onnx.TensorProto.INT64}
    assert matrices == {onnx.TensorProto.FLOAT16}
    answers = np.stack(PLUGIN.scorer(tmp_path).outputs(encoded))
    assert 0 < np.abs(answers - reference).max() < 0.1, "they are rounded"
    assert (answers.argmax(1) == reference.argmax(1)).mean() >= PLUGIN.TOLERANCE.limit
    assert (tmp_path / "config.json").is_file() and (tmp_path / "tokenizer.json").is_file()


def test_a_tokenizer_that_no_program_can_read(job, canine_classifier, tmp_path):
    with pytest.raises(StudioError) as caught:
        PLUGIN.write(replace(job, model_folder=canine_classifier), tmp_path, PLUGIN.Config())
    assert caught.value.code == "export.no-tokenizer-file"
    assert list(tmp_path.glob("*.onnx")) == []
