"""The data doctor with what it needs of the chosen backbone: its tokenizer, and features for the deep checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit
from tlstudio.core.memo import remembered
from tlstudio.core.recipe import Recipe
from tlstudio.data.compose import read_places
from tlstudio.data.doctor import run as doctor
from tlstudio.data.inspection import content_of
from tlstudio.data.labelled import Labelled, read_labelled
from tlstudio.models import folders, loading

if TYPE_CHECKING:
    import numpy as np

_AUTO_LENGTH = 128  # tokens that a text classifier reads unless the task says otherwise


@dataclass(frozen=True)
class Backbone:
    """What the doctor asks of a backbone; the model is loaded at the first question."""

    folder: Path
    max_length: int
    most_tokens: int | None
    control: Control

    @cached_property
    def _tokenizer(self) -> Any:
        from tlstudio.models.tokenizers import load_tokenizer

        return load_tokenizer(self.folder)

    def _tokenised(self, texts: list[str]) -> tuple[list[list[int]], list[int]]:
        from tlstudio.models.tokenizers import tokenise

        return tokenise(self._tokenizer, texts, self.max_length)

    def count_tokens(self, texts: list[str]) -> np.ndarray:
        """int64 [n]: tokens of the uncut texts."""
        import numpy as np

        return np.asarray(self._tokenised(texts)[1], dtype=np.int64)

    def embedder(self, images: bool) -> Callable[[Sequence[str]], np.ndarray]:
        """float32 [n, D] of texts, or of the images at given paths."""
        from tlstudio.models.embedding import ImageEmbedder, TextEmbedder

        if images:
            from tlstudio.data.images import open_image

            embed = ImageEmbedder(self.folder, self.control)
            return lambda paths: embed([open_image(Path(path)) for path in paths])
        return TextEmbedder(self.folder, lambda texts: self._tokenised(texts)[0], self.control)


def examine(recipe: Recipe, deep: bool, emit: Emit, control: Control) -> dict[str, Any]:
    """What is wrong with the data of a recipe.

    Args:
        deep: with the checks that need features of the backbone (probable wrong labels, outliers).

    Returns:
        ``{"findings", "checks", "rows", "sampled"}``, see :func:`tlstudio.data.doctor.run.examine`.

    Raises:
        StudioError: the data cannot be read, or ``deep`` and there is no backbone.
        Cancelled: the user has cancelled.
    """
    data = recipe.data
    raw = read_places(data, emit, control)
    backbone = _backbone(recipe, deep, control)
    model = [str(backbone.folder), backbone.max_length] if backbone is not None else []

    def make() -> dict[str, Any]:
        labelled, _problems = read_labelled(data, emit, control, ())
        return examine_rows(recipe, labelled, deep, emit, control)

    section = data.model_dump(mode="json", exclude={"licence"})
    return remembered("examinations", ["whole", content_of(raw), section, deep, model], make)


def examine_rows(recipe: Recipe, labelled: Labelled, deep: bool, emit: Emit, control: Control) -> dict[str, Any]:
    """As :func:`examine`, on rows that have been read."""
    images = "image" in labelled.roles.columns
    backbone = _backbone(recipe, deep, control)
    windows = bool({"tokens", "context"} & labelled.roles.columns.keys())  # what is read in windows is never cut
    counts = backbone is not None and not images and not windows and (backbone.folder / "tokenizer.json").is_file()
    found: dict[str, Any] = doctor.examine(
        labelled,
        recipe.data,
        control,
        emit,
        count_tokens=backbone.count_tokens if backbone is not None and counts else None,
        max_length=backbone.max_length if backbone is not None and counts else None,
        most_tokens=backbone.most_tokens if backbone is not None and counts else None,
        embed=backbone.embedder(images) if backbone is not None and deep else None,
        deep=deep,
        model=str(backbone.folder) if backbone is not None else "",
    )
    return found


def _backbone(recipe: Recipe, needed: bool, control: Control) -> Backbone | None:
    try:
        found = loading.resolve(recipe.model, control.check)
    except StudioError:
        if needed:
            raise
        return None  # the quick checks do without
    config = folders.read_json(found.path / "config.json")
    wish = recipe.task.options.get("max_length", "auto")
    limit = folders.position_limit(config)
    length = wish if isinstance(wish, int) else min(_AUTO_LENGTH, limit or _AUTO_LENGTH)
    return Backbone(found.path, length, limit, control)
