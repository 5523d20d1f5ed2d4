"""Answers questions about a passage: python predict.py "question" "passage", or lines "question TAB passage" from
standard input.

Needs only: pip install torch transformers
"""
import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

HERE = Path(__file__).resolve().parent
SETTINGS = json.loads((HERE / "tlstudio.json").read_text(encoding="utf-8"))
TOKENIZER = AutoTokenizer.from_pretrained(HERE)
MODEL = AutoModelForQuestionAnswering.from_pretrained(HERE).eval()


def windows(question, passage):
    """Question and passage as tokens; long passages in several windows that overlap."""
    asked = TOKENIZER(question, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    if len(asked) > SETTINGS["max_question"]:
        question = question[: asked[SETTINGS["max_question"] - 1][1]]
    return TOKENIZER(question, passage, truncation="only_second", max_length=SETTINGS["max_length"],
                     stride=SETTINGS["stride"], return_overflowing_tokens=True, return_offsets_mapping=True)


def predict(question, passage):
    """Returns (answer, start, end, score), in characters; the answer is empty where the passage holds none.

    The score is by how much the answer is likelier than none, in logits.
    """
    best, nothing = (-torch.inf, 0, 0), torch.inf
    made = windows(question, passage)
    for at, offsets in enumerate(made["offset_mapping"]):
        names = [name for name in TOKENIZER.model_input_names if name in made]
        with torch.inference_mode():
            output = MODEL(**{name: torch.tensor([made[name][at]]) for name in names})
        starts, ends = output.start_logits[0].tolist(), output.end_logits[0].tolist()
        nothing = min(nothing, starts[0] + ends[0])
        spans = zip(offsets, made.sequence_ids(at))
        inside = [at for at, ((begin, end), part) in enumerate(spans) if part == 1 and passage[begin:end].strip()]
        for number, first in enumerate(inside):
            for last in inside[number : number + SETTINGS["max_answer"]]:
                if starts[first] + ends[last] > best[0]:
                    best = starts[first] + ends[last], offsets[first][0], offsets[last][1]
    score, start, end = best
    if score == -torch.inf or (SETTINGS["may_lack"] and nothing - score > SETTINGS["threshold"]):
        return "", 0, 0, score - nothing
    start += len(passage[start:end]) - len(passage[start:end].lstrip())
    return passage[start:end], start, end, score - nothing


if __name__ == "__main__":
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    given = [sys.argv[1:3]] if len(sys.argv) > 2 else (line.rstrip("\n").split("\t", 1) for line in sys.stdin)
    for question, passage in given:
        answer, start, end, score = predict(question, passage)
        print(f"{answer}\t{start}\t{end}\t{score:.4f}")
