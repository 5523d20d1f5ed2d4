"""One class an image: what all tasks that classify images have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from tlstudio.core.errors import StudioError
from tlstudio.metrics import baselines, resampling
from tlstudio.models.batches import Examples
from tlstudio.models.heads import Head
from tlstudio.models.pixels import Pixels, write_processor
from tlstudio.models.resolution import require_possible, resized
from tlstudio.tasks import images
from tlstudio.tasks.base import Batch, Encoded, EncodeJob, Outputs, Row, Tested, TestJob
from tlstudio.tasks.classes import ClassOptions, SingleLabel, stacked

if TYPE_CHECKING:
    import numpy as np
    import torch

_MOST_ROWS = 20_000  # training images of the baseline: more make it slower, not better
_SIDE, _BINS = 8, 8  # of the baseline's thumbnails; of its histograms
_TOP = 5
# they read no plain images: colours as words, patches of any number, or a text beside the image
_OTHER_INPUTS = ("imagegpt", "perceiver", "siglip2", "shieldgemma2")


class ImageClassOptions(images.ImageOptions, ClassOptions):
    """Choices of every task with one class an image."""

    label_smoothing: float = Field(
        0.0,
        ge=0,
        lt=1,
        title="Label smoothing",
        description="Share of each target that is spread over all classes; 0.1 keeps a model from being too sure.",
    )


class ImageClasses(SingleLabel):
    """The head of transformers on an image backbone, beside a model that only sees colours and tiny thumbnails."""

    LEARNS: Literal["text", "image", "audio"] = "image"
    AUGMENTS = ("image", "batch")
    ASKS = ("image",)
    UNIT = "images"
    HUB_TAG = "image-classification"
    SHOWS = "image"
    HEAD = Head(auto="AutoModelForImageClassification", probe="classifier|fc|head")
    SCRIPTS: Mapping[str, str] = {
        "onnx": "export/predict_images_onnx.py",
        "transformers": "export/predict_images_transformers.py",
    }

    def fits(self, config: Mapping[str, Any]) -> StudioError | None:
        if config.get("model_type") not in _OTHER_INPUTS:
            return super().fits(config)
        return StudioError(
            "task.other-backbone", "A backbone of the type '{kind}' cannot learn the task {task}.",
            "Choose an image backbone such as DINOv2, ViT, Swin, ResNet, ConvNeXt or EfficientNet.",
            where="model.name", kind=str(config.get("model_type")), task=self.TITLE,
        )  # fmt: skip

    def encode(self, job: EncodeJob) -> Encoded:
        encoded = images.encode(job, lambda labelled, split: labelled.class_numbers(split))
        require_possible(job.backbone, self.HEAD.auto, encoded.facts["pixels"]["size"])
        return encoded

    def build(self, backbone: Path, encoded: Encoded, **overrides: Any) -> torch.nn.Module:
        model: torch.nn.Module = resized(super().build(backbone, encoded, **overrides), encoded.facts["pixels"]["size"])
        return model

    def collator(self, config: Any, encoded: Encoded) -> Callable[[Sequence[Row]], Batch]:
        return images.collator(encoded)

    def save_processor(self, backbone: Path, folder: Path) -> None:
        write_processor(images.pixels_of(folder), folder)

    def test(self, job: TestJob) -> Tested:
        tested = super().test(job)
        for error in tested.result["errors"]:
            error["image"] = error.pop("text")
        metrics = with_top5(tested.result["metrics"], stacked(job.outputs), job.targets, **job.options)
        return Tested({**tested.result, "metrics": metrics}, tested.columns)

    def baselines(self, job: TestJob) -> list[dict[str, Any]]:
        train, test = job.encoded.splits["train"], job.encoded.splits[job.split]
        chosen = _drawn(len(train), job.seed)
        labels = [train.columns["labels"][place] for place in chosen]
        options: dict[str, Any] = {"control": job.control, "bootstrap": job.bootstrap, "seed": job.seed}
        known, asked = (simple(part, places, job.control.check) for part, places in ((train, chosen), (test, None)))
        pixels = baselines.linear(
            "pixels", "Colours and thumbnails", known, labels, asked, job.targets, job.encoded.labels, **options
        )
        return [*super().baselines(job), pixels]

    def pooled(self, encoded: Sequence[Encoded], outputs: Sequence[Outputs], **options: Any) -> dict[str, Any]:
        logits = stacked([row for part in outputs for row in part])
        labels = [label for part in encoded for label in part.targets("test")]
        return with_top5(super().pooled(encoded, outputs, **options), logits, labels, **options)

    def examples(self, folder: Path, rows: Sequence[Row]) -> Examples:
        return images.image_examples(folder, rows)


def pixels_of(encoded: Encoded) -> Pixels:
    """How the images of the rows were prepared."""
    return Pixels.of(encoded.facts["pixels"])


def with_top5(
    metrics: dict[str, Any],
    logits: np.ndarray,
    labels: Sequence[int],
    *,
    bootstrap: int = 1000,
    seed: int = 7,
    check: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """The metrics with the share of rows whose class is among the five likeliest, where there are more than five.

    Russakovsky et al., 2015, "ImageNet large scale visual recognition challenge", section 4.1 (there as an error).
    """  # fmt: skip
    import numpy as np

    if logits.shape[1] <= _TOP:
        return metrics
    truth = logits[np.arange(len(labels)), labels]
    hits = ((logits > truth[:, None]).sum(1) < _TOP).astype(np.float64)
    samples = [weights.T @ hits / len(hits) for weights in resampling.blocks(len(hits), bootstrap, seed, check)]
    found = resampling.interval(float(hits.mean()), np.concatenate(samples))
    return {"accuracy": metrics["accuracy"], "top5_accuracy": found, **metrics}


def _drawn(rows: int, seed: int) -> list[int]:
    """Numbers of the training rows that the baseline learns from."""
    import numpy as np

    found: list[int] = np.sort(np.random.default_rng(seed).permutation(rows)[:_MOST_ROWS]).tolist()
    return found


def simple(rows: images.ImageRows, places: Sequence[int] | None, check: Callable[[], None]) -> np.ndarray:
    """What can be said of images without a network: float32 [n, F], thumbnails of 8 x 8 and histograms of colours."""
    import numpy as np
    from PIL import Image

    found = []
    for number, place in enumerate(range(len(rows)) if places is None else places):
        if number % 32 == 0:
            check()
        square = np.asarray(rows.square(place))
        small = Image.fromarray(square).resize((_SIDE, _SIDE), Image.Resampling.BOX)
        counts = [np.bincount(square[..., channel].ravel() // (256 // _BINS), minlength=_BINS) for channel in range(3)]
        shares = np.concatenate(counts) / (square.shape[0] * square.shape[1])
        found.append(np.concatenate([np.asarray(small, dtype=np.float32).ravel() / 255, shares]).astype(np.float32))
    return np.stack(found)
