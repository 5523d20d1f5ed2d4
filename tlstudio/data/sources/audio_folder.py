"""A folder of recordings: a sub-folder a class, or a metadata file that tells about each recording.

How such a folder is arranged stands in :mod:`tlstudio.data.sources.media`; folders of images are arranged alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.data.audio import SUFFIXES, look_audio
from tlstudio.data.scan import Scan
from tlstudio.data.sources import media

if TYPE_CHECKING:
    import pyarrow as pa


class Options(BaseModel):
    """Where the classes are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    labels: Literal["folder", "none"] = Field(
        "folder", title="Classes", description="Folder takes the name of the sub-folder as the class; none takes none."
    )


class AudioFolderSource:
    """Columns ``audio`` (absolute path), ``label``, those of the metadata, ``file`` (relative) and ``problem``."""

    NAME = "audio-folder"
    TITLE = "Folder of recordings"
    SUMMARY = "WAV, FLAC, OGG, MP3, AIFF and AU in a sub-folder a class, or with a metadata file."
    SUFFIXES: tuple[str, ...] = ()
    Config = Options

    def recognises(self, found: Scan) -> bool:
        return media.recognises(found, KIND)

    def settle(self, _found: Scan, config: Options) -> Options:
        return config

    def batches(self, found: Scan, config: Options) -> Iterator[pa.RecordBatch]:
        yield from media.batches(found, KIND, config.labels == "folder")


def _none(found: Scan) -> StudioError:
    return StudioError(
        "data.no-recordings", "{path} holds no recordings.", "TLStudio reads WAV, FLAC, OGG, MP3, AIFF and AU.",
        where="data.path", path=found.name,
    )  # fmt: skip


KIND = media.Kind("audio", SUFFIXES, lambda path: look_audio(path).problem, _none)
PLUGIN = AudioFolderSource()
