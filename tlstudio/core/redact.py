"""Takes out of a text what nobody else should read: tokens, passwords, and who works where on this computer."""

from __future__ import annotations

import contextlib
import getpass
import platform
import re
from functools import cache
from pathlib import Path

_SECRETS = (
    (re.compile(r"\bhf_[A-Za-z0-9]{6,}"), "hf_***"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}"), r"\1 ***"),
    (re.compile(r"(://[^:/@\s]*):[^@\s/]+@"), r"\1:***@"),
    (re.compile(r"(?i)\b([\w-]*(?:token|password|passwd|secret|api[_-]?key|signature))"
                r"(\"?'?\s*[=:]\s*\"?'?)[^\s\"'&,;}]{3,}"), r"\1\2***"),
)  # fmt: skip


def without_secrets(text: str) -> str:
    """The text without tokens and passwords."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def without_person(text: str) -> str:
    """The text without secrets, and without the names of the user, the home folder and the computer."""
    for name, instead in _names():
        text = re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", lambda _found, instead=instead: instead, text)  # type: ignore[misc]
    return without_secrets(text)


@cache
def _names() -> tuple[tuple[str, str], ...]:
    found = {str(Path.home()): "~", str(Path.home()).replace("\\", "\\\\"): "~", platform.node(): "<computer>"}
    with contextlib.suppress(OSError, KeyError, ImportError):
        found[getpass.getuser()] = "<user>"
    # a name of one or two letters stands in every second word
    return tuple((name, instead) for name, instead in found.items() if len(name) > 2 and name != "root")
