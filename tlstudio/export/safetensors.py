"""The transformers layout: what Python programs load with ``from_pretrained``."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors
from tlstudio.core.recipe import Recipe
from tlstudio.export.base import ExportJob, Tolerance
from tlstudio.models import sentences, shards
from tlstudio.models.checks import PARTS_WEIGHTS
from tlstudio.models.folders import copy_tokenizer
from tlstudio.models.scorers import Scorer, TorchScorer

_MODEL_FILES = ("config.json", "*.safetensors", "*.safetensors.index.json")


class Options(BaseModel):
    """How the weights are laid out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    shard_mb: int = Field(
        5000, ge=0, le=100_000, title="Largest file",
        description="Weights beyond it are written as several files, which loads with less memory and passes the "
        "limits of hosts; 0 never splits.",
        json_schema_extra={"unit": "MB"},
    )  # fmt: skip


class Safetensors:
    NAME = "safetensors"
    TITLE = "Safetensors (transformers)"
    SUMMARY = "Weights as safetensors with config and tokenizer. For Python programs, further training and the hub."
    Config = Options
    TOLERANCE = Tolerance("logits", 1e-3)
    RUNTIME = "transformers"

    def fits(self, task: Any) -> StudioError | None:
        return None

    def check(self, recipe: Recipe) -> StudioError | None:
        return None

    def write(self, job: ExportJob, folder: Path, config: Options) -> None:
        with explain_os_errors(folder):
            for pattern in _MODEL_FILES:
                for source in sorted(job.source.glob(pattern)):
                    job.control.check()
                    shutil.copyfile(source, folder / source.name)
        weights = folder / shards.FILE
        if config.shard_mb and weights.is_file():
            shards.split(weights, config.shard_mb * 1_000_000, job.control.check)
        copy_tokenizer(job.source, folder)
        sentences.copy(job.source, folder)
        if (folder / PARTS_WEIGHTS).is_file():
            with explain_os_errors(folder):
                shutil.copyfile(Path(__file__).parents[1] / "models" / "parts.py", folder / "network.py")

    def scorer(self, folder: Path) -> Scorer:
        return TorchScorer(folder)

    def stage(self, job: ExportJob) -> str:
        return job.network


PLUGIN = Safetensors()
