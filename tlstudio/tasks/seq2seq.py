"""Texts written anew by an encoder and a decoder: what translation and summarisation have in common.

Sutskever, Vinyals & Le, 2014, "Sequence to sequence learning with neural networks"; Raffel et al., 2020, "Exploring the
limits of transfer learning" (T5) for the prefix that names the task. The loss is the cross-entropy of each target token
after those before it; a test lets the model write by beam search.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit, log
from tlstudio.core.files import read_json
from tlstudio.metrics import generation
from tlstudio.models import folders
from tlstudio.models.batches import IGNORED, STEP, collate, tensors
from tlstudio.models.checks import modality
from tlstudio.models.heads import Head, read_settings
from tlstudio.models.tokenizers import load_tokenizer, padding_id, tokenise
from tlstudio.tasks import decoders, language
from tlstudio.tasks.base import Batch, Encoded, EncodeJob, Outputs, Row, TaskBase, Tested, TestJob, row_weights_of
from tlstudio.tasks.building import build_model, tell_fresh_head
from tlstudio.tasks.texts import row_weights, settled_length, tell_truncated, truncation

if TYPE_CHECKING:
    import numpy as np
    import torch

_BATCH = 500
_SPEECH = ("granite_speech", "granite_speech_plus", "vibevoice_asr")  # they write what was said
_SAMPLES = 50
_SHOWN = 2000  # characters of a text in a sample


class WritingOptions(BaseModel):
    """Choices of every task that writes texts from texts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_source_length: Literal["auto"] | Annotated[int, Field(ge=8, le=16384)] = Field(
        "auto",
        title="Longest source",
        description="Tokens that are read of each text; auto takes 128 for translations and 512 for summaries, or "
        "less if the model allows less.",
        json_schema_extra={"unit": "tokens"},
    )
    max_target_length: Literal["auto"] | Annotated[int, Field(ge=4, le=4096)] = Field(
        "auto",
        title="Longest target",
        description="Tokens that are written at most, and learnt of each target; auto takes 128, or less if the model "
        "allows less.",
        json_schema_extra={"unit": "tokens"},
    )
    prefix: str = Field(
        "auto",
        title="Prefix",
        description="Written before each source; auto takes what the model states for the task, such as 'summarize: ' "
        "of T5, if anything.",
    )
    beams: int = Field(
        4, ge=1, le=16, title="Beams", description="Beginnings that are followed at once; 1 takes the likeliest token."
    )
    length_penalty: float = Field(
        1.0,
        ge=-5,
        le=5,
        title="Length penalty",
        description="With several beams: above 1 favours longer texts, below 1 shorter ones.",
        json_schema_extra={"only": {"beams": {"above": 1}}},
    )
    no_repeat_ngram: int = Field(
        0, ge=0, le=10, title="No repeated groups of", description="Tokens that never come twice in a row; 0 allows it."
    )
    label_smoothing: float = Field(
        0.0,
        ge=0,
        le=0.5,
        title="Label smoothing",
        description="Share of the target that is spread over all tokens (Szegedy et al., 2016).",
    )


class WritingTask(TaskBase):
    """An encoder reads the source, a decoder writes the target."""

    ROLES = ("source_text", "target_text")
    ASKS = ("source_text",)
    QUICK = ("loss",)
    GATHERS = False
    UNTRAINED = True
    HEAD = Head(auto="AutoModelForSeq2SeqLM", kind="text", onnx=False, generate={"do_sample": False})
    SCRIPTS = {"transformers": "export/rewrite_transformers.py"}
    AUTO_SOURCE = 512

    def prefix(self, config: Any, model: Mapping[str, Any], languages: tuple[str, str]) -> str:
        """What the model's ``config.json`` says should stand before a source."""
        return ""

    def languages(self, config: Any) -> tuple[str, str]:
        """Codes of the source and target language, for tokenizers that want them."""
        return "", ""

    # --- before training

    def fits(self, config: Mapping[str, Any]) -> StudioError | None:
        kind = str(config.get("model_type") or "")
        audio = modality(dict(config)) in ("audio", "image-text") or "audio_config" in config or kind in _SPEECH
        if self.HEAD.knows(kind) and not audio:
            return None
        return StudioError(
            "task.no-writer", "A backbone of the type '{kind}' cannot learn the task {task}: it has no encoder that "
            "reads a text with a decoder that writes another.",
            "Choose a model with both, such as T5, mT5, BART, mBART, Pegasus or Marian, in the Model step.",
            where="model.name", kind=kind, task=self.TITLE,
        )  # fmt: skip

    def head(self, config: WritingOptions) -> Head:
        several = config.beams > 1
        return replace(self.HEAD, generate={
            **self.HEAD.generate,
            "num_beams": config.beams,
            "early_stopping": several,
            "length_penalty": config.length_penalty if several else 1.0,
            "no_repeat_ngram_size": config.no_repeat_ngram,
            "min_length": 0,  # some models state one that suits only their own data
        })  # fmt: skip

    def encode(self, job: EncodeJob) -> Encoded:
        config, stated = job.config, read_json(job.backbone / "config.json")
        length = settled_length(config.max_source_length, job.backbone, self.AUTO_SOURCE, "task.max_source_length")
        target = settled_length(config.max_target_length, job.backbone, where="task.max_target_length")
        languages = self.languages(config)
        first = decoders.beginning(load_tokenizer(job.backbone), *languages)
        decoders.require_start(job.backbone, first)
        if job.known is None:
            tell_fresh_head(job.emit, self, job.backbone)
        prefix = self.prefix(config, stated, languages) if config.prefix == "auto" else config.prefix
        facts = {"prefix": prefix, "languages": list(languages)}
        splits, key = _Pairs(job, prefix, languages, length, target).splits()
        truncated = truncation(splits, length)
        tell_truncated(job.emit, truncated)
        _tell_targets(job.emit, splits, target)
        writing = {**self.head(config).generate, "max_new_tokens": target, **first}
        pad_id = padding_id(job.backbone)
        return Encoded(splits, [], max_length=length, pad_id=pad_id, truncated=truncated, key=key, facts=facts,
                       backbone=job.backbone, head={"generate": writing})  # fmt: skip

    def build(self, backbone: Path, encoded: Encoded, **overrides: Any) -> torch.nn.Module:
        model: Any = build_model(self.HEAD, backbone, overrides)
        model.config.use_cache = False  # of keys and values: it only helps to write, which has its own setting
        decoders.prepare_writing(model, encoded.head["generate"])
        return model

    def collator(self, config: WritingOptions, encoded: Encoded) -> Callable[[Sequence[Row]], Batch]:
        assert encoded.backbone is not None  # encode() sets it
        shift = decoders.shifter(encoded.backbone)

        def padded(rows: Sequence[Row]) -> Batch:
            batch = tensors(collate(rows, ["input_ids"], encoded.pad_id, encoded.max_length, STEP))
            batch |= tensors(collate(rows, ["labels"], step=STEP))
            return {**batch, "decoder_input_ids": shift(batch["labels"]), **row_weights_of(rows)}

        return padded

    def loss(self, config: WritingOptions, encoded: Encoded) -> Callable[..., torch.Tensor]:
        import torch

        def of_tokens(outputs: Any, labels: torch.Tensor, row_weights: Any = None) -> torch.Tensor:
            counted = labels.ne(IGNORED)
            scores = outputs.logits[counted].float()  # only those that count: all would need much memory
            each = torch.nn.functional.cross_entropy(
                scores, labels[counted], reduction="none", label_smoothing=config.label_smoothing
            )
            if row_weights is not None:
                each = each * row_weights[counted.nonzero()[:, 0]]
            return each.sum() / max(len(each), 1)

        return of_tokens

    def measure(self, config: Any, encoded: Encoded, split: str, outputs: Outputs, loss: float) -> dict[str, float]:
        return {"loss": loss}

    def watch(self, config: Any, encoded: Encoded, model: torch.nn.Module, emit: Emit, control: Control) -> None:
        assert encoded.backbone is not None  # encode() sets it
        tokenizer, ids = load_tokenizer(encoded.backbone), list(encoded.splits["validation"][0]["input_ids"])
        quick = {**encoded.head["generate"], "num_beams": 1, "early_stopping": False, "length_penalty": 1.0}
        made = language.write_one(model, ids, quick, control)
        source, output = (tokenizer.decode(part, skip_special_tokens=True) for part in (ids, made))
        language.tell_sample(emit, source.removeprefix(encoded.facts["prefix"].strip()), output)

    # --- after training

    def finish(self, model: Any, encoded: Encoded) -> torch.nn.Module:
        assert encoded.backbone is not None  # encode() sets it
        model.config.use_cache = bool(read_json(encoded.backbone / "config.json").get("use_cache", True))
        return model

    def test(self, job: TestJob) -> Tested:
        outputs, references, sources = self.written(job), job.texts("target_text"), job.texts("source_text")
        scores = generation.rouge(outputs, references, job.control.check)
        result = generation.evaluate(outputs, references, rouge_scores=scores, **job.options)
        score, rows = scores[:, 2].tolist(), job.row_numbers()
        items = [
            {"row": rows[at], "source": sources[at][:_SHOWN], "reference": references[at][:_SHOWN],
             "output": outputs[at][:_SHOWN], "score": score[at]}
            for at in sorted(language.spread(len(rows), _SAMPLES), key=lambda at: score[at])
        ]  # fmt: skip
        columns = {"label": references, "predicted": outputs, "score": score}
        return Tested({**result, "samples": {"kind": "generations", "items": items}}, columns)

    def written(self, job: TestJob) -> list[str]:
        """The model's answers as texts."""
        assert job.encoded.backbone is not None  # encode() sets it
        return _decoded(load_tokenizer(job.encoded.backbone), job.outputs)

    def baselines(self, job: TestJob) -> list[dict[str, Any]]:
        return [generation.baseline(job.texts("source_text"), job.texts("target_text"), **job.options)]

    # --- new rows

    def examples(self, folder: Path, rows: Sequence[Row]) -> list[dict[str, Any]]:
        settings = read_settings(folder)
        tokenizer = decoders.speaking(load_tokenizer(folder), *settings["languages"])
        sources = [settings["prefix"] + str(row["source_text"]) for row in rows]
        empty = [tokenizer.pad_token_id or 0]  # of an empty text, where there are no special tokens
        return [{"input_ids": ids or empty} for ids in tokenise(tokenizer, sources, folders.max_length(folder))[0]]

    def answers(
        self, folder: Path, rows: Sequence[Row], examples: Sequence[Row], outputs: Outputs
    ) -> list[dict[str, Any]]:
        texts = _decoded(load_tokenizer(folder), outputs)
        return [{"kind": "generation", "source_text": row["source_text"], "output": text}
                for row, text in zip(rows, texts, strict=True)]  # fmt: skip


def _decoded(tokenizer: Any, outputs: Outputs) -> list[str]:
    return [tokenizer.decode(ids, skip_special_tokens=True).strip() for ids in outputs]


def _tell_targets(emit: Emit, splits: Mapping[str, Any], length: int) -> None:
    import numpy as np

    full = np.concatenate([np.asarray(rows["target_length"], dtype=np.int64) for rows in splits.values()])
    if count := int((full > length).sum()):
        log(emit, "task.targets-cut", "{texts} targets ({percent} %) are longer than {max_length} tokens: the model "
            "learns only their beginning.", "warning", texts=count, percent=round(100 * count / len(full), 1),
            max_length=length)  # fmt: skip


class _Pairs:
    """The rows of each split: token ids of the source, and those of the target as labels."""

    def __init__(self, job: EncodeJob, prefix: str, languages: tuple[str, str], length: int, target: int) -> None:
        stamp = f"seq2seq|{prefix}|{languages}|{length}|{target}"
        self.writer = language.RowWriter(job, stamp)
        self.job, self.prefix, self.languages = job, prefix, languages
        self.length, self.target, self.tokenizer = length, target, self.writer.tokenizer

    def splits(self) -> tuple[dict[str, Any], str]:
        names = ("input_ids", "labels", "length", "full_length", "target_length", "row")
        found = {}
        for split in self.job.labelled.splits:
            weights = row_weights(self.job.labelled, split)
            columns = names if weights is None else (*names, "weight")
            found[split] = self.writer.split(split, self._rows(split, weights), columns)
        return found, self.writer.key

    def _rows(self, split: str, weights: np.ndarray | None) -> Iterator[dict[str, Any]]:
        rows, roles = self.job.labelled.splits[split], self.job.labelled.roles
        first = 0
        for batch in rows.batches([roles.one(role) for role in WritingTask.ROLES]):
            for start in range(0, batch.num_rows, _BATCH):
                sources, targets = (column.to_pylist() for column in batch.slice(start, _BATCH).columns)
                for at, row in enumerate(self._encoded(sources, targets), first):
                    weight = {} if weights is None else {"weight": float(weights[at])}
                    yield {**row, "row": int(rows.indices[at]) + 1, **weight}
                first += len(sources)
                self.writer.meter.advance(len(sources))

    def _encoded(self, sources: list[str], targets: list[str]) -> Iterator[dict[str, Any]]:
        tokenizer = decoders.speaking(self.tokenizer, *self.languages)
        ids, full = tokenise(tokenizer, [self.prefix + text for text in sources], self.length)
        labels, lengths = decoders.targets(tokenizer, targets, self.target)
        for source, whole, target, wanted in zip(ids, full, labels, lengths, strict=True):
            yield {"input_ids": source, "labels": target, "length": len(source), "full_length": whole,
                   "target_length": wanted}  # fmt: skip
