"""Predicts a number for texts: python predict.py "some text" "another text", or one text a line from standard input.

Where the model was trained on pairs: python predict.py "first text" "second text", or a pair a line, with a tab.

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
PAIRS = SETTINGS["task"].startswith("pair")
TOKENIZER = Tokenizer.from_file(str(HERE / "tokenizer.json"))
TOKENIZER.enable_truncation(SETTINGS["max_length"])  # as in training
TOKENIZER.no_padding()
TOKENIZER.encode_special_tokens = True  # "[SEP]" in a text is a text
SESSION = onnxruntime.InferenceSession(str(HERE / "model.onnx"), providers=["CPUExecutionProvider"])


def predict(text, text_b=None):
    """Returns the number for one text or one pair."""
    encoding = TOKENIZER.encode(text, SETTINGS.get("between", "") + text_b if PAIRS else None)
    ids = np.array([encoding.ids], dtype=np.int64)
    known = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.array([encoding.type_ids])}
    given = {item.name: known[item.name] for item in SESSION.get_inputs()}
    return float(SESSION.run(["logits"], given)[0][0, 0])


if __name__ == "__main__":
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    rows = [sys.argv[1:3]] if PAIRS else [[text] for text in sys.argv[1:]]
    if not sys.argv[1:]:
        rows = (line.rstrip("\n").split("\t", 1) if PAIRS else [line.strip()] for line in sys.stdin)
    for row in rows:
        print(f"{predict(*row):.6g}")
