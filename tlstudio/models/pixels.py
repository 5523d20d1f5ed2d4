"""How an image becomes numbers: side, crop and scale of a backbone, read from its own processor's settings.

Done with Pillow and numpy alone, in one place for training, testing and predicting, and by a few lines in the scripts
that go with an export.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tlstudio.core.errors import StudioError
from tlstudio.core.files import read_json, write_json
from tlstudio.models.tokenizers import quiet_loading

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

Crop = Literal["squash", "centre", "pad"]
PROCESSOR_FILES = ("preprocessor_config.json", "processor_config.json")
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))  # mean and standard deviation
_USUAL = 224  # pixels of a side, where a backbone says nothing
_BICUBIC = 3  # Pillow's number, as in the files of processors
_WHOLE = 384  # ConvNeXt: from this side on images are not cropped (its processor in transformers)


@dataclass(frozen=True)
class Pixels:
    """The input of a model: each channel is (value / 255 - mean) / std.

    Attributes:
        size: pixels of a side.
        edge: pixels that the image is brought to before its middle is cut out; ``size`` where nothing is cut off.
        crop: ``squash`` makes any shape a square, ``centre`` cuts it out of the middle, ``pad`` puts the whole image on
            a white square, since transparent images lie on white too.
        resample: Pillow's number of the filter.
        mean: red, green, blue; of values from 0 to 1.
        std: as ``mean``.
        bgr: the model reads blue first.
    """

    size: int
    edge: int
    crop: Crop
    resample: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    bgr: bool = False

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Pixels:
        """From the settings file of a trained model."""
        given = {item.name: settings[item.name] for item in fields(cls)}
        return cls(**{**given, "mean": tuple(given["mean"]), "std": tuple(given["std"])})

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "mean": list(self.mean), "std": list(self.std)}

    @property
    def shape(self) -> str:
        """What decides about the square image, as text for keys of caches."""
        return f"{self.size}|{self.edge}|{self.crop}|{self.resample}"

    def square(self, image: Image) -> Image:
        """The part of an RGB image that the model sees, ``size`` x ``size``."""
        if self.crop == "pad":
            return self._padded(image)
        width, height = (self.edge, self.edge) if self.crop == "squash" else _short_edge(image.size, self.edge)
        resized = image.resize((width, height), self.resample)
        left, top = (width - self.size) // 2, (height - self.size) // 2
        return resized.crop((left, top, left + self.size, top + self.size))

    def _padded(self, image: Image) -> Image:
        from PIL import Image as images

        scale = self.size / max(image.size)
        width, height = (max(1, round(side * scale)) for side in image.size)
        left, top = (self.size - width) // 2, (self.size - height) // 2
        ground = images.new("RGB", (self.size, self.size), "white")
        ground.paste(image.resize((width, height), self.resample), (left, top))
        return ground

    def values(self, images: np.ndarray) -> np.ndarray:
        """uint8 [..., S, S, 3] as float32 [..., 3, S, S]."""
        import numpy as np

        mean, std = (np.asarray(numbers, dtype=np.float32) for numbers in (self.mean, self.std))
        found = images.astype(np.float32) * (1 / (255 * std)) - mean / std
        return np.ascontiguousarray(np.moveaxis(found[..., ::-1] if self.bgr else found, -1, -3))


def _short_edge(size: tuple[int, int], edge: int) -> tuple[int, int]:
    """Width and height with the shorter side at ``edge``, rounded as transformers does it."""
    width, height = size
    if width <= height:
        return edge, int(edge * height / width)
    return int(edge * width / height), edge


def read_pixels(folder: Path, size: int | str = "auto", crop: str = "auto") -> Pixels:
    """What a backbone was trained with, as its processor's settings say, at the side and crop that are wished.

    Args:
        folder: of a model.
        size: pixels of a side; auto takes the backbone's.
        crop: auto does as the backbone's processor.

    Raises:
        StudioError: the processor's settings cannot be read.
    """
    processor = _processor(folder)
    mean, std = _scale(processor)
    own, edge, style = _frame(processor, folder)
    side = own if size == "auto" else int(size)
    wish: Any = style if crop == "auto" else crop
    cut = max(side, round(side * edge / own)) if wish == style else side
    flipped = bool(getattr(processor, "do_flip_channel_order", False))
    resample = getattr(processor, "resample", None)
    return Pixels(side, cut, wish, _BICUBIC if resample is None else int(resample), mean, std, flipped)


def _processor(folder: Path) -> Any:
    """The backbone's image processor of transformers, with its defaults filled in; None where it has none."""
    if not any((Path(folder) / name).is_file() for name in PROCESSOR_FILES):
        return None
    from transformers.models.auto.image_processing_auto import AutoImageProcessor

    try:
        with quiet_loading():
            return AutoImageProcessor.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False, backend="pil"
            )
    except (ValueError, TypeError, KeyError, AttributeError, ImportError, OSError) as error:
        raise StudioError(
            "model.bad-processor", "What {path} says about the preparation of images cannot be read: {reason}",
            "Copy preprocessor_config.json from the original model into the folder.",
            where=str(folder), path=str(folder), reason=(str(error) or type(error).__name__).splitlines()[0][:200],
        ) from error  # fmt: skip


def _scale(processor: Any) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation for values from 0 to 1, whatever the steps of the processor are."""
    if processor is None:
        return _IMAGENET
    factor = float(processor.rescale_factor) if processor.do_rescale else 1.0
    offset = -1.0 if getattr(processor, "rescale_offset", False) else 0.0
    mean, std = [0.0] * 3, [1.0] * 3
    if processor.do_normalize:
        mean, std = _three(processor.image_mean), _three(processor.image_std)
    shift = [(one - offset) / (255 * factor) for one in mean]
    spread = [one / (255 * factor) for one in std]
    if getattr(processor, "include_top", False):  # EfficientNet divides once more
        spread = [one * more for one, more in zip(spread, _three(processor.image_std), strict=True)]
    return tuple(shift), tuple(spread)


def _three(value: Any) -> list[float]:
    return [float(value)] * 3 if isinstance(value, (int, float)) else [float(one) for one in value]


def _frame(processor: Any, folder: Path) -> tuple[int, int, Crop]:
    """Side of the backbone's images, the edge before they are cut, and how they are cut."""
    size = getattr(processor, "size", None)
    if size is None or not processor.do_resize:
        side = stated_size(read_json(Path(folder) / "config.json")) or _USUAL
        return side, side, "centre"
    short = size.get("shortest_edge")
    edge = int(short or size.get("height") or size.get("max_height") or size.get("longest_edge") or _USUAL)
    crop = getattr(processor, "crop_size", None)
    if crop is not None and getattr(processor, "do_center_crop", False):
        return int(crop["height"]), edge, "centre" if short else "squash"
    if (share := getattr(processor, "crop_pct", None)) and short:  # ConvNeXt
        return (edge, int(edge / share), "centre") if edge < _WHOLE else (edge, edge, "squash")
    return edge, edge, "centre" if short else "squash"


def stated_size(config: Mapping[str, Any]) -> int | None:
    """Pixels of a side in a ``config.json``, where it says so."""
    size = config.get("image_size") or (config.get("vision_config") or {}).get("image_size")
    return size if isinstance(size, int) else None


def write_processor(pixels: Pixels, folder: Path) -> None:
    """``preprocessor_config.json`` for programs that use transformers' own processors.

    These know neither our white ground behind transparency nor padding; for opaque images that are squashed or cut
    they give the same values.
    """
    size, cut = {"height": pixels.size, "width": pixels.size}, pixels.edge > pixels.size or pixels.crop == "centre"
    edge = {"shortest_edge": pixels.edge} if pixels.crop == "centre" else {"height": pixels.edge, "width": pixels.edge}
    settings = {
        # the plainest of all: resize, crop, rescale, normalise; the other one can also put blue first
        "image_processor_type": "MobileViTImageProcessor" if pixels.bgr else "BitImageProcessor",
        "do_flip_channel_order": pixels.bgr,
        "do_convert_rgb": True,
        "do_resize": True,
        "size": edge,
        "resample": pixels.resample,
        "do_center_crop": cut,
        "crop_size": size,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": list(pixels.mean),
        "image_std": list(pixels.std),
    }
    (folder / "processor_config.json").unlink(missing_ok=True)  # of the backbone: it would be read first
    write_json(folder / "preprocessor_config.json", settings)
