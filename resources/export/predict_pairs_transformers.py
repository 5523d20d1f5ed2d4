"""Classifies pairs of texts: python predict.py "first text" "second text", or a pair a line from standard input.

On a line a tab stands between the texts.

Needs only: pip install torch transformers
"""
import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

HERE = Path(__file__).resolve().parent
SETTINGS = json.loads((HERE / "tlstudio.json").read_text(encoding="utf-8"))
TOKENIZER = AutoTokenizer.from_pretrained(HERE)
LITERAL = {"split_special_tokens": True} if TOKENIZER.is_fast else {}  # "[SEP]" in a text is a text
MODEL = AutoModelForSequenceClassification.from_pretrained(HERE).eval()


def predict(text, text_b):
    """Returns {label: probability} for one pair."""
    options = {"truncation": True, "max_length": SETTINGS["max_length"], "return_token_type_ids": True}
    inputs = TOKENIZER(text, SETTINGS.get("between", "") + text_b, return_tensors="pt", **LITERAL, **options)
    given = {name: inputs[name] for name in SETTINGS["inputs"]}  # not all models take the types of tokens
    with torch.inference_mode():
        logits = MODEL(**given).logits[0]
    return {MODEL.config.id2label[i]: p for i, p in enumerate(logits.softmax(0).tolist())}


if __name__ == "__main__":
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    for text, text_b in [sys.argv[1:3]] if sys.argv[1:] else (line.rstrip("\n").split("\t", 1) for line in sys.stdin):
        probabilities = predict(text, text_b)
        label = max(probabilities, key=probabilities.get)
        print(f"{label}\t{probabilities[label]:.4f}")
