"""Single-label text classification: each text belongs to exactly one of two or more classes."""

from __future__ import annotations

import hashlib
import itertools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.augmentation.apply import Augmenter
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit, log
from tlstudio.core.files import atomic_folder, explain_os_errors, sha256, write_json
from tlstudio.core.paths import cache_folder
from tlstudio.core.progress import Meter
from tlstudio.data.labelled import Labelled
from tlstudio.data.tables import write_batches
from tlstudio.models import folders
from tlstudio.models.anatomy import group_name
from tlstudio.models.tokenizers import load_tokenizer, quiet_loading, tokenise
from tlstudio.tasks.base import Encoded

if TYPE_CHECKING:
    import datasets
    import numpy as np
    import torch

_BATCH = 500
_AUTO_MAX = 128  # tokens: most short texts fit, and time grows with the length


class Options(BaseModel):
    """Choices of the task."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_length: Literal["auto"] | Annotated[int, Field(ge=8, le=8192)] = Field(
        "auto",
        title="Maximum length",
        description="Tokens that are read of each text; auto takes 128, or less if the model allows less.",
        json_schema_extra={"unit": "tokens"},
    )
    class_weights: Literal["none", "balanced"] = Field(
        "none",
        title="Class weights",
        description="Balanced makes an error on a rare class cost more: n / (classes x count), as in scikit-learn.",
    )


class TextClassification:
    """One class a text; the head is the one that transformers has for the architecture."""

    NAME = "text-classification"
    TITLE = "Text classification"
    SUMMARY = "Each text belongs to one class: topics, intents, sentiment, spam."
    ROLES = ("text", "label")
    Config = Options

    def encode(
        self,
        config: Options,
        labelled: Labelled,
        backbone: Path,
        emit: Emit,
        control: Control,
        augmenter: Augmenter | None = None,
    ) -> Encoded:
        import datasets

        length = self._length(config, backbone)
        tokenizer = load_tokenizer(backbone)
        total = sum(len(rows) for rows in labelled.splits.values())
        meter = Meter(emit, control, "tokenise", total, "texts")
        tokens = sha256(backbone / "tokenizer.json")[:16] if (backbone / "tokenizer.json").is_file() else backbone.name
        splits, keys = {}, []
        for split in labelled.splits:
            key = _key(labelled, split, tokens, length)
            splits[split] = self._encode_split(labelled, split, tokenizer, length, key, meter)
            keys.append(key)
        truncated = _truncation(splits, length)
        if augmenter is not None and augmenter.key:
            keys.append(augmenter.key)
            copies = self._encode_copies(labelled, splits["train"], augmenter, tokenizer, length, keys[0])
            splits["train"] = datasets.concatenate_datasets([splits["train"], copies])
        if truncated["texts"]:
            log(emit, "task.truncated",
                "{texts} texts ({percent} %) are longer than {max_length} tokens and were cut; {tokens_lost} tokens "
                "are lost.", percent=round(100 * truncated["share"], 1), **truncated)  # fmt: skip
        key = hashlib.sha256("".join(keys).encode()).hexdigest()[:32]
        return Encoded(splits, labelled.labels, length, truncated, key)

    def _length(self, config: Options, backbone: Path) -> int:
        limit = folders.position_limit(folders.read_json(backbone / "config.json"))
        if config.max_length == "auto":
            return min(_AUTO_MAX, limit or _AUTO_MAX)
        if limit and config.max_length > limit:
            raise StudioError(
                "task.too-long", "The model reads at most {limit} tokens, not {wish}.",
                "Lower the maximum length, or choose a model for long texts.",
                where="task.max_length", limit=limit, wish=config.max_length,
            )  # fmt: skip
        return config.max_length

    def _encode_split(
        self, labelled: Labelled, split: str, tokenizer: Any, length: int, key: str, meter: Meter
    ) -> datasets.Dataset:
        import datasets

        path = cache_folder("tokens") / f"{key}.arrow"
        if path.is_file():
            meter.advance(len(labelled.splits[split]))
            return datasets.Dataset.from_file(str(path))
        texts = labelled.splits[split].dataset(labelled.roles)
        numbers, weights = labelled.class_numbers(split), row_weights(labelled, split)

        def encode(batch: dict[str, list[Any]], indices: list[int]) -> dict[str, list[Any]]:
            ids, full = tokenise(tokenizer, batch["text"], length)
            meter.advance(len(ids))
            return {
                "input_ids": ids,
                "length": [len(row) for row in ids],
                "full_length": full,
                "labels": [numbers[index] for index in indices],
                "row": [int(labelled.splits[split].indices[index]) + 1 for index in indices],
                **({} if weights is None else {"weight": [float(weights[index]) for index in indices]}),
            }

        return _mapped(texts, encode, path, key)

    def _encode_copies(
        self, labelled: Labelled, train: datasets.Dataset, augmenter: Augmenter, tokenizer: Any, length: int, key: str
    ) -> datasets.Dataset:
        """Tokenised changed copies of the training texts, with the columns of ``train``."""
        import datasets
        import pyarrow as pa

        key = hashlib.sha256(f"{key}|{augmenter.key}".encode()).hexdigest()[:32]
        path = cache_folder("tokens") / f"{key}.arrow"
        rows, schema = labelled.splits["train"], train.data.schema
        numbers, weights = labelled.class_numbers("train"), row_weights(labelled, "train")

        def batches() -> Iterator[pa.RecordBatch]:
            copies = augmenter.copies(rows.texts(labelled.roles.one("text")))
            while batch := list(itertools.islice(copies, _BATCH)):
                ids, full = tokenise(tokenizer, [copy.text for copy in batch], length)
                columns = {
                    "input_ids": ids,
                    "length": [len(row) for row in ids],
                    "full_length": full,
                    "labels": [numbers[copy.source] for copy in batch],
                    "row": [int(rows.indices[copy.source]) + 1 for copy in batch],
                    "weight": [] if weights is None else [float(weights[copy.source]) for copy in batch],
                }
                yield pa.RecordBatch.from_pydict({name: columns[name] for name in schema.names}, schema)

        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            if not write_batches(path, batches())[1]:
                write_batches(path, [pa.RecordBatch.from_pylist([], schema)])
        return datasets.Dataset.from_file(str(path))

    def encode_texts(self, folder: Path, texts: list[str]) -> list[list[int]]:
        return tokenise(load_tokenizer(folder), texts, folders.max_length(folder))[0]

    def build(self, backbone: Path, labels: list[str], **overrides: Any) -> torch.nn.Module:
        import torch
        from transformers import AutoModelForSequenceClassification

        names = {"id2label": dict(enumerate(labels)), "label2id": {name: index for index, name in enumerate(labels)}}
        try:
            with quiet_loading():
                model, found = AutoModelForSequenceClassification.from_pretrained(
                    backbone,
                    local_files_only=True,
                    use_safetensors=True,
                    trust_remote_code=False,
                    dtype=torch.float32,
                    num_labels=len(labels),
                    problem_type="single_label_classification",
                    ignore_mismatched_sizes=True,  # a head trained for other classes is replaced
                    output_loading_info=True,
                    **names,
                    **overrides,
                )
        except (ValueError, TypeError, KeyError, AttributeError, ImportError) as error:
            raise _unloadable(backbone, str(error) or type(error).__name__) from error
        _require_backbone(model, found, backbone)
        if model.config.pad_token_id is None:  # decoders such as GPT-2 have none; the head must know the padding
            model.config.pad_token_id = load_tokenizer(backbone).pad_token_id
        return model

    def loss(self, config: Options, encoded: Encoded) -> Callable[..., torch.Tensor]:
        import torch

        weights = class_weights(encoded) if config.class_weights == "balanced" else None

        def cross_entropy(outputs: Any, labels: torch.Tensor, row_weights: Any = None) -> torch.Tensor:
            weight = weights.to(outputs.logits.device) if weights is not None else None
            rows = torch.nn.functional.cross_entropy(outputs.logits.float(), labels, weight=weight, reduction="none")
            if row_weights is not None:
                rows = rows * row_weights
            # over the rows, not over the sum of weights: else a row's weight would depend on its neighbours
            return rows.sum() / len(labels)

        return cross_entropy

    def save(self, model: torch.nn.Module, encoded: Encoded, backbone: Path, folder: Path) -> None:
        with atomic_folder(folder) as part:
            model.save_pretrained(part, safe_serialization=True)  # type: ignore[operator]
            load_tokenizer(backbone).save_pretrained(part)
            write_json(part / folders.SETTINGS_FILE, {"task": self.NAME, "max_length": encoded.max_length})


PLUGIN = TextClassification()


def _require_backbone(model: Any, found: dict[str, Any], folder: Path) -> None:
    """transformers fills whatever the weights lack with random numbers; only a head (and a pooler) may be new."""
    lacking = [*found["missing_keys"], *(name for name, *_shapes in found["mismatched_keys"])]
    lacking = [name for name in lacking if group_name(name, model.base_model_prefix)[0] not in ("head", "pooler")]
    if lacking:
        raise _unloadable(folder, f"its weights lack {len(lacking)} tensors of config.json, such as {min(lacking)}")


def _unloadable(folder: Path, reason: str) -> StudioError:
    return StudioError(
        "model.cannot-load", "The model in {path} cannot be loaded: {reason}",
        "Config and weights do not belong together; download or copy the model again.",
        where="model.name", path=str(folder), reason=reason.splitlines()[0][:200],
    )  # fmt: skip


def row_weights(labelled: Labelled, split: str) -> np.ndarray | None:
    """float64 [n]: how much each training row counts, with mean 1; None without a column for it.

    Raises:
        StudioError: a weight is no number, or below zero.
    """
    if split != "train" or "weight" not in labelled.roles.columns:
        return None
    weights = labelled.splits[split].numbers(labelled.roles.one("weight"), least=0.0)
    if not weights.sum():
        raise StudioError(
            "data.no-weight", "All weights in the column '{column}' are zero.", "Choose another column.",
            where="data.roles.weight", column=labelled.roles.one("weight"),
        )  # fmt: skip
    return weights / weights.mean()


def class_weights(encoded: Encoded) -> torch.Tensor:
    """Balanced weights [C]: N / (C x count), as scikit-learn's ``compute_class_weight``."""
    import torch

    counts = torch.bincount(torch.tensor(encoded.targets("train")), minlength=len(encoded.labels)).float()
    return counts.sum() / (len(encoded.labels) * counts.clamp(min=1))


def _mapped(texts: datasets.Dataset, encode: Callable[..., Any], path: Path, key: str) -> datasets.Dataset:
    """Maps and writes to ``path``; the file appears only when it is complete, and its makings never stay."""
    import datasets

    with explain_os_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, suffix=".part") as folder:
            part = Path(folder) / path.name
            texts.map(encode, batched=True, with_indices=True, batch_size=_BATCH, remove_columns=texts.column_names,
                      cache_file_name=str(part), new_fingerprint=key, load_from_cache_file=False)  # fmt: skip
            part.replace(path)
    return datasets.Dataset.from_file(str(path))


def _key(labelled: Labelled, split: str, tokens: str, length: int) -> str:
    import numpy as np

    rows = labelled.splits[split]
    digest = hashlib.sha256(f"3|{rows.table.key}|{labelled.roles.columns}|{tokens}|{length}".encode())
    digest.update(rows.indices.tobytes())
    digest.update("\0".join(labelled.labels).encode())
    digest.update(np.asarray(labelled.class_numbers(split), dtype=np.int32).tobytes())
    return digest.hexdigest()[:32]


def _truncation(splits: dict[str, datasets.Dataset], length: int) -> dict[str, Any]:
    import numpy as np

    full = np.concatenate([np.asarray(rows["full_length"]) for rows in splits.values()])
    over = full[full > length]
    return {
        "texts": len(over),
        "share": float(len(over) / max(len(full), 1)),
        "tokens_lost": int((over - length).sum()),
        "max_length": length,
    }
