"""Models that OpenVINO runs, an extra: its format, and rows answered by it."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tlstudio.core.errors import StudioError
from tlstudio.core.files import read_json
from tlstudio.models import heads
from tlstudio.models.batches import Example, collate
from tlstudio.models.heads import Head
from tlstudio.models.scorers import taken, usable_cores

FILE = "openvino_model.xml"  # its weights lie beside it in openvino_model.bin
_PARTS = ("openvino", "nncf")


def missing(where: str, parts: Sequence[str] = _PARTS) -> StudioError | None:
    """What is said where OpenVINO is not installed; None where it is."""
    absent = [name for name in parts if importlib.util.find_spec(name) is None]
    if not absent:
        return None
    return StudioError(
        "openvino.missing", "OpenVINO is not installed: {parts} cannot be found.",
        "Install the extra: pip install 'tlstudio[openvino]'.", where=where, parts=", ".join(absent),
    )  # fmt: skip


def core(where: str = "openvino", parts: Sequence[str] = ("openvino",)) -> Any:
    """OpenVINO's ``Core``.

    Raises:
        StudioError: it is not installed.
    """
    if problem := missing(where, parts):
        raise problem
    # nncf reports every use of it to Google Analytics otherwise; OpenVINO's own converter, which does too, is not used
    os.environ["NNCF_CI"] = "1"
    import openvino

    return openvino.Core()


def read(graph: Path, where: str) -> Any:
    """An ONNX file as a model of OpenVINO.

    Raises:
        StudioError: OpenVINO is not installed, or does not know an operator of the graph.
    """
    engine = core(where)
    try:
        return engine.read_model(str(graph))
    except RuntimeError as error:
        raise StudioError(
            "compress.openvino-cannot-read", "OpenVINO cannot read the graph of this network: {reason}",
            "Use ONNX Runtime instead.", where=where, reason=str(error).strip().splitlines()[-1][:200],
        ) from error  # fmt: skip


class OpenVinoScorer:
    """OpenVINO on the CPU in fp32 and int8; it would compute in bf16 on some processors and not on others."""

    format = "openvino"

    def __init__(self, folder: Path, name: str = "OpenVINO", threads: int | None = None) -> None:
        engine, path = core(str(folder)), folder / FILE
        settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32", "NUM_STREAMS": "1",
                    "INFERENCE_NUM_THREADS": str(threads or usable_cores())}  # fmt: skip
        try:
            self._model = engine.compile_model(str(path), "CPU", settings)
        except RuntimeError as error:
            raise StudioError(
                "model.bad-openvino", "{path} cannot be loaded by OpenVINO: {reason}",
                "Export the model again; the file is damaged or incomplete.", where=str(path), path=str(path),
                reason=str(error).strip().splitlines()[-1][:200],
            ) from error  # fmt: skip
        self.name = name
        self.head = Head.of(heads.read_settings(folder))
        self._inputs = tuple(one.get_any_name() for one in self._model.inputs)
        config = folder / "config.json"
        self._pad_id = heads.pad_id_of(read_json(config)) if config.is_file() else 0

    def outputs(self, batch: Sequence[Example]) -> list[np.ndarray]:
        arrays = collate(batch, taken(batch[0], self._inputs), self._pad_id)
        found = self._model({name: arrays[name] for name in self._inputs})
        answers = [np.array(found[name], dtype=np.float32) for name in self.head.names]
        return self.head.rows(heads.joined(answers), arrays)
