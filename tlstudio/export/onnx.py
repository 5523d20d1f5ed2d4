"""ONNX in fp32: the whole precision, without PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import Recipe
from tlstudio.export.base import ExportJob, NoOptions, Tolerance
from tlstudio.export.sources import prepared
from tlstudio.models import heads
from tlstudio.models.scorers import OnnxScorer, Scorer


class Onnx:
    NAME = "onnx"
    TITLE = "ONNX fp32"
    SUMMARY = "Runs in ONNX Runtime from Python, C++, C#, Java or JavaScript, without PyTorch, at full precision."
    Config = NoOptions
    TOLERANCE = Tolerance("logits", 1e-3)
    RUNTIME = "onnx"

    def fits(self, task: Any) -> StudioError | None:
        return heads.no_graph(task, "export")

    def check(self, recipe: Recipe) -> StudioError | None:
        return None

    def write(self, job: ExportJob, folder: Path, config: Any) -> None:
        from tlstudio.models.onnx_graph import to_onnx

        source = prepared(job, folder)
        to_onnx(source.model, folder / "model.onnx", source.head, source.inputs)

    def scorer(self, folder: Path) -> Scorer:
        return OnnxScorer(folder / "model.onnx")

    def stage(self, job: ExportJob) -> str:
        return job.network


PLUGIN = Onnx()
