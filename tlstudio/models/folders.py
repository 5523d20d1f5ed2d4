"""What a model folder in transformers layout says about itself, read without loading the model."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors, read_json

VOCABULARIES = (  # of a tokenizer, one of which is enough to read texts
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "sentencepiece.bpe.model",
    "sentencepiece.model",
    "spiece.model",
    "spm.model",
    "source.spm",
    "tokenizer.model",
    "vocab-src.json",
    "prophetnet.tokenizer",
)
# those that read characters or bytes as numbers have no vocabulary to keep
_WITHOUT_VOCABULARY = ("CanineTokenizer", "ByT5Tokenizer", "PerceiverTokenizer")
TOKENIZER_FILES = (
    *VOCABULARIES,
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "merges.txt",
    "bpe.codes",
    "dict.txt",
    "target.spm",
    "target_vocab.json",
    "vocab-tgt.json",
    "chat_template.jinja",
)
PROCESSOR_FILES = (  # how images and sounds are prepared, and how texts are generated
    "preprocessor_config.json",
    "processor_config.json",
    "generation_config.json",
)
SETTINGS_FILE = "tlstudio.json"  # what the task needs to know beside config.json
SECOND = "second"  # the folder within one that holds the tokenizer of a second backbone
_UNLIMITED = 1_000_000  # tokenizers without a limit state 1e30
# RoBERTa and its kin start counting positions after the padding index
_SHIFTED = ("roberta", "xlm-roberta", "camembert", "mpnet", "longformer", "xlm-roberta-xl", "roberta-prelayernorm",
            "data2vec-text", "xmod", "ibert", "luke", "mluke", "lilt", "esm")  # fmt: skip


def has_tokenizer(folder: Path) -> bool:
    """Whether a model folder has the files of a tokenizer that can read texts."""
    if any((folder / name).is_file() for name in VOCABULARIES):
        return True
    stated = folder / "tokenizer_config.json"
    config = read_json(stated) if stated.is_file() else {}
    return isinstance(config, dict) and config.get("tokenizer_class") in _WITHOUT_VOCABULARY


def copy_tokenizer(source: Path, target: Path) -> None:
    """Copies the files of tokenizer and processor, and our settings file, from one model folder to another."""
    with explain_os_errors(target):
        target.mkdir(parents=True, exist_ok=True)
        for name in (*TOKENIZER_FILES, *PROCESSOR_FILES, SETTINGS_FILE):
            if (source / name).is_file():
                shutil.copyfile(source / name, target / name)
        if (other := second_reader(source)) is not None:
            shutil.copytree(other, target / SECOND, dirs_exist_ok=True)


def second_reader(folder: Path) -> Path | None:
    """The folder with the tokenizer and the config of a second backbone; None where a model has none that differs."""
    return folder / SECOND if (folder / SECOND / SETTINGS_FILE).is_file() else None


def read_labels(folder: Path) -> list[str]:
    """Class names in the order of the logits, from ``config.json``.

    Raises:
        StudioError: the folder is no classifier.
    """
    config = read_json(folder / "config.json")
    names = config.get("id2label") if isinstance(config, dict) else None
    if not isinstance(names, dict) or not names or not all(key.isdecimal() for key in names):
        raise StudioError(
            "model.no-labels",
            "{path} holds no class names: it is not a trained classifier.",
            "Choose the folder of a run or of an export.",
            where=str(folder),
            path=str(folder),
        )
    return [str(names[key]) for key in sorted(names, key=int)]


def position_limit(config: dict[str, Any]) -> int | None:
    """How many tokens the position embeddings allow, special tokens included; None where there is no limit."""
    limit = config.get("max_position_embeddings")
    if not limit and "relative_attention_num_buckets" not in config:  # T5 states a number, but has no positions
        limit = config.get("n_positions")
    if not isinstance(limit, int):
        return None
    return limit - 2 if config.get("model_type") in _SHIFTED else limit


def max_length(folder: Path) -> int:
    """Tokens that a text is cut to: as trained, or else what the model allows (at most 512)."""
    settings = folder / SETTINGS_FILE
    if settings.is_file() and isinstance(trained := read_json(settings).get("max_length"), int):
        return trained
    limit = position_limit(read_json(folder / "config.json"))
    tokenizer_config = folder / "tokenizer_config.json"
    stated = read_json(tokenizer_config).get("model_max_length") if tokenizer_config.is_file() else None
    if isinstance(stated, (int, float)) and stated < _UNLIMITED:
        limit = min(int(stated), limit or int(stated))
    return min(limit or 512, 512)
