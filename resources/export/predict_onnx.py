"""Classifies texts: python predict.py "some text" "another text", or one text a line from standard input.

Needs only: pip install onnxruntime tokenizers numpy
"""
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

HERE = Path(__file__).resolve().parent
CONFIG = json.loads((HERE / "config.json").read_text(encoding="utf-8"))
SETTINGS = json.loads((HERE / "tlstudio.json").read_text(encoding="utf-8"))
LABELS = [CONFIG["id2label"][key] for key in sorted(CONFIG["id2label"], key=int)]
TOKENIZER = Tokenizer.from_file(str(HERE / "tokenizer.json"))
TOKENIZER.enable_truncation(SETTINGS["max_length"])  # as in training
TOKENIZER.no_padding()
TOKENIZER.encode_special_tokens = True  # "[SEP]" in a text is a text
SESSION = onnxruntime.InferenceSession(str(HERE / "model.onnx"), providers=["CPUExecutionProvider"])


def predict(text):
    """Returns {label: probability} for one text."""
    ids = np.array([TOKENIZER.encode(text).ids], dtype=np.int64)
    logits = SESSION.run(["logits"], {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0][0]
    powers = np.exp(logits - logits.max())
    return dict(zip(LABELS, (powers / powers.sum()).tolist()))


if __name__ == "__main__":
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    for text in sys.argv[1:] or (line.strip() for line in sys.stdin):
        probabilities = predict(text)
        label = max(probabilities, key=probabilities.get)
        print(f"{label}\t{probabilities[label]:.4f}")
