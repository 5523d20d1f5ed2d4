"""What does each part of a recipe bring? The recipe with a part left out or changed, against the recipe as it is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.events import Emit, Result
from tlstudio.core.files import read_json, safe_name
from tlstudio.core.reasons import Reason, reason
from tlstudio.core.recipe import Recipe
from tlstudio.evaluation.paired import compare_groups
from tlstudio.metrics.names import about
from tlstudio.pipeline.checks import check, problems
from tlstudio.pipeline.run import run
from tlstudio.pipeline.spaces import value_of, varied
from tlstudio.pipeline.trials import Whole

AUGMENTATION = ("data.augment", "data.balance")
_AND = "+"  # between fields that are left out together


@dataclass
class Variant:
    """A recipe that is compared with the one as it is, which is the first of them.

    ``runs`` are the folders of its trainings, by seed, and ``error`` says why there are no more.
    """

    changes: dict[str, Any]
    recipe: Recipe
    runs: dict[int, Path] = field(default_factory=dict)
    error: StudioError | None = None

    @property
    def title(self) -> str:
        """As the user has written it; empty for the recipe as it is."""
        left = [name for name, value in self.changes.items() if value is None]
        set_ = [f"{name}={value}" for name, value in self.changes.items() if value is not None]
        return ", ".join([*([f"without {_AND.join(left)}"] if left else []), *set_])


def ablate(
    recipe: Recipe, folder: Path, emit: Emit, control: Control, without: Sequence[str] = (), vary: Sequence[str] = (),
    seeds: int = 1,
) -> dict[str, Any]:  # fmt: skip
    """Runs the recipe and its variants, without compression and export, and compares them on the test rows.

    Each run that is done is told as a :class:`Result` called ``variant``: ``{"title", "changes", "seed", "run",
    "value"}``. A *stop* ends with the seeds that have been run by then.

    Args:
        folder: where the folders of the runs are made.
        without: fields that are left at their defaults, each in a variant; several joined by ``+`` are left out
            together. Without any, and nothing to vary, the augmentation.
        vary: fields with other values, such as ``training.optimiser=adamw|sgd``; each value is a variant.
        seeds: of the training, from that of the recipe upwards; each variant is trained with each.

    Returns:
        ``{"headline", "title", "lower", "share", "rows", "seeds", "variants", "reasons", "seconds"}``; ``variants``,
        the recipe as it is first, ``[{"title", "changes", "runs", "values", "mean", "sd", "difference", "only_variant",
        "only_recipe", "error"}]``: ``values`` of the headline metric by seed, ``difference`` ``{"value", "low",
        "high"}`` of the mean score of a row to the recipe as it is, above 0 for the better.

    Raises:
        StudioError: nothing would change, or the recipe itself cannot be run.
        Cancelled: the user has cancelled.
    """
    begin = time.monotonic()
    variants = _variants(recipe.model_copy(update={"compress": (), "export": ()}), without, vary)
    first = recipe.training.seed
    chosen = range(first, first + max(seeds, 1))
    whole = Whole(emit, control, "ablate", len(chosen) * len(variants), "runs")
    for seed in chosen:
        for variant in variants:
            if variant.error is None and not control.stopping:
                _run(variant, seed, folder, whole, emit, control)
            if variant is variants[0] and variant.error is not None:
                raise variant.error
    return {**_compared(variants, control), "seconds": round(time.monotonic() - begin, 1)}


def _variants(recipe: Recipe, without: Sequence[str], vary: Sequence[str]) -> list[Variant]:
    groups = [tuple(text.split(_AND)) for text in without]
    if not groups and not vary:
        groups = [AUGMENTATION]
    changes: list[dict[str, Any]] = [dict.fromkeys(group) for group in groups]
    for text in vary:
        name, separator, values = text.partition("=")
        if not separator or not values:
            raise StudioError(
                "ablate.vary", "'{text}' does not say what to vary.", "Write FIELD=A|B.", where="--vary", text=text
            )
        changes += [{name.strip(): value_of(value.strip())} for value in values.split("|")]
    found = [Variant({}, recipe)]
    for change in changes:
        changed = varied(recipe, change)
        check(changed)
        if all(changed != other.recipe for other in found):
            found.append(Variant(change, changed))
    if len(found) == 1:
        raise StudioError(
            "ablate.nothing", "The recipe has nothing in {fields} that could be left out.",
            "Add it to the recipe, or name another field with --without.",
            fields=", ".join(dict.fromkeys(name for change in changes for name in change)),
        )  # fmt: skip
    return found


def _run(variant: Variant, seed: int, base: Path, whole: Whole, emit: Emit, control: Control) -> None:
    recipe = variant.recipe.changed("training.seed", seed)
    if found := problems(recipe):
        variant.error = found[0]
        return
    folder = _folder(base, variant, seed)
    with whole.part(title=variant.title, seed=seed) as part:
        finished = run(recipe, folder, part, control)
    if finished.outcome == "cancelled":
        raise Cancelled
    if finished.error is not None:
        variant.error = StudioError.from_dict(finished.error)
    elif finished.outcome == "completed":
        variant.runs[seed] = folder
        emit(Result(name="variant", data={"title": variant.title, "changes": variant.changes, "seed": seed,
                                          "run": str(folder), "value": _value(folder)}))  # fmt: skip


def _folder(base: Path, variant: Variant, seed: int) -> Path:
    """A place for a run, in order of time like the others."""
    name = safe_name(variant.title.replace("=", " "), 40).replace(" ", "-") if variant.title else "as-it-is"
    stem = f"{time.strftime('%Y%m%d-%H%M%S')}-{name}-seed-{seed}"
    free = (stem if not number else f"{stem}-{number + 1}" for number in range(1000))
    return next(base / item for item in free if not (base / item).exists())


def _value(folder: Path) -> float:
    """The headline metric of a run."""
    results = read_json(folder / "results.json")
    return float(results["test"]["metrics"][results["headline"]]["value"])


# --- what follows


def _compared(variants: list[Variant], control: Control) -> dict[str, Any]:
    whole = variants[0]
    if not whole.runs:
        raise Cancelled
    headline = str(read_json(next(iter(whole.runs.values())) / "results.json")["headline"])
    known, entries, rows = about(headline), [_entry(whole)], 0
    for variant in variants[1:]:
        seeds = [seed for seed in variant.runs if seed in whole.runs]
        entry = _entry(variant)
        if seeds:
            found = compare_groups([whole.runs[seed] for seed in seeds], [variant.runs[seed] for seed in seeds],
                                   control.check)  # fmt: skip
            rows = found["rows"]
            entry |= {"difference": found["difference"], "only_recipe": found["only_first"],
                      "only_variant": found["only_second"]}  # fmt: skip
        entries.append(entry)
    return {
        "headline": headline,
        "title": known.title,
        "lower": known.lower,
        "share": known.share,
        "rows": rows,
        "seeds": list(whole.runs),
        "variants": entries,
        "reasons": _reasons(entries),
    }


def _entry(variant: Variant) -> dict[str, Any]:
    import numpy as np

    values = [_value(folder) for folder in variant.runs.values()]
    return {
        "title": variant.title,
        "changes": variant.changes,
        "runs": [str(folder) for folder in variant.runs.values()],
        "values": values,
        "mean": float(np.mean(values)) if values else None,
        "sd": float(np.std(values, ddof=1)) if len(values) > 1 else None,
        "difference": None,
        "only_variant": None,
        "only_recipe": None,
        "error": variant.error.to_dict() if variant.error else None,
    }


def _reasons(entries: list[dict[str, Any]]) -> list[Reason]:
    said = []
    for entry in entries[1:]:
        gap = entry["difference"]
        if gap is None:
            continue
        points = {name: 100 * gap[name] for name in ("value", "low", "high")}
        if gap["low"] <= 0 <= gap["high"]:
            said.append(reason("ablate.chance", "{variant}: {value:+.1f} points, which may be chance (95 % interval "
                               "{low:+.1f} to {high:+.1f}).", variant=entry["title"], **points))  # fmt: skip
        else:
            said.append(reason("ablate.differs", "{variant}: {value:+.1f} points (95 % interval {low:+.1f} to "
                               "{high:+.1f}).", variant=entry["title"], **points))  # fmt: skip
    return said
