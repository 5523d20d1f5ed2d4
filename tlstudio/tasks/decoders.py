"""How decoders of encoder-decoder models begin and end their texts, and how they are told which language to write."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core.errors import StudioError
from tlstudio.models.tokenizers import quiet_loading

if TYPE_CHECKING:
    import torch

_CHARACTERS = 1_000_000  # of one text that are tokenised at all


def require_start(backbone: Path, known: Mapping[str, Any]) -> None:
    """Raises a StudioError where neither the model nor ``known`` says with which token its decoder begins, or the model
    not which one pads texts."""
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(backbone, local_files_only=True, trust_remote_code=False)
    for name in ("decoder_start_token_id", "pad_token_id"):
        if getattr(config, name, None) is None and name not in known:
            raise StudioError(
                "model.no-start-token", "The model does not say which token its decoder begins with, or which one pads "
                "texts: {name} is missing in its config.json.",
                "Choose another model, or add it to config.json: of T5 both are 0; of others see their documentation.",
                where="model.name", name=name,
            )  # fmt: skip


def shifter(backbone: Path) -> Callable[[torch.Tensor], torch.Tensor]:
    """Labels [B, T] → what the decoder reads, by the model's own rule: each token sees those before it."""
    import torch
    import transformers

    config = transformers.AutoConfig.from_pretrained(backbone, local_files_only=True, trust_remote_code=False)
    with quiet_loading(), torch.device("meta"):  # its rule needs no weights
        model = transformers.AutoModelForSeq2SeqLM.from_config(config)
    own: Any = getattr(model, "prepare_decoder_input_ids_from_labels", None)
    if own is not None:
        return lambda labels: own(labels=labels)
    shift: Any = sys.modules[type(model).__module__].shift_tokens_right  # such as M2M100 and NLLB
    return lambda labels: shift(labels, config.pad_token_id, config.decoder_start_token_id)


def prepare_writing(model: Any, settings: dict[str, Any]) -> None:
    """Makes plain ``model.generate()`` write as the task does."""
    own = model.generation_config
    own.update(**settings)
    own.max_length = None  # the number of new tokens counts
    own._from_model_config = False


def targets(tokenizer: Any, texts: list[str], length: int) -> tuple[list[list[int]], list[int]]:
    """Token ids of texts to be written, cut to ``length`` with the end token, and how many each has uncut."""
    options = {"return_attention_mask": False, "return_token_type_ids": False, "padding": False}
    texts = [text[:_CHARACTERS] for text in texts]
    whole = tokenizer(text_target=texts, truncation=False, verbose=False, **options)["input_ids"]
    cut = tokenizer(text_target=texts, truncation=True, max_length=length, **options)["input_ids"]
    end = tokenizer.eos_token_id
    ids = [_ended(list(row), end, length) for row in cut]
    return ids, [max(len(row), len(kept)) for row, kept in zip(whole, ids, strict=True)]


def _ended(ids: list[int], end: int | None, length: int) -> list[int]:
    """Without an end a model would never learn to stop; some tokenizers add none."""
    return ids if end is None or end in ids[-2:] else [*ids[: length - 1], end]


def speaking(tokenizer: Any, source: str, target: str) -> Any:
    """The tokenizer, set to two languages where it wants to know them."""
    if hasattr(tokenizer, "src_lang") and source:
        tokenizer.tgt_lang = target
        tokenizer.src_lang = source
    return tokenizer


def beginning(tokenizer: Any, source: str, target: str) -> dict[str, int]:
    """The setting of ``generate`` that makes a decoder write a language; none where a model needs none.

    Texts of mBART-50, NLLB and M2M100 begin with the token of their language; decoders of mBART begin with it.

    Raises:
        StudioError: the model writes many languages, and one of the two is not named or not known.
    """
    if not hasattr(tokenizer, "src_lang"):
        return {}
    known = _codes(tokenizer)
    for code in (source, target):
        if code not in known:
            raise StudioError(
                "task.no-language", "The model knows many languages and must be told which ones: '{language}' is none "
                "of its codes, which are {known}.", "Set the languages in the options of the task.",
                where="task", language=code, known=", ".join(sorted(known)[:60]),
            )  # fmt: skip
    ids = targets(speaking(tokenizer, source, target), ["a"], 8)[0][0]
    name = "forced_bos_token_id" if ids[0] == known[target] else "decoder_start_token_id"
    return {name: known[target]}


def _codes(tokenizer: Any) -> dict[str, int]:
    """Languages by their codes, with their tokens."""
    if hasattr(tokenizer, "lang_code_to_id"):
        return dict(tokenizer.lang_code_to_id)
    if hasattr(tokenizer, "lang_code_to_token"):  # M2M100: en → __en__
        return {code: tokenizer.convert_tokens_to_ids(name) for code, name in tokenizer.lang_code_to_token.items()}
    others = {tokenizer.eos_token, tokenizer.pad_token, tokenizer.unk_token, tokenizer.bos_token, tokenizer.mask_token}
    return {name: tokenizer.convert_tokens_to_ids(name) for name in tokenizer.all_special_tokens if name not in others}
