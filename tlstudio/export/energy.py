"""What a training took in energy: an estimate from its time, which says what it assumes."""

from __future__ import annotations

from typing import Any

from tlstudio.core import numbers

# no counter of a processor may be read without rights of the administrator on most systems
_CORE, _REST, _ACCELERATOR = 10.0, 20.0, 300.0  # watts of a busy core, of the rest of a computer, of a data-centre GPU


def watts_of(training: dict[str, Any]) -> tuple[float, str]:
    """Watts while training, and where they come from."""
    if measured := training.get("watts"):
        return float(measured), "as measured"
    if str(training.get("device") or "cpu") != "cpu":
        return _ACCELERATOR + _REST, f"assumed: {_ACCELERATOR:.0f} W for the accelerator and {_REST:.0f} W for the rest"
    threads = training.get("threads")
    cores = threads if isinstance(threads, int) and threads > 0 else 4
    return cores * _CORE + _REST, f"assumed: {_CORE:.0f} W for each of {cores} threads and {_REST:.0f} W for the rest"


def told(training: dict[str, Any]) -> str:
    """The estimate as a sentence; empty where the time is not known."""
    seconds = training.get("seconds")
    if not seconds:
        return ""
    watts, why = watts_of(training)
    hours = float(seconds) * watts / 3.6e6
    amount = f"{hours:.2g} kWh" if hours >= 0.1 else f"{hours * 1000:.2g} Wh"
    spent = f"About {amount} for {numbers.duration(seconds)} of training at {watts:.0f} W ({why})."
    return f"{spent} An estimate: no meter was read."
