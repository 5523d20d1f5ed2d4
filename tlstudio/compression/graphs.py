"""ONNX graphs, as steps take and leave them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tlstudio.compression import rows
from tlstudio.compression.base import CompressJob
from tlstudio.core.errors import StudioError
from tlstudio.core.files import atomic_write, explain_os_errors
from tlstudio.models import heads
from tlstudio.models.batches import collate, dummy, lengths_of
from tlstudio.models.folders import copy_tokenizer
from tlstudio.models.onnx_graph import to_onnx
from tlstudio.models.scorers import taken, usable_cores
from tlstudio.models.tokenizers import require_file

if TYPE_CHECKING:
    import onnx
    import onnxruntime

FILE = "model.onnx"
Feed = dict[str, np.ndarray]
_FEWEST = 1024  # numbers: embeddings with fewer are not worth a node more


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


def load(path: Path) -> onnx.ModelProto:
    """A graph without the exporter's shape notes, which contradict the inference of ONNX Runtime's tools."""
    import onnx

    graph = onnx.load(str(path))
    del graph.graph.value_info[:]
    return graph


def save(graph: onnx.ModelProto, path: Path) -> None:
    with explain_os_errors(path), atomic_write(path, "wb") as stream:
        stream.write(graph.SerializeToString())


def session(graph: onnx.ModelProto | Path) -> onnxruntime.InferenceSession:
    """The graph in ONNX Runtime, as :class:`tlstudio.models.scorers.OnnxScorer` runs it."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = usable_cores()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    given = str(graph) if isinstance(graph, Path) else graph.SerializeToString()
    return onnxruntime.InferenceSession(given, options, providers=["CPUExecutionProvider"])


def answers(running: onnxruntime.InferenceSession, feed: Feed) -> np.ndarray:
    """All outputs to a batch in one vector."""
    known = {item.name for item in running.get_inputs()}
    found = running.run(None, {name: value for name, value in feed.items() if name in known})
    return np.concatenate([np.ravel(one).astype(np.float32) for one in found])


def feeds(job: CompressJob, count: int, size: int = 8) -> Iterator[Feed]:
    """At most ``count`` training rows as batches of rows of similar length: padding is hardly seen while calibrating.

    Raises:
        StudioError: there are no rows.
        Cancelled: the user has cancelled.
    """
    encoded, inputs = job.rows, list(heads.inputs_of(heads.read_settings(job.source)))
    chosen = list(rows.chosen(job, count))
    lengths = lengths_of(chosen)
    order = sorted(range(len(chosen)), key=lambda place: lengths[place])
    starts = list(range(0, len(order), size))
    # not from short to long: who takes the first batches alone sees rows of every length
    for start in [starts[place] for place in np.random.default_rng(job.seed).permutation(len(starts))]:
        job.control.check()
        part = [chosen[place] for place in order[start : start + size]]
        yield collate(part, taken(part[0], inputs), encoded.pad_id)


def some_feeds(job: CompressJob, count: int) -> list[Feed]:
    """Training rows to compare two graphs on; made-up ones where a step is tried without any."""
    if job.encoded is not None and len(job.encoded.splits.get("train", ())):
        return list(feeds(job, count))
    return [dummy(heads.inputs_of(heads.read_settings(job.source)))]


def weights(graph: onnx.ModelProto) -> dict[str, onnx.TensorProto]:
    """The stored floating point tensors of a graph by name."""
    import onnx

    return {one.name: one for one in graph.graph.initializer if one.data_type == onnx.TensorProto.FLOAT}


def size_of(tensor: onnx.TensorProto) -> int:
    return int(np.prod(tensor.dims))


def layer_name(graph: onnx.ModelProto, node: onnx.NodeProto) -> str:
    """What a node is called in the network: by its weight or by the bias that is added; else by itself."""
    stored = {one.name for one in graph.graph.initializer}
    users = [other for other in graph.graph.node if node.output[0] in other.input and other.op_type == "Add"]
    names = [name for one in (node, *users) for name in one.input if name in stored]
    for name in names:
        if name.endswith((".weight", ".bias")):
            return name.removeprefix("inner.").rpartition(".")[0]
    return str(node.name)


def quantise_embeddings(graph: onnx.ModelProto) -> int:
    """Stores the embeddings in int8 with a scale for each row; gives how many numbers that were.

    Only looked-up rows are made floating point again, w = s q with s = max |w| / 127 (Jacob et al., 2018, eq. 1, with
    the zero point at 0), from operators of plain ONNX. ONNX Runtime's own tools know no int8 embeddings without
    activations in int8.
    """
    from onnx import helper, numpy_helper

    users: dict[str, list[Any]] = {}
    for node in graph.graph.node:
        for place, name in enumerate(node.input):
            users.setdefault(name, []).append((node, place))
    outputs = {one.name for one in graph.graph.output}
    done, instead = 0, {}
    for name, tensor in weights(graph).items():
        found = users.get(name, [])
        if len(tensor.dims) != 2 or size_of(tensor) < _FEWEST or name in outputs or not found:
            continue
        if not all(place == 0 and node.op_type == "Gather" and _axis(node) == 0 for node, place in found):
            continue
        values = numpy_helper.to_array(tensor)
        scale = np.maximum(np.abs(values).max(1, keepdims=True), 1e-12).astype(np.float32) / np.float32(127)
        whole = np.clip(np.rint(values / scale), -127, 127).astype(np.int8)
        graph.graph.initializer.extend([numpy_helper.from_array(whole, f"{name}_int8"),
                                        numpy_helper.from_array(scale, f"{name}_scale")])  # fmt: skip
        graph.graph.initializer.remove(tensor)
        for node, _place in found:
            out, ids = node.output[0], node.input[1]
            instead[id(node)] = [
                helper.make_node("Gather", [f"{name}_int8", ids], [f"{out}_int8"], f"{node.name}_int8"),
                helper.make_node("Gather", [f"{name}_scale", ids], [f"{out}_scale"], f"{node.name}_scale"),
                helper.make_node("Cast", [f"{out}_int8"], [f"{out}_whole"], f"{node.name}_cast", to=1),
                helper.make_node("Mul", [f"{out}_whole", f"{out}_scale"], [out], f"{node.name}_times"),
            ]
        done += values.size
    if instead:
        nodes = list(graph.graph.node)
        kept = [new for node in nodes for new in instead.get(id(node), [node])]
        copies = [type(node).FromString(node.SerializeToString()) for node in kept]
        del graph.graph.node[:]
        graph.graph.node.extend(copies)
    return done


def _axis(node: onnx.NodeProto) -> int:
    return next((int(one.i) for one in node.attribute if one.name == "axis"), 0)


def nothing_to_do(step: str, title: str) -> StudioError:
    """A network that has no layers of the kinds that a step knows."""
    return StudioError(
        "compress.nothing-to-quantise", "{title} finds no layer in this network that it could make smaller.",
        "Choose another compression step, such as static int8 for networks of convolutions.",
        where=f"compress.{step}", title=title,
    )  # fmt: skip
