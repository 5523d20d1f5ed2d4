"""Few labelled rows of Reuters R8: contrastive few-shot, prototypes, linear probe and full fine-tuning, over seeds.

Each seed draws other training rows; all of them are tested on the same rows. There are no validation rows: with eight
rows a class nobody would give some away.
"""

from __future__ import annotations

import csv
import random
import statistics
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks import common, runs

STRATEGIES = ("contrastive-few-shot", "prototypes", "linear-probe", "full-fine-tuning")


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


def main(arguments: Sequence[str] | None = None) -> None:
    options = common.parser(__doc__.splitlines()[0], seeds=5, test_rows=500).parse_args(arguments)
    with common.home() as home:
        used = common.threads(options.threads)
        test = common.r8(home, 10, options.test_rows, options.seed)["test"]
        common.machine(seeds=options.seeds, test_rows=options.test_rows, threads=used)
        lines = []
        for each in (8, 16):
            for strategy in STRATEGIES:
                found, seconds = [], []
                for seed in range(options.seeds):
                    data = {"path": str(draw(home, each, seed)), "test": test, "split": {"validation": 0}}
                    results = runs.run(home / f"{strategy}-{each}-{seed}", data, {"name": strategy}, seed)
                    found.append(results["test"]["metrics"]["accuracy"]["value"])
                    seconds.append(sum(results["seconds"][stage] for stage in ("train",)))
                    print(f"  {each} rows a class, {strategy}, seed {seed}: {found[-1]:.3f}", flush=True)
                spread = statistics.stdev(found) if len(found) > 1 else 0.0
                lines.append((each, strategy, statistics.mean(found), spread, min(found), common.median(seconds)))
        common.table(("rows a class", "strategy", "accuracy", "sd", "least", "seconds"), lines)


if __name__ == "__main__":
    main()
