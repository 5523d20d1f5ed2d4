"""The test result of each language apart: what a model knows of languages that it was not trained on is seen there.

Zero-shot cross-lingual transfer is measured this way by Conneau et al., 2018, "XNLI", table 4, and Hu et al., 2020,
"XTREME": a matrix of languages and metrics.
"""

from __future__ import annotations

from collections import Counter
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
        ``[{"name", "rows", "trained", "metrics"}]``, ``trained`` being the number of training rows in the language;
        empty where no column is the language, where there is one language only, or where rows are read in windows.
    """
    import numpy as np

    labelled, rows = job.labelled, job.encoded.splits[job.split]
    if "language" not in labelled.roles.columns or not hasattr(rows, "select"):
        return []
    column = labelled.roles.one("language")
    names = np.array(list(labelled.splits[job.split].texts(column)))
    counts = [(name, count) for name, count in Counter(names.tolist()).most_common(_MOST) if count >= _FEWEST]
    if len(names) != len(rows) or len(rows) != len(job.outputs) or len(counts) < 2:
        return []
    trained = Counter(labelled.splits["train"].texts(column))
    found = []
    for name, count in counts:
        result = task.test(_of(job, np.flatnonzero(names == name))).result
        found.append({"name": name, "rows": count, "trained": trained[name], "metrics": result["metrics"]})
    return found


def _of(job: TestJob, places: Any) -> TestJob:
    """The same job on some of its rows."""
    split = job.split
    encoded = replace(job.encoded, splits={**job.encoded.splits, split: job.encoded.splits[split].select(places)})
    labelled = with_splits(job.labelled, **{split: part(job.labelled.splits[split], places)})
    return replace(job, encoded=encoded, labelled=labelled, outputs=[job.outputs[at] for at in places.tolist()])
