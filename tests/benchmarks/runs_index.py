"""How fast ten thousand runs open: first build, warm, damaged, deleted, and folders removed behind the index's back.

Run by hand: python -m tests.benchmarks.runs_index [number of runs] [folder]
"""

from __future__ import annotations

import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tlstudio.session import run_notes
from tlstudio.session.run_filter import RunFilter
from tlstudio.session.run_lineage import trees
from tlstudio.session.run_notes import RunNotes
from tlstudio.session.runs import INDEX, RunIndex

_OUTCOMES = ("completed",) * 16 + ("stopped", "cancelled", "failed", "interrupted")
_STRATEGIES = ("full-fine-tuning", "linear-probe", "lora", "gradual-unfreezing", "distillation")
_MODELS = ("sentence-transformers/all-MiniLM-L6-v2", "distilbert-base-uncased", "microsoft/deberta-v3-small")


def make_runs(base: Path, number: int, seed: int = 0) -> None:
    """Run folders as real ones: results of about 20 kB, a recipe, events, some notes; one in twenty has no results."""
    draw = random.Random(seed)
    names: list[str] = []
    for at in range(number):
        when = time.strftime("%Y%m%d-%H%M%S", time.gmtime(1_760_000_000 + at * 977))
        strategy, model = draw.choice(_STRATEGIES), draw.choice(_MODELS)
        name = f"{when}-{model.rsplit('/', 1)[-1]}-{strategy}"
        folder = base / name
        folder.mkdir(parents=True)
        outcome = draw.choice(_OUTCOMES)
        parent = draw.choice(names[-200:]) if names and draw.random() < 0.2 else ""
        _write(folder, at, outcome, model, strategy, parent, draw)
        if draw.random() < 0.1:
            run_notes.write(folder, RunNotes((draw.choice(("baseline", "paper", "wrong")),), f"note {at}", at % 3 == 0))
        names.append(name)


def _write(folder: Path, at: int, outcome: str, model: str, strategy: str, parent: str, draw: random.Random) -> None:
    recipe = (f"schema: 1\nmodel: {{name: {model}}}\ndata: {{path: /data/tickets-{at % 40}.csv}}\n"
              f"task: {{name: text-classification}}\nstrategy: {{name: {strategy}}}\n")  # fmt: skip
    (folder / "recipe.yaml").write_text(recipe)
    end = "" if outcome == "interrupted" else json.dumps({"event": "finished", "outcome": outcome, "seconds": 12.0})
    (folder / "events.jsonl").write_text('{"event": "log"}\n' * 20 + end + "\n")
    if outcome in ("interrupted", "failed"):
        return
    value = draw.uniform(0.6, 0.99)
    classes = [{"label": f"class {n}", "support": 20, "f1": {"value": value, "low": value, "high": value}}
               for n in range(40)]  # fmt: skip
    errors = [{"row": n, "text": f"a text that was answered wrongly {n} " * 3, "label": "a"} for n in range(60)]
    results: dict[str, Any] = {
        "run": folder.name, "outcome": outcome, "task": "text-classification", "headline": "accuracy",
        "data": {"path": f"/data/tickets-{at % 40}.csv"},
        "model": {"name": model, "lineage": [{"run": parent, "task": "t", "backbone": model}] if parent else []},
        "training": {"strategy": strategy, "strategy_title": strategy.replace("-", " ").capitalize()},
        "test": {"rows": 800, "metrics": {"accuracy": {"value": value, "low": value - 0.02, "high": value + 0.02}},
                 "per_class": classes, "errors": errors},
        "stages": [{"name": "trained", "bytes": 90_000_000}, {"name": "1-dynamic-int8", "bytes": 23_000_000}],
        "seconds": {"train": 100.0},
    }  # fmt: skip
    (folder / "results.json").write_text(json.dumps(results))


def timed(title: str, work: Callable[[], Any]) -> Any:
    begin = time.perf_counter()
    found = work()
    print(f"{title:<58} {time.perf_counter() - begin:8.3f} s", flush=True)
    return found


def main(number: int = 10_000, place: str = "") -> None:
    base = Path(place or tempfile.mkdtemp(prefix="tlstudio-runs-"))
    try:
        if not any(base.glob("2*")):
            timed(f"making {number} run folders", lambda: make_runs(base, number))
            time.sleep(2.1)  # younger folders are read again each time
        for old in base.glob(f"{INDEX}*"):
            old.unlink()
        assert len(timed("first build (no index)", RunIndex(base).list)) == number
        runs = timed("warm", RunIndex(base).list)
        timed("warm, again", RunIndex(base).list)
        found = timed("search 'lora tickets-7'", lambda: RunFilter("lora tickets-7").of(runs))
        print(f"  {len(found)} found")
        grown = timed("all lineage trees", lambda: trees(runs))
        print(f"  {len(grown)} trees")
        (base / INDEX).write_bytes(b"not a database " * 4096)
        for rest in ("-wal", "-shm"):
            (base / f"{INDEX}{rest}").unlink(missing_ok=True)
        assert len(timed("index overwritten with rubbish: rebuilt", RunIndex(base).list)) == number
        data = bytearray((base / INDEX).read_bytes())
        data[len(data) // 3 : len(data) // 2] = bytes(len(data) // 2 - len(data) // 3)
        (base / INDEX).write_bytes(data)
        assert len(timed("a sixth of the index zeroed: rebuilt", RunIndex(base).list)) == number
        gone = [Path(run.folder) for run in runs[:500]]
        for folder in gone:
            shutil.rmtree(folder)
        assert len(timed("500 folders removed behind its back", RunIndex(base).list)) == number - len(gone)
        make_runs(base, 0)
    finally:
        if not place:
            shutil.rmtree(base)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000, sys.argv[2] if len(sys.argv) > 2 else "")
