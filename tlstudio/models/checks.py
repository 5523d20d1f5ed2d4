"""Is this folder a model that can be loaded safely? Read without torch, before anything is loaded."""

from __future__ import annotations

import json
import os
import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors, read_json, sha256
from tlstudio.models.folders import has_tokenizer

PARTS_WEIGHTS = "model.parts.safetensors"  # of a network that transformers alone cannot load, see models/parts.py
_MAX_HEADER = 100 << 20  # the limit of the safetensors format
_MOST_LAYERS, _MOST_LABELS, _MOST = 2_000, 1_000_000, 10**10  # no network has more; more would fill the memory
_LAYERS = re.compile(r"(^|_)(layers?|blocks?)$|^depths?$|^n_layers?$|^num_stages$")
_LABELS = ("num_labels",)
_LARGEST = {".json": 64 << 20, "tokenizer.json": 256 << 20, ".model": 64 << 20, ".txt": 64 << 20, ".jinja": 1 << 20}


def check_folder(folder: Path, hashes: dict[str, str] | None = None, check: Callable[[], None] | None = None) -> None:
    """Checks config, weights and tokenizer of a model folder.

    Args:
        folder: model folder in transformers layout.
        hashes: file name → SHA-256 that it must have.
        check: called in long loops; may raise to cancel.

    Raises:
        StudioError: naming the file and what to do.
    """
    if not folder.is_dir():
        raise StudioError(
            "model.no-folder",
            "There is no model folder {path}.",
            "Choose the folder that holds config.json and model.safetensors.",
            where="model.name",
            path=str(folder),
        )
    check_sizes(folder)
    config = check_config(folder)
    for weights in weight_files(folder):
        check_safetensors(weights)
    if modality(config) == "text":
        check_tokenizer(folder)
    for name, expected in (hashes or {}).items():
        check_hash(folder / name, expected, check)


def modality(config: dict[str, Any]) -> str:
    """What a model reads, from its ``config.json``: text, image, audio, or image-text (two towers)."""
    if "text_config" in config and "vision_config" in config:
        return "image-text"
    if "num_mel_bins" in config or "conv_dim" in config:  # sounds may come with letters or words to write
        return "audio"
    # CANINE reads characters by their hashes, without a vocabulary
    return "text" if "vocab_size" in config or "num_hash_buckets" in config else "image"


def check_config(folder: Path) -> dict[str, Any]:
    """``config.json`` of a model whose architecture transformers itself knows.

    Raises:
        StudioError: missing, no JSON, no model type, or one that needs code from the folder.
    """
    path = folder / "config.json"
    if not path.is_file():
        raise StudioError(
            "model.no-config",
            "{path} has no config.json.",
            "Choose the folder of a model in transformers layout.",
            where="model.name",
            path=str(folder),
        )
    config = read_json(path)
    if not isinstance(config, dict) or not isinstance(config.get("model_type"), str):
        raise StudioError(
            "model.bad-config",
            "{path} does not say which architecture the model has (model_type).",
            "Choose another model, or restore config.json from its source.",
            where=str(path),
            path=str(path),
        )
    _check_values(path, config)
    if not _known(config["model_type"]):
        if code := remote_code(folder):
            raise StudioError(
                "model.needs-code", "{path} asks for code of its own ({programs}), which is never run; and "
                "transformers does not know its architecture '{kind}'.", "Choose another model.", where=str(path),
                path=str(path), programs=", ".join(code[:3]), kind=config["model_type"],
            )  # fmt: skip
        raise StudioError(
            "model.unknown-architecture",
            "{path} names the architecture '{kind}', which the installed transformers does not know.",
            "Choose another model. Code that comes with a model is never run.",
            where=str(path),
            path=str(path),
            kind=config["model_type"],
        )
    return config


def _known(kind: str) -> bool:
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

    return kind in CONFIG_MAPPING_NAMES


def check_sizes(folder: Path) -> None:
    """Raises a StudioError where a file that is read as a whole is larger than any of its kind."""
    for path in folder.iterdir():
        limit = _LARGEST.get(path.name) or _LARGEST.get(path.suffix)
        if limit and path.is_file() and path.stat().st_size > limit:
            raise StudioError(
                "model.file-too-large", "{path} has {megabytes} MB, more than any file of its kind.",
                "Copy the file again from the original model, or choose another model.", where=str(path),
                path=str(path), megabytes=round(path.stat().st_size / 1e6),
            )  # fmt: skip


def remote_code(folder: Path) -> list[str]:
    """The code that a model folder would like to have run, as its files name it; it is never run."""
    found: list[str] = []
    for name in ("config.json", "tokenizer_config.json", "preprocessor_config.json", "processor_config.json"):
        content = read_json(folder / name) if (folder / name).is_file() else None
        for value in _each(content.get("auto_map")) if isinstance(content, dict) else ():
            if isinstance(value, str):
                found.append(value.split("--")[-1])
    return list(dict.fromkeys(found))


def remote_code_note(folder: Path) -> StudioError | None:
    """What a user should know of a model that brings code: it is loaded without."""
    code = remote_code(folder)
    if not code:
        return None
    return StudioError(
        "model.code-left-out", "The model brings code of its own ({programs}). It is never run: the network is "
        "built by transformers alone, and may differ from what its makers meant.",
        "Compare its results with those stated by its makers, or choose another model.", where="model.name",
        programs=", ".join(code[:3]),
    )  # fmt: skip


def _check_values(path: Path, config: dict[str, Any]) -> None:
    """Numbers that would build a network without end, and kernels to be fetched from the hub."""
    for key, value in _items(config):
        reason = ""
        if "attn_implementation" in key and isinstance(value, str) and "/" in value:
            reason = f"{key} names code on the hub ({value[:100]}), which is never fetched or run"
        elif isinstance(value, int) and not isinstance(value, bool):
            most = _MOST_LAYERS if _LAYERS.search(key) else _MOST_LABELS if key in _LABELS else _MOST
            if abs(value) > most:
                reason = f"{key} is {str(value)[:30]}; at most {most:,} make sense"
        if reason:
            raise StudioError(
                "model.impossible-config", "{path} cannot be used: {reason}.",
                "Choose another model, or restore config.json from its source.", where=str(path), path=str(path),
                reason=reason,
            )  # fmt: skip


def _items(value: Any, key: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """All values in nested settings, with the key that each stands under."""
    if depth > 20:
        return
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _items(item, str(name), depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _items(item, key, depth + 1)
    else:
        yield key, value


def _each(value: Any) -> Iterator[Any]:
    return (item for _key, item in _items(value))


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a model folder.

    Raises:
        StudioError: there are none, only a pickle, or a shard is missing.
    """
    for name in ("model.safetensors", PARTS_WEIGHTS):  # transformers takes the first before an index, too
        if (folder / name).is_file():
            return [folder / name]
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        content = read_json(index)
        mapping = content.get("weight_map") if isinstance(content, dict) else None
        if not isinstance(mapping, dict) or not mapping:
            raise _no_weights(folder, "model.safetensors")
        shards = sorted({folder / Path(str(name)).name for name in mapping.values()})
        for shard in shards:
            if not shard.is_file():
                raise _no_weights(folder, shard.name)
        return shards
    if any(folder.glob("*.bin")) or any(folder.glob("*.pt")) or any(folder.glob("*.ckpt")):
        raise StudioError(
            "model.pickle",
            "{path} holds its weights as a pickle, which can run any code when it is opened.",
            "Choose a version of the model with model.safetensors; or have it converted in a process that may do "
            'nothing else: tlstudio convert "{path}"',
            where="model.name",
            path=str(folder),
        )
    raise _no_weights(folder, "model.safetensors")


def _no_weights(folder: Path, name: str) -> StudioError:
    return StudioError(
        "model.no-weights",
        "{path} has no {name}.",
        "Download the model again, or choose its complete folder.",
        where="model.name",
        path=str(folder),
        name=name,
    )


def check_safetensors(path: Path) -> dict[str, Any]:
    """Reads only the header, compares the offsets in it with the size of the file, and returns it.

    Raises:
        StudioError: the file is damaged or truncated.
    """
    with explain_os_errors(path), open(path, "rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        start = stream.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        if not 2 <= length <= min(_MAX_HEADER, max(size - 8, 0)):
            raise _damaged(path, "its header does not fit the file")
        try:
            header = json.loads(stream.read(length))
            places = sorted(_place(item) for key, item in header.items() if key != "__metadata__")
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
            raise _damaged(path, "its header cannot be read") from error
    end = 0
    for begin, after in places:
        if begin != end or after < begin:
            raise _damaged(path, "the places of its tensors overlap, or leave gaps")
        end = after
    needed = 8 + length + end
    if needed != size:
        raise _damaged(path, f"it has {size:,} bytes where {needed:,} are needed")
    return dict(header)


def _place(item: Any) -> tuple[int, int]:
    begin, end = item["data_offsets"]
    return int(begin), int(end)


def _damaged(path: Path, reason: str) -> StudioError:
    return StudioError(
        "model.damaged-weights",
        "{path} is damaged or incomplete: {reason}.",
        "Download or copy the model again.",
        where=str(path),
        path=str(path),
        reason=reason,
    )


def check_tokenizer(folder: Path) -> None:
    """Raises a StudioError when the folder holds no tokenizer."""
    if has_tokenizer(folder):
        return
    raise StudioError(
        "model.no-tokenizer",
        "{path} has no tokenizer (tokenizer.json or a vocabulary).",
        "Copy the tokenizer files of the original model into the folder.",
        where="model.name",
        path=str(folder),
    )


def check_hash(path: Path, expected: str, check: Callable[[], None] | None = None) -> None:
    """Raises a StudioError unless the file has the SHA-256 ``expected``."""
    found = sha256(path, check)
    if found == expected:
        return
    raise StudioError(
        "model.wrong-hash",
        "{path} is not the expected file: its SHA-256 is {found}, expected {expected}.",
        "Download the model again; do not use the file if you cannot explain the difference.",
        where=str(path),
        path=str(path),
        found=found[:16] + "…",
        expected=expected[:16] + "…",
    )
