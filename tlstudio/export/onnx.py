"""ONNX in fp32: the whole precision, without PyTorch."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors
from tlstudio.core.recipe import Recipe
from tlstudio.export.base import ExportJob, NoOptions, Tolerance
from tlstudio.models import heads
from tlstudio.models.folders import copy_tokenizer
from tlstudio.models.scorers import OnnxScorer, Scorer
from tlstudio.models.tokenizers import require_file


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

        settings = heads.read_settings(job.source)
        inputs = heads.inputs_of(settings)
        if "input_ids" in inputs:
            require_file(job.source)
        with explain_os_errors(folder):
            shutil.copyfile(job.source / "config.json", folder / "config.json")
        copy_tokenizer(job.source, folder)
        model = heads.load(job.source)
        job.control.check()
        to_onnx(model, folder / "model.onnx", heads.Head.of(settings), inputs)

    def scorer(self, folder: Path) -> Scorer:
        return OnnxScorer(folder / "model.onnx")

    def stage(self, job: ExportJob) -> str:
        return job.network


PLUGIN = Onnx()
