"""What the forms of a model are worth on the validation rows of its run, and what they cost on this machine.

The test rows are left for the form that is chosen in the end: the best of many on the same rows flatters itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tlstudio.compression import networks
from tlstudio.core.errors import StudioError
from tlstudio.core.files import size_of
from tlstudio.core.progress import silent
from tlstudio.evaluation import latency
from tlstudio.metrics.names import about
from tlstudio.models.batches import Example
from tlstudio.models.scorers import Scorer, TorchScorer, limited, score, usable_cores
from tlstudio.pipeline import environment, footprint
from tlstudio.pipeline.agreeing import Answered, agreement
from tlstudio.pipeline.budget import Point, latency_key
from tlstudio.pipeline.checks import Configured
from tlstudio.pipeline.forms import TRAINED, TRAINED_TITLE, Form
from tlstudio.pipeline.stages import Stages
from tlstudio.pipeline.testing import weights_size
from tlstudio.tasks.base import TestJob

SPLIT = "validation"
REPETITIONS = 20
_BATCHES = (1, 16)
_SECONDS = 6.0  # for each batch size and number of threads
_RESAMPLES = 200
_MOST = 256  # rows that are brought to a length


class Bench:
    """Measures one form after the other beside the trained model.

    Args:
        stages: the reopened run, with validation rows.
        length: tokens that a row has while times are taken; 0 for the rows as they are.

    Raises:
        StudioError: the rows cannot have that length.
    """

    def __init__(self, stages: Stages, trained: Form, length: int = 0) -> None:
        self.stages, self.trained, self.length = stages, trained, length
        self.control = stages.context.control
        self.task, self.config = stages.checked.task.plugin, stages.checked.task.config
        self.metric = ""
        self.answered: Answered  # of the trained model
        self._reference: Point = {}
        self._timed(trained)  # tells at once where the length is impossible

    def open(self, known: Point | None = None) -> Point:
        """Measures the trained model, or goes on with what is known of it: all others are compared with it."""
        worth, self.answered = self._worth(self.trained)
        if known:
            self._reference = known
            return known
        times = self._times({TRAINED: self.trained.scorer}, {TRAINED: self.trained.scorer}, self.trained)
        self._reference = {
            "key": TRAINED, "title": TRAINED_TITLE, "steps": [], "status": "measured", "reason": None, **worth,
            "lost": 0.0, "agreement": 1.0, **self._sizes(self.trained, self.trained),
            "latency": {name: {**entry[TRAINED], "ratio": 1.0} for name, entry in times.items()},
            "memory_bytes": footprint.peak_memory("", self.trained.folder, self._timed(self.trained), self.control),
        }  # fmt: skip
        return self._reference

    def measure(self, forms: Sequence[Form], last: Configured) -> Point:
        """A point without key and steps, for the last of some forms.

        Args:
            forms: of a chain, the trained one first.
            last: the step that has made the last one.
        """
        form, reference = forms[-1], self._reference
        worth, answered = self._worth(form)
        with limited(1):
            single = last.plugin.scorer(form.folder)
        network = next(item for item in reversed(forms) if item.format == "transformers")
        return {
            **worth,
            "lost": lost(self.metric, reference["score"], worth["score"]),
            "agreement": agreement(form.scorer.head, answered, self.answered),
            **self._sizes(form, network),
            "latency": self._beside(form, single),
            "memory_bytes": footprint.peak_memory(last.plugin.NAME, form.folder, self._timed(form), self.control),
        }

    def _worth(self, form: Form) -> tuple[Point, Answered]:
        answers = score(form.scorer, form.examples(SPLIT), tick=lambda _rows: self.control.check())
        job = TestJob(self.config, form.encoded, self.stages.rows, SPLIT, answers, _RESAMPLES,
                      self.stages.context.recipe.training.seed, silent, self.control)  # fmt: skip
        tested = self.task.test(job)
        result = tested.result
        self.metric = self.metric or str(result.get("headline") or self.task.METRIC)
        found = result["metrics"][self.metric]
        if found["value"] is None:
            raise StudioError(
                "frontier.no-score", "The validation rows give no {metric}.", "Train again with more validation rows.",
                where="data.split.validation", metric=about(self.metric).title,
            )  # fmt: skip
        point = {"score": found["value"], "low": found["low"], "high": found["high"]}
        return point, Answered(form.encoded, answers, tested.columns)

    def _sizes(self, form: Form, network: Form) -> Point:
        whole = size_of(form.folder)
        scorer = network.scorer
        return {"bytes": weights_size(form.folder) or whole, "folder_bytes": whole, "format": form.format,
                "parameters": networks.parameters(scorer.model)
                if isinstance(scorer, TorchScorer) else None}  # fmt: skip

    # --- times

    def _beside(self, form: Form, single: Scorer) -> dict[str, dict[str, float]]:
        """Times of a form in units of the trained model's first ones, which were taken at another moment."""
        found = {}
        own = {TRAINED: self.trained.scorer}
        for name, entry in self._times({**own, "": form.scorer}, {**own, "": single}, form).items():
            before, beside, this = self._reference["latency"][name], entry[TRAINED], entry[""]
            drift = before["median_ms"] / beside["median_ms"]
            found[name] = {
                "median_ms": this["median_ms"] * drift, "p95_ms": this["p95_ms"] * drift,
                "ratio": this["median_ms"] / beside["median_ms"], "measured_ms": this["median_ms"],
                "repetitions": this["repetitions"], "busy": this["busy"],
            }  # fmt: skip
        return found

    def _times(
        self, models: dict[str, Scorer], singles: dict[str, Scorer], form: Form
    ) -> dict[str, dict[str, dict[str, float]]]:
        """``{"1", "16", "1-thread", "1-thread-16"}``: by batch size with all threads, then with one."""
        cores, found = usable_cores(), {}
        for threads, scorers in ((cores, models), (1, singles)):
            with limited(threads):
                rows = {name: (scorer, self._timed(self.trained if name == TRAINED else form))
                        for name, scorer in scorers.items()}  # fmt: skip
                times = latency.measure(rows, _BATCHES, REPETITIONS, control=self.control, seconds=_SECONDS)
            for batch in _BATCHES:
                name = str(batch) if scorers is models else latency_key(batch, "one")
                found[name] = {model: entry[str(batch)] for model, entry in times.items()}
        return found

    def _timed(self, form: Form) -> Sequence[Example]:
        rows = form.examples(SPLIT)
        return of_length(rows, self.length, form.encoded.max_length) if self.length else rows


def lost(metric: str, before: float, after: float) -> float:
    """Share of a score that is gone; below 0 where it is better than before."""
    difference = (after - before) if about(metric).lower else (before - after)
    return difference / abs(before) if before else difference


def of_length(rows: Sequence[Example], length: int, most: int) -> list[Example]:
    """The rows with so many tokens each, cut or repeated: the time of a text depends on its length alone.

    Raises:
        StudioError: they are no texts, or the model reads fewer tokens.
    """
    if not len(rows) or "input_ids" not in rows[0] or np.ndim(rows[0]["input_ids"]) != 1:
        raise StudioError(
            "frontier.no-length", "The rows of this task have no length in tokens.", "Leave the length out.",
            where="length",
        )  # fmt: skip
    if length > most:
        raise StudioError(
            "frontier.too-long", "The model reads {most} tokens of a text at most, not {length}.",
            "Choose a smaller length.", where="length", most=most, length=length,
        )  # fmt: skip
    found: list[Example] = []
    for at in range(min(len(rows), _MOST)):
        row = rows[at]
        size = len(row["input_ids"])
        found.append({name: np.resize(np.asarray(value), length).tolist()
                      if np.ndim(value) == 1 and len(value) == size else value
                      for name, value in row.items()})  # fmt: skip
    return found


def machine() -> dict[str, Any]:
    """What times depend on beside the model."""
    known = environment.describe(usable_cores())
    return {name: known[name] for name in ("processor", "cores", "threads", "memory_bytes", "system", "versions")}
