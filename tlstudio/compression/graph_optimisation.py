"""Optimisation of the graph: constant parts are computed once, and chains of operators become one.

Source: ONNX Runtime, graph optimisations and ``onnxruntime.transformers.optimizer``. Such a graph runs in ONNX Runtime
alone, on any processor.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from tlstudio.compression import graphs
from tlstudio.compression.base import CompressJob, Format
from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.core.files import read_json
from tlstudio.core.progress import Meter
from tlstudio.models import heads
from tlstudio.models.onnx_graph import quiet
from tlstudio.models.scorers import OnnxScorer

if TYPE_CHECKING:
    import onnx

_ROWS = 32  # on which the answers are compared
_LARGEST = 1e-3  # difference of an answer, beside its size
# the patterns that ONNX Runtime looks for, by the kind of network; others have those of BERT tried, which do no harm
_PATTERNS = {"gpt2": "gpt2", "vit": "vit", "deit": "vit", "swin": "swin", "bart": "bart", "t5": "t5"}


class Options(BaseModel):
    """The optimisation needs no choices."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class GraphOptimisation:
    """The same answers from fewer operators; int8 can follow."""

    NAME = "graph-optimisation"
    TITLE = "Graph optimisation"
    SUMMARY = "Merges operators of the ONNX graph: the same answers, at times a little sooner. An int8 step may follow."
    TAKES: tuple[Format, ...] = ("transformers", "onnx")
    GIVES: Format = "onnx"
    KEEPS_SIZE = True
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return heads.no_graph(task, "compress")

    def apply(self, config: Options, job: CompressJob, folder: Path) -> None:
        meter = Meter(job.emit, job.control, "compress", 3, "steps")
        job.control.check()
        source = graphs.full(job, folder / "full.onnx")
        meter.advance()
        before = graphs.load(source)
        after = optimised(source, read_json(job.source / "config.json"))
        graphs.save(after, folder / graphs.FILE)
        meter.advance()
        difference = _check(source, folder / graphs.FILE, job)
        old, new = _kinds(before), _kinds(after)
        fused = ", ".join(f"{count} {kind}" for kind, count in sorted(new.items()) if count > old[kind]
                          and kind not in _GLUE)  # fmt: skip
        log(job.emit, "compress.fused", "{before} operators became {after}: {fused}. No answer differs by more than "
            "{difference}.", before=sum(old.values()), after=sum(new.values()), fused=fused or "–",
            difference=f"{difference:.2g}")  # fmt: skip
        (folder / "full.onnx").unlink(missing_ok=True)
        graphs.copy_beside(job.source, folder)
        meter.advance()

    def scorer(self, folder: Path) -> OnnxScorer:
        return OnnxScorer(folder / graphs.FILE, "ONNX Runtime, optimised")


PLUGIN = GraphOptimisation()

_GLUE = ("Constant", "Gather", "Unsqueeze", "Shape", "Cast", "Concat", "Slice", "Reshape", "Transpose")


def optimised(source: Path, config: dict[str, Any]) -> onnx.ModelProto:
    """The graph after the optimisations of ONNX Runtime that hold for all processors, and the fusions of its tools for
    transformers."""
    from onnxruntime.transformers.fusion_options import FusionOptions
    from onnxruntime.transformers.optimizer import optimize_model

    kind = _PATTERNS.get(str(config.get("model_type")), "bert")
    options = FusionOptions(kind)
    options.enable_gelu_approximation = False  # answers stay the same
    with quiet():
        made = optimize_model(str(source), kind, int(config.get("num_attention_heads") or 0),
                              int(config.get("hidden_size") or 0), options, opt_level=1)  # fmt: skip
        made.topological_sort()
    graph: onnx.ModelProto = made.model
    del graph.graph.value_info[:]
    return graph


def _kinds(graph: onnx.ModelProto) -> Counter[str]:
    return Counter(node.op_type for node in graph.graph.node)


def _check(before: Path, after: Path, job: CompressJob) -> float:
    """The largest difference between the answers of the two graphs.

    Raises:
        StudioError: it is too large, or the new graph does not run.
    """
    try:
        one, other, largest = graphs.session(before), graphs.session(after), 0.0
        for feed in graphs.some_feeds(job, _ROWS):
            job.control.check()
            right, found = graphs.answers(one, feed), graphs.answers(other, feed)
            off = np.abs(found - right) / np.maximum(1.0, np.abs(right))
            largest = max(largest, float(off.max(initial=0.0))) if np.isfinite(found).all() else float("inf")
    except RuntimeError as error:  # what ONNX Runtime raises
        raise _broken(str(error).splitlines()[0][:200]) from error
    if largest > _LARGEST:
        raise _broken(f"{largest:.2g}")
    return largest


def _broken(reason: str) -> StudioError:
    return StudioError(
        "compress.not-optimised", "ONNX Runtime's optimisations change what this network answers: {reason}",
        "Leave the graph optimisation out.", where="compress.graph-optimisation", reason=reason,
    )  # fmt: skip
