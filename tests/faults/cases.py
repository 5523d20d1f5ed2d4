"""The faults. Checkpoints that are cut and events that end in the middle of a line are tried with the resume."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import yaml

from tests.faults.desk import Desk, NotHere, Outcome, complete, small_disk, sound, told_of


def full_disk(desk: Desk) -> Outcome:
    """Three megabytes for runs, nearly full with something else; then that goes."""
    recipe = desk.recipe()
    with small_disk(desk.folder / "small", "3m") as place:
        first = desk.run(place / "first", recipe)
        assert first.outcome == "completed", first
        before = _content(place / "first")
        ballast = place / "ballast"
        free = shutil.disk_usage(place).free
        ballast.write_bytes(bytes(max(free - 120_000, 0)))
        told = told_of(desk.run(place / "second", recipe))
        assert "disk is full" in told
        assert sound(place)
        assert _content(place / "first") == before
        ballast.unlink()
        return Outcome(told, "nothing: the run was resumed", desk.goes_on(place / "second", place / "first"))


def _content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def little_memory(desk: Desk) -> Outcome:
    """An address space in which the program starts, but in which a batch has no room."""
    if sys.platform != "linux":
        raise NotHere("ulimit -v does nothing here")
    recipe = desk.write_recipe(training={"epochs": 1, "batch_size": 8, "threads": 1, "precision": "fp32"})
    told = ""
    for megabytes in (700, 1500):
        code, said = desk.command("run", str(recipe), "--runs", str(desk.folder / "runs"),
                                  limit=f"ulimit -v {megabytes * 1024}")  # fmt: skip
        assert "Traceback" not in said, said[-1500:]
        if code:
            told = f"with {megabytes} MB: {said[-200:]}"
    runs = desk.folder / "runs"
    assert not runs.exists() or sound(runs)
    whole = desk.run(desk.folder / "again", yaml.safe_load(recipe.read_text(encoding="utf-8")))
    assert whole.outcome == "completed"
    broken = [run.parent for run in runs.glob("*/recipe.yaml") if not complete(run.parent)]
    good = all(desk.goes_on(run, desk.folder / "again") for run in broken)
    return Outcome(told or "it ran within 700 MB", f"nothing: {len(broken)} resumed", good)


def read_only_folder(desk: Desk) -> Outcome:
    with small_disk(desk.folder / "shared", "20m") as place:
        first = desk.run(place / "first")
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        told = told_of(desk.run(place / "second"))
        subprocess.run(["mount", "-o", "remount,rw", str(place)], check=True)
        again = desk.run(place / "third")
        assert first.outcome == "completed"
        return Outcome(told, "nothing: the run did not begin", again.outcome == "completed" and sound(place))


def _trains(event: object) -> bool:
    return getattr(event, "kind", "") == "stage-started" and getattr(event, "stage", "") == "train"


def read_only_in_the_middle(desk: Desk) -> Outcome:
    """As a system does with a disk that has errors: what is open stays, what is new is refused."""
    real, refusing = os.replace, [False]
    place = desk.folder / "shared"

    def disturb(event: object) -> None:
        refusing[0] = refusing[0] or _trains(event)

    def refused(source: object, target: object) -> None:
        if refusing[0] and str(target).startswith(str(place)):
            raise OSError(30, "Read-only file system", str(target))
        real(source, target)  # type: ignore[arg-type]

    with mock.patch("os.replace", refused):
        told = told_of(desk.run(place / "first", at=disturb))
    whole = desk.run(place / "second")
    assert whole.outcome == "completed"
    return Outcome(told, "nothing: the run was resumed", desk.goes_on(place / "first", place / "second"))


def index_deleted(desk: Desk) -> Outcome:
    from tlstudio.session.runs import INDEX, RunIndex

    runs = desk.folder / "runs"
    ended = desk.run(runs / "20260101-000000-x")
    index = RunIndex(runs)
    before = [(run.id, run.score) for run in index.list()]
    for ending in ("", "-wal", "-shm"):
        (runs / f"{INDEX}{ending}").unlink(missing_ok=True)
    gone = [(run.id, run.score) for run in index.list()]
    (runs / INDEX).write_bytes(b"no database" * 1000)
    damaged = [(run.id, run.score) for run in RunIndex(runs).list()]
    return Outcome("nothing to tell: it is made anew from the folders", "nothing",
                   ended.outcome == "completed" and before == gone == damaged and len(before) == 1)  # fmt: skip


def clock_set_back(desk: Desk) -> Outcome:
    """An hour and a half back in the middle of the training."""
    real, shift = time.time, [0.0]

    def disturb(event: object) -> None:
        if getattr(event, "kind", "") == "metric":
            shift[0] = -5400.0

    with mock.patch("time.time", lambda: real() + shift[0]):
        ended = desk.run(desk.folder / "run", at=disturb)
    assert shift[0]
    left = [event.seconds_left for event in desk.heard if event.kind == "progress" and event.seconds_left is not None]
    parts = [event.run_fraction for event in desk.heard if event.kind == "progress" and event.run_fraction is not None]
    good = ended.outcome == "completed" and ended.seconds > 0 and all(seconds >= 0 for seconds in left)
    good = good and parts == sorted(parts) and sound(desk.folder / "run")
    return Outcome("nothing to tell: times are measured by a clock that cannot be set", "nothing", good)


def other_locale_and_zone(desk: Desk) -> Outcome:
    """Begun with a decimal comma in one zone, listed without any language in another."""
    runs = desk.folder / "runs"
    recipe = desk.write_recipe()
    code, said = desk.command("run", str(recipe), "--runs", str(runs), LC_ALL="de_DE.UTF-8", TZ="Pacific/Kiritimati")
    assert code == 0, said
    code, said = desk.command("runs", "list", "--runs", str(runs), LC_ALL="C", PYTHONUTF8="0", TZ="Pacific/Pago_Pago")
    assert code == 0, said
    again, said = desk.command(
        "run", str(recipe), "--runs", str(runs), LC_ALL="C", PYTHONUTF8="0", TZ="Pacific/Pago_Pago"
    )
    return Outcome("nothing to tell", "nothing", again == 0 and sound(runs))


def other_letters(desk: Desk) -> Outcome:
    """Folders and files in other scripts, with spaces, quotes and a line break, in a shell without a language."""
    folder = desk.folder / "Größe 账单 \U0001f4c1 it's" / "a\nb"
    folder.mkdir(parents=True)
    model = shutil.copytree(desk.model, folder / "модель")
    inner = Desk(folder, model)
    code, said = inner.command("run", str(inner.write_recipe()), "--runs", str(folder / "runs"), LC_ALL="C")
    assert code == 0, said
    return Outcome("nothing to tell", "nothing", sound(folder / "runs"))


def long_paths(desk: Desk) -> Outcome:
    """As long as the system takes, and longer."""
    deep = desk.folder
    while len(str(deep)) < 3600:
        deep = deep / ("long" * 50)
    ended = desk.run(desk.folder / ("x" * 200) / "run")
    assert ended.outcome == "completed", ended
    told = told_of(desk.run(desk.folder / ("y" * 300) / "run"))
    told_of(desk.run(deep / ("z" * 250) / ("z" * 250) / "run"))
    again = desk.run(desk.folder / "short")
    return Outcome(told, "nothing: the run did not begin", again.outcome == "completed")


def folder_removed(desk: Desk) -> Outcome:
    def disturb(event: object) -> None:
        if _trains(event):
            shutil.rmtree(desk.folder / "runs" / "one")

    ended = desk.run(desk.folder / "runs" / "one", at=disturb)
    told = told_of(ended) if ended.outcome == "failed" else f"{ended.outcome}: the folder was made anew"
    again = desk.run(desk.folder / "runs" / "two")
    return Outcome(told, "what was in the folder", again.outcome == "completed" and sound(desk.folder / "runs" / "two"))


def data_removed(desk: Desk) -> Outcome:
    """The table goes once it has been read."""
    recipe = desk.recipe()

    def disturb(event: object) -> None:
        if _trains(event):
            (desk.folder / "tickets.csv").unlink()

    ended = desk.run(desk.folder / "run", recipe, at=disturb)
    told = told_of(ended) if ended.outcome == "failed" else "nothing to tell: rows are kept in the cache"
    again = desk.run(desk.folder / "again")
    return Outcome(told, "nothing", again.outcome == "completed" and sound(desk.folder))


def stalling_drive(desk: Desk) -> Outcome:
    """Each write to the disk is answered a second later, as by a drive at the other end of a bad line."""
    real, waits = os.fsync, []

    def slow(handle: int) -> None:
        if len(waits) < 6:
            waits.append(time.sleep(1.0))
        real(handle)

    with mock.patch("os.fsync", slow):
        ended = desk.run(desk.folder / "run")
    assert waits
    return Outcome("nothing to tell: it waits, and goes on", f"{len(waits)} seconds", ended.outcome == "completed"
                   and sound(desk.folder / "run"))  # fmt: skip


def drive_that_fails_once(desk: Desk) -> Outcome:
    """The line breaks: an input/output error in the middle of the training."""
    real, broken = os.replace, [False]

    def disturb(event: object) -> None:
        broken[0] = broken[0] or _trains(event)

    def failing(source: object, target: object) -> None:
        if broken[0] and "run" in Path(str(target)).parts:
            raise OSError(5, "Input/output error", str(target))
        real(source, target)  # type: ignore[arg-type]

    with mock.patch("os.replace", failing):
        told = told_of(desk.run(desk.folder / "run", at=disturb))
    whole = desk.run(desk.folder / "again")
    assert whole.outcome == "completed"
    return Outcome(told, "nothing: the run was resumed", desk.goes_on(desk.folder / "run", desk.folder / "again"))


def asleep(desk: Desk) -> Outcome:
    """The lid is closed in the middle of the training: the process stands still for some seconds, and goes on."""
    if not hasattr(signal, "SIGSTOP"):
        raise NotHere("no SIGSTOP here")
    recipe, runs = desk.write_recipe(), desk.folder / "runs"
    call = [sys.executable, "-m", "tlstudio", "run", str(recipe), "--runs", str(runs), "--events"]
    with subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if '"stage": "train"' in line:
                break
        process.send_signal(signal.SIGSTOP)
        time.sleep(5)
        process.send_signal(signal.SIGCONT)
        process.stdout.read()
        code = process.wait(300)
    return Outcome("nothing to tell: it goes on", "nothing", code == 0 and sound(runs))


CASES = {
    "disk full (tmpfs of 3 MB)": full_disk,
    "memory limit (ulimit -v)": little_memory,
    "read-only folder": read_only_folder,
    "read-only in the middle of a run": read_only_in_the_middle,
    "index deleted, then overwritten": index_deleted,
    "clock set back by 90 minutes": clock_set_back,
    "other locale and time zone": other_locale_and_zone,
    "non-ASCII paths, no locale": other_letters,
    "very long paths": long_paths,
    "folder of the run removed": folder_removed,
    "file of the data removed": data_removed,
    "drive that stalls": stalling_drive,
    "drive that fails": drive_that_fails_once,
    "asleep in the middle of a run": asleep,
}
