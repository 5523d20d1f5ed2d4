"""A program of ExecuTorch (.pte): the network for apps on phones and small devices, computed by XNNPACK."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tlstudio.core import paths
from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors
from tlstudio.core.recipe import Recipe
from tlstudio.export.base import ExportJob, NoOptions, Tolerance
from tlstudio.export.sources import prepared
from tlstudio.models import executorch_scorer
from tlstudio.models.executorch_scorer import FILE, ExecuTorchScorer
from tlstudio.models.scorers import Scorer


class ExecuTorch:
    NAME = "executorch"
    TITLE = "ExecuTorch (.pte)"
    SUMMARY = (
        "For apps on phones and small devices, by ExecuTorch, an extra. One row at a time, of any length up to that of "
        "training; computed in fp32 by XNNPACK."
    )
    Config = NoOptions
    TOLERANCE = Tolerance("logits", 1e-3)
    RUNTIME = "onnx"  # its script asks a session for arrays; program.py has the same shape
    LIBRARY = "executorch"

    def fits(self, task: Any) -> StudioError | None:
        if task.HEAD.onnx:
            return None
        return StudioError(
            "export.no-executorch-of-task", "ExecuTorch is not offered for the task {task}: its models do not answer "
            "in a single step, or are backbones of other tasks.", "Use the safetensors export.",
            where="export", task=task.TITLE,
        )  # fmt: skip

    def check(self, recipe: Recipe) -> StudioError | None:
        return executorch_scorer.missing("export")

    def write(self, job: ExportJob, folder: Path, config: Any) -> None:
        source = prepared(job, folder)
        with explain_os_errors(folder):
            shutil.copyfile(paths.resource("export/program.py"), folder / "program.py")
        executorch_scorer.to_program(source.model, folder / FILE, job.source)

    def script(self, text: str) -> str:
        """The script of a task for this program instead of ONNX Runtime's."""
        return (
            text.replace('onnxruntime.InferenceSession(str(HERE / "model.onnx"), providers=["CPUExecutionProvider"])',
                         'Session(HERE / "model.pte")')
            .replace("import onnxruntime\n", "")
            .replace("\nHERE = ", "\nfrom program import Session\n\nHERE = ", 1)
            .replace("pip install onnxruntime", "pip install executorch", 1)
        )  # fmt: skip

    def scorer(self, folder: Path) -> Scorer:
        return ExecuTorchScorer(folder)

    def stage(self, job: ExportJob) -> str:
        return job.network


PLUGIN = ExecuTorch()
