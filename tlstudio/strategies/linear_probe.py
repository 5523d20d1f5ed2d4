"""Linear probe: the backbone is frozen and runs once; only the head is trained, on cached features.

Source: Alain & Bengio, 2016, "Understanding intermediate layers using linear classifier probes"; as a transfer
baseline, Kornblith et al., 2019, "Do better ImageNet models transfer better?".

While the head trains, the backbone is replaced by a stub that returns the cached features, so that the head's own
code in transformers runs unchanged; afterwards the backbone is put back and the result is an ordinary model. Mean
pooling is done by a block of the network itself, see :mod:`tlstudio.models.pooling`.
"""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit, log
from tlstudio.core.files import atomic_write
from tlstudio.core.paths import cache_folder
from tlstudio.core.progress import Meter
from tlstudio.models.anatomy import LayerGroup
from tlstudio.models.pooling import add_mean_pooling
from tlstudio.models.scorers import pad
from tlstudio.models.transfer import Transfer
from tlstudio.strategies.base import Defaults, TransferJob, targets

if TYPE_CHECKING:
    import numpy as np
    import torch

_BATCH = 32


class Options(BaseModel):
    """Choices of the linear probe."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pooling: Literal["auto", "mean", "first", "last"] = Field(
        "auto",
        title="Pooling",
        description="What the head reads: the mean over all tokens, or the first or last token. Auto takes the mean "
        "where the architecture allows it, else the token that its head uses.",
    )


class LinearProbe:
    """Only the head trains; the backbone runs once over the data."""

    NAME = "linear-probe"
    TITLE = "Linear probe"
    SUMMARY = (
        "The backbone stays as it is and runs once; only the head is trained on its features, in seconds. "
        "Good for a first answer and for small data."
    )
    REHEARSES = False
    Config = Options

    def defaults(self, config: Options, rows: int, width: int = 768) -> Defaults:
        return Defaults(epochs=60, batch_size=32, learning_rate=1e-2, patience=10)

    def trains(self, config: Options, groups: list[LayerGroup]) -> list[bool]:
        return [group.kind == "head" for group in groups]

    def prepare(self, config: Options, job: TransferJob) -> Transfer:
        model: Any = job.build()
        pooling = pool(model, config.pooling)
        model.eval().to(job.device)
        model.base_model.requires_grad_(False)
        features = {
            split: cached_features(model, job.encoded.ids(split), pooling, job, split)
            for split in ("train", "validation")
            if split in job.encoded.splits
        }
        prefix, backbone = model.base_model_prefix, model.base_model
        setattr(model, prefix, stub(backbone))

        def finish() -> torch.nn.Module:
            setattr(model, prefix, backbone)
            return model

        return Transfer(
            model=model,
            train=_rows(features["train"], job.encoded.splits["train"]),
            validation=_rows(features["validation"], job.encoded.splits["validation"])
            if "validation" in features
            else (),
            # with input_ids the head of a decoder would look for the last token in them
            collate=partial(_collate, name="inputs_embeds" if pooling == "last" else "input_ids"),
            finish=finish,
        )


PLUGIN = LinearProbe()


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


def cached_features(
    model: torch.nn.Module, encoded: list[list[int]], pooling: str, job: TransferJob, split: str
) -> np.ndarray:
    """Features [N, F] of all texts from the cache, or from one pass of the backbone.

    The key holds backbone, tokenizer, data and pooling, so that any change makes a new file.
    """
    import numpy as np

    text = f"3|{job.backbone_key}|{job.encoded.key}|{split}|{pooling}"
    key = hashlib.sha256(text.encode()).hexdigest()[:32]
    path: Path = cache_folder("features") / f"{key}.npy"
    if path.is_file():
        log(job.emit, "strategy.features-cached", "Features of {count} texts were found in the cache.",
            count=len(encoded))  # fmt: skip
        return np.load(path, mmap_mode="r", allow_pickle=False)
    features = extract(model, encoded, pooling, job.emit, job.control)
    with atomic_write(path, "wb") as stream:
        np.save(stream, features, allow_pickle=False)
    return features


def extract(model: torch.nn.Module, encoded: list[list[int]], pooling: str, emit: Emit, control: Control) -> np.ndarray:
    """Hidden state of the pooled token, and the pooler's output beside it where there is one: float32 [N, H or 2H]."""
    import numpy as np
    import torch

    backbone: Any = model.base_model
    device = next(backbone.parameters()).device
    meter = Meter(emit, control, "train", len(encoded), "texts")
    order = sorted(range(len(encoded)), key=lambda index: -len(encoded[index]))
    rows: list[Any] = [None] * len(encoded)
    with torch.inference_mode():
        for start in range(0, len(order), _BATCH):
            chosen = order[start : start + _BATCH]
            ids, mask = pad([encoded[index] for index in chosen], backbone.config.pad_token_id or 0)
            output = backbone(
                input_ids=torch.from_numpy(ids).to(device), attention_mask=torch.from_numpy(mask).to(device)
            )
            position = torch.from_numpy(mask.sum(1) - 1 if pooling == "last" else np.zeros(len(chosen), np.int64)).to(
                device
            )
            parts = [output.last_hidden_state[torch.arange(len(chosen), device=device), position]]
            if getattr(output, "pooler_output", None) is not None:
                parts.append(output.pooler_output)
            for index, row in zip(chosen, torch.cat(parts, 1).float().cpu().numpy(), strict=True):
                rows[index] = row
            meter.advance(len(chosen))
    return np.stack(rows)


def stub(backbone: Any) -> torch.nn.Module:
    """A module that takes features [B, F] as ids or embeddings; returns what ``backbone`` returned for the texts."""
    import torch

    # this class has all the fields that a head may look at
    from transformers.modeling_outputs import BaseModelOutputWithPoolingAndCrossAttentions as Output

    hidden = backbone.config.hidden_size

    class CachedBackbone(torch.nn.Module):
        """Stands in for the backbone while the head trains; has no parameters."""

        config = backbone.config

        def forward(
            self, input_ids: Any = None, *_positional: Any, inputs_embeds: Any = None, **_ignored: Any
        ) -> Output:
            features: torch.Tensor = inputs_embeds if input_ids is None else input_ids
            pooled = features[:, hidden:] if features.shape[1] > hidden else None
            return Output(
                last_hidden_state=features[:, None, :hidden],
                pooler_output=pooled,
            )

    return CachedBackbone()


def _rows(features: np.ndarray, encoded: Any) -> list[dict[str, Any]]:
    """Features with the label, and the weight if there is one, of each row."""
    columns = {name: list(encoded[name]) for name in ("labels", "weight") if name in encoded.column_names}
    return [
        {"features": row, **{name: values[at] for name, values in columns.items()}} for at, row in enumerate(features)
    ]


def _collate(rows: list[dict[str, Any]], name: str) -> dict[str, torch.Tensor]:
    import numpy as np
    import torch

    return {
        name: torch.from_numpy(np.stack([row["features"] for row in rows])),
        "attention_mask": torch.ones(len(rows), 1, dtype=torch.int64),
        **targets(rows),
    }
