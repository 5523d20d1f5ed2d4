"""Classifies recordings: python predict.py sound.wav other.flac, or one path a line from standard input.

Needs only: pip install onnxruntime numpy soundfile scipy
"""
import json
import math
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import soundfile

HERE = Path(__file__).resolve().parent


def read_json(name):
    return json.loads((HERE / name).read_text(encoding="utf-8"))


CONFIG, HOW = read_json("config.json"), read_json("tlstudio.json")["audio"]
PREPARE = read_json("preprocessor_config.json")
LABELS = [CONFIG["id2label"][key] for key in sorted(CONFIG["id2label"], key=int)]
RATE = HOW["rate"]
SESSION = onnxruntime.InferenceSession(str(HERE / "model.onnx"), providers=["CPUExecutionProvider"])


def listen(path):
    """The part of a recording that the model reads: one channel at its rate, as it was rounded in training."""
    wave, rate = soundfile.read(path, dtype="float32", always_2d=True)
    wave = wave[:, 0] if wave.shape[1] == 1 else wave.mean(1, dtype=np.float32)
    if rate != RATE:
        from scipy.signal import resample_poly

        wave = resample_poly(wave, RATE // math.gcd(rate, RATE), rate // math.gcd(rate, RATE))
    most = max(round(HOW["seconds"] * RATE), HOW["least"])
    begin = 0 if HOW["cut"] == "start" else max(len(wave) - most, 0) // 2
    wave = wave[begin : begin + most].astype(np.float32)
    return np.pad(wave, (0, max(HOW["least"] - len(wave), 0))), most


def mel_filters(bands, bins, low, high, slaney):
    """Triangles on the mel scale of Kaldi (of Slaney for Whisper), [bins, bands]."""
    def mel(f):
        f = np.asarray(f, dtype=np.float64)
        line, log = 3 * f / 200, 15 + np.log(np.maximum(f, 1000) / 1000) * 27 / np.log(6.4)
        return np.where(f >= 1000, log, line) if slaney else 1127 * np.log(1 + f / 700)

    steps = np.linspace(0, RATE / 2, bins) if slaney else np.arange(bins) * RATE / ((bins - 1) * 2)
    corners = np.linspace(mel(low), mel(high), bands + 2)
    if slaney:
        corners = np.where(corners >= 15, 1000 * np.exp(np.log(6.4) / 27 * (corners - 15)), 200 * corners / 3)
    at = steps if slaney else mel(steps)
    rise = (at[:, None] - corners[:-2]) / np.diff(corners)[:-1]
    fall = (corners[2:] - at[:, None]) / np.diff(corners)[1:]
    filters = np.maximum(0, np.minimum(rise, fall))
    return filters * 2 / (corners[2:] - corners[:-2]) if slaney else filters


def powers(wave, size, window):
    """Power of the Fourier transform of each window of 25 ms, every 10 ms: [columns, bins]."""
    parts = np.lib.stride_tricks.sliding_window_view(wave, 400)[::160].astype(np.float64)
    if size == 512:  # as Kaldi: without the mean, and with the high notes raised
        parts = parts - parts.mean(1, keepdims=True)
        parts = np.concatenate([parts[:, :1] * 0.03, parts[:, 1:] - 0.97 * parts[:, :-1]], 1)
    return np.abs(np.fft.rfft(parts * window, size)) ** 2


def inputs_of(path):
    wave, most = listen(path)
    if HOW["kind"] == "spectrogram":
        filters = mel_filters(PREPARE["num_mel_bins"], 257, 20, RATE // 2, False)
        bands = np.log(np.maximum(powers(wave, 512, np.hanning(400)) @ filters, 1.192092955078125e-07))
        bands = bands.astype(np.float16).astype(np.float32)[: max(round(HOW["seconds"] / 0.01), 1)]
        bands = np.pad(bands, ((0, PREPARE["max_length"] - len(bands)), (0, 0)))
        bands = (bands - PREPARE["mean"]) / (2 * PREPARE["std"]) if PREPARE["do_normalize"] else bands
        return {"input_values": bands[None].astype(np.float32)}
    if HOW["kind"] == "whisper":
        wave = np.pad(np.pad(wave, (0, PREPARE["n_samples"] - len(wave))), 200, mode="reflect")
        filters = mel_filters(PREPARE["feature_size"], 201, 0, 8000, True)
        bands = np.log10(np.maximum(powers(wave, 400, np.hanning(401)[:400])[:-1] @ filters, 1e-10))
        bands = ((np.maximum(bands, bands.max() - 8) + 4) / 4).astype(np.float16)
        return {"input_features": bands.T[None].astype(np.float32)}
    wave = wave.astype(np.float16).astype(np.float32)
    if PREPARE["do_normalize"]:
        wave = (wave - wave.mean()) / np.sqrt(wave.var() + 1e-7)
    if not HOW["mask"]:
        return {"input_values": np.pad(wave, (0, most - len(wave)))[None]}
    return {"input_values": wave[None], "attention_mask": np.ones((1, len(wave)), dtype=np.int64)}


def predict(path):
    """Returns {label: probability} for one recording."""
    logits = SESSION.run(["logits"], inputs_of(path))[0][0]
    powers_ = np.exp(logits - logits.max())
    return dict(zip(LABELS, (powers_ / powers_.sum()).tolist()))


if __name__ == "__main__":
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    for path in sys.argv[1:] or (line.strip() for line in sys.stdin):
        probabilities = predict(path)
        label = max(probabilities, key=probabilities.get)
        print(f"{label}\t{probabilities[label]:.4f}")
