"""How late a 10 ms timer of the window comes while a model trains, is compressed and exported in the worker, beside the
same window at rest."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks import common

_TICK = 0.010  # seconds


class Lateness:
    """Milliseconds by which each tick of a precise 10 ms timer came too late."""

    def __init__(self) -> None:
        from PySide6.QtCore import Qt, QTimer

        self.phases: dict[str, list[float]] = {}
        self.phase = ""
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(int(1000 * _TICK))

    def _tick(self) -> None:
        now = time.perf_counter()
        late = max(now - self._last - _TICK, 0.0)
        self._last = now
        if self.phase:
            self.phases.setdefault(self.phase, []).append(1000 * late)

    def stop(self) -> None:
        self._timer.stop()


def wait(app: Any, condition: Callable[[], bool], seconds: float) -> None:
    """Lets Qt's own loop run (not a polling one, which would hide stalls) until the condition holds."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop, timer = QEventLoop(), QTimer()
    end = time.monotonic() + seconds

    def look() -> None:
        if condition() or time.monotonic() > end:
            loop.quit()

    timer.timeout.connect(look)
    timer.start(50)
    loop.exec()
    timer.stop()
    if not condition():
        raise TimeoutError("the window did not come so far in time")


def project(given: Any, folder: Path) -> Any:
    """The sample project with int8 and two exports, shortened; the tiny model only for a trial of this script."""
    from tlstudio.session import sample

    recipe = sample.recipe().changed("training.epochs", given.epochs)
    if given.threads:
        recipe = recipe.changed("training.threads", given.threads)
    if given.model:
        recipe = recipe.changed("model", {"source": "folder", "name": given.model})
    return recipe.changed("evaluate.extra_sets", []) if given.model else recipe


def main(arguments: Sequence[str] | None = None) -> None:
    import numpy as np

    made = common.parser(__doc__, epochs=2, rest=10, limit=400)
    made.add_argument("--model", default="", help="folder of another model, such as a tiny one")
    given = made.parse_args(arguments)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with common.home() as folder:
        if not given.model:
            common.minilm()
        from tlstudio.gui import app as module

        common.machine(platform=os.environ["QT_QPA_PLATFORM"], epochs=given.epochs, model=given.model or "MiniLM",
                       runner="worker process")  # fmt: skip
        app = module.make_app()
        controller = module.make_controller(app)
        late = Lateness()
        try:
            drive(app, controller, project(given, folder), late, given)
        finally:
            late.stop()
            controller.context.session.close()
            controller.finish()
    rows: list[list[Any]] = []
    for phase, values in late.phases.items():
        rows.append([phase, len(values), *(float(np.percentile(values, share)) for share in (50, 95, 99)), max(values)])
    common.table(["phase", "ticks", "median ms", "95 %", "99 %", "worst"], rows)
    by = {row[0]: row for row in rows}
    for phase in ("train", "compress", "export"):
        ratio = by[phase][4] / max(by["at rest"][4], 1e-3)
        print(f"ratio     99th percentile in {phase} / at rest: {ratio:.2f}; budget 50 ms")


def drive(app: Any, controller: Any, recipe: Any, late: Lateness, given: Any) -> None:
    """Rests, then trains, through the real window; the phase is the stage that the run is in."""
    controller.show()
    controller.context.project.new(recipe)
    controller.window.go("train")
    session = controller.context.session
    wait(app, lambda: not controller._readiness.reason()[0], 90)
    wait(app, lambda: not controller.context.queries.busy, 90)
    late.phase = "at rest"
    rested = time.monotonic() + given.rest
    wait(app, lambda: time.monotonic() > rested, given.rest + 5)
    outcome: list[Any] = []
    session.ended.connect(outcome.append)
    session.drained.connect(lambda lines: _follow(lines, late))
    late.phase = "worker starts"
    controller.start()
    wait(app, lambda: bool(outcome), given.limit)
    late.phase = ""
    if outcome[0].get("outcome") != "completed":
        raise RuntimeError(f"the run ended so: {outcome[0]}")


def _follow(lines: list[dict[str, Any]], late: Lateness) -> None:
    for line in lines:
        if line.get("event") == "stage-started":
            late.phase = line["stage"]


if __name__ == "__main__":
    main()
