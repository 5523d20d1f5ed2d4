"""Dynamic int8 quantisation with ONNX Runtime: weights in int8 per channel, activations quantised while running.

Source: ONNX Runtime, ``quantize_dynamic``; Jacob et al., 2018, "Quantization and training of neural networks for
efficient integer-arithmetic-only inference".
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from tlstudio.compression.base import CompressJob
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit, log
from tlstudio.core.files import explain_os_errors, size_of
from tlstudio.core.progress import Meter
from tlstudio.models import heads
from tlstudio.models.folders import copy_tokenizer
from tlstudio.models.onnx_graph import int8_share, quantise_dynamic, to_onnx
from tlstudio.models.scorers import OnnxScorer
from tlstudio.models.tokenizers import require_file

_MOST = 0.5  # share of the weights from which on the step has done what it promises


class Options(BaseModel):
    """Dynamic int8 needs no choices."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DynamicInt8:
    """A quarter of the size, usually twice the speed on a CPU, without calibration data."""

    NAME = "dynamic-int8"
    TITLE = "Dynamic int8"
    SUMMARY = "Weights as 8-bit integers: about a quarter of the size and faster on a CPU, at a small loss of accuracy."
    TAKES = "transformers"
    GIVES = "onnx"
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return heads.no_graph(task, "compress")

    def apply(self, config: Options, job: CompressJob, folder: Path) -> None:
        meter = Meter(job.emit, job.control, "compress", 3, "steps")
        settings = heads.read_settings(job.source)
        if "input_ids" in heads.inputs_of(settings):
            require_file(job.source)
        model = heads.load(job.source)
        meter.advance()
        full = folder / "full.onnx"
        to_onnx(model, full, heads.Head.of(settings), heads.inputs_of(settings))
        meter.advance()
        quantise_dynamic(full, folder / "model.onnx")
        _tell(job.emit, full, folder / "model.onnx")
        full.unlink()
        copy_tokenizer(job.source, folder)
        with explain_os_errors(folder):
            shutil.copyfile(job.source / "config.json", folder / "config.json")
        meter.advance()

    def scorer(self, folder: Path) -> OnnxScorer:
        return OnnxScorer(folder / "model.onnx", "ONNX Runtime int8")


PLUGIN = DynamicInt8()


def _tell(emit: Emit, before: Path, after: Path) -> None:
    """How much of the network the step has reached: convolutions stay as they are, since no kernel computes them."""
    share = int8_share(after)
    facts: dict[str, Any] = {"percent": round(100 * share, 1), "before": round(size_of(before) / 1e6, 1),
             "after": round(size_of(after) / 1e6, 1)}  # fmt: skip
    if share >= _MOST:
        log(emit, "compress.int8-share", "{percent} % of the weights are 8-bit integers now: {before} MB became "
            "{after} MB.", **facts)  # fmt: skip
        return
    log(emit, "compress.little-int8", "Only {percent} % of the weights are 8-bit integers now: {before} MB became "
        "{after} MB. ONNX Runtime computes no convolutions from 8-bit weights, so that this step does little for "
        "networks made of them.", "warning", **facts)  # fmt: skip
