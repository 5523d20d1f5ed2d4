"""The export for OpenVINO; what needs the extra is skipped without it."""

from __future__ import annotations

import importlib.util
import shutil

import numpy as np
import pytest

from tlstudio.core import paths, plugins
from tlstudio.export import openvino as exporting
from tlstudio.export.openvino import PLUGIN
from tlstudio.models.openvino_scorer import FILE

needs_extra = pytest.mark.skipif(importlib.util.find_spec("openvino") is None, reason="the extra openvino is absent")
SESSION = 'onnxruntime.InferenceSession(str(HERE / "model.onnx"), providers=["CPUExecutionProvider"])'


@pytest.fixture
def exported(monkeypatch, int8_folder):
    """The fp32 graph was exported before; writing it once more would only take time."""
    graph = int8_folder.parent / "fp32.onnx"
    monkeypatch.setattr(
        "tlstudio.models.onnx_graph.to_onnx", lambda _model, path, *_given: shutil.copyfile(graph, path)
    )


@needs_extra
def test_the_network_in_fp16_and_in_fp32(exported, job, encoded, reference, tmp_path):
    sizes, off = {}, {}
    for weights in ("fp16", "fp32"):
        folder = tmp_path / weights
        folder.mkdir()
        PLUGIN.write(job, folder, PLUGIN.Config(weights=weights))
        sizes[weights] = (folder / FILE).with_suffix(".bin").stat().st_size
        off[weights] = float(np.abs(np.stack(PLUGIN.scorer(folder).outputs(encoded)) - reference).max())
        assert (folder / "runtime.py").is_file() and (folder / "tokenizer.json").is_file()
    assert sizes["fp16"] < 0.6 * sizes["fp32"]
    assert off["fp32"] < 1e-4 < off["fp16"] < 0.1, off


def test_the_result_of_the_step_is_taken_as_it_is(job, classifier, tmp_path):
    made, folder = tmp_path / "made", tmp_path / "out"
    shutil.copytree(classifier, made)
    for name in (FILE, FILE.replace(".xml", ".bin")):
        (made / name).write_bytes(name.encode())
    folder.mkdir()
    with_step = type(job)(**{**vars(job), "compressed": {"1-openvino-int8": made}})
    PLUGIN.write(with_step, folder, PLUGIN.Config())
    assert (folder / FILE).read_bytes() == FILE.encode()
    assert not list(folder.glob("*.safetensors"))
    assert PLUGIN.stage(with_step) == "1-openvino-int8"
    assert PLUGIN.stage(job) == "trained"


def test_without_the_extra_it_says_what_to_install(recipe, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    problem = PLUGIN.check(recipe)
    assert problem is not None and problem.code == "openvino.missing"
    assert "tlstudio[openvino]" in problem.remedy


@pytest.mark.parametrize("name", sorted({task.SCRIPTS["onnx"] for task in plugins.find("tlstudio.tasks").values()
                                         if "onnx" in task.SCRIPTS} | {"export/predict_two_onnx.py"}))  # fmt: skip
def test_every_script_of_onnx_becomes_one_of_openvino(name):
    before = paths.resource(name).read_text(encoding="utf-8")
    assert SESSION in before
    text = exporting.script(before)
    assert "onnx" not in text
    assert text.count("from runtime import Session") == 1
    assert "SESSION = Session(HERE)" in text
    compile(text, name, "exec")
