"""Chains of compression steps on Reuters R8: a fine-tuned MiniLM in PyTorch against what each chain makes of it.

A chain is kept when it ends, and every step of it has a row of the table. At the end all that is kept is timed in turn
in one process on rows of 128 tokens, so that a ratio means something although the machine is shared:
python -m tests.benchmarks.compression
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tests import tiny
from tests.benchmarks import commands, common
from tests.benchmarks.runs import Kept
from tlstudio import pipeline
from tlstudio.cli.finished import choice_of
from tlstudio.core.control import Control
from tlstudio.core.files import read_json, safe_name
from tlstudio.core.plugins import find
from tlstudio.evaluation import latency
from tlstudio.models.scorers import Scorer, TorchScorer, limited, usable_cores

# each as on the command line: steps with '; ' between
CHAINS = (
    "dynamic-int8",
    "static-int8",
    "weight-only bits=4",
    "fp16",
    "layer-removal keep=3 epochs=6; dynamic-int8",
    "vocabulary-trimming; layer-removal keep=2 epochs=6; dynamic-int8",
    "vocabulary-trimming; layer-removal keep=1 epochs=8; dynamic-int8",
    "vocabulary-trimming; layer-removal keep=2 epochs=6; openvino-int8",
    "vocabulary-trimming; layer-removal keep=2 epochs=6; low-rank attention=false ffn=false epochs=1; dynamic-int8",
    "structured-pruning epochs=4; dynamic-int8",
    "low-rank epochs=4; dynamic-int8",
    "quantisation-aware-training",
    "magnitude-pruning epochs=3",
    "movement-pruning",
)
TRAINED = "trained"
_LENGTH = 128  # tokens


def main(arguments: Sequence[str] | None = None) -> None:
    parser = common.parser(__doc__.splitlines()[0], rows=2000, test_rows=0, max_length=128)
    parser.add_argument("--keep", default="", help="file of the chains that are done; empty takes a temporary one")
    parser.add_argument("--chain", action="append", help="instead of the usual ones; may be repeated")
    options = parser.parse_args(arguments)
    folder = Path(tempfile.gettempdir()) / "tlstudio-compression"  # the trained model outlives a break
    folder.mkdir(exist_ok=True)
    with common.home():
        settings = {"rows": options.rows or "all", "test_rows": options.test_rows or "all", "seed": options.seed,
                    "max_length": options.max_length, "threads": options.threads}  # fmt: skip
        common.machine(**settings)
        kept = Kept("compression", options.keep, **settings)
        kept.of("fine-tuned", lambda: _trained(folder, options), commands.told)
        for chain in options.chain or CHAINS:
            if {choice_of(step).name for step in chain.split(";")} <= find("tlstudio.compression").keys():
                kept.of(chain, partial(_compressed, folder, chain), _told)
        _show({name: stages for name, stages in kept.all.items() if name != "fine-tuned"}, folder)


def _trained(folder: Path, options: Any) -> dict[str, Any]:
    shutil.rmtree(folder / TRAINED, ignore_errors=True)
    data = {split: str(commands.part_of_r8(folder, split, rows, options.seed))
            for split, rows in (("train", options.rows), ("test", options.test_rows))}  # fmt: skip
    return commands.figures(commands.executed(folder, TRAINED, {
        "data": {"path": data["train"], "test": data["test"]}, "strategy": {"name": "full-fine-tuning"},
        "task": {"name": "text-classification", "max_length": options.max_length},
        "training": {"seed": options.seed, "threads": options.threads or "auto", "epochs": 4},
    }))  # fmt: skip


def _compressed(folder: Path, chain: str) -> list[dict[str, Any]]:
    """The figures of the trained model and of what each step of a chain has made of it.

    Raises:
        RuntimeError: it failed.
    """
    run = folder / safe_name(chain, 150)
    shutil.rmtree(run, ignore_errors=True)
    shutil.copytree(folder / TRAINED, run)
    finished = pipeline.compress(run, [choice_of(step) for step in chain.split(";")], tiny.Heard(), Control())
    if finished.outcome != "completed":
        raise RuntimeError(f"{chain}: {finished.error}")
    return [_figures(stage, run, finished.seconds) for stage in read_json(run / "results.json")["stages"]]


def _figures(stage: dict[str, Any], run: Path, seconds: float) -> dict[str, Any]:
    accuracy = stage["metrics"]["accuracy"]
    return {
        "accuracy": accuracy["value"], "low": accuracy["low"], "high": accuracy["high"], "mb": stage["bytes"] / 1e6,
        "agreement": stage["agreement"], "folder": str(run / stage["path"]), "minutes": seconds / 60,
    }  # fmt: skip


def _told(stages: list[dict[str, Any]]) -> str:
    before, after = stages[0], stages[-1]
    return (f"accuracy {after['accuracy']:.4f} (before {before['accuracy']:.4f}), {after['mb']:.1f} MB, "
            f"{before['mb'] / after['mb']:.1f} × smaller")  # fmt: skip


def _show(chains: dict[str, list[dict[str, Any]]], folder: Path) -> None:
    """A row for the trained model and for every beginning of a chain."""
    rows: dict[str, dict[str, Any]] = {}
    for chain, stages in chains.items():
        steps = [step.strip() for step in chain.split(";")]
        rows.setdefault(TRAINED, stages[0])
        for count in range(1, len(stages)):
            rows.setdefault("; ".join(steps[:count]), stages[count])
    times = {threads: _times(rows, folder, threads) for threads in sorted({1, usable_cores()})}
    before = rows[TRAINED]
    columns = ["chain", "accuracy", "low", "high", "lost %", "agree", "MB", "× smaller", "min",
               *(name for threads in times for batch in (1, 16)
                 for name in (f"ms {batch} ({threads} thr)", "× faster"))]  # fmt: skip
    common.table(columns, [
        (name, row["accuracy"], row["low"], row["high"], 100 * (1 - row["accuracy"] / before["accuracy"]),
         row["agreement"], row["mb"], before["mb"] / row["mb"], row["minutes"],
         *(value for found in times.values() for batch in ("1", "16")
           for value in (found[name][batch]["median_ms"],
                         found[TRAINED][batch]["median_ms"] / found[name][batch]["median_ms"])))
        for name, row in rows.items()
    ])  # fmt: skip


def _times(rows: dict[str, dict[str, Any]], folder: Path, threads: int) -> dict[str, dict[str, dict[str, float]]]:
    """Times of all in turn; which tokens a text has changes nothing, so that all have the same."""
    ids = np.random.default_rng(7).integers(200, 1000, (64, _LENGTH))
    texts = [{"input_ids": row, "attention_mask": np.ones_like(row), "token_type_ids": np.zeros_like(row)}
             for row in ids]  # fmt: skip
    with limited(threads):
        models = {name: (_scorer(name, Path(row["folder"]), folder), texts) for name, row in rows.items()}
        return latency.measure(models, (1, 16), 20, control=Control(), seconds=20.0 * len(models))


def _scorer(chain: str, made: Path, folder: Path) -> Scorer:
    if chain == TRAINED:
        return TorchScorer(folder / TRAINED / "model")
    scorer: Scorer = find("tlstudio.compression")[choice_of(chain.rpartition(";")[2]).name].scorer(made)
    return scorer


if __name__ == "__main__":
    main()
