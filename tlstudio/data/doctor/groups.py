"""Rows that belong together, on both sides of the division."""

from __future__ import annotations

from tlstudio.data.doctor.base import SHOWN, CheckOptions, Examined, Finding, Fix, Severity, drop_places

_FEW = 10  # groups, below which they are more likely something else than what rows belong together by
Places = list[tuple[str, int]]


class Options(CheckOptions):
    """Only the switch."""


class Groups:
    """All rows are looked at; those without a group stand alone."""

    NAME = "groups"
    TITLE = "Torn groups"
    SUMMARY = "Groups, such as the texts of one author, of which some rows are learnt and others tested."
    ROLES = (frozenset({"group"}),)
    EMBEDS = False
    USES_MODEL = False
    COST = 1
    Config = Options

    def find(self, config: Options, examined: Examined) -> list[Finding]:
        column = examined.labelled.roles.one("group")
        splits = examined.labelled.splits
        if column in examined.labelled.roles.columns.get("label", ()):
            return []  # each class is learnt and tested, whatever else it is
        if "test" not in splits or splits["test"].table.columns.get(column) != "text":
            return []
        groups = {split: _groups(examined, split, column) for split in splits}
        torn = groups["test"] & set().union(*(groups[split] for split in splits if split != "test"))
        if not torn:
            return []
        tested, details = _rows_of(examined, "test", column, torn)
        every = len(set().union(*groups.values()))
        severity: Severity = "warning" if every >= _FEW else "notice"
        return [Finding(
            "groups", "torn-groups", severity, len(torn),
            "{count} of {groups} groups by the column '{column}' have rows that are learnt and rows that are tested.",
            "What is learnt from some rows of a group, such as the style of an author, helps with its others: the "
            "score is better than it will be for new groups.",
            {"count": len(torn), "groups": every, "column": column},
            examined.rows_at(tested[:SHOWN], details[:SHOWN]), _fixes(examined, column, torn, every),
        )]  # fmt: skip


PLUGIN = Groups()


def _groups(examined: Examined, split: str, column: str) -> set[str]:
    """The groups of a split; places of their own may lack the column."""
    rows = examined.labelled.splits[split]
    if rows.table.columns.get(column) != "text":
        return set()
    found: set[str] = set()
    for batch in rows.batches([column]):
        examined.control.check()
        found.update(value.strip() for value in batch.column(0).unique().to_pylist())
    return found - {""}


def _rows_of(examined: Examined, split: str, column: str, groups: set[str]) -> tuple[Places, list[str]]:
    """Split and position of the rows of some groups, and the group of each."""
    places: Places = []
    details: list[str] = []
    for position, value in enumerate(examined.labelled.splits[split].texts(column)):
        if not position % 5_000:
            examined.control.check()
        if value.strip() in groups:
            places.append((split, position))
            details.append(value.strip()[:60])
    return places, details


def _fixes(examined: Examined, column: str, torn: set[str], every: int) -> tuple[Fix, ...]:
    """Another division; or, where the test has a place of its own, without the rows of its groups in training."""
    splits = examined.labelled.splits
    if "test" not in examined.data.files:
        changes = {"split.method": "grouped", "split.by": column}
        return (Fix("Keep groups together", changes=changes),) if every >= len(splits) else ()
    learnt = [place for split in splits if split != "test" and splits[split].table.columns.get(column) == "text"
              for place in _rows_of(examined, split, column, torn)[0]]  # fmt: skip
    return drop_places(examined, learnt)
