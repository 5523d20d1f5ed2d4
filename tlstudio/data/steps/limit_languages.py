"""Leaves most rows of other languages out of training: cross-lingual transfer, zero-shot or from a few rows.

A model that is trained on one language is tested on others (Conneau et al., 2018, "XNLI"; Hu et al., 2020, "XTREME",
who also choose the best epoch on rows of the source language alone). A few rows of the target language help much
(Lauscher et al., 2020, "From zero to hero", § 5).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.data.frames import Frames
from tlstudio.data.languages import Spoken, wanted
from tlstudio.data.roles import Roles
from tlstudio.data.rows import Rows
from tlstudio.data.splits import mixed

if TYPE_CHECKING:
    import numpy as np


class Options(BaseModel):
    """Which languages are learnt, and how much of the others."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    languages: str = Field(
        "",
        title="Source languages",
        description="All training rows of these languages stay, such as en, or en, de; empty takes the most frequent "
        "language.",
    )
    rows: int = Field(
        0,
        ge=0,
        le=1_000_000,
        title="Rows of other languages",
        description="Training rows that stay of each other language; 0 is zero-shot.",
    )
    per: Literal["class", "language"] = Field(
        "class",
        title="Rows are counted per",
        description="Class keeps that many rows of each class, language that many in all.",
    )
    by: Literal["auto", "column", "file", "text"] = Field(
        "auto",
        title="Language by",
        description="Auto takes the column with the role of the language, else names of files such as train.de.csv, "
        "else recognises the text; a text that is too short to be sure is then of no source language.",
    )
    column: str = Field(
        "", title="Column", description="Column of the language; empty takes the one with the role of the language."
    )
    validation: Literal["source", "learnt"] = Field(
        "source",
        title="Validation rows",
        description="Source keeps only rows of the source languages; learnt also those of other languages that some "
        "rows are learnt of.",
    )
    seed: int = Field(7, ge=0, le=2**31, title="Seed", description="Another seed keeps other rows.")

    @field_validator("languages", mode="before")
    @classmethod
    def _joined(cls, value: Any) -> Any:
        """A recipe may hold a list."""
        return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else value

    @property
    def sources(self) -> list[str]:
        return [name.strip() for name in self.languages.split(",") if name.strip()]


class LimitLanguages:
    """Rows are chosen by a hash of their content: those of a smaller number are among those of a greater one."""

    NAME = "limit-languages"
    TITLE = "Train on chosen languages"
    SUMMARY = (
        "Training keeps all rows of the source languages and a few of the others, or none (zero-shot). "
        "Test rows of all languages stay, and results are told by language."
    )
    LEVEL: Literal["rows"] = "rows"
    Config = Options

    def apply(self, config: Options, frames: Frames, control: Control) -> None:
        """Nothing: which rows are trained on is known only when they have been divided."""
        control.check()

    def spoken(self, config: Options, splits: dict[str, Rows], roles: Roles) -> Spoken:
        """Where the language of a row stands."""
        return wanted(config.by, config.column, [rows.table for rows in splits.values()], roles)

    def learnt(
        self, config: Options, split: str, splits: dict[str, Rows], roles: Roles, control: Control
    ) -> np.ndarray:
        """bool [n]: the rows of the training or validation split that stay."""
        import numpy as np

        spoken = self.spoken(config, splits, roles)
        trained = spoken.of(splits["train"], control)
        sources = _sources(config, trained)
        rows = splits[split]
        found = trained if split == "train" else spoken.of(rows, control)
        stay = np.isin(found, sources)
        if split == "train":
            return np.asarray(stay | _few(config, rows, found))
        if config.validation == "learnt" and config.rows:
            stay |= found != ""
        return np.asarray(stay)


PLUGIN = LimitLanguages()


def _sources(config: Options, found: np.ndarray) -> list[str]:
    """The source languages.

    Raises:
        StudioError: one of them has no training rows, or no language is known.
    """
    known = Counter(name for name in found.tolist() if name).most_common()
    names = [name for name, _count in known]
    if not len(found):
        return config.sources
    unknown = [name for name in config.sources if name not in names]
    if unknown or not names:
        raise StudioError(
            "data.no-such-language", "No training row is in the language '{language}'; there are rows in: {known}.",
            "Choose source languages that there are rows of, or the column of the language.", where="data.steps",
            language=unknown[0] if unknown else "?", known=", ".join(names[:20]) or "–",
        )  # fmt: skip
    return config.sources or names[:1]


def _few(config: Options, rows: Rows, found: np.ndarray) -> np.ndarray:
    """bool [n]: the first rows of each language, or of each class in it, in the order of a hash."""
    import numpy as np

    stay = np.zeros(len(rows), dtype=bool)
    if not config.rows:
        return stay
    codes = rows.codes if config.per == "class" and rows.codes is not None else np.zeros(len(rows), dtype=np.int32)
    groups = np.unique(np.stack([np.unique(found, return_inverse=True)[1], codes]), axis=1, return_inverse=True)[1]
    order = np.lexsort((mixed(rows.ids, config.seed), groups.ravel()))
    first = np.searchsorted(groups.ravel()[order], groups.ravel()[order])
    stay[order] = np.arange(len(rows)) - first < config.rows
    return np.asarray(stay & (found != ""))
