"""The layout of sentence-transformers: files beside a transformers model that say how its tokens become one vector.

What is written is the oldest form of these files, which every version of the library reads.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tlstudio.core.files import explain_os_errors, read_json, write_json

_POOLING = Path("1_Pooling/config.json")
FILES = (Path("modules.json"), Path("sentence_bert_config.json"), Path("config_sentence_transformers.json"), _POOLING,
          Path("2_Normalize/config.json"))  # fmt: skip
_MODES = {"mean": "mean_tokens", "first": "cls_token", "last": "lasttoken"}
_OURS = {"mean": "mean", "cls": "first", "lasttoken": "last", "pooling_mode_mean_tokens": "mean",
         "pooling_mode_cls_token": "first", "pooling_mode_lasttoken": "last"}  # fmt: skip
_KINDS = ("Transformer", "Pooling", "Normalize")  # modules whose effect a model of ours has


def pooling_of(folder: Path) -> str:
    """How a backbone's own files pool: mean, first or last; empty where they say nothing that is known here."""
    path = folder / _POOLING
    config = read_json(path) if path.is_file() else {}
    if not isinstance(config, dict):
        return ""
    stated = config.get("pooling_mode")
    modes = [stated] if isinstance(stated, str) else list(stated or ())
    modes = modes or [name for name, on in config.items() if name.startswith("pooling_mode_") and on is True]
    return _OURS.get(str(modes[0]), "") if len(modes) == 1 else ""


def left_out(folder: Path) -> list[str]:
    """Kinds of modules of a backbone that a model of ours does not have, such as a dense layer."""
    path = folder / FILES[0]
    modules = read_json(path) if path.is_file() else []
    kinds = [str(module.get("type", "")).rsplit(".", 1)[-1] for module in modules if isinstance(module, dict)]
    return [kind for kind in kinds if kind not in _KINDS]


def prompts_of(folder: Path) -> tuple[str, str]:
    """What a backbone's own files want before queries and before documents; empty where they say nothing."""
    path = folder / FILES[2]
    stated = read_json(path).get("prompts") if path.is_file() else None
    known = stated if isinstance(stated, dict) else {}
    return str(known.get("query") or ""), str(known.get("document") or known.get("passage") or "")


def write(folder: Path, pool: str, length: int, prefixes: Sequence[str] = ("", "")) -> None:
    """Writes the files for a model whose vectors are pooled and normalised.

    Args:
        folder: of a transformers model with a ``config.json``.
        pool: mean, first or last.
        length: tokens that a text is cut to.
        prefixes: what stands before queries and before documents; a text by itself is a query.
    """
    from transformers import AutoConfig

    width = int(AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False).hidden_size)
    names = ["", "1_Pooling", "2_Normalize"]
    prompts = dict(zip(("query", "document"), prefixes, strict=True)) if any(prefixes) else {}
    contents: list[Any] = [
        [{"idx": at, "name": str(at), "path": path, "type": f"sentence_transformers.models.{kind}"}
         for at, (path, kind) in enumerate(zip(names, _KINDS, strict=True))],
        {"max_seq_length": length, "do_lower_case": False},
        {"prompts": prompts, "default_prompt_name": "query" if prefixes[0] else None, "similarity_fn_name": "cosine"},
        {"word_embedding_dimension": width, **{f"pooling_mode_{name}": pool == ours for ours, name in _MODES.items()
                                               if ours != "last" or pool == "last"}},
        {},
    ]  # fmt: skip
    for path, content in zip(FILES, contents, strict=True):
        with explain_os_errors(folder):
            (folder / path).parent.mkdir(exist_ok=True)
        write_json(folder / path, content)


def copy(source: Path, target: Path) -> None:
    """Copies the files from one model folder to another, where there are some."""
    with explain_os_errors(target):
        for path in FILES:
            if (source / path).is_file():
                (target / path).parent.mkdir(exist_ok=True)
                shutil.copyfile(source / path, target / path)
