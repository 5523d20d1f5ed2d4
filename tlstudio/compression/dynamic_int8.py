"""Dynamic int8 quantisation with ONNX Runtime: weights in int8 per channel, activations quantised while running.

Source: ONNX Runtime, ``quantize_dynamic``; Jacob et al., 2018, "Quantization and training of neural networks for
efficient integer-arithmetic-only inference".
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from tlstudio.compression import graphs
from tlstudio.compression.base import CompressJob, Format
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit, log
from tlstudio.core.files import size_of
from tlstudio.core.progress import Meter
from tlstudio.models import heads
from tlstudio.models.onnx_graph import int8_share, quantise_dynamic
from tlstudio.models.scorers import OnnxScorer

if TYPE_CHECKING:
    from tlstudio.models.anatomy import LayerGroup

_MOST = 0.5  # share of the weights from which on the step has done what it promises


class Options(BaseModel):
    """Dynamic int8 needs no choices."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DynamicInt8:
    """A quarter of the size, usually twice the speed on a CPU, without calibration data."""

    NAME = "dynamic-int8"
    TITLE = "Dynamic int8"
    SUMMARY = "Weights as 8-bit integers: about a quarter of the size and faster on a CPU, at a small loss of accuracy."
    TAKES: tuple[Format, ...] = ("transformers", "onnx")
    GIVES: Format = "onnx-final"
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return heads.no_graph(task, "compress")

    def changes(self, config: Options, groups: Sequence[LayerGroup]) -> dict[str, str]:
        """What becomes of the layer groups, for the drawing."""
        return {group.name: "int8" for group in groups}

    def apply(self, config: Options, job: CompressJob, folder: Path) -> None:
        meter = Meter(job.emit, job.control, "compress", 2, "steps")
        full = graphs.full(job, folder / "full.onnx")
        meter.advance()
        quantise_dynamic(full, folder / graphs.FILE)
        _tell(job.emit, full, folder / graphs.FILE)
        (folder / "full.onnx").unlink(missing_ok=True)
        graphs.copy_beside(job.source, folder)
        meter.advance()

    def scorer(self, folder: Path) -> OnnxScorer:
        return OnnxScorer(folder / graphs.FILE, "ONNX Runtime int8")


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
