"""How fast and how large trained models and exports are on this machine, side by side."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.files import read_json, size_of
from tlstudio.core.processes import run_module
from tlstudio.evaluation import latency
from tlstudio.models import heads
from tlstudio.models.batches import dummy
from tlstudio.models.scorers import usable_cores
from tlstudio.pipeline import environment, footprint
from tlstudio.pipeline.predict import Predictor

_WEIGHTS = ("*.safetensors", "*.onnx*", "*.pt2", "*.pte", "openvino_model.*")
_ROWS = 64  # of the test rows that batches are drawn from
_LENGTH = 64  # tokens of a made-up row, where there are no real ones


@dataclass(frozen=True)
class Target:
    """What is measured: a folder, and the run that it belongs to, if any."""

    name: str
    folder: Path
    run: Path | None


def targets_of(place: Path) -> list[Target]:
    """The trained model of a run, each of its compressed forms and each of its exports; or one folder of a model.

    Raises:
        StudioError: there is nothing.
    """
    place = place.resolve()
    if (place / "results.json").is_file() and (place / "model").is_dir():
        others = [*_folders(place / "compressed"), *_folders(place / "exports")]
        return [Target(f"{place.name}: trained", place / "model", place),
                *(Target(f"{place.name}: {folder.name}", folder, place) for folder in others)]  # fmt: skip
    run = next((parent for parent in place.parents if (parent / "predictions.parquet").is_file()), None)
    return [Target(f"{run.name}: {place.name}" if run else place.name, place, run)]


def _folders(place: Path) -> list[Path]:
    """Those that are whole: one with a dot before its name is being written, or was when a program was ended."""
    return sorted(folder for folder in place.glob("*") if folder.is_dir() and not folder.name.startswith("."))


def bench(places: Sequence[Path], batches: Sequence[int], threads: int | None, control: Control) -> dict[str, Any]:
    """Measures all in turn in one process, and the memory of each in a process of its own.

    Args:
        places: runs and exports; of a run all that it has.
        batches: rows at a time.
        threads: as many as there are cores if None.
        control: of the user; asked between batches.

    Returns:
        ``{"machine", "threads", "rows", "targets": [{"name", "path", "runtime", "bytes", "memory_bytes", "latency",
        "speed"}]}``; speed is how many times faster than the first, by batch size.

    Raises:
        StudioError: a place has no model, or the models cannot answer the same rows.
        Cancelled: the user has cancelled.
    """
    import torch

    threads = threads or usable_cores()
    torch.set_num_threads(threads)
    targets = [target for place in places for target in targets_of(place)]
    predictors = [Predictor(target.folder, threads) for target in targets]
    _require_alike(targets, predictors)
    rows = next((rows for target in targets if (rows := _rows_of(target, predictors[0]))), [])
    models = {
        f"{number}": (predictor.scorer, _examples(predictor, rows)) for number, predictor in enumerate(predictors)
    }
    times = latency.measure(models, batches, control=control)
    first = times["0"]
    return {
        "machine": {key: value for key, value in environment.describe(threads).items() if key != "threads"},
        "threads": threads,
        "rows": "test rows" if rows else f"made-up rows of {_LENGTH} tokens",
        "targets": [
            {
                "name": target.name,
                "path": str(target.folder),
                "runtime": predictor.scorer.name,
                "bytes": sum(size_of(path) for kind in _WEIGHTS for path in predictor.folder.glob(kind)),
                "memory_bytes": _memory(target, threads, control),
                "latency": times[str(number)],
                "speed": _speed(times[str(number)], first),
            }
            for number, (target, predictor) in enumerate(zip(targets, predictors, strict=True))
        ],
    }  # fmt: skip


def _speed(times: dict[str, dict[str, float]], first: dict[str, dict[str, float]]) -> dict[str, float]:
    return {size: first[size]["median_ms"] / one["median_ms"] for size, one in times.items()}


def _require_alike(targets: Sequence[Target], predictors: Sequence[Predictor]) -> None:
    for target, predictor in zip(targets, predictors, strict=True):
        if predictor.task.ASKS != predictors[0].task.ASKS:
            raise StudioError(
                "bench.other-task", "{other} takes other rows than {first}: they cannot be compared.",
                "Measure them one by one.", other=target.name, first=targets[0].name,
            )  # fmt: skip


def _rows_of(target: Target, predictor: Predictor) -> list[dict[str, Any]]:
    """Test rows of the run, as their task asks for them; none where the folder has left its run."""
    path = target.run / "predictions.parquet" if target.run else None
    if path is None or not path.is_file():
        return []
    import pyarrow.parquet as pq

    table, task = pq.read_table(path).slice(0, _ROWS), predictor.task
    asked = [role for role in dict.fromkeys((*task.ASKS, *task.ROLES)) if role in table.column_names]
    found: list[dict[str, Any]] = table.select(asked).to_pylist()
    return found


def _examples(predictor: Predictor, rows: list[dict[str, Any]]) -> Sequence[Any]:
    if rows:
        return predictor.task.proofs(predictor.folder, rows)
    made = dummy(heads.inputs_of(heads.read_settings(predictor.folder)), rows=1, length=_LENGTH)
    return [{name: np.asarray(value[0]) for name, value in made.items()}]


def _memory(target: Target, threads: int, control: Control) -> int | None:
    """The largest memory of a fresh process that loads the model and answers once; libraries included."""
    with tempfile.TemporaryDirectory(prefix="tlstudio-bench-") as name:
        note = Path(name) / "memory.json"
        ended = run_module("tlstudio.pipeline.benching", [str(target.folder), str(threads), str(note)], control)
        return int(read_json(note)) if not ended.code and note.is_file() else None


def main(arguments: Sequence[str]) -> int:
    """The fresh process."""
    folder, threads, note = arguments
    predictor = Predictor(Path(folder), int(threads))
    predictor.scorer.outputs(_examples(predictor, []))
    Path(note).write_text(json.dumps(footprint.peak()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
