"""A graph of PyTorch: ``torch.export.load`` gives the network without transformers and without its code."""

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
from tlstudio.models.scorers import Scorer


class TorchExport:
    NAME = "torch-export"
    TITLE = "PyTorch graph (.pt2)"
    SUMMARY = (
        "The network as one graph that PyTorch loads by itself, without transformers. For programs that have PyTorch "
        "already, and for its compilers."
    )
    Config = NoOptions
    TOLERANCE = Tolerance("logits", 1e-3)
    RUNTIME = "onnx"  # its script asks a session for arrays; graph.py has the same shape
    LIBRARY = "pytorch"

    def fits(self, task: Any) -> StudioError | None:
        if task.HEAD.onnx:
            return None
        return StudioError(
            "export.no-torch-graph-of-task", "A graph of PyTorch is not offered for the task {task}: its models do not "
            "answer in a single step, or are backbones of other tasks.", "Use the safetensors export.",
            where="export", task=task.TITLE,
        )  # fmt: skip

    def check(self, recipe: Recipe) -> StudioError | None:
        return None

    def write(self, job: ExportJob, folder: Path, config: Any) -> None:
        from tlstudio.models import torch_graph

        source = prepared(job, folder)
        with explain_os_errors(folder):
            shutil.copyfile(paths.resource("export/graph.py"), folder / "graph.py")
        torch_graph.to_graph(source.model, folder / torch_graph.FILE, source.head, source.inputs)

    def script(self, text: str) -> str:
        """The script of a task for this graph instead of ONNX Runtime's."""
        return (
            text.replace('onnxruntime.InferenceSession(str(HERE / "model.onnx"), providers=["CPUExecutionProvider"])',
                         'InferenceSession(HERE / "model.pt2")')
            .replace("import onnxruntime\n", "")
            .replace("\nHERE = ", "\nfrom graph import InferenceSession\n\nHERE = ", 1)
            .replace("pip install onnxruntime", "pip install torch", 1)
        )  # fmt: skip

    def scorer(self, folder: Path) -> Scorer:
        from tlstudio.models.torch_graph import FILE, GraphScorer

        return GraphScorer(folder / FILE)

    def stage(self, job: ExportJob) -> str:
        return job.network


PLUGIN = TorchExport()
