"""Masked-LM replacement: the backbone itself says what else could stand in the place of a word.

Wu et al. 2019, "Conditional BERT contextual augmentation", section 3, without the condition on the label; Kumar,
Choudhary & Cho 2020, "Data augmentation using pre-trained transformer models". All chosen words of a text are masked
at once, each by one mask, and drawn from the most probable whole words other than the original.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from tlstudio.augmentation import backbone
from tlstudio.augmentation.base import Resources, TextOptions
from tlstudio.augmentation.words import Pieces, choose, folded, how_many, is_cjk, is_plain, joined, like, split
from tlstudio.models.folders import max_length
from tlstudio.models.tokenizers import load_tokenizer

if TYPE_CHECKING:
    import numpy as np

_BATCH = 32
_LOGITS = 1 << 26  # numbers at a time: 256 MB


class Options(TextOptions):
    share: float = Field(0.15, gt=0, le=0.5, title="Share of words", description="Words that are replaced.")
    top_k: int = Field(
        10,
        ge=1,
        le=1000,
        title="Candidates",
        description="The most probable words, of which one is drawn by its probability; more give bolder changes.",
    )


class MaskedLm:
    """Words are replaced by the backbone's own predictions."""

    NAME = "masked-lm"
    TITLE = "Masked-LM replacement"
    SUMMARY = (
        "Some words are masked, and the backbone predicts others that fit the sentence; they need not mean the same. "
        "Needs a backbone with its masked-LM head, and takes about as long as one pass of training."
    )
    KIND = "text"
    Config = Options

    def change(
        self, config: Options, texts: Sequence[str], random: Sequence[np.random.Generator], resources: Resources
    ) -> list[str]:
        predictor = resources.once(("masked-lm", resources.backbone), lambda: _predictor(resources))
        masked = {}
        for index, (text, generator) in enumerate(zip(texts, random, strict=True)):
            if item := _masked(text, config.share, predictor, generator):
                masked[index] = item
        changed = list(texts)
        for batch in _batches(masked, predictor.masks_at_once):
            resources.control.check()
            found = predictor.fill([masked[index] for index in batch], [random[index] for index in batch], config.top_k)
            for index, text in zip(batch, found, strict=True):
                changed[index] = text
        return changed

    def files(self, config: Options, resources: Resources) -> list[Path]:
        return backbone.files(backbone.require(resources))


PLUGIN = MaskedLm()


@dataclass(frozen=True)
class _Masked:
    """A text with masks in the place of the words at ``places``."""

    pieces: Pieces
    places: list[int]
    text: str


def _masked(text: str, share: float, predictor: Predictor, random: np.random.Generator) -> _Masked | None:
    pieces = split(text)
    mask = predictor.tokenizer.mask_token
    # a text has at least as many tokens as words: what lies beyond is cut off before the network sees it
    usable = [place for place, word in enumerate(pieces.words[: predictor.limit]) if is_plain(word)]
    if not usable or mask in text:
        return None
    places = choose(random, usable, how_many(share, min(len(pieces.words), predictor.limit)))
    words = list(pieces.words)
    for place in places:
        words[place] = mask
    return _Masked(pieces, places, joined(words, pieces.between))


def _batches(masked: dict[int, _Masked], masks_at_once: int) -> Iterator[list[int]]:
    """Texts of like length together, and no more masks in a batch than memory has room for."""
    batch: list[int] = []
    masks = 0
    for index in sorted(masked, key=lambda index: len(masked[index].text)):
        more = len(masked[index].places)
        if batch and (len(batch) == _BATCH or masks + more > masks_at_once):
            yield batch
            batch, masks = [], 0
        batch.append(index)
        masks += more
    if batch:
        yield batch


def _predictor(resources: Resources) -> Predictor:
    folder = backbone.require(resources)
    model = backbone.masked_lm(folder, resources.device)
    return Predictor(model, load_tokenizer(folder), max_length(folder), folder)


class Predictor:
    """A masked language model at work."""

    def __init__(self, model: Any, tokenizer: Any, limit: int, folder: Path) -> None:
        import torch

        if tokenizer.mask_token is None:
            raise backbone.no_head(folder)
        self.model, self.tokenizer, self.limit = model, tokenizer, limit
        self.masks_at_once = max(1, _LOGITS // len(tokenizer))
        self._words = backbone.vocabulary(tokenizer)
        self._ids: dict[str, list[int]] = {}
        for number, text in enumerate(self._words.texts):
            self._ids.setdefault(folded(text), []).append(number)
        self._whole, self._joined = torch.from_numpy(self._words.whole), torch.from_numpy(self._words.joined)

    def fill(self, batch: list[_Masked], random: list[np.random.Generator], count: int) -> list[str]:
        """The texts with their masks filled; a mask beyond the longest input keeps the word that it hides."""
        rows, logits = self._logits([item.text for item in batch])
        start, texts = 0, []
        for row, (item, generator) in enumerate(zip(batch, random, strict=True)):
            words = list(item.pieces.words)
            for place, scores in zip(item.places, logits[start : start + rows.count(row)], strict=False):
                words[place] = self._drawn(scores, words[place], count, generator)
            start += rows.count(row)
            texts.append(joined(words, item.pieces.between))
        return texts

    def _logits(self, texts: list[str]) -> tuple[list[int], Any]:
        """For each mask the number of its text, and the logits [M, V], in the order of the texts."""
        import torch

        texts = [text.encode("utf-8", "replace").decode() for text in texts]  # tokenizers refuse half a surrogate pair
        encoded = self.tokenizer(texts, truncation=True, max_length=self.limit, padding=True, return_tensors="pt")
        rows, columns = (encoded["input_ids"] == self.tokenizer.mask_token_id).nonzero(as_tuple=True)
        with torch.inference_mode(), _only(self.model, rows, columns):
            logits = self.model(**encoded.to(self.model.device)).logits
        if logits.shape[:2] == encoded["input_ids"].shape:
            logits = logits[rows, columns]
        return rows.tolist(), logits.reshape(len(rows), -1).float().cpu()

    def _drawn(self, scores: Any, original: str, count: int, random: np.random.Generator) -> str:
        """One of the ``count`` most probable words [V] other than the original."""
        import numpy as np
        import torch

        allowed = (self._joined if is_cjk(original) else self._whole).clone()
        allowed[self._ids.get(folded(original), [])] = False
        usable = scores[: len(allowed)].masked_fill(~allowed[: len(scores)], -torch.inf)
        top = usable.topk(min(count, len(usable)))
        shares = top.values.softmax(0).double().numpy()
        if not np.isfinite(shares).all():  # no word is allowed
            return original
        drawn = int(np.searchsorted(shares.cumsum(), random.random() * shares.sum(), side="right"))
        text = self._words.texts[int(top.indices[min(drawn, len(shares) - 1)])]
        return like(text, original)


@contextmanager
def _only(model: Any, rows: Any, columns: Any) -> Iterator[None]:
    """Lets the last layer of the head see the masks alone: over all positions its logits take gigabytes."""

    def narrowed(_layer: Any, given: tuple[Any, ...]) -> Any:
        hidden = given[0]
        return (hidden[rows, columns][None], *given[1:]) if hidden.dim() == 3 else None  # [B, T, H] → [1, M, H]

    layer = model.get_output_embeddings()
    hook = layer.register_forward_pre_hook(narrowed) if layer is not None else None
    try:
        yield
    finally:
        if hook is not None:
            hook.remove()
