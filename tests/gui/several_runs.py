"""Made-up results of runs with several tasks, for tests and pictures."""

from __future__ import annotations

from typing import Any

from tests.gui.sample_run import interval, results


def together() -> dict[str, Any]:
    """Several tasks on one backbone."""
    return {**results(), "headline": "accuracy", "tasks": [
        _task("20261120-091500-mini-full-fine-tuning", "text-classification", "Text classification", 640, "accuracy",
              0.91, 0.62, 0.86, 0.02),
        _task("20261121-183000-mini-lora", "text-classification", "Text classification", 1_821, "macro_f1",
              0.884, 0.79, 0.879, 0.015),
        _task("places", "token-classification", "Token classification", 3_453, "entity_f1", 0.842, 0.31, None, 0.01),
    ]}  # fmt: skip


def _task(name: str, task: str, title: str, rows: int, metric: str, score: float, baseline: float,
          alone: float | None, half: float) -> dict[str, Any]:  # fmt: skip
    return {
        "name": name, "task": task, "title": title, "path": f"tasks/{name}", "place": name, "rows": rows,
        "headline": metric, "metrics": {metric: interval(score, half)},
        "baseline": {"name": "bag-of-words", "title": "Bag of words", "metrics": {metric: interval(baseline)}},
        "alone": None if alone is None else {metric: interval(alone, half)},
    }  # fmt: skip


def continual() -> dict[str, Any]:
    """Four tasks learnt one after the other."""
    return {**results(), "headline": "accuracy", "retention": {
        "tasks": ["earn + acq", "crude + trade", "money-fx + interest", "ship + grain"],
        "runs": ["20261122-090000-mini-full-fine-tuning", "20261122-091500-mini-continual",
                 "20261122-093000-mini-continual", "20261122-094500-mini-continual"],
        "metric": "accuracy",
        "values": [[0.98, None, None, None], [0.91, 0.94, None, None], [0.86, 0.9, 0.89, None],
                   [0.83, 0.88, 0.85, 0.96]],
        "backward": -0.083, "forward": 0.062, "method": "replay",
    }}  # fmt: skip
