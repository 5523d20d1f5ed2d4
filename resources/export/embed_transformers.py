"""Compares texts: python predict.py "a text" "another" …; each line shows how similar one is to the first.

Of a text by itself the vector is written.

Needs only: pip install torch transformers
"""
import json
import sys
from pathlib import Path

import torch
from transformers import AutoModel, AutoTokenizer

HERE = Path(__file__).resolve().parent
SETTINGS = json.loads((HERE / "tlstudio.json").read_text(encoding="utf-8"))
PREFIXES = SETTINGS["prefixes"]  # written before queries, and before what is compared with them
TOKENIZER = AutoTokenizer.from_pretrained(HERE)
LITERAL = {"split_special_tokens": True} if TOKENIZER.is_fast else {}  # "[SEP]" in a text is a text
MODEL = AutoModel.from_pretrained(HERE).eval()


def encode(text, side=0):
    """Returns the vector of one text; its length is 1. Side 0 is a query, 1 what is compared with it."""
    options = {"truncation": True, "max_length": SETTINGS["max_length"], **LITERAL}
    inputs = TOKENIZER(PREFIXES[side] + text, return_tensors="pt", **options)
    with torch.inference_mode():
        hidden = MODEL(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).last_hidden_state[0]
    pool = SETTINGS["head"]["pool"]
    vector = hidden.mean(0) if pool == "mean" else hidden[0 if pool == "first" else -1]
    return torch.nn.functional.normalize(vector, dim=0)


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
