"""What the Data pane and ``tlstudio inspect`` show of a labelled file before anything is trained."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit
from tlstudio.core.recipe import DataSection
from tlstudio.data.labelled import Labelled, read_labelled
from tlstudio.data.roles import Roles, assign
from tlstudio.data.tables import Table, read_table

if TYPE_CHECKING:
    import pyarrow as pa

_BINS = 30


def inspect(data: DataSection, emit: Emit, control: Control) -> dict[str, Any]:
    """Columns, roles, labels, lengths, splits and problems of the data, as plain JSON.

    Raises:
        StudioError: the training file cannot be read at all; lesser problems are in ``problems``.
        Cancelled: the user has cancelled.
    """
    tables = {split: read_table(Path(path), data.source, data.options, emit, control)
              for split, path in data.files.items()}  # fmt: skip
    if "train" not in tables:
        raise StudioError("data.none", "No data is chosen.", "Choose a labelled file.", where="data.path")
    train = tables["train"]
    reply = _facts(tables, train)
    try:
        roles = assign(train.open(), data.roles)
        reply |= {"roles": roles.columns, "reasons": roles.reasons, **_shape(train.open(), roles)}
        labelled, problems = read_labelled(data, emit, control)
    except StudioError as error:
        labelled, problems = None, [error]
    reply["problems"] = [{**problem.to_dict(), "severity": "error"} for problem in problems]
    if labelled is not None:
        reply["splits"] = _split_table(labelled)
        reply["problems"] += [{**warning.to_dict(), "severity": "warning"} for warning in labelled.warnings]
    return reply


def _facts(tables: dict[str, Table], train: Table) -> dict[str, Any]:
    return {
        "source": train.source,
        "options": train.options,
        "columns": train.columns,
        "tables": {split: str(table.arrow) for split, table in tables.items()},
        "rows": {split: table.rows for split, table in tables.items()},
        "roles": {},
        "reasons": {},
        "labels": [],
        "lengths": {"edges": [], "counts": [], "unit": "characters"},
        "splits": {},
    }


def _shape(table: pa.Table, roles: Roles) -> dict[str, Any]:
    """Label counts, most frequent first, and a histogram of text lengths up to their 99th percentile."""
    import numpy as np
    import pyarrow.compute as pc

    counts = Counter(label.strip() for label in table.column(roles.columns["label"]).to_pylist())
    lengths = pc.utf8_length(table.column(roles.columns["text"])).to_numpy()
    top = max(float(np.percentile(lengths, 99)), 1.0)
    heights, edges = np.histogram(np.minimum(lengths, top), bins=_BINS, range=(0, top))
    return {
        "labels": counts.most_common(200),
        "lengths": {"edges": edges.tolist(), "counts": heights.tolist(), "unit": "characters"},
    }


def _split_table(labelled: Labelled) -> dict[str, dict[str, int]]:
    return {split: dict(Counter(rows.labels)) for split, rows in labelled.splits.items()}
