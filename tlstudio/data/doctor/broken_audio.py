"""Recordings that cannot be read, are silent or very short, or have different rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from tlstudio.data.detect.sounds import Sounds, looked_at
from tlstudio.data.doctor.base import CheckOptions, Examined, Finding, Fix, drop_learnt
from tlstudio.data.doctor.images import problems_of
from tlstudio.data.splits import mixed

if TYPE_CHECKING:
    import numpy as np

_ROWS = 20_000  # a recording takes some hundredths of a second
_NARROW = 16_000  # Hz, below which a recording lacks what most models listen to


class Options(CheckOptions):
    """How short and how quiet is too much."""

    seconds: float = Field(
        0.1, gt=0, le=60, title="Fewest seconds", description="Recordings that are shorter have too little to hear."
    )
    peak: float = Field(
        0.001,
        gt=0,
        lt=1,
        title="Least peak",
        description="Recordings whose loudest sample is below are silent; 1 is full scale, 0.001 is 60 dB less.",
    )


class BrokenAudio:
    """Every recording is decoded once; what is heard is kept for the next look."""

    NAME = "broken-audio"
    TITLE = "Flaws of recordings"
    SUMMARY = "Broken, silent and very short recordings, and those of different rates."
    ROLES = (frozenset({"audio"}),)
    EMBEDS = False
    USES_MODEL = False
    COST = 3000
    Config = Options

    def find(self, config: Options, examined: Examined) -> list[Finding]:
        numbers, facts = _heard(examined)
        fine = ~facts.broken
        silent = fine & (facts.peaks < config.peak)
        short = fine & ~silent & (facts.seconds < config.seconds)
        findings = [
            _broken(examined, numbers, facts),
            _silent(examined, numbers, silent, config.peak),
            _short(examined, numbers, facts, short, config.seconds),
            _rates(examined, numbers, facts, fine),
        ]
        return [finding for finding in findings if finding is not None]


PLUGIN = BrokenAudio()


def _heard(examined: Examined) -> tuple[np.ndarray, Sounds]:
    """Drawn rows, int64 [k] ascending, and the facts of their recordings in that order."""
    from dataclasses import fields

    import numpy as np

    drawn, column = examined.drawn, examined.labelled.roles.one("audio")
    chosen = np.sort(np.argsort(mixed(drawn.ids, 37), kind="stable")[:_ROWS])
    parts = []
    for split in drawn.splits:
        rows = examined.labelled.splits[split]
        mine = chosen[drawn.split[chosen] == drawn.splits.index(split)]
        numbers = rows.indices[drawn.position[mine]]
        parts.append(looked_at(rows.table, column, numbers, examined.control, examined.tick).some(numbers))
    return chosen, Sounds(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Sounds)))


def _broken(examined: Examined, numbers: np.ndarray, facts: Sounds) -> Finding | None:
    import numpy as np

    problems = problems_of(examined, numbers)
    hit = np.flatnonzero(facts.broken | np.array([bool(problem) for problem in problems], dtype=bool))
    if not len(hit):
        return None
    return Finding(
        "broken-audio", "broken-recordings", "error", len(hit), "{count} of {rows} recordings cannot be used.",
        "A run stops at the first of them.", {"count": len(hit), "rows": len(numbers)},
        examined.samples(numbers[hit].tolist(), [problems[row] for row in hit[:100]]),
        (Fix("Leave them out", {"name": "drop-broken-audio"}),),
    )  # fmt: skip


def _silent(examined: Examined, numbers: np.ndarray, silent: np.ndarray, peak: float) -> Finding | None:
    if not silent.any():
        return None
    return Finding(
        "broken-audio", "silent-recordings", "warning", int(silent.sum()), "{count} of {rows} recordings are silent.",
        "There is nothing to hear in them: what is learnt from them is noise.",
        {"count": int(silent.sum()), "rows": len(numbers)}, examined.samples(numbers[silent].tolist()),
        (Fix("Leave them out", {"name": "drop-broken-audio", "peak": peak}),),
    )  # fmt: skip


def _short(examined: Examined, numbers: np.ndarray, facts: Sounds, short: np.ndarray, seconds: float) -> Finding | None:
    if not short.any():
        return None
    return Finding(
        "broken-audio", "short-recordings", "warning", int(short.sum()),
        "{count} of {rows} recordings are shorter than {seconds} seconds.",
        "A model hears little in them; they may be cut off, or failed recordings.",
        {"count": int(short.sum()), "rows": len(numbers), "seconds": seconds},
        examined.samples(numbers[short].tolist(), [f"{value:.3f} s" for value in facts.seconds[short][:100]]),
        (Fix("Leave them out", {"name": "drop-broken-audio", "seconds": seconds}),),
    )  # fmt: skip


def _rates(examined: Examined, numbers: np.ndarray, facts: Sounds, fine: np.ndarray) -> Finding | None:
    """All are brought to one rate; but a telephone's recording keeps sounding like one."""
    narrow = fine & (facts.rates < _NARROW)
    if not narrow.any() or narrow.sum() == fine.sum():
        return None
    return Finding(
        "broken-audio", "narrow-recordings", "notice", int(narrow.sum()),
        "{count} of {rows} recordings have fewer than {rate} samples a second, and the others have more.",
        "All are brought to one rate, but high tones that were not recorded stay away: if one class has more of them, "
        "the model may learn that. Leave them if both occur in practice.",
        {"count": int(narrow.sum()), "rows": len(numbers), "rate": _NARROW},
        examined.samples(numbers[narrow].tolist(), [f"{rate} Hz" for rate in facts.rates[narrow][:100]]),
        drop_learnt(examined, numbers[narrow]),
    )  # fmt: skip
