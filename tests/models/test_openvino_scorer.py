"""What OpenVINO is told, without OpenVINO."""

from __future__ import annotations

from types import SimpleNamespace

from tlstudio.models import openvino_scorer
from tlstudio.models.scorers import usable_cores
from tlstudio.pipeline.predict import scorer_of


def test_threads_that_are_asked_for(tmp_path, monkeypatch):
    asked: list[str] = []

    def compiled(_path, _device, settings):
        asked.append(settings["INFERENCE_NUM_THREADS"])
        return SimpleNamespace(inputs=[])

    monkeypatch.setattr(openvino_scorer, "core", lambda *_where: SimpleNamespace(compile_model=compiled))
    (tmp_path / openvino_scorer.FILE).write_text("<net/>")
    assert [scorer_of(tmp_path, threads).name for threads in (5, None)] == ["OpenVINO", "OpenVINO"]
    assert asked == ["5", str(usable_cores())]
