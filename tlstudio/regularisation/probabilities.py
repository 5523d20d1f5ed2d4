"""Answers of a classifier as logarithms of probabilities, whatever its head."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tlstudio.models.batches import IGNORED
from tlstudio.models.heads import Head

if TYPE_CHECKING:
    import torch


def places(head: Head, outputs: Any, labels: torch.Tensor) -> torch.Tensor:
    """The scores that the loss looks at.

    Args:
        head: of the task.
        outputs: of the model, with logits [B, C], or [B, T, C] where each token has an answer.
        labels: classes [B] or [B, T], of which negative ones do not count, or 0/1 [B, C] where several are right.

    Returns:
        Logits [N, C] of the places that count.
    """
    logits: torch.Tensor = getattr(outputs, head.outputs[0])
    if head.kind == "signs" or labels.ndim == 1:
        return logits
    if head.losses == "next":  # the scores at a place are for the token that follows
        logits, labels = logits[:, :-1], labels[:, 1:]
    return logits[labels != IGNORED]


def log_probabilities(head: Head, scores: torch.Tensor) -> torch.Tensor:
    """log p of scores [N, C]: over the classes, [N, C]; or of each sign, [N, C, 2]."""
    import torch

    if head.kind == "signs":
        from torch.nn.functional import logsigmoid

        return torch.stack([logsigmoid(scores), logsigmoid(-scores)], dim=-1)
    return torch.log_softmax(scores, dim=-1)
