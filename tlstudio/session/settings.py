"""What the program remembers between starts. A broken settings file never blocks the start."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tlstudio.core import paths
from tlstudio.core.errors import StudioError
from tlstudio.core.files import expand, write_json

_FILE = "settings.json"
_RECENT = 10


class Settings(BaseModel):
    """The user's preferences. Frozen: a change makes a new object, which :func:`save` writes."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    colour_scheme: Literal["system", "light", "dark"] = "system"
    language: str = Field("", description="Language code such as zh_CN; empty follows the system.")
    recent: tuple[str, ...] = ()
    geometry: str = Field("", description="Window geometry as base64.")
    runs_folder: str = Field("", description="Where run folders are made; empty takes the default.")
    runner: Literal["worker", "inline"] = "worker"
    confirm_close: bool = True
    without_window: Literal["go-on", "stop", "leave"] = Field(
        "go-on", description="What a run does when its window is gone: goes on, stops, or leaves off to be resumed."
    )
    welcomed: bool = False

    @property
    def runs_path(self) -> Path:
        return expand(self.runs_folder) if self.runs_folder else paths.runs_folder()

    @property
    def recent_files(self) -> list[Path]:
        """Recent project files that still exist, newest first."""
        return [path for path in map(Path, self.recent) if path.is_file()]

    def changed(self, **values: Any) -> Settings:
        return self.model_copy(update=values)

    def with_recent(self, path: Path) -> Settings:
        """The settings with ``path`` at the top of the recent projects."""
        name = str(Path(path).absolute())
        others = [other for other in self.recent if other != name]
        return self.changed(recent=tuple([name, *others][:_RECENT]))


def file() -> Path:
    return paths.config_folder() / _FILE


def load() -> tuple[Settings, StudioError | None]:
    """Reads the settings.

    Returns:
        The settings, and a note for the user if the file was unreadable and has been set aside.
    """
    path = file()
    if not path.exists():
        return Settings(), None
    try:
        return Settings.model_validate(json.loads(path.read_text(encoding="utf-8"))), None
    except (OSError, ValueError, ValidationError):
        return Settings(), _set_aside(path)


def save(settings: Settings) -> StudioError | None:
    """Writes the settings; a problem is returned and not raised, because it must not stop the user's work."""
    try:
        write_json(file(), settings.model_dump(mode="json"))
    except StudioError as error:
        return error
    return None


def _set_aside(path: Path) -> StudioError:
    aside = path.with_name(f"{path.stem}-broken-{time.strftime('%Y%m%d-%H%M%S')}.json")
    try:
        path.replace(aside)
    except OSError:
        aside = path  # cannot be moved (read-only folder): it stays, and the start goes on with the defaults
    return StudioError(
        "settings.broken",
        "The settings file could not be read; the program starts with its defaults.",
        "The old file is kept as {path}.",
        where=str(aside),
        path=str(aside),
    )
