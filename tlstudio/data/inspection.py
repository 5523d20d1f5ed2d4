"""What the Data pane and ``tlstudio inspect`` show of labelled data before anything is trained."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit
from tlstudio.core.memo import remembered
from tlstudio.core.recipe import Choice, DataSection
from tlstudio.data import compose
from tlstudio.data.detect.labels import counted
from tlstudio.data.detect.reading import MESSAGE, plain
from tlstudio.data.frames import content_role
from tlstudio.data.labelled import Labelled, read_labelled
from tlstudio.data.roles import FILES, SAMPLE, Roles
from tlstudio.data.steps.preview import differences
from tlstudio.data.tables import Table

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_FORMAT = 5  # part of the name of what is remembered: raise it when the facts change
_BINS = 30
_LABELS = 2_000  # labels that are listed
_EXAMPLE = 80  # characters


def inspect(
    data: DataSection, emit: Emit, control: Control, roles: tuple[str, ...] = (), fresh: bool = False
) -> dict[str, Any]:
    """Columns, roles, labels, lengths, splits and problems of the data, as plain JSON.

    Args:
        roles: those that the task needs; empty finds out what the data is made for. Where the data has no columns for
            some of them, ``missing`` names these, and everything else is as if none had been asked for.
        fresh: looks again, although the places seem to be as they were; images that a file names may have changed.

    Raises:
        StudioError: the training place cannot be read at all; lesser problems are in ``problems``.
        Cancelled: the user has cancelled.
    """
    if "train" not in data.files:
        raise StudioError("data.none", "No data is chosen.", "Choose labelled data.", where="data.path")
    raw = compose.read_places(data, emit, control)
    return remembered(
        "inspections",
        [_FORMAT, content_of(raw), data.model_dump(mode="json", exclude={"licence"}), roles],
        lambda: _inspected(data, raw, roles, emit, control),
        lambda known: not fresh and _complete(known),
    )


def content_of(tables: dict[str, Table]) -> dict[str, Any]:
    """What names the content of places, and the places themselves."""
    return {split: [table.key, [part.path for part in table.parts]] for split, table in tables.items()}


def _complete(reply: dict[str, Any]) -> bool:
    """Whether the tables that the facts point to are still there."""
    return all(Path(arrow).is_file() for arrow in (*reply["tables"].values(), *reply["composed"].values()))


def _inspected(
    data: DataSection, raw: dict[str, Table], roles: tuple[str, ...], emit: Emit, control: Control
) -> dict[str, Any]:
    reply = _facts(raw)
    try:
        reply["missing"] = compose.lacking(raw["train"], data, roles)
        roles = () if reply["missing"] else roles
        tables, assigned = compose.composed(raw, data, roles, emit, control)
        reply |= {"roles": assigned.plain(), "reasons": assigned.reasons}
        reply["composed"] = {split: str(table.arrow) for split, table in tables.items()}
        reply["lengths"] = _lengths(tables["train"], assigned)
        labelled, found = read_labelled(data, emit, control, roles)
    except StudioError as error:
        reply["problems"] = [{**error.to_dict(), "severity": "error"}]
        return reply
    reply |= _counted(labelled, control)
    reply["labels_raw"] = _raw_labels(data, labelled, emit, control)
    reply["problems"] = [{**problem.to_dict(), "severity": "error"} for problem in found]
    reply["problems"] += [{**warning.to_dict(), "severity": "warning"} for warning in labelled.warnings]
    return reply


def preview_step(data: DataSection, step: Choice, emit: Emit, control: Control) -> dict[str, Any]:
    """What a data step would change: counts, and the first rows before and after.

    Raises:
        StudioError: the data cannot be read, or the step is wrong.
    """
    return differences(data, step, emit, control)


def _facts(raw: dict[str, Table]) -> dict[str, Any]:
    train = raw["train"]
    return {
        "source": train.source,
        "options": train.options,
        "columns": list(train.columns),
        "kinds": train.columns,
        "column_facts": _columns(train.open().slice(0, SAMPLE)),
        "tables": {split: str(table.arrow) for split, table in raw.items()},
        "composed": {split: str(table.arrow) for split, table in raw.items()},
        "parts": {split: [{"path": part.path, "rows": part.rows} for part in table.parts]
                  for split, table in raw.items()},
        "rows": {split: table.rows for split, table in raw.items()},
        "roles": {},
        "reasons": {},
        "missing": [],
        "labels": [],
        "labels_raw": [],
        "lengths": {"edges": [], "counts": [], "unit": "characters"},
        "splits": {},
        "split_rows": {},
        "dropped": {},
    }  # fmt: skip


def _columns(sample: pa.Table) -> list[dict[str, Any]]:
    facts = []
    for name in sample.column_names:
        values = sample.column(name).to_pylist()
        is_list = bool(values) and isinstance(values[0], list)
        texts = [_cell(value) for value in values]
        full = [text for text in texts if text.strip()]
        facts.append(
            {
                "name": name,
                "kind": "list" if is_list else "text",
                "distinct": len(set(full)),
                "empty": len(texts) - len(full),
                "length": round(sum(map(len, full)) / max(len(full), 1), 1),
                "examples": [text[:_EXAMPLE] for text in dict.fromkeys(full[:50])][:3],
            }
        )
    return facts


def _cell(value: str | list[str]) -> str:
    """A cell in one line; of messages what they say."""
    if isinstance(value, str):
        return value
    return plain(value) if value and value[0].startswith(MESSAGE) else " · ".join(value)


def _lengths(table: Table, roles: Roles) -> dict[str, Any]:
    """A histogram of the texts' characters up to their 99th percentile; of tokens and messages, of their number."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    role = content_role(roles)
    column = roles.one(role)
    if role in FILES:
        return {"edges": [], "counts": [], "unit": ""}  # the length of a path says nothing
    lengths: list[np.ndarray] = []
    for batch in table.batches([column]):
        values = batch.column(0)
        count = pc.list_value_length(values) if pa.types.is_list(values.type) else pc.utf8_length(values)
        lengths.append(count.to_numpy(zero_copy_only=False).astype(np.int32))
    found = np.concatenate(lengths)
    top = max(float(np.percentile(found, 99)), 1.0)
    heights, edges = np.histogram(np.minimum(found, top), bins=_BINS, range=(0, top))
    unit = role if role in ("tokens", "messages") else "characters"
    return {"edges": edges.tolist(), "counts": heights.tolist(), "unit": unit}


def _counted(labelled: Labelled, control: Control) -> dict[str, Any]:
    splits = _single(labelled)
    for role in ("tags", "box_labels"):
        if role in labelled.roles.columns:
            column = labelled.roles.one(role)
            splits = {split: _items(rows, column, control) for split, rows in labelled.splits.items()}
    total: Counter[str] = Counter()
    for counts in splits.values():
        total.update(counts)
    return {
        "labels": [list(item) for item in total.most_common(_LABELS)],
        "splits": splits,
        "split_rows": {split: len(rows) for split, rows in labelled.splits.items()},
        "dropped": labelled.dropped,
    }


def _items(rows: Any, column: str, control: Control) -> dict[str, int]:
    """Tokens with each tag, or boxes with each label, most frequent first."""
    counts: Counter[str] = Counter()
    for batch in rows.batches([column]):
        control.check()
        counts.update(batch.column(0).flatten().to_pylist())
    return dict(counts.most_common())


def _raw_labels(data: DataSection, labelled: Labelled, emit: Emit, control: Control) -> list[list[Any]]:
    """Labels as they stand in the places: what a renaming begins with."""
    if not data.steps or not {"label", "labels"} & labelled.roles.columns.keys():
        return [[name, count] for name, count in _all_counts(labelled).most_common(_LABELS)]
    plain, _found = read_labelled(data.model_copy(update={"steps": ()}), emit, control, tuple(labelled.roles.columns))
    return [[name, count] for name, count in _all_counts(plain).most_common(_LABELS)]


def _all_counts(labelled: Labelled) -> Counter[str]:
    total: Counter[str] = Counter()
    for counts in _single(labelled).values():
        total.update(counts)
    return total


def _single(labelled: Labelled) -> dict[str, dict[str, int]]:
    """Rows of each label in each split, most frequent first; where a row has several, it counts for each of them."""
    found = {}
    for split, rows in labelled.splits.items():
        counts = counted(rows.counts(), labelled.separator)
        found[split] = dict(sorted(counts.items(), key=lambda item: -item[1]))
    return found
