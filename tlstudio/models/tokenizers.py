"""Tokenizers of model folders, and texts as token ids."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from tlstudio.core.errors import StudioError
from tlstudio.models import probing

_FEW_TOKENS, _FEWEST_WORDS = 300, 4  # a vocabulary of bytes has 256
_CHARACTERS = 1_000_000  # of one text that are tokenised at all; no backbone reads a fraction of it


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer of a model folder, with a padding token; the last ones are kept, since reading takes a second.

    Raises:
        StudioError: it cannot be read.
    """
    times = [(path.name, path.stat().st_mtime_ns) for path in sorted(Path(folder).glob("*token*"))]
    return _loaded(Path(folder), tuple(times))


@lru_cache(maxsize=4)
def _loaded(folder: Path, _times: tuple[tuple[str, int], ...]) -> Any:
    from transformers import AutoTokenizer

    probing.require_sound(folder)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # tokenizers raises a bare Exception for a damaged file
        raise _unreadable(folder, str(error).splitlines()[0][:200] if str(error) else "") from error
    if not _has_words(tokenizer):
        raise _unreadable(folder, "it knows no words; its vocabulary is missing")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    tokenizer.truncation_side = "right"  # as programs that know nothing but tokenizer.json do it
    return tokenizer


def _has_words(tokenizer: Any) -> bool:
    """transformers makes a tokenizer of nothing but special tokens where it finds no vocabulary."""
    if len(tokenizer) > _FEW_TOKENS:
        return True
    return len(set(tokenizer.get_vocab()) - set(tokenizer.all_special_tokens)) >= _FEWEST_WORDS


def _unreadable(folder: Path, reason: str) -> StudioError:
    return StudioError(
        "model.bad-tokenizer", "The tokenizer in {path} cannot be read: {reason}",
        "Copy the tokenizer files of the original model into the folder: tokenizer.json, or all files of its "
        "vocabulary.", where=str(folder), path=str(folder), reason=reason,
    )  # fmt: skip


def no_file(folder: Path) -> StudioError | None:
    """Why programs without transformers cannot read texts for a model: its tokenizer is written in Python alone.

    None where it can be written as ``tokenizer.json``, which is so for all that transformers converts from another
    vocabulary, such as that of SentencePiece.

    Raises:
        StudioError: the tokenizer cannot be read.
    """
    tokenizer = load_tokenizer(folder)
    if tokenizer.is_fast:
        return None
    return StudioError(
        "export.no-tokenizer-file", "ONNX is not offered for this model: its tokenizer ({kind}) exists only as a part "
        "of transformers, and a program with ONNX Runtime could not read texts.",
        "Use the safetensors export without the int8 step, or choose another model.", where="export",
        kind=type(tokenizer).__name__,
    )  # fmt: skip


def require_file(folder: Path) -> None:
    """Raises a StudioError where :func:`no_file` has a reason."""
    if problem := no_file(folder):
        raise problem


def padding_id(folder: Path) -> int:
    """The token that rows of a model are padded with: its own, which heads of decoders look for, else its tokenizer's.

    A token for which the model has no vector is passed over.
    """
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False).get_text_config()
    tokenizer, size = load_tokenizer(folder), getattr(config, "vocab_size", None) or len(load_tokenizer(folder))
    known = (getattr(config, "pad_token_id", None), tokenizer.pad_token_id, tokenizer.eos_token_id)
    return next((token for token in known if token is not None and 0 <= token < size), 0)


def tokenise(tokenizer: Any, texts: list[str], length: int) -> tuple[list[list[int]], list[int]]:
    """Token ids cut to ``length``, and the number of tokens each text has uncut."""
    texts = [text[:_CHARACTERS] for text in texts]
    options = {"add_special_tokens": True, "return_attention_mask": False, "return_token_type_ids": False}
    options |= literal(tokenizer)
    ids = tokenizer(texts, truncation=False, padding=False, verbose=False, **options)["input_ids"]
    full = [len(row) for row in ids]
    longer = [index for index, count in enumerate(full) if count > length]
    if longer:
        cut = tokenizer([texts[index] for index in longer], truncation=True, max_length=length, padding=False,
                        **options)["input_ids"]  # fmt: skip
        for index, row in zip(longer, cut, strict=True):
            ids[index] = row
    return [list(row) for row in ids], full


def tokenise_pairs(
    tokenizer: Any, texts: list[str], others: list[str], length: int
) -> tuple[list[list[int]], list[int], list[list[int]]]:
    """Token ids of pairs cut to ``length`` (the longer text first), tokens of the uncut pair, and token types."""
    first, second = ([text[:_CHARACTERS] for text in part] for part in (texts, others))
    second = [between(tokenizer) + text for text in second]
    options = {"return_attention_mask": False, "return_token_type_ids": True, "padding": False} | literal(tokenizer)
    full = [len(row) for row in tokenizer(first, second, truncation=False, verbose=False, **options)["input_ids"]]
    cut = tokenizer(first, second, truncation="longest_first", max_length=length, **options)
    types = cut.get("token_type_ids") or [[0] * len(row) for row in cut["input_ids"]]
    return [list(row) for row in cut["input_ids"]], full, [list(row) for row in types]


def literal(tokenizer: Any) -> dict[str, bool]:
    """What makes a tokenizer read a special token that stands in a text, such as ``</s>``, as the text that it is."""
    return {"split_special_tokens": True} if tokenizer.is_fast else {}


def between(tokenizer: Any) -> str:
    """What is written between the texts of a pair: a new line where the tokenizer has no token to part them."""
    parts: int = tokenizer.num_special_tokens_to_add(pair=True) - tokenizer.num_special_tokens_to_add(pair=False)
    return "" if parts > 0 else "\n"


def has_types(tokenizer: Any, folder: Path) -> bool:
    """Whether a model wants to be told which text of a pair a token belongs to."""
    from transformers import AutoConfig

    # generic tokenizers always offer it; RoBERTa has one type only, and DeBERTa usually none
    kinds = getattr(
        AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False), "type_vocab_size", 0
    )
    return "token_type_ids" in tokenizer.model_input_names and int(kinds or 0) > 1


@contextmanager
def quiet_loading() -> Iterator[None]:
    """transformers reports the fresh head as a warning and draws a bar; both only puzzle the user."""
    from transformers.utils import logging as hf_logging

    level, bars = hf_logging.get_verbosity(), hf_logging.is_progress_bar_enabled()
    hf_logging.set_verbosity_error()
    hf_logging.disable_progress_bar()
    try:
        yield
    finally:
        hf_logging.set_verbosity(level)
        if bars:
            hf_logging.enable_progress_bar()
