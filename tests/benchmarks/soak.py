"""Many short runs in one window: what grows? Threads, processes, file handles and memory, at intervals.

The window is the real one (offscreen), each run is trained by a real worker; the model is tiny. With ``--light`` the
runs are carried by real processes that only say what a run says: the window has the same to do, in a tenth of the time.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from tests.benchmarks import common
from tests.benchmarks.stalls import wait

COLUMNS = ("runs", "s a run", "threads", "QThreads", "processes", "handles", "RSS MB", "USS MB", "objects", "widgets")


def main(arguments: Sequence[str] | None = None) -> None:
    made = common.parser(__doc__, runs=200, every=20, limit=120, minutes=600)
    made.add_argument("--model", default="", help="folder of a tiny model; made if not given")
    made.add_argument("--light", action="store_true", help="processes that train nothing")
    given = made.parse_args(arguments)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with common.home() as folder:
        kind = "process that trains nothing" if given.light else "worker process"
        common.machine(runs=given.runs, runner=kind, model=given.model or "tiny")
        recipe = _recipe(folder, given.model)
        from tlstudio.gui import app as module

        app = module.make_app()
        controller = module.make_controller(app, _light if given.light else None)
        rows: list[list[Any]] = []
        try:
            _drive(app, controller, recipe, given, rows)
        finally:
            common.table(COLUMNS, rows)
            _slopes(rows)
            controller.context.session.close()
            controller.finish()


def _recipe(folder: Path, model: str) -> Any:
    """A short run through the usual stages; the model is made by another process, so that no torch comes into ours."""
    from tlstudio.core.recipe import from_dict

    code = (
        "import sys, pathlib; from tests import conftest, tiny; folder = pathlib.Path(sys.argv[1]);"
        "place = type('', (), {'mktemp': lambda self, name: (folder / name).mkdir() or folder / name})();"
        "print(conftest.tiny_model.__wrapped__(place)); tiny.write_csv(folder / 'tickets.csv')"
    )
    made = subprocess.run([sys.executable, "-c", code, str(folder)], check=True, capture_output=True, text=True)
    return from_dict(
        {
            "model": {"source": "folder", "name": model or made.stdout.splitlines()[-1]},
            "data": {"path": str(folder / "tickets.csv")},
            "strategy": {"name": "full-fine-tuning"},
            "training": {"epochs": 1, "batch_size": 16, "threads": 1, "precision": "fp32"},
            "evaluate": {"bootstrap": 100},
            "export": [],
        }
    )


_SAYS = """
import json, random, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.gui import fake
def say(**line): print(json.dumps(line), flush=True)
say(event="hello", protocol=1)
for text in sys.stdin:
    line = json.loads(text)
    if line.get("control") == "quit": break
    if line.get("job") == "run":
        folder = Path(line["args"]["folder"])
        (folder / "recipe.yaml").write_text("schema: 1\\n")
        with open(folder / "events.jsonl", "w") as file:
            for event in fake._events(folder, ("prepare", "train", "evaluate", "report"), random.Random(7), 0):
                file.write(json.dumps(event) + "\\n")
                say(**event, id=line["id"])
        (folder / "results.json").write_text(json.dumps(fake.results(folder.name)))
        say(event="finished", id=line["id"], outcome="completed", seconds=1.0, error=None, time=1.0)
    elif "job" in line:
        replies = fake.answers(Path(sys.argv[2]))
        answer = replies.get(line["job"])
        say(event="reply", id=line["id"], data=answer(line.get("args") or {}) if answer else {})
"""


def _light() -> Any:
    from tests.gui import fake
    from tlstudio.session.runners import WorkerRunner

    table = Path(os.environ["TLSTUDIO_HOME"]) / "train.arrow"
    if not table.exists():
        fake.write_arrow(table)
    return WorkerRunner([sys.executable, "-c", _SAYS, str(Path(__file__).resolve().parents[2]), str(table)])


def _drive(app: Any, controller: Any, recipe: Any, given: Any, rows: list[list[Any]]) -> None:
    controller.show()
    controller.context.project.new(recipe)
    controller.window.go("train")
    session, ended = controller.context.session, []
    session.ended.connect(ended.append)
    wait(app, lambda: not controller._readiness.reason()[0], 120)
    begin = last = time.monotonic()
    for number in range(1, given.runs + 1):
        controller.start()
        wait(app, lambda number=number: len(ended) == number, given.limit)
        if ended[-1].get("outcome") != "completed":
            raise RuntimeError(f"run {number} ended so: {ended[-1]}")
        for place in ("results", "runs", "train"):
            controller.window.go(place)
            app.processEvents()
        if number % given.every == 0 or number in (1, 5):
            wait(app, lambda: not controller.context.queries.busy, 60)
            now = time.monotonic()
            rows.append([number, (now - last) / (number - (rows[-1][0] if rows else 0)), *_figures(app)])
            last = now
            print("  ".join(f"{name} {value:.4g}" for name, value in zip(COLUMNS, rows[-1], strict=True)), flush=True)
        if time.monotonic() - begin > 60 * given.minutes:
            print(f"ended after {number} runs: the time is up")
            return


def _figures(app: Any) -> list[Any]:
    """Of the window's process, after what is garbage has gone."""
    from PySide6.QtCore import QCoreApplication, QEvent, QThread

    for _ in range(3):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        app.processEvents()
        gc.collect()
    process = psutil.Process()
    memory = process.memory_full_info()
    threads = [item for item in gc.get_objects() if type(item).__mro__.__contains__(QThread)]
    return [
        process.num_threads(), len(threads), len(process.children(recursive=True)), process.num_fds(),
        memory.rss / 1e6, memory.uss / 1e6, len(gc.get_objects()), len(app.allWidgets()),
    ]  # fmt: skip


def _slopes(rows: list[list[Any]]) -> None:
    """Growth a hundred runs, by least squares over the second half, when caches are warm."""
    late = rows[len(rows) // 2 :]
    if len(late) < 2:
        return
    runs = np.array([row[0] for row in late], dtype=float)
    for at, name in enumerate(COLUMNS[2:], 2):
        slope = np.polyfit(runs, np.array([row[at] for row in late], dtype=float), 1)[0]
        print(f"growth    {name}: {100 * slope:+.2f} in 100 runs")
    print(f"threads   {sorted(thread.name for thread in threading.enumerate())}")


if __name__ == "__main__":
    main()
