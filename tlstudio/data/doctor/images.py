"""Images that cannot be read, are tiny, were turned by the camera, or differ much in size and kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from tlstudio.data.detect.pictures import MODES
from tlstudio.data.doctor.base import CheckOptions, Examined, Finding, Fix, drop_learnt
from tlstudio.data.doctor.seen import Seen, seen
from tlstudio.data.steps.drop_broken_images import PROBLEM

if TYPE_CHECKING:
    import numpy as np

_LARGER = 8  # times as many pixels as the smallest: then sizes are mixed


class Options(CheckOptions):
    """How small is too small."""

    pixels: int = Field(
        16, ge=1, le=10_000, title="Fewest pixels", description="Images whose shorter side has fewer pixels are tiny."
    )


class Images:
    """Every image is opened once; what is seen is kept for the next look."""

    NAME = "images"
    TITLE = "Flaws of images"
    SUMMARY = "Broken and tiny images, images turned by the camera, and mixed sizes and kinds."
    ROLES = (frozenset({"image"}),)
    EMBEDS = False
    USES_MODEL = False
    COST = 3000
    Config = Options

    def find(self, config: Options, examined: Examined) -> list[Finding]:
        import numpy as np

        shown = seen(examined)
        fine = ~shown.facts.broken
        findings = [
            _broken(examined, shown),
            _tiny(examined, shown, fine & (shown.facts.sizes.min(1) < config.pixels), config.pixels),
            _turned(examined, shown, np.flatnonzero(fine & (shown.facts.turns > 1))),
            _mixed_sizes(examined, shown, fine),
            _mixed_modes(examined, shown, fine),
        ]
        return [finding for finding in findings if finding is not None]


PLUGIN = Images()


def _broken(examined: Examined, shown: Seen) -> Finding | None:
    import numpy as np

    problems = problems_of(examined, shown.numbers)
    hit = np.flatnonzero(shown.facts.broken | np.array([bool(problem) for problem in problems], dtype=bool))
    if not len(hit):
        return None
    return Finding(
        "images", "broken-images", "error", len(hit), "{count} of {rows} images cannot be used.",
        "A run stops at the first of them.", {"count": len(hit), "rows": len(shown.numbers)},
        examined.samples(shown.numbers[hit].tolist(), [problems[row] for row in hit[:100]]),
        (Fix("Leave them out", {"name": "drop-broken-images"}),),
    )  # fmt: skip


def problems_of(examined: Examined, numbers: np.ndarray) -> list[str]:
    """What the source says of the files of drawn rows; empty texts where it says nothing."""
    found: dict[tuple[str, int], str] = {}
    for split, rows in examined.labelled.splits.items():
        if PROBLEM not in rows.table.columns:
            continue
        first = 0
        for batch in rows.batches([PROBLEM]):
            examined.control.check()
            values = batch.column(0).to_pylist()
            found |= {(split, first + place): value for place, value in enumerate(values) if value}
            first += batch.num_rows
    return [found.get(examined.drawn.place(number), "") for number in numbers.tolist()]


def _tiny(examined: Examined, shown: Seen, small: np.ndarray, pixels: int) -> Finding | None:
    import numpy as np

    hit = np.flatnonzero(small)
    if not len(hit):
        return None
    return Finding(
        "images", "tiny-images", "warning", len(hit),
        "{count} of {rows} images have a side of fewer than {pixels} pixels.",
        "Enlarged to what the model reads they are a blur; they may be icons or failed downloads.",
        {"count": len(hit), "rows": len(shown.numbers), "pixels": pixels},
        examined.samples(shown.numbers[hit].tolist(), _sizes(shown, hit[:100])),
        (Fix("Leave them out", {"name": "drop-broken-images", "pixels": pixels}),),
    )  # fmt: skip


def _turned(examined: Examined, shown: Seen, hit: np.ndarray) -> Finding | None:
    if not len(hit):
        return None
    return Finding(
        "images", "turned-images", "notice", len(hit),
        "{count} of {rows} images are stored turned or mirrored, with a note of the camera (EXIF).",
        "Nothing has to be mended: TLStudio shows them upright to the model. A program that ignores the note will not: "
        "turn the files themselves if others are to use them.",
        {"count": len(hit), "rows": len(shown.numbers)},
        examined.samples(shown.numbers[hit].tolist(), [f"EXIF {shown.facts.turns[row]}" for row in hit[:100]]),
    )  # fmt: skip


def _mixed_sizes(examined: Examined, shown: Seen, fine: np.ndarray) -> Finding | None:
    import numpy as np

    rows = np.flatnonzero(fine)
    sides = shown.facts.sizes[rows].min(1)
    if not len(rows) or sides.max() < _LARGER * max(int(sides.min()), 1):
        return None
    order = rows[np.argsort(sides, kind="stable")]
    ends = np.concatenate([order[:10], order[::-1][:10]])
    return Finding(
        "images", "mixed-sizes", "notice", len(rows), "The shorter sides of the images have {least} to {most} pixels.",
        "All are brought to one size: small ones become a blur, which the model may take for a sign of their class. "
        "Leave the smallest out, unless such images occur in practice.",
        {"least": int(sides.min()), "most": int(sides.max())},
        examined.samples(shown.numbers[ends].tolist(), _sizes(shown, ends)),
        (Fix("Leave the smallest out", {"name": "drop-broken-images", "pixels": int(sides.max()) // _LARGER + 1}),),
    )  # fmt: skip


def _mixed_modes(examined: Examined, shown: Seen, fine: np.ndarray) -> Finding | None:
    """Grey beside colour: whether an image has transparency makes no difference, since it is put on white."""
    import numpy as np

    grey = np.isin(shown.facts.modes, [MODES.index(mode) for mode in ("1", "L", "LA", "I", "F", "I;16")])
    hit = np.flatnonzero(fine & grey)
    if not 0 < len(hit) < int(fine.sum()):
        return None
    if 2 * len(hit) > fine.sum():
        hit = np.flatnonzero(fine & ~grey)
    return Finding(
        "images", "mixed-kinds", "notice", len(hit),
        "{count} of {rows} images are grey among coloured ones, or coloured among grey ones.",
        "If one class has more of them, the model may learn that instead of what is shown. Leave them out, or, where "
        "colour does not matter in practice, turn all files grey yourself.",
        {"count": len(hit), "rows": len(shown.numbers)},
        examined.samples(shown.numbers[hit].tolist(), [MODES[shown.facts.modes[row]] for row in hit[:100]]),
        drop_learnt(examined, shown.numbers[hit]),
    )  # fmt: skip


def _sizes(shown: Seen, places: np.ndarray) -> list[str]:
    return ["×".join(map(str, shown.facts.sizes[place])) for place in places]
