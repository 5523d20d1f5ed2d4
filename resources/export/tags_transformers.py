"""Tags the words of texts: python predict.py "some text" "another text", or one text a line from standard input.

Needs only: pip install torch transformers
"""
import json
import re
import sys
from pathlib import Path

import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer

HERE = Path(__file__).resolve().parent
SETTINGS = json.loads((HERE / "tlstudio.json").read_text(encoding="utf-8"))
TOKENIZER = AutoTokenizer.from_pretrained(HERE)
MODEL = AutoModelForTokenClassification.from_pretrained(HERE).eval()


def predict(text):
    """Returns [(word, start, end, tag, probability)] of one text, in characters."""
    words = list(re.finditer(SETTINGS["words"], text))
    owners, starts = [], []  # the word of each character of the text that the model reads; where each word begins
    for number, word in enumerate(words):
        starts.append(len(owners))
        owners += [number] * len(word.group()) + [None]
    windows = TOKENIZER(  # long texts: windows that overlap
        " ".join(word.group() for word in words), truncation=True, max_length=SETTINGS["max_length"],
        stride=SETTINGS["stride"], return_overflowing_tokens=True, return_offsets_mapping=True,
    )
    best = {number: (-1, SETTINGS["usual_tag"], 0.0) for number in range(len(words))}
    for ids, offsets in zip(windows["input_ids"], windows["offset_mapping"]) if words else ():
        with torch.inference_mode():
            chances = MODEL(input_ids=torch.tensor([ids])).logits[0].softmax(-1)
        seen = set()
        for place, (begin, end) in enumerate(offsets):
            word = next((owners[at] for at in range(begin, end) if owners[at] is not None), None)
            if word is None or word in seen or begin > starts[word]:
                continue  # no word, or not its first token
            seen.add(word)
            context = min(place, len(ids) - 1 - place)
            if context > best[word][0]:  # the window that has most context around the word
                tag = int(chances[place].argmax())
                best[word] = context, MODEL.config.id2label[tag], float(chances[place, tag])
    return [(word.group(), *word.span(), *best[number][1:]) for number, word in enumerate(words)]


if __name__ == "__main__":
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    for text in sys.argv[1:] or (line.strip() for line in sys.stdin):
        for word, _start, _end, tag, probability in predict(text):
            print(f"{word}\t{tag}\t{probability:.4f}")
        print()
