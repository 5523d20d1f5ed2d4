"""Compares texts: python predict.py "a text" "another" …; each line shows how similar one is to the first.

Of a text by itself the vector is written.

Needs only: pip install "sentence-transformers>=5"
"""
import json
import sys
from pathlib import Path

from sentence_transformers import SentenceTransformer

MODEL = SentenceTransformer(str(Path(__file__).resolve().parent))


def encode(texts, side=0):
    """Returns the vectors of texts [N, D]; their length is 1. Side 0 are queries, 1 what is compared with them."""
    own = MODEL.encode_document if side else MODEL.encode_query  # each with its prefix, where the model has some
    return own(list(texts), show_progress_bar=False)


if __name__ == "__main__":
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    texts = sys.argv[1:] or [line.strip() for line in sys.stdin]
    if len(texts) == 1:
        print(json.dumps(encode(texts)[0].tolist()))
    for text in texts[1:]:
        similarity = encode([text], 1)[0] @ encode(texts[:1])[0]
        print(f"{similarity:.4f}\t{text}")
