"""Weights that come as a pickle, made into safetensors by a process that may do nothing else.

A pickle is a program that builds objects. ``torch.load(weights_only=True)`` runs only the instructions that build
tensors; the process in which it does so (:mod:`tlstudio.core.confined`) has no network, may start no program and write
only into one empty folder, and has limits on memory and time. What it wrote is checked before it is put in place.
``python -m tlstudio.models.converting FILES FOLDER`` is that process.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from tlstudio.core import confined
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit, log
from tlstudio.core.files import explain_os_errors, read_json, sha256, write_json
from tlstudio.models import checks
from tlstudio.models.folders import copy_tokenizer

_MODULE = "tlstudio.models.converting"  # not __name__, which is __main__ in the process
SINGLE, INDEX = "pytorch_model.bin", "pytorch_model.bin.index.json"
_NAMES = (SINGLE, "model.bin", "pytorch_model.pt", "model.pt", "model.ckpt")
_BASE_SECONDS, _SECONDS_A_GB = 60.0, 60.0
_SPARE, _TIMES = 4 << 30, 5  # bytes of memory, and so many times the file: once as read, once as written, with air
_GROWTH = 2  # beyond so many times its own size a file is a bomb


def convert(folder: Path, output: Path | None, emit: Emit, control: Control) -> dict[str, Any]:
    """Writes ``model.safetensors`` of the pickled weights of a model folder.

    Args:
        folder: in transformers layout, with ``pytorch_model.bin`` or its parts.
        output: another folder for the result, with config and tokenizer; the same one if None.

    Returns:
        ``{"path", "tensors", "bytes", "sha256"}``

    Raises:
        StudioError: nothing to convert, the weights are no plain tensors, or it takes too long or too much memory.
        Cancelled: nothing was changed.
    """
    folder = Path(folder)
    target = (output or folder) / "model.safetensors"
    if target.exists():
        raise StudioError(
            "convert.exists", "{path} exists already.", "Use it as it is, or move it away first.", path=str(target)
        )
    checks.check_config(folder)
    files = pickles(folder)
    size = sum(path.stat().st_size for path in files)
    for path in files:
        _check_archive(path)
    log(emit, "convert.start", "Reading {files} file of {megabytes} MB in a process without network, which may only "
        "build tensors.", files=len(files), megabytes=round(size / 1e6, 1))  # fmt: skip
    with explain_os_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        # beside the target, so that the result can be put in place by renaming it
        with tempfile.TemporaryDirectory(prefix=".converting-", dir=target.parent) as name:
            part = Path(name)
            write_json(part / "request.json", {"files": [str(path.resolve()) for path in files], "size": size})
            seconds = _BASE_SECONDS + _SECONDS_A_GB * size / 1e9
            ended = confined.run(_MODULE, [str(part / "request.json"), name], control, seconds)
            if ended.code:
                raise _failed(files[0], ended)
            made = part / "model.safetensors"
            tensors = _verified(made, read_json(part / "written.json"))
            if output is not None:
                copy_tokenizer(folder, output)
                (output / "config.json").write_bytes((folder / "config.json").read_bytes())
            found: dict[str, Any] = {
                "path": str(target),
                "tensors": tensors,
                "bytes": made.stat().st_size,
                "sha256": sha256(made),
            }
            os.replace(made, target)
    log(emit, "convert.done", "{path} holds {tensors} tensors ({megabytes} MB); they were compared with those of the "
        "pickle.", path=str(target), tensors=tensors, megabytes=round(size / 1e6, 1))  # fmt: skip
    return found


def pickles(folder: Path) -> list[Path]:
    """The pickled weights of a model folder.

    Raises:
        StudioError: there are none, or a part is missing.
    """
    index = folder / INDEX
    if index.is_file():
        content = read_json(index)
        names = content.get("weight_map") if isinstance(content, dict) else None
        found = sorted({folder / Path(str(name)).name for name in names.values()}) if isinstance(names, dict) else []
    else:
        found = [folder / name for name in _NAMES if (folder / name).is_file()][:1]
    if found and all(path.is_file() for path in found):
        return found
    raise StudioError(
        "convert.nothing", "{path} has no complete pickled weights, such as {name}.",
        "Choose the folder of a model with config.json and its weights.", where=str(folder), path=str(folder),
        name=SINGLE,
    )  # fmt: skip


def _check_archive(path: Path) -> None:
    """PyTorch's files are zip archives, stored as they are; one that grows when it is opened is a bomb.

    Raises:
        StudioError: it is one.
    """
    if not zipfile.is_zipfile(path):
        return  # the layout of before 2020
    try:
        with zipfile.ZipFile(path) as archive:
            grown = sum(item.file_size for item in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise _unreadable(path, "the archive is damaged") from error
    if grown > _GROWTH * path.stat().st_size + (1 << 20):
        raise _unreadable(path, "its content would be far larger than itself")


def _failed(path: Path, ended: confined.Ended) -> StudioError:
    if ended.late:
        return _unreadable(path, "it takes too long")
    said = [line.removeprefix("reason: ") for line in ended.stderr.splitlines() if line.startswith("reason: ")]
    return _unreadable(path, said[-1][:300].rstrip(".") if said else f"the process broke off (exit code {ended.code})")


def _unreadable(path: Path, reason: str) -> StudioError:
    return StudioError(
        "convert.refused", "{path} was not converted: {reason}. Nothing in it was run.",
        "Choose a version of the model with model.safetensors; do not trust this file.", where=str(path),
        path=str(path), reason=reason,
    )  # fmt: skip


def _verified(path: Path, stated: Any) -> int:
    """The number of tensors in a new file, whose header must say what was written.

    Raises:
        StudioError: it is not what the process says that it wrote.
    """
    header = checks.check_safetensors(path)
    found = {name: [item["dtype"], item["shape"]] for name, item in header.items() if name != "__metadata__"}
    if not found or not isinstance(stated, dict) or found != stated:
        raise _unreadable(path, "what was written is not what was read")
    return len(found)


# --- the process


def main(arguments: list[str]) -> int:
    """Reads the pickles that a request names and writes ``model.safetensors`` into a folder."""
    request, folder = Path(arguments[0]), Path(arguments[1])
    wanted = json.loads(request.read_text(encoding="utf-8"))
    # ours, and imported before anything of the file is looked at
    import torch
    from safetensors.torch import load_file, save_file

    torch.set_num_threads(1)
    size = int(wanted["size"])
    confined.confine(_SPARE + _TIMES * size, int(_BASE_SECONDS + _SECONDS_A_GB * size / 1e9), folder, 2 * size + _SPARE)
    try:
        tensors: dict[str, Any] = {}
        for name in wanted["files"]:
            tensors |= _tensors(torch.load(name, map_location="cpu", weights_only=True))
        if not tensors:
            return _refuse("it holds no tensors")
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        again = load_file(folder / "model.safetensors")
        if again.keys() != tensors.keys() or not all(_same(again[name], tensors[name]) for name in tensors):
            return _refuse("what was written is not what was read")
        stated = {name: [_DTYPES.get(str(item.dtype), str(item.dtype)), list(item.shape)]
                  for name, item in tensors.items()}  # fmt: skip
        (folder / "written.json").write_text(json.dumps(stated), encoding="utf-8")
    except MemoryError:
        return _refuse("it wants too much memory")
    except Exception as error:  # unpickling raises whatever the file makes it raise
        text = str(error)
        if "weights_only" in text or "Unsupported" in text or "GLOBAL" in text:
            return _refuse("it holds more than tensors, namely instructions to run code")
        lines = text.strip().splitlines()
        return _refuse(f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__)
    return 0


def _refuse(reason: str) -> int:
    print(f"reason: {reason}", file=sys.stderr, flush=True)
    return 1


def _tensors(found: Any) -> dict[str, Any]:
    """Name → tensor of what was read; those that share memory get their own, which safetensors wants."""
    import torch

    for key in ("state_dict", "model"):  # checkpoints of training programs
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            found = found[key]
    if not isinstance(found, dict):
        raise TypeError("it holds no weights by name")
    return {
        str(name): value.detach().clone().contiguous()
        for name, value in found.items()
        if isinstance(value, torch.Tensor)
    }


def _same(one: Any, other: Any) -> bool:
    import torch

    return one.dtype == other.dtype and torch.equal(one.nan_to_num(), other.nan_to_num())


_DTYPES = {
    "torch.float32": "F32", "torch.float16": "F16", "torch.bfloat16": "BF16", "torch.float64": "F64",
    "torch.int64": "I64", "torch.int32": "I32", "torch.int16": "I16", "torch.int8": "I8", "torch.uint8": "U8",
    "torch.bool": "BOOL",
}  # fmt: skip

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
