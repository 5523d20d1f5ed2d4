"""Answers texts with two tokenizers: python predict.py "some text" "another text", or one a line from standard input.

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
CONFIG = json.loads((HERE / "config.json").read_text(encoding="utf-8"))
SETTINGS = json.loads((HERE / "tlstudio.json").read_text(encoding="utf-8"))
KIND = SETTINGS["head"]["kind"]  # classes: one label; signs: any number of labels; values: a number
PAIRS = SETTINGS["task"].startswith("pair")
LABELS = [CONFIG["id2label"][key] for key in sorted(CONFIG["id2label"], key=int)]


def reader(folder):
    """The tokenizer of one of the two backbones, and its settings."""
    settings = json.loads((folder / "tlstudio.json").read_text(encoding="utf-8"))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(settings["max_length"])  # as in training
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True  # "[SEP]" in a text is a text
    return tokenizer, settings


READERS = {"": reader(HERE), "second_": reader(HERE / "second")}
SESSION = onnxruntime.InferenceSession(str(HERE / "model.onnx"), providers=["CPUExecutionProvider"])


def inputs(text, text_b=None):
    """What both backbones read of one text or one pair."""
    known = {}
    for prefix, (tokenizer, settings) in READERS.items():
        encoding = tokenizer.encode(text, (settings.get("between") or "") + text_b if PAIRS else None)
        ids = np.array([encoding.ids], dtype=np.int64)
        known |= {prefix + "input_ids": ids, prefix + "attention_mask": np.ones_like(ids),
                  prefix + "token_type_ids": np.array([encoding.type_ids], dtype=np.int64)}
    return {item.name: known[item.name] for item in SESSION.get_inputs()}


def predict(text, text_b=None):
    """Returns {label: probability} for one text or one pair; a number where the model predicts one."""
    logits = SESSION.run(["logits"], inputs(text, text_b))[0][0].astype(np.float64)
    if KIND == "values":
        return float(logits[0])
    if KIND == "signs":  # each label is a question by itself
        return dict(zip(LABELS, (1 / (1 + np.exp(-logits))).tolist()))
    powers = np.exp(logits - logits.max())
    return dict(zip(LABELS, (powers / powers.sum()).tolist()))


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
