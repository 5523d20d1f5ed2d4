"""Weight-only quantisation: the weights in int8 or int4 with a scale for each block, the activations untouched.

Sources: ONNX Runtime, ``MatMulNBits``; Dettmers & Zettlemoyer, 2023, "The case for 4-bit precision" (blocks).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from tlstudio.compression import graphs
from tlstudio.compression.base import CompressJob, Format
from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.core.files import size_of
from tlstudio.core.progress import Meter
from tlstudio.models import heads
from tlstudio.models.onnx_graph import quiet
from tlstudio.models.scorers import OnnxScorer

if TYPE_CHECKING:
    import onnx

_INT8_SUMS = 4  # accuracy_level of MatMulNBits: products of 8-bit numbers, for which processors have instructions


class Options(BaseModel):
    """Choices of weight-only quantisation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bits: Literal["8", "4"] = Field(
        "8", title="Bits of a weight", description="4 is half the size again, at a larger loss of accuracy."
    )
    block_size: Literal["16", "32", "64", "128", "256"] = Field(
        "32",
        title="Weights a block",
        description="That share a scale: small blocks are more exact, and a little larger.",
    )
    embeddings: Literal["int8", "fp32"] = Field(
        "int8", title="Embeddings", description="How the tables of tokens and places are stored: half of a small model."
    )

    @field_validator("bits", "block_size", mode="before")
    @classmethod
    def _written(cls, value: object) -> object:
        """YAML reads 4 as a number."""
        return str(value) if isinstance(value, int) else value


class WeightOnly:
    """The smallest files; needs no rows, and no ranges of activations that could be wrong."""

    NAME = "weight-only"
    TITLE = "Weight-only int8 or int4"
    SUMMARY = "Weights as 8-bit or 4-bit integers in small blocks: a quarter to an eighth of the size, no calibration."
    TAKES: tuple[Format, ...] = ("transformers", "onnx")
    GIVES: Format = "onnx-final"
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        return heads.no_graph(task, "compress")

    def apply(self, config: Options, job: CompressJob, folder: Path) -> None:
        meter = Meter(job.emit, job.control, "compress", 2, "steps")
        job.control.check()
        source = graphs.full(job, folder / "full.onnx")
        meter.advance()
        graph = graphs.load(source)
        all_ = sum(graphs.size_of(one) for one in graphs.weights(graph).values())
        table = graphs.quantise_embeddings(graph) if config.embeddings == "int8" else 0
        graph, layers = in_blocks(graph, int(config.bits), int(config.block_size))
        if not table + layers:
            raise graphs.nothing_to_do(self.NAME, self.TITLE)
        graphs.save(graph, folder / graphs.FILE)
        facts: dict[str, Any] = {"layers": round(100 * layers / all_, 1), "embeddings": round(100 * table / all_, 1),
            "bits": config.bits, "before": round(size_of(source) / 1e6, 1),
            "after": round(size_of(folder / graphs.FILE) / 1e6, 1)}  # fmt: skip
        log(job.emit, "compress.weight-only", "{layers} % of the weights are {bits}-bit integers in blocks now, and "
            "{embeddings} % are embeddings in 8 bits: {before} MB became {after} MB.",
            "info" if 2 * (table + layers) >= all_ else "warning", **facts)  # fmt: skip
        (folder / "full.onnx").unlink(missing_ok=True)
        graphs.copy_beside(job.source, folder)
        meter.advance()

    def scorer(self, folder: Path) -> OnnxScorer:
        return OnnxScorer(folder / graphs.FILE, "ONNX Runtime weight-only")


PLUGIN = WeightOnly()


def in_blocks(graph: onnx.ModelProto, bits: int, size: int) -> tuple[onnx.ModelProto, int]:
    """The graph with the weights of its matrix products in blocks; and how many numbers these are."""
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    as_products(graph)
    stored = graphs.weights(graph)
    matrices = {name for name, tensor in stored.items() if len(tensor.dims) == 2}
    chosen = {node.name: node.input[1] for node in graph.graph.node
              if node.op_type == "MatMul" and node.input[1] in matrices}  # fmt: skip
    if not chosen:
        return graph, 0
    others = [node.name for node in graph.graph.node if node.op_type == "MatMul" and node.name not in chosen]
    with quiet():
        # symmetric for 8 bits: it hardly differs, and the kernels are faster
        maker = MatMulNBitsQuantizer(graph, bits, size, is_symmetric=bits == 8, accuracy_level=_INT8_SUMS,
                                     nodes_to_exclude=others)  # fmt: skip
        maker.process()
    return maker.model.model, sum(graphs.size_of(stored[name]) for name in set(chosen.values()))


def as_products(graph: onnx.ModelProto) -> None:
    """Turns Gemm with stored weights, such as a pooler and a classifier, into MatMul and Add, which are quantised."""
    import numpy as np
    from onnx import helper, numpy_helper

    stored = graphs.weights(graph)
    users = [name for node in graph.graph.node for name in node.input]
    nodes = []
    for node in graph.graph.node:
        given = {one.name: helper.get_attribute_value(one) for one in node.attribute}
        if node.op_type != "Gemm" or node.input[1] not in stored or not _plain(given):
            nodes.append(node)
            continue
        weight, out = stored[node.input[1]], node.output[0]
        if given.get("transB", 0):
            turned = numpy_helper.from_array(np.ascontiguousarray(numpy_helper.to_array(weight).T), f"{out}_turned")
            graph.graph.initializer.append(turned)
            if users.count(weight.name) == 1:
                graph.graph.initializer.remove(weight)
            weight = turned
        added = len(node.input) > 2 and node.input[2]
        nodes.append(helper.make_node("MatMul", [node.input[0], weight.name], [f"{out}_product" if added else out],
                                      node.name))  # fmt: skip
        if added:
            nodes.append(helper.make_node("Add", [f"{out}_product", node.input[2]], [out], f"{node.name}_add"))
    copies = [type(node).FromString(node.SerializeToString()) for node in nodes]
    del graph.graph.node[:]
    graph.graph.node.extend(copies)


def _plain(given: dict[str, Any]) -> bool:
    return given.get("alpha", 1.0) == 1.0 and given.get("beta", 1.0) == 1.0 and not given.get("transA", 0)
