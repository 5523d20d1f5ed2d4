"""What the program remembers between starts. A broken settings file never blocks the start."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tlstudio.core import logs, paths
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
    hub_endpoint: str = Field("", description="Address of a mirror of the hub; empty takes the hub itself.")
    proxy: str = Field("", description="Address of a proxy for the network; empty takes that of the environment.")
    log_values: bool = Field(False, description="Whether log files may hold values of the data.")

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


_before: dict[str, str | None] = {}  # what the environment said of what the settings now say


def apply(settings: Settings) -> bool:
    """Puts what worker processes must know into the environment; True if that changed something.

    What was set outside of the program (``HF_ENDPOINT``, ``HTTPS_PROXY``) counts where a setting is empty.
    """
    wanted = {
        "HF_ENDPOINT": settings.hub_endpoint.strip().rstrip("/"),
        "HTTPS_PROXY": settings.proxy.strip(),
        "HTTP_PROXY": settings.proxy.strip(),
        logs.VALUES: "1" if settings.log_values else "",
    }
    earlier = {name: os.environ.get(name) for name in wanted}
    for name, value in wanted.items():
        if value:
            _before.setdefault(name, os.environ.get(name))
            os.environ[name] = value
        elif name in _before:
            before = _before.pop(name)
            os.environ.pop(name, None)
            if before is not None:
                os.environ[name] = before
    return any(os.environ.get(name) != before for name, before in earlier.items())


def address_problem(name: str, text: str) -> StudioError | None:
    """Why a text is no address of a mirror or proxy; None where it is one, or empty."""
    parts = urlsplit(text.strip())
    if parts.password:
        return StudioError(
            "settings.password", "The address holds a password, which would then lie in a file.",
            "Leave it out here, and set the whole address as the variable HTTPS_PROXY before the start.", where=name,
        )  # fmt: skip
    if not text.strip() or (
        parts.scheme in ("http", "https") and parts.hostname and not re.search(r"\s", text.strip())
    ):
        return None
    return StudioError(
        "settings.bad-address", "{address} is no address.", "Write it with http:// or https://, such as {example}.",
        where=name, address=text.strip()[:100], example="https://hub.example.org",
    )  # fmt: skip


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
