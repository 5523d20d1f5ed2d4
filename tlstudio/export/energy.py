"""What a training took in energy: an estimate from its time, which says what it assumes."""

from __future__ import annotations

from typing import Any

from tlstudio.core import numbers

# no counter of a processor may be read without rights of the administrator on most systems
_CORE, _REST, _ACCELERATOR = 10.0, 20.0, 300.0  # watts of a busy core, of the rest of a computer, of a data-centre GPU
_USUAL = 4  # threads, where a run of an earlier version does not say how many it had


def power(device: str, threads: int, stated: Any = "auto") -> dict[str, Any]:
    """Watts while training, and where they come from: ``stated`` in the recipe, or ``assumed``."""
    if stated != "auto":
        return {"watts": float(stated), "watts_from": "stated"}
    alone = device != "cpu"
    return {"watts": (_ACCELERATOR if alone else threads * _CORE) + _REST, "watts_from": "assumed"}


def told(training: dict[str, Any]) -> str:
    """The estimate as a sentence; empty where the time is not known."""
    seconds = training.get("seconds")
    if not seconds:
        return ""
    device, threads = str(training.get("device") or "cpu"), _threads(training)
    known = training if "watts_from" in training else power(device, threads)
    why = "as the recipe states" if known["watts_from"] == "stated" else _assumed(device, threads)
    watts = float(known["watts"])
    hours = float(seconds) * watts / 3.6e6
    amount = f"{hours:.2g} kWh" if hours >= 0.1 else f"{hours * 1000:.2g} Wh"
    spent = f"About {amount} for {numbers.duration(seconds)} of training at {watts:g} W ({why})."
    return f"{spent} An estimate: no meter was read."


def _threads(training: dict[str, Any]) -> int:
    threads = training.get("threads")
    return threads if isinstance(threads, int) and threads > 0 else _USUAL


def _assumed(device: str, threads: int) -> str:
    part = f"{_CORE:.0f} W for each of {threads} threads" if threads > 1 else f"{_CORE:.0f} W for one thread"
    part = part if device == "cpu" else f"{_ACCELERATOR:.0f} W for the accelerator"
    return f"assumed: {part} and {_REST:.0f} W for the rest"
