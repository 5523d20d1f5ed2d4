"""Makes texts whole again that were read in a wrong encoding."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.data.detect import encoding


class Options(BaseModel):
    """What is repaired."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    controls: bool = Field(
        True, title="Drop control characters", description="Invisible characters that steer terminals are dropped."
    )


class RepairEncoding:
    """ftfy's heuristics; texts without a sign of a wrong encoding stay as they are."""

    NAME = "repair-encoding"
    TITLE = "Repair wrong encodings"
    SUMMARY = "Turns texts such as “schÃ¶n” back into “schön”, and drops control characters."
    LEVEL: Literal["text"] = "text"
    Config = Options

    def texts(self, config: Options, texts: list[str]) -> list[str]:
        mended = [encoding.mended(text) for text in texts]
        return [encoding.CONTROL.sub("", text) for text in mended] if config.controls else mended


PLUGIN = RepairEncoding()
