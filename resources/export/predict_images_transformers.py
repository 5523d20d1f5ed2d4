"""Classifies images: python predict.py one.png two.jpg, or one path a line from standard input.

Needs only: pip install torch transformers pillow
"""
import json
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from transformers import AutoModelForImageClassification

HERE = Path(__file__).resolve().parent
PIXELS = json.loads((HERE / "tlstudio.json").read_text(encoding="utf-8"))["pixels"]
MODEL = AutoModelForImageClassification.from_pretrained(HERE).eval()


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


def predict(path):
    """Returns {label: probability} for one image file."""
    with torch.inference_mode():
        logits = MODEL(pixel_values=torch.from_numpy(prepared(path))).logits[0]
    return {MODEL.config.id2label[i]: p for i, p in enumerate(logits.softmax(0).tolist())}


if __name__ == "__main__":
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    for path in sys.argv[1:] or (line.strip() for line in sys.stdin):
        probabilities = predict(path)
        label = max(probabilities, key=probabilities.get)
        print(f"{label}\t{probabilities[label]:.4f}")
