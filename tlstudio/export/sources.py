"""The network that a format is written from, read in the same way by all that write a graph."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core.files import explain_os_errors
from tlstudio.export.base import ExportJob
from tlstudio.models import heads
from tlstudio.models.folders import copy_tokenizer
from tlstudio.models.heads import Head
from tlstudio.models.tokenizers import require_file

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Source:
    """A network with what its graph has to give and to take, see :mod:`tlstudio.models.heads`."""

    model: torch.nn.Module
    head: Head
    inputs: Mapping[str, Mapping[str, Any]]


def prepared(job: ExportJob, folder: Path) -> Source:
    """Loads the network that is exported, and copies its config and tokenizer to the ``folder``.

    Raises:
        StudioError: its tokenizer cannot be written as a single file, or a file cannot be copied.
        Cancelled: the user has cancelled.
    """
    settings = heads.read_settings(job.source)
    inputs = heads.inputs_of(settings)
    if "input_ids" in inputs:
        require_file(job.source)
    with explain_os_errors(folder):
        shutil.copyfile(job.source / "config.json", folder / "config.json")
    copy_tokenizer(job.source, folder)
    model = heads.load(job.source)
    job.control.check()
    return Source(model, Head.of(settings), inputs)
