"""Masked language modelling: a backbone gets to know the texts of a domain before it learns a task there.

Devlin et al., 2019, BERT, section 3.1: 15 % of the tokens are chosen; of these 80 % are masked, 10 % replaced and 10 %
left. Training masks are drawn anew each time; those of validation and test are fixed, and all chosen tokens are masked.
Gururangan et al., 2020, "Don't stop pretraining", measure what such an adaptation is worth.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.metrics import perplexity
from tlstudio.models import folders
from tlstudio.models.batches import IGNORED
from tlstudio.models.heads import Head
from tlstudio.models.tokenizers import load_tokenizer, padding_id
from tlstudio.tasks import language
from tlstudio.tasks.base import Batch, Encoded, EncodeJob, Outputs, Row, Tested, TestJob, padded
from tlstudio.tasks.texts import row_weights, settled_length

if TYPE_CHECKING:
    import numpy as np

_AUTO_LENGTH = 128
_MASKED, _REPLACED = 0.8, 0.1
_SAMPLES, _GUESSES = 10, 5
_FILLS = 10  # guesses for a mask in an answer
_MARKS = ("[MASK]", "<mask>")  # what people write, whatever the tokenizer calls it


class Options(BaseModel):
    """Choices of the task."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_length: Literal["auto"] | Annotated[int, Field(ge=8, le=8192)] = Field(
        "auto",
        title="Maximum length",
        description="Tokens that the model sees at once; longer texts are divided. Auto takes 128, or less if the "
        "model allows less.",
        json_schema_extra={"unit": "tokens"},
    )
    share: float = Field(
        0.15, ge=0.05, le=0.5, title="Share of masked tokens", description="How much of each text must be guessed."
    )
    whole_words: bool = Field(
        False,
        title="Whole words",
        description="All parts of a word are masked together, so that none betrays the others: a harder task.",
    )


class MaskedLm(language.LanguageModel):
    """Hidden tokens from those around them."""

    NAME = "masked-lm"
    TITLE = "Masked language modelling"
    SUMMARY = (
        "A backbone such as BERT gets to know your kind of texts, without labels. "
        "The result is a backbone for the other tasks."
    )
    ROLES = ("text",)
    HUB_TAG = "fill-mask"
    SUGGESTED = False
    Config = Options
    HEAD = Head(auto="AutoModelForMaskedLM", kind="values", onnx=False, losses="same")
    SCRIPTS = {"transformers": "export/fill_transformers.py"}

    def fits(self, config: Mapping[str, Any]) -> StudioError | None:
        kind = str(config.get("model_type") or "")
        if self.HEAD.knows(kind) and not config.get("is_encoder_decoder"):
            return None
        return StudioError(
            "task.no-encoder", "A backbone of the type '{kind}' cannot learn the task {task}: it does not guess masked "
            "words.", "Choose an encoder such as BERT, RoBERTa, DistilBERT or ModernBERT in the Model step.",
            where="model.name", kind=kind, task=self.TITLE,
        )  # fmt: skip

    def encode(self, job: EncodeJob) -> Encoded:
        length = settled_length(job.config.max_length, job.backbone, _AUTO_LENGTH)
        config = job.config
        writer = language.RowWriter(job, f"masked|{length}|{config.share}|{config.whole_words}")
        rows = _Rows(_Cutter(writer.tokenizer, length, config.whole_words, job.backbone), writer, config.share)
        self.tell_head(job)
        splits = {split: rows.split(split) for split in job.labelled.splits}
        whole = {"texts": 0, "share": 0.0, "tokens_lost": 0, "max_length": length}  # nothing is cut off
        facts = {"share": config.share, "whole_words": config.whole_words}
        pad_id = padding_id(job.backbone)
        return Encoded(splits, [], max_length=length, pad_id=pad_id, truncated=whole, key=writer.key, facts=facts,
                       backbone=job.backbone, scored=("labels",))  # fmt: skip

    def collator(self, config: Options, encoded: Encoded) -> Callable[[Sequence[Row]], Batch]:
        assert encoded.backbone is not None  # encode() sets it
        masks = _Masks(load_tokenizer(encoded.backbone), config.share)

        def collated(rows: Sequence[Row]) -> Batch:
            fixed = "labels" in rows[0]
            return padded(rows if fixed else masks.drawn(rows), encoded)

        return collated

    def known(self, encoded: Encoded, control: Control) -> Iterator[np.ndarray]:
        import numpy as np

        for ids, words in language.chunks(encoded.splits["train"], ("input_ids", "words"), control):
            pairs = [(np.asarray(row), np.asarray(word)) for row, word in zip(ids, words, strict=True)]
            yield np.concatenate([row[word >= 0] for row, word in pairs])

    def test(self, job: TestJob) -> Tested:
        table = language.by_text(job)
        result = perplexity.evaluate(table, guessed=True, **job.options)
        items = _guessed(job)
        columns: dict[str, list[Any]] = {
            "label": [f"{int(count)} / {int(count)}" for _loss, count, _right in table],
            "predicted": [f"{int(right)} / {int(count)}" for _loss, count, right in table],
            "score": language.likelihoods(table),
        }
        return Tested({**result, "samples": {"kind": "masked", "items": items}}, columns)

    def examples(self, folder: Path, rows: Sequence[Row]) -> list[dict[str, Any]]:
        tokenizer, length = load_tokenizer(folder), folders.max_length(folder)
        found = []
        for row in rows:
            text = str(row["text"])
            for mark in _MARKS:
                text = text.replace(mark, tokenizer.mask_token)
            ids = tokenizer(text, truncation=True, max_length=length, verbose=False)["input_ids"]
            places = [at for at, token in enumerate(ids) if token == tokenizer.mask_token_id]
            found.append({"input_ids": ids, "places": places})
        return found

    def proofs(self, folder: Path, rows: Sequence[Row]) -> list[dict[str, Any]]:
        from tlstudio.models.heads import read_settings

        facts = read_settings(folder)
        tokenizer = load_tokenizer(folder)
        cutter = _Cutter(tokenizer, folders.max_length(folder), bool(facts.get("whole_words")), folder)
        masks = _Masks(tokenizer, float(facts.get("share", 0.15)))
        parts = (part for row in rows for part in cutter.parts(str(row["text"]), Control()))
        return [dict(zip(("input_ids", "labels"), masks.fixed(ids, words), strict=True)) for ids, words in parts]

    def answers(
        self, folder: Path, rows: Sequence[Row], examples: Sequence[Row], outputs: Outputs
    ) -> list[dict[str, Any]]:
        tokenizer = load_tokenizer(folder)
        return [
            {
                "kind": "fill",
                "text": row["text"],
                "masks": [
                    [{"token": token, "probability": chance} for token, chance in guesses]
                    for guesses in _best(tokenizer, scores, _FILLS)
                ],
            }
            for row, scores in zip(rows, outputs, strict=True)
        ]


PLUGIN = MaskedLm()


def _best(tokenizer: Any, scores: np.ndarray, count: int) -> list[list[tuple[str, float]]]:
    """The likeliest tokens at each place, from scores [places, V]."""
    import numpy as np

    found = []
    for row in scores:
        chances = np.exp(row.astype(np.float64) - row.max())
        chances /= chances.sum()
        best = np.argsort(-chances)[:count]
        found.append([(tokenizer.decode([int(token)]).strip(), float(chances[token])) for token in best])
    return found


def _guessed(job: TestJob) -> list[dict[str, Any]]:
    """Some test texts with their masks, and what the model guesses for each."""
    if job.ask is None or job.encoded.backbone is None:
        return []
    tokenizer, rows = load_tokenizer(job.encoded.backbone), job.encoded.splits[job.split]
    chosen = [rows[at] for at in language.spread(len(rows), _SAMPLES)]
    places = [[at for at, label in enumerate(row["labels"]) if label != IGNORED] for row in chosen]
    examples = [{"input_ids": row["input_ids"], "places": at} for row, at in zip(chosen, places, strict=True)]
    items = []
    for row, at, scores in zip(chosen, places, job.ask(examples), strict=True):
        words = [
            {"truth": tokenizer.decode([row["labels"][place]]).strip(), "guesses": [list(guess) for guess in guesses]}
            for place, guesses in zip(at, _best(tokenizer, scores, _GUESSES), strict=True)
        ]
        items.append({"row": int(row["row"]), "text": _shown(tokenizer, row["input_ids"]), "words": words})
    return items


def _shown(tokenizer: Any, ids: Sequence[int]) -> str:
    """The text with its masks, without the other special tokens."""
    others = set(tokenizer.all_special_ids) - {tokenizer.mask_token_id}
    text = str(tokenizer.decode([token for token in ids if token not in others]))
    return text.replace(tokenizer.mask_token, "[MASK]")


class _Cutter:
    """Texts as pieces of tokens between the special ones.

    Raises:
        StudioError: the tokenizer has no mask, or does not say where words end.
    """

    def __init__(self, tokenizer: Any, length: int, whole_words: bool, folder: Path) -> None:
        if tokenizer.mask_token_id is None:
            raise StudioError(
                "task.no-mask", "The tokenizer in {path} has no mask token.",
                "Choose a model that was trained with masks, such as BERT or RoBERTa.", where="model.name",
                path=str(folder),
            )  # fmt: skip
        if whole_words and not tokenizer.is_fast:
            raise StudioError(
                "task.no-words", "The tokenizer in {path} does not say which tokens make a word.",
                "Switch whole words off, or choose a model with a tokenizer.json.", where="task.whole_words",
                path=str(folder),
            )  # fmt: skip
        self._tokenizer, self._whole = tokenizer, whole_words
        self._first, self._last = language.specials(tokenizer)
        self._room = max(1, length - len(self._first) - len(self._last))

    def parts(self, text: str, control: Control) -> Iterator[tuple[list[int], list[int]]]:
        """Token ids with the special tokens, and beside each the number of its word; -1 for special tokens."""
        ids, words = self._read(text, control)
        for start in range(0, max(len(ids), 1), self._room):
            part, numbers = ids[start : start + self._room], words[start : start + self._room]
            yield [*self._first, *part, *self._last], [*[-1] * len(self._first), *numbers, *[-1] * len(self._last)]

    def _read(self, text: str, control: Control) -> tuple[list[int], list[int]]:
        ids: list[int] = []
        words: list[int] = []
        if not self._whole:
            ids = language.token_ids(self._tokenizer, text, control)
            return ids, list(range(len(ids)))
        for piece in language.pieces(text):
            control.check()
            found = self._tokenizer(piece, add_special_tokens=False, return_attention_mask=False, verbose=False)
            first = words[-1] + 1 if words else 0
            ids += found["input_ids"]
            words += [first + number for number in found.word_ids(0)]
        return ids, words


class _Masks:
    """Chooses tokens and hides them."""

    def __init__(self, tokenizer: Any, share: float) -> None:
        import numpy as np

        self._mask, self._share = tokenizer.mask_token_id, share
        self._ordinary = np.setdiff1d(np.arange(len(tokenizer)), tokenizer.all_special_ids)

    def drawn(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """Rows with fresh masks, from the random state of PyTorch, which a run sets."""
        import numpy as np
        import torch

        random = np.random.default_rng(int(torch.randint(2**62, (1,))))
        found = []
        for row in rows:
            ids, chosen = np.asarray(row["input_ids"]), self._chosen(row["words"], random)
            labels = np.where(chosen, ids, IGNORED)
            fate = random.random(len(ids))
            ids = np.where(chosen & (fate < _MASKED), self._mask, ids)
            replaced = chosen & (fate >= _MASKED) & (fate < _MASKED + _REPLACED)
            ids = np.where(replaced, random.choice(self._ordinary, len(ids)), ids)
            found.append({**row, "input_ids": ids, "labels": labels})
        return found

    def fixed(self, ids: list[int], words: list[int]) -> tuple[list[int], list[int]]:
        """Masked ids and labels that follow from the ids alone."""
        import numpy as np

        chosen = self._chosen(words, np.random.default_rng(zlib.crc32(np.asarray(ids, dtype=np.int32).tobytes())))
        tokens = np.asarray(ids)
        return np.where(chosen, self._mask, tokens).tolist(), np.where(chosen, tokens, IGNORED).tolist()

    def _chosen(self, words: Sequence[int], random: np.random.Generator) -> np.ndarray:
        """Which tokens are chosen, bool [T]: whole words in random order until the share of tokens is reached."""
        import numpy as np

        numbers = np.asarray(words)
        names, counts = np.unique(numbers[numbers >= 0], return_counts=True)
        if not len(names):
            return np.zeros(len(numbers), dtype=bool)
        order = random.permutation(len(names))
        wanted = max(1, round(self._share * int(counts.sum())))
        taken = 1 + int(np.searchsorted(np.cumsum(counts[order]), wanted))
        return np.isin(numbers, names[order[:taken]]) & (numbers >= 0)


class _Rows:
    """The rows of each split: with their words for the training, with fixed masks for the others."""

    def __init__(self, cutter: _Cutter, writer: language.RowWriter, share: float) -> None:
        self.cutter, self.writer, self.masks = cutter, writer, _Masks(writer.tokenizer, share)
        self.labelled = writer.job.labelled

    def split(self, split: str) -> Any:
        weighted = row_weights(self.labelled, split) is not None
        own = ("words",) if split == "train" else ("labels",)
        names = ("input_ids", *own, "length", "source", "row", *(("weight",) if weighted else ()))
        return self.writer.split(split, self._made(split), names, own[0])

    def _made(self, split: str) -> Iterator[dict[str, Any]]:
        rows, weights = self.labelled.splits[split], row_weights(self.labelled, split)
        for source, text in enumerate(rows.texts(self.labelled.roles.one("text"))):
            about = {"source": source, "row": int(rows.indices[source]) + 1,
                     "weight": 1.0 if weights is None else float(weights[source])}  # fmt: skip
            for ids, words in self.cutter.parts(text, self.writer.job.control):
                yield {**about, "length": len(ids), **self._row(split, ids, words)}
            self.writer.meter.advance()

    def _row(self, split: str, ids: list[int], words: list[int]) -> dict[str, Any]:
        if split == "train":
            return {"input_ids": ids, "words": words}
        masked, labels = self.masks.fixed(ids, words)
        return {"input_ids": masked, "labels": labels}
