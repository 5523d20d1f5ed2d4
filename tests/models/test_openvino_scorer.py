"""OpenVINO as a runtime: what is said where it is absent, or cannot read a file."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tlstudio.core.errors import StudioError
from tlstudio.models import openvino_scorer
from tlstudio.models.scorers import usable_cores
from tlstudio.pipeline.predict import scorer_of


def test_the_parts_that_are_absent_are_named(monkeypatch):
    monkeypatch.setattr(openvino_scorer.importlib.util, "find_spec", lambda name: None if name == "nncf" else name)
    assert openvino_scorer.missing("compress", ("openvino",)) is None
    problem = openvino_scorer.missing("compress")
    assert (problem.code, problem.where, problem.params["parts"]) == ("openvino.missing", "compress", "nncf")
    with pytest.raises(StudioError) as caught:
        openvino_scorer.core("here", ("nncf",))
    assert caught.value.where == "here"


def test_a_damaged_file_is_explained(tmp_path):
    pytest.importorskip("openvino", reason="the extra openvino is not installed")
    (tmp_path / openvino_scorer.FILE).write_text("<net")
    with pytest.raises(StudioError) as caught:
        openvino_scorer.OpenVinoScorer(tmp_path)
    assert caught.value.code == "model.bad-openvino"
    (tmp_path / "model.onnx").write_bytes(b"nothing")
    with pytest.raises(StudioError) as caught:
        openvino_scorer.read(tmp_path / "model.onnx", "export.openvino")
    assert (caught.value.code, caught.value.where) == ("compress.openvino-cannot-read", "export.openvino")


def test_threads_that_are_asked_for(tmp_path, monkeypatch):
    asked: list[str] = []

    def compiled(_path, _device, settings):
        asked.append(settings["INFERENCE_NUM_THREADS"])
        return SimpleNamespace(inputs=[])

    monkeypatch.setattr(openvino_scorer, "core", lambda *_where: SimpleNamespace(compile_model=compiled))
    (tmp_path / openvino_scorer.FILE).write_text("<net/>")
    assert [scorer_of(tmp_path, threads).name for threads in (5, None)] == ["OpenVINO", "OpenVINO"]
    assert asked == ["5", str(usable_cores())]
