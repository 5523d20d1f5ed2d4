"""Answers questions about a passage: python predict.py "question" "passage", or lines "question TAB passage" from
standard input.

Needs only: pip install onnxruntime tokenizers numpy
"""
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

HERE = Path(__file__).resolve().parent
SETTINGS = json.loads((HERE / "tlstudio.json").read_text(encoding="utf-8"))
TOKENIZER = Tokenizer.from_file(str(HERE / "tokenizer.json"))
TOKENIZER.no_padding()
SESSION = onnxruntime.InferenceSession(str(HERE / "model.onnx"), providers=["CPUExecutionProvider"])
INPUTS = [item.name for item in SESSION.get_inputs()]


def windows(question, passage):
    """Question and passage as tokens; long passages in several windows that overlap."""
    TOKENIZER.no_truncation()
    asked = TOKENIZER.encode(question, add_special_tokens=False)
    if len(asked.ids) > SETTINGS["max_question"]:
        question = question[: asked.offsets[SETTINGS["max_question"] - 1][1]]
    TOKENIZER.enable_truncation(SETTINGS["max_length"], stride=SETTINGS["stride"], strategy="only_second")
    first = TOKENIZER.encode(question, passage)
    return [first, *first.overflowing]


def predict(question, passage):
    """Returns (answer, start, end, score), in characters; the answer is empty where the passage holds none.

    The score is by how much the answer is likelier than none, in logits.
    """
    best, nothing = (-np.inf, 0, 0), np.inf
    for window in windows(question, passage):
        ids = np.array([window.ids], dtype=np.int64)
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.array([window.type_ids])}
        starts, ends = SESSION.run(["start_logits", "end_logits"], {name: given[name] for name in INPUTS})
        nothing = min(nothing, float(starts[0, 0] + ends[0, 0]))
        spans = zip(window.offsets, window.sequence_ids)
        inside = [at for at, ((begin, end), part) in enumerate(spans) if part == 1 and passage[begin:end].strip()]
        for number, first in enumerate(inside):
            for last in inside[number : number + SETTINGS["max_answer"]]:
                score = float(starts[0, first] + ends[0, last])
                if score > best[0]:
                    best = score, window.offsets[first][0], window.offsets[last][1]
    score, start, end = best
    if score == -np.inf or (SETTINGS["may_lack"] and nothing - score > SETTINGS["threshold"]):
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
