"""Windows and their workers are killed at random moments; the run ends as if that had never been.

``python -m tests.faults.test_kill_window 30`` kills thirty and says how many went well. A worker that is killed is
followed by a click on Resume in its window. A run whose window is killed goes on, or is left off and resumed.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults import test_kill as kills
from tests.faults.desk import complete
from tests.faults.test_kill import Bed, different, moment, runs_in, said, stage_of

_SEED = 20261123
_PATIENCE = 180.0  # seconds for a run
_VICTIMS = (("worker", "go-on"), ("window", "go-on"), ("window", "leave"))  # whom, and what a run does without a window
_WINDOW = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from tlstudio.core import recipe as recipes
from tlstudio.gui import app as module
from tlstudio.session.runs import new_folder

path, base, alone = sys.argv[1:]
app = module.make_app()
controller = module.make_controller(app)
controller.context.change_settings(without_window=alone, confirm_close=False)
controller.show()
recipe = recipes.load(Path(path))
folder = new_folder(recipe, Path(base))

def ended(line):
    again = line.get("outcome") == "failed" and controller.window.notice.isVisible()
    QTimer.singleShot(200, controller.window.notice.action.click if again else controller.closing.end)

controller.context.session.ended.connect(ended)
controller.closed.connect(app.quit)
args = {"recipe": recipe.to_dict(), "folder": str(folder), "alone": alone}
controller.context.session.start("run", args, folder, recipe)
sys.exit(app.exec())
"""


def killed(bed: Bed, name: str, victim: str, alone: str, draw: random.Random) -> tuple[str, str]:
    """Kills once; gives the stage in which that was, and what was wrong afterwards."""
    whole = bed.whole(name)
    base = Path(tempfile.mkdtemp(dir=bed.folder))
    call = [sys.executable, "-c", _WINDOW, str(bed.recipe(name)), str(base), alone]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    with open(bed.folder / "output.txt", "ab") as output:
        window = subprocess.Popen(call, stdout=output, stderr=output, env=environment)
    try:
        count, gap = moment(draw, whole)
        _until(lambda: said(base) >= count or window.poll() is not None)
        time.sleep(gap)
        [run] = runs_in(base)
        stage = stage_of(run)
        if victim == "window":
            window.kill()
        else:
            stage += _kill_worker(run)
        window.wait(_PATIENCE)
    finally:
        window.kill()
        window.wait()
    _until(lambda: not _held(run))
    if not complete(run):
        kills.ended(bed.command("resume", str(run), "--events"))
    (run / "worker.log").unlink(missing_ok=True)  # what a worker prints that has no window
    wrong = different(whole, run)
    if not wrong:
        shutil.rmtree(base)
    return stage, wrong


def _kill_worker(run: Path) -> str:
    from tlstudio.core.locks import holder

    if (owner := holder(run / "run.lock")) is None:
        return " (over)"
    os.kill(owner.pid, 9)
    return ""


def _held(run: Path) -> bool:
    from tlstudio.core.locks import holder

    return holder(run / "run.lock") is not None


def _until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + _PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("it did not happen in time")
        time.sleep(0.02)


def windows(bed: Bed) -> kills.Kill:
    """Kills windows and workers in turn."""

    def kill(number: int, name: str) -> tuple[str, str]:
        victim, alone = _VICTIMS[number % len(_VICTIMS)]
        stage, problem = killed(bed, name, victim, alone, random.Random(f"{_SEED}-{number}"))
        return f"{stage} ({victim}, {alone})", problem

    return kill


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="whole runs are forked from one that has imported torch")
def test_killed_windows_and_workers_lose_nothing() -> None:
    program = [sys.executable, "-m", "tests.faults.test_kill_window", "6"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    ended = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    assert "6 of 6" in ended.stdout, ended.stdout + ended.stderr


if __name__ == "__main__":
    sys.exit(kills.main(int(sys.argv[1]) if len(sys.argv) > 1 else 30, windows))
