"""Continual learning on Reuters R8: four pairs of classes learnt in turn by one head, and what is left of each.

Plain fine-tuning, replay, EWC and LwF from the same first run. Runs are kept as they end:
python -m tests.benchmarks.continual --threads 1
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks import commands, common
from tests.benchmarks.runs import Kept

PAIRS = (("earn", "acq"), ("crude", "trade"), ("money-fx", "interest"), ("ship", "grain"))
METHODS: dict[str, dict[str, Any]] = {
    "plain fine-tuning": {"method": "none"},
    "replay": {"method": "replay", "memory": 50},
    "EWC": {"method": "ewc"},
    "LwF": {"method": "lwf"},
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = common.parser(__doc__.splitlines()[0], rows=200, test_rows=200, max_length=96, epochs=4)
    parser.add_argument("--keep", default="", help="file of the runs that are done; empty takes a temporary one")
    options = parser.parse_args(arguments)
    folder = Path(tempfile.gettempdir()) / "tlstudio-continual"  # a chain must outlive a break
    folder.mkdir(exist_ok=True)
    with common.home():
        settings = {"rows": options.rows, "test_rows": options.test_rows, "seed": options.seed, "methods": METHODS,
                    "max_length": options.max_length, "epochs": options.epochs, "threads": options.threads}  # fmt: skip
        common.machine(**settings)
        kept = Kept("continual", options.keep, **settings)

        def run(name: str, pair: Sequence[str], **more: Any) -> dict[str, Any]:
            train, test = (str(commands.part_of_r8(folder, split, rows, options.seed, tuple(pair)))
                           for split, rows in (("train", options.rows), ("test", options.test_rows)))  # fmt: skip
            return commands.executed(folder, name, {
                "data": {"path": train, "test": test},
                "task": {"name": "text-classification", "max_length": options.max_length},
                "training": {"seed": options.seed, "threads": options.threads or "auto", "epochs": options.epochs},
                **more,
            })  # fmt: skip

        def accuracy(found: dict[str, Any]) -> str:
            return f"accuracy {found['test']:.3f} on its own pair"

        def brief(results: dict[str, Any]) -> dict[str, Any]:
            return {"test": results["test"]["metrics"]["accuracy"]["value"], "retention": results.get("retention"),
                    "cpu_minutes": results["cpu_seconds"] / 60}  # fmt: skip

        first = f"first-{options.seed}"
        kept.of(first, lambda: brief(run(first, PAIRS[0], strategy={"name": "full-fine-tuning"})), accuracy)
        for title, method in METHODS.items():
            before = first
            for place, pair in enumerate(PAIRS[1:], 2):
                name = f"{method['method']}-{place}-{options.seed}"
                found = kept.of(
                    name,
                    lambda name=name, pair=pair, before=before, method=method: brief(run(
                        name, pair, strategy={"name": "continual", **method},
                        model={"source": "run", "name": str(folder / before)},
                    )),
                    accuracy,
                )  # fmt: skip
                before = name
            _show(title, found["retention"])


def _show(title: str, retention: dict[str, Any]) -> None:
    print(f"{title}: backward transfer {retention['backward']:.3f}, forward {retention['forward']}")
    names = ["+".join(pair) for pair in PAIRS]
    common.table(("learnt", *names), [
        (names[row], *("" if value is None else value for value in values))
        for row, values in enumerate(retention["values"])
    ])  # fmt: skip


if __name__ == "__main__":
    main()
