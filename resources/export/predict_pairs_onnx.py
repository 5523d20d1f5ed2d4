"""Classifies pairs of texts: python predict.py "first text" "second text", or a pair a line from standard input.

On a line a tab stands between the texts.

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


def predict(text, text_b):
    """Returns {label: probability} for one pair."""
    encoding = TOKENIZER.encode(text, SETTINGS.get("between", "") + text_b)
    ids = np.array([encoding.ids], dtype=np.int64)
    known = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.array([encoding.type_ids])}
    given = {item.name: known[item.name] for item in SESSION.get_inputs()}
    logits = SESSION.run(["logits"], given)[0][0]
    powers = np.exp(logits - logits.max())
    return dict(zip(LABELS, (powers / powers.sum()).tolist()))


if __name__ == "__main__":
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    for text, text_b in [sys.argv[1:3]] if sys.argv[1:] else (line.rstrip("\n").split("\t", 1) for line in sys.stdin):
        probabilities = predict(text, text_b)
        label = max(probabilities, key=probabilities.get)
        print(f"{label}\t{probabilities[label]:.4f}")
