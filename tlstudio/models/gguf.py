"""GGUF files as backbones: their weights are taken out of their few bits once, into a folder in transformers layout.

GGUF is the format of llama.cpp (ggml-org/ggml, docs/gguf.md): header, key-value pairs and tensors; nothing in it is
executed. transformers reads it with the package gguf. Training needs ordinary numbers, so the model is written as
safetensors, with its tokenizer and chat template, into a cache.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tlstudio.core.errors import StudioError
from tlstudio.core.files import atomic_folder, explain_os_errors, sha256
from tlstudio.core.paths import cache_folder
from tlstudio.models.checks import check_hash
from tlstudio.models.tokenizers import quiet_loading

_MAGIC = b"GGUF"
_FORMAT = 1  # part of each cache's name: another number makes it anew


def only_file(place: Path) -> Path | None:
    """The GGUF file that ``place`` is, or the only one in a folder that holds no other weights."""
    if place.suffix.lower() == ".gguf":
        return place
    if not place.is_dir() or any(place.glob("*.safetensors")):
        return None
    found = sorted(place.glob("*.gguf"))
    return found[0] if len(found) == 1 else None


def converted(file: Path, expected: str = "", check: Callable[[], None] | None = None) -> Path:
    """The folder in transformers layout that was made of a GGUF file; made now where it is not in the cache.

    Args:
        file: of the weights.
        expected: SHA-256 that the file must have; any if empty.
        check: called in long loops; may raise to cancel.

    Raises:
        StudioError: no GGUF file, not the expected one, or of an architecture that transformers cannot read.
    """
    _require_magic(file)
    if expected:
        check_hash(file, expected, check)
    folder = cache_folder("gguf") / f"{file.stem}-{(expected or sha256(file, check))[:16]}-{_FORMAT}"
    if not (folder / "config.json").is_file():
        with atomic_folder(folder) as part:
            _convert(file, part, check or (lambda: None))
    return folder


def _require_magic(file: Path) -> None:
    with explain_os_errors(file), open(file, "rb") as stream:
        start = stream.read(len(_MAGIC))
    if start != _MAGIC:
        raise _unreadable(file, "it does not begin like a GGUF file")


def _convert(file: Path, folder: Path, check: Callable[[], None]) -> None:
    import torch
    import transformers

    options: dict[str, Any] = {"gguf_file": file.name, "local_files_only": True, "trust_remote_code": False}
    try:
        with quiet_loading():
            tokenizer = transformers.AutoTokenizer.from_pretrained(file.parent, **options)
            check()
            model: Any = transformers.AutoModelForCausalLM.from_pretrained(file.parent, dtype=torch.float32, **options)
            check()
    except Exception as error:  # gguf and transformers raise all kinds on files that they do not understand
        if isinstance(error, (OSError, MemoryError)):
            raise
        raise _unreadable(file, str(error) or type(error).__name__) from error
    # the weights are ordinary numbers now; with these marks transformers would refuse to write them
    model.hf_quantizer = None
    model.is_quantized = False
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    with explain_os_errors(folder):
        model.half().save_pretrained(folder)
        tokenizer.save_pretrained(folder)


def _unreadable(file: Path, reason: str) -> StudioError:
    return StudioError(
        "model.bad-gguf", "{path} cannot be read as a GGUF model: {reason}",
        "Choose another file, or the same model as safetensors.",
        where="model.name", path=str(file), reason=reason.splitlines()[0][:200],
    )  # fmt: skip
