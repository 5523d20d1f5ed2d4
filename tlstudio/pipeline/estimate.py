"""Time and memory before a run, from a short rehearsal; nothing is written but caches."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from tlstudio.core.control import Control
from tlstudio.core.events import Emit
from tlstudio.core.recipe import Recipe
from tlstudio.models.scorers import TorchScorer, score
from tlstudio.pipeline.checks import check
from tlstudio.pipeline.context import Context
from tlstudio.pipeline.stages import Stages
from tlstudio.training.rehearsal import memory_in_use

_SAMPLE = 64  # rows that are scored to time the backbone


def estimate(recipe: Recipe, emit: Emit, control: Control) -> dict[str, Any]:
    """Seconds and bytes that training will take at most.

    Raises:
        StudioError: the recipe cannot run.
        Cancelled: the user has cancelled.
    """
    checked = check(recipe)
    with tempfile.TemporaryDirectory() as folder:
        context = Context(recipe, Path(folder), emit, control, ("prepare", "tokenise", "rehearse", "train"))
        try:
            stages = Stages(context, checked)
            for stage in ("prepare", "tokenise"):
                with context.running(stage):
                    getattr(stages, stage)()
            with context.running("rehearse"):
                found = _rehearsed(stages, context) if checked.strategy.plugin.REHEARSES else one_pass(stages)
        finally:
            context.close()
    return {**found, "rows": context.results["data"]["rows"], "detail": context.results.get("rehearsal", {})}


def _rehearsed(stages: Stages, context: Context) -> dict[str, Any]:
    stages.rehearse()
    found, settings = context.results["rehearsal"], stages.settings
    return {
        "seconds": found["seconds"],
        "memory_bytes": found["memory_bytes"],
        "batch_size": settings.batch_size,
        "precision": settings.precision,
    }


def one_pass(stages: Stages) -> dict[str, Any]:
    """A strategy on cached features takes one pass of the backbone; the head's own time is small beside it."""
    stages.settle()
    model = stages.checked.task.plugin.build(stages.backbone.path, stages.encoded)
    examples = stages.encoded.examples("train")
    sample = [examples[at] for at in range(0, len(examples), max(1, len(examples) // _SAMPLE))][:_SAMPLE]
    scorer = TorchScorer(model, head=stages.head, inputs=stages.encoded.inputs)
    scorer.outputs(sample[:2])  # the first call allocates
    begin = time.perf_counter()
    score(scorer, sample)
    texts = len(examples) + len(stages.encoded.splits.get("validation", ()))
    return {
        "seconds": (time.perf_counter() - begin) / len(sample) * texts,
        "memory_bytes": memory_in_use("cpu"),
        "batch_size": stages.settings.batch_size,
        "precision": "fp32",
    }
