"""The damage report of a run: what each compressed form of its model changed on the test rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from tlstudio.evaluation import damage
from tlstudio.pipeline.slices import parts
from tlstudio.tasks.base import Tested, TestJob

_FEW = 10  # resamples of a test whose intervals are known already


class Damage:
    """Compares compressed forms with the trained model, one after the other.

    Args:
        task: the plug-in.
        job: the trained model's answers to the test rows.
        metrics: of the trained model on them.
    """

    def __init__(self, task: Any, job: TestJob, metrics: Mapping[str, Any]) -> None:
        self._task, self._job, self._metrics = task, job, metrics
        self.found: dict[str, dict[str, Any]] = {}

    def add(self, name: str, tested: Tested) -> None:
        """Compares a form; nothing is told where the task has no score for each row."""
        if not len(tested.columns.get("score") or ()):
            return
        tests, before = self._reference
        after = _answers(tested, tested.result["metrics"])
        if len(after.score) == len(before.score):
            self.found[name] = damage.damage(tests, before, after, **self._job.options)

    @cached_property
    def trained(self) -> Tested:
        """The trained model's answers to the rows of the data; without samples, which take a while."""
        found: Tested = self._task.test(replace(self._job, bootstrap=_FEW, ask=None))
        return found

    @cached_property
    def _reference(self) -> tuple[damage.Rows, damage.Answers]:
        job, tested = self._job, self.trained
        truth = [str(value) for value in tested.columns["label"]]
        known = set(truth) <= set(job.encoded.labels)  # else a label is a list of tags, a text, a number …
        classes = job.encoded.labels if known else []
        texts = job.texts("text") if "text" in job.labelled.roles.columns else []
        tests = damage.Rows(truth, job.row_numbers(), texts, classes, parts(job, truth, classes))
        return tests, _answers(tested, self._metrics)


def _answers(tested: Tested, metrics: Mapping[str, Any]) -> damage.Answers:
    columns = tested.columns
    return damage.Answers([str(value) for value in columns["predicted"]], np.asarray(columns["score"], np.float64),
                          metrics.get("ece"))  # fmt: skip
