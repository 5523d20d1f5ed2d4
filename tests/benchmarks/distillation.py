"""Distillation on Reuters R8: a teacher of 6 layers, students of 3 and 2, with and without its answers.

A student without a teacher starts from the same layers and learns from the labels alone. Runs are kept as they end:
python -m tests.benchmarks.distillation --threads 1
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks import commands, common
from tests.benchmarks.runs import Kept

LAYERS = (3, 2)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = common.parser(__doc__.splitlines()[0], rows=800, test_rows=1000, max_length=96, epochs=6)
    parser.add_argument("--keep", default="", help="file of the runs that are done; empty takes a temporary one")
    options = parser.parse_args(arguments)
    with common.home() as home:
        settings = {"rows": options.rows or "all", "test_rows": options.test_rows or "all", "seed": options.seed,
                    "max_length": options.max_length, "threads": options.threads, "epochs": options.epochs}  # fmt: skip
        common.machine(**settings)
        kept = Kept("distillation", options.keep, **settings)
        data = {"path": str(commands.part_of_r8(home, "train", options.rows, options.seed)),
                "test": str(commands.part_of_r8(home, "test", options.test_rows, options.seed))}  # fmt: skip
        teacher = Path(tempfile.gettempdir()) / "tlstudio-distillation-teacher"  # outlives a break

        def run(name: str, strategy: dict[str, Any], epochs: Any) -> dict[str, Any]:
            return commands.executed(home, name, {
                "data": data, "strategy": strategy,
                "task": {"name": "text-classification", "max_length": options.max_length},
                "training": {"seed": options.seed, "threads": options.threads or "auto", "epochs": epochs},
            })  # fmt: skip

        def teach() -> dict[str, Any]:
            found = commands.figures(run("teacher", {"name": "full-fine-tuning"}, "auto"))
            shutil.rmtree(teacher, ignore_errors=True)
            shutil.copytree(home / "teacher", teacher)
            return found

        found = {"teacher, 6 layers": kept.of("teacher", teach, commands.told)}
        common_options = {"name": "distillation", "teacher": str(teacher), "choose": "spread"}
        forms = {"labels alone": {"weight": 0.0}, "soft answers": {}, "answers, hidden states": {"hidden": 1.0}}
        for layers in LAYERS:
            for form, weights in forms.items():
                title = f"{layers} layers, {form}"
                strategy = {**common_options, "layers": layers, **weights}
                found[title] = kept.of(
                    title,
                    lambda title=title, strategy=strategy: commands.figures(
                        run(title.replace(" ", "-").replace(",", ""), strategy, options.epochs)
                    ),
                    commands.told,
                )
    best = found["teacher, 6 layers"]["accuracy"]
    common.table(("network", "accuracy", "low", "high", "kept", "parameters", "CPU min"), [
        (title, one["accuracy"], one["low"], one["high"], one["accuracy"] / best, one["parameters"], one["cpu_minutes"])
        for title, one in found.items()
    ])  # fmt: skip


if __name__ == "__main__":
    main()
