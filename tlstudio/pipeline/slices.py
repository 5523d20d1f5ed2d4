"""The test result of each language apart: what a model knows of languages that it was not trained on is seen there.

Zero-shot cross-lingual transfer is measured this way by Conneau et al., 2018, "XNLI", table 4, and Hu et al., 2020,
"XTREME": a matrix of languages and metrics.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tlstudio.pipeline.subsets import part, with_splits
from tlstudio.tasks.base import TestJob

_FEWEST = 5  # rows of a language, below which no metric says anything
_MOST = 40  # languages


def by_language(task: Any, job: TestJob) -> list[dict[str, Any]]:
    """The metrics of each language of the test rows, the most frequent one first.

    Args:
        task: the plug-in.
        job: the answers to all test rows.

    Returns:
        ``[{"name", "rows", "trained", "metrics", "baseline"}]``: ``trained`` is the number of training rows in the
        language, 0 for zero-shot, and ``baseline`` what needs no model on the same rows, ``{"name", "title",
        "metrics"}``, such as always the largest class of the training rows. Empty where nothing says the language,
        where there is one language only, or where rows are read in windows.
    """
    import numpy as np

    labelled, rows = job.labelled, job.encoded.splits[job.split]
    if labelled.spoken is None or not hasattr(rows, "select"):
        return []
    names = labelled.spoken.of(labelled.splits[job.split], job.control)
    known = [(name, count) for name, count in Counter(names.tolist()).most_common() if name and count >= _FEWEST]
    if len(names) != len(rows) or len(rows) != len(job.outputs) or len(known) < 2:
        return []
    trained = Counter(labelled.spoken.of(labelled.splits["train"], job.control).tolist())
    found = []
    for name, count in known[:_MOST]:
        job.control.check()
        own = _of(job, np.flatnonzero(names == name))
        result = task.test(own).result
        found.append({"name": name, "rows": count, "trained": trained[name], "metrics": result["metrics"],
                      "baseline": _simplest(task, own)})  # fmt: skip
    return found


def _simplest(task: Any, job: TestJob) -> dict[str, Any]:
    """The baseline that needs no learning, where a task has one; else the first of its baselines."""
    found: dict[str, Any] = task.chance(job) if hasattr(task, "chance") else task.baselines(job)[0]
    return found


def _of(job: TestJob, places: Any) -> TestJob:
    """The same job on some of its rows."""
    split = job.split
    encoded = replace(job.encoded, splits={**job.encoded.splits, split: job.encoded.splits[split].select(places)})
    labelled = with_splits(job.labelled, **{split: part(job.labelled.splits[split], places)})
    return replace(job, encoded=encoded, labelled=labelled, outputs=[job.outputs[at] for at in places.tolist()])


def parts(job: TestJob, truth: Sequence[str], classes: Sequence[str]) -> dict[str, list[str]]:
    """Names of parts of the test rows by what divides them, a name for each row of data; empty for no part.

    Args:
        job: the answers to all test rows.
        truth: the right answer of each row, as text.
        classes: class names, where an answer is one of them.

    Returns:
        ``{"class", "length", "language"}``, those of them that these rows have; a length is ``short``, ``middle`` or
        ``long``: the thirds of the rows by what the model reads.
    """
    import numpy as np

    found: dict[str, list[str]] = {}
    if 1 < len(classes) <= _MOST:
        found["class"] = [name if name in set(classes) else "" for name in truth]
    lengths = np.asarray(job.encoded.examples(job.split).lengths())
    low, high = np.quantile(lengths, [1 / 3, 2 / 3]) if len(lengths) else (0, 0)
    if len(lengths) == len(truth) and lengths.min(initial=0) < lengths.max(initial=0):
        found["length"] = ["short" if size <= low else "middle" if size <= high else "long" for size in lengths]
    labelled = job.labelled
    if labelled.spoken is not None:
        names = labelled.spoken.of(labelled.splits[job.split], job.control).tolist()
        if len(names) == len(truth) and len(set(names) - {""}) > 1:
            found["language"] = names
    return found
