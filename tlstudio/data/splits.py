"""Divides rows into train, validation and test: repeatable, and stable when rows are added."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import SplitSection
from tlstudio.data.frames import Frame, content_id, encode

if TYPE_CHECKING:
    import numpy as np

Divided = dict[str, "np.ndarray"]  # split → indices of rows, ascending

_WORDS = {
    "train": "train", "training": "train", "validation": "validation", "valid": "validation", "val": "validation",
    "dev": "validation", "eval": "validation", "test": "test", "testing": "test",
}  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """What is to be divided.

    Attributes:
        frame: the rows; only kept ones are given a split.
        section: the user's choice.
        shares: share of the kept rows for each split but train, in the order in which they are taken.
        fold: which part of k-fold is the test, 0-based.
    """

    frame: Frame
    section: SplitSection
    shares: dict[str, float]
    control: Control
    fold: int = 0


def divide(wanted: Wanted) -> Divided:
    """Row indices by split; what no other split takes is ``train``.

    Raises:
        StudioError: the method needs a column that is not there, or cannot be read.
    """
    import numpy as np

    kept = np.flatnonzero(wanted.frame.keep)
    if not wanted.shares:
        return {"train": kept}
    if wanted.section.method == "k-fold" and "test" not in wanted.shares:
        # a test place of its own leaves no folds to make
        return (_grouped if _groups_of(wanted) else _stratified)(wanted, kept)
    return _METHODS[wanted.section.method](wanted, kept)


def _stratified(wanted: Wanted, kept: np.ndarray) -> Divided:
    return _by_rank(wanted, kept, wanted.shares)


def _by_rank(wanted: Wanted, kept: np.ndarray, shares: dict[str, float]) -> Divided:
    """In each class the different contents are ordered by a hash and cut at the shares.

    Equal contents always fall into one split, so that none is both learnt and tested. Added rows move only the few
    that stand at a cut. A class with at least as many contents as splits is present in every split.
    """
    import numpy as np

    ranks, sizes, place, _by_class = _ranks(wanted, kept)
    where = np.zeros(len(ranks), dtype=np.int8)
    taken = np.zeros(len(ranks), dtype=np.int64)
    for number, share in enumerate(shares.values(), 1):
        if share <= 0:
            continue
        room = np.maximum(sizes - 1 - taken, 0)  # train always gets one
        count = np.minimum(np.maximum(1, np.rint(sizes * share).astype(np.int64)), room)
        where[(ranks >= taken) & (ranks < taken + count)] = number
        taken = taken + count
    return _gathered(kept, where[place], list(shares))


def _k_fold(wanted: Wanted, kept: np.ndarray) -> Divided:
    """The contents of each class in hash order are dealt to the folds in turn; one fold is the test.

    Where a column has the role of the group, whole groups are dealt.
    """
    import numpy as np

    if _groups_of(wanted):
        return _grouped_folds(wanted, kept)
    ranks, sizes, place, by_class = _ranks(wanted, kept)
    several = sizes > 1  # what a class has once must be learnt, not tested
    folds = wanted.section.folds
    if several.sum() < folds:
        raise StudioError(
            "data.too-few-folds", "{count} rows that could be tested are too few for {folds} folds.",
            "Lower data.split.folds, or add data.", where="data.split.folds", count=int(several.sum()), folds=folds,
        )  # fmt: skip
    dealt = np.full(len(ranks), -1, dtype=np.int64)
    # one class after the other, going on where the last has ended: else the first folds would be the largest
    dealt[by_class[several[by_class]]] = np.arange(several.sum()) % folds
    tested = (dealt == wanted.fold)[place]
    rest = kept[~tested]
    share = wanted.shares.get("validation", 0) / max(1 - wanted.shares.get("test", 0), 1e-9)
    inner = _by_rank(wanted, rest, {"validation": share}) if share > 0 else {"train": rest}
    return {**inner, "test": np.asarray(kept[tested])}


def _grouped_folds(wanted: Wanted, kept: np.ndarray) -> Divided:
    """The largest group first, each goes to the fold with the fewest rows (as scikit-learn's GroupKFold does)."""
    import numpy as np

    keys, place = _group_keys(wanted, kept)
    sizes, folds = np.bincount(place), wanted.section.folds
    if len(sizes) < folds:
        raise _too_few(len(sizes), "groups", _groups_of(wanted))
    dealt, filled = np.zeros(len(sizes), dtype=np.int64), [0] * folds
    for number in np.lexsort((mixed(keys, wanted.section.seed), -sizes)).tolist():
        dealt[number] = filled.index(min(filled))
        filled[dealt[number]] += int(sizes[number])
    tested = (dealt == wanted.fold)[place]
    rest = kept[~tested]
    share = wanted.shares.get("validation", 0) / max(1 - wanted.shares.get("test", 0), 1e-9)
    inner = _grouped(replace(wanted, shares={"validation": share}), rest) if share > 0 else {"train": rest}
    return {**inner, "test": np.asarray(kept[tested])}


def _ranks(wanted: Wanted, kept: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """For each different content: rank in its class by hash, and size of the class; the content of each row; and
    the contents one class after the other, each by hash."""
    import numpy as np

    from tlstudio.data.detect.keys import row_keys

    frame = wanted.frame
    ids = row_keys(frame.table, frame.roles, frame.ids(wanted.control)[kept], wanted.control, kept)
    unique, first, place = np.unique(ids, return_index=True, return_inverse=True)
    codes = wanted.frame.codes
    # a content with two labels counts for its first
    classes = codes[kept][first] if codes is not None else np.zeros(len(unique), dtype=np.int32)
    order = np.lexsort((mixed(unique, wanted.section.seed), classes))
    counts = np.unique(classes, return_counts=True)[1]
    ranks, sizes = np.empty(len(unique), dtype=np.int64), np.empty(len(unique), dtype=np.int64)
    ranks[order] = np.concatenate([np.arange(count) for count in counts]) if len(counts) else []
    sizes[order] = np.repeat(counts, counts)
    return ranks, sizes, place, order


def _grouped(wanted: Wanted, kept: np.ndarray) -> Divided:
    """Whole groups in hash order, as many as fill the share."""
    import numpy as np

    keys, place = _group_keys(wanted, kept)
    if len(keys) < len(wanted.shares) + 1:
        raise _too_few(len(keys), "groups", wanted.section.by or "group")
    order = np.argsort(mixed(keys, wanted.section.seed), kind="stable")
    where = _fill(order, np.bincount(place), wanted.shares, len(kept))
    return _gathered(kept, where[place], list(wanted.shares))


def _groups_of(wanted: Wanted) -> str:
    """The column of the groups that k-fold must keep together; empty where there is none."""
    section, roles = wanted.section, wanted.frame.roles
    if section.method == "k-fold" and section.by:
        return _column(wanted, "group")
    return roles.one("group") if "group" in roles.columns else ""


def _group_keys(wanted: Wanted, kept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """uint64 [G]: a number for each group; int64 [n]: the group of each row. Rows without a group stand alone, but
    with those of the same content."""
    import numpy as np

    names: list[str] = []
    codes = encode(wanted.frame.table, _column(wanted, "group"), names, wanted.control)[kept]
    of_names = np.array([*map(content_id, names), 0], dtype=np.uint64)
    keys = np.where(codes >= 0, of_names[codes], wanted.frame.ids(wanted.control)[kept])
    groups, place = np.unique(keys, return_inverse=True)
    return groups, place


def _fill(order: np.ndarray, sizes: np.ndarray, shares: dict[str, float], total: int) -> np.ndarray:
    """Gives groups to the splits in order until each share is nearly full; every split gets at least one."""
    import numpy as np

    where, at = np.zeros(len(sizes), dtype=np.int8), 0
    for number, share in enumerate(shares.values(), 1):
        if share <= 0:
            continue
        filled, left = 0, len(shares) - number + 1  # one group must stay for each later split, and for train
        while at < len(order) - left and (filled == 0 or filled + sizes[order[at]] / 2 <= share * total):
            where[order[at]] = number
            filled += sizes[order[at]]
            at += 1
    return where


def _by_time(wanted: Wanted, kept: np.ndarray) -> Divided:
    """The latest rows are the test, those before them the validation; equal times stay together."""
    import numpy as np

    times = _times(wanted, _column(wanted, "time"))[kept]
    stamps, place, sizes = np.unique(times, return_inverse=True, return_counts=True)
    if len(stamps) < len(wanted.shares) + 1:
        raise _too_few(len(stamps), "different times", _column(wanted, "time"))
    where = _fill(np.arange(len(stamps))[::-1], sizes, wanted.shares, len(kept))
    return _gathered(kept, where[place], list(wanted.shares))


def _times(wanted: Wanted, column: str) -> np.ndarray:
    """int64 [N] nanoseconds; numbers are taken as they are."""
    import numpy as np
    import pandas as pd

    values = pd.Series(
        [value for batch in wanted.frame.table.batches([column]) for value in batch.column(0).to_pylist()]
    )
    keep = wanted.frame.keep
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64)
    missing = np.isnan(numbers) & keep
    if missing.sum() < keep.sum() / 2:
        _refuse_time(wanted, column, values, np.flatnonzero(missing))
        return numbers
    stamps = pd.to_datetime(values, format="mixed", errors="coerce", utc=True)
    _refuse_time(wanted, column, values, np.flatnonzero(stamps.isna().to_numpy() & keep))
    return np.asarray(stamps.astype("int64").to_numpy())


def _refuse_time(wanted: Wanted, column: str, values: Any, bad: np.ndarray) -> None:
    """``bad``: indices of the rows that have no time."""
    if not len(bad):
        return
    path, row = wanted.frame.table.place(int(bad[0]))
    raise StudioError(
        "data.bad-time", "Row {row} of {path} has no time in the column '{column}': {value}",
        "Write times such as 2026-11-22 14:30, or choose another column.", where="data.split.by",
        row=row, path=path, column=column, value=str(values[bad[0]])[:60] or "it is empty",
    )  # fmt: skip


def _held_out(wanted: Wanted, kept: np.ndarray) -> Divided:
    """Rows with chosen values of a column are the test (a language, a source, a year); the rest is learnt from."""
    import numpy as np

    section, column = wanted.section, _column(wanted, "language")
    names: list[str] = []
    codes = encode(wanted.frame.table, column, names, wanted.control)[kept]
    where = np.zeros(len(kept), dtype=np.int8)
    for number, values in enumerate((section.validation_values, section.test_values), 1):
        unknown = [value for value in values if value not in names]
        if unknown:
            raise StudioError(
                "data.unknown-value", "No row has '{value}' in the column '{column}'; it has: {known}.",
                "Choose values that occur.", where="data.split.test_values", value=unknown[0], column=column,
                known=", ".join(names[:20]),
            )  # fmt: skip
        where[np.isin(codes, [names.index(value) for value in values])] = number
    if not section.test_values:
        raise StudioError(
            "data.no-test-values", "No values of '{column}' are chosen for the test rows; it has: {known}.",
            "Choose one or more in data.split.test_values.", where="data.split.test_values", column=column,
            known=", ".join(names[:20]),
        )  # fmt: skip
    found = _gathered(kept, where, ["validation", "test"])
    if section.validation_values or not wanted.shares.get("validation"):
        return {split: rows for split, rows in found.items() if split != "validation" or len(rows)}
    return {**_by_rank(wanted, found["train"], {"validation": section.validation}), "test": found["test"]}


def _by_column(wanted: Wanted, kept: np.ndarray) -> Divided:
    """The column says the split of each row."""
    import numpy as np

    column, names = _column(wanted, ""), list[str]()
    codes = encode(wanted.frame.table, column, names, wanted.control)[kept]
    unknown = next((name for name in names if name.lower() not in _WORDS), "" if (codes >= 0).all() else "nothing")
    if unknown:
        raise StudioError(
            "data.unknown-split", "The column '{column}' says '{value}', which is no split.",
            "It must hold train, validation or test in every row.", where="data.split.by", column=column, value=unknown,
        )  # fmt: skip
    order = ["train", "validation", "test"]
    lookup = np.array([order.index(_WORDS[name.lower()]) for name in names], dtype=np.int8)
    found = _gathered(kept, lookup[codes], order[1:])
    return {split: rows for split, rows in found.items() if split != "validation" or len(rows)}


_METHODS: dict[str, Callable[[Wanted, Any], Divided]] = {
    "stratified": _stratified,
    "grouped": _grouped,
    "time": _by_time,
    "held-out": _held_out,
    "column": _by_column,
    "k-fold": _k_fold,
}


def split_of(word: str) -> str:
    """The split that a word of a column names, such as test for ``Testing``; empty where it names none."""
    return _WORDS.get(word.strip().lower(), "")


def mixed(keys: np.ndarray, seed: int) -> np.ndarray:
    """uint64 [N]: keys in another random order for each seed (the finaliser of SplitMix64, Steele et al., 2014)."""
    import numpy as np

    with np.errstate(over="ignore"):
        value = keys.astype(np.uint64) + np.uint64((0x9E3779B97F4A7C15 * (seed + 1)) % 2**64)
        value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(value ^ (value >> np.uint64(31)))


def _gathered(kept: np.ndarray, where: np.ndarray, splits: list[str]) -> Divided:
    """``where`` [len(kept)]: 0 for train, else the number of the split."""
    return {"train": kept[where == 0], **{split: kept[where == number] for number, split in enumerate(splits, 1)}}


def _column(wanted: Wanted, role: str) -> str:
    """The column that the method goes by: the user's, or the one with the role."""
    section, frame = wanted.section, wanted.frame
    name = section.by or (frame.roles.one(role) if role in frame.roles.columns else "")
    if frame.table.columns.get(name) == "text":
        return name
    texts = [column for column, kind in frame.table.columns.items() if kind == "text"]
    raise StudioError(
        "data.split-column", "The split method '{method}' needs a column; '{column}' is none of: {known}.",
        "Choose the column in data.split.by.", where="data.split.by", method=section.method, column=name,
        known=", ".join(texts),
    )  # fmt: skip


def _too_few(count: int, what: str, column: str) -> StudioError:
    return StudioError(
        "data.too-few-to-divide", "The column '{column}' has only {count} {what}: too few to divide.",
        "Choose another column or method, or add data.", where="data.split.by", column=column, count=count, what=what,
    )  # fmt: skip
