"""Predicts a number for texts: python predict.py "some text" "another text", or one text a line from standard input.

Where the model was trained on pairs: python predict.py "first text" "second text", or a pair a line, with a tab.

Needs only: pip install torch transformers
"""
import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

HERE = Path(__file__).resolve().parent
SETTINGS = json.loads((HERE / "tlstudio.json").read_text(encoding="utf-8"))
PAIRS = SETTINGS["task"].startswith("pair")
TOKENIZER = AutoTokenizer.from_pretrained(HERE)
LITERAL = {"split_special_tokens": True} if TOKENIZER.is_fast else {}  # "[SEP]" in a text is a text
MODEL = AutoModelForSequenceClassification.from_pretrained(HERE).eval()


def predict(text, text_b=None):
    """Returns the number for one text or one pair."""
    options = {"truncation": True, "max_length": SETTINGS["max_length"], "return_token_type_ids": True, **LITERAL}
    inputs = TOKENIZER(text, SETTINGS.get("between", "") + text_b if PAIRS else None, return_tensors="pt", **options)
    given = {name: inputs[name] for name in SETTINGS["inputs"]}  # not all models take the types of tokens
    with torch.inference_mode():
        return float(MODEL(**given).logits[0, 0]) + SETTINGS["head"]["offset"]  # the mean, where the head has no bias


if __name__ == "__main__":
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    rows = [sys.argv[1:3]] if PAIRS else [[text] for text in sys.argv[1:]]
    if not sys.argv[1:]:
        rows = (line.rstrip("\n").split("\t", 1) if PAIRS else [line.strip()] for line in sys.stdin)
    for row in rows:
        print(f"{predict(*row):.6g}")
