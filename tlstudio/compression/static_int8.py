"""Static int8: weights and activations in int8, whose ranges are found on the user's rows; the most sensitive layers
may stay in fp32.

Sources: Jacob et al., 2018, "Quantization and training of neural networks for efficient integer-arithmetic-only
inference"; Migacz, 2017, "8-bit inference with TensorRT" (entropy); Wu et al., 2020, "Integer quantization for deep
learning inference", section 5.2 (sensitivity of single layers); ONNX Runtime, QDQ format.
"""

from __future__ import annotations

import copy
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from tlstudio.compression import graphs
from tlstudio.compression.base import CompressJob, Format
from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.core.files import size_of
from tlstudio.core.progress import Meter
from tlstudio.models import heads
from tlstudio.models.onnx_graph import int8_share, quiet
from tlstudio.models.scorers import OnnxScorer

if TYPE_CHECKING:
    import onnx

_KINDS = ("MatMul", "Gemm", "Conv")
_SECONDS = 45.0  # that finding the sensitive layers may take, about
_LOOKED_AT = 4  # batches for it, at most
_TOLD = 5  # layers that are named


class Options(BaseModel):
    """Choices of static int8."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Literal["minmax", "percentile", "entropy"] = Field(
        "minmax",
        title="Calibration",
        description="How the range of an activation follows from what the rows show: its smallest and largest value; "
        "without the share beyond a percentile; or so that least information is lost (entropy).",
    )
    percentile: float = Field(
        99.999, ge=90, le=100, title="Percentile", description="Share of the values within the range, in percent.",
        json_schema_extra={"only": {"method": ["percentile"]}},
    )  # fmt: skip
    rows: int = Field(
        128, ge=1, le=5000, title="Calibration rows", description="Training rows on which the ranges are found."
    )
    keep_fp32: int = Field(
        2, ge=0, le=100, title="Layers kept in fp32",
        description="So many of the layers whose rounding changes the answers most stay as they are; 0 measures none.",
    )  # fmt: skip
    per_channel: bool = Field(
        True, title="A scale for each channel", description="Of the weights; more exact than one scale for a layer."
    )


class StaticInt8:
    """As small as dynamic int8; nothing is measured while running, and convolutions are reached too."""

    NAME = "static-int8"
    TITLE = "Static int8"
    SUMMARY = "Weights and activations as 8-bit integers, calibrated on the user's rows; convolutions too."
    TAKES: tuple[Format, ...] = ("transformers", "onnx")
    GIVES: Format = "onnx-final"
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return heads.no_graph(task, "compress")

    def apply(self, config: Options, job: CompressJob, folder: Path) -> None:
        job.rows  # noqa: B018 - tells where there are none
        job.control.check()
        source = graphs.full(job, folder / "full.onnx")
        graph = prepared(source, folder)
        names = layers(graph)
        if not names:
            raise graphs.nothing_to_do(self.NAME, self.TITLE)
        feeds = list(graphs.feeds(job, config.rows))
        ranges = calibrate(graph, config, feeds, job)
        exclude = keep(graph, ranges, names, config, job) if config.keep_fp32 else []
        graphs.quantise_embeddings(graph)
        quantised(graph, ranges, [name for name in names if name not in exclude], config.per_channel)
        graphs.save(graph, folder / graphs.FILE)
        log(job.emit, "compress.static-int8", "{percent} % of the weights are 8-bit integers now, calibrated on {rows} "
            "rows: {before} MB became {after} MB.", percent=round(100 * int8_share(folder / graphs.FILE), 1),
            rows=sum(len(next(iter(feed.values()))) for feed in feeds), before=round(size_of(source) / 1e6, 1),
            after=round(size_of(folder / graphs.FILE) / 1e6, 1))  # fmt: skip
        (folder / "full.onnx").unlink(missing_ok=True)
        graphs.copy_beside(job.source, folder)

    def scorer(self, folder: Path) -> OnnxScorer:
        return OnnxScorer(folder / graphs.FILE, "ONNX Runtime static int8")


PLUGIN = StaticInt8()


def prepared(source: Path, folder: Path) -> onnx.ModelProto:
    """The graph as the quantiser needs it: with batch normalisation folded into convolutions, and types of all inputs
    of layers (its own inference stops at operators of ONNX Runtime)."""
    import onnx
    import onnxruntime

    graph = graphs.load(source)
    if any(node.op_type == "BatchNormalization" for node in graph.graph.node):
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        folded = folder / "folded.onnx"
        options.optimized_model_filepath = str(folded)
        onnxruntime.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])
        graph = graphs.load(folded)
        folded.unlink()
    graph = onnx.shape_inference.infer_shapes(graph)
    known = {one.name for part in (graph.graph.value_info, graph.graph.input, graph.graph.output) for one in part}
    for node in graph.graph.node:
        for name in (node.input[0], node.output[0]) if node.op_type in _KINDS else ():
            if name not in known:
                known.add(name)
                graph.graph.value_info.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    return graph


def layers(graph: onnx.ModelProto) -> list[str]:
    """Names of the nodes that are quantised: those that multiply with stored weights."""
    stored = graphs.weights(graph)
    return [node.name for node in graph.graph.node
            if node.op_type in _KINDS and node.input[1] in stored and node.input[0] not in stored]  # fmt: skip


def calibrate(graph: onnx.ModelProto, config: Options, feeds: Sequence[graphs.Feed], job: CompressJob) -> Any:
    """The range of the activations around the layers on some rows, as ONNX Runtime keeps it.

    Batches are given one by one: the histograms of ONNX Runtime would hold the activations of all rows otherwise, and
    stop at batches of different lengths.
    """
    from onnxruntime.quantization import CalibrationMethod
    from onnxruntime.quantization.calibrate import create_calibrator

    method = {"minmax": CalibrationMethod.MinMax, "percentile": CalibrationMethod.Percentile,
              "entropy": CalibrationMethod.Entropy}[config.method]  # fmt: skip
    options: dict[str, Any] = {"symmetric": False}
    if config.method == "percentile":
        options["percentile"] = config.percentile
    meter = Meter(job.emit, job.control, "compress", len(feeds), "steps")
    with tempfile.TemporaryDirectory(prefix="tlstudio-calibration-") as place, quiet():
        graphs.save(graph, Path(place) / "graph.onnx")
        found = create_calibrator(Path(place) / "graph.onnx", list(_KINDS), str(Path(place) / "more.onnx"), method,
                                  extra_options=options)  # fmt: skip
        known = {one.name for one in graph.graph.input}
        for feed in feeds:
            found.collect_data(_One({name: value for name, value in feed.items() if name in known}))
            meter.advance()
        return found.compute_data()


class _One:
    """A single batch, as ONNX Runtime reads calibration data."""

    def __init__(self, feed: graphs.Feed) -> None:
        self._left = [feed]

    def get_next(self) -> graphs.Feed | None:
        return self._left.pop() if self._left else None


def quantised(graph: onnx.ModelProto, ranges: Any, names: Sequence[str], per_channel: bool) -> None:
    """Puts int8 into the named layers of a graph.

    What a layer gives stays fp32 (but for convolutions, whose kernel needs both): it is summed up in int32 anyway.
    """
    from onnxruntime.quantization import QuantType
    from onnxruntime.quantization.qdq_quantizer import QDQQuantizer

    options = {"OpTypesToExcludeOutputQuantization": ["MatMul", "Gemm"], "MatMulConstBOnly": True,
               "QDQOpTypePerChannelSupportToAxis": {"MatMul": 1}}  # fmt: skip
    if not names:
        return
    with quiet():
        maker = QDQQuantizer(graph, per_channel, False, QuantType.QInt8, QuantType.QUInt8, ranges, list(names), [],
                             list(_KINDS), options)  # fmt: skip
        maker.quantize_model()
    if maker.model.model is not graph:
        graph.CopyFrom(maker.model.model)


def keep(graph: onnx.ModelProto, ranges: Any, names: Sequence[str], config: Options, job: CompressJob) -> list[str]:
    """The layers that stay in fp32, and tells of them."""
    found = sensitivities(graph, ranges, names, config.per_channel, job)
    worst = sorted(names, key=lambda name: -found[name])[: min(config.keep_fp32, len(names) - 1)]
    nodes = {node.name: node for node in graph.graph.node}
    told = ", ".join(f"{graphs.layer_name(graph, nodes[name])} ({100 * found[name]:.2g} %)" for name in worst[:_TOLD])
    if worst:
        log(job.emit, "compress.kept-fp32", "Kept {count} of {all} layers in fp32, whose rounding alone changes the "
            "answers most: {layers}.", count=len(worst), all=len(names), layers=told)  # fmt: skip
    return worst


def sensitivities(
    graph: onnx.ModelProto, ranges: Any, names: Sequence[str], per_channel: bool, job: CompressJob
) -> dict[str, float]:
    """How much the answers change when a single layer is quantised: |y' - y| / |y| over some rows.

    In networks of many layers some that follow each other are tried together, so that the time stays bounded.
    """
    feeds = list(graphs.feeds(job, 8 * _LOOKED_AT))
    running = graphs.session(graph)
    plain = [graphs.answers(running, feed) for feed in feeds]
    del running
    found: dict[str, float] = {}
    meter = Meter(job.emit, job.control, "compress", len(names), "layers")
    begin, size, place = time.monotonic(), 1, 0
    while place < len(names):
        some = names[place : place + size]
        error = _error(graph, ranges, some, per_channel, feeds, plain, job)
        found.update({name: error / len(some) for name in some})
        if place == 0:  # the first tells how long one takes
            size = max(1, round((time.monotonic() - begin) * len(names) / _SECONDS))
        place += len(some)
        meter.advance(len(some))
    return found


def _error(graph: onnx.ModelProto, ranges: Any, names: Sequence[str], per_channel: bool, feeds: Sequence[graphs.Feed],
           plain: Sequence[np.ndarray], job: CompressJob) -> float:  # fmt: skip
    tried = copy.deepcopy(graph)
    quantised(tried, ranges, names, per_channel)
    running = graphs.session(tried)
    off, whole = 0.0, 0.0
    for feed, right in zip(feeds, plain, strict=True):
        job.control.check()
        off += float(np.square(graphs.answers(running, feed) - right).sum())
        whole += float(np.square(right).sum())
    return float(np.sqrt(off / max(whole, 1e-30)))
