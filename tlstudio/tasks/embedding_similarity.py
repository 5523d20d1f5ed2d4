"""Sentence embeddings: one vector a text, so that the cosine of two says how much they have in common.

Reimers & Gurevych, 2019, "Sentence-BERT": a backbone, pooling, normalisation. What is learnt from follows from the
columns: pairs that belong together, pairs with a label or a score, or triplets; see :mod:`tlstudio.tasks.pair_losses`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.core.files import read_json, write_json
from tlstudio.data.labelled import Labelled
from tlstudio.metrics import ranking
from tlstudio.models import folders, sentences
from tlstudio.models.checks import modality
from tlstudio.models.heads import Head, pooled, read_settings
from tlstudio.models.tokenizers import load_tokenizer, tokenise
from tlstudio.tasks import judged, pair_losses, sides, texts
from tlstudio.tasks.base import Batch, Encoded, EncodeJob, Outputs, Row, TaskBase, Tested, TestJob

if TYPE_CHECKING:
    import numpy as np
    import torch

_NOT = re.compile(r"(?i)(?:no|not|non|un|dis|in|0|false|different|other|neg)(?:[\W_]|$)|(?:dis|un)similar|unrelated")


class Options(texts.TextOptions):
    """Choices of the task."""

    pooling: Literal["auto", "mean", "first", "last"] = Field(
        "auto",
        title="Pooling",
        description="How the tokens of a text become one vector; auto does what the backbone's own files say, else "
        "takes the mean.",
    )
    loss: Literal["auto", "in-batch", "triplet", "contrastive", "online-contrastive", "cosent", "cosine"] = Field(
        "auto",
        title="Loss",
        description="Auto follows the columns: a third text or none in-batch negatives, a number CoSENT, a label "
        "contrastive.",
    )
    temperature: float = Field(
        0.05,
        gt=0,
        le=1,
        title="Temperature",
        description="Of in-batch negatives and CoSENT: the smaller, the more the hardest comparisons count.",
        json_schema_extra={"only": {"loss": ["auto", "in-batch", "cosent"]}},
    )
    margin: float = Field(
        0.5,
        gt=0,
        le=2,
        title="Margin",
        description="Of the contrastive and triplet losses: the cosine distance that is far enough.",
        json_schema_extra={"only": {"loss": ["auto", "triplet", "contrastive", "online-contrastive"]}},
    )
    prefix: str = Field(
        "auto",
        max_length=200,
        title="Prefix of first texts",
        description="Written before each first text, such as 'query: ' of E5; auto takes what the backbone's own files "
        "state for queries, if anything. The exported model keeps it.",
    )
    prefix_b: str = Field(
        "auto",
        max_length=200,
        title="Prefix of the others",
        description="Written before second and third texts, such as 'passage: ' of E5; auto takes what the backbone's "
        "own files state for documents, if anything.",
    )
    same: str = Field(
        "",
        title="Label of pairs that belong together",
        description="Of labelled pairs; empty finds it where one of two labels says no, such as 0, false or different.",
        json_schema_extra={"only": {"loss": ["auto", "contrastive", "online-contrastive"]}},
    )


class EmbeddingSimilarity(TaskBase):
    """A vector a text, learnt from pairs or triplets."""

    NAME = "sentence-embedding"
    TITLE = "Sentence embeddings"
    SUMMARY = "Texts become vectors that are close where the meaning is: for search, matching and clustering. Learns "\
        "from pairs that belong together, or that have a score."  # fmt: skip
    ROLES = texts.PAIR
    ASKS = texts.PAIR
    OPTIONAL = texts.PAIR[1:]  # of one text the vector is told, of two how similar they are
    UNIT = "pairs"
    HUB_TAG = "sentence-similarity"
    METRIC = "recall_at_1"
    QUICK = ("loss", *dict.fromkeys(name for kind in judged.KINDS.values() for name in kind.quick))
    UNTRAINED = True
    Config = Options
    HEAD = Head(auto="AutoModel", outputs=("last_hidden_state",), kind="vectors", pool="mean")
    SCRIPTS = {"onnx": "export/embed_onnx.py", "transformers": "export/embed_transformers.py",
               "sentence-transformers": "export/embed_sentence_transformers.py"}  # fmt: skip

    def fits(self, config: Mapping[str, Any]) -> StudioError | None:
        if config.get("is_encoder_decoder") or modality(dict(config)) != "text":
            return StudioError(
                "task.no-text-encoder", "A backbone of the type '{kind}' cannot learn the task {task}: it is no "
                "single network that reads texts.",
                "Choose an encoder such as MiniLM, E5, BERT or RoBERTa in the Model step.",
                where="model.name", kind=str(config.get("model_type") or ""), task=self.TITLE,
            )  # fmt: skip
        return super().fits(config)

    def encode(self, job: EncodeJob) -> Encoded:
        name = kind_of(job.config, job.labelled)
        length = texts.settled_length(job.config.max_length, job.backbone)
        roles = (*texts.PAIR, *(("negative",) if name == "triplets" else ()))
        targets = {"scores": texts.numbers, "labels": _Sameness(job.config.same)}.get(name, sides.unlabelled)
        prefixes = _prefixes(job)
        encoded = sides.encode(job, targets, length, roles, prefixes)
        read = ", ".join([*texts.PAIR, *judged.KINDS[name].roles])
        log(job.emit, "task.pairs", "The loss is {loss}, for rows with the roles: {roles}.",
            loss=_loss(job.config, name), roles=read)  # fmt: skip
        scores = _range(encoded) if name == "scores" else [0.0, 1.0]
        facts = {"pairs": name, "scores": scores, "prefixes": list(prefixes)}
        return replace(encoded, facts=facts, head={"pool": _pooling(job)})

    def collator(self, config: Any, encoded: Encoded) -> Callable[[Sequence[Row]], Batch]:
        low, high = encoded.facts["scores"]
        return lambda rows: sides.stacked(rows, encoded, low, high - low)

    def loss(self, config: Options, encoded: Encoded) -> Callable[..., torch.Tensor]:
        import torch

        assert isinstance(encoded, sides.SideEncoded)
        chosen = pair_losses.LOSSES[_loss(config, encoded.facts["pairs"])]
        pool, count = encoded.head["pool"], encoded.sides

        def of_vectors(outputs: Any, labels: dict[str, torch.Tensor], row_weights: Any = None) -> torch.Tensor:
            hidden = outputs.last_hidden_state
            with torch.autocast(hidden.device.type, enabled=False):  # similarities need more digits than bf16 has
                vectors = pooled(hidden.float(), labels["mask"], pool)
                return chosen([vectors[side::count] for side in range(count)], labels, row_weights, config)

        return of_vectors

    def curves(self, encoded: Encoded) -> tuple[str, ...]:
        return ("loss", *judged.KINDS[encoded.facts["pairs"]].quick)

    def measure(self, config: Any, encoded: Encoded, split: str, outputs: Outputs, loss: float) -> dict[str, float]:
        found = judged.Judged(encoded, split, judged.vectors_of(encoded, outputs)).quick()
        return {"loss": loss, **{name: value for name, value in found.items() if name in self.QUICK}}

    def tune(self, config: Any, encoded: Encoded, outputs_of: Callable[[str], Outputs]) -> dict[str, Any]:
        """The similarity from which on validation pairs count as belonging together, where pairs have labels."""
        if encoded.facts["pairs"] != "labels" or not len(encoded.splits.get("validation", ())):
            return {}
        found = judged.Judged(encoded, "validation", judged.vectors_of(encoded, outputs_of("validation")))
        return {"threshold": ranking.best_threshold(found.similarities(), found.targets)}

    def test(self, job: TestJob) -> Tested:
        vectors, limit = judged.vectors_of(job.encoded, job.outputs), job.encoded.facts.get("threshold")
        found = judged.Judged(job.encoded, job.split, vectors, limit)
        result = {**found.whole(**job.options), "headline": judged.KINDS[found.kind].headline}
        shown, columns = judged.Shown(job, found).all()
        return Tested({**result, **shown}, columns)

    def baselines(self, job: TestJob) -> list[dict[str, Any]]:
        assert isinstance(job.encoded, sides.SideEncoded)
        roles = (*texts.PAIR, "negative")[: job.encoded.sides]
        known = job.labelled.splits["train"]
        train = [text for role in roles for text in known.texts(job.labelled.roles.one(role))]
        vectors = judged.letters(train, [job.texts(role) for role in roles], job.control.check)
        found = judged.Judged(job.encoded, job.split, vectors).whole(**job.options)
        return [{"name": "tf-idf", "title": "TF-IDF of letters", "metrics": found["metrics"]}]

    # --- the model in use

    def save_processor(self, backbone: Path, folder: Path) -> None:
        super().save_processor(backbone, folder)
        path = folder / "tokenizer_config.json"
        # models of ours read texts padded on the right; others who load the folder must do so as well
        write_json(path, {**read_json(path), "padding_side": "right"})
        settings = read_settings(folder)
        sentences.write(folder, Head.of(settings).pool, folders.max_length(folder), settings["prefixes"])

    def examples(self, folder: Path, rows: Sequence[Row]) -> list[dict[str, Any]]:
        before = dict(zip(texts.PAIR, read_settings(folder).get("prefixes") or ("", ""), strict=True))
        asked = [(source, before[role] + str(row[role])) for source, row in enumerate(rows) for role in _given(row)]
        tokenizer = load_tokenizer(folder)
        ids = tokenise(tokenizer, [text for _source, text in asked], folders.max_length(folder))[0]
        empty = [tokenizer.pad_token_id or 0]  # of an empty text, where there are no special tokens
        return [{"input_ids": each or empty, "source": source} for each, (source, _) in zip(ids, asked, strict=True)]

    def answers(
        self, folder: Path, rows: Sequence[Row], examples: Sequence[Row], outputs: Outputs
    ) -> list[dict[str, Any]]:
        vectors: list[list[Any]] = [[] for _row in rows]
        for example, output in zip(examples, outputs, strict=True):
            vectors[example["source"]].append(output)
        limit = read_settings(folder).get("threshold")
        return [_answer(row, found, limit) for row, found in zip(rows, vectors, strict=True)]


PLUGIN = EmbeddingSimilarity()


def kind_of(config: Options, labelled: Labelled) -> str:
    """What a row is, from the columns that have a role and from the wished loss.

    Raises:
        StudioError: the loss needs a column that the data does not have.
    """
    fitting = [name for name, kind in judged.KINDS.items() if config.loss in ("auto", *kind.losses)]
    given = [name for name in fitting if {*judged.KINDS[name].roles} <= labelled.roles.columns.keys()]
    if given:
        return given[0]
    raise StudioError(
        "task.loss-needs-role", "The loss '{loss}' needs a column for: {role}.",
        "Give a column this role in the Data step, under Columns; or set task.loss to auto.",
        where="task.loss", loss=config.loss, role=judged.KINDS[fitting[0]].roles[0],
    )  # fmt: skip


def _loss(config: Options, kind: str) -> str:
    return judged.KINDS[kind].losses[0] if config.loss == "auto" else config.loss


class _Sameness:
    """1 for pairs that belong together, 0 for the others."""

    def __init__(self, wish: str) -> None:
        self.wish = wish

    def __call__(self, labelled: Labelled, split: str) -> texts.Targets:
        import pyarrow as pa

        same = labelled.labels.index(same_label(labelled.labels, self.wish))
        values = [int(number == same) for number in labelled.class_numbers(split)]
        return texts.Targets(values, pa.int64(), bytes(values))


def same_label(labels: Sequence[str], wish: str) -> str:
    """The label of pairs that belong together.

    Raises:
        StudioError: it is not one of the labels, or cannot be told.
    """
    if wish in labels:
        return wish
    others = [label for label in labels if _NOT.match(label.strip())]
    if not wish and len(labels) == 2 and len(others) == 1:
        return next(label for label in labels if label not in others)
    raise StudioError(
        "task.no-same-label", "It is not clear which label stands for pairs that belong together; there are: {labels}.",
        "Name it in task.same; or give the column the role Ignored, if it says something else.",
        where="task.same", labels=", ".join(labels[:10]),
    )  # fmt: skip


def _range(encoded: Encoded) -> list[float]:
    """The least and the highest score of the training rows."""
    values = encoded.targets("train") if "train" in encoded.splits else []
    low, high = min(values, default=0.0), max(values, default=1.0)
    return [float(low), float(high if high > low else low + 1)]


def _pooling(job: EncodeJob) -> str:
    if job.known is not None:
        return str(job.known.head["pool"])
    if left := sentences.left_out(job.backbone):
        log(job.emit, "task.modules-left-out", "Parts of the backbone that come after the pooling are left out: "
            "{modules}.", "warning", modules=", ".join(left))  # fmt: skip
    if job.config.pooling != "auto":
        return str(job.config.pooling)
    return sentences.pooling_of(job.backbone) or "mean"


def _prefixes(job: EncodeJob) -> sides.Prefixes:
    """What is written before first texts, and before the others."""
    if job.known is not None:
        first, other = job.known.facts["prefixes"]
        return first, other
    stated, config = sentences.prompts_of(job.backbone), job.config
    return (stated[0] if config.prefix == "auto" else config.prefix,
            stated[1] if config.prefix_b == "auto" else config.prefix_b)  # fmt: skip


def _given(row: Row) -> list[str]:
    """The roles of the texts that a new row has."""
    return [role for role in texts.PAIR if role == "text" or str(row.get(role) or "").strip()]


def _answer(row: Row, vectors: Sequence[np.ndarray], limit: float | None) -> dict[str, Any]:
    """``limit``: from which similarity on two texts belong together, where that was learnt."""
    echo = {role: row[role] for role in _given(row)}
    if len(vectors) == 1:
        return {"kind": "embedding", **echo, "embedding": vectors[0].tolist()}
    similarity = float(ranking.cosine(vectors[:1], vectors[1:])[0])
    verdict = {} if limit is None else {"same": similarity >= limit, "threshold": limit}
    return {"kind": "similarity", **echo, "similarity": similarity, **verdict}
