"""Causal language modelling: a decoder learns to go on with texts like these, token by token.

Radford et al., 2019, "Language models are unsupervised multitask learners" (GPT-2). Training texts are joined to blocks
with an end token between them; validation and test texts stand alone, each in as many windows as it needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit
from tlstudio.metrics import perplexity
from tlstudio.models import folders
from tlstudio.models.batches import IGNORED
from tlstudio.models.heads import Head, read_settings
from tlstudio.models.tokenizers import load_tokenizer, padding_id
from tlstudio.tasks import language
from tlstudio.tasks.base import Encoded, EncodeJob, Outputs, Row, Tested, TestJob
from tlstudio.tasks.texts import row_weights, settled_length

if TYPE_CHECKING:
    import torch

_AUTO_BLOCK = 256  # tokens: enough to learn a style, and a step stays short on a CPU
_SAMPLES = 8
_PROMPT_WORDS = 8


class Options(BaseModel):
    """Choices of the task."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    block_size: Literal["auto"] | Annotated[int, Field(ge=8, le=8192)] = Field(
        "auto",
        title="Block size",
        description="Tokens that the model sees at once; auto takes 256, or less if the model allows less.",
        json_schema_extra={"unit": "tokens"},
    )
    packing: bool = Field(
        True,
        title="Packing",
        description="Training texts are joined until a block is full, with an end token between them, so that no "
        "time is lost on padding. Off: each text stands alone.",
    )
    sample_length: int = Field(
        40,
        ge=1,
        le=1024,
        title="Length of samples",
        description="New tokens at most in a sample that is written during the training, after it, and in the try-it "
        "box.",
        json_schema_extra={"unit": "tokens"},
    )
    repetition_penalty: float = Field(
        1.2,
        ge=1,
        le=2,
        title="Repetition penalty",
        description="Above 1, samples repeat themselves less (Keskar et al., 2019, CTRL); 1 switches it off.",
    )


def writers_problem(task: Any, config: Mapping[str, Any]) -> StudioError | None:
    """Why a backbone does not write from left to right; None if it does."""
    import transformers

    kind = str(config.get("model_type") or "")
    masked = transformers.AutoModelForMaskedLM._model_mapping._model_mapping
    if config.get("is_encoder_decoder"):
        reason = "it writes answers to another text"
    elif kind in masked and not config.get("is_decoder"):
        reason = "it reads in both directions at once"
    elif not task.HEAD.knows(kind):
        reason = "it does not write"
    else:
        return None
    return StudioError(
        "task.no-decoder", "A backbone of the type '{kind}' cannot learn the task {task}: {reason}.",
        "Choose a decoder such as GPT-2, SmolLM2, Llama or Qwen in the Model step.",
        where="model.name", kind=kind, task=task.TITLE, reason=reason,
    )  # fmt: skip


class CausalLm(language.LanguageModel):
    """Every token from those before it."""

    NAME = "causal-lm"
    TITLE = "Causal language modelling"
    SUMMARY = "A decoder such as GPT-2 learns to write texts like these, from plain texts without labels."
    ROLES = ("text",)
    ASKS = ("prompt",)
    HUB_TAG = "text-generation"
    Config = Options
    HEAD = Head(
        auto="AutoModelForCausalLM", kind="values", onnx=False, losses="next", generate={"do_sample": False}
    )  # fmt: skip

    def fits(self, config: Mapping[str, Any]) -> StudioError | None:
        return writers_problem(self, config)

    def head(self, config: Options) -> Head:
        writing = {"max_new_tokens": config.sample_length, "repetition_penalty": config.repetition_penalty}
        return replace(self.HEAD, generate={**self.HEAD.generate, **writing})

    def encode(self, job: EncodeJob) -> Encoded:
        block = settled_length(job.config.block_size, job.backbone, _AUTO_BLOCK, "task.block_size")
        writer = language.RowWriter(job, f"causal|{block}|{job.config.packing}")
        texts = _Texts(writer, block)
        self.tell_head(job)
        splits = {split: texts.split(split) for split in job.labelled.splits}
        facts = {"prompt": "text"}
        whole = {"texts": 0, "share": 0.0, "tokens_lost": 0, "max_length": block}  # nothing is cut off
        pad_id = padding_id(job.backbone)
        return Encoded(splits, [], max_length=block, pad_id=pad_id, truncated=whole, key=writer.key, facts=facts,
                       backbone=job.backbone, scored=("labels",))  # fmt: skip

    def watch(self, config: Any, encoded: Encoded, model: torch.nn.Module, emit: Emit, control: Control) -> None:
        assert encoded.backbone is not None  # encode() sets it
        tokenizer = load_tokenizer(encoded.backbone)
        ids = list(encoded.splits["validation"][0]["input_ids"])[: _PROMPT_WORDS + 1]
        made = language.write_one(model, ids, self.head(config).generate, control)
        prompt, output = (tokenizer.decode(part, skip_special_tokens=True) for part in (ids, made))
        language.tell_sample(emit, prompt, output)

    def test(self, job: TestJob) -> Tested:
        table, texts = language.by_text(job), job.texts("text")
        result = perplexity.evaluate(table, **job.options)
        scores = language.likelihoods(table)
        prompts = [beginning(text) for text in texts]
        written = _continued(job, prompts)
        rows = job.row_numbers()
        items = [
            {"row": rows[at], "source": prompts[at], "reference": texts[at][len(prompts[at]) :][:1000],
             "output": output, "score": scores[at]}
            for at, output in written.items()
        ]  # fmt: skip
        columns: dict[str, list[Any]] = {
            "prompt": prompts,
            "text": texts,
            "label": [text[len(prompt) :] for text, prompt in zip(texts, prompts, strict=True)],
            "predicted": [written.get(at, "") for at in range(len(texts))],
            "score": scores,
        }
        return Tested({**result, "samples": {"kind": "generations", "items": items}}, columns)

    def examples(self, folder: Path, rows: Sequence[Row]) -> list[dict[str, Any]]:
        tokenizer = load_tokenizer(folder)
        new = Head.of(read_settings(folder)).generate.get("max_new_tokens", 40)
        return prompt_examples(tokenizer, [str(row["prompt"]) for row in rows], folder, new)

    def proofs(self, folder: Path, rows: Sequence[Row]) -> list[dict[str, Any]]:
        tokenizer, length, control = load_tokenizer(folder), folders.max_length(folder), Control()
        found: list[dict[str, Any]] = []
        for source, row in enumerate(rows):
            ids, labels = alone(tokenizer, language.token_ids(tokenizer, str(row["text"]), control))
            parts = language.windows(ids, labels, length)
            found += [{"input_ids": part, "labels": known, "source": source} for part, known in parts]
        return found

    def answers(
        self, folder: Path, rows: Sequence[Row], examples: Sequence[Row], outputs: Outputs
    ) -> list[dict[str, Any]]:
        tokenizer = load_tokenizer(folder)
        return [
            {"kind": "generation", "prompt": row["prompt"], "output": tokenizer.decode(made, skip_special_tokens=True)}
            for row, made in zip(rows, outputs, strict=True)
        ]


PLUGIN = CausalLm()


def prompt_examples(tokenizer: Any, prompts: Sequence[str], folder: Path, new_tokens: int) -> list[dict[str, Any]]:
    """Token ids of prompts, as texts begin in the training."""
    first, control = start(tokenizer), Control()
    found = []
    for prompt in prompts:
        ids = [*first, *language.token_ids(tokenizer, prompt, control)] or [tokenizer.pad_token_id or 0]
        found.append({"input_ids": language.cut_prompt(ids, folder, new_tokens)})
    return found


def _continued(job: TestJob, prompts: Sequence[str]) -> dict[int, str]:
    """What the model writes after some of the prompts, by their place."""
    if job.ask is None or job.encoded.backbone is None:
        return {}
    tokenizer, places = load_tokenizer(job.encoded.backbone), language.spread(len(prompts), _SAMPLES)
    new = job.config.sample_length
    examples = prompt_examples(tokenizer, [prompts[at] for at in places], job.encoded.backbone, new)
    made = job.ask(examples)
    return {at: tokenizer.decode(ids, skip_special_tokens=True) for at, ids in zip(places, made, strict=True)}


def beginning(text: str) -> str:
    """The first words of a text, at most half of it; of scripts without spaces the first characters."""
    ends = [match.end() for match in re.finditer(r"\S+", text)]
    if len(ends) > 1 and len(text) < 20 * len(ends):
        return text[: ends[min(_PROMPT_WORDS, len(ends) // 2) - 1]]
    return text[: max(1, min(2 * _PROMPT_WORDS, len(text) // 2))]


def start(tokenizer: Any) -> list[int]:
    """The token before each text: the tokenizer's own, or the end of the text before; none where it has neither."""
    own = language.specials(tokenizer)[0]
    return own or [token for token in (tokenizer.eos_token_id,) if token is not None]


def alone(tokenizer: Any, ids: list[int], ended: bool = False) -> tuple[list[int], list[int]]:
    """A text by itself: its tokens behind the first token, and its labels; with the end token where it is learnt."""
    first = start(tokenizer)
    end = [tokenizer.eos_token_id] if ended and tokenizer.eos_token_id is not None else []
    whole = [*first, *ids, *end] or [tokenizer.pad_token_id or 0]
    return whole, [*[IGNORED] * len(first), *ids, *end][: len(whole)] or [IGNORED]


class _Texts:
    """The rows of each split."""

    def __init__(self, writer: language.RowWriter, block: int) -> None:
        self.writer, self.block, self.tokenizer = writer, block, writer.tokenizer
        self.labelled, self.packing = writer.job.labelled, writer.job.config.packing

    def split(self, split: str) -> Any:
        weighted = row_weights(self.labelled, split) is not None
        names = ("input_ids", "labels", "length", "source", "row", *(("weight",) if weighted else ()))
        packed = split == "train" and self.packing
        rows = self._packed(split) if packed else self._single(split)
        return self.writer.split(split, rows, names, f"{packed}|{split == 'train'}")

    def _documents(self, split: str) -> Iterator[tuple[int, int, float, list[int]]]:
        """Place, row number, weight and tokens of each text."""
        rows = self.labelled.splits[split]
        weights = row_weights(self.labelled, split)
        for source, text in enumerate(rows.texts(self.labelled.roles.one("text"))):
            weight = 1.0 if weights is None else float(weights[source])
            yield source, int(rows.indices[source]) + 1, weight, self._ids(text)
            self.writer.meter.advance()

    def _ids(self, text: str) -> list[int]:
        return language.token_ids(self.tokenizer, text, self.writer.job.control)

    def _single(self, split: str) -> Iterator[dict[str, Any]]:
        for source, row, weight, tokens in self._documents(split):
            ids, labels = alone(self.tokenizer, tokens, ended=split == "train")
            for part, known in language.windows(ids, labels, self.block):
                yield {"input_ids": part, "labels": known, "length": len(part), "source": source, "row": row,
                       "weight": weight}  # fmt: skip

    def _packed(self, split: str) -> Iterator[dict[str, Any]]:
        """Full blocks of joined texts; the weight of a block is the mean of its tokens'."""
        ids: list[int] = []
        labels: list[int] = []
        owners: list[tuple[int, int, float]] = []
        between = start(self.tokenizer) == [self.tokenizer.eos_token_id]  # then the end of one text begins the next
        for source, row, weight, tokens in self._documents(split):
            whole, known = alone(self.tokenizer, tokens, ended=True)
            skip = 1 if between and ids else 0
            ids += whole[skip:]
            labels += known[skip:]
            owners += [(source, row, weight)] * (len(whole) - skip)
            while len(ids) > self.block:
                yield _block(ids[: self.block], labels, owners)
                del ids[: self.block - 1], labels[: self.block - 1], owners[: self.block - 1]
        if len(ids) > 1:
            yield _block(ids, labels, owners)


def _block(ids: list[int], labels: list[int], owners: list[tuple[int, int, float]]) -> dict[str, Any]:
    source, row, _weight = owners[0]
    weight = sum(owner[2] for owner in owners[: len(ids)]) / len(ids)
    return {"input_ids": ids, "labels": [IGNORED, *labels[1 : len(ids)]], "length": len(ids), "source": source,
            "row": row, "weight": weight}  # fmt: skip
