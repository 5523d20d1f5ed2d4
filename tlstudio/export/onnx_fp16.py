"""ONNX in half precision, written directly from the network."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors
from tlstudio.core.recipe import Recipe
from tlstudio.export.base import ExportJob, Tolerance
from tlstudio.models import half_graph, heads
from tlstudio.models.folders import copy_tokenizer
from tlstudio.models.scorers import OnnxScorer, Scorer
from tlstudio.models.tokenizers import require_file


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

        settings = heads.read_settings(job.source)
        inputs = heads.inputs_of(settings)
        if "input_ids" in inputs:
            require_file(job.source)
        with explain_os_errors(folder):
            shutil.copyfile(job.source / "config.json", folder / "config.json")
        copy_tokenizer(job.source, folder)
        model = heads.load(job.source)
        job.control.check()
        with tempfile.TemporaryDirectory(prefix="tlstudio-fp16-") as place:
            full = Path(place) / "model.onnx"
            to_onnx(model, full, heads.Head.of(settings), inputs)
            job.control.check()
            half_graph.halve(full, folder / "model.onnx", config.compute)

    def scorer(self, folder: Path) -> Scorer:
        return OnnxScorer(folder / "model.onnx", "ONNX fp16")

    def stage(self, job: ExportJob) -> str:
        return job.network


PLUGIN = OnnxFp16()
