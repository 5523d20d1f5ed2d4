"""Linear probe: the backbone is frozen and runs once; only the head is trained, on cached features.

Source: Alain & Bengio, 2016, "Understanding intermediate layers using linear classifier probes"; as a transfer
baseline, Kornblith et al., 2019, "Do better ImageNet models transfer better?".

The features are what the network's own head reads. Classifiers of texts read one vector, which a stub gives to the
head in place of the backbone while it trains, so that the head's own code in transformers runs unchanged; mean pooling
is done by a block of the network itself, see :mod:`tlstudio.models.pooling`. Of other heads the inputs of their last
module are recorded, and that module alone is trained. Afterwards the result is an ordinary model either way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.models.anatomy import LayerGroup
from tlstudio.models.blocks import block_modules
from tlstudio.models.pooling import add_mean_pooling
from tlstudio.models.transfer import Transfer
from tlstudio.strategies import features
from tlstudio.strategies.base import Defaults, TransferJob
from tlstudio.strategies.plans import FROZEN, TRAINS, GroupPlan
from tlstudio.tasks.base import Batch, Row, row_weights_of

if TYPE_CHECKING:
    import torch


class Options(BaseModel):
    """Choices of the linear probe."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pooling: Literal["auto", "mean", "first", "last"] = Field(
        "auto",
        title="Pooling",
        description="What the head of a text classifier reads: the mean over all tokens, or the first or last token. "
        "Auto takes the mean where the architecture allows it, else the token that its head uses.",
    )
    layer: int = Field(
        0,
        ge=0,
        le=200,
        title="Read after block",
        description="0 reads after the last block. Lower blocks know more about the form of the inputs and less about "
        "the pretraining task; those above are left out of the model, which makes it smaller and faster.",
    )


class LinearProbe:
    """Only the head trains; the backbone runs once over the data."""

    NAME = "linear-probe"
    ONCE = True
    FAMILY = "features"
    TITLE = "Linear probe"
    SUMMARY = (
        "The backbone stays as it is and runs once; only the head is trained on its features, in seconds. "
        "Good for a first answer and for small data."
    )
    REHEARSES = False
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        if task.HEAD.probe:
            return None
        return StudioError(
            "strategy.no-probe", "The task {task} has no head that could learn alone from the features of a frozen "
            "backbone.", "Choose another strategy, such as full fine-tuning.",
            where="strategy.name", task=task.TITLE,
        )  # fmt: skip

    def defaults(self, config: Options, rows: int, width: int = 768) -> Defaults:
        return Defaults(epochs=60, batch_size=32, learning_rate=1e-2, patience=10)

    def plan(self, config: Options, groups: list[LayerGroup], epochs: float) -> list[GroupPlan]:
        return [TRAINS if group.kind == "head" else FROZEN for group in groups]

    def prepare(self, config: Options, job: TransferJob) -> Transfer:
        model: Any = read_after(config.layer, job)
        pooling = pool(model, config.pooling) if job.head.probe == "pooled" else ""
        model.eval().to(job.device)
        model.base_model.requires_grad_(False)
        if not pooling:
            return _recorded(model, job, config.layer)
        return _stubbed(model, pooling, job, config.layer)


PLUGIN = LinearProbe()


def read_after(layer: int, job: TransferJob) -> Any:
    """The model of the task with the blocks up to ``layer`` alone; all of them for 0.

    Raises:
        StudioError: the network has not so many, or cannot be cut.
    """
    if not layer:
        return job.build()
    whole = job.build()
    blocks = len(block_modules(whole))
    model: Any = job.build(num_hidden_layers=layer) if layer < blocks else whole
    if len(block_modules(model)) != layer:
        raise StudioError(
            "strategy.layer", "The network has {blocks} blocks and cannot be read after block {layer}.",
            "Set strategy.layer to a number up to {blocks}, or to 0 for the last block.", where="strategy.layer",
            blocks=blocks, layer=layer,
        )  # fmt: skip
    return model


def _stubbed(model: Any, pooling: str, job: TransferJob, layer: int = 0) -> Transfer:
    """The head's own code on the features of one token."""
    extract = partial(features.tokens, model, pooling=pooling)
    how = f"{pooling}{layer or ''}"
    rows = {split: cached(job, split, how, extract) for split in _splits(job)}
    prefix, backbone = model.base_model_prefix, model.base_model
    setattr(model, prefix, features.stub(backbone))

    def finish() -> torch.nn.Module:
        setattr(model, prefix, backbone)
        return model

    # with input_ids the head of a decoder would look for the last token in them
    name = "inputs_embeds" if pooling == "last" else "input_ids"
    return Transfer(model, rows["train"], rows.get("validation", ()), partial(collated, name=name), finish)


def _recorded(model: Any, job: TransferJob, layer: int = 0) -> Transfer:
    """The last module of the head alone, on what it read."""
    name = next(name for name in job.head.probe.split("|") if hasattr(model, name))
    module = getattr(model, name)
    extract = partial(features.recorded, model, module, job.collate)
    how = f"{job.head.probe}{layer or ''}"
    rows = {split: cached(job, split, how, extract) for split in _splits(job)}
    for weight, parameter in model.named_parameters():  # whatever lies between the backbone and the last module
        parameter.requires_grad_(weight.startswith(f"{name}."))
    factor = features.damping(module, rows["train"])

    def finish() -> torch.nn.Module:
        """The features of the whole network are as large as they were: the factor goes into the weights."""
        if (linear := features.first_linear(module)) is not None:
            linear.weight.data.mul_(factor)
        return model

    return Transfer(
        features.head_only(module, job.head, model.config, factor),
        rows["train"],
        rows.get("validation", ()),
        partial(collated, name="features", several=job.head.per_token),
        finish,
    )


def _splits(job: TransferJob) -> list[str]:
    return [split for split in ("train", "validation") if split in job.encoded.splits]


def cached(job: TransferJob, split: str, how: str, extract: Any) -> features.FeatureRows:
    """Features of all rows from the cache, or from one pass of the backbone.

    The key holds backbone, tokenizer, data and pooling, so that any change makes a new file.
    """
    encoded = job.encoded.splits[split]
    if hasattr(encoded, "unrolled"):  # training images that look different each time: the backbone sees some of these
        encoded = encoded.unrolled()
    text = f"4|{job.backbone_key}|{job.encoded.key}|{split}|{how}|{getattr(encoded, 'stamp', '')}"
    key = hashlib.sha256(text.encode()).hexdigest()[:32]
    store = features.Store(key)
    if store.complete:
        log(job.emit, "strategy.features-cached", "Features of {count} rows were found in the cache.",
            count=len(encoded))  # fmt: skip
    else:
        store.write(extract(encoded, job))
    return features.FeatureRows(store.read(), encoded)


def pool(model: Any, wish: str) -> str:
    """Prepares the model for the pooling that the user wishes; returns mean, first or last.

    Raises:
        StudioError: the architecture cannot do it.
    """
    own = "last" if hasattr(model, "score") else "first"  # decoders put their head (``score``) on the last token
    if wish in ("auto", "mean") and own == "first" and add_mean_pooling(model):
        return "mean"
    if wish not in ("auto", own):
        raise StudioError(
            "strategy.pooling",
            "Pooling '{wish}' is not possible with a model of type {kind}.",
            "Set strategy.pooling to auto.",
            where="strategy.pooling",
            wish=wish,
            kind=model.config.model_type,
        )
    return own


def collated(rows: Sequence[Row], name: str, several: bool = False) -> Batch:
    """Features [B, F], or [B, T, F] padded with zeros, beside the labels [B, …] of the rows."""
    import numpy as np
    import torch

    from tlstudio.models.batches import collate, tensors

    labels = tensors(collate(rows, ["labels"]))
    counts = [len(row["features"]) if several else 1 for row in rows]
    mask = torch.zeros(len(rows), max(counts), dtype=torch.int64)
    for at, count in enumerate(counts):
        mask[at, :count] = 1
    if several:
        width = rows[0]["features"].shape[1]
        values = np.zeros((len(rows), max(counts), width), dtype=np.float32)
        for at, row in enumerate(rows):
            values[at, : counts[at]] = row["features"]
    else:
        values = np.stack([np.asarray(row["features"], dtype=np.float32) for row in rows])
    return {name: torch.from_numpy(values), "attention_mask": mask, **labels, **row_weights_of(rows)}
