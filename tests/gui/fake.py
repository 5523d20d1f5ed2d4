"""A worker that answers at once, with facts like the real ones: for the window's tests and screenshots."""

from __future__ import annotations

import json
import math
import queue
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tlstudio.gui.run_session import AFTERWARDS
from tlstudio.models import catalog

LABELS = ("billing", "cancel-order", "delivery", "login", "refund-request", "product-question", "praise", "complaint")
MINILM = "sentence-transformers/all-MiniLM-L6-v2"


def groups() -> list[dict[str, Any]]:
    parts = {"biases": 4992, "norms": 1536, "sides": 6912}
    blocks = [{"name": f"block {i + 1}", "kind": "block", "parameters": 1774464, **parts} for i in range(6)]
    head = {"name": "head", "kind": "head", "parameters": 3080, "biases": 8}
    return [{"name": "embeddings", "kind": "embeddings", "parameters": 11_920_128}, *blocks, head]


def catalogue() -> list[dict[str, Any]]:
    rows = []
    for entry in catalog.entries():
        row = entry.model_dump(include={"name", "title", "summary", "parameters", "licence", "revision"})
        row |= {"bytes": entry.megabytes * 1_000_000, "languages": list(entry.languages), "note": entry.data}
        rows.append(row | {"present": entry.name == MINILM, "path": None})
    return rows


def model_facts(name: str = MINILM) -> dict[str, Any]:
    return {
        "name": name,
        "path": "/home/someone/.cache/tlstudio/models/all-MiniLM-L6-v2",
        "revision": "1110a243fdf4706b3f48f1d95db1a4f5529b4d41",
        "architecture": "BertModel",
        "model_type": "bert",
        "parameters": 22713216,
        "bytes": 90868376,
        "max_length": 512,
        "hidden_size": 384,
        "vocabulary": 30522,
        "licence": "apache-2.0",
        "languages": ["en"],
        "groups": groups(),
    }


def write_arrow(path: Path, rows: int = 560) -> Path:
    """A small table of texts, one of them Chinese."""
    import pyarrow as pa

    texts = [f"Where is my parcel number {i}? It should have been here on Monday." for i in range(rows)]
    texts[1 % rows] = "我的订单什么时候发货?已经等了三天了。"
    table = pa.table({"text": texts, "label": [LABELS[i % len(LABELS)] for i in range(rows)]})
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=100)
    return path


def data_facts(table: Path, problems: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    counts = {"train": 70, "validation": 10, "test": 20}
    labels = [[label, 105 - index * 6] for index, label in enumerate(LABELS)]
    return {
        "source": "csv",
        "options": {"delimiter": ",", "encoding": "utf-8"},
        "columns": ["text", "label"],
        "kinds": {"text": "text", "label": "text"},
        "column_facts": [
            {"name": "text", "kind": "text", "distinct": 560, "empty": 0, "length": 66.2}
            | {"examples": ["Where is my parcel number 0?", "我的订单什么时候发货?"]},
            {"name": "label", "kind": "text", "distinct": 8, "empty": 3, "length": 8.0, "examples": list(LABELS[:3])},
        ],
        "roles": {"text": "text", "label": "label"},
        "reasons": {"text": "its name says so", "label": "its name says so"},
        "tables": {"train": str(table)},
        "composed": {"train": str(table)},
        "parts": {"train": [{"path": "tickets.csv", "rows": 560}]},
        "rows": {"train": 560},
        "labels": labels,
        "labels_raw": labels,
        "lengths": {
            "edges": [i * 20 for i in range(21)],
            "counts": [round(90 * math.exp(-(((i - 6) / 4) ** 2))) for i in range(20)],
            "unit": "characters",
        },
        "splits": {split: dict.fromkeys(LABELS, number) for split, number in counts.items()},
        "split_rows": {split: number * len(LABELS) for split, number in counts.items()},
        "dropped": {},
        "problems": problems or [],
    }


class FakeRunner:
    """Answers jobs from a table of functions ``job(args) -> reply``; a run says what a run says.

    ``pace`` is the time between the steps of a run, in seconds.
    """

    def __init__(self, answers: dict[str, Callable[[dict[str, Any]], Any]] | None = None, pace: float = 0.01) -> None:
        self.answers, self.pace = answers or {}, pace
        self.words: queue.Queue[str] = queue.Queue()
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.closed = threading.Event()
        self._id = 0

    def start(self, job: str, args: dict[str, Any]) -> int:
        self._id += 1
        self.asked.append((job, args))
        return self._id

    def lines(self) -> Iterator[dict[str, Any]]:
        job, args = self.asked[-1]
        if job in ("run", "resume", *AFTERWARDS):
            yield from self._run(Path(args["folder"]), 30 if job == "resume" else 0)
            return
        answer = self.answers.get(job)
        if answer is None:
            error = {"code": "worker.unknown-job", "message": "No such job.", "remedy": "", "where": "", "params": {}}
            yield {"event": "error", "id": self._id, "error": error}
            return
        try:
            yield {"event": "reply", "id": self._id, "data": answer(args)}
        except ValueError as error:
            yield {"event": "error", "id": self._id, "error": error.args[0]}

    def send(self, word: str) -> None:
        self.words.put(word)

    def kill(self) -> None:
        self.words.put("kill")

    def close(self) -> None:
        self.closed.set()

    def _run(self, folder: Path, after: int) -> Iterator[dict[str, Any]]:
        outcome, rng = "completed", random.Random(7)
        stages = ("prepare", "tokenise", "train", "evaluate", "compress", "export", "report")
        with open(folder / "events.jsonl", "a" if after else "w", encoding="utf-8") as file:
            for event in _events(folder, stages, rng, after):
                word = self._word()
                if word in ("stop", "cancel", "kill", "detach", "leave"):
                    outcome = {"stop": "stopped", "detach": "left", "leave": "interrupted"}.get(word, "cancelled")
                    break
                file.write(json.dumps(event) + "\n")
                yield {**event, "id": self._id}
                time.sleep(self.pace)
        if outcome in ("completed", "stopped"):
            (folder / "results.json").write_text(json.dumps(results(folder.name, outcome)), encoding="utf-8")
        yield {"event": "finished", "id": self._id, "outcome": outcome, "seconds": 83.0, "error": None, "time": 1.0}

    def _word(self) -> str:
        try:
            word = self.words.get_nowait()
        except queue.Empty:
            return ""
        while word == "pause":
            word = self.words.get(timeout=10)
        return word


def _events(folder: Path, stages: tuple[str, ...], rng: random.Random, after: int) -> Iterator[dict[str, Any]]:
    """Of a run, or of one that is resumed after so many steps."""
    begin = time.time()
    where = {"run": folder.name, "folder": str(folder), "stages": list(stages)}
    yield {"event": "run-started", **where, "resumed": after > 0, "time": begin}
    for index, stage in enumerate(stages):
        yield {"event": "stage-started", "stage": stage, "index": index, "total": len(stages), "time": begin}
        if stage == "train":
            if after:
                yield {"event": "rewound", "step": after, "time": begin}
            yield from _training(rng, begin, after)
        yield {"event": "stage-finished", "stage": stage, "seconds": 2.0, "time": begin}


def _training(rng: random.Random, begin: float, after: int = 0, steps: int = 60) -> Iterator[dict[str, Any]]:
    message = {"code": "training.device", "message": "Training on {device} with {threads} threads.", "level": "info"}
    yield {"event": "log", **message, "params": {"device": "cpu", "threads": 2}, "time": begin}
    for step in range(after + 1, steps + 1):
        loss = 2.1 * math.exp(-step / 18) + 0.1 + rng.random() * 0.12
        values = {"loss": loss, "learning_rate": 5e-5 * (1 - step / steps), "gradient_norm": 1 + rng.random()}
        values["samples_per_second"] = 61.0
        where = {"step": step, "epoch": step / 15, "time": begin + step}
        yield {"event": "metric", "split": "train", "values": values, **where}
        progress = {
            "stage": "train",
            "done": step,
            "total": steps,
            "unit": "steps",
            "seconds_left": (steps - step) * 1.3,
        }
        outlook = {"run_fraction": step / steps * 0.8, "run_seconds_left": (steps - step) * 1.3 + 20}
        yield {"event": "progress", **progress, **outlook, "time": begin + step}
        if step % 15 == 0:
            score = 0.95 - 0.6 * math.exp(-step / 15)
            scores = {"loss": loss + 0.08, "accuracy": score, "macro_f1": score - 0.01}
            yield {"event": "metric", "split": "validation", "values": scores, **where}
            yield {"event": "checkpoint", "path": f"checkpoints/{step}", "best": True, "score": score, **where}


def interval(value: float, spread: float = 0.02) -> dict[str, float]:
    return {"value": value, "low": value - spread, "high": min(value + spread, 1.0)}


def results(run: str, outcome: str = "completed") -> dict[str, Any]:
    """A results.json with the parts that the window reads."""
    names = ("accuracy", "macro_precision", "macro_recall", "macro_f1", "weighted_precision", "weighted_recall")
    names = (*names, "weighted_f1", "matthews", "roc_auc", "log_loss", "ece")
    metrics = {name: interval(0.94 - 0.01 * index) for index, name in enumerate(names)}
    size = len(LABELS)
    confusion = [[18 if i == j else (i * 3 + j) % 2 for j in range(size)] for i in range(size)]
    per_class = [
        {"label": label, "support": 20, "precision": interval(0.9), "recall": interval(0.92), "f1": interval(0.91)}
        for label in LABELS
    ]
    bins = [
        {"low": i / 10, "high": (i + 1) / 10, "confidence": i / 10 + 0.05, "accuracy": i / 10 + 0.02, "count": i * 4}
        for i in range(10)
    ]
    error = {"row": 12, "text": "Hello?? money back", "label": LABELS[4], "predicted": LABELS[0], "confidence": 0.91}
    test = {"rows": 160, "metrics": metrics, "per_class": per_class, "confusion": confusion, "calibration": bins}
    latency = {"1": {"median_ms": 24.1, "p95_ms": 27.0}, "16": {"median_ms": 301.0, "p95_ms": 320.0}}
    fast = {"1": {"median_ms": 10.9, "p95_ms": 12.0}, "16": {"median_ms": 130.0, "p95_ms": 140.0}}
    shared = {"metrics": {"accuracy": interval(0.94), "macro_f1": interval(0.93)}}
    stages = [
        {"name": "trained", "title": "Trained (PyTorch)", "format": "pytorch", "path": "model", "bytes": 91_000_000}
        | {"latency": latency, "agreement": None, **shared},
        {"name": "1-dynamic-int8", "title": "Dynamic int8", "format": "onnx", "path": "compressed/1-dynamic-int8"}
        | {"bytes": 23_000_000, "latency": fast, "agreement": 0.9977, **shared},
    ]
    parity = {"rows": 160, "max_logit_difference": 2.1e-6, "agreement": 1.0, "tolerance": 0.001, "status": "passed"}
    return {
        "run": run,
        "created": "2026-11-22T10:00:00+0000",
        "outcome": outcome,
        "task": "text-classification",
        "labels": list(LABELS),
        "data": {
            "path": "/data/support_train.csv",
            "source": "csv",
            "rows": {"train": 560, "validation": 80, "test": 160},
            "classes": [{"label": label, "train": 70, "validation": 10, "test": 20} for label in LABELS],
            "truncated": {"texts": 3, "share": 0.004, "tokens_lost": 57, "max_length": 128},
        },
        "model": {"name": MINILM, "revision": "1110a24", "architecture": "BertModel", "parameters": 22_716_296}
        | {"trainable": 22_716_296, "licence": "apache-2.0"},
        "training": {"strategy": "full-fine-tuning", "strategy_title": "Full fine-tuning", "epochs_done": 4}
        | {"best_epoch": 4, "best_score": 0.93, "best_metric": "macro_f1", "steps": 140, "seconds": 61.0}
        | {"peak_memory_bytes": 900_000_000, "precision": "bf16", "batch_size": 16, "learning_rate": 5e-5}
        | {"device": "cpu", "threads": 2, "samples_per_second": 36.0},
        "baselines": [
            {"name": "majority", "title": "Most frequent class", "metrics": {"accuracy": interval(0.13)}},
            {"name": "bag-of-words", "title": "Bag of words", "metrics": {"accuracy": interval(0.62)}},
        ],
        "test": {**test, "errors": [error]},
        "extra": [],
        "stages": stages,
        "exports": [
            {"name": "onnx", "title": "ONNX fp32", "path": "exports/onnx", "bytes": 91_000_000, "files": ["model.onnx"]}
            | {"parity": {**parity, "message": "The exported file agrees.", "params": {}}}
        ],
        "seconds": {"train": 61.0, "evaluate": 4.0, "total": 83.0},
    }


def answers(table: Path) -> dict[str, Callable[[dict[str, Any]], Any]]:
    """The jobs of the short-job worker."""
    return {
        "warm": lambda args: {},
        "catalogue": lambda args: catalogue(),
        "inspect-model": lambda args: model_facts(args["model"]["name"]),
        "inspect-data": lambda args: data_facts(table),
        "estimate": lambda args: {"seconds": 372, "memory_bytes": 1_400_000_000, "batch_size": 16, "precision": "bf16"},
        "download": lambda args: {"path": "/x", "revision": "1110a24", "bytes": 1},
        "predict": lambda args: [
            {"kind": "label", **row, "label": "billing", "probabilities": {"billing": 0.8, "login": 0.2}}
            for row in args["rows"]
        ],
    }
