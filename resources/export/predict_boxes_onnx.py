"""Finds objects: python predict.py one.png two.jpg, or one path a line from standard input; a JSON object an image.

Needs only: pip install onnxruntime numpy pillow
"""
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

HERE = Path(__file__).resolve().parent
CONFIG = json.loads((HERE / "config.json").read_text(encoding="utf-8"))
SETTINGS = json.loads((HERE / "tlstudio.json").read_text(encoding="utf-8"))
PIXELS = SETTINGS["pixels"]
LABELS = [CONFIG["id2label"][key] for key in sorted(CONFIG["id2label"], key=int)]
SESSION = onnxruntime.InferenceSession(str(HERE / "model.onnx"), providers=["CPUExecutionProvider"])


def opened(path):
    """As in training: upright, 16 bits as 8, transparent parts on white."""
    image = ImageOps.exif_transpose(Image.open(path))
    if image.mode.startswith("I"):
        values, hidden = np.asarray(image, dtype=np.float64), image.info.get("transparency")
        grey = np.round(values / (1 if image.mode == "I" and values.max() <= 255 else 257))
        grey[values == hidden] = 255
        image = Image.fromarray(grey.astype(np.uint8))
    elif image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def prepared(path):
    """What the model reads of an image: float32 [1, 3, size, size]."""
    image, size, edge, filter_ = opened(path), PIXELS["size"], PIXELS["edge"], PIXELS["resample"]
    width, height = image.size
    if PIXELS["crop"] == "pad":
        wide, high = (max(1, round(side * size / max(width, height))) for side in (width, height))
        square = Image.new("RGB", (size, size), "white")
        square.paste(image.resize((wide, high), filter_), ((size - wide) // 2, (size - high) // 2))
    else:
        wide = high = edge
        if PIXELS["crop"] == "centre":
            wide, high = (edge, int(edge * height / width)) if width <= height else (int(edge * width / height), edge)
        left, top = (wide - size) // 2, (high - size) // 2
        square = image.resize((wide, high), filter_).crop((left, top, left + size, top + size))
    mean, std = (np.array(PIXELS[name], dtype=np.float32) for name in ("mean", "std"))
    values = np.asarray(square, dtype=np.float32) * (1 / (255 * std)) - mean / std
    return np.ascontiguousarray((values[..., ::-1] if PIXELS["bgr"] else values).transpose(2, 0, 1))[None]


def boxes_of(scores, boxes, size):
    """[{"label", "box": [left, top, right, bottom] in pixels of the image, "score"}], likeliest first."""
    width, height = size
    left = top = 0.0
    wide = high = 1.0
    if PIXELS["crop"] == "pad":
        side = PIXELS["size"]
        wide, high = (max(1, round(length * side / max(size))) for length in size)
        left, top = (side - wide) // 2 / side, (side - high) // 2 / side
        wide, high = wide / side, high / side
    scores, boxes = scores.astype(np.float64), boxes.astype(np.float64)
    corners = np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], 1)
    corners = np.clip((corners - [left, top, left, top]) / [wide, high, wide, high], 0, 1)
    corners = corners * [width, height, width, height]
    if scores.shape[1] > len(LABELS):  # with a last class for nothing: each query has one class
        powers = np.exp(scores - scores.max(1, keepdims=True))
        chances = (powers / powers.sum(1, keepdims=True))[:, : len(LABELS)]
        queries, kinds, found = np.arange(len(chances)), chances.argmax(1), chances.max(1)
    else:  # yes or no for each class
        found = (1 / (1 + np.exp(-scores))).ravel()
        queries, kinds = np.divmod(np.arange(len(found)), len(LABELS))
    order = [at for at in np.argsort(-found, kind="stable")[:100] if found[at] >= SETTINGS["threshold"]]
    order = [at for at in order if (corners[queries[at], 2:] > corners[queries[at], :2]).all()]
    return [{"label": LABELS[kinds[at]], "box": corners[queries[at]].round(2).tolist(), "score": float(found[at])}
            for at in order[: SETTINGS["most_boxes"]]]


def predict(path):
    """The boxes in one image file, see boxes_of."""
    scores, boxes = SESSION.run(["logits", "pred_boxes"], {"pixel_values": prepared(path)})
    return boxes_of(scores[0], boxes[0], opened(path).size)


if __name__ == "__main__":
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    for path in sys.argv[1:] or (line.strip() for line in sys.stdin):
        print(json.dumps({"image": path, "boxes": predict(path)}, ensure_ascii=False))
