"""What an augmentation is: one file that makes changed copies of training rows; nothing else ever sees them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.control import Control

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

T = TypeVar("T")


@dataclass(frozen=True)
class Resources:
    """What an augmentation may use, for the length of one job.

    Attributes:
        control: read it in long loops.
        backbone: folder of the chosen backbone; None where none is chosen yet.
        device: where a backbone computes: cpu, cuda or mps.
        kept: what has been loaded, so that a model is read once and not for each batch; it goes with the job.
    """

    control: Control
    backbone: Path | None = None
    device: str = "cpu"
    kept: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    def once(self, key: Any, make: Callable[[], T]) -> T:
        """What ``make`` gave when it was first called for ``key``."""
        if key not in self.kept:
            self.kept[key] = make()
        found: T = self.kept[key]
        return found


class TextOptions(BaseModel):
    """What every augmentation of texts can be asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    copies: int = Field(
        1, ge=1, le=10, title="Copies", description="Changed copies that are added for each training row."
    )
    share_of_rows: float = Field(
        1.0,
        gt=0,
        le=1,
        title="Share of rows",
        description="Share of the training rows that get copies; which ones follows from the seed and their text.",
    )


class ImageOptions(BaseModel):
    """What every augmentation of images can be asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    probability: float = Field(
        1.0, gt=0, le=1, title="Probability", description="How often an image is changed, each time that it is seen."
    )


class BatchOptions(BaseModel):
    """What every augmentation of batches can be asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    probability: float = Field(1.0, gt=0, le=1, title="Probability", description="How often a batch is mixed.")


class TextAugmentation(Protocol):
    """Changes texts, each by itself."""

    NAME: str
    TITLE: str
    SUMMARY: str
    KIND: Literal["text"]
    Config: type[TextOptions]

    def change(
        self, config: Any, texts: Sequence[str], random: Sequence[np.random.Generator], resources: Resources
    ) -> list[str]:
        """One changed text for each of ``texts``, in their order; a text that cannot be changed comes back as it is.

        Each text has a generator of its own in ``random``: what becomes of it does not depend on its neighbours, and
        the same generator state gives the same text.

        Raises:
            StudioError: something that the augmentation needs is missing, such as a dictionary.
            Cancelled: the user has cancelled.
        """
        ...

    def files(self, config: Any, resources: Resources) -> list[Path]:
        """The files that decide what the texts become; a cache must know when they change."""
        ...


class SelfContained:
    """Base of augmentations of texts that need no files."""

    KIND: Literal["text"] = "text"

    def files(self, config: Any, resources: Resources) -> list[Path]:
        return []


class ImageAugmentation(Protocol):
    """Changes an image."""

    NAME: str
    TITLE: str
    SUMMARY: str
    KIND: Literal["image"]
    Config: type[ImageOptions]

    def change(self, config: Any, image: Image, random: np.random.Generator) -> Image:
        """An image of mode RGB and any size, changed, in its size; the one that is given stays as it is.

        ``config.probability`` is the caller's matter, see :func:`tlstudio.augmentation.apply.changed_image`.
        """
        ...


class BatchAugmentation(Protocol):
    """Mixes the images of a training batch and their targets."""

    NAME: str
    TITLE: str
    SUMMARY: str
    KIND: Literal["batch"]
    Config: type[BatchOptions]

    def mix(
        self, config: Any, images: np.ndarray, targets: np.ndarray, random: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Images float32 [B, C, H, W] and targets float32 [B, K] (rows sum to 1), mixed; same shapes.

        The given arrays stay as they are.
        """
        ...
