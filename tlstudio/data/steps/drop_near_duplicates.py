"""Leaves out texts that differ from another by a few words, and images that look like another."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.control import Control
from tlstudio.data.detect import near, pictures
from tlstudio.data.detect.kept import digest, remembered
from tlstudio.data.detect.reading import joined, plain, portions, taken
from tlstudio.data.frames import Frame, Frames, content_role, whole_columns
from tlstudio.data.steps.drop_duplicates import PROTECTED

if TYPE_CHECKING:
    import numpy as np

_IN_MEMORY = 300_000  # rows whose shingles are kept


class Options(BaseModel):
    """What counts as nearly the same."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    threshold: float = Field(
        0.8,
        ge=0.5,
        le=1,
        title="Least similarity",
        description="Of texts: the share of words and word pairs that two have in common (Jaccard index).",
    )
    likeness: float = Field(
        0.98,
        ge=0.8,
        le=1,
        title="Least likeness",
        description="Of images: 1 less the mean difference of their pixels, as small copies.",
    )
    within: bool = Field(
        True,
        title="Within a place",
        description="Keeps the first of similar training or validation rows; a test place of its own stays as it is.",
    )
    across: bool = Field(
        True,
        title="Across places",
        description="Takes training rows out that are similar to a validation or test row, and validation rows that "
        "are similar to a test row.",
    )
    labels: Literal["same", "any"] = Field(
        "same",
        title="Label of a copy",
        description="Within a place: same leaves similar rows that have different labels; any keeps the first of them.",
        json_schema_extra={"only": {"within": [True]}},
    )


class DropNearDuplicates:
    """What it has found is kept, so that a second start does not compare again."""

    NAME = "drop-near-duplicates"
    TITLE = "Leave out near duplicates"
    SUMMARY = (
        "Keeps the first of nearly equal rows, and takes rows out of training that are nearly equal to tested ones."
    )
    LEVEL: Literal["rows"] = "rows"
    Config = Options

    def apply(self, config: Options, frames: Frames, control: Control) -> None:
        before: list[Frame] = []
        for split in (name for name in PROTECTED if name in frames.by_split):
            frame = frames.by_split[split]
            others = before if config.across else []
            within = config.within and split != "test"
            if within or others:
                parts = [(one.table.key, whole_columns(one.roles), one.keep, one.codes) for one in (frame, *others)]
                key = digest("near", config.model_dump(), within, *(value for part in parts for value in part))
                frame.keep &= ~remembered(key, partial(_similar, config, frame, others, within, control))
            before.append(frame)


PLUGIN = DropNearDuplicates()


def _similar(config: Options, frame: Frame, others: list[Frame], within: bool, control: Control) -> np.ndarray:
    """bool [N]: rows that go."""
    import numpy as np

    role = content_role(frame.roles)
    if role == "image":
        return _similar_images(config, frame, others, within, control)
    if role == "audio":  # nothing here hears whether two recordings are alike
        return np.zeros(frame.table.rows, dtype=bool)
    return _similar_texts(config, frame, others, within, control)


def _similar_texts(config: Options, frame: Frame, others: list[Frame], within: bool, control: Control) -> np.ndarray:
    import numpy as np

    found = np.zeros(frame.table.rows, dtype=bool)
    sketch, shelf = _sketches(frame, control)
    for other in others:
        alike = near.alike_in(sketch, shelf, *_sketches(other, control), config.threshold, control.check)
        found[np.flatnonzero(frame.keep)[alike.partner >= 0]] = True
    if within:
        left = np.flatnonzero(~found[frame.keep])
        own = sketch.some(left).of_groups(_groups(config, frame, np.flatnonzero(frame.keep)[left]))
        copies = near.later_copies(own, lambda numbers: shelf(left[numbers]), config.threshold, control.check)
        found[np.flatnonzero(frame.keep)[left[copies]]] = True
    return found


def _groups(config: Options, frame: Frame, rows: np.ndarray) -> np.ndarray | None:
    """What rows must share to be copies: the label, or nothing."""
    return None if frame.codes is None or config.labels == "any" else frame.codes[rows]


def _sketches(frame: Frame, control: Control) -> tuple[near.Sketches, near.Shelf]:
    """Of the kept rows. The shingles of many are not kept in memory, but made again from the texts."""
    rows = int(frame.keep.sum())
    if rows > _IN_MEMORY:
        return near.sketches(portions(_kept_texts(frame, control)), rows), _shelf(frame)
    kept: list[near.Shingles] = []
    return near.sketches(portions(_kept_texts(frame, control)), rows, kept), near.on_shelf(kept)


def _kept_texts(frame: Frame, control: Control) -> Iterator[list[str]]:
    first = 0
    for batch in frame.table.batches(whole_columns(frame.roles)):
        chosen = frame.keep[first : first + batch.num_rows].tolist()
        texts = joined([list(map(plain, column.to_pylist())) for column in batch.columns])
        yield [text for text, keep in zip(texts, chosen, strict=True) if keep]
        control.check()
        first += batch.num_rows


def _shelf(frame: Frame) -> near.Shelf:
    import numpy as np

    table, rows = frame.table.open(), np.flatnonzero(frame.keep)
    columns = [table.column(name) for name in whole_columns(frame.roles)]
    return lambda numbers: near.shingles(joined([taken(column, rows[numbers]) for column in columns]))


def _similar_images(config: Options, frame: Frame, others: list[Frame], within: bool, control: Control) -> np.ndarray:
    import numpy as np

    found = np.zeros(frame.table.rows, dtype=bool)
    rows, mine = _pictures(frame, control)
    for other in others:
        _rows, theirs = _pictures(other, control)
        found[rows[pictures.alike_in(mine, theirs, config.likeness, control.check) >= 0]] = True
    if within:
        left = np.flatnonzero(~found[rows])
        groups = _groups(config, frame, rows[left])
        copies = pictures.later_copies(mine.some(left), groups, config.likeness, control.check)
        found[rows[left[copies]]] = True
    return found


def _pictures(frame: Frame, control: Control) -> tuple[np.ndarray, pictures.Pictures]:
    import numpy as np

    rows = np.flatnonzero(frame.keep)
    return rows, pictures.looked_at(frame.table, frame.content, rows, control).some(rows)
