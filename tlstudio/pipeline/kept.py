"""The adapter that a run has learned, beside its model, and which backbone it belongs on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tlstudio.core.events import Artifact
from tlstudio.core.files import atomic_folder, size_of, write_json
from tlstudio.models import loading
from tlstudio.pipeline import backbones
from tlstudio.pipeline.context import Context

FOLDER = "adapter"
BACKBONE_FILE = "backbone.json"


def write(context: Context, backbone: loading.Backbone, keep: Callable[[Path], None]) -> None:
    """Writes the folder ``adapter`` of a run.

    Args:
        context: of the run.
        backbone: that was trained on.
        keep: writes the adapter into a folder.
    """
    with atomic_folder(context.folder / FOLDER) as part:
        keep(part)
        write_json(part / BACKBONE_FILE, {
            "path": str(backbone.path.absolute()), "name": backbone.name, "revision": backbone.revision,
            "key": backbones.key(backbone),
        })  # fmt: skip
    context.emit(Artifact(name="adapter", path=FOLDER, bytes=size_of(context.folder / FOLDER)))
