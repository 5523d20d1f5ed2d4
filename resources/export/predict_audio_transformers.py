"""Classifies recordings: python predict.py sound.wav other.flac, or one path a line from standard input.

Needs only: pip install torch transformers soundfile scipy
"""
import json
import math
import sys
from pathlib import Path

import numpy as np
import soundfile
import torch
from transformers import AutoFeatureExtractor, AutoModelForAudioClassification

HERE = Path(__file__).resolve().parent
HOW = json.loads((HERE / "tlstudio.json").read_text(encoding="utf-8"))["audio"]
EXTRACTOR = AutoFeatureExtractor.from_pretrained(HERE)
MODEL = AutoModelForAudioClassification.from_pretrained(HERE).eval()


def listen(path):
    """The part of a recording that the model reads: one channel at its rate."""
    wave, rate = soundfile.read(path, dtype="float32", always_2d=True)
    wave = wave[:, 0] if wave.shape[1] == 1 else wave.mean(1, dtype=np.float32)
    if rate != HOW["rate"]:
        from scipy.signal import resample_poly

        wave = resample_poly(wave, HOW["rate"] // math.gcd(rate, HOW["rate"]), rate // math.gcd(rate, HOW["rate"]))
    most = max(round(HOW["seconds"] * HOW["rate"]), HOW["least"])
    begin = 0 if HOW["cut"] == "start" else max(len(wave) - most, 0) // 2
    wave = wave[begin : begin + most].astype(np.float32)
    return np.pad(wave, (0, max(HOW["least"] - len(wave), 0))), most


def predict(path):
    """Returns {label: probability} for one recording."""
    wave, most = listen(path)
    inputs = EXTRACTOR(wave, sampling_rate=HOW["rate"], return_tensors="pt")
    if HOW["kind"] == "wave":
        if HOW["mask"]:
            inputs["attention_mask"] = torch.ones(1, len(wave), dtype=torch.int64)
        else:  # all recordings are as long as in training; the rest is silence
            inputs = {"input_values": torch.nn.functional.pad(inputs["input_values"], (0, most - len(wave)))}
    with torch.inference_mode():
        logits = MODEL(**inputs).logits[0]
    return {MODEL.config.id2label[i]: p for i, p in enumerate(logits.softmax(0).tolist())}


if __name__ == "__main__":
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    for path in sys.argv[1:] or (line.strip() for line in sys.stdin):
        probabilities = predict(path)
        label = max(probabilities, key=probabilities.get)
        print(f"{label}\t{probabilities[label]:.4f}")
