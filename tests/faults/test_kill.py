"""Runs are killed at random moments, over all their stages; resumed, they end as if that had never been.

Beside the usual kills of a test, ``python -m tests.faults.test_kill 100`` kills a hundred and says how many went well.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import runpy
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests import tiny
from tlstudio.core.processes import Ended

KILLS = int(os.environ.get("TLSTUDIO_KILLS", "8"))
_SEED = 20261122
_PATIENCE = 120.0  # seconds for a run
# every stage there is; in training each step leaves a checkpoint
RECIPES: dict[str, dict[str, Any]] = {
    "full": {"strategy": {"name": "full-fine-tuning"}, "compress": ["magnitude-pruning", "low-rank"],
             "export": ["safetensors"]},
    "lora": {"strategy": {"name": "lora"}, "export": ["safetensors"]},
    "gradual": {"strategy": {"name": "gradual-unfreezing", "by": "plateau"}, "compress": ["magnitude-pruning"],
                "export": []},
    "phases": {"strategy": {"name": "contrastive-few-shot", "pairs": 4}, "export": []},
    "adapted": {"strategy": {"name": "full-fine-tuning"}, "adapt": [{"name": "masked-lm", "epochs": 1}], "export": []},
}  # fmt: skip
TRAINING = {"epochs": 3, "batch_size": 8, "threads": 1, "patience": 0, "precision": "fp32", "checkpoint_seconds": 0}

# number and recipe of a kill → the stages in which it was, and what was wrong afterwards
Kill = Callable[[int, str], tuple[str, str]]


class Bed:
    """Runs recipes in processes forked from this one, which has imported what takes seconds.

    Args:
        folder: for everything.
        model: the backbone.
    """

    def __init__(self, folder: Path, model: Path) -> None:
        self.folder, self.model = folder, model
        self.data = tiny.write_csv(folder / "tickets.csv")
        self._whole: dict[str, Path] = {}

    def command(self, *arguments: str) -> int:
        """Forks a process for a command of ours; gives its number."""
        if pid := os.fork():
            return pid
        code = 70
        try:
            os.setsid()
            with open(self.folder / "output.txt", "ab") as output:
                os.dup2(output.fileno(), 1)
                os.dup2(output.fileno(), 2)
            from tlstudio.cli.app import main

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("tlstudio.export.parity.run_module", forked)
                code = main(list(arguments))
        finally:
            os._exit(code)

    def recipe(self, name: str) -> Path:
        from tlstudio.core import recipe as recipes

        path = self.folder / f"{name}.yaml"
        if not path.is_file():
            recipes.save(tiny.recipe(self.model, self.data, training=TRAINING, **RECIPES[name]), path)
        return path

    def whole(self, name: str) -> Path:
        """The folder of an unbroken run of a recipe."""
        if name not in self._whole:
            for home in range(2):  # the second finds what is cached, as the broken ones will
                base = self.folder / f"{name}-whole-{home}"
                pid = self.command("run", str(self.recipe(name)), "--runs", str(base), "--events")
                assert ended(pid) == 0, (self.folder / "output.txt").read_text()[-3000:]
            [self._whole[name]] = runs_in(base)
        return self._whole[name]

    def killed(self, name: str, draw: random.Random) -> tuple[str, str]:
        """Kills a run once, or some times; gives the stages that it was in, and what was wrong afterwards."""
        whole = self.whole(name)
        base = Path(tempfile.mkdtemp(dir=self.folder))
        pid = self.command("run", str(self.recipe(name)), "--runs", str(base), "--events")
        places = [self._kill(pid, base, *moment(draw, whole))]
        [run] = runs_in(base)
        while draw.random() < 0.2:  # the resumed run is killed as well
            before, (line, gap) = said(base), moment(draw, whole)
            places.append(self._kill(self.command("resume", str(run), "--events"), base, before + line // 4, gap))
        code = ended(self.command("resume", str(run), "--events"))
        wrong = different(whole, run) if code in (0, 1) else f"exit code {code}"  # 1: it had ended
        if not wrong:
            shutil.rmtree(base)
        return " + ".join(places), wrong

    def _kill(self, pid: int, base: Path, count: int, gap: float) -> str:
        """Kills a process a while after its run has said so much; gives the stage that the run was in."""
        end = time.monotonic() + _PATIENCE
        while said(base) < count and time.monotonic() < end:
            if os.waitpid(pid, os.WNOHANG)[0]:
                return "nothing: it had ended"
            time.sleep(0.005)
        time.sleep(gap)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return stage_of(runs_in(base)[0])


def forked(name: str, arguments: Sequence[str], _control: Any) -> Ended:
    """A module in a process of its own, as :func:`tlstudio.core.processes.run_module` runs it, without the wait."""
    if pid := os.fork():
        return Ended(ended(pid), "")
    code = 1
    try:
        sys.argv = [name, *arguments]
        runpy.run_module(name, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        os._exit(code)


def moments(run: Path) -> dict[str, list[tuple[int, float]]]:
    """For each stage of a run after how many lines it said something, and the seconds until the next line."""
    found: dict[str, list[tuple[int, float]]] = {}
    events = lines(run)
    for number, (line, following) in enumerate(itertools.pairwise(events), 1):
        if line["event"] == "stage-started":
            stage = line["stage"]
            found[stage] = []
        if found:
            found[stage].append((number, following["time"] - line["time"]))
    return found


def moment(draw: random.Random, run: Path) -> tuple[int, float]:
    """A random line of a random stage, and a random time until the next one: all stages are hit, however short."""
    stages = moments(run)
    number, gap = draw.choice(stages[draw.choice(sorted(stages))])
    return number, draw.uniform(0, gap)


def runs_in(base: Path) -> list[Path]:
    return sorted(path.parent for path in base.glob("*/recipe.yaml"))


def said(base: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in base.glob("*/events.jsonl"))


def lines(run: Path) -> list[dict[str, Any]]:
    """The events of a run; the last line may be half a one."""
    found = []
    for line in (run / "events.jsonl").read_text(encoding="utf-8", errors="replace").splitlines():
        with contextlib.suppress(ValueError):
            found.append(json.loads(line))
    return found


def stage_of(run: Path) -> str:
    if not (run / "events.jsonl").is_file():
        return "start"
    stages = [line.get("stage") for line in lines(run) if line["event"] == "stage-started"]
    return str(stages[-1]) if stages else "start"


def ended(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def curve(run: Path) -> list[Any]:
    return [(line["split"], line["step"], {k: v for k, v in line["values"].items() if k != "samples_per_second"})
            for line in lines(run) if line["event"] == "metric"]  # fmt: skip


def different(whole: Path, run: Path) -> str:
    """In what a resumed run is not as the unbroken one; empty if in nothing."""
    before, after = (json.loads((place / "results.json").read_text(encoding="utf-8")) for place in (whole, run))
    if after.get("outcome") != "completed":
        return f"outcome {after.get('outcome')}"
    for path in sorted(whole.rglob("*.safetensors")):
        other = run / path.relative_to(whole)
        if not other.is_file() or other.read_bytes() != path.read_bytes():
            return f"weights in {path.relative_to(whole)}"
    for name in ("test", "baselines", "labels", "headline"):
        if before.get(name) != after.get(name):
            return f"results: {name}"
    if curve(run) != curve(whole):
        return "curves"
    if [line["outcome"] for line in lines(run) if line["event"] == "finished"] != ["completed"]:
        return "ends"
    names = [sorted(item.name for item in place.iterdir()) for place in (whole, run)]
    return "" if names[0] == names[1] else f"files: {names[1]}"


def campaign(kills: int, kill: Kill) -> tuple[int, Counter[str], list[str]]:
    """Kills so many runs; gives how many ended as they should, the stages that were hit, and what was wrong."""
    good, hit, wrong = 0, Counter[str](), []
    for number in range(kills):
        name = list(RECIPES)[number % len(RECIPES)]
        places, problem = kill(number, name)
        hit.update(places.split(" + "))
        good += not problem
        if problem:
            wrong.append(f"kill {number} of {name} in {places}: {problem}")
        print(f"{number + 1:4}  {name:8} killed in {places:40} {problem or 'as unbroken'}", flush=True)
    return good, hit, wrong


@pytest.mark.slow
@pytest.mark.timeout(0)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked from one that has imported torch")
def test_killed_runs_end_as_unbroken_ones() -> None:
    """In a process of its own with one thread: a process that has several is not to be forked."""
    program = [sys.executable, "-m", "tests.faults.test_kill", str(KILLS)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    said = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    print(said.stdout)
    assert f"{KILLS} of {KILLS}" in said.stdout, said.stdout + said.stderr
    assert said.returncode == 0


def runs(bed: Bed) -> Kill:
    """Kills the process of a run."""
    return lambda number, name: bed.killed(name, random.Random(f"{_SEED}-{number}"))


def main(kills: int, victims: Callable[[Bed], Kill] = runs) -> int:
    """The same without pytest, in a process that has not computed anything yet."""
    from tests.conftest import tiny_model

    make = getattr(tiny_model, "__wrapped__", None) or tiny_model.__pytest_wrapped__.obj

    class Folders:
        def mktemp(self, name: str) -> Path:
            (folder / name).mkdir()
            return folder / name

    with tempfile.TemporaryDirectory(prefix="kills-") as place:
        folder = Path(place)
        os.environ["TLSTUDIO_HOME"], os.environ["HF_HOME"] = str(folder / "home"), str(folder / "hf")
        import transformers.trainer  # noqa: F401 - once, not in each process

        import tlstudio.pipeline.resuming  # noqa: F401

        begin = time.monotonic()
        good, hit, wrong = campaign(kills, victims(Bed(folder, make(Folders()))))
        print(f"\n{good} of {kills} in {time.monotonic() - begin:.0f} s; killed in {dict(hit.most_common())}")
        print("\n".join(wrong))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else KILLS))
