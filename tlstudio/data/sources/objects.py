"""Boxes as ``datasets`` keeps them: a column ``objects`` with lists ``bbox`` and ``category``, or a list of such pairs.

They become the columns ``boxes``, ``box_labels`` and ``left_out`` of the other sources of boxes. The documentation of
``datasets`` says left, top, width and height, as COCO does; but many published sets hold corners under the same name.
The numbers tell which: corners always grow, and read as sizes they reach beyond the image.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tlstudio.data.rows import number_of
from tlstudio.data.rowwise import box_text
from tlstudio.data.sources.detection import Objects

if TYPE_CHECKING:
    import pyarrow as pa

_BOXES = ("bbox", "bboxes", "boxes")
_NAMES = ("category", "categories", "category_name", "label", "labels", "class", "classes", "category_id", "class_id")
_PAIRS = ("objects", "annotations", "boxes")  # columns that may be lists of a box with its name
_WORDS = ("tokens", "words")  # of a page: there, boxes are places of words
_MADE = ("boxes", "box_labels", "left_out")
_MANY = 20  # boxes that are not all corners by chance
_BAD = 0.1  # share of rows that may be wrong where the others are boxes
_MARGIN = 1.0  # pixels that rounding may put outside
Box = list[float]


def boxed(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The batches of a source, with such columns made into boxes where the first batch has them."""
    form: _Form | None = None
    for number, batch in enumerate(batches):
        if not number:
            form = _form_of(batch)
        yield batch if form is None else form.turned(batch)


@dataclass(frozen=True)
class _Form:
    """Where boxes and names are; ``names`` is empty where each box has its name beside it."""

    boxes: str
    names: str
    size: tuple[str, str] | None
    corners: bool = False

    def rows(self, batch: pa.RecordBatch) -> Iterator[tuple[list[Any], list[str]]]:
        """Boxes and names of each row as they stand there."""
        cells = batch.column(self.boxes).to_pylist()
        names = batch.column(self.names).to_pylist() if self.names else [[]] * len(cells)
        for cell, named in zip(cells, names, strict=True):
            items = _decoded(cell)
            if self.names:
                yield items, named
            else:
                yield [_part(item, _BOXES) for item in items], [_text(_part(item, _NAMES)) for item in items]

    def sizes(self, batch: pa.RecordBatch) -> list[tuple[float, float]]:
        """Width and height of each image in pixels; 0 where they are not known."""
        if self.size is None:
            return [(0.0, 0.0)] * batch.num_rows
        columns = [[_known(number_of(text)) for text in batch.column(name).to_pylist()] for name in self.size]
        return list(zip(*columns, strict=True))

    def turned(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with ``boxes``, ``box_labels`` and ``left_out`` in place of what they are made from."""
        import pyarrow as pa

        rows = zip(self.rows(batch), self.sizes(batch), strict=True)
        cells = [self._cells(boxes, names, size) for (boxes, names), size in rows]
        columns = {name: batch.column(name) for name in batch.schema.names if name not in (self.boxes, self.names)}
        for name in _MADE:
            kind = pa.string() if name == "left_out" else pa.list_(pa.string())
            columns[name] = pa.array([row[name] for row in cells], kind)
        return pa.RecordBatch.from_pydict(columns)

    def _cells(self, boxes: Sequence[Any], names: Sequence[str], size: tuple[float, float]) -> dict[str, Any]:
        """What is no box stays as it is: the check of the rows names it."""
        if len(boxes) != len(names) or not all(_is_box(box) for box in boxes):
            shown = [box_text(self._corners(box)) if _is_box(box) else _text(box) for box in boxes]
            return {"boxes": shown, "box_labels": list(names), "left_out": ""}
        objects = Objects(*size)
        for box, name in zip(boxes, names, strict=True):
            objects.add(name, self._corners(box))
        return objects.cells()

    def _corners(self, box: Box) -> Box:
        left, top, right, bottom = map(float, box)
        return [left, top, right, bottom] if self.corners else [left, top, left + max(right, 0), top + max(bottom, 0)]


def _form_of(batch: pa.RecordBatch) -> _Form | None:
    """How the boxes of a table are written; None where it has none."""
    if {*_WORDS} & {name.lower() for name in batch.schema.names}:
        return None
    for form in _candidates(batch):
        taken = {*batch.schema.names} - {form.boxes, form.names}
        if taken.isdisjoint(_MADE) and (found := _checked(form, batch)) is not None:
            return found
    return None


def _candidates(batch: pa.RecordBatch) -> Iterator[_Form]:
    import pyarrow as pa

    texts = [field.name for field in batch.schema if pa.types.is_string(field.type)]
    plain = {name.lower(): name for name in texts}
    size = (plain["width"], plain["height"]) if {"width", "height"} <= plain.keys() else None
    lists = {field.name.lower(): field.name for field in batch.schema if pa.types.is_list(field.type)}
    for name in texts:
        prefix, dot, last = name.lower().rpartition(".")
        if last in _BOXES:
            known = (lists[f"{prefix}{dot}{other}"] for other in _NAMES if f"{prefix}{dot}{other}" in lists)
            yield from (_Form(name, names, size) for names in known)
        if last in _PAIRS:
            yield _Form(name, "", size)


def _checked(form: _Form, batch: pa.RecordBatch) -> _Form | None:
    """The form with its kind of boxes, if nearly every row of the batch has boxes with names."""
    found: list[tuple[Box, tuple[float, float]]] = []
    bad = good = 0
    for (boxes, names), size in zip(form.rows(batch), form.sizes(batch), strict=True):
        if len(boxes) != len(names) or not all(_is_box(box) for box in boxes) or not all(names):
            bad += 1
        elif boxes:
            good += 1
            found += [(box, size) for box in boxes]
    if not found or bad > _BAD * (good + bad):
        return None
    return _Form(form.boxes, form.names, form.size, _are_corners(found, form.boxes.lower().endswith("boxes")))


def _are_corners(found: Sequence[tuple[Box, tuple[float, float]]], named: bool) -> bool:
    """Whether the boxes are left, top, right and bottom, and not left, top, width and height.

    Args:
        found: each with width and height of its image, 0 where these are not known.
        named: whether the name of the column says boxes, as those do who mean corners: it decides about few.
    """
    grow = sum(box[2] > box[0] and box[3] > box[1] for box, _size in found)
    if grow < 0.99 * len(found):
        return False
    sized = [(box, size) for box, size in found if all(size)]
    if sized:
        return any(box[0] + box[2] > size[0] + _MARGIN or box[1] + box[3] > size[1] + _MARGIN for box, size in sized)
    return named or len(found) >= _MANY


# --- values


def _decoded(cell: str) -> list[Any]:
    """The list of a cell; what is none is a list of itself."""
    if not cell:
        return []
    try:
        items = json.loads(cell)
    except (ValueError, RecursionError):
        return [cell]
    return items if isinstance(items, list) else [cell]


def _part(item: Any, names: Sequence[str]) -> Any:
    return next((item[name] for name in names if name in item), None) if isinstance(item, dict) else None


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _is_box(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 4 and all(_is_number(item) for item in value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _known(value: float) -> float:
    return value if value > 0 else 0.0  # also where it is no number
