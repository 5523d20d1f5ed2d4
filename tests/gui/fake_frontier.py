"""A made-up study of trade-offs, in the shape of the real job's answer."""

from __future__ import annotations

from typing import Any

from tests.gui import fake

REFERENCE: dict[str, Any] = {
    "key": "trained", "title": "Trained (PyTorch)", "steps": [], "status": "measured", "reason": None,
    "score": 0.94, "lost": 0.0, "agreement": 1.0, "bytes": 91_000_000, "memory_bytes": 310_000_000,
    "latency": {"1": {"median_ms": 24.1, "p95_ms": 27.0, "ratio": 1.0},
                "16": {"median_ms": 301.0, "p95_ms": 320.0, "ratio": 1.0}},
    "pareto": True, "within_budget": False,
}  # fmt: skip
_INT8: dict[str, Any] = {"name": "dynamic-int8"}
# layers that are kept (6: all), how they are chosen, int8, score, MB, ms for 1, ms for 16, memory in MB
_FORMS = (
    (6, "", True, 0.937, 23.1, 10.9, 130.0, 190),
    (5, "importance", False, 0.938, 83.8, 20.3, 251.0, 300),
    (4, "importance", False, 0.931, 76.7, 16.6, 205.0, 285),
    (4, "top", False, 0.921, 76.7, 16.5, 204.0, 285),
    (3, "alternate", False, 0.919, 69.6, 12.7, 158.0, 270),
    (2, "alternate", False, 0.884, 62.5, 8.9, 110.0, 255),
    (5, "importance", True, 0.936, 21.3, 9.3, 109.0, 182),
    (4, "importance", True, 0.929, 19.5, 7.6, 90.0, 174),
    (3, "alternate", True, 0.915, 17.7, 5.9, 70.0, 166),
    (2, "alternate", True, 0.871, 15.9, 4.2, 50.0, 158),
    (1, "top", True, 0.702, 14.1, 2.6, 31.0, 150),
)


def points(budget: dict[str, Any]) -> list[dict[str, Any]]:
    """Twelve forms, of which one could not be made."""
    made = [_point(*form, budget) for form in _FORMS]
    for point in made:
        point["pareto"] = not any(_beats(other, point) for other in made)
    reason = {"code": "compress.layers", "message": "The network has {most} layers; {count} cannot be kept.",
              "params": {"most": 6, "count": 8}}  # fmt: skip
    failed = {"key": "layer-removal keep=8", "title": "Layer removal", "status": "failed", "reason": reason,
              "steps": [{"name": "layer-removal", "keep": 8}], "pareto": False, "within_budget": False}  # fmt: skip
    return [*made, failed]


def _point(keep: int, choose: str, int8: bool, score: float, size: float, one: float, many: float, memory: float,
           budget: dict[str, Any]) -> dict[str, Any]:  # fmt: skip
    removal = [{"name": "layer-removal", "keep": keep, "choose": choose}] if choose else []
    steps = [*removal, *([_INT8] if int8 else [])]
    within = 0.94 - score <= (budget.get("lost") if budget.get("lost") is not None else 1) + 1e-9
    within = within and size <= (budget.get("size_mb") or 1e9) and one <= (budget.get("latency_ms") or 1e9)
    return {
        "key": "+".join(f"{step['name']} {step.get('keep', '')}{step.get('choose', '')}".strip() for step in steps),
        "title": " + ".join(step["name"] for step in steps), "steps": steps, "status": "measured", "reason": None,
        "score": score, "lost": 0.94 - score, "agreement": 1 - (0.95 - score), "bytes": size * 1e6,
        "memory_bytes": memory * 1e6, "within_budget": within,
        "latency": {"1": {"median_ms": one, "p95_ms": one * 1.12, "ratio": 24.1 / one},
                    "16": {"median_ms": many, "p95_ms": many * 1.06, "ratio": 301 / many}},
    }  # fmt: skip


def _beats(one: dict[str, Any], other: dict[str, Any]) -> bool:
    mine, its = (
        (-item["score"], item["bytes"], item["latency"]["1"]["median_ms"], item["memory_bytes"])
        for item in (one, other)
    )
    return mine != its and all(a <= b for a, b in zip(mine, its, strict=True))


def answer(found: list[dict[str, Any]], budget: dict[str, Any], finished: bool = True) -> dict[str, Any]:
    """What the job replies with, and what lies in the folder of the run."""
    kept = [point for point in found if point["within_budget"]]
    best = min(kept, key=lambda point: point["bytes"], default=None)
    machine = {"processor": "Made-up CPU", "cores": 2, "threads": 2, "memory_bytes": 16e9, "system": "Linux 6"}
    return {
        "machine": machine, "rows": 160, "metric": "macro_f1", "reference": REFERENCE,
        "points": found, "best": best["key"] if best else None, "budget": budget, "finished": finished,
        "seconds": 95.0,
    }  # fmt: skip


def damage() -> dict[str, Any]:
    """As the results of a run with two forms have it."""
    rows = [{"row": 3 * number, "label": fake.LABELS[number % 8], "before": fake.LABELS[number % 8],
             "after": fake.LABELS[(number + 3) % 8]} for number in range(5)]  # fmt: skip
    won = [{"row": 40, "label": "login", "before": "refund-request", "after": "login"}]
    classes = [{"label": label, "rows": 20, "before": 0.95 - 0.01 * place, "after": 0.94 - 0.02 * place}
               for place, label in enumerate(fake.LABELS)]  # fmt: skip
    found = {
        "rows": 160, "exact": True, "better": 1, "worse": 5, "lost": [], "slices": 11,
        "difference": {"value": -0.025, "low": -0.05, "high": 0.0},
        "flips": {"right_to_wrong": {"count": 5, "rows": rows}, "wrong_to_right": {"count": 1, "rows": won},
                  "wrong_to_other": {"count": 0, "rows": []}},
        "classes": classes,
        "calibration": {"before": {"value": 0.021}, "after": {"value": 0.034}},
        "worst_slice": {"by": "length", "name": "short", "rows": 40, "before": 0.95, "after": 0.9,
                        "difference": {"value": -0.05, "low": -0.1, "high": -0.01}},
    }  # fmt: skip
    return {"1-dynamic-int8": found}
