"""The layer that turns tokens into vectors, which some regularisers disturb."""

from __future__ import annotations

from typing import Any

from tlstudio.core.errors import StudioError


def input_layer(model: Any) -> Any:
    """The embeddings of tokens of a model.

    Raises:
        StudioError: it has none, such as a network for images.
    """
    try:
        layer = model.get_input_embeddings()
    except (AttributeError, NotImplementedError):
        layer = None
    if layer is None or not hasattr(layer, "num_embeddings"):
        raise StudioError(
            "regularise.no-embeddings", "A network of type {kind} has no embeddings of tokens to disturb.",
            "Remove the regulariser in the Strategy step.", where="regularise",
            kind=getattr(getattr(model, "config", None), "model_type", "?"),
        )  # fmt: skip
    return layer


def needs_input_layer(name: str, task: Any) -> StudioError | None:
    """Refuses tasks whose inputs are not tokens."""
    if task.LEARNS == "text":
        return None
    return StudioError(
        "regularise.no-tokens", "'{name}' disturbs the embeddings of tokens, and the task {task} has none.",
        "Remove it in the Strategy step.", where="regularise", name=name, task=task.TITLE,
    )  # fmt: skip
