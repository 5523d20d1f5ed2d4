"""What a frozen backbone makes of rows, once: read by the heads that train on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from tlstudio.core.files import atomic_write
from tlstudio.core.paths import cache_folder
from tlstudio.core.progress import Meter
from tlstudio.models.heads import Head
from tlstudio.strategies.base import TransferJob
from tlstudio.tasks.base import Batch, Row

if TYPE_CHECKING:
    import numpy as np
    import torch

_BATCH = 32
_SAMPLE = 500  # rows that tell how large features are
_LOUD = 128.0  # the sum of the sizes of a row's features at which the usual learning rate is right


class Store:
    """Features of rows on the disk: one array for all, and where each row begins.

    The first array holds the features of all rows behind each other, [sum of lengths, F] as fp16 where a row has
    several, or [N, F] as fp32 where each has one; the second the bounds [N + 1], or nothing where each has one.
    """

    def __init__(self, key: str) -> None:
        folder = cache_folder("features")
        self._values: Path = folder / f"{key}.npy"
        self._bounds: Path = folder / f"{key}.bounds.npy"

    @property
    def complete(self) -> bool:
        return self._values.is_file()

    def write(self, rows: Sequence[np.ndarray]) -> None:
        """Keeps the features [F] or [T, F] of each row."""
        import numpy as np

        several = len(rows) > 0 and rows[0].ndim > 1 and len({len(row) for row in rows}) > 1
        if several:
            with atomic_write(self._bounds, "wb") as stream:
                np.save(stream, np.cumsum([0, *map(len, rows)]), allow_pickle=False)
            rows = [row.astype(np.float16) for row in rows]
        with atomic_write(self._values, "wb") as stream:
            np.save(stream, np.concatenate(rows) if several else np.stack(rows), allow_pickle=False)

    def read(self) -> tuple[np.ndarray, np.ndarray | None]:
        import numpy as np

        values = np.load(self._values, mmap_mode="r", allow_pickle=False)
        bounds = np.load(self._bounds, allow_pickle=False) if self._bounds.is_file() else None
        return values, bounds


class FeatureRows(Sequence[dict[str, Any]]):
    """Features beside the label, and the weight if there is one, of each row."""

    def __init__(self, stored: tuple[np.ndarray, np.ndarray | None], encoded: Any) -> None:
        self._values, self._bounds = stored
        names = [name for name in ("labels", "weight") if name in encoded.column_names]
        self._columns = {name: list(encoded[name]) for name in names}

    def __len__(self) -> int:
        return len(self._values) if self._bounds is None else len(self._bounds) - 1

    def __getitem__(self, index: Any) -> Any:
        if not 0 <= index < len(self):
            raise IndexError(index)
        if self._bounds is None:
            values = self._values[index]
        else:
            values = self._values[self._bounds[index] : self._bounds[index + 1]]
        return {"features": values, **{name: column[index] for name, column in self._columns.items()}}


def tokens(model: Any, encoded: Any, job: TransferJob, pooling: str) -> list[np.ndarray]:
    """Hidden state of the pooled token, and the pooler's output beside it where there is one: float32 [H or 2H]."""
    import torch

    backbone: Any = model.base_model

    def read(batch: Batch) -> torch.Tensor:
        output = backbone(**batch)
        mask = batch["attention_mask"]
        position = mask.sum(1) - 1 if pooling == "last" else torch.zeros(len(mask), dtype=torch.int64)
        parts = [output.last_hidden_state[torch.arange(len(mask)), position.to(output.last_hidden_state.device)]]
        if getattr(output, "pooler_output", None) is not None:
            parts.append(output.pooler_output)
        return torch.cat(parts, 1)

    return [row for _batch, answer in _passes(encoded, job.collate, read, job) for row in answer]


def recorded(
    model: Any, module: torch.nn.Module, collate: Callable[[Sequence[Row]], Batch], encoded: Any, job: TransferJob
) -> list[np.ndarray]:
    """What ``module`` reads while the model answers: float32 [F], or [T, F] without the padding."""
    heard: list[torch.Tensor] = []
    hook = module.register_forward_pre_hook(lambda _module, given: heard.append(given[0]))

    def read(batch: Batch) -> torch.Tensor:
        heard.clear()
        model(**batch)
        return heard[0]

    try:
        return read_rows(encoded, collate, read, job)
    finally:
        hook.remove()


def read_rows(
    encoded: Any, collate: Callable[[Sequence[Row]], Batch], read: Callable[[Batch], torch.Tensor], job: TransferJob
) -> list[np.ndarray]:
    """What ``read`` makes of each row: float32 [F], or [T, F] without the padding where each token is answered."""
    rows: list[np.ndarray] = []
    for batch, answer in _passes(encoded, collate, read, job):
        lengths = batch["attention_mask"].sum(1).tolist() if job.head.per_token else [None] * len(answer)
        rows += [row[:length] for row, length in zip(answer, lengths, strict=True)]
    return rows


def _passes(
    encoded: Any, collate: Callable[[Sequence[Row]], Batch], read: Callable[[Batch], torch.Tensor], job: TransferJob
) -> Iterator[tuple[Batch, np.ndarray]]:
    """Batches of neighbours in length and what is read of each, given back in the order of the rows."""
    import torch

    lengths = list(encoded["length"]) if "length" in encoded.column_names else [1] * len(encoded)
    order = sorted(range(len(encoded)), key=lambda index: -lengths[index])
    meter = Meter(job.emit, job.control, "train", len(encoded), "rows")
    found: dict[int, tuple[Batch, np.ndarray]] = {}
    with torch.inference_mode():
        for start in range(0, len(order), _BATCH):
            chosen = order[start : start + _BATCH]
            batch = collate([encoded[index] for index in chosen])
            given = {name: value.to(job.device) for name, value in batch.items() if name in job.encoded.inputs}
            answer = read(given).float().cpu().numpy()
            for at, index in enumerate(chosen):
                # only what a reader of tokens needs: the inputs of all rows would fill the memory
                one = {name: value[at : at + 1] for name, value in given.items()
                       if job.head.per_token and name == "attention_mask"}  # fmt: skip
                found[index] = (one, answer[at : at + 1])
            meter.advance(len(chosen))
    yield from (found.pop(index) for index in range(len(order)))


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


def loudness(rows: FeatureRows) -> float:
    """Sum of the sizes of a row's features, on average over the first rows."""
    import numpy as np

    sample = [np.abs(rows[index]["features"]) for index in range(min(len(rows), _SAMPLE))]
    sizes = [float(row.reshape(len(row) if row.ndim == 2 else 1, -1).sum(1).mean()) for row in sample if row.size]
    return float(np.mean(sizes)) if sizes else 0.0


def first_linear(module: torch.nn.Module) -> torch.nn.Linear | None:
    """The linear layer that reads the input of a module; None where another one does."""
    import torch

    parts = list(module) if isinstance(module, torch.nn.Sequential) else [module]
    weighted = next((part for part in parts if any(True for _weight in part.parameters())), None)
    return weighted if type(weighted) is torch.nn.Linear else None


def damping(module: torch.nn.Module, rows: FeatureRows) -> float:
    """What features are multiplied by, at most 1, while a head trains on them.

    A step of Adam moves each weight by about the learning rate, so an answer moves by the rate times the sum of the
    sizes of the features: with those of some image backbones, which are ten times as large as those of texts, the usual
    rate would leap to and fro.
    """
    if first_linear(module) is None:
        return 1.0
    return min(1.0, _LOUD / max(loudness(rows), 1e-9))


def head_only(module: torch.nn.Module, head: Head, config: Any, factor: float = 1.0) -> torch.nn.Module:
    """A model of one module, that answers features [B, …, F], times ``factor``, with the outputs of the head."""
    import torch

    class HeadOnly(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head, self.config = module, config
            self.device = next(module.parameters()).device

        def forward(self, features: torch.Tensor, **_mask: Any) -> SimpleNamespace:
            answer = self.head(features * factor)
            if len(head.outputs) == 1:
                return SimpleNamespace(**{head.outputs[0]: answer})
            return SimpleNamespace(**dict(zip(head.outputs, answer.unbind(-1), strict=True)))

    return HeadOnly()
