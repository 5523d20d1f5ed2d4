"""Which learning rate? A range test with the data, the backbone and the strategy of a recipe."""

from __future__ import annotations

import time
from typing import Any

from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.events import Emit
from tlstudio.core.reasons import Reason, reason
from tlstudio.core.recipe import Recipe
from tlstudio.pipeline.trials import Bench, left_out
from tlstudio.training import lr_finder
from tlstudio.training.lr_finder import Sweep


def find_rate(
    recipe: Recipe, emit: Emit, control: Control, lowest: float = lr_finder.LOWEST,
    highest: float = lr_finder.HIGHEST, steps: int = lr_finder.STEPS,
) -> dict[str, Any]:  # fmt: skip
    """Sweeps the learning rate; nothing is trained that stays.

    Each step is told as a :class:`Result` called ``sweep``: ``{"rate", "loss", "smoothed"}``.

    Args:
        lowest: rate of the first step.
        highest: rate of the last one.
        steps: at most; the sweep ends when the loss grows.

    Returns:
        ``{"points", "suggestion", "lowest_at", "ended", "usual", "set", "strategy", "batch_size", "reasons",
        "seconds"}``: ``usual`` is the rate of the strategy where the recipe says auto, ``set`` that of the recipe or
        None; the rest as :class:`tlstudio.training.lr_finder.Sweep`.

    Raises:
        StudioError: the recipe cannot run; or the limits make no sense.
        Cancelled: the user has cancelled.
    """
    if not 0 < lowest < highest or steps < 2:
        raise StudioError(
            "rate.limits", "A sweep from {low} to {high} in {steps} steps makes no sense.",
            "The lowest rate must be above 0 and below the highest, and there must be two steps at least.",
            low=lowest, high=highest, steps=steps,
        )  # fmt: skip
    begin = time.monotonic()
    training = recipe.training
    bench = Bench(recipe, control)
    with bench.stages(recipe.changed("training.learning_rate", "auto")) as stages:
        stages.settle()
        usual, once = stages.settings.learning_rate, stages.checked.strategy.once
        transfer = stages.prepared()
        sweep = lr_finder.find(transfer, stages.loss(), stages.settings, emit, control, lowest, highest, steps)
        if sweep.ended == "stopped" and not sweep.points:
            raise Cancelled
        chosen = None if training.learning_rate == "auto" else training.learning_rate
        return {
            **sweep.to_dict(),
            "usual": usual,
            "set": chosen,
            "strategy": recipe.strategy.name,
            "batch_size": stages.settings.batch_size,
            "reasons": [*_reasons(sweep, chosen or usual, once), *left_out(recipe)],
            "seconds": round(time.monotonic() - begin, 1),
        }


def _reasons(sweep: Sweep, current: float, once: bool) -> list[Reason]:
    if sweep.suggestion is None or sweep.lowest_at is None:
        return [reason("rate.flat", "The loss does not fall at any rate of the sweep: begin at a lower rate, go to a "
                       "higher one, or take more steps.")]  # fmt: skip
    said = [reason("rate.steepest", "The loss falls most steeply at a rate of {rate:.2g}.", rate=sweep.suggestion)]
    if sweep.ended in ("rose", "nan"):
        said.append(reason("rate.limit", "From {rate:.2g} on it grows again: stay below.", rate=sweep.lowest_at))
    if current > sweep.lowest_at:
        said.append(reason("rate.too-high", "The rate that is set, {rate:.2g}, is beyond that.", rate=current))
    elif current < sweep.suggestion / 30:
        said.append(reason("rate.low", "The rate that is set, {rate:.2g}, is {times:.0f} times lower: training may be "
                           "slower than it need be.", rate=current, times=sweep.suggestion / current))  # fmt: skip
    else:
        said.append(reason("rate.fits", "The rate that is set, {rate:.2g}, is within what the sweep finds useful.",
                           rate=current))  # fmt: skip
    if not once:
        said.append(reason("rate.careful", "A backbone usually wants less, down to a tenth of the steepest: a high "
                           "rate lets it forget what it knows, which so short a test cannot see."))  # fmt: skip
    return said
