"""Boxes that the source has left out, boxes of a pixel or two or beyond the image, and images without any."""

from __future__ import annotations

import re

from pydantic import Field

from tlstudio.data.doctor.base import CheckOptions, Examined, Finding, drop_places, severe
from tlstudio.data.doctor.seen import seen
from tlstudio.data.rowwise import box_text, boxes_of

LEFT_OUT = "left_out"  # column in which the sources of boxes count those that are not there
_COUNT = re.compile(r"(\d+) ")
_SHOWN = 1_000  # places that are gathered for the samples
_SHARE = 0.5
_MARGIN = 1.0  # pixels that rounding may put outside

Places = list[tuple[str, int]]
Box = tuple[float, float, float, float]


class Options(CheckOptions):
    """How small is too small."""

    pixels: int = Field(
        4, ge=1, le=1000, title="Fewest pixels", description="Boxes whose shorter side has fewer pixels are tiny."
    )


class Boxes:
    """All rows are looked at."""

    NAME = "boxes"
    TITLE = "Flaws of boxes"
    SUMMARY = "Boxes that were left out, tiny boxes, boxes beyond the image, and images without boxes."
    ROLES = (frozenset({"image", "boxes"}),)
    EMBEDS = False
    USES_MODEL = False
    COST = 10
    Config = Options

    def find(self, config: Options, examined: Examined) -> list[Finding]:
        empty: Places = []
        tiny: Places = []
        small = 0
        rows = _rows(examined)
        for place, boxes in rows:
            sides = [min(right - left, bottom - top) for left, top, right, bottom in boxes]
            few = sum(side < config.pixels for side in sides)
            small += few
            if few:
                tiny.append(place)
            if not boxes:
                empty.append(place)
        found = [
            _left_out(examined),
            _outside(examined, dict(rows)),
            _tiny(examined, tiny, small, config.pixels),
            _empty(examined, empty),
        ]
        return [finding for finding in found if finding is not None]


PLUGIN = Boxes()


def _rows(examined: Examined) -> list[tuple[tuple[str, int], list[Box]]]:
    """Split and position of each row, with its boxes; a box that is none is told of before a run."""
    found = []
    column = examined.labelled.roles.one("boxes")
    for split, rows in examined.labelled.splits.items():
        position = 0
        for batch in rows.batches([column]):
            examined.control.check()
            for cell in batch.column(0).to_pylist():
                boxes = [box for item in cell for box in _sound(item)]
                found.append(((split, position), boxes))
                position += 1
            examined.tick(batch.num_rows)
    return found


def _sound(item: str) -> list[Box]:
    try:
        return boxes_of([item])
    except ValueError:
        return []


def _left_out(examined: Examined) -> Finding | None:
    places: Places = []
    details: list[str] = []
    total = 0
    for split, rows in examined.labelled.splits.items():
        if rows.table.columns.get(LEFT_OUT) != "text":
            continue
        for position, cell in enumerate(rows.texts(LEFT_OUT)):
            if cell:
                total += sum(map(int, _COUNT.findall(cell)))
                places.append((split, position))
                details.append(cell)
    if not places:
        return None
    return Finding(
        "boxes", "boxes-left-out", "notice", total, "{count} boxes in {images} images are left out.",
        "They are around a crowd, have no area inside the image, or no name: a model cannot learn them as they are. "
        "Nothing has to be mended, unless these are many: then the numbers of the source may mean something else.",
        {"count": total, "images": len(places)}, examined.rows_at(places[:_SHOWN], details),
    )  # fmt: skip


def _outside(examined: Examined, boxes: dict[tuple[str, int], list[Box]]) -> Finding | None:
    """Boxes that end behind the right or lower edge of an image that has been looked at."""
    shown = seen(examined)
    places: Places = []
    details: list[str] = []
    total = 0
    sizes = shown.facts.sizes.tolist()
    for number, broken, (width, height) in zip(shown.numbers.tolist(), shown.facts.broken.tolist(), sizes, strict=True):
        place = examined.drawn.place(number)
        beyond = [box for box in boxes[place] if box[2] > width + _MARGIN or box[3] > height + _MARGIN]
        if broken or not beyond:
            continue
        total += len(beyond)
        places.append(place)
        details.append(f"{box_text(beyond[0])} / {width}×{height}")
    if not places:
        return None
    return Finding(
        "boxes", "boxes-outside", "warning", total, "{count} boxes in {images} images reach beyond their image.",
        "Their numbers may mean something else than left, top, right and bottom in pixels of this image: width and "
        "height, another size of the image, or an image that was turned. The model would learn wrong places: correct "
        "the numbers, or leave these images out.",
        {"count": total, "images": len(places)}, examined.rows_at(places[:_SHOWN], details),
        drop_places(examined, places),
    )  # fmt: skip


def _tiny(examined: Examined, places: Places, count: int, pixels: int) -> Finding | None:
    if not places:
        return None
    return Finding(
        "boxes", "tiny-boxes", "notice", count, "{count} boxes have a side of fewer than {pixels} pixels.",
        "Most detectors cannot see what is so small. Correct them where they are mistakes, train at a higher "
        "resolution, or leave these images out.",
        {"count": count, "pixels": pixels}, examined.rows_at(places[:_SHOWN]), drop_places(examined, places),
    )  # fmt: skip


def _empty(examined: Examined, places: Places) -> Finding | None:
    rows = sum(len(rows) for rows in examined.labelled.splits.values())
    if not places or (len(places) < _SHARE * rows):
        return None
    return Finding(
        "boxes", "images-without-boxes", severe(len(places), rows, 0.9, "warning", "notice"), len(places),
        "{count} of {rows} images have no boxes.",
        "They teach the model what is nothing, if that is so; images that nobody has looked through teach it to "
        "overlook things. Leave those out that were never annotated.",
        {"count": len(places), "rows": rows}, examined.rows_at(places[:_SHOWN]), drop_places(examined, places),
    )  # fmt: skip
