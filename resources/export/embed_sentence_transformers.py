"""Compares texts: python predict.py "a text" "another" …; each line shows how similar one is to the first.

Needs only: pip install sentence-transformers
"""
import sys
from pathlib import Path

from sentence_transformers import SentenceTransformer

MODEL = SentenceTransformer(str(Path(__file__).resolve().parent))


def encode(texts):
    """Returns the vectors of texts [N, D]; their length is 1."""
    return MODEL.encode(list(texts), show_progress_bar=False)


if __name__ == "__main__":
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8")
    texts = sys.argv[1:] or [line.strip() for line in sys.stdin]
    vectors = encode(texts)
    for text, similarity in zip(texts[1:], vectors[1:] @ vectors[0]):
        print(f"{similarity:.4f}\t{text}")
