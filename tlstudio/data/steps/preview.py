"""What a data step would do to the rows, before it is taken into the recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tlstudio.core.control import Control
from tlstudio.core.events import Emit
from tlstudio.core.plugins import configure, get
from tlstudio.core.recipe import Choice, DataSection
from tlstudio.data import labelled
from tlstudio.data.detect.keys import row_keys
from tlstudio.data.detect.reading import taken
from tlstudio.data.frames import Frame, Frames

if TYPE_CHECKING:
    import numpy as np

_SHOWN = 50
_CHARACTERS = 600


def differences(data: DataSection, step: Choice, emit: Emit, control: Control) -> dict[str, Any]:
    """Counts of changed and dropped rows, and the first of them before and after.

    Raises:
        StudioError: the data cannot be read, or the step is wrong.
    """
    plugin = get("tlstudio.data.steps", step.name, "data.steps")
    configure(plugin, step.options, f"data.steps.{step.name}")
    before = labelled.frames_of(data, emit, control)
    more = data.model_copy(update={"steps": (*data.steps, step)})
    after = labelled.frames_of(more, emit, control)
    if hasattr(plugin, "learnt"):
        _leave_out(data, more, after, emit, control)
    reply: dict[str, Any] = {"changed": 0, "dropped": 0, "total": 0, "rows": []}
    for split, old in before.by_split.items():
        _compare(old, after.by_split[split], before.names, after.names, control, reply)
    return reply


def _leave_out(data: DataSection, more: DataSection, after: Frames, emit: Emit, control: Control) -> None:
    """Takes what is no longer learnt out of the frames."""
    import numpy as np

    learnt = []
    for section in (data, more):
        splits = labelled.read_labelled(section, emit, control, ())[0].splits
        learnt.append({(rows.table.key, index) for rows in splits.values() for index in rows.indices.tolist()})
    for frame in after.by_split.values():
        gone = [index for key, index in learnt[0] - learnt[1] if key == frame.table.key]
        frame.keep[np.array(gone, dtype=np.int64)] = False


def _compare(
    old: Frame, new: Frame, old_names: list[str], new_names: list[str], control: Control, reply: dict[str, Any]
) -> None:
    import numpy as np

    dropped = old.keep & ~new.keep
    changed = _relabelled(old, new, old_names, new_names)
    if old.table.key != new.table.key:
        changed |= _keys(old, control) != _keys(new, control)
    changed &= old.keep & new.keep
    reply["total"] += int(old.keep.sum())
    reply["dropped"] += int(dropped.sum())
    reply["changed"] += int(changed.sum())
    shown = np.flatnonzero(dropped | changed)[: _SHOWN - len(reply["rows"])]
    if not len(shown):
        return
    texts, fresh = _texts(old, shown), _texts(new, shown)
    for place, index in enumerate(shown):
        path, row = old.table.place(int(index))
        reply["rows"].append(
            {
                "path": path,
                "row": row,
                "before": texts[place],
                "after": "" if dropped[index] else fresh[place],
                "label_before": _label(old, old_names, index),
                "label_after": "" if dropped[index] else _label(new, new_names, index),
                "dropped": bool(dropped[index]),
            }
        )


def _keys(frame: Frame, control: Control) -> np.ndarray:
    return row_keys(frame.table, frame.roles, frame.ids(control), control)


def _relabelled(old: Frame, new: Frame, old_names: list[str], new_names: list[str]) -> np.ndarray:
    import numpy as np

    if old.codes is None or new.codes is None:
        return np.zeros(len(old.keep), dtype=bool)
    number = {name: index for index, name in enumerate(new_names)}
    table = np.array([*(number.get(name, -2) for name in old_names), -1], dtype=np.int64)
    return np.asarray(table[old.codes] != new.codes)


def _texts(frame: Frame, indices: np.ndarray) -> list[str]:
    return [text[:_CHARACTERS] for text in taken(frame.table.open().column(frame.content), indices)]


def _label(frame: Frame, names: list[str], index: int) -> str:
    return names[frame.codes[index]] if frame.codes is not None and frame.codes[index] >= 0 else ""
