"""Reuters R8 with MiniLM by strategy: accuracy with interval, parameters that train, minutes, memory, in one table.

Each run is a process of its own on one thread, and is kept as it ends, so that the same command goes on after a break:
python -m tests.benchmarks.strategies --threads 1
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.benchmarks import commands, common
from tests.benchmarks.runs import Kept

STRATEGIES: dict[str, dict[str, Any]] = {
    "from scratch": {"name": "from-scratch"},
    "k-nearest neighbours": {"name": "nearest-neighbours"},
    "linear probe": {"name": "linear-probe"},
    "MLP probe": {"name": "mlp-probe"},
    "last block": {"name": "partial", "trains": "upper-blocks", "blocks": 1},
    "BitFit": {"name": "partial", "trains": "biases"},
    "gradual unfreezing": {"name": "gradual-unfreezing"},
    "LoRA": {"name": "lora"},
    "full fine-tuning": {"name": "full-fine-tuning"},
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = common.parser(__doc__.splitlines()[0], rows=800, test_rows=1000, max_length=96)
    parser.add_argument("--keep", default="", help="file of the runs that are done; empty takes a temporary one")
    options = parser.parse_args(arguments)
    with common.home() as home:
        settings = {"rows": options.rows or "all", "test_rows": options.test_rows or "all", "seed": options.seed,
                    "max_length": options.max_length, "threads": options.threads}  # fmt: skip
        common.machine(**settings)
        kept = Kept("strategies", options.keep, **settings)
        data = {"path": str(commands.part_of_r8(home, "train", options.rows, options.seed)),
                "test": str(commands.part_of_r8(home, "test", options.test_rows, options.seed))}  # fmt: skip

        def run(title: str) -> dict[str, Any]:
            return commands.figures(commands.executed(home, title.replace(" ", "-"), {
                "data": data, "strategy": STRATEGIES[title],
                "task": {"name": "text-classification", "max_length": options.max_length},
                "training": {"seed": options.seed, "threads": options.threads or "auto"},
            }))  # fmt: skip

        found = {title: kept.of(title, lambda title=title: run(title), commands.told) for title in STRATEGIES}
    columns = ("strategy", "accuracy", "low", "high", "macro F1", "trains", "epochs", "minutes", "CPU min", "MB")
    common.table(columns, [
        (title, one["accuracy"], one["low"], one["high"], one["macro_f1"], one["trainable"], one["epochs"],
         one["minutes"], one["cpu_minutes"], one["memory_mb"]) for title, one in found.items()
    ])  # fmt: skip


if __name__ == "__main__":
    main()
