"""How long a real run takes to answer a cancel (or a stop), in every stage; through a real worker and its pipes.

Each cancel begins the run anew and comes some time after the stage has begun; "over": the stage had ended by then.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks import common

STAGES = ("prepare", "tokenise", "rehearse", "train", "evaluate")
LATER = {"compress": [{"name": "dynamic-int8"}], "export": [{"name": "onnx"}, {"name": "bundle"}]}
_BUDGET = 2.0


def main(arguments: Sequence[str] | None = None) -> None:
    made = common.parser(__doc__, rows=1500, limit=600)
    made.add_argument("--stages", default=",".join((*STAGES, *LATER)))
    made.add_argument("--after", default="0.1,0.8,2.5", help="seconds after the begin of the stage")
    made.add_argument(
        "--word", default="cancel", choices=("cancel", "stop"), help="stop: until the training says that it has"
    )
    made.add_argument("--run", default="", help="a finished run, to be compressed and exported; made if not given")
    given = made.parse_args(arguments)
    after = [float(text) for text in given.after.split(",")]
    with common.home() as folder:
        common.minilm()
        recipe = _recipe(given, folder)
        common.machine(model="MiniLM", rows=given.rows, after=given.after, budget=f"{_BUDGET} s")
        rows: list[list[Any]] = []
        for stage in given.stages.split(","):
            times = []
            for at in after:
                place = folder / f"{stage}-{at}"
                if stage in LATER:
                    shutil.copytree(given.run or _finished(recipe, folder / "finished"), place)
                    job, args = stage, {stage: LATER[stage]}
                else:
                    place.mkdir()
                    job, args = "run", {"recipe": recipe.to_dict()}
                times.append(_answered(job, {**args, "folder": str(place)}, stage, at, given.limit, given.word))
            rows.append([stage, *(round(value, 2) if value is not None else "over" for value in times)])
            print("  ".join(map(str, rows[-1])), flush=True)
        common.table(["stage", *(f"s to cancel at +{at} s" for at in after)], rows)
        measured = [value for row in rows for value in row[1:] if value != "over"]
        print(f"worst     {max(measured):.2f} s of {len(measured)}; budget {_BUDGET} s")


def _finished(recipe: Any, folder: Path) -> Path:
    from tlstudio import pipeline
    from tlstudio.core.control import Control

    if not folder.is_dir():
        pipeline.run(recipe.changed("strategy", {"name": "linear-probe"}), folder, lambda _event: None, Control())
    return folder


def _recipe(given: Any, folder: Path) -> Any:
    from tlstudio.core.recipe import from_dict

    files = common.r8(folder, given.rows, 800, given.seed)
    return from_dict(
        {
            "model": {"source": "hub", "name": "sentence-transformers/all-MiniLM-L6-v2"},
            "data": {"path": files["train"], "test": files["test"], "rare_classes": "drop"},
            "strategy": {"name": "full-fine-tuning"},
            "training": {"epochs": 1, "threads": given.threads or "auto"},
            "export": [],
        }
    )


def _answered(job: str, args: dict[str, Any], stage: str, after: float, limit: float, word: str) -> float | None:
    """Seconds from the wish to the last line, or until the training stops; None where it was over before."""
    from tlstudio.session.runners import WorkerRunner

    runner, end, asked = WorkerRunner(), time.monotonic() + limit, [0.0]

    def ask() -> None:
        asked[0] = time.monotonic()
        runner.send(word)

    timer = threading.Timer(after, ask)
    try:
        runner.start(job, args)
        for line in runner.lines():
            kind = line.get("event")
            if kind == "stage-started" and line.get("stage") == stage:
                timer.start()
            if kind == "finished":
                if line.get("outcome") == "failed":
                    raise RuntimeError(f"the run ended so: {line}")
                if not asked[0]:
                    return None
                if line.get("outcome") != "cancelled":
                    raise RuntimeError(f"the run ended so: {line}")
                return time.monotonic() - asked[0]
            if kind == "stage-finished" and line.get("stage") == stage and not asked[0]:
                return None
            if line.get("code") == "training.stopped":  # what follows are the test and the exports of the best weights
                return time.monotonic() - asked[0]
            if time.monotonic() > end:
                raise TimeoutError(stage)
        return None
    finally:
        timer.cancel()
        runner.close()


if __name__ == "__main__":
    main()
