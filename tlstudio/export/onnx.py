"""ONNX in fp32: the whole precision, without PyTorch."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors
from tlstudio.core.recipe import Recipe
from tlstudio.export.base import ExportJob, NoOptions, Tolerance
from tlstudio.models.folders import copy_tokenizer
from tlstudio.models.scorers import OnnxScorer, Scorer


class Onnx:
    NAME = "onnx"
    TITLE = "ONNX fp32"
    SUMMARY = "Runs in ONNX Runtime from Python, C++, C#, Java or JavaScript, without PyTorch, at full precision."
    Config = NoOptions
    TOLERANCE = Tolerance("logits", 1e-3)
    PREDICT = "export/predict_onnx.py"

    def check(self, recipe: Recipe) -> StudioError | None:
        return None

    def write(self, job: ExportJob, folder: Path, config: Any) -> None:
        from transformers import AutoModelForSequenceClassification

        from tlstudio.models.onnx_graph import to_onnx

        with explain_os_errors(folder):
            shutil.copyfile(job.model_folder / "config.json", folder / "config.json")
        copy_tokenizer(job.model_folder, folder)
        model = AutoModelForSequenceClassification.from_pretrained(job.model_folder, local_files_only=True)
        job.control.check()
        to_onnx(model, folder / "model.onnx")

    def scorer(self, folder: Path) -> Scorer:
        return OnnxScorer(folder / "model.onnx")

    def stage(self, job: ExportJob) -> str:
        return "trained"


PLUGIN = Onnx()
