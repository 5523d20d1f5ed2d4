"""For each task a tiny model, a little data and rows to predict: what the contract test runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Case:
    """How a task is tried.

    Attributes:
        model: writes a tiny model into the folder and returns its path.
        data: writes data into the folder and returns the recipe's data section.
        rows: values by role, as a person would ask.
        options: of the task.
        strategy: what it is trained with.
    """

    model: Callable[[Path], Path]
    data: Callable[[Path], dict[str, Any]]
    rows: list[dict[str, Any]]
    options: dict[str, Any] = field(default_factory=dict)
    strategy: dict[str, Any] = field(default_factory=lambda: {"name": "full-fine-tuning"})


CASES: dict[str, Case] = {}
