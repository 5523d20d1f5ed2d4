"""Object detection: boxes around objects, and what is in each."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.metrics import detection
from tlstudio.metrics.detection import Boxes
from tlstudio.models.folders import read_labels
from tlstudio.models.heads import Head, read_settings
from tlstudio.models.pixels import write_processor
from tlstudio.tasks import detection_images, images
from tlstudio.tasks.base import Batch, Encoded, EncodeJob, Outputs, Row, TaskBase, Tested, TestJob
from tlstudio.tasks.building import build_model, named

if TYPE_CHECKING:
    import numpy as np
    import torch

KINDS = ("yolos", "detr", "table-transformer", "conditional_detr", "deformable_detr", "rt_detr")
_TIMM = ("timm_backbone", "timm_wrapper")
_WITHIN = ("class_embed", "bbox_embed", "enc_score_head", "enc_bbox_head", "denoising_class_embed")
_SAMPLES = 50
_HALF = 0.5  # overlap from which on a box counts as found, in the score of an image
_TARGETS = "targets"


class Options(BaseModel):
    """Choices of the task."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    resolution: Literal["auto"] | Annotated[int, Field(ge=32, le=1536)] = Field(
        "auto",
        title="Resolution",
        description="Pixels of a side of the square that the model sees; auto takes the backbone's own, but at most "
        "640. Small objects need more; time grows faster than the area.",
        json_schema_extra={"unit": "pixels"},
    )
    crop: Literal["pad", "squash"] = Field(
        "pad",
        title="Shape",
        description="How an image becomes a square: whole on a white ground, or squashed. Nothing is cut off.",
    )
    flip: float = Field(
        0.5,
        ge=0,
        le=1,
        title="Mirrored images",
        description="How often a training image is mirrored left and right, its boxes with it; 0 where sides matter.",
    )
    threshold: Literal["auto"] | Annotated[float, Field(ge=0.01, le=0.99)] = Field(
        "auto",
        title="Least score",
        description="Boxes with a lower score are not shown. Auto takes what gives the best F1 on the validation "
        "images; mAP counts all boxes.",
    )
    most_boxes: int = Field(
        100, ge=1, le=300, title="Boxes an image", description="At most so many boxes are given for an image."
    )


class ObjectDetection(TaskBase):
    """DETR and its descendants: a set of boxes at once, matched to the true ones while training.

    Carion et al., 2020, "End-to-end object detection with transformers". The loss is the model's own in transformers
    (Hungarian matching; cross-entropy or focal loss of the classes, L1 and generalised IoU of the boxes, with the
    denoising queries of RT-DETR); there is no suppression of overlapping boxes, since the models need none.
    """

    NAME = "object-detection"
    TITLE = "Object detection"
    SUMMARY = "Finds objects in images: a box around each, and its class."
    ROLES = ("image", "boxes", "box_labels")
    ASKS = ("image",)
    LEARNS = "image"
    AUGMENTS = ("image",)
    MISFITS = ("flip", "rotation", "crop", "rand-augment")
    UNIT = "images"
    HUB_TAG = "object-detection"
    METRIC = "map"
    QUICK = ("loss", "map", "map50")
    BEST = "map"
    Config = Options
    HEAD = Head(auto="AutoModelForObjectDetection", outputs=("logits", "pred_boxes"), kind="boxes")
    SCRIPTS: Mapping[str, str] = {
        "onnx": "export/predict_boxes_onnx.py",
        "transformers": "export/predict_boxes_transformers.py",
    }

    def fits(self, config: Mapping[str, Any]) -> StudioError | None:
        kind = str(config.get("model_type") or "")
        inner = config.get("backbone_config")
        inner_kind = inner.get("model_type") if isinstance(inner, Mapping) else None
        if config.get("use_timm_backbone") or inner_kind in _TIMM:
            return StudioError(
                "task.timm-backbone", "This model takes its first layers from the library timm, which is not part of "
                "TLStudio.", "Choose a version without timm (such as the revision no_timm of DETR), YOLOS or RT-DETR.",
                where="model.name",
            )  # fmt: skip
        if kind in KINDS:
            return None
        return StudioError(
            "task.other-detector", "A backbone of the type '{kind}' cannot learn to find objects.",
            "Choose YOLOS, DETR, Conditional DETR, Deformable DETR or RT-DETR in the Model step.",
            where="model.name", kind=kind,
        )  # fmt: skip

    def encode(self, job: EncodeJob) -> Encoded:
        if "weight" in job.labelled.roles.columns:
            log(job.emit, "task.no-weights",
                "Weights of rows are not used: the loss of a detector is a mean over boxes.", "warning")  # fmt: skip
        return detection_images.encode(job)

    def build(self, backbone: Path, encoded: Encoded, **overrides: Any) -> torch.nn.Module:
        model = build_model(self.HEAD, backbone, {**named(encoded.labels), **overrides}, _WITHIN)
        self.ready(model)
        return model

    def ready(self, model: torch.nn.Module) -> None:
        model.register_forward_pre_hook(_given_targets, with_kwargs=True)
        model.loss_function = _careful(model.loss_function)  # type: ignore[arg-type, assignment]

    def collator(self, config: Any, encoded: Encoded) -> Callable[[Sequence[Row]], Batch]:
        return _together

    def loss(self, config: Any, encoded: Encoded) -> Callable[..., torch.Tensor]:
        return _own_loss

    def measure(self, config: Any, encoded: Encoded, split: str, outputs: Outputs, loss: float) -> dict[str, float]:
        rows = encoded.splits[split]
        found = detection.quick(rows["truth"], predictions(outputs, rows["place"], encoded.labels), len(encoded.labels))
        return {"loss": loss, "map": found["map"], "map50": found["map50"]}

    def tune(self, config: Any, encoded: Encoded, outputs_of: Callable[[str], Outputs]) -> dict[str, Any]:
        facts = {"most_boxes": config.most_boxes}
        if config.threshold != "auto":
            return {**facts, "threshold": config.threshold}
        rows = encoded.splits.get("validation", ())
        if not len(rows):
            return {**facts, "threshold": 0.5}
        found = predictions(outputs_of("validation"), rows["place"], encoded.labels)
        return {**facts, "threshold": best_threshold(rows["truth"], found)}

    def save_processor(self, backbone: Path, folder: Path) -> None:
        write_processor(images.pixels_of(folder), folder)

    def test(self, job: TestJob) -> Tested:
        rows, names = job.encoded.splits[job.split], job.encoded.labels
        truth, found = rows["truth"], predictions(job.outputs, rows["place"], names)
        result = detection.evaluate(truth, found, names, **job.options)
        shown = [above(boxes, **_limits(job.encoded.facts)) for boxes in found]
        scores = [image_score(right, answer) for right, answer in zip(truth, shown, strict=True)]
        paths, numbers = job.texts("image"), job.row_numbers()
        worst = sorted(range(len(truth)), key=lambda at: scores[at])[:_SAMPLES]
        items = [
            {"row": numbers[at], "image": paths[at], "truth": plain(truth[at], names),
             "predicted": plain(shown[at], names)}
            for at in worst
        ]  # fmt: skip
        columns: dict[str, list[Any]] = {
            "label": [_listed(boxes, names) for boxes in truth],
            "predicted": [_listed(boxes, names) for boxes in shown],
            "score": scores,
            "predicted_boxes": [json.dumps(plain(boxes, names), ensure_ascii=False) for boxes in shown],
        }
        return Tested({**result, "samples": {"kind": "boxes", "items": items}}, columns)

    def baselines(self, job: TestJob) -> list[dict[str, Any]]:
        train, test = job.encoded.splits["train"], job.encoded.splits[job.split]
        sizes = [[(place.width, place.height) for place in rows["place"]] for rows in (train, test)]
        return [
            detection.baseline(train["truth"], sizes[0], test["truth"], sizes[1], job.encoded.labels, **job.options)
        ]

    def pooled(self, encoded: Sequence[Encoded], outputs: Sequence[Outputs], **options: Any) -> dict[str, Any]:
        """Metrics over the test images of all folds; classes that a fold lacks are those of the first."""
        names = sorted({name for part in encoded for name in part.labels})
        truth, found = [], []
        for part, answers in zip(encoded, outputs, strict=True):
            number = [names.index(name) for name in part.labels]
            rows = part.splits["test"]
            truth += [_renumbered(boxes, number) for boxes in rows["truth"]]
            found += [_renumbered(boxes, number) for boxes in predictions(answers, rows["place"], part.labels)]
        metrics: dict[str, Any] = detection.evaluate(truth, found, names, **options)["metrics"]
        return metrics

    def examples(self, folder: Path, rows: Sequence[Row]) -> Sequence[Row]:
        return images.image_examples(folder, rows)

    def answers(
        self, folder: Path, rows: Sequence[Row], examples: Sequence[Row], outputs: Outputs
    ) -> list[dict[str, Any]]:
        names, pixels, limits = read_labels(folder), images.pixels_of(folder), _limits(read_settings(folder))
        sizes = detection_images.image_sizes([str(row["image"]) for row in rows])
        places = [detection_images.placed(pixels, size) for size in sizes]
        found = predictions(outputs, places, names)
        return [
            {"kind": "boxes", "image": row["image"], "boxes": plain(above(boxes, **limits), names),
             "width": place.width, "height": place.height}
            for row, boxes, place in zip(rows, found, places, strict=True)
        ]  # fmt: skip


PLUGIN = ObjectDetection()


# --- training


def _given_targets(_model: Any, given: Any, named_: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The true boxes go into the model itself: it matches and denoises with them, and gives its own loss."""
    if _TARGETS in named_:
        named_ = {**named_, "labels": named_[_TARGETS]}
        del named_[_TARGETS]
    return given, named_


def _careful(own: Callable[..., Any]) -> Callable[..., Any]:
    """A model's loss in fp32 also under autocast, and not-a-number where its answers are, which matching refuses."""
    import torch

    def loss(
        logits: torch.Tensor, labels: Any, device: Any, pred_boxes: torch.Tensor, *others: Any, **more: Any
    ) -> Any:
        if not (torch.isfinite(pred_boxes).all() and torch.isfinite(logits).all()):
            return logits.sum() * float("nan"), {}, None
        with torch.autocast(logits.device.type, enabled=False):
            return own(_full(logits), labels, device, _full(pred_boxes), *map(_full, others),
                       **{name: _full(value) for name, value in more.items()})  # fmt: skip

    return loss


def _full(value: Any) -> Any:
    """Tensors of half precision in fp32."""
    import torch

    return value.float() if isinstance(value, torch.Tensor) and value.is_floating_point() else value


def _together(rows: Sequence[Row]) -> Batch:
    """Pixels [B, 3, S, S], and the classes and boxes of each image; twice, since the model reads them, too."""
    import numpy as np
    import torch

    pixels = torch.from_numpy(np.stack([row[images.INPUT] for row in rows]))
    labels = [{name: torch.from_numpy(value) for name, value in row["labels"].items()} for row in rows]
    return {images.INPUT: pixels, "labels": labels, _TARGETS: labels}


def _own_loss(outputs: Any, labels: Any, row_weights: Any = None) -> torch.Tensor:
    loss: torch.Tensor = outputs.loss
    return loss


# --- answers


def predictions(outputs: Outputs, places: Sequence[detection_images.Place], names: Sequence[str]) -> list[Boxes]:
    """The 100 likeliest boxes of each image in its pixels, from the scores and boxes of Q queries [Q, C + 4]."""
    return [_predicted(answer, place, len(names)) for answer, place in zip(outputs, places, strict=True)]


def _predicted(answer: np.ndarray, place: detection_images.Place, classes: int) -> Boxes:
    """DETR and YOLOS have a last class for nothing: each query has one class, as in their own processors of
    transformers. The others have a yes or no for each class, so that a query can stand for several."""
    import numpy as np

    scores, boxes = np.asarray(answer[:, :-4], np.float64), place.to_image(answer[:, -4:])
    if scores.shape[1] > classes:
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances = (powers / powers.sum(axis=1, keepdims=True))[:, :classes]
        queries, kinds, found = np.arange(len(chances)), chances.argmax(axis=1), chances.max(axis=1)
    else:
        chances = 1 / (1 + np.exp(-scores))
        queries, kinds = np.divmod(np.arange(chances.size), classes)
        found = chances.ravel()
    order = np.argsort(-found, kind="stable")[: detection.MOST_BOXES]
    order = order[(boxes[queries[order], 2:] > boxes[queries[order], :2]).all(axis=1)]
    return Boxes(boxes[queries[order]], kinds[order], found[order])


def above(boxes: Boxes, threshold: float, most_boxes: int) -> Boxes:
    """The boxes that are shown."""
    kept = (boxes.scores >= threshold).nonzero()[0][:most_boxes]
    return Boxes(boxes.boxes[kept], boxes.labels[kept], boxes.scores[kept])


def _limits(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {"threshold": facts.get("threshold", 0.5), "most_boxes": facts.get("most_boxes", 100)}


def plain(boxes: Boxes, names: Sequence[str]) -> list[dict[str, Any]]:
    """For JSON: ``[{"label", "box": [left, top, right, bottom], "score"}]``; true boxes have no score."""
    found: list[dict[str, Any]] = [
        {"label": names[int(kind)], "box": [round(float(value), 2) for value in box]}
        for kind, box in zip(boxes.labels, boxes.boxes, strict=True)
    ]
    if boxes.scores is not None:
        for entry, score in zip(found, boxes.scores, strict=True):
            entry["score"] = float(score)
    return found


def _listed(boxes: Boxes, names: Sequence[str]) -> str:
    return ", ".join(sorted(names[int(kind)] for kind in boxes.labels))


def _renumbered(boxes: Boxes, number: Sequence[int]) -> Boxes:
    import numpy as np

    return Boxes(boxes.boxes, np.asarray(number)[boxes.labels], boxes.scores)


def right_boxes(truth: Boxes, found: Boxes) -> np.ndarray:
    """bool [n]: which boxes, likeliest first, are the first to overlap a true one of their class by half."""
    import numpy as np

    hits, free = np.zeros(len(found.boxes), bool), np.ones(len(truth.boxes), bool)
    if not len(free):
        return hits
    shares = detection.overlaps(found.boxes, truth.boxes)
    for at, kind in enumerate(found.labels):
        usable = np.where(free & (truth.labels == kind), shares[at], 0.0)
        best = int(usable.argmax())
        if usable[best] >= _HALF:
            hits[at], free[best] = True, False
    return hits


def image_score(truth: Boxes, found: Boxes) -> float:
    """F1 of the boxes of an image at an overlap of half; 1 where there is nothing to find and nothing was."""
    total = len(truth.boxes) + len(found.boxes)
    return 2 * float(right_boxes(truth, found).sum()) / total if total else 1.0


def best_threshold(truth: Sequence[Boxes], found: Sequence[Boxes]) -> float:
    """The score from which on boxes give the best F1 over all images, at an overlap of half; 0.5 if none is right."""
    import numpy as np

    scores = np.concatenate([np.zeros(0), *(boxes.scores for boxes in found)])
    hits = np.concatenate([np.zeros(0, bool), *map(right_boxes, truth, found)])
    order = np.argsort(-scores, kind="stable")
    right = np.cumsum(hits[order])
    if not len(right) or not right[-1]:
        return 0.5
    f1 = 2 * right / (np.arange(1, len(right) + 1) + sum(len(boxes.boxes) for boxes in truth))
    at = int(f1.argmax())
    following = scores[order[at + 1]] if at + 1 < len(order) else 0.0
    return float(np.clip((scores[order[at]] + following) / 2, 0.01, 0.99))
