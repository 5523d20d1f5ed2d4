"""A tiny model at work: recipes, encoded rows and training jobs for the tests of the engine."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ticket_rows
from tlstudio.core.control import Control
from tlstudio.core.paths import cache_folder
from tlstudio.core.plugins import find
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection, Recipe, from_dict
from tlstudio.models.scorers import score
from tlstudio.models.transfer import Judge, Transfer
from tlstudio.strategies.base import OtherTask, TransferJob
from tlstudio.tasks.base import Encoded, EncodeJob
from tlstudio.training.settings import Settings

SETTINGS = Settings(
    epochs=3, batch_size=12, learning_rate=5e-3, warmup=0.0, weight_decay=0.01, gradient_clip=1.0, precision="fp32",
    patience=0, best_metric="macro_f1", seed=7, threads=1, device="cpu",
)  # fmt: skip


class Heard(list[Any]):
    """Collects events."""

    def __call__(self, event: Any) -> None:
        self.append(event)

    def of(self, kind: str) -> list[Any]:
        return [event for event in self if event.kind == kind]

    def values(self, split: str, name: str) -> list[float]:
        """One value of each metric event."""
        return [event.values[name] for event in self.of("metric") if event.split == split]

    def codes(self) -> list[str]:
        return [event.code for event in self.of("log")]


@contextmanager
def own_home(folder: Path) -> Iterator[None]:
    """The user's folders for a fixture that lives longer than a test, whose own home comes later."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TLSTUDIO_HOME", str(folder))
        patch.setenv("HF_HOME", str(folder / "hf"))
        yield


def write_csv(path: Path, rows: Iterable[tuple[str, str]] | None = None) -> Path:
    with open(path, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["text", "label"])
        writer.writerows(ticket_rows() if rows is None else rows)
    return path


def recipe(backbone: Path, table: Path, **changes: Any) -> Recipe:
    """A quick run over ``data``; ``changes`` replace whole sections."""
    return from_dict(
        {
            "model": {"source": "folder", "name": str(backbone)},
            "data": {"path": str(table)},
            "strategy": {"name": "linear-probe"},
            "training": {"epochs": 2, "batch_size": 8, "threads": 1, "precision": "fp32"},
            "evaluate": {"bootstrap": 100},
            "export": [],
            **changes,
        }
    )


def task() -> Any:
    return find("tlstudio.tasks")["text-classification"]


def encode(model: Path, data: Path, emit: Any = silent, data_options: dict[str, Any] | None = None,
           **options: Any) -> Encoded:  # fmt: skip
    """The rows of ``data`` as the task sees them."""
    from tlstudio.data.labelled import require

    section = DataSection.model_validate({"path": str(data), **(data_options or {})})
    rows = require(section, silent, Control())
    encoded: Encoded = task().encode(EncodeJob(task().Config(**options), rows, model, emit, Control()))
    _AGAIN[encoded.key] = partial(encode, data=data, data_options=data_options, **options)
    return encoded


_AGAIN: dict[str, Callable[[Path], Encoded]] = {}  # by the key of encoded rows: the same as another model reads them


def again(encoded: Encoded, reader: Path | None) -> Encoded:
    """The same rows as a model with another tokenizer reads them; as they are where it has the same."""
    return encoded if reader is None else _AGAIN[encoded.key](reader)


def ids(encoded: Encoded, split: str) -> list[list[int]]:
    """The token ids of each row."""
    return [list(row) for row in encoded.splits[split]["input_ids"]]


def rows(sequences: Iterable[Sequence[int]]) -> list[dict[str, Any]]:
    """Token ids as model inputs."""
    return [{"input_ids": list(sequence)} for sequence in sequences]


def logits(scorer: Any, examples: Sequence[Any], **options: Any) -> Any:
    """The answers [N, C] of a classifier to model inputs."""
    import numpy as np

    return np.stack(score(scorer, examples, **options))


def judge(encoded: Encoded) -> Judge:
    """How the task measures its validation rows."""
    config = task().Config()
    return Judge(
        lambda answers, loss: task().measure(config, encoded, "validation", answers, loss),
        lambda output, _batch: list(output.logits.float().numpy()),
    )


def teacher(model: Path, encoded: Encoded) -> Path:
    """The folder of a model with other answers than a fresh one, made once for each home."""
    import torch

    folder = cache_folder("teachers") / encoded.key
    if not folder.is_dir():
        torch.manual_seed(11)
        made = task().build(model, encoded, initializer_range=0.5)
        with torch.no_grad():
            made.classifier.weight.normal_(0, 1.0)
        task().save(made, encoded, model, folder)
    return folder


def other(name: str, model: Path, encoded: Encoded) -> OtherTask:
    """A further task that a strategy may name: the same rows under another head."""
    import torch

    def build(**overrides: Any) -> torch.nn.Module:
        torch.manual_seed(5)
        made: torch.nn.Module = task().build(model, encoded, **overrides)
        return made

    config = task().Config()
    return OtherTask(name, name, encoded, task().collator(config, encoded), task().loss(config, encoded), task().HEAD,
                     build, build, model)  # fmt: skip


def job(model: Path, encoded: Encoded, emit: Any = silent, control: Control | None = None, key: str = "tiny",
        epochs: int = 3) -> TransferJob:  # fmt: skip
    """What a strategy is given; the same head each time."""
    import torch

    def build(**overrides: Any) -> torch.nn.Module:
        torch.manual_seed(3)
        made: torch.nn.Module = task().build(model, encoded, **overrides)
        return made

    collate = task().collator(task().Config(), encoded)
    return TransferJob(build, encoded, collate, task().HEAD, key, torch.device("cpu"), emit, control or Control(),
                       epochs, partial(again, encoded), lambda place: other(place, model, encoded),
                       build_on=task().build, backbone=model)  # fmt: skip


def transfer(strategy: str, model: Path, encoded: Encoded, emit: Any = silent, control: Control | None = None,
             key: str = "tiny", epochs: int = 3, **options: Any) -> Transfer:  # fmt: skip
    """What the strategy hands to the training loop."""
    plugin = find("tlstudio.strategies")[strategy]
    if "teacher" in plugin.Config.model_fields:
        options = {"teacher": str(teacher(model, encoded)), **options}
    if "second" in plugin.Config.model_fields:
        options = {"second": str(teacher(model, encoded)), **options}
    if "others" in plugin.Config.model_fields:
        options = {"others": ("other",), **options}
    if strategy == "reptile":  # its usual rounds take minutes
        options = {"rounds": 3, "steps": 2, "classes": 2, **options}
    prepared: Transfer = plugin.prepare(plugin.Config(**options), job(model, encoded, emit, control, key, epochs))
    return prepared
