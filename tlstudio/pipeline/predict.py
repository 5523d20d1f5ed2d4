"""Answers new rows with a run or an export, in its own runtime."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.plugins import get
from tlstudio.models import bundles
from tlstudio.models.executorch_scorer import FILE as EXECUTORCH
from tlstudio.models.executorch_scorer import ExecuTorchScorer
from tlstudio.models.heads import read_settings
from tlstudio.models.openvino_scorer import FILE as OPENVINO
from tlstudio.models.openvino_scorer import OpenVinoScorer
from tlstudio.models.scorers import OnnxScorer, Scorer, TorchScorer, score
from tlstudio.tasks.base import TaskBase

_BATCH = 256
_GRAPHS = (OPENVINO, "model.onnx", "model.pt2", EXECUTORCH)
_USUAL = "text-classification"  # the task of a model folder that does not say it


class Predictor:
    """A model that is loaded once and asked often."""

    def __init__(self, target: Path, threads: int | None = None) -> None:
        """Loads a run folder (its trained model), a folder with weights of any export, or a bundle.

        ``threads`` are those of ONNX Runtime and OpenVINO; as many as there are cores if None.

        Raises:
            StudioError: there is no model in ``target``.
        """
        self._unpacked = _unpacked(Path(target))  # goes with this object
        self.folder = Path(self._unpacked.name) if self._unpacked else _model_folder(Path(target))
        name = str(read_settings(self.folder).get("task") or _USUAL)
        self.task: TaskBase = get("tlstudio.tasks", name, "task.name")
        self.scorer = scorer_of(self.folder, threads)

    def predict(self, rows: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """An answer to each row of values by role, see :meth:`tlstudio.tasks.base.TaskBase.answers`.

        Raises:
            StudioError: a row lacks a value that the task asks for.
        """
        if not rows:
            return []
        for row in rows:
            _require(self.task, row)
        examples = self.task.examples(self.folder, rows)
        return self.task.answers(self.folder, rows, examples, score(self.scorer, examples))

    def stream(self, rows: Iterable[Mapping[str, Any]], control: Control) -> Iterator[dict[str, Any]]:
        """Answers to any number of rows, a batch in memory at a time.

        Raises:
            Cancelled: the user has cancelled.
        """
        source = iter(rows)
        while batch := list(islice(source, _BATCH)):
            control.check()
            yield from self.predict(batch)


def _require(task: TaskBase, row: Mapping[str, Any]) -> None:
    if missing := task.lacking(row):
        raise StudioError(
            "predict.missing-value", "{task} needs for each row: {missing}.",
            "Give it too; a file needs a column for it.", task=task.TITLE, missing=", ".join(missing),
        )  # fmt: skip


def _unpacked(target: Path) -> tempfile.TemporaryDirectory[str] | None:
    """The files of a bundle, or of an export folder with one; None where there is none."""
    for archive in (target, target / bundles.FILE):
        if archive.is_file() and archive.suffix.lower() == ".zip":
            return bundles.opened(archive)
    return None


def _model_folder(target: Path) -> Path:
    for folder in (target, target / "model"):
        if (folder / "config.json").is_file() and (
            any(folder.glob("*.safetensors")) or any((folder / name).is_file() for name in _GRAPHS)
        ):
            return folder
    raise StudioError(
        "predict.no-model",
        "There is no trained model in {path}.",
        "Name the folder of a finished run or of an export.",
        where=str(target),
        path=str(target),
    )


def scorer_of(folder: Path, threads: int | None = None) -> Scorer:
    """The model in a folder, in the runtime of its weights."""
    if (folder / "model.onnx").is_file():
        return OnnxScorer(folder / "model.onnx", threads=threads)
    if (folder / OPENVINO).is_file():
        return OpenVinoScorer(folder, threads=threads)
    if (folder / EXECUTORCH).is_file():
        return ExecuTorchScorer(folder)
    if (folder / "model.pt2").is_file():
        from tlstudio.models.torch_graph import GraphScorer

        return GraphScorer(folder / "model.pt2")
    return TorchScorer(folder)
