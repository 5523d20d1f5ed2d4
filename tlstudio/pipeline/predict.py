"""Labels new texts with a run or an export, in its own runtime."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.files import read_json
from tlstudio.core.plugins import get
from tlstudio.evaluation.metrics import probabilities
from tlstudio.models.folders import SETTINGS_FILE, read_labels
from tlstudio.models.scorers import OnnxScorer, Scorer, TorchScorer, score

_BATCH = 256


class Predictor:
    """A model that is loaded once and asked often."""

    def __init__(self, target: Path) -> None:
        """Loads a run folder (its trained model), or a folder with safetensors or ONNX weights.

        Raises:
            StudioError: there is no model in ``target``.
        """
        self.folder = _model_folder(Path(target))
        self.labels = read_labels(self.folder)
        settings = self.folder / SETTINGS_FILE
        name = read_json(settings).get("task", "text-classification") if settings.is_file() else "text-classification"
        self._task = get("tlstudio.tasks", name, "task.name")
        self._scorer = _scorer(self.folder)

    def predict(self, texts: list[str]) -> list[dict[str, Any]]:
        """For each text ``{"text", "label", "probabilities": {label: share}}``."""
        if not texts:
            return []
        chances = probabilities(score(self._scorer, self._task.encode_texts(self.folder, texts)))
        return [
            {
                "text": text,
                "label": self.labels[int(row.argmax())],
                "probabilities": {label: float(share) for label, share in zip(self.labels, row, strict=True)},
            }
            for text, row in zip(texts, chances, strict=True)
        ]

    def stream(self, texts: Iterable[str], control: Control) -> Iterator[dict[str, Any]]:
        """Predictions for any number of texts, a batch in memory at a time.

        Raises:
            Cancelled: the user has cancelled.
        """
        source = iter(texts)
        while batch := list(islice(source, _BATCH)):
            control.check()
            yield from self.predict(batch)


def _model_folder(target: Path) -> Path:
    for folder in (target, target / "model"):
        if (folder / "config.json").is_file() and (
            any(folder.glob("*.safetensors")) or (folder / "model.onnx").is_file()
        ):
            return folder
    raise StudioError(
        "predict.no-model",
        "There is no trained model in {path}.",
        "Name the folder of a finished run or of an export.",
        where=str(target),
        path=str(target),
    )


def _scorer(folder: Path) -> Scorer:
    return OnnxScorer(folder / "model.onnx") if (folder / "model.onnx").is_file() else TorchScorer(folder)
