"""Fills gaps in texts: python predict.py "The [MASK] is late.", or one text a line from standard input.

Needs only: pip install torch transformers
"""
import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

HERE = Path(__file__).resolve().parent
SETTINGS = json.loads((HERE / "tlstudio.json").read_text(encoding="utf-8"))
TOKENIZER = AutoTokenizer.from_pretrained(HERE)
MODEL = AutoModelForMaskedLM.from_pretrained(HERE).eval()


def predict(text, guesses=10):
    """Returns for each gap the likeliest tokens with their probabilities."""
    text = text.replace("[MASK]", TOKENIZER.mask_token).replace("<mask>", TOKENIZER.mask_token)
    inputs = TOKENIZER(text, truncation=True, max_length=SETTINGS["max_length"], return_tensors="pt")
    with torch.inference_mode():
        logits = MODEL(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).logits[0]
    best = logits[inputs["input_ids"][0] == TOKENIZER.mask_token_id].softmax(-1).topk(guesses)
    return [
        [(TOKENIZER.decode([token]).strip(), chance) for token, chance in zip(*row)]
        for row in zip(best.indices.tolist(), best.values.tolist())
    ]


if __name__ == "__main__":
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    for text in sys.argv[1:] or (line.rstrip("\n") for line in sys.stdin):
        print("\t".join(" ".join(f"{token} {chance:.4f}" for token, chance in row[:3]) for row in predict(text)))
