"""A look at what the augmentations of a recipe do to its training rows."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from tlstudio.augmentation import apply
from tlstudio.augmentation.base import Resources
from tlstudio.augmentation.preview import preview_images, preview_texts
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit
from tlstudio.core.paths import cache_folder
from tlstudio.core.recipe import Recipe
from tlstudio.data.detect.reading import taken
from tlstudio.data.labelled import Labelled, read_labelled
from tlstudio.models import loading

_TEXTS, _IMAGES = 5, 8


def preview(recipe: Recipe, index: int | None, seed: int, emit: Emit, control: Control) -> list[dict[str, Any]]:
    """Samples of the training rows before and after each augmentation.

    Args:
        index: which of ``data.augment``; None for all.
        seed: another one shows other rows and other changes.

    Returns:
        Entries ``{"augmentation", "title", "kind", "before", "after"}``; of images the two are paths of PNG files.

    Raises:
        StudioError: the data cannot be read, or an augmentation lacks something.
        Cancelled: the user has cancelled.
    """
    wishes = recipe.data.augment if index is None else recipe.data.augment[index : index + 1]
    choices = apply.chosen(wishes)
    labelled, _problems = read_labelled(recipe.data, emit, control, ())
    resources = Resources(control, _backbone(recipe, control))
    samples, labels = _samples(labelled, seed, _IMAGES if "image" in labelled.roles.columns else _TEXTS)
    if "image" in labelled.roles.columns:
        folder = cache_folder("previews")
        folder.mkdir(parents=True, exist_ok=True)
        target = Path(tempfile.mkdtemp(dir=folder))
        found = preview_images(choices, [Path(sample) for sample in samples], labels, seed, target, resources)
    else:
        found = preview_texts(choices, samples, seed, resources)
    plugins = {plugin.NAME: plugin for plugin, _config in choices}
    kind = "image" if "image" in labelled.roles.columns else "text"
    return [{**entry, "title": plugins[entry["augmentation"]].TITLE, "kind": kind} for entry in found]


def _samples(labelled: Labelled, seed: int, count: int) -> tuple[list[str], list[str]]:
    """Some training rows and their labels, drawn by ``seed``."""
    import numpy as np

    rows = labelled.splits["train"]
    places = np.sort(np.random.default_rng(seed).choice(len(rows), min(count, len(rows)), replace=False))
    texts = taken(rows.table.open().column(labelled.content), rows.indices[places])
    names = [*rows.names, ""]
    return texts, ["" if rows.codes is None else names[rows.codes[at]] for at in places]


def _backbone(recipe: Recipe, control: Control) -> Path | None:
    try:
        return loading.resolve(recipe.model, control.check).path
    except StudioError:
        return None  # only the augmentations that need one will say so
