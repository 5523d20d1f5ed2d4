"""A run folder with results and predictions, and a history, as the window reads them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tlstudio.core.events import (
    Checkpoint,
    Event,
    Log,
    Metric,
    Progress,
    RunStarted,
    StageFinished,
    StageStarted,
)
from tlstudio.session.history import RunHistory

LABELS = ["refund", "delivery", "praise"]
CONFUSION = [[40, 3, 0], [1, 38, 2], [0, 0, 16]]


def interval(value: float, half: float = 0.03) -> dict[str, float]:
    return {"value": value, "low": value - half, "high": value + half}


def results(accuracy: float = 0.94) -> dict[str, Any]:
    return {
        "run": "r",
        "created": "2026-11-22T01:00:00+00:00",
        "outcome": "completed",
        "task": "text-classification",
        "labels": LABELS,
        "data": {"path": "/data/tickets.csv", "rows": {"train": 560, "validation": 80, "test": 100}},
        "model": {"name": "org/mini"},
        "training": {
            "strategy": "full-fine-tuning",
            "strategy_title": "Full fine-tuning",
            "epochs_done": 4,
            "best_epoch": 3,
            "seconds": 94.2,
            "peak_memory_bytes": 1.4e9,
            "precision": "bf16",
            "batch_size": 16,
            "device": "cpu",
        },
        "baselines": [{"name": "bag-of-words", "title": "Bag of words", "metrics": {"accuracy": interval(0.76)}}],
        "test": {
            "rows": 100,
            "metrics": {
                "accuracy": interval(accuracy),
                "macro_f1": interval(accuracy - 0.01),
                "log_loss": interval(0.23),
                "ece": interval(0.031, 0.01),
            },
            "per_class": [
                {
                    "label": name,
                    "support": sum(row),
                    "precision": interval(0.9),
                    "recall": interval(r),
                    "f1": interval(0.9),
                }
                for name, row, r in zip(LABELS, CONFUSION, (0.93, 0.92, 1.0), strict=True)
            ],
            "confusion": CONFUSION,
            "calibration": [{"low": 0.9, "high": 1.0, "confidence": 0.95, "accuracy": 0.93, "count": 80}],
            "errors": [
                {"row": 7, "text": "where is it", "label": "delivery", "predicted": "refund", "confidence": 0.99},
                {"row": 3, "text": "so slow", "label": "refund", "predicted": "delivery", "confidence": 0.9},
            ],
        },
        "extra": [{"name": "zh.csv", "rows": 150, "metrics": {"accuracy": interval(0.31), "macro_f1": interval(0.28)}}],
        "stages": [
            _stage("trained", "Trained model", 90_868_376, accuracy, (24.1, 201.0)),
            _stage("1-dynamic-int8", "Dynamic int8", 23_012_345, accuracy - 0.006, (10.9, 96.0)),
        ],
        "exports": [
            _export("onnx", "ONNX fp32", "exports/onnx", "passed"),
            _export("onnx-int8", "ONNX int8", "", "failed"),
        ],
        "seconds": {"train": 94, "evaluate": 9},
    }


def _stage(name: str, title: str, size: int, accuracy: float, times: tuple[float, float]) -> dict[str, Any]:
    return {
        "name": name,
        "title": title,
        "format": "onnx",
        "bytes": size,
        "metrics": {"accuracy": interval(accuracy)},
        "latency": {batch: {"median_ms": time} for batch, time in zip(("1", "16"), times, strict=True)},
        "agreement": 0.99,
    }


def _export(name: str, title: str, path: str, status: str) -> dict[str, Any]:
    parity = {
        "rows": 200,
        "max_logit_difference": 1.9e-6,
        "agreement": 0.995,
        "tolerance": 1e-3,
        "kind": "logits",
        "status": status,
        "message": "{agreement} of {rows} texts get the same label.",
        "params": {"agreement": "99.5%", "rows": 200},
    }
    return {"name": name, "title": title, "path": path, "bytes": 91_800_000, "parity": parity}


def folder(base: Path, name: str = "20261122-010000-mini-full-fine-tuning", accuracy: float = 0.94) -> Path:
    """Writes a run folder with results, report, predictions, events and one export."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    place = base / name
    (place / "exports" / "onnx").mkdir(parents=True)
    (place / "exports" / "onnx" / "predict.py").write_text("")
    (place / "report.html").write_text("")
    (place / "results.json").write_text(json.dumps(results(accuracy)))
    rows = [
        {"row": index, "text": f"text {true} {predicted} {index}", "label": true, "predicted": predicted}
        for true, counts in zip(LABELS, CONFUSION, strict=True)
        for predicted, count in zip(LABELS, counts, strict=True)
        for index in range(count)
    ]
    pq.write_table(pa.Table.from_pylist([{**row, "confidence": 0.8} for row in rows]), place / "predictions.parquet")
    lines = [json.dumps(event.to_dict()) for event in events()]
    (place / "events.jsonl").write_text("\n".join(lines))
    return place


def events(steps: int = 40) -> list[Event]:
    result: list[Event] = [
        RunStarted(run="r", folder="/r", stages=("prepare", "train", "export")),
        StageStarted(stage="prepare", index=0, total=3),
        StageFinished(stage="prepare", seconds=2.0),
        StageStarted(stage="train", index=1, total=3),
        Log(code="training.phase", message="Now the {phase}.", params={"phase": "head", "step": 1}),
    ]
    for step in range(1, steps + 1):
        values = {"loss": 2 / step, "learning_rate": 2.5e-5, "gradient_norm": 1.25, "samples_per_second": 63.2}
        result.append(Metric(split="train", step=step, epoch=step / 10, values=values))
        if step % 10 == 0:
            scores = {"loss": 3 / step, "accuracy": 0.8 + step / 400, "macro_f1": 0.7 + step / 400}
            result.append(Metric(split="validation", step=step, epoch=step / 10, values=scores))
    result.append(Checkpoint(step=30, epoch=3, path="checkpoints/30", best=True, score=0.8))
    result.append(
        Progress(stage="train", done=40, total=80, unit="steps", seconds_left=60, run_fraction=0.4, run_seconds_left=90)
    )
    return result


def history(steps: int = 40) -> RunHistory:
    run = RunHistory()
    for event in events(steps):
        run.append(event)
    return run
