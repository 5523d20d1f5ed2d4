"""ONNX graphs, as steps take and leave them."""

from __future__ import annotations

import shutil
from pathlib import Path

from tlstudio.compression.base import CompressJob
from tlstudio.core.files import explain_os_errors
from tlstudio.models import heads
from tlstudio.models.folders import copy_tokenizer
from tlstudio.models.onnx_graph import to_onnx
from tlstudio.models.tokenizers import require_file

FILE = "model.onnx"


def full(job: CompressJob, target: Path) -> Path:
    """The fp32 graph of the source: that which is there, or else one that is written to ``target``."""
    if (job.source / FILE).is_file():
        return job.source / FILE
    settings = heads.read_settings(job.source)
    if "input_ids" in heads.inputs_of(settings):
        require_file(job.source)
    model = heads.load(job.source)
    job.control.check()
    to_onnx(model, target, heads.Head.of(settings), heads.inputs_of(settings))
    return target


def copy_beside(source: Path, folder: Path) -> None:
    """Copies what a graph needs beside it: tokenizer, settings and config."""
    copy_tokenizer(source, folder)
    with explain_os_errors(folder):
        shutil.copyfile(source / "config.json", folder / "config.json")
