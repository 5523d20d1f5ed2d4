"""Tags the words of texts: python predict.py "some text" "another text", or one text a line from standard input.

Needs only: pip install onnxruntime tokenizers numpy
"""
import json
import re
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

HERE = Path(__file__).resolve().parent
CONFIG = json.loads((HERE / "config.json").read_text(encoding="utf-8"))
SETTINGS = json.loads((HERE / "tlstudio.json").read_text(encoding="utf-8"))
LABELS = [CONFIG["id2label"][key] for key in sorted(CONFIG["id2label"], key=int)]
TOKENIZER = Tokenizer.from_file(str(HERE / "tokenizer.json"))
TOKENIZER.enable_truncation(SETTINGS["max_length"], stride=SETTINGS["stride"])  # long texts: windows that overlap
TOKENIZER.no_padding()
SESSION = onnxruntime.InferenceSession(str(HERE / "model.onnx"), providers=["CPUExecutionProvider"])


def predict(text):
    """Returns [(word, start, end, tag, probability)] of one text, in characters."""
    words = list(re.finditer(SETTINGS["words"], text))
    owners, starts = [], []  # the word of each character of the text that the model reads; where each word begins
    for number, word in enumerate(words):
        starts.append(len(owners))
        owners += [number] * len(word.group()) + [None]
    first = TOKENIZER.encode(" ".join(word.group() for word in words))
    best = {number: (-1, SETTINGS["usual_tag"], 0.0) for number in range(len(words))}
    for window in (first, *first.overflowing) if words else ():
        ids = np.array([window.ids], dtype=np.int64)
        logits = SESSION.run(["logits"], {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0][0]
        powers = np.exp(logits - logits.max(-1, keepdims=True))
        seen = set()
        for place, (begin, end) in enumerate(window.offsets):
            word = next((owners[at] for at in range(begin, end) if owners[at] is not None), None)
            if word is None or word in seen or begin > starts[word]:
                continue  # no word, or not its first token
            seen.add(word)
            context = min(place, len(window.ids) - 1 - place)
            if context > best[word][0]:  # the window that has most context around the word
                tag = int(powers[place].argmax())
                best[word] = context, LABELS[tag], float(powers[place, tag] / powers[place].sum())
    return [(word.group(), *word.span(), *best[number][1:]) for number, word in enumerate(words)]


if __name__ == "__main__":
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    for text in sys.argv[1:] or (line.strip() for line in sys.stdin):
        for word, _start, _end, tag, probability in predict(text):
            print(f"{word}\t{tag}\t{probability:.4f}")
        print()
