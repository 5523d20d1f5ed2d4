"""Networks in transformers layout, as steps take them apart and put them together again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tlstudio.core.files import write_json
from tlstudio.models import heads, sentences
from tlstudio.models.checks import PARTS_WEIGHTS
from tlstudio.models.folders import SETTINGS_FILE, copy_tokenizer
from tlstudio.models.scorers import Scorer, TorchScorer


def load(folder: Path) -> Any:
    """The network in fp32, in evaluation mode."""
    return heads.load(folder)


def save(model: Any, source: Path, folder: Path) -> None:
    """Writes a network that was made of that in ``source``, with the tokenizer and the settings from there."""
    copy_tokenizer(source, folder)
    sentences.copy(source, folder)
    parts = list(getattr(model, "tlstudio_parts", ()))  # what transformers alone cannot load
    variant = PARTS_WEIGHTS.split(".")[1] if parts else None
    model.cpu().save_pretrained(folder, safe_serialization=True, variant=variant)
    if parts:
        write_json(folder / SETTINGS_FILE, {**heads.read_settings(source), "parts": parts})


def scorer(folder: Path) -> Scorer:
    """The network in PyTorch."""
    return TorchScorer(folder)


def parameters(model: Any) -> int:
    """How many numbers the network has; tied ones count once."""
    return sum(parameter.numel() for parameter in model.parameters())
