"""bf16: the network with its weights in 16 bits, as large models are published.

Source: Kalamkar et al., 2019, "A study of bfloat16 for deep learning training" (the range of fp32, 8 bits of mantissa).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from tlstudio.compression import networks
from tlstudio.compression.base import CompressJob, Format
from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.core.files import read_json, write_json
from tlstudio.core.progress import Meter
from tlstudio.models.scorers import Scorer


class Options(BaseModel):
    """bf16 needs no choices."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Bf16:
    """Half the size on the disk; computed in fp32 on a processor, and so as fast as before."""

    NAME = "bf16"
    TITLE = "Weights in bf16"
    SUMMARY = (
        "Stores the weights in 16 bits: half the size for every task. Computed in fp32, so neither faster nor slower."
    )
    TAKES: tuple[Format, ...] = ("transformers",)
    GIVES: Format = "transformers"
    LEAVES = "bf16"
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return None

    def apply(self, config: Options, job: CompressJob, folder: Path) -> None:
        import torch

        meter = Meter(job.emit, job.control, "compress", 1, "steps")
        job.control.check()
        model = networks.load(job.source)
        parameters = networks.parameters(model)
        networks.save(model.to(torch.bfloat16), job.source, folder)
        # who loads the folder without asking for a type gets fp32, in which processors are exact and fast
        config_file = folder / "config.json"
        write_json(config_file, _in_fp32(read_json(config_file)))
        log(job.emit, "compress.bf16", "{parameters} million parameters are stored in 16 bits: {before} MB became "
            "{after} MB.", parameters=round(parameters / 1e6, 2), before=round(parameters * 4 / 1e6, 1),
            after=round(parameters * 2 / 1e6, 1))  # fmt: skip
        meter.advance()

    def scorer(self, folder: Path) -> Scorer:
        return networks.scorer(folder)


PLUGIN = Bf16()


def _in_fp32(config: Any) -> Any:
    """A config whose notes of bf16, those of inner configs as well, say fp32."""
    if isinstance(config, dict):
        return {name: "float32" if name in ("dtype", "torch_dtype") and value == "bfloat16" else _in_fp32(value)
                for name, value in config.items()}  # fmt: skip
    return config
