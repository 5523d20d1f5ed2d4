"""How long a real run takes to answer a cancel, in every stage; through a real worker and its pipes.

Each cancel begins the run anew and comes some time after the stage has begun; "over": the stage had ended by then.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any


from tests.benchmarks import common

STAGES = ("prepare", "tokenise", "rehearse", "train", "evaluate", "compress", "export")
_BUDGET = 2.0


def main(arguments: Sequence[str] | None = None) -> None:
    made = common.parser(__doc__, rows=1500, limit=240)
    made.add_argument("--stages", default=",".join(STAGES))
    made.add_argument("--after", default="0.1,0.8,2.5", help="seconds after the begin of the stage")
    given = made.parse_args(arguments)
    after = [float(text) for text in given.after.split(",")]
    with common.home() as folder:
        common.minilm()
        recipe = _recipe(given, folder)
        common.machine(model="MiniLM", rows=given.rows, after=given.after, budget=f"{_BUDGET} s")
        rows = []
        for stage in given.stages.split(","):
            times = [_cancelled(recipe, folder / f"{stage}-{at}", stage, at, given.limit) for at in after]
            rows.append([stage, *(round(value, 2) if value is not None else "over" for value in times)])
            print("  ".join(map(str, rows[-1])), flush=True)
        common.table(["stage", *(f"s to cancel at +{at} s" for at in after)], rows)
        measured = [value for row in rows for value in row[1:] if value != "over"]
        print(f"worst     {max(measured):.2f} s of {len(measured)}; budget {_BUDGET} s")


def _recipe(given: Any, folder: Path) -> Any:
    from tlstudio.core.recipe import from_dict

    files = common.r8(folder, given.rows, 800, given.seed)
    return from_dict(
        {
            "model": {"source": "hub", "name": "sentence-transformers/all-MiniLM-L6-v2"},
            "data": {"path": files["train"], "test": files["test"], "rare_classes": "drop"},
            "strategy": {"name": "full-fine-tuning"},
            "training": {"epochs": 1, "threads": given.threads or "auto"},
            "compress": ["dynamic-int8"],
            "export": ["onnx", "onnx-int8"],
        }
    )


def _cancelled(recipe: Any, folder: Path, stage: str, after: float, limit: float) -> float | None:
    """Seconds from the cancel to the last line; None where the stage was over before."""
    from tlstudio.session.runners import WorkerRunner

    runner = WorkerRunner()
    end = time.monotonic() + limit
    try:
        folder.mkdir()
        recipe = _short(recipe, stage)
        runner.start("run", {"recipe": recipe.to_dict(), "folder": str(folder)})
        asked = due = None

        def cancel() -> None:
            nonlocal asked
            asked = time.monotonic()
            runner.send("cancel")

        for line in runner.lines():
            if line.get("event") == "stage-started" and line.get("stage") == stage:
                due = threading.Timer(after, cancel)
                due.start()
            if line.get("event") == "stage-finished" and line.get("stage") == stage and asked is None:
                if due is not None:
                    due.cancel()
                runner.send("cancel")
                return None
            if line.get("event") == "finished":
                if line.get("outcome") != "cancelled" or asked is None:
                    raise RuntimeError(f"the run ended so: {line}")
                return time.monotonic() - asked
            if time.monotonic() > end:
                raise TimeoutError(stage)
        return None
    finally:
        runner.close()


def _short(recipe: Any, stage: str) -> Any:
    """Stages after training need a trained model, not a good one: few rows."""
    if stage in ("evaluate", "compress", "export"):
        return recipe.changed("strategy", {"name": "linear-probe"})
    return recipe


if __name__ == "__main__":
    main()
