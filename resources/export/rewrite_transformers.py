"""Translates or shortens texts: python predict.py "some text" "another text", or one text a line from standard input.

Needs only: pip install torch transformers
"""
import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

HERE = Path(__file__).resolve().parent
SETTINGS = json.loads((HERE / "tlstudio.json").read_text(encoding="utf-8"))
TOKENIZER = AutoTokenizer.from_pretrained(HERE)
LITERAL = {"split_special_tokens": True} if TOKENIZER.is_fast else {}  # "[SEP]" in a text is a text
if hasattr(TOKENIZER, "src_lang") and SETTINGS["languages"][0]:
    TOKENIZER.src_lang = SETTINGS["languages"][0]
MODEL = AutoModelForSeq2SeqLM.from_pretrained(HERE).eval()  # generation_config.json holds beams and lengths


def predict(text):
    """Returns what the model writes."""
    text = SETTINGS["prefix"] + text
    inputs = TOKENIZER(text, truncation=True, max_length=SETTINGS["max_length"], return_tensors="pt", **LITERAL)
    with torch.inference_mode():
        ids = MODEL.generate(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"])[0]
    return TOKENIZER.decode(ids, skip_special_tokens=True).strip()


if __name__ == "__main__":
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    for text in sys.argv[1:] or (line.strip() for line in sys.stdin):
        print(predict(text))
