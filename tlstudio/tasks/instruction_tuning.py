"""Instruction tuning: a decoder learns to answer, from prompts with responses or from conversations.

Ouyang et al., 2022, "Training language models to follow instructions", section 3.4 (supervised fine-tuning); the loss
counts the tokens of the answers alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit
from tlstudio.core.files import read_json, write_json
from tlstudio.metrics import generation, perplexity, resampling
from tlstudio.models import folders
from tlstudio.models.batches import IGNORED
from tlstudio.models.heads import Head, read_settings
from tlstudio.models.tokenizers import load_tokenizer, padding_id
from tlstudio.tasks import chats, language
from tlstudio.tasks.base import Encoded, EncodeJob, Outputs, Row, Tested, TestJob
from tlstudio.tasks.causal_lm import writers_problem
from tlstudio.tasks.texts import row_weights, settled_length, tell_truncated, truncation

if TYPE_CHECKING:
    import torch

_AUTO_LENGTH = 512
_SHOWN = 1000  # characters of a sample


class Options(BaseModel):
    """Choices of the task."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_length: Literal["auto"] | Annotated[int, Field(ge=8, le=8192)] = Field(
        "auto",
        title="Maximum length",
        description="Tokens that are read of each prompt with its response; auto takes 512, or less if the model "
        "allows less.",
        json_schema_extra={"unit": "tokens"},
    )
    template: Literal["auto", "plain"] = Field(
        "auto",
        title="Chat template",
        description="How prompts and responses are written for the model: auto takes its own template where it has "
        "one; plain writes '### Instruction:' and '### Response:' before them. The result keeps the template.",
    )
    packing: bool = Field(
        False,
        title="Packing",
        description="Several short rows share a block, so that less time is lost on padding; a row can then see the "
        "ones before it.",
    )
    answer_length: int = Field(
        128,
        ge=1,
        le=2048,
        title="Length of answers",
        description="New tokens at most in an answer that the model writes.",
        json_schema_extra={"unit": "tokens"},
    )
    tested_answers: int = Field(
        24,
        ge=1,
        le=1000,
        title="Written answers",
        description="Test rows that are answered in words and compared with the responses (ROUGE-L); the perplexity "
        "is measured on all.",
        json_schema_extra={"unit": "rows"},
    )


class InstructionTuning(language.LanguageModel):
    """Answers after prompts; prompts themselves are not learnt."""

    NAME = "instruction-tuning"
    TITLE = "Instruction tuning"
    SUMMARY = "A decoder learns to answer, from prompts with responses or from conversations."
    ROLES = ("prompt", "response")
    ALTERNATIVES = (("messages",),)
    ASKS = ("prompt",)
    UNIT = "prompts"
    HUB_TAG = "text-generation"
    Config = Options
    HEAD = Head(
        auto="AutoModelForCausalLM", kind="values", onnx=False, losses="next", generate={"do_sample": False}
    )  # fmt: skip

    def fits(self, config: Mapping[str, Any]) -> StudioError | None:
        return writers_problem(self, config)

    def head(self, config: Options) -> Head:
        return replace(self.HEAD, generate={**self.HEAD.generate, "max_new_tokens": config.answer_length})

    def encode(self, job: EncodeJob) -> Encoded:
        config, tokenizer = job.config, load_tokenizer(job.backbone)
        length = settled_length(config.max_length, job.backbone, _AUTO_LENGTH)
        template = chats.template_of(tokenizer, config.template)
        writer = language.RowWriter(job, f"chat|{length}|{config.packing}|{template}")
        rows = _Rows(writer, chats.Chat(tokenizer, template), length)
        self.tell_head(job)
        splits = {split: rows.split(split) for split in job.labelled.splits}
        truncated = truncation(splits, length)
        tell_truncated(job.emit, truncated)
        facts = {"prompt": "chat", "template": template}
        return Encoded(splits, [], max_length=length, pad_id=padding_id(job.backbone), truncated=truncated,
                       key=writer.key, facts=facts, backbone=job.backbone, scored=("labels",))  # fmt: skip

    def save_processor(self, backbone: Path, folder: Path) -> None:
        """The tokenizer; its template is written by ``save``, which knows it."""
        load_tokenizer(backbone).save_pretrained(folder)

    def save(self, model: Any, encoded: Encoded, backbone: Path, folder: Path, head: Head | None = None) -> None:
        super().save(model, encoded, backbone, folder, head)
        _keep_template(folder, encoded.facts["template"])

    def watch(self, config: Any, encoded: Encoded, model: torch.nn.Module, emit: Emit, control: Control) -> None:
        assert encoded.backbone is not None  # encode() sets it
        tokenizer = load_tokenizer(encoded.backbone)
        row = encoded.splits["validation"][0]
        begin = next((at for at, label in enumerate(row["labels"]) if label != IGNORED), len(row["labels"]))
        settings = self.head(config).generate
        made = language.write_one(model, list(row["input_ids"])[:begin], {**settings, "max_new_tokens": 40}, control)
        prompt, output = (
            tokenizer.decode(part, skip_special_tokens=True) for part in (list(row["input_ids"])[:begin], made)
        )
        language.tell_sample(emit, prompt, output)

    def test(self, job: TestJob) -> Tested:
        table = language.by_text(job)
        result = perplexity.evaluate(table, **job.options)
        exchanges = [chats.last_exchange(messages) for messages in chats.reader(job.labelled)(job.split)]
        written = self._answered(job, [prompt for prompt, _response in exchanges])
        places = list(written)
        references = [exchanges[at][1] for at in places]
        rouge = generation.rouge(list(written.values()), references, job.control.check)[:, 2:]
        if places:
            measured = resampling.intervals(["rouge_l"], lambda weights: weights.T @ rouge / weights.sum(0)[:, None],
                                            len(places), job.bootstrap, job.seed, job.control.check)  # fmt: skip
            result["metrics"] |= measured
        rows = job.row_numbers()
        items = [
            {"row": rows[at], "source": exchanges[at][0][:_SHOWN], "reference": exchanges[at][1][:_SHOWN],
             "output": written[at], "score": float(score)}
            for at, score in list(zip(places, rouge[:, 0], strict=True))[:50]
        ]  # fmt: skip
        columns: dict[str, list[Any]] = {
            "prompt": [prompt for prompt, _response in exchanges],
            "response": [response for _prompt, response in exchanges],
            "label": [response for _prompt, response in exchanges],
            "predicted": [written.get(at, "") for at in range(len(exchanges))],
            "score": language.likelihoods(table),
        }
        return Tested({**result, "samples": {"kind": "generations", "items": items}}, columns)

    def _answered(self, job: TestJob, prompts: Sequence[str]) -> dict[int, str]:
        """What the model answers to some of the prompts, by their place."""
        if job.ask is None or job.encoded.backbone is None:
            return {}
        tokenizer = load_tokenizer(job.encoded.backbone)
        chat = chats.Chat(tokenizer, job.encoded.facts["template"])
        places = language.spread(len(prompts), job.config.tested_answers)
        examples = _prompts(chat, [prompts[at] for at in places], job.encoded.backbone, job.config.answer_length)
        made = job.ask(examples)
        return {at: tokenizer.decode(ids, skip_special_tokens=True).strip()
                for at, ids in zip(places, made, strict=True)}  # fmt: skip

    def examples(self, folder: Path, rows: Sequence[Row]) -> list[dict[str, Any]]:
        new = Head.of(read_settings(folder)).generate.get("max_new_tokens", 128)
        return _prompts(chats.Chat.of(folder), [str(row["prompt"]) for row in rows], folder, new)

    def proofs(self, folder: Path, rows: Sequence[Row]) -> list[dict[str, Any]]:
        chat, length = chats.Chat.of(folder), folders.max_length(folder)
        pairs = (chat.learnt(chats.pair(str(row["prompt"]), str(row["response"]))) for row in rows)
        found = [chats.cut(ids, labels, length) for ids, labels in pairs]
        return [{"input_ids": ids, "labels": labels} for ids, labels in found]

    def answers(
        self, folder: Path, rows: Sequence[Row], examples: Sequence[Row], outputs: Outputs
    ) -> list[dict[str, Any]]:
        tokenizer = load_tokenizer(folder)
        texts = [tokenizer.decode(made, skip_special_tokens=True).strip() for made in outputs]
        return [
            {"kind": "generation", "prompt": row["prompt"], "output": text}
            for row, text in zip(rows, texts, strict=True)
        ]


PLUGIN = InstructionTuning()


def _prompts(chat: chats.Chat, prompts: Sequence[str], folder: Path, new_tokens: int) -> list[dict[str, Any]]:
    ids = [chat.prompt(chats.asked(prompt)) for prompt in prompts]
    return [{"input_ids": language.cut_prompt(row, folder, new_tokens)} for row in ids]


def _keep_template(folder: Path, template: str) -> None:
    """The template belongs to the model now: whoever loads the tokenizer gets it."""
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8", newline="\n")
    path = folder / "tokenizer_config.json"
    config = read_json(path)
    if config.pop("chat_template", None) is not None:  # where older versions of transformers keep it
        write_json(path, config)


class _Rows:
    """The rows of each split: a conversation each, or several in a block."""

    def __init__(self, writer: language.RowWriter, chat: chats.Chat, length: int) -> None:
        self.writer, self.chat, self.length = writer, chat, length
        self.labelled, self.packing = writer.job.labelled, writer.job.config.packing

    def split(self, split: str) -> Any:
        weighted = row_weights(self.labelled, split) is not None
        names = ("input_ids", "labels", "length", "full_length", "source", "row", *(("weight",) if weighted else ()))
        packed = split == "train" and self.packing
        rows = self._packed(split) if packed else self._single(split)
        return self.writer.split(split, rows, names, str(packed))

    def _single(self, split: str) -> Iterator[dict[str, Any]]:
        rows, weights = self.labelled.splits[split], row_weights(self.labelled, split)
        for source, messages in enumerate(chats.reader(self.labelled)(split)):
            whole, known = self.chat.learnt(messages)
            ids, labels = chats.cut(whole, known, self.length)
            yield {"input_ids": ids, "labels": labels, "length": len(ids), "full_length": len(whole),
                   "source": source, "row": int(rows.indices[source]) + 1,
                   "weight": 1.0 if weights is None else float(weights[source])}  # fmt: skip
            self.writer.meter.advance()

    def _packed(self, split: str) -> Iterator[dict[str, Any]]:
        """As many whole rows in a block as it has room for; its weight is the mean of theirs."""
        block: list[dict[str, Any]] = []
        for row in self._single(split):
            if block and sum(part["length"] for part in block) + row["length"] > self.length:
                yield _joined(block)
                block = []
            block.append(row)
        if block:
            yield _joined(block)


def _joined(block: Sequence[dict[str, Any]]) -> dict[str, Any]:
    lists = {name: [token for row in block for token in row[name]] for name in ("input_ids", "labels")}
    length = len(lists["input_ids"])
    full = max(row["full_length"] for row in block) if len(block) == 1 else length
    weight = sum(row["weight"] for row in block) / len(block)
    return {**block[0], **lists, "length": length, "full_length": full, "weight": weight}
