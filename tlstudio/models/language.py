"""Language models asked row by row: how likely texts are, what belongs in a gap, and what comes next.

The scores of all tokens [B, T, V] of a usual batch would take gigabytes; here they are made for a few rows at a time
and reduced at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tlstudio.models.batches import IGNORED, Example, collate, tensors
from tlstudio.models.folders import position_limit
from tlstudio.models.heads import pad_id_of

if TYPE_CHECKING:
    import torch

_SCORES = 1 << 26  # numbers at a time: 256 MB as fp32


def counted(
    logits: torch.Tensor, labels: torch.Tensor, shifted: bool
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """What counts of a batch: fp32 scores [n, V] of the n labels that count, these labels [n], and their rows [n].

    Args:
        logits: [B, T, V].
        labels: [B, T], -100 where nothing counts; the first of a row never does if ``shifted``.
        shifted: logits at a place predict the next place.
    """
    if shifted:
        logits, labels = logits[:, :-1], labels[:, 1:]
    places = labels.ne(IGNORED)
    return logits[places].float(), labels[places], places.nonzero()[:, 0]


def losses(scores: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Negative log-likelihood [n] of each target under its scores [n, V]."""
    import torch

    return torch.nn.functional.cross_entropy(scores, targets, reduction="none")


def row_losses(model: Any, batch: Sequence[Example], inputs: Sequence[str], shifted: bool) -> list[np.ndarray]:
    """For each row float32 [3]: sum of the losses of its labels, how many there are, and how many were guessed."""
    import torch

    found: list[np.ndarray] = []
    for arrays in _parts(model, batch, [*inputs, "labels"]):
        given = tensors(arrays, model.device)
        labels = given.pop("labels")
        scores, targets, rows = counted(model(**given).logits, labels, shifted)
        each = losses(scores, targets)
        table = torch.zeros(len(labels), 3, device=labels.device)
        for column, values in enumerate((each, torch.ones_like(each), scores.argmax(-1).eq(targets).float())):
            table[:, column].index_add_(0, rows, values)
        found += list(table.cpu().numpy())
    return found


def at_places(model: Any, batch: Sequence[Example], inputs: Sequence[str]) -> list[np.ndarray]:
    """For each row the scores at its ``places``: float32 [places, V]."""
    found: list[np.ndarray] = []
    done = 0
    for arrays in _parts(model, batch, inputs):
        logits = model(**tensors(arrays, model.device)).logits
        for row, answer in enumerate(logits):
            found.append(answer[list(map(int, batch[done + row]["places"]))].float().cpu().numpy())
        done += len(logits)
    return found


def written(
    model: Any, batch: Sequence[Example], inputs: Sequence[str], settings: Mapping[str, Any],
    check: Callable[[], None] | None = None,
) -> list[np.ndarray]:  # fmt: skip
    """The tokens that ``model.generate`` writes for each row, int64 [n], without those of the row itself.

    A decoder goes on from the end of a row, so its rows are padded on the left; it stops where its positions end.

    Args:
        model: with ``generate``.
        batch: rows of inputs.
        inputs: which of a row's values the model takes.
        settings: of ``generate``.
        check: called before each token; may raise Cancelled.
    """
    if model.config.is_encoder_decoder or not _looks_back(settings):
        return _written(model, batch, inputs, settings, check)
    lengths = [len(row["input_ids"]) for row in batch]
    found: dict[int, np.ndarray] = {}
    for length in dict.fromkeys(lengths):
        places = [place for place, own in enumerate(lengths) if own == length]
        found |= zip(places, _written(model, [batch[place] for place in places], inputs, settings, check), strict=True)
    return [found[place] for place in range(len(batch))]


def _looks_back(settings: Mapping[str, Any]) -> bool:
    """Whether what stands in a row changes what is written: then padding would, too, which is the end of a text in
    many vocabularies, so that padded rows would hardly end."""
    return settings.get("repetition_penalty", 1) != 1 or bool(settings.get("no_repeat_ngram_size"))


def _written(
    model: Any, batch: Sequence[Example], inputs: Sequence[str], settings: Mapping[str, Any],
    check: Callable[[], None] | None = None,
) -> list[np.ndarray]:  # fmt: skip
    """As :func:`written`, for rows that may be padded."""
    decoder = not model.config.is_encoder_decoder
    arrays = collate(batch, inputs, pad_id_of(model.config), left=decoder)
    width = next(iter(arrays.values())).shape[1] if decoder else 0
    options = dict(settings)
    if decoder and (limit := position_limit(model.config.to_dict())):
        options["max_new_tokens"] = max(1, min(options.get("max_new_tokens", limit), limit - width))
    if check is not None:
        options["stopping_criteria"] = [_Asked(check)]
    made = model.generate(**tensors(arrays, model.device), **options)
    own, first = model.generation_config, 0 if decoder else 1  # a decoder of its own begins with a token that may end
    return [_without_padding(row[width:], own.pad_token_id, own.eos_token_id, first) for row in made.cpu().numpy()]


class _Asked:
    """A stopping criterion that never stops, but lets the user cancel."""

    def __init__(self, check: Callable[[], None]) -> None:
        self._check = check

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_options: Any) -> torch.Tensor:
        import torch

        self._check()
        return torch.zeros(len(input_ids), dtype=torch.bool, device=input_ids.device)


def _without_padding(row: np.ndarray, pad_id: int | None, ends: int | list[int] | None, first: int) -> np.ndarray:
    """What a row has more than its neighbours must not depend on them; beams pad with the end where padding is 0."""
    over = np.flatnonzero(np.isin(row[first:], [] if ends is None else ends))
    row = row[: first + over[0] + 1] if len(over) else row
    kept = np.flatnonzero(row != pad_id) if pad_id is not None else np.arange(len(row))
    return row[: kept[-1] + 1 if len(kept) else 0]


def _parts(model: Any, batch: Sequence[Example], names: Sequence[str]) -> Iterator[dict[str, np.ndarray]]:
    """As many padded rows as scores for all their tokens may be in memory."""
    longest = max(len(row["input_ids"]) for row in batch)
    size = max(1, _SCORES // (longest * model.config.vocab_size))
    for start in range(0, len(batch), size):
        yield collate(batch[start : start + size], names, pad_id_of(model.config))
