"""Chains of compression steps on Reuters R8: a fine-tuned MiniLM in PyTorch against what each chain makes of it.

Every chain is measured beside the trained model, in turns in one process, so that a ratio means something although the
machine is shared. Chains are kept as they end: python -m tests.benchmarks.compression
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests import tiny
from tests.benchmarks import commands, common
from tests.benchmarks.runs import Kept
from tlstudio import pipeline
from tlstudio.cli.finished import choice_of
from tlstudio.core.control import Control
from tlstudio.core.files import read_json
from tlstudio.core.plugins import find

# each as on the command line: steps with '; ' between
CHAINS = (
    "dynamic-int8",
    "static-int8",
    "layer-removal keep=3 epochs=6",
    "layer-removal keep=3 epochs=6; dynamic-int8",
    "layer-removal keep=2 epochs=6; dynamic-int8",
    "layer-removal keep=1 epochs=8; dynamic-int8",
    "vocabulary-trimming; dynamic-int8",
    "vocabulary-trimming; layer-removal keep=2 epochs=6; dynamic-int8",
    "structured-pruning epochs=4; dynamic-int8",
    "low-rank epochs=4; dynamic-int8",
    "vocabulary-trimming; layer-removal keep=2 epochs=6; structured-pruning epochs=4; dynamic-int8",
    "vocabulary-trimming; layer-removal keep=2 epochs=6; openvino-int8",
)


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
                kept.of(chain, lambda chain=chain: _compressed(folder, chain), _told)
        _show({name: one for name, one in kept.all.items() if name != "fine-tuned"})


def _trained(folder: Path, options: Any) -> dict[str, Any]:
    shutil.rmtree(folder / "trained", ignore_errors=True)
    data = {split: str(commands.part_of_r8(folder, split, rows, options.seed))
            for split, rows in (("train", options.rows), ("test", options.test_rows))}  # fmt: skip
    return commands.figures(commands.executed(folder, "trained", {
        "data": {"path": data["train"], "test": data["test"]}, "strategy": {"name": "full-fine-tuning"},
        "task": {"name": "text-classification", "max_length": options.max_length},
        "training": {"seed": options.seed, "threads": options.threads or "auto", "epochs": 4},
    }))  # fmt: skip


def _compressed(folder: Path, chain: str) -> dict[str, Any]:
    """The figures of the trained model and of the end of a chain.

    Raises:
        RuntimeError: it failed.
    """
    run = folder / "compressed"
    shutil.rmtree(run, ignore_errors=True)
    shutil.copytree(folder / "trained", run)
    finished = pipeline.compress(run, [choice_of(step) for step in chain.split(";")], tiny.Heard(), Control())
    if finished.outcome != "completed":
        raise RuntimeError(f"{chain}: {finished.error}")
    stages = read_json(run / "results.json")["stages"]
    return {"before": _figures(stages[0]), "after": _figures(stages[-1]), "minutes": finished.seconds / 60}


def _figures(stage: dict[str, Any]) -> dict[str, Any]:
    accuracy = stage["metrics"]["accuracy"]
    times = {f"ms{batch}": stage["latency"][batch]["median_ms"] for batch in ("1", "16")}
    return {
        "accuracy": accuracy["value"], "low": accuracy["low"], "high": accuracy["high"], "mb": stage["bytes"] / 1e6,
        "agreement": stage["agreement"], **times,
    }  # fmt: skip


def _told(found: dict[str, Any]) -> str:
    after, before = found["after"], found["before"]
    return (f"accuracy {after['accuracy']:.4f} (before {before['accuracy']:.4f}), {after['mb']:.1f} MB, "
            f"{before['mb'] / after['mb']:.1f} × smaller, {before['ms1'] / after['ms1']:.1f} × and "
            f"{before['ms16'] / after['ms16']:.1f} × faster")  # fmt: skip


def _show(chains: dict[str, dict[str, Any]]) -> None:
    columns = ("chain", "accuracy", "low", "high", "lost %", "agree", "MB", "×", "ms 1", "×", "ms 16", "×", "min")
    common.table(columns, [
        (name, after["accuracy"], after["low"], after["high"],
         100 * (1 - after["accuracy"] / before["accuracy"]), after["agreement"], after["mb"],
         before["mb"] / after["mb"], after["ms1"], before["ms1"] / after["ms1"], after["ms16"],
         before["ms16"] / after["ms16"], one["minutes"])
        for name, one in chains.items() for before, after in [(one["before"], one["after"])]
    ])  # fmt: skip


if __name__ == "__main__":
    main()
