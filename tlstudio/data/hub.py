"""Datasets of the hub: what they consist of, downloads on request, and what is on this machine already.

A place is written ``hub:org/name[@revision][#[configuration/]split]``, so that the places of training, validation and
test can be splits of one dataset: ``hub:org/name``, ``hub:org/name#test``, ``hub:org/name@v1.0#english/test``,
``hub:org/name#english/auto``. The revision is a commit, tag or branch; ``auto`` is train, or the only split.

Only data files are fetched, never code: of a dataset that comes as a script, the copy in Parquet that the hub makes
itself. A download lies in ``hub-datasets/<org>--<name>/<commit>/`` of the cache, with its record written last.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tlstudio.core import hub
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit, log
from tlstudio.core.files import explain_os_errors, read_json, sha256, write_json, write_text
from tlstudio.core.paths import cache_folder
from tlstudio.core.progress import Meter
from tlstudio.data.hub_layout import Configuration, File, configurations, is_safe

_ADDRESS = re.compile(
    r"(?:hub:)?(?P<name>[\w.-]+(?:/[\w.-]+)?)(?:@(?P<revision>[^#@\s]+))?"
    r"(?:#(?:(?P<configuration>[^/#]+)/)?(?P<split>[^/#]+))?"
)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_CONVERTED = "refs/convert/parquet"  # the branch where the hub keeps its own copy of a dataset
_RECORD = "snapshot.json"
_SHOWN = 50  # configurations in a sentence
_SPARE = 64 << 20  # bytes that stay free on the disk


@dataclass(frozen=True)
class Address:
    """A place on the hub; what is not given is empty."""

    name: str
    revision: str = ""
    configuration: str = ""
    split: str = ""


@dataclass(frozen=True)
class Snapshot:
    """A download that is complete.

    Attributes:
        files: configuration → split → paths below ``folder``, in order; only of what was downloaded.
        sizes: path → bytes.
        default: the configuration that is taken where none is asked for.
        licence: as its card states it; empty where it states none.
    """

    folder: Path
    name: str
    revision: str
    files: dict[str, dict[str, list[str]]]
    sizes: dict[str, int]
    default: str | None
    licence: str = ""


def parse(place: str) -> Address:
    """The address that a place or a bare name spells.

    Raises:
        StudioError: it is none.
    """
    match = _ADDRESS.fullmatch(place.strip().replace("\\", "/"))  # a path of Windows turns slashes around
    if match and ".." not in match["name"]:
        return Address(**{key: value or "" for key, value in match.groupdict().items() if value != "auto"})
    raise StudioError(
        "data.bad-hub-name", "{place} is not the name of a dataset on the hub.",
        "Write hub:org/name, or hub:org/name@revision#configuration/split.", where="data.path", place=place,
    )  # fmt: skip


# --- what is on the hub


def dataset_info(name: str, revision: str | None = None) -> dict[str, Any]:
    """What a dataset consists of; asks the hub.

    Returns:
        ``{"name", "revision", "configurations": [{"name", "default", "downloaded", "bytes", "splits": [{"name",
        "rows", "bytes", "files", "partial"}]}], "bytes", "licence", "gated"}``. The revision is the commit that would
        be downloaded, ``rows`` is None where the card does not say it, ``files`` is their number, and ``partial``
        tells that the hub's own copy holds only the beginning.

    Raises:
        StudioError: no network, no such dataset, or no file in it that can be read.
    """
    address = parse(name)
    found = _repository(address.name, revision or address.revision)
    here = find_snapshot(address.name, found.commit)
    every = {file.path: file.size for entry in found.configurations for file in entry.files}
    return {
        "name": address.name, "revision": found.commit, "bytes": sum(every.values()), "licence": found.licence,
        "gated": found.gated,
        "configurations": [_described(entry, here) for entry in found.configurations],
    }  # fmt: skip


def _described(entry: Configuration, here: Snapshot | None) -> dict[str, Any]:
    splits = [
        {
            "name": split.name, "rows": split.rows, "bytes": sum(file.size for file in split.files),
            "files": len(split.files), "partial": split.partial,
        }
        for split in entry.splits
    ]  # fmt: skip
    return {
        "name": entry.name, "default": entry.default, "downloaded": here is not None and entry.name in here.files,
        "bytes": entry.size, "splits": splits,
    }  # fmt: skip


@dataclass(frozen=True)
class _Repository:
    """``asked``: the name as the user wrote it; ``name``: as the hub calls it today."""

    asked: str
    name: str
    commit: str
    configurations: list[Configuration]
    licence: str
    gated: bool


def _repository(name: str, revision: str) -> _Repository:
    with hub.online(), hub.explained(name, "dataset", cache_folder("hub-datasets")):
        info = hub.api().dataset_info(name, revision=revision or None, files_metadata=True, timeout=hub.TIMEOUT)
        card = info.card_data.to_dict() if info.card_data else {}
        commit, found = str(info.sha), configurations(_files(info), card)
        script = f"{info.id.split('/')[-1]}.py"  # what it makes of its files, only the hub's copy tells
        scripted = any(item.rfilename == script for item in info.siblings or [])
        if revision in ("", "main") and (not found or (scripted and not card.get("configs"))):
            commit, found = _converted(name, card) or (commit, found)
    if found:
        return _Repository(name, info.id, commit, found, _licence(card), bool(info.gated))
    raise StudioError(
        "data.no-hub-files", "{name} has no data in Parquet, CSV or JSON, and no copy in Parquet on the hub.",
        "Choose another dataset, or save its data in one of these formats; code of a dataset is never run.",
        where="data.path", name=name,
    )  # fmt: skip


def _converted(name: str, card: dict[str, Any]) -> tuple[str, list[Configuration]] | None:
    from huggingface_hub.errors import RevisionNotFoundError

    try:
        info = hub.api().dataset_info(name, revision=_CONVERTED, files_metadata=True, timeout=hub.TIMEOUT)
    except RevisionNotFoundError:
        return None  # the hub makes no copy of large, private or broken datasets
    found = configurations(_files(info), {"dataset_info": card.get("dataset_info")})
    return (str(info.sha), found) if found else None


def _files(info: Any) -> list[File]:
    return [
        File(item.rfilename, item.size or 0, item.lfs.sha256 if item.lfs else "", item.blob_id or "")
        for item in info.siblings or []
    ]


def _licence(card: dict[str, Any]) -> str:
    stated = card.get("license") or ""
    return ", ".join(map(str, stated)) if isinstance(stated, list) else str(stated)


# --- downloads


def download_dataset(
    name: str, configuration: str | None, revision: str | None, emit: Emit, control: Control
) -> dict[str, Any]:  # fmt: skip
    """Fetches all splits of one configuration.

    Returns:
        ``{"path", "revision", "configuration", "bytes"}``; the revision is the commit, whatever was asked for.

    Raises:
        StudioError: as :func:`dataset_info`; or which configuration is not clear, the disk is too small, or a file does
            not match its hash.
        Cancelled: the user has cancelled; what was fetched stays, and the next try continues there.
    """
    address = parse(name)
    revision = revision or address.revision
    found = _repository(address.name, revision)
    chosen = _choose(found, configuration or address.configuration)
    folder = _folder(address.name) / found.commit
    missing = [file for file in chosen.files if not _is_here(folder, file)]
    _check_room(folder, sum(file.size for file in missing))
    log(emit, "hub.request", "Downloading {name} ({megabytes} MB in {files} files) from {host}.", name=address.name,
        megabytes=round(chosen.size / 1e6, 1), files=len(chosen.files), host=hub.endpoint())  # fmt: skip
    if any(split.partial for split in chosen.splits):
        log(emit, "hub.partial", "The hub's own copy of {name} holds only the first part of its rows.", "warning",
            name=address.name)  # fmt: skip
    meter = Meter(emit, control, "download", max(chosen.size, 1), "bytes")
    meter.advance(chosen.size - sum(file.size for file in missing))
    with hub.online(), hub.explained(address.name, "dataset", folder):
        for file in missing:
            _fetch(found, folder, file, meter, control)
    _remember(found, chosen, folder, revision)
    return {"path": str(folder), "revision": found.commit, "configuration": chosen.name, "bytes": chosen.size}


def _choose(found: _Repository, wish: str) -> Configuration:
    for entry in found.configurations:
        if entry.name == wish or (not wish and entry.default):
            return entry
    names = [entry.name for entry in found.configurations]
    if not wish:
        raise which_configuration(found.asked, names)
    raise StudioError(
        "data.no-configuration", "{name} has no configuration '{wish}'.", "Choose one of: {known}.",
        where="data.configuration", name=found.asked, wish=wish, known=", ".join(names[:_SHOWN]),
    )  # fmt: skip


def which_configuration(name: str, names: list[str]) -> StudioError:
    """The error where several configurations are there, none is the usual one, and none is asked for."""
    return StudioError(
        "data.which-configuration", "{name} has several configurations: {known}.",
        "Say which one, such as hub:{name}#{first}/train.", where="data.configuration", name=name,
        known=", ".join(names[:_SHOWN]), first=names[0],
    )  # fmt: skip


def _check_room(folder: Path, needed: int) -> None:
    existing = next(parent for parent in folder.absolute().parents if parent.is_dir())
    with explain_os_errors(folder):
        if needed and shutil.disk_usage(existing).free < needed + _SPARE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _is_here(folder: Path, file: File) -> bool:
    """A file gets its name only after it was verified."""
    path = folder / file.path
    return path.is_file() and path.stat().st_size == file.size


def _fetch(found: _Repository, folder: Path, file: File, meter: Meter, control: Control) -> None:
    from huggingface_hub import hf_hub_url

    url = hf_hub_url(found.name, file.path, repo_type="dataset", revision=found.commit, endpoint=hub.endpoint())
    before = meter.done
    hub.fetch(url, folder / file.path, file.size, lambda part: _verify(part, file, control), meter)
    meter.advance(before + file.size - meter.done)


def _verify(part: Path, file: File, control: Control) -> None:
    if file.sha256:
        same = sha256(part, control.check) == file.sha256
    else:  # git's own hash; files outside the large-file store are small
        content = part.read_bytes()
        same = not file.sha1 or hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest() == file.sha1
    if same and part.stat().st_size == file.size:
        return
    raise StudioError(
        "data.wrong-hash", "{path} did not arrive as the hub describes it.",
        "Download the dataset again; do not use another copy if you cannot explain the difference.",
        where="data.path", path=file.path,
    )  # fmt: skip


def _remember(found: _Repository, chosen: Configuration, folder: Path, revision: str) -> None:
    """Writes the record of a complete download, beside what earlier ones of the same commit have left."""
    known = _read_record(folder)
    files = dict(known.files) if known else {}
    files[chosen.name] = {split.name: [file.path for file in split.files] for split in chosen.splits}
    sizes = (known.sizes if known else {}) | {file.path: file.size for file in chosen.files}
    default = next((entry.name for entry in found.configurations if entry.default), None)
    write_json(folder / _RECORD, {
        "name": found.asked, "revision": found.commit, "licence": found.licence, "default": default,
        "files": files, "sizes": sizes,
    })  # fmt: skip
    if revision != found.commit:  # so that it is found again under the name that was asked for
        write_text(_reference(found.asked, revision or "main"), found.commit)


# --- what is on this machine


def find_snapshot(name: str, revision: str = "") -> Snapshot | None:
    """The download of a commit, tag or branch; without one, of the main branch, or else the only one that is here."""
    if _COMMIT.fullmatch(revision):
        return _read_record(_folder(name) / revision)
    reference = _reference(name, revision or "main")
    if reference.is_file():
        with explain_os_errors(reference):
            commit = reference.read_text(encoding="utf-8", errors="replace").strip()
        return _read_record(_folder(name) / commit) if _COMMIT.fullmatch(commit) else None
    here = [] if revision else [path.parent for path in sorted(_folder(name).glob(f"*/{_RECORD}"))]
    return _read_record(here[0]) if len(here) == 1 else None


def _folder(name: str) -> Path:
    return cache_folder("hub-datasets") / name.replace("/", "--")


def _reference(name: str, revision: str) -> Path:
    return _folder(name) / "refs" / quote(revision, safe="")


def _read_record(folder: Path) -> Snapshot | None:
    """None where there is no record, or a damaged one: the next download writes it anew."""
    path = folder / _RECORD
    if not path.is_file():
        return None
    try:
        record = read_json(path)
        files, sizes = record["files"], record["sizes"]
        sound = all(is_safe(name) and isinstance(sizes[name], int)
                    for splits in files.values() for names in splits.values() for name in names)  # fmt: skip
        snapshot = Snapshot(folder, record["name"], folder.name, files, sizes, record.get("default"),
                            str(record.get("licence") or ""))  # fmt: skip
    except (StudioError, KeyError, TypeError, AttributeError):
        return None
    return snapshot if sound else None
