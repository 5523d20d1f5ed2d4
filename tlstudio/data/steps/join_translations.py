"""Translations of training rows in files of their own: translate-train (Conneau et al., 2018, "XNLI", § 4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.data.frames import Frame, Frames, encode
from tlstudio.data.roles import Roles
from tlstudio.data.rows import Rows
from tlstudio.data.steps.drop_duplicates import PROTECTED

if TYPE_CHECKING:
    import numpy as np


class Options(BaseModel):
    """By what a row and its translations are known."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(
        "",
        title="Column of the id",
        description="A row and its translations have the same value in it; empty takes the column with the role of "
        "the group.",
    )


class JoinTranslations:
    """Rows without an id stand alone."""

    NAME = "join-translations"
    TITLE = "Join translations"
    SUMMARY = (
        "Gives rows without a label, such as those of a further file with translations, the label of the row with the "
        "same id, and never trains on a translation of a validation or test row. "
        "Divide the rows by groups of the id, so that a row and all its translations stay on one side."
    )
    LEVEL: Literal["rows"] = "rows"
    FILLS = True  # further files may lack columns such as the label
    Config = Options

    def apply(self, config: Options, frames: Frames, control: Control) -> None:
        """Fills in labels."""
        import numpy as np

        names: list[str] = []
        parts = [(frame, _numbers(frame, config, names, control)) for frame in frames.by_split.values()]
        labels = np.full(len(names) + 1, -1, dtype=np.int32)  # the last is that of rows without an id
        for frame, ids in parts:
            if frame.codes is not None:
                told = np.flatnonzero(frame.keep & (ids >= 0) & (frame.codes >= 0))[::-1]  # the first of several counts
                labels[ids[told]] = frame.codes[told]
        for frame, ids in parts:
            if frame.codes is not None:
                frame.codes = np.where(frame.codes < 0, labels[ids], frame.codes).astype(np.int32)

    def learnt(
        self, config: Options, split: str, splits: dict[str, Rows], roles: Roles, control: Control
    ) -> np.ndarray:
        """bool [n]: the rows whose id is in no split that is more protected."""
        import numpy as np

        names: list[str] = []
        column = _column(config, roles)
        stay = np.ones(len(splits[split]), dtype=bool)
        for other in PROTECTED[: PROTECTED.index(split)]:
            if column and other in splits and splits[other].table.columns.get(column) == "text":
                taken = _ids(splits[other], column, names, control)
                stay &= ~np.isin(_ids(splits[split], column, names, control), taken[taken >= 0])
        return stay


PLUGIN = JoinTranslations()


def _column(config: Options, roles: Roles) -> str:
    return config.id or (roles.one("group") if "group" in roles.columns else "")


def _numbers(frame: Frame, config: Options, names: list[str], control: Control) -> np.ndarray:
    """int32 [N]: the id of each row as an index into ``names``, which grows; -1 without one.

    Raises:
        StudioError: the chosen column is not there.
    """
    import numpy as np

    control.check()
    column = _column(config, frame.roles)
    if frame.table.columns.get(column) == "text":
        return encode(frame.table, column, names, control)
    if config.id:
        known = ", ".join(name for name, kind in frame.table.columns.items() if kind == "text")
        raise StudioError(
            "data.no-id-column", "There is no column '{column}' that rows are joined by; {path} has: {known}.",
            "Choose one of these columns.", where="data.steps", column=column, path=frame.table.path, known=known,
        )  # fmt: skip
    return np.full(frame.table.rows, -1, dtype=np.int32)


def _ids(rows: Rows, column: str, names: list[str], control: Control) -> np.ndarray:
    return encode(rows.table, column, names, control)[rows.indices]
