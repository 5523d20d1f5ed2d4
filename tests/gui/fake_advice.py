"""What the advisor answers, in the shape of the worker's jobs."""

from __future__ import annotations

import math
from typing import Any

from tests.gui import fake


def _reason(code: str, message: str, **params: Any) -> dict[str, Any]:
    return {"code": code, "message": message, "params": params}


def rank(_args: dict[str, Any]) -> dict[str, Any]:
    def one(number: int, name: str, title: str, probe: float, milliseconds: float, parameters: int) -> dict[str, Any]:
        return {
            "name": name, "source": "hub", "title": title, "rank": number, "mean_rank": float(number),
            "scores": {"probe": probe, "neighbours": probe - 0.1, "logme": probe / 2, "h_score": 3.0, "transrate": 1.0},
            "cost": {"parameters": parameters, "bytes": 4 * parameters, "latency_ms": milliseconds},
            "difference": None,
            "reasons": [_reason("rank.probe", "A linear model on its features gets {percent:.1f} % of the rows right.",
                                percent=100 * probe)],
        }  # fmt: skip

    return {
        "candidates": [
            one(1, "intfloat/multilingual-e5-small", "Multilingual E5 small", 0.83, 14.2, 117_653_760),
            one(2, fake.MINILM, "MiniLM L6", 0.80, 7.1, 22_713_216),
        ],
        "skipped": [], "best": "intfloat/multilingual-e5-small", "lean": fake.MINILM, "clear": False,
        "reasons": [_reason("rank.open", "{best} comes first, but {others} may be as good: the sample cannot tell them "
                            "apart.", best="Multilingual E5 small", others="MiniLM L6")],
    }  # fmt: skip


def advise(_args: dict[str, Any]) -> dict[str, Any]:
    def one(name: str, title: str, score: float, seconds: float) -> dict[str, Any]:
        probes = [{"value": score - 0.1, "rows": 120}, {"value": score, "rows": 480}]
        return {"name": name, "title": title, "options": {}, "probes": probes, "dropped_at": None,
                "cost": {"seconds": seconds, "memory_bytes": 1_300_000_000}}  # fmt: skip

    found = [one("lora", "LoRA", 0.74, 160.0), one("linear-probe", "Linear probe", 0.71, 6.0)]
    told = _reason(
        "rank.alike", "The difference of {points:+.1f} points to {best} may be chance.", points=-3.0, best="LoRA"
    )
    return {"metric": "macro_f1", "strategies": found, "recommended": "lora", "sure": "open", "reasons": [told]}


def rate(_args: dict[str, Any]) -> dict[str, Any]:
    rates = [10 ** (-7 + 6 * at / 60) for at in range(61)]
    losses = [2.0 - 1.2 / (1 + math.exp(-2 * (math.log10(r) + 4))) + 40 * max(0.0, r - 0.02) for r in rates]
    points = [{"rate": r, "loss": loss, "smoothed": loss} for r, loss in zip(rates, losses, strict=True)]
    told = _reason("rate.steepest", "The loss falls most steeply at a rate of {rate:.2g}.", rate=1.234e-4)
    return {"points": points, "suggestion": 1.234e-4, "lowest_at": 2e-2, "ended": "rose", "reasons": [told]}


def curve(args: dict[str, Any]) -> dict[str, Any]:
    if args.get("per_class"):
        return few(args["per_class"])
    line = [{"rows": rows, "value": 1 - rows**-0.3, "low": 1 - rows**-0.28, "high": 1 - rows**-0.32}
            for rows in (40, 80, 160, 320, 560, 1120)]  # fmt: skip
    points = [{"rows": rows, "value": 1 - rows**-0.3} for rows in (40, 80, 160, 320, 560)]
    sizes = [{**point, "sd": None, "least": point["value"], "most": point["value"], "trainings": 1}
             for point in points]  # fmt: skip
    return {"metric": "accuracy", "share": True, "points": points, "sizes": sizes, "line": line, "now": {"rows": 560},
            "reasons": [_reason("x", "Twice as many rows would bring 3 points.")]}  # fmt: skip


def few(numbers: list[int]) -> dict[str, Any]:
    """A few examples of each of eight classes, three draws each."""
    points = [{"each": each, "rows": 8 * each, "draw": draw, "value": 1 - (each * (1 + draw / 5)) ** -0.5}
              for each in numbers for draw in range(3)]  # fmt: skip
    sizes = []
    for each in numbers:
        values = [point["value"] for point in points if point["each"] == each]
        sizes.append({"each": each, "rows": 8 * each, "value": sum(values) / 3, "sd": 0.03, "least": min(values),
                      "most": max(values), "trainings": 3})  # fmt: skip
    told = _reason("curve.last-step", "The last step, from {first} to {last} examples a class, brought {gain:+.3g}.",
                   first=numbers[-2], last=numbers[-1], gain=4.1)  # fmt: skip
    return {"metric": "accuracy", "share": True, "points": points, "sizes": sizes, "line": [], "now": None,
            "reasons": [told]}  # fmt: skip


ANSWERS = {"rank": rank, "advise": advise, "lr": rate, "curve": curve}
