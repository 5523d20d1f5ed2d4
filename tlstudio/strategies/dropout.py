"""The model of a task with another dropout while it is trained."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tlstudio.strategies.base import TransferJob

_ATTENTION = ("attention_probs_dropout_prob", "attention_dropout", "attn_pdrop")
_HIDDEN = ("hidden_dropout_prob", "dropout", "resid_pdrop")


def built(job: TransferJob, attention: float | None, hidden: float | None) -> tuple[Any, Callable[[], None]]:
    """The model, and what puts its config back to its own dropout, which is no choice of the training.

    Args:
        job: with the maker of the model.
        attention: dropout of the attention; None keeps that of the model.
        hidden: dropout everywhere else; None keeps that of the model.
    """
    original = job.build().config
    wishes = {_ATTENTION: attention, _HIDDEN: hidden}
    overrides = {
        name: value
        for names, value in wishes.items()
        for name in names
        if value is not None and isinstance(getattr(original, name, None), float)
    }
    model: Any = job.build(**overrides)

    def restore() -> None:
        for name in overrides:
            setattr(model.config, name, getattr(original, name))

    return model, restore
