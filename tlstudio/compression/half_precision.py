"""fp16: a graph whose weights take half the space."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tlstudio.compression import graphs
from tlstudio.compression.base import CompressJob, Format
from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.core.files import size_of
from tlstudio.core.progress import Meter
from tlstudio.models import half_graph, heads
from tlstudio.models.scorers import OnnxScorer

_ROWS = 32  # on which the answers are compared


class HalfPrecision:
    """Half the size at hardly a loss; no faster on a processor."""

    NAME = "fp16"
    TITLE = "Half precision (fp16)"
    SUMMARY = "Weights in 16 bits: half the size at hardly a loss of accuracy. Not faster on a processor."
    TAKES: tuple[Format, ...] = ("transformers", "onnx")
    GIVES: Format = "onnx-final"
    Config = half_graph.Options

    def fits(self, task: Any) -> StudioError | None:
        return heads.no_graph(task, "compress")

    def apply(self, config: half_graph.Options, job: CompressJob, folder: Path) -> None:
        meter = Meter(job.emit, job.control, "compress", 2, "steps")
        job.control.check()
        source = graphs.full(job, folder / "full.onnx")
        meter.advance()
        half_graph.halve(source, folder / graphs.FILE, config.compute)
        difference = compared(source, folder / graphs.FILE, job)
        log(job.emit, "compress.fp16", "{before} MB became {after} MB in fp16; no answer to {rows} rows differs by "
            "more than {difference}.", before=round(size_of(source) / 1e6, 1), rows=_ROWS,
            after=round(size_of(folder / graphs.FILE) / 1e6, 1), difference=f"{difference:.2g}")  # fmt: skip
        if config.compute == "fp16":
            log(job.emit, "compress.fp16-slow", "Processors compute fp16 by way of fp32: this form is meant for "
                "graphics cards, and slower here.", "warning")  # fmt: skip
        (folder / "full.onnx").unlink(missing_ok=True)
        graphs.copy_beside(job.source, folder)
        meter.advance()

    def scorer(self, folder: Path) -> OnnxScorer:
        return OnnxScorer(folder / graphs.FILE, "ONNX Runtime fp16")


PLUGIN = HalfPrecision()


def compared(before: Path, after: Path, job: CompressJob) -> float:
    """The largest difference between the answers of two graphs to some rows.

    Raises:
        StudioError: the second answers with something that is no number.
    """
    one, other = graphs.session(before), graphs.session(after)
    largest = 0.0
    for feed in graphs.some_feeds(job, _ROWS):
        job.control.check()
        right, found = graphs.answers(one, feed), graphs.answers(other, feed)
        if not np.isfinite(found).all():
            raise StudioError(
                "compress.overflow", "The network computes numbers that fp16 cannot hold: it answers with no number.",
                "Compute in fp32, or use bf16 or an int8 step.", where="compress.fp16",
            )  # fmt: skip
        largest = max(largest, float(np.abs(found - right).max(initial=0)))
    return largest
