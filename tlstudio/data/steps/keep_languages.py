"""Leaves out texts in other languages."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.control import Control
from tlstudio.data.detect.kept import digest, remembered
from tlstudio.data.detect.language import language
from tlstudio.data.detect.reading import plain, portions
from tlstudio.data.frames import Frame, Frames

if TYPE_CHECKING:
    import numpy as np


class Options(BaseModel):
    """Which languages stay."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    languages: tuple[Annotated[str, Field(pattern="^[a-z]{2,3}$")], ...] = Field(
        (), title="Languages", description="Codes of ISO 639 such as en and de; without any, all texts stay."
    )


class KeepLanguages:
    """A text goes only if it is nearly sure to be in another language; short ones stay."""

    NAME = "keep-languages"
    TITLE = "Keep chosen languages"
    SUMMARY = "Leaves out texts that are surely in another language than the chosen ones."
    LEVEL: Literal["rows"] = "rows"
    Config = Options

    def apply(self, config: Options, frames: Frames, control: Control) -> None:
        if not config.languages:
            return
        for frame in frames.by_split.values():
            if frame.of_files:
                continue
            key = digest("language", frame.table.key, frame.content, sorted(config.languages))
            frame.keep &= ~remembered(key, partial(_foreign, frame, set(config.languages), control))


PLUGIN = KeepLanguages()


def _foreign(frame: Frame, languages: set[str], control: Control) -> np.ndarray:
    """bool [N]: rows that go."""
    import numpy as np

    found = np.zeros(frame.table.rows, dtype=bool)
    batches = (
        [plain(value) for value in batch.column(0).to_pylist()] for batch in frame.table.batches([frame.content])
    )
    first = 0
    for texts in portions(batches):
        control.check()
        found[first : first + len(texts)] = [language(text) not in {"", *languages} for text in texts]
        first += len(texts)
    return found
