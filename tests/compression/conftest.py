"""What the tests of the steps share: a tiny trained classifier with its rows, as a job."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests import tiny
from tlstudio.compression.base import CompressJob
from tlstudio.core.control import Control
from tlstudio.models.scorers import TorchScorer


@pytest.fixture(scope="session")
def classifier(tiny_model, tmp_path_factory) -> tuple[Path, Any]:
    """A classifier of two blocks with clear answers, and its encoded rows."""
    import torch

    encoded = tiny.encode(tiny_model, tiny.write_csv(tmp_path_factory.mktemp("rows") / "tickets.csv"))
    torch.manual_seed(0)
    made = tiny.task().build(tiny_model, encoded, initializer_range=0.5)
    with torch.no_grad():
        made.classifier.weight.normal_(0, 3.0)
    folder = tmp_path_factory.mktemp("classifier") / "model"
    tiny.task().save(made, encoded, tiny_model, folder)
    return folder, encoded


@pytest.fixture(scope="session")
def graph(classifier, tmp_path_factory) -> Path:
    """Its folder as an fp32 ONNX graph, so that no test has to export again."""
    from tlstudio.compression import graphs

    folder = tmp_path_factory.mktemp("graph")
    source = CompressJob(classifier[0], "transformers", tiny.Heard(), Control())
    graphs.full(source, folder / graphs.FILE)
    graphs.copy_beside(classifier[0], folder)
    return folder


class Tried:
    """A step applied: its folder, what was said, and answers beside those of the network."""

    def __init__(
        self, step: Any, source: Path, encoded: Any, reference: np.ndarray, folder: Path, **options: Any
    ) -> None:
        self.heard, self.folder, self.step = tiny.Heard(), folder, step
        folder.mkdir()
        self.job = CompressJob(source, "onnx", self.heard, Control(), encoded=encoded)
        step.apply(step.Config(**options), self.job, folder)
        self.reference = reference
        self.answers = tiny.logits(step.scorer(folder), encoded.examples("train"))

    @property
    def off(self) -> float:
        """The largest difference of an answer, beside the spread of the answers."""
        return float(np.abs(self.answers - self.reference).max() / self.reference.std())

    @property
    def agreement(self) -> float:
        return float((self.answers.argmax(1) == self.reference.argmax(1)).mean())

    def said(self, code: str) -> Any:
        [note] = [event for event in self.heard.of("log") if event.code == code]
        return note.params


@pytest.fixture
def tried(classifier, graph, tmp_path):
    """Applies a step to the graph, or to another folder: ``tried(step, **options)``."""
    reference = tiny.logits(TorchScorer(classifier[0]), classifier[1].examples("train"))

    def apply(step: Any, source: Path | None = None, **options: Any) -> Tried:
        folder = tmp_path / f"{len(list(tmp_path.iterdir()))}-{step.NAME}"
        return Tried(step, source or graph, classifier[1], reference, folder, **options)

    return apply


def with_rows(source: Path, rows: list[dict[str, Any]], heard: Any) -> CompressJob:
    """A job over made-up rows."""
    encoded = SimpleNamespace(splits={"train": rows}, examples=lambda _split: rows, pad_id=0)
    return CompressJob(source, "transformers", heard, Control(), encoded=encoded)  # type: ignore[arg-type]


def resnet(folder: Path) -> tuple[Path, list[dict[str, Any]]]:
    """A classifier of images made of convolutions and batch normalisation, and some images."""
    import torch
    from transformers import AutoModelForImageClassification

    from tests.tasks import models
    from tlstudio.core.files import write_json
    from tlstudio.tasks.image_classification import PLUGIN as TASK

    torch.manual_seed(3)
    made = AutoModelForImageClassification.from_pretrained(
        models.image_network(folder / "resnet", "resnet"), num_labels=3
    )
    for module in made.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    made.save_pretrained(folder / "model")
    inputs = {"pixel_values": {"dtype": "float32", "shape": [3, 32, 32]}}
    write_json(folder / "model/tlstudio.json", {"head": TASK.HEAD.to_dict(), "inputs": inputs})
    generator = np.random.default_rng(0)
    return folder / "model", [
        {"pixel_values": generator.normal(0, 1, (3, 32, 32)).astype(np.float32)} for _ in range(8)
    ]
