"""Features of texts and images from a frozen backbone: unit vectors whose scalar product is the cosine similarity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.files import read_json
from tlstudio.models.batches import STEP, collate, tensors
from tlstudio.models.checks import modality
from tlstudio.models.heads import pad_id_of
from tlstudio.models.pixels import read_pixels

if TYPE_CHECKING:
    import numpy as np

Tokenise = Callable[[list[str]], list[list[int]]]
_BATCH = 32


class TextEmbedder:
    """Mean over all tokens of the last layer (Reimers & Gurevych, 2019, Sentence-BERT)."""

    def __init__(self, folder: Path, tokenise: Tokenise, control: Control) -> None:
        self._model, self._tokenise, self._control = load_backbone(folder), tokenise, control

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """float32 [n, D] of unit length."""
        import numpy as np

        if not len(texts):
            return np.zeros((0, self._model.config.hidden_size), dtype=np.float32)
        ids = self._tokenise(list(texts))
        order = sorted(range(len(ids)), key=lambda index: -len(ids[index]))
        rows: list[Any] = [None] * len(ids)
        for start in range(0, len(order), _BATCH):
            self._control.check()
            chosen = order[start : start + _BATCH]
            for index, row in zip(chosen, self._features([ids[index] for index in chosen]), strict=True):
                rows[index] = row
        return np.stack(rows)

    def _features(self, batch: list[list[int]]) -> np.ndarray:
        import torch

        rows = [{"input_ids": ids} for ids in batch]
        given = tensors(collate(rows, ["input_ids"], pad_id_of(self._model.config), step=STEP))
        tokens, weights = given["input_ids"], given["attention_mask"]
        with torch.inference_mode():
            hidden = self._model(input_ids=tokens, attention_mask=weights).last_hidden_state
            weight = weights[..., None].to(hidden.dtype)
            mean = (hidden * weight).sum(1) / weight.sum(1).clamp(min=1)
            return unit(mean)


class ImageEmbedder:
    """The pooled output of an image backbone, or the mean of its patches; of two towers the vector of the image."""

    def __init__(self, folder: Path, control: Control) -> None:
        if modality(read_json(Path(folder) / "config.json")) not in ("image", "image-text"):
            raise not_for_images(folder)
        self._control, self._pixels = control, read_pixels(folder)
        self._model = load_backbone(folder)

    def __call__(self, images: Sequence[Any]) -> np.ndarray:
        """float32 [n, D] of unit length, from images of mode RGB."""
        import numpy as np

        parts = []
        for start in range(0, len(images), _BATCH):
            self._control.check()
            parts.append(self._features(list(images[start : start + _BATCH])))
        return np.concatenate(parts) if parts else np.zeros((0, 1), dtype=np.float32)

    def _features(self, batch: list[Any]) -> np.ndarray:
        import numpy as np
        import torch

        squares = np.stack([np.asarray(self._pixels.square(image)) for image in batch])
        pixels = torch.from_numpy(self._pixels.values(squares))
        with torch.inference_mode():
            read = getattr(self._model, "get_image_features", self._model)
            output = read(pixel_values=pixels)
            pooled = getattr(output, "pooler_output", None)
            return unit(output.last_hidden_state.mean(1) if pooled is None else pooled.flatten(1))


def load_backbone(folder: Path) -> Any:
    """The backbone without a head, in fp32, for evaluation.

    Raises:
        StudioError: it cannot be loaded.
    """
    import torch
    from transformers import AutoModel

    try:
        model = AutoModel.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, trust_remote_code=False, dtype=torch.float32
        )
    except (ValueError, TypeError, KeyError, AttributeError, ImportError, OSError) as error:
        raise StudioError(
            "model.cannot-load", "The model in {path} cannot be loaded: {reason}",
            "Config and weights do not belong together; download or copy the model again.",
            where="model.name", path=str(folder), reason=(str(error) or type(error).__name__).splitlines()[0][:200],
        ) from error  # fmt: skip
    return model.eval()


def not_for_images(folder: Path) -> StudioError:
    return StudioError(
        "model.not-for-images", "The model in {path} reads no images.",
        "Choose an image backbone such as DINOv2 or ViT.",
        where="model.name", path=str(folder),
    )  # fmt: skip


def unit(features: Any) -> np.ndarray:
    """float32 [n, D], each row divided by its length."""
    import torch

    normed = torch.nn.functional.normalize(features.float(), dim=1)
    found: np.ndarray = normed.cpu().numpy()
    return found
