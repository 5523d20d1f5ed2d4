"""Classifies texts: python predict.py "some text" "another text", or one text a line from standard input.

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


def predict(text):
    """Returns {label: probability} for one text."""
    inputs = TOKENIZER(text, truncation=True, max_length=SETTINGS["max_length"], return_tensors="pt", **LITERAL)
    with torch.inference_mode():
        logits = MODEL(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).logits[0]
    return {MODEL.config.id2label[i]: p for i, p in enumerate(logits.softmax(0).tolist())}


if __name__ == "__main__":
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    for text in sys.argv[1:] or (line.strip() for line in sys.stdin):
        probabilities = predict(text)
        label = max(probabilities, key=probabilities.get)
        print(f"{label}\t{probabilities[label]:.4f}")
