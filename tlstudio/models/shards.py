"""Weights in several files, as transformers and the hub name and index them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tlstudio.core.files import explain_os_errors, write_json

FILE = "model.safetensors"


def split(path: Path, limit: int, check: Callable[[], None]) -> list[Path]:
    """Replaces a file of weights by several and their index; one that is small enough stays.

    Args:
        path: ``model.safetensors`` in the folder of a model.
        limit: bytes a file; a single tensor may be larger.
        check: called before each file; may raise to cancel.

    Returns:
        The files with weights.
    """
    from safetensors import safe_open
    from safetensors.torch import save_file

    if path.stat().st_size <= limit:
        return [path]
    with explain_os_errors(path), safe_open(path, framework="pt") as weights:
        sizes = {name: _bytes_of(weights.get_slice(name)) for name in weights.keys()}  # noqa: SIM118 - no mapping
        groups = grouped(sizes, limit)
        names = [f"model-{number:05d}-of-{len(groups):05d}.safetensors" for number in range(1, len(groups) + 1)]
        for name, group in zip(names, groups, strict=True):
            check()
            save_file({key: weights.get_tensor(key) for key in group}, path.with_name(name), metadata={"format": "pt"})
    where = {key: name for name, group in zip(names, groups, strict=True) for key in group}
    write_json(path.with_name(f"{FILE}.index.json"),
               {"metadata": {"total_size": sum(sizes.values())}, "weight_map": where})  # fmt: skip
    path.unlink()
    return [path.with_name(name) for name in names]


def grouped(sizes: dict[str, int], limit: int) -> list[list[str]]:
    """Tensors in their order, as few groups as fit within ``limit`` bytes each."""
    groups: list[list[str]] = []
    held = 0
    for name, size in sizes.items():
        if not groups or held + size > limit:
            groups.append([])
            held = 0
        groups[-1].append(name)
        held += size
    return groups


def _bytes_of(piece: object) -> int:
    """Bytes of a tensor, from its head alone."""
    count = 1
    for size in piece.get_shape():  # type: ignore[attr-defined]
        count *= size
    kind = str(piece.get_dtype())  # type: ignore[attr-defined]
    digits = "".join(sign for sign in kind.partition("_")[0] if sign.isdigit())  # such as F32, BF16, I8, F8_E4M3
    bits = int(digits or 8)  # BOOL
    return count * bits // 8
