"""Answers texts with two tokenizers: python predict.py "some text" "another text", or one a line from standard input.

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
KIND = SETTINGS["head"]["kind"]  # classes: one label; signs: any number of labels; values: a number
PAIRS = SETTINGS["task"].startswith("pair")
OFFSET = SETTINGS["head"]["offset"]  # not 0 where the head has no bias to add it
MODEL = AutoModelForSequenceClassification.from_pretrained(HERE).eval()


def reader(folder):
    """The tokenizer of one of the two backbones, and its settings."""
    settings = json.loads((folder / "tlstudio.json").read_text(encoding="utf-8"))
    return AutoTokenizer.from_pretrained(folder), settings


READERS = {"": reader(HERE), "second_": reader(HERE / "second")}


def inputs(text, text_b=None):
    """What both backbones read of one text or one pair."""
    known = {}
    for prefix, (tokenizer, settings) in READERS.items():
        options = {"truncation": True, "max_length": settings["max_length"], "return_token_type_ids": True}
        if tokenizer.is_fast:
            options["split_special_tokens"] = True  # "[SEP]" in a text is a text
        second = (settings.get("between") or "") + text_b if PAIRS else None
        found = tokenizer(text, second, return_tensors="pt", **options)
        known |= {prefix + name: value for name, value in found.items()}
    return {name: known[name] for name in SETTINGS["inputs"]}  # not all models take the types of tokens


def predict(text, text_b=None):
    """Returns {label: probability} for one text or one pair; a number where the model predicts one."""
    with torch.inference_mode():
        logits = MODEL(**inputs(text, text_b)).logits[0] + OFFSET
    if KIND == "values":
        return float(logits[0])
    shares = logits.sigmoid() if KIND == "signs" else logits.softmax(0)
    return {MODEL.config.id2label[i]: share for i, share in enumerate(shares.tolist())}


def shown(answer):
    """The answer on one line."""
    if KIND == "values":
        return f"{answer:.6g}"
    if KIND == "signs":
        limits = SETTINGS["thresholds"]  # a label is given from this probability on
        return ", ".join(f"{label} {share:.4f}" for label, share in answer.items() if share >= limits[label]) or "-"
    label = max(answer, key=answer.get)
    return f"{label}\t{answer[label]:.4f}"


if __name__ == "__main__":
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    rows = [sys.argv[1:3]] if PAIRS else [[text] for text in sys.argv[1:]]
    if not sys.argv[1:]:
        rows = (line.rstrip("\n").split("\t", 1) if PAIRS else [line.strip()] for line in sys.stdin)
    for row in rows:
        print(shown(predict(*row)))
