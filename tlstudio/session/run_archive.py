"""A run as one zip file: written whole or not at all, and read back with a check of every byte."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit, log
from tlstudio.core.files import atomic_write, explain_os_errors, read_json, safe_name, sha256
from tlstudio.core.progress import Meter
from tlstudio.data import archives
from tlstudio.data.scan import scan
from tlstudio.session.run_disk import PARTS
from tlstudio.session.run_summary import LOCK, is_run, is_running

MANIFEST = "tlstudio-run.json"
_SCHEMA = 1
_BLOCK = 1 << 20
_SQUEEZED = (".json", ".jsonl", ".yaml", ".html", ".txt", ".md", ".py", ".csv", ".log")  # weights do not get smaller
# what could run code when somebody opens it: pages are made anew, pickles have no place in a run
_PAGES = (".html", ".htm", ".svg", ".xhtml")
_PICKLES, _PERHAPS = (".pkl", ".pickle", ".joblib", ".dill"), (".pt", ".pth", ".bin", ".ckpt")
_CHECKPOINTS = "checkpoints"  # whose .pt files are only ever read as tensors and plain values


def export(folder: Path, target: Path, emit: Emit, control: Control, without: Sequence[str] = ()) -> Path:
    """Writes a run as a zip; ``without`` names parts that are left out (``run_disk.PARTS``).

    Raises:
        StudioError: the run goes on, a part is unknown, or the zip cannot be written; nothing half-written stays.
        Cancelled: the user has cancelled; the same.
    """
    if is_running(folder):
        raise StudioError("runs.running-export", "The run {run} is going on.", "Export it when it has ended.",
                          where=folder.name, run=folder.name)  # fmt: skip
    left_out = tuple(name for part in without for name in _part(part))
    with explain_os_errors(folder):
        files = sorted(path for path in _files(folder) if not _within(path.relative_to(folder), left_out))
        meter = Meter(emit, control, "export", max(sum(path.stat().st_size for path in files), 1), "bytes")
    hashes: dict[str, str] = {}
    with atomic_write(target, "wb") as stream, zipfile.ZipFile(stream, "w", allowZip64=True) as archive:
        for path in files:
            name = path.relative_to(folder).as_posix()
            with explain_os_errors(path), open(path, "rb") as source:
                hashes[name] = _add(archive, f"{folder.name}/{name}", source, path, meter)
        note = {"schema": _SCHEMA, "run": folder.name, "without": list(without), "files": hashes}
        archive.writestr(f"{folder.name}/{MANIFEST}", json.dumps(note, indent=1), zipfile.ZIP_DEFLATED)
    log(emit, "runs.exported", "The run {run} is in {path}.", run=folder.name, path=str(target))
    return target


def import_run(path: Path, base: Path, emit: Emit, control: Control) -> Path:
    """Unpacks the zip of a run into the folder of the runs ``base``; returns the new run folder.

    The name of the run is kept; where there is such a run already, a number is added. Pages are written anew from the
    results, because those of a stranger might hold scripts.

    Raises:
        StudioError: it is no run, damaged, or holds what could do harm; nothing of it stays.
        Cancelled: the user has cancelled; the same.
    """
    found = scan(path, lambda _size: control.check())
    if not zipfile.is_zipfile(path):
        raise _no_run(path)
    with explain_os_errors(base):
        base.mkdir(parents=True, exist_ok=True)
        # not where the index looks: half a run must not be seen
        whole = Path(tempfile.mkdtemp(prefix=".importing-", dir=base))
    try:
        with _explained(path):
            archives.unpack(found, whole, emit, control)
        inner = _run_in(whole)
        if inner is None:
            raise _no_run(path)
        _verify(inner, path, control)
        _disarm(inner, emit)
        target = _place(base, inner.name if inner != whole else path.stem)
        with explain_os_errors(target):
            inner.chmod(0o755)  # mkdtemp makes it private
            os.replace(inner, target)
    finally:
        shutil.rmtree(whole, ignore_errors=True)
    log(emit, "runs.imported", "The run is here as {run}.", run=target.name)
    return target


def _files(folder: Path) -> Iterator[Path]:
    """The files of a run: no links, nothing half-written, no lock."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and not Path(place, name).is_symlink())
        for name in names:
            path = Path(place, name)
            if not name.startswith(".") and name not in (LOCK, MANIFEST) and path.is_file() and not path.is_symlink():
                yield path


def _within(path: Path, places: Sequence[str]) -> bool:
    return any(path.as_posix().startswith(f"{place}/") for place in places)


def _part(name: str) -> tuple[str, ...]:
    if name not in PARTS:
        raise StudioError("runs.no-part", "A run has no part called '{part}'.", "The parts are: {known}.",
                          where=name, part=name, known=", ".join(PARTS))  # fmt: skip
    return PARTS[name]


def _add(archive: zipfile.ZipFile, name: str, source: IO[bytes], path: Path, meter: Meter) -> str:
    """Adds a file and returns its hash."""
    info = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
    squeezed = path.suffix.lower() in _SQUEEZED
    info.compress_type = zipfile.ZIP_DEFLATED if squeezed else zipfile.ZIP_STORED
    digest = hashlib.sha256()
    with archive.open(info, "w", force_zip64=True) as target:
        while block := source.read(_BLOCK):
            digest.update(block)
            target.write(block)
            meter.advance(len(block))
    return digest.hexdigest()


def _run_in(whole: Path) -> Path | None:
    """The run in an unpacked archive: its only folder, or itself."""
    if is_run(whole):
        return whole
    found = [item for item in whole.iterdir() if item.is_dir() and is_run(item)]
    return found[0] if len(found) == 1 else None


def _verify(folder: Path, path: Path, control: Control) -> None:
    """Compares every file with the manifest, where there is one (a run folder zipped by hand has none)."""
    note = folder / MANIFEST
    if not note.is_file():
        return
    found = read_json(note)
    hashes = found.get("files") if isinstance(found, dict) else None
    if not isinstance(hashes, dict):
        raise _damaged(path, MANIFEST)
    there = {item.relative_to(folder).as_posix(): item for item in _files(folder)}
    if wrong := sorted(set(hashes) ^ set(there)):
        raise _damaged(path, wrong[0])
    for name, expected in hashes.items():
        if sha256(there[name], control.check) != expected:
            raise _damaged(path, name)
    note.unlink()


def _disarm(folder: Path, emit: Emit) -> None:
    """Takes away what could do harm when it is opened, and makes the report anew."""
    with explain_os_errors(folder):
        gone = programs = 0
        for item in list(_files(folder)):
            pickled = _pickled(item) and item.relative_to(folder).parts[0] != _CHECKPOINTS
            if pickled or item.suffix.lower() in _PAGES:
                item.unlink()
            gone, programs = gone + pickled, programs + (item.suffix == ".py")
        (folder / LOCK).unlink(missing_ok=True)
    if gone:
        log(emit, "runs.pickles", "{count} files that could run code were left out.", level="warning", count=gone)
    if programs:
        log(emit, "runs.programs", "The exports of this run hold programs as its sender wrote them ({count} files). "
            "Read them before you run them.", level="warning", count=programs)  # fmt: skip
    if (folder / "results.json").is_file():
        _report(folder, emit)


def _pickled(path: Path) -> bool:
    """Whether a file is a pickle, or what torch.save writes, which has one in it."""
    if path.suffix.lower() in _PICKLES:
        return True
    if path.suffix.lower() not in _PERHAPS:
        return False
    if zipfile.is_zipfile(path):
        with contextlib.suppress(zipfile.BadZipFile), zipfile.ZipFile(path) as archive:
            return any(name.endswith(".pkl") for name in archive.namelist())
    with open(path, "rb") as stream:
        head = stream.read(2)
    return len(head) == 2 and head[0] == 0x80 and 2 <= head[1] <= 5


def _report(folder: Path, emit: Emit) -> None:
    from tlstudio.evaluation.report import write_report

    try:
        write_report(folder)
    except Exception:  # its results are whatever was in the zip; the rest of the run can still be looked at
        log(emit, "runs.no-report", "The report could not be written anew.", level="warning")


def _place(base: Path, name: str) -> Path:
    """A folder that is not there yet."""
    name = safe_name(name, 200)
    numbered = (base / (name if number == 1 else f"{name}-{number}") for number in range(1, 10_000))
    return next(path for path in numbered if not path.exists())


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """What archives of data are told to be refused for, said of a run."""
    try:
        yield
    except StudioError as error:
        params: dict[str, Any] = dict(error.params)
        raise StudioError(error.code, error.template, "Ask for the zip again, made by 'tlstudio runs export'.",
                          where=str(path), **params) from error  # fmt: skip


def _no_run(path: Path) -> StudioError:
    return StudioError("runs.no-run-in-zip", "{path} is not the zip of a run.",
                       "Choose a file that 'tlstudio runs export' has written.",
                       where=str(path), path=str(path))  # fmt: skip


def _damaged(path: Path, member: str) -> StudioError:
    return StudioError("runs.damaged-zip", "'{member}' in {path} is not what was exported.",
                       "Ask for the zip again, made by 'tlstudio runs export'.",
                       where=str(path), path=str(path), member=member)  # fmt: skip
