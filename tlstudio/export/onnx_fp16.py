"""ONNX in half precision, written directly from the network."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import Recipe
from tlstudio.export.base import ExportJob, Tolerance
from tlstudio.export.sources import prepared
from tlstudio.models import half_graph, heads
from tlstudio.models.scorers import OnnxScorer, Scorer


class OnnxFp16:
    NAME = "onnx-fp16"
    TITLE = "ONNX fp16"
    SUMMARY = (
        "Half the size of ONNX fp32 at hardly a loss; computed in fp32 on a processor, or in fp16 for graphics cards."
    )
    Config = half_graph.Options
    TOLERANCE = Tolerance("agreement", 0.97)
    RUNTIME = "onnx"

    def fits(self, task: Any) -> StudioError | None:
        return heads.no_graph(task, "export")

    def check(self, recipe: Recipe) -> StudioError | None:
        return None

    def write(self, job: ExportJob, folder: Path, config: half_graph.Options) -> None:
        from tlstudio.models.onnx_graph import to_onnx

        source = prepared(job, folder)
        with tempfile.TemporaryDirectory(prefix="tlstudio-fp16-") as place:
            full = Path(place) / "model.onnx"
            to_onnx(source.model, full, source.head, source.inputs)
            job.control.check()
            half_graph.halve(full, folder / "model.onnx", config.compute)

    def scorer(self, folder: Path) -> Scorer:
        return OnnxScorer(folder / "model.onnx", "ONNX fp16")

    def stage(self, job: ExportJob) -> str:
        return job.network


PLUGIN = OnnxFp16()
