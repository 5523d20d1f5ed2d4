"""Writes texts: python predict.py "a beginning" "another one", or one prompt a line from standard input.

Needs only: pip install torch transformers
"""
import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

HERE = Path(__file__).resolve().parent
SETTINGS = json.loads((HERE / "tlstudio.json").read_text(encoding="utf-8"))
TOKENIZER = AutoTokenizer.from_pretrained(HERE)
MODEL = AutoModelForCausalLM.from_pretrained(HERE).eval()


def tokens(prompt):
    """The prompt as the model was trained to see it."""
    if SETTINGS["prompt"] == "chat":
        messages = [{"role": "user", "content": prompt}]
        prompt = TOKENIZER.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        return TOKENIZER(prompt, add_special_tokens=False)["input_ids"]
    own = TOKENIZER("")["input_ids"]
    start = own[: (len(own) + 1) // 2] or [TOKENIZER.eos_token_id]
    return [token for token in start if token is not None] + TOKENIZER(prompt, add_special_tokens=False)["input_ids"]


def predict(prompt):
    """Returns what the model writes after the prompt."""
    ids = torch.tensor([tokens(prompt)])
    limit = getattr(MODEL.config, "max_position_embeddings", None) or 1 << 20
    new = min(SETTINGS["head"]["generate"]["max_new_tokens"], max(1, limit - ids.shape[1]))
    options = {**SETTINGS["head"]["generate"], "max_new_tokens": new}
    with torch.inference_mode():
        made = MODEL.generate(input_ids=ids, attention_mask=torch.ones_like(ids), **options)
    text = TOKENIZER.decode(made[0, ids.shape[1]:], skip_special_tokens=True)
    return text.strip() if SETTINGS["prompt"] == "chat" else text


if __name__ == "__main__":
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    for prompt in sys.argv[1:] or (line.rstrip("\n") for line in sys.stdin):
        print(predict(prompt))
