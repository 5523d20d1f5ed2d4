"""A folder of images: a sub-folder a class, or a metadata file that tells about each image.

How such a folder is arranged stands in :mod:`tlstudio.data.sources.media`; folders of sound files are arranged alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.data.images import SUFFIXES, look
from tlstudio.data.scan import Scan
from tlstudio.data.sources import coco, media, voc

if TYPE_CHECKING:
    import pyarrow as pa


class Options(BaseModel):
    """Where the classes are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    labels: Literal["folder", "none"] = Field(
        "folder", title="Classes", description="Folder takes the name of the sub-folder as the class; none takes none."
    )


class ImageFolderSource:
    """Columns ``image`` (absolute path), ``label``, those of the metadata, ``file`` (relative) and ``problem``."""

    NAME = "image-folder"
    TITLE = "Folder of images"
    SUMMARY = "PNG, JPEG, WebP, GIF, BMP and TIFF in a sub-folder a class, or with a metadata file."
    SUFFIXES: tuple[str, ...] = ()
    Config = Options

    def recognises(self, found: Scan) -> bool:
        return media.recognises(found, KIND) and not (voc.PLUGIN.recognises(found) or coco.PLUGIN.recognises(found))

    def settle(self, _found: Scan, config: Options) -> Options:
        return config

    def batches(self, found: Scan, config: Options) -> Iterator[pa.RecordBatch]:
        yield from media.batches(found, KIND, config.labels == "folder")


def _none(found: Scan) -> StudioError:
    return StudioError(
        "data.no-images", "{path} holds no images.", "TLStudio reads PNG, JPEG, WebP, GIF, BMP and TIFF.",
        where="data.path", path=found.name,
    )  # fmt: skip


KIND = media.Kind("image", SUFFIXES, lambda path: look(path).problem, _none)
PLUGIN = ImageFolderSource()
