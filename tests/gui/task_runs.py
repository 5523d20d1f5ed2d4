"""Made-up results and answers of every kind of task, as the worker writes them: for tests and pictures."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

Results = dict[str, Any]

CONTEXT = (
    "The bridge over the Firth of Forth was opened on 4 March 1890 by the Prince of Wales. It is 2,467 metres long; "
    "its construction took seven years and cost the lives of at least 73 men. For 27 years it had the longest single "
    "cantilever span of the world, until the Quebec Bridge was completed in Canada. The bridge carries two railway "
    "tracks 46 metres above high water, and about 200 trains cross it each day."
)
SPAN_ROWS = (
    ("Angela Merkel met Emmanuel Macron in Berlin on Tuesday .", "B-PER I-PER O B-PER I-PER O B-LOC O O O",
     "B-PER I-PER O B-PER I-PER O B-LOC O O O"),
    ("The European Central Bank raised its rate , said Christine Lagarde in Frankfurt am Main .",
     "O B-ORG I-ORG I-ORG O O O O O B-PER I-PER O B-LOC I-LOC I-LOC O",
     "O O B-ORG I-ORG O O O O O B-PER I-PER O B-LOC O O O"),
    ("Washington beat Dallas 24 - 10 while Apple shares fell .", "B-ORG O B-ORG O O O O B-ORG O O O",
     "B-LOC O B-LOC O O O O B-ORG O O O"),
    ("Nothing of note happened in the village .", "O O O O O O O O", "O O O O O O O O"),
)  # fmt: skip
TAG_ROW = ("The old man the boats while she reads it aloud .", "AT NN VB AT NNS CS PPS VBZ PPO RB .",
           "AT JJ NN AT NNS CS PPS VBZ PPO RB .")  # fmt: skip


def interval(value: float, spread: float = 0.02, top: float = 1.0) -> dict[str, float]:
    return {"value": value, "low": value - spread, "high": min(value + spread, top)}


def base(task: str, headline: str, unit: str, metrics: Results, **test: Any) -> Results:
    """What all results have; the first metric of ``metrics`` has a baseline."""
    value = metrics[headline]["value"]
    worse = value * 1.6 if headline in ("perplexity", "rmse") else value * 0.6
    fp32, int8 = 90_868_376, 23_012_345
    stages = [
        {"name": name, "title": title, "format": form, "bytes": size, "metrics": {headline: metrics[headline]},
         "latency": {"1": {"median_ms": time}, "16": {"median_ms": time * 11}}, "agreement": agrees}
        for name, title, form, size, time, agrees in (
            ("trained", "Trained model", "pytorch", fp32, 24.1, None),
            ("1-dynamic-int8", "Dynamic int8", "onnx", int8, 10.9, 0.991),
        )
    ]  # fmt: skip
    return {
        "run": "r", "created": "2026-11-22T01:00:00+00:00", "outcome": "completed", "task": task, "labels": [],
        "headline": headline, "unit": unit,
        "data": {"path": "/data/rows.jsonl", "rows": {"train": 4_812, "validation": 300, "test": 1_204}},
        "model": {"name": "org/mini"},
        "training": {"strategy": "full-fine-tuning", "strategy_title": "Full fine-tuning", "epochs_done": 4,
                     "best_epoch": 3, "seconds": 94.2, "peak_memory_bytes": 1.4e9, "precision": "bf16",
                     "batch_size": 16, "device": "cpu"},
        "baselines": [{"name": "trivial", "title": "Most frequent class",
                       "metrics": {headline: interval(worse, value * 0.03, math.inf)}}],
        "test": {"rows": 1_204, "metrics": metrics, **test},
        "stages": stages, "exports": [], "extra": [], "seconds": {"train": 94.0},
    }  # fmt: skip


def spans() -> Results:
    rows = [
        {"row": 3 + 7 * at, "tokens": text.split(), "labels": truth.split(), "predicted": said.split()}
        for at, (text, truth, said) in enumerate((*SPAN_ROWS, TAG_ROW))
    ]
    metrics = {"entity_f1": interval(0.872), "entity_precision": interval(0.881), "entity_recall": interval(0.864),
               "token_accuracy": interval(0.971, 0.004)}  # fmt: skip
    per_class = [
        {"label": name, "support": count, "precision": interval(value), "recall": interval(value - 0.02),
         "f1": interval(value - 0.01)}
        for name, count, value in (("LOC", 512, 0.91), ("ORG", 433, 0.82), ("PER", 618, 0.93))
    ]  # fmt: skip
    result = base("token-classification", "entity_f1", "sentences", metrics, per_class=per_class,
                  samples={"kind": "spans", "items": rows * 6})  # fmt: skip
    return result | {"labels": ["O", "B-LOC", "I-LOC", "B-ORG", "I-ORG", "B-PER", "I-PER"]}


def answers() -> Results:
    def at(text: str) -> Results:
        return {"text": text, "start": CONTEXT.index(text) if text else -1}

    rows = [
        (3, "When was the bridge opened?", [at("4 March 1890")], at("4 March 1890"), True, 1.0),
        (8, "How many men died while it was built?", [at("at least 73"), at("73")], at("73 men"), False, 0.5),
        (15, "Who paid for the bridge?", [], at("the Prince of Wales"), False, 0.0),
        (21, "Which bridge took over its record?", [at("the Quebec Bridge")], {"text": "", "start": -1}, False, 0.0),
    ]
    items = [
        {"row": row, "question": question, "context": CONTEXT, "answers": truth,
         "predicted": {**said, "score": 0.8}, "exact": exact, "f1": f1}
        for row, question, truth, said, exact, f1 in rows
    ]  # fmt: skip
    metrics = {"answer_f1": interval(0.812), "exact_match": interval(0.701), "answered_f1": interval(0.834),
               "no_answer_accuracy": interval(0.61)}  # fmt: skip
    return base(
        "question-answering", "answer_f1", "questions", metrics, samples={"kind": "answers", "items": items * 5}
    )


def generations() -> Results:
    rows = [
        ("Die Brücke über den Firth of Forth wurde 1890 eröffnet und ist 2467 Meter lang.",
         "The bridge over the Firth of Forth was opened in 1890 and is 2,467 metres long.",
         "The bridge over the Firth of Forth opened in 1890 and is 2467 metres long.", 71.3),
        ("Bitte schicken Sie mir eine neue Rechnung, die alte enthält einen Fehler in der Anschrift.",
         "Please send me a new invoice; the old one has a mistake in the address.",
         "Please send me a new account, the old contains a mistake in the the the writing.", 21.9),
        ("我的订单什么时候发货?已经等了三天了,客服没有回复任何消息。", "When will my order be shipped? I have waited "
         "three days and customer service has not answered.", "When is my order sent?", 9.4),
        (" ".join([CONTEXT] * 3), "The Forth Bridge opened in 1890.", "It is a bridge of 1890.", 30.2),
    ]  # fmt: skip
    items = [
        {"row": 2 + at, "source": source, "reference": reference, "output": output, "score": score}
        for at, (source, reference, output, score) in enumerate(rows)
    ]
    metrics = {"bleu": interval(31.42, 1.1, 100), "chrf": interval(57.9, 0.9, 100), "rouge_l": interval(0.543),
               "length_ratio": interval(0.97, 0.01, 2)}  # fmt: skip
    return base("translation", "bleu", "pairs", metrics, samples={"kind": "generations", "items": items * 4})


def causal() -> Results:
    items = [
        {"row": at, "source": "Write one sentence about the sea.", "reference": "The sea was calm that morning.",
         "output": "The sea is a large body of salt water that covers most of the Earth.", "score": None}
        for at in range(6)
    ]  # fmt: skip
    metrics = {"perplexity": interval(18.7, 0.6, 1e9), "loss": interval(2.93, 0.03, 1e9)}
    return base("causal-lm", "perplexity", "prompts", metrics, samples={"kind": "generations", "items": items})


def numbers() -> Results:
    rng = random.Random(7)
    items = []
    for row in range(50):
        true = rng.uniform(0, 5)
        text = f"A man is playing a {'guitar' if row % 2 else 'flute'} in front of {row} people."
        said = min(max(true + rng.gauss(0, 0.45), 0), 5)
        other = f"Someone makes music for {row} listeners."
        items.append({"row": row, "text": text, "text_b": other, "label": round(true, 2), "predicted": said})
    metrics = {"pearson": interval(0.861), "spearman": interval(0.852), "rmse": interval(0.47, 0.02, 9),
               "mse": interval(0.22, 0.02, 9), "r2": interval(0.73)}  # fmt: skip
    return base("text-pair-regression", "pearson", "pairs", metrics, samples={"kind": "numbers", "items": items})


def masked() -> Results:
    items = [
        {"row": 4, "text": "The court [MASK] that the lease had [MASK] before the notice was given.",
         "words": [{"truth": "held", "guesses": [["held", 0.61], ["found", 0.2], ["ruled", 0.11]]},
                   {"truth": "expired", "guesses": [["ended", 0.44], ["expired", 0.4], ["lapsed", 0.07]]}]},
        {"row": 9, "text": "Tenants must [MASK] the rent in advance.",
         "words": [{"truth": "pay", "guesses": [["pay", 0.93], ["offer", 0.02]]}]},
        {"row": 13, "text": "The [MASK] dismissed the appeal with costs.",
         "words": [{"truth": "chancellor", "guesses": [["court", 0.72], ["judge", 0.2]]}]},
    ]  # fmt: skip
    metrics = {"masked_accuracy": interval(0.642), "perplexity": interval(5.81, 0.2, 99)}
    return base("masked-lm", "perplexity", "texts", metrics, samples={"kind": "masked", "items": items * 5})


def neighbours() -> Results:
    def hit(text: str, score: float, right: bool = False) -> Results:
        return {"text": text, "score": score, "right": right}

    items = [
        {"row": 2, "query": "how do I get my money back", "expected": "Refunds are paid within five days.",
         "found": [hit("Refunds are paid within five days.", 0.812, True), hit("Money can be sent abroad.", 0.55),
                   hit("Returns are free of charge.", 0.51)]},
        {"row": 6, "query": "card was swallowed by the machine",
         "expected": "Call us if a cash machine keeps your card.", "found": [
             hit("Machines are serviced at night.", 0.48), hit("Call us if a cash machine keeps your card.", 0.47,
                   True), hit("A new card takes a week.", 0.41)]},
        {"row": 9, "query": "close account", "expected": "Accounts end with a letter to us.",
         "found": [hit("Open an account in ten minutes.", 0.63), hit("Joint accounts need two signatures.", 0.52)]},
    ]  # fmt: skip
    metrics = {"ndcg": interval(0.781), "mrr": interval(0.744), "recall_at_1": interval(0.66),
               "recall_at_5": interval(0.86), "cosine_spearman": interval(0.79)}  # fmt: skip
    return base("embedding", "ndcg", "queries", metrics, samples={"kind": "neighbours", "items": items * 5})


def labels() -> Results:
    names = ["angry", "billing", "delivery", "praise", "urgent"]
    items = [
        {"row": 1, "text": "Where is my parcel?? I need it today, and the invoice is wrong too!",
         "labels": ["delivery", "urgent", "billing"], "predicted": ["delivery", "urgent", "angry"],
         "probabilities": {"angry": 0.62, "billing": 0.31, "delivery": 0.97, "praise": 0.01, "urgent": 0.88}},
        {"row": 5, "text": "Thank you, that was quick.", "labels": ["praise"], "predicted": ["praise"],
         "probabilities": {"angry": 0.01, "billing": 0.02, "delivery": 0.2, "praise": 0.99, "urgent": 0.02}},
        {"row": 8, "text": "ok", "labels": [], "predicted": [], "probabilities": dict.fromkeys(names, 0.05)},
    ]  # fmt: skip
    per_class = [
        {"label": name, "support": 80, "precision": interval(0.8), "recall": interval(0.75), "f1": interval(0.78),
         "threshold": 0.42}
        for name in names
    ]  # fmt: skip
    metrics = {"micro_f1": interval(0.842), "macro_f1": interval(0.81), "subset_accuracy": interval(0.66),
               "hamming_loss": interval(0.07, 0.01)}  # fmt: skip
    result = base("multi-label-classification", "micro_f1", "texts", metrics, per_class=per_class,
                  samples={"kind": "labels", "items": items * 6})  # fmt: skip
    return result | {"labels": names}


def boxes(folder: Path) -> Results:
    path = picture(folder / "street.png")
    items = [
        {"row": at, "image": str(path),
         "truth": [{"label": "car", "box": [60, 220, 280, 340]}, {"label": "person", "box": [400, 150, 460, 340]}],
         "predicted": [{"label": "car", "box": [70, 215, 290, 345], "score": 0.94},
                       {"label": "person", "box": [505, 160, 560, 330], "score": 0.51}]}
        for at in range(5)
    ]  # fmt: skip
    metrics = {"map": interval(0.412), "map50": interval(0.633), "map75": interval(0.44), "box_recall": interval(0.55)}
    result = base("object-detection", "map", "images", metrics, samples={"kind": "boxes", "items": items})
    return result | {"labels": ["car", "person"]}


def images(folder: Path) -> Results:
    """An image classification with a confusion matrix, and predictions beside it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = ["cat", "dog", "owl"]
    counts = [[14, 2, 0], [1, 15, 1], [0, 0, 12]]
    rows = [
        {"row": 100 * i + 10 * j + at, "image": str(picture(folder / f"{true}-{said}-{at}.png", seed=i * 7 + at)),
         "label": true, "predicted": said, "confidence": 0.7}
        for i, true in enumerate(names) for j, said in enumerate(names) for at in range(counts[i][j])
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows), folder / "predictions.parquet")
    errors = [row for row in rows if row["label"] != row["predicted"]]
    metrics = {"accuracy": interval(0.911), "top5_accuracy": interval(0.98), "macro_f1": interval(0.905)}
    bins = [{"low": 0.9, "high": 1.0, "confidence": 0.95, "accuracy": 0.93, "count": 30}]
    result = base("image-classification", "accuracy", "images", metrics, confusion=counts, errors=errors,
                  calibration=bins)  # fmt: skip
    return result | {"labels": names}


def picture(path: Path, seed: int = 0) -> Path:
    """A drawn street, or something like it."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (640, 400), (190 - seed % 60, 215, 235))
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 300, 640, 400), fill=(90, 95, 100))
    pen.rounded_rectangle((70, 240, 280, 335), 30, fill=(180, 40 + seed % 100, 50))
    pen.ellipse((105, 310, 150, 355), fill="black")
    pen.ellipse((205, 310, 250, 355), fill="black")
    pen.ellipse((412, 150, 448, 190), fill=(230, 190, 160))
    pen.rectangle((408, 190, 452, 335), fill=(40, 70, 150))
    pen.rectangle((505, 160, 560, 330), fill=(70, 110, 70))
    image.save(path)
    return path


def recording(path: Path, rate: int = 16_000) -> Path:
    """Two seconds of rising tones as WAV."""
    import wave

    import numpy as np

    time = np.arange(2 * rate) / rate
    sound = np.sin(2 * math.pi * (200 * time + 450 * time**2)) * np.exp(-((time - 1) ** 2))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((sound * 20_000).astype("<i2").tobytes())
    return path


ALL: dict[str, Any] = {
    "spans": spans, "answers": answers, "generations": generations, "causal": causal, "numbers": numbers,
    "masked": masked, "neighbours": neighbours, "labels": labels, "boxes": boxes, "images": images,
}  # fmt: skip


def make(kind: str, folder: Path) -> Results:
    """The results of a kind; ``folder`` takes the files that they name."""
    folder.mkdir(parents=True, exist_ok=True)
    result: Results = ALL[kind](folder) if kind in ("boxes", "images") else ALL[kind]()
    (folder / "results.json").write_text(json.dumps(result), encoding="utf-8")
    return result


# what is asked of each kind of task, and what it answers


def _word(text: str, start: int, tag: str, chance: float) -> Results:
    return {"text": text, "start": start, "end": start + len(text), "tag": tag, "probability": chance}


def asked(folder: Path) -> dict[str, tuple[dict[str, str], Results]]:
    """Name to (values by role, answer)."""
    folder.mkdir(parents=True, exist_ok=True)
    street, sound = str(picture(folder / "street.png")), str(recording(folder / "tones.wav"))
    ner = "Angela Merkel met Emmanuel Macron in Berlin on Tuesday"
    tags = ["B-PER", "I-PER", "O", "B-PER", "I-PER", "O", "B-LOC", "O", "O"]
    tokens, at = [], 0
    for word, tag in zip(ner.split(), tags, strict=True):
        tokens.append(_word(word, at, tag, 0.99 if tag == "O" else 0.94))
        at += len(word) + 1
    answer, chances = "4 March 1890", {"cat": 0.81, "dog": 0.15, "owl": 0.04}
    several = {"angry": 0.62, "billing": 0.31, "delivery": 0.97, "praise": 0.01, "urgent": 0.45}
    thresholds = {"angry": 0.5, "billing": 0.5, "delivery": 0.4, "praise": 0.6, "urgent": 0.42}
    return {
        "label": ({"text": "where is my parcel"}, {"kind": "label", "label": "delivery",
                  "probabilities": {"delivery": 0.9, "refund": 0.07, "praise": 0.03}}),
        "pair": ({"text": "A man plays a guitar.", "text_b": "Nobody makes music."},
                 {"kind": "label", "label": "contradiction", "probabilities": {"contradiction": 0.93, "neutral": 0.05,
                  "entailment": 0.02}}),
        "labels": ({"text": "Where is my parcel?? I need it today."},
                   {"kind": "labels", "labels": ["delivery", "angry", "urgent"], "probabilities": several,
                    "thresholds": thresholds}),
        "number": ({"text": "A man plays a guitar.", "text_b": "Somebody makes music."},
                   {"kind": "number", "value": 3.714}),
        "spans": ({"text": ner}, {"kind": "spans", "text": ner, "tokens": tokens, "spans": []}),
        "answer": ({"question": "When was the bridge opened?", "context": CONTEXT},
                   {"kind": "answer", "answer": answer, "start": CONTEXT.index(answer),
                    "end": CONTEXT.index(answer) + len(answer), "probability": 0.913, "no_answer": False}),
        "no-answer": ({"question": "Who paid?", "context": CONTEXT},
                      {"kind": "answer", "answer": "", "start": -1, "end": -1, "probability": 0.7, "no_answer": True}),
        "generation": ({"source_text": "Die Brücke wurde 1890 eröffnet."},
                       {"kind": "generation", "output": "The bridge was opened in 1890."}),
        "prompt": ({"prompt": "Write two sentences about the sea."},
                   {"kind": "generation", "output": "The sea is wide and blue.\nIt covers most of the Earth."}),
        "fill": ({"text": "The court [MASK] that the lease had [MASK]."},
                 {"kind": "fill", "masks": [[{"token": "held", "probability": 0.61}, {"token": "found",
                  "probability": 0.2}, {"token": "ruled", "probability": 0.11}], [{"token": "ended",
                  "probability": 0.44}, {"token": "expired", "probability": 0.4}]]}),
        "image": ({"image": street}, {"kind": "label", "label": "cat", "probabilities": chances}),
        "boxes": ({"image": street}, {"kind": "boxes", "width": 640, "height": 400, "boxes": [
                  {"label": "car", "box": [70, 215, 290, 345], "score": 0.94},
                  {"label": "person", "box": [400, 150, 460, 340], "score": 0.88}]}),
        "audio": ({"audio": sound}, {"kind": "label", "label": "rising", "probabilities": {"rising": 0.86,
                  "falling": 0.14}}),
        "similarity": ({"text": "A man plays a guitar.", "text_b": "Somebody makes music."},
                       {"kind": "similarity", "similarity": 0.83}),
        "embedding": ({"text": "A man plays a guitar."},
                      {"kind": "embedding", "embedding": [math.sin(at) / 19 for at in range(384)]}),
    }  # fmt: skip
