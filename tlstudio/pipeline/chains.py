"""Chains of compression steps that are worth a try, the cheap ones first."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tlstudio.compression.base import out_of_order
from tlstudio.core.errors import StudioError
from tlstudio.core.files import read_json
from tlstudio.core.plugins import configure, find, get
from tlstudio.core.recipe import Choice
from tlstudio.pipeline.checks import Configured

PACKAGE = "tlstudio.compression"
_QUANTISED = "dynamic-int8"  # ends the chains that begin with a smaller network
_SHORTER = "vocabulary-trimming"  # changes no answer, or hardly one: it goes before the others
_LAYERS = "layer-removal"
_DEPTHS = ("num_hidden_layers", "n_layers", "n_layer", "num_layers", "encoder_layers")  # in config.json


@dataclass(frozen=True)
class Chain:
    """Steps that follow each other.

    Attributes:
        choices: their names and options.
        steps: the same as plug-ins.
        family: chains of one family go further and further in the same way; empty for one that stands alone.
    """

    choices: tuple[Choice, ...]
    steps: tuple[Configured, ...] = field(repr=False)
    family: str = ""

    @property
    def title(self) -> str:
        """The steps by their titles, with the options that were chosen."""
        return " → ".join(_titled(choice, step) for choice, step in zip(self.choices, self.steps, strict=True))

    @property
    def plain(self) -> list[dict[str, Any]]:
        return [choice.model_dump() for choice in self.choices]

    def keys(self, weights: str) -> list[str]:
        """A key for the model after each step; chains that begin alike share the first ones.

        Args:
            weights: hash of the trained weights.
        """
        return [key_of(weights, self.choices[: count + 1]) for count in range(len(self.choices))]


def key_of(weights: str, choices: Sequence[Choice]) -> str:
    """The key of what some steps make of trained weights."""
    text = json.dumps([weights, [choice.model_dump() for choice in choices]], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _titled(choice: Choice, step: Configured) -> str:
    options = ", ".join(f"{name}={value}" for name, value in choice.options.items())
    return f"{step.plugin.TITLE} ({options})" if options else str(step.plugin.TITLE)


def parsed(choices: Sequence[Choice], task: Any, family: str = "") -> Chain:
    """A chain with its options checked.

    Raises:
        StudioError: a step is unknown or does not fit the task, an option is wrong, or the order is.
    """
    steps = []
    for choice in choices:
        plugin = get(PACKAGE, choice.name, "compress")
        steps.append(Configured(plugin, configure(plugin, choice.options, f"compress.{choice.name}")))
        if problem := plugin.fits(task):
            raise problem
    if (wrong := out_of_order([step.plugin for step in steps])) is not None:
        raise StudioError(
            "compress.order", "The step '{name}' cannot follow here: it cannot read what '{before}' gives.",
            "Change the order of the steps, or remove one.", where="compress", name=steps[wrong].plugin.TITLE,
            before=steps[wrong - 1].plugin.TITLE,
        )  # fmt: skip
    return Chain(tuple(choices), tuple(steps), family)


def usual(task: Any, model: Path) -> list[Chain]:
    """Chains for a trained model, of those steps that there are and that fit its task; those that train come last.

    Args:
        task: the plug-in.
        model: folder of the trained model.
    """
    known = {name: step for name, step in find(PACKAGE).items() if step.fits(task) is None}
    last = [name for name in (_QUANTISED,) if name in known]
    short = [[name] for name in (_SHORTER,) if name in known]
    others = {name: step for name, step in known.items() if name not in (_QUANTISED, _SHORTER, _LAYERS)}
    graphs = [name for name, step in others.items() if step.GIVES != "transformers"]
    # what neither shrinks nor speeds up a network, such as weights of 0 among others, is no candidate by itself
    smaller = [name for name, step in others.items()
               if step.GIVES == "transformers" and not getattr(step, "KEEPS_SIZE", False)]  # fmt: skip
    wanted: list[tuple[list[str | Choice], str]] = [([name], "") for name in (*last, *graphs)]
    wanted += [([name, *last], "") for name in graphs if others[name].GIVES == "onnx"]
    wanted += [([*first, *last], "") for first in short]
    wanted += [([*first, name], "") for first in short for name in graphs]
    cuts = _cuts(model) if _LAYERS in known else []
    begins: list[list[str]] = [[], *short]
    for first in begins:
        family = ", ".join([_LAYERS, *first])
        wanted += [([*first, cut, *last], family) for cut in cuts]
    wanted += [([cut], f"{_LAYERS} alone") for cut in cuts]
    wanted += [([*first, name, *last], "") for first in begins for name in smaller]
    found: dict[str, Chain] = {}
    for names, family in wanted:
        if (chain := _possible(names, task, family)) is not None:
            found.setdefault(key_of("", chain.choices), chain)
    return sorted(found.values(), key=epochs)


def epochs(chain: Chain) -> int:
    """Passes over the training rows that a chain takes."""
    return sum(epochs_of(step) for step in chain.steps)


def epochs_of(step: Configured) -> int:
    """Passes over the training rows that a step takes."""
    found = getattr(step.config, "epochs", 0)
    if not isinstance(found, int):
        return 1
    return max(found, getattr(step.config, "rounds", 1)) if found else 0  # an epoch at least after every round


def _cuts(model: Path) -> list[Choice]:
    """Layer removals, each further than the one before."""
    config = read_json(model / "config.json")
    layers = next((config[name] for name in _DEPTHS if isinstance(config.get(name), int)), 0)
    kept = list(dict.fromkeys(max(1, layers // part) for part in (2, 3))) if layers > 1 else []
    return [Choice.model_validate({"name": _LAYERS, "keep": keep}) for keep in kept]


def _possible(names: Sequence[str | Choice], task: Any, family: str) -> Chain | None:
    """The chain; None where its steps cannot follow each other."""
    try:
        return parsed([Choice(name=item) if isinstance(item, str) else item for item in names], task, family)
    except StudioError:
        return None
