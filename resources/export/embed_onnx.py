"""Compares texts: python predict.py "a text" "another" …; each line shows how similar one is to the first.

Of a text by itself the vector is written.

Needs only: pip install onnxruntime tokenizers numpy
"""
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

HERE = Path(__file__).resolve().parent
SETTINGS = json.loads((HERE / "tlstudio.json").read_text(encoding="utf-8"))
PREFIXES = SETTINGS["prefixes"]  # written before queries, and before what is compared with them
TOKENIZER = Tokenizer.from_file(str(HERE / "tokenizer.json"))
TOKENIZER.enable_truncation(SETTINGS["max_length"])  # as in training
TOKENIZER.no_padding()
TOKENIZER.encode_special_tokens = True  # "[SEP]" in a text is a text
SESSION = onnxruntime.InferenceSession(str(HERE / "model.onnx"), providers=["CPUExecutionProvider"])


def encode(text, side=0):
    """Returns the vector of one text; its length is 1. Side 0 is a query, 1 what is compared with it."""
    ids = np.array([TOKENIZER.encode(PREFIXES[side] + text).ids], dtype=np.int64)
    return SESSION.run(["sentence_embedding"], {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0][0]


def similarity(one, other):
    """Returns the cosine of two texts: 1 means the same, 0 unrelated."""
    return float(encode(one) @ encode(other, 1))


if __name__ == "__main__":
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    texts = sys.argv[1:] or [line.strip() for line in sys.stdin]
    if len(texts) == 1:
        print(json.dumps(encode(texts[0]).tolist()))
    for text in texts[1:]:
        print(f"{similarity(texts[0], text):.4f}\t{text}")
