"""Makes the checks that fit the data, tells how far it is, and keeps what each has found."""

from __future__ import annotations

import importlib.metadata
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio import __version__
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit
from tlstudio.core.files import read_json, write_json
from tlstudio.core.paths import cache_folder
from tlstudio.core.plugins import configure, find, get
from tlstudio.core.progress import Meter
from tlstudio.core.recipe import DataSection
from tlstudio.data.detect.kept import digest
from tlstudio.data.doctor.base import ONLY_DEEP, Examined, Finding, Skip
from tlstudio.data.doctor.drawn import ROWS, Drawn, draw
from tlstudio.data.labelled import Labelled

if TYPE_CHECKING:
    import numpy as np

_FORMAT = 3  # part of the cache key: raise it when a check finds other things in the same data
_PACKAGE = "tlstudio.data.doctor"
_LIBRARIES = ("numpy", "scikit-learn", "ftfy", "py3langid", "phonenumbers", "pillow")
_ORDER = ("error", "warning", "notice")

SWITCHED_OFF = "it is switched off"
OTHER_DATA = "it does not fit this kind of data"


def examine(
    labelled: Labelled,
    data: DataSection,
    control: Control,
    emit: Emit,
    *,
    count_tokens: Callable[[list[str]], np.ndarray] | None = None,
    max_length: int | None = None,
    most_tokens: int | None = None,
    embed: Callable[[Sequence[str]], np.ndarray] | None = None,
    deep: bool = False,
    model: str = "",
    most: int = ROWS,
) -> dict[str, Any]:
    """Looks for flaws in the rows as they would be learnt from.

    What a check has found is kept under the content of the rows, its options, and the versions of the program and
    its libraries, so that it is made again only when one of them changes.

    Args:
        labelled: rows after repairs and division.
        data: the section of the recipe; ``data.checks`` has the options of the checks.
        count_tokens: tokens of texts, uncut, int64 [n]; without it truncation is not looked at.
        max_length: tokens that will be read of a text.
        most_tokens: tokens that the backbone could read at most.
        embed: float32 [n, D] features of unit length, of texts or of images by their paths.
        deep: with the checks that need features.
        model: names the backbone behind ``count_tokens`` and ``embed``.
        most: rows that slow checks look at; of more rows a fixed draw is taken.

    Returns:
        ``{"findings": [...], "checks": [{"name", "seconds", "skipped"}], "rows": {split: rows}, "sampled": rows}``;
        findings as :class:`tlstudio.data.doctor.base.Finding`, errors first; ``sampled`` is None if all rows were
        looked at.

    Raises:
        StudioError: an option of a check is wrong.
        Cancelled: the user has cancelled.
    """
    tools = _Tools(count_tokens, max_length, most_tokens, embed if deep else None, model)
    job = _Job(labelled, data, control, emit, tools, most)
    plan = _planned(labelled, data, tools)
    missing = [item for item in plan if not item.skipped and job.known(item) is None]
    job.begin(sum(item.plugin.COST for item in missing))
    made = [(item, job.known(item) or job.make(item)) for item in plan]
    findings = [finding for _item, result in made for finding in result["findings"]]
    findings.sort(key=lambda finding: (_ORDER.index(finding["severity"]), -finding["count"]))
    return {
        "findings": findings,
        "checks": [
            {"name": item.plugin.NAME, "seconds": result["seconds"], "skipped": result["skipped"]}
            for item, result in made
        ],
        "rows": {split: len(rows) for split, rows in labelled.splits.items()},
        "sampled": next((result["sampled"] for _item, result in made if result["sampled"]), None),
    }


# --- inside


@dataclass(frozen=True)
class _Tools:
    count_tokens: Callable[[list[str]], np.ndarray] | None
    max_length: int | None
    most_tokens: int | None
    embed: Callable[[Sequence[str]], np.ndarray] | None
    model: str


@dataclass(frozen=True)
class _Planned:
    plugin: Any
    config: Any
    skipped: str


def _planned(labelled: Labelled, data: DataSection, tools: _Tools) -> list[_Planned]:
    """All checks with their options, and why some are left out."""
    options: dict[str, dict[str, Any]] = {}
    for choice in data.checks:
        get(_PACKAGE, choice.name, "data.checks")
        options.setdefault(choice.name, {}).update(choice.options)
    roles = set(labelled.roles.columns)
    plan = []
    for name, plugin in find(_PACKAGE).items():
        config = configure(plugin, options.get(name, {}), f"data.checks.{name}")
        reason = ""
        if not config.enabled:
            reason = SWITCHED_OFF
        elif not any(needed <= roles for needed in plugin.ROLES):
            reason = OTHER_DATA
        elif plugin.EMBEDS and tools.embed is None:
            reason = ONLY_DEEP
        plan.append(_Planned(plugin, config, reason))
    return plan


class _Job:
    """One examination: the rows in memory, the progress, and the folder with what is known of these rows."""

    def __init__(
        self, labelled: Labelled, data: DataSection, control: Control, emit: Emit, tools: _Tools, most: int
    ) -> None:
        self._labelled, self._data, self._control, self._emit = labelled, data, control, emit
        self._tools, self._most = tools, most
        self._folder = cache_folder("examinations") / _key(labelled, data, most)
        self._results: dict[str, dict[str, Any]] = {}
        self._kept: dict[Any, Any] = {}

    def begin(self, cost: int) -> None:
        """``cost``: of all checks that are to be made, for a row."""
        rows = sum(len(rows) for rows in self._labelled.splits.values())
        self._rows = max(min(rows, self._most), 1)
        self._meter = Meter(self._emit, self._control, "examine", max(cost, 1) * self._rows, "rows")

    def known(self, item: _Planned) -> dict[str, Any] | None:
        """What an earlier examination has kept, or this one has found."""
        name = item.plugin.NAME
        if item.skipped:
            return _result(skipped=item.skipped)
        if name not in self._results:
            found = _kept(self._path(item))
            if found is None:
                return None
            self._results[name] = found
        return self._results[name]

    def make(self, item: _Planned) -> dict[str, Any]:
        """Makes a check and keeps what it finds."""
        share = _Share(self._meter, item.plugin, self._rows)
        begin = time.perf_counter()
        try:
            findings: list[Finding] = item.plugin.find(item.config, replace(self._examined, tick=share.tick))
            skipped = ""
        except Skip as reason:
            findings, skipped = [], reason.reason
        share.end()
        sampled = None if self._drawn.complete else len(self._drawn)
        # through JSON, so that a first answer is the same as a later one from the disk
        result: dict[str, Any] = json.loads(json.dumps(
            _result([finding.to_dict() for finding in findings], time.perf_counter() - begin, skipped, sampled)
        ))  # fmt: skip
        write_json(self._path(item), result)
        return result

    @cached_property
    def _drawn(self) -> Drawn:
        return draw(self._labelled, self._control, self._most)

    @cached_property
    def _examined(self) -> Examined:
        tools = self._tools
        return Examined(
            self._labelled, self._data, self._control, lambda _rows: None, self._drawn, tools.count_tokens,
            tools.max_length, tools.most_tokens, tools.embed, self._kept,
        )  # fmt: skip

    def _path(self, item: _Planned) -> Path:
        tools = self._tools
        given = [tools.count_tokens is not None, tools.embed is not None]
        asked = [tools.model, tools.max_length, tools.most_tokens, *given]
        name = digest(item.config.model_dump(), asked if item.plugin.USES_MODEL else [])
        return self._folder / f"{item.plugin.NAME}-{name}.json"


class _Share:
    """The part of the progress that belongs to one check."""

    def __init__(self, meter: Meter, plugin: Any, rows: int) -> None:
        self._meter, self._name = meter, plugin.NAME
        self._cost, self._left = plugin.COST, plugin.COST * rows
        self.tick(0)

    def tick(self, rows: int) -> None:
        amount = min(rows * self._cost, self._left)
        self._left -= amount
        self._meter.advance(amount, check=self._name)

    def end(self) -> None:
        self._meter.advance(self._left, check=self._name)


def _result(
    findings: list[dict[str, Any]] | None = None, seconds: float = 0.0, skipped: str = "", sampled: int | None = None
) -> dict[str, Any]:
    return {"findings": findings or [], "seconds": seconds, "skipped": skipped, "sampled": sampled}


def _kept(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        found: dict[str, Any] = read_json(path)
    except StudioError:
        return None  # damaged: the check is made again
    return found


def _key(labelled: Labelled, data: DataSection, most: int) -> str:
    """Names the rows, and everything else that checks look at."""
    versions = [__version__, *map(_version, _LIBRARIES)]
    section = data.model_dump(mode="json", include={"template", "separator", "balance", "roles", "split"})
    parts: list[Any] = [_FORMAT, versions, section, most, labelled.roles.plain(), labelled.labels]
    for split, rows in labelled.splits.items():
        places = [(part.path, part.rows) for part in rows.table.parts]
        parts += [split, rows.table.key, places, rows.indices, *([] if rows.codes is None else [rows.codes])]
    return digest(*parts)


def _version(library: str) -> str:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return ""  # a frozen program may come without the notes of its packages
