"""What augmentations take from the chosen backbone: its vocabulary, its input embeddings, its masked-LM head."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.augmentation.base import Resources
from tlstudio.augmentation.dictionary import WHERE
from tlstudio.augmentation.words import folded, is_cjk, is_plain, longest_by_first, split
from tlstudio.core.errors import StudioError
from tlstudio.models.checks import check_folder, weight_files
from tlstudio.models.tokenizers import load_tokenizer, quiet_loading

if TYPE_CHECKING:
    import numpy as np

_MARKS = ("##", "\u2581", "\u0120")  # WordPiece, SentencePiece, byte-level BPE


def require(resources: Resources) -> Path:
    """The folder of the chosen backbone, checked once.

    Raises:
        StudioError: none is chosen, or the folder is not a sound model.
    """
    if resources.backbone is None:
        raise StudioError(
            "augment.no-backbone",
            "This augmentation needs a backbone, and none is chosen.",
            "Choose one in the Model step, or choose another augmentation.",
            where="model.name",
        )
    folder = resources.backbone
    resources.once(("checked", folder), lambda: check_folder(folder, check=resources.control.check))
    return folder


def files(folder: Path) -> list[Path]:
    """The files that decide what a backbone says."""
    return [*weight_files(folder), *(path for path in (folder / "tokenizer.json",) if path.is_file())]


@dataclass(frozen=True)
class Vocabulary:
    """The tokens of a backbone as words.

    Attributes:
        texts: text of each token without the mark of its tokenizer.
        whole: bool [V]: tokens that can be a word by themselves. In a WordPiece vocabulary they nearly always are; in
            others a token that begins a word looks the same, so that stems such as "privatiz" are among them.
        joined: bool [V]: tokens of Chinese characters or hiragana, which stand without spaces.
    """

    texts: list[str]
    whole: np.ndarray
    joined: np.ndarray


def vocabulary(tokenizer: Any) -> Vocabulary:
    """Reads the tokens of a tokenizer."""
    import numpy as np

    tokens = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    tokens = [token or "" for token in tokens]
    counts = {mark: sum(token.startswith(mark) for token in tokens) for mark in _MARKS}
    mark = max(counts, key=lambda item: counts[item])
    special = set(tokenizer.all_special_ids)
    texts, whole, joined = [], np.zeros(len(tokens), bool), np.zeros(len(tokens), bool)
    for number, token in enumerate(tokens):
        text, begins = _token_text(tokenizer, token, mark if counts[mark] else "")
        texts.append(text)
        if number in special or not text or not is_plain(text):
            continue
        joined[number] = all(is_cjk(word) for word in split(text).words)
        whole[number] = begins and not joined[number] and len(text) > 1
    return Vocabulary(texts, whole, joined)


def _token_text(tokenizer: Any, token: str, mark: str) -> tuple[str, bool]:
    """The text of a token, and whether it begins a word."""
    if mark == "##":
        return token.removeprefix(mark), not token.startswith(mark)
    if mark == "\u0120":  # each character stands for a byte
        return tokenizer.convert_tokens_to_string([token]).strip(), token.startswith(mark)
    return token.removeprefix(mark), token.startswith(mark)


@dataclass(frozen=True)
class Embedded:
    """Words of a vocabulary with their vectors of length 1.

    Attributes:
        words: W words, no two of them alike but for case.
        rows: folded word → its row.
        longest: from :func:`tlstudio.augmentation.words.longest_by_first`.
        vectors: float32 [W, H].
        scripts: int [W], the same number for words of the same script, such as Latin or Cyrillic.
    """

    words: list[str]
    rows: dict[str, int]
    longest: dict[str, int]
    vectors: np.ndarray
    scripts: np.ndarray


def embedded_words(folder: Path, shortest: int) -> Embedded:
    """Words of at least ``shortest`` letters, or two Chinese characters, with their input embeddings.

    The neighbours of single Chinese characters make no words: 男厕 would become 女厕, or nothing at all.

    Raises:
        StudioError: the model has no table of input embeddings.
    """
    import numpy as np

    table = _embedding_table(folder)
    known = vocabulary(load_tokenizer(folder))
    lengths = np.array([len(text) for text in known.texts])
    usable = (known.whole & (lengths >= shortest)) | (known.joined & (lengths >= 2))
    chosen: dict[str, int] = {}
    for number in np.flatnonzero(usable[: len(table)]):
        text = known.texts[number]
        # of Walk and walk the one in lower case stands for both
        if folded(text) not in chosen or (text.islower() and not known.texts[chosen[folded(text)]].islower()):
            chosen[folded(text)] = int(number)
    numbers = list(chosen.values())
    vectors = table[numbers].astype(np.float32)
    names = [unicodedata.name(known.texts[number][0], "").split(" ")[0] for number in numbers]
    scripts = np.unique(names, return_inverse=True)[1]
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return Embedded(
        [known.texts[number] for number in numbers],
        {word: row for row, word in enumerate(chosen)},
        longest_by_first(chosen),
        vectors,
        scripts,
    )


def _embedding_table(folder: Path) -> np.ndarray:
    """The input embeddings [V, H], read alone: the other weights stay on the disk."""
    import torch
    from safetensors import safe_open
    from transformers import AutoConfig, AutoModel

    try:
        with torch.device("meta"):
            network = AutoModel.from_config(
                AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
            )
        weight = network.get_input_embeddings().weight
        name = next(name for name, parameter in network.named_parameters() if parameter is weight)
    except (ValueError, NotImplementedError, AttributeError, StopIteration) as error:
        raise _no_embeddings(folder) from error
    for path in weight_files(folder):
        with safe_open(path, framework="pt") as tensors:  # numpy knows no bfloat16
            for key in tensors.keys():  # noqa: SIM118 - safe_open cannot be iterated
                if (key == name or key.endswith(f".{name}")) and len(tensors.get_slice(key).get_shape()) == 2:
                    table: np.ndarray = tensors.get_tensor(key).float().numpy()
                    return table
    raise _no_embeddings(folder)


def _no_embeddings(folder: Path) -> StudioError:
    return StudioError(
        "augment.no-embeddings",
        "The model in {path} has no table of word embeddings to take synonyms from.",
        "Give the augmentation a dictionary of synonyms, or leave it out.",
        where=WHERE,
        path=str(folder),
    )


def masked_lm(folder: Path, device: str) -> Any:
    """The backbone with its masked-LM head, in evaluation mode.

    Raises:
        StudioError: the architecture has no such head, or the weights lack it (transformers would fill it with
            random numbers).
    """
    import torch
    from transformers import AutoModelForMaskedLM

    try:
        with quiet_loading():
            model, found = AutoModelForMaskedLM.from_pretrained(
                folder,
                local_files_only=True,
                use_safetensors=True,
                trust_remote_code=False,
                dtype=torch.float32,
                output_loading_info=True,
            )
    except (ValueError, TypeError, KeyError, AttributeError, ImportError) as error:
        raise no_head(folder) from error
    lacking = {*found["missing_keys"], *(name for name, *_shapes in found["mismatched_keys"])}
    if lacking:
        raise no_head(folder)
    return model.eval().to(device)


def no_head(folder: Path) -> StudioError:
    return StudioError(
        "augment.no-mlm-head",
        "The model in {path} cannot predict masked words: it comes without a masked-LM head.",
        "Choose another augmentation, or a backbone that keeps this head, such as an original BERT or RoBERTa.",
        where=WHERE,
        path=str(folder),
    )
