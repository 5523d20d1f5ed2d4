"""What makes embeddings of texts that belong together alike, and others not. All take unit vectors.

* ``in-batch``: InfoNCE with the other rows of the batch as negatives (Henderson et al., 2017, "Efficient natural
  language response suggestion for Smart Reply", section 4.4; van den Oord et al., 2018), and the row's own negative
  where there is one; the "multiple negatives ranking loss" of sentence-transformers.
* ``triplet``: the margin of Schroff et al., 2015, "FaceNet", equation 3, with the cosine distance, which is half of
  their squared Euclidean distance.
* ``contrastive``: Hadsell, Chopra and LeCun, 2006, "Dimensionality reduction by learning an invariant mapping",
  equation 4, with the cosine distance.
* ``online-contrastive``: the same on the hard pairs of a batch alone: pairs that belong together and are farther apart
  than the nearest others, and the other way round, as in sentence-transformers.
* ``cosent``: Su, 2022, CoSENT: every pair with a higher score should have a higher cosine than one with a lower.
* ``cosine``: squared difference of cosine and score.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

Sides = Sequence["torch.Tensor"]  # unit vectors [B, D] of the first texts, the second, and where there are, the third
Loss = Callable[..., "torch.Tensor"]


def in_batch(sides: Sides, labels: dict[str, torch.Tensor], weights: Any, options: Any) -> torch.Tensor:
    """A text that belongs to the row, though it came with another one, is no negative of it.

    Args:
        sides: vectors.
        labels: ``texts`` [B, S]: equal numbers are equal texts.
        weights: of the rows [B], or None.
        options: ``temperature``.
    """
    import torch

    texts, count = labels["texts"], len(sides[0])
    documents = torch.cat(list(sides[1:]))
    scores = sides[0] @ documents.T / options.temperature
    mine, others = texts[:, 1], texts[:, 1:].T.reshape(-1)
    right = mine[:, None] == others[None]
    same_query = texts[:, :1] == texts[:, :1].T
    right[:, :count] |= same_query  # what belongs to an equal first text belongs to this one, too
    own = torch.eye(count, len(documents), dtype=torch.bool, device=scores.device)
    scores = scores.masked_fill(right & ~own, -torch.inf)
    each = torch.nn.functional.cross_entropy(scores, torch.arange(count, device=scores.device), reduction="none")
    return _mean(each, weights)


def triplet(sides: Sides, labels: dict[str, torch.Tensor], weights: Any, options: Any) -> torch.Tensor:
    """``max(0, d(first, second) - d(first, third) + margin)``."""
    near, far = (_cosine(sides[0], side) for side in sides[1:])
    return _mean((far - near + options.margin).clamp(min=0), weights)


def contrastive(sides: Sides, labels: dict[str, torch.Tensor], weights: Any, options: Any) -> torch.Tensor:
    """``d² / 2`` for pairs that belong together, ``max(0, margin - d)² / 2`` for the others."""
    return _mean(_contrasts(sides, labels, options), weights)


def online_contrastive(sides: Sides, labels: dict[str, torch.Tensor], weights: Any, options: Any) -> torch.Tensor:
    """As :func:`contrastive`, the mean over the hard pairs; 0 where a batch has none."""
    import torch

    same, distance = labels["values"] > 0.5, (1 - _cosine(sides[0], sides[1])).detach()
    if not same.any() or same.all():  # there is nothing to compare with
        hard = torch.ones_like(same)
    else:
        hard = torch.where(same, distance > distance[~same].min(), distance < distance[same].max())
    each = _contrasts(sides, labels, options) * hard
    return _mean(each, weights) * len(each) / hard.sum().clamp(min=1)


def _contrasts(sides: Sides, labels: dict[str, torch.Tensor], options: Any) -> torch.Tensor:
    import torch

    distance = 1 - _cosine(sides[0], sides[1])
    apart = (options.margin - distance).clamp(min=0)
    return torch.where(labels["values"] > 0.5, distance, apart).square() / 2


def cosent(sides: Sides, labels: dict[str, torch.Tensor], weights: Any, options: Any) -> torch.Tensor:
    """``log(1 + Σ exp((cos of the lower - cos of the higher) / temperature))``; a weight counts in each comparison."""
    import torch

    cosine, values = _cosine(sides[0], sides[1]) / options.temperature, labels["values"]
    gaps = cosine[None] - cosine[:, None]  # [higher, lower]
    if weights is not None:
        gaps = gaps + (weights[:, None] * weights[None]).log()
    gaps = gaps.masked_fill(values[:, None] <= values[None], -torch.inf)
    return torch.logsumexp(torch.cat([gaps.new_zeros(1), gaps.flatten()]), 0)


def cosine_error(sides: Sides, labels: dict[str, torch.Tensor], weights: Any, options: Any) -> torch.Tensor:
    """``(cosine - score)²`` with scores between 0 and 1."""
    return _mean((_cosine(sides[0], sides[1]) - labels["values"]).square(), weights)


LOSSES: dict[str, Loss] = {
    "in-batch": in_batch,
    "triplet": triplet,
    "contrastive": contrastive,
    "online-contrastive": online_contrastive,
    "cosent": cosent,
    "cosine": cosine_error,
}


def _cosine(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    return (left * right).sum(-1)


def _mean(each: torch.Tensor, weights: Any) -> torch.Tensor:
    return (each if weights is None else each * weights).sum() / len(each)
