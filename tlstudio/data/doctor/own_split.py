"""A column that says which rows are for the test, while the rows are divided in another way."""

from __future__ import annotations

from tlstudio.data.doctor.base import ANY, CheckOptions, Examined, Finding, Fix
from tlstudio.data.splits import split_of
from tlstudio.data.tables import Table

_ROWS = 20_000  # that are looked at: other words appear soon


class Options(CheckOptions):
    """Only the switch."""


class OwnSplit:
    """Folders called train and test give such a column, and many published tables have one."""

    NAME = "own-split"
    TITLE = "A division of its own"
    SUMMARY = "Data that says itself which rows are for training and which for the test, where that is not followed."
    ROLES = ANY
    EMBEDS = False
    USES_MODEL = False
    COST = 1
    Config = Options

    def find(self, config: Options, examined: Examined) -> list[Finding]:
        if "test" in examined.data.files or examined.data.split.method == "column":
            return []
        column = _column_of(examined.labelled.splits["train"].table, examined)
        if not column:
            return []
        return [Finding(
            "own-split", "own-split", "notice", 1,
            "The column '{column}' says which rows are for training and which for the test, but the rows are divided "
            "anew.",
            "The score cannot be compared with that of others who kept to this division; and what belongs together, "
            "such as the pictures of one camera, may now stand on both sides.",
            {"column": column},
            fixes=(Fix("Divide the rows as the column says", changes={"split.method": "column", "split.by": column}),),
        )]  # fmt: skip


PLUGIN = OwnSplit()


def _column_of(table: Table, examined: Examined) -> str:
    """The first column of which every value names a split, among them train and test; empty where there is none."""
    used = {name for names in examined.labelled.roles.columns.values() for name in names}
    found = {name: set[str]() for name, kind in table.columns.items() if kind == "text" and name not in used}
    rows = 0
    for batch in table.batches(list(found)):
        examined.control.check()
        for name in list(found):
            found[name] |= {split_of(value) for value in batch.column(name).unique().to_pylist()}
            if "" in found[name]:
                del found[name]
        rows += batch.num_rows
        if rows >= _ROWS or not found:
            break
    return next((name for name, splits in found.items() if {"train", "test"} <= splits), "")
