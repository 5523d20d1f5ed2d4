"""Few labelled rows of Reuters R8: contrastive few-shot, prototypes, linear probe and full fine-tuning, over seeds.

Each seed draws other training rows; all of them are tested on the same rows, a part of the test rows. There are no
validation rows: with eight rows a class nobody would give some away. Every run is kept in a file as it ends, so that
the same command goes on after a break: python -m tests.benchmarks.few_shot --threads 1 (about 35 minutes on one free
core: seven for each seed).
"""

from __future__ import annotations

import csv
import random
import statistics
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks import common, runs

STRATEGIES: dict[str, dict[str, Any]] = {
    "contrastive-few-shot": {"pairs": 10},  # half of what SetFit takes, for the time
    "prototypes": {},
    "linear-probe": {},
    "full-fine-tuning": {},
}
EACH = (8, 16)


def draw(folder: Path, each: int, seed: int) -> Path:
    """A file with so many training rows of each class."""
    by_class: dict[str, list[str]] = defaultdict(list)
    with open(common.R8 / "reuters_r8_train.csv", encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            by_class[row["label"]].append(row["text"])
    chosen = random.Random(seed)
    rows = [(text, label) for label, texts in sorted(by_class.items()) for text in chosen.sample(texts, each)]
    path = folder / f"train-{each}-{seed}.csv"
    with open(path, "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("text", "label"), *rows])
    return path


def measured(home: Path, test: str, each: int, strategy: str, seed: int, options: Any) -> dict[str, float]:
    """One run."""
    data = {"path": str(draw(home, each, seed)), "test": test, "split": {"validation": 0}}
    results = runs.run(
        home / f"{strategy}-{each}-{seed}", data, {"name": strategy, **STRATEGIES[strategy]}, seed,
        task={"name": "text-classification", "max_length": options.max_length},
        training={"threads": options.threads or "auto", "precision": "fp32"},
    )  # fmt: skip
    metrics = results["test"]["metrics"]
    return {"accuracy": metrics["accuracy"]["value"], "macro_f1": metrics["macro_f1"]["value"],
            "seconds": results["seconds"]["train"]}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    parser = common.parser(__doc__.splitlines()[0], seeds=5, test_rows=500, max_length=48)
    parser.add_argument("--keep", default="", help="file of the runs that are done; empty takes a temporary one")
    options = parser.parse_args(arguments)
    with common.home() as home:
        used = common.threads(options.threads)
        test = common.r8(home, 1000, options.test_rows, options.seed)["test"]
        settings = {"test_rows": options.test_rows, "max_length": options.max_length, "threads": used,
                    "seed": options.seed, "strategies": STRATEGIES}  # fmt: skip
        common.machine(seeds=options.seeds, **settings)
        kept = runs.Kept("few-shot", options.keep, **settings)
        found: dict[tuple[int, str], list[dict[str, float]]] = defaultdict(list)
        for seed in range(options.seeds):  # seed by seed, so that a break leaves whole comparisons
            for each in EACH:
                for strategy in STRATEGIES:
                    found[each, strategy].append(kept.of(
                        f"{each} rows a class, {strategy}, seed {seed}",
                        lambda each=each, strategy=strategy, seed=seed:
                            measured(home, test, each, strategy, seed, options),
                        lambda run: f"accuracy {run['accuracy']:.3f}",
                    ))  # fmt: skip
        _show(found)


def _show(found: dict[tuple[int, str], list[dict[str, float]]]) -> None:
    lines = []
    for (each, strategy), done in sorted(found.items(), key=lambda item: item[0][0]):
        values = [run["accuracy"] for run in done]
        spread = statistics.stdev(values) if len(values) > 1 else 0.0
        lines.append((each, strategy, statistics.mean(values), spread, min(values), max(values),
                      statistics.mean(run["macro_f1"] for run in done),
                      common.median([run["seconds"] for run in done])))  # fmt: skip
    columns = ("rows a class", "strategy", "accuracy", "sd", "least", "most", "macro F1", "seconds")
    common.table(columns, lines)
    _gains(found)


def _gains(found: dict[tuple[int, str], list[dict[str, float]]]) -> None:
    """Contrastive against the others, draw by draw: the same rows were trained and tested on."""
    lines = []
    for each in EACH:
        best = found[each, "contrastive-few-shot"]
        for strategy in STRATEGIES:
            if strategy != "contrastive-few-shot":
                gains = [100 * (one["accuracy"] - other["accuracy"])
                         for one, other in zip(best, found[each, strategy], strict=True)]  # fmt: skip
                half = 0.0 if len(gains) < 2 else _T[min(len(gains), len(_T) + 1) - 2] * (
                    statistics.stdev(gains) / len(gains) ** 0.5)  # fmt: skip
                lines.append((each, f"contrastive − {strategy}", statistics.mean(gains), half))
    common.table(("rows a class", "points of accuracy", "mean", "± (95 %)"), lines)


# 97.5th percentile of Student's t for 1, 2, … degrees of freedom
_T = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26)


if __name__ == "__main__":
    main()
