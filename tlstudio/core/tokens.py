"""The user's token for the hub: in the keyring of the system. We write it into no file, no log and no message."""

from __future__ import annotations

import os
import re
from typing import Any
from urllib.parse import urlsplit

from tlstudio.core.errors import StudioError

SERVICE, USER = "tlstudio", "huggingface"
_PLAIN = re.compile(r"[\x21-\x7e]{8,500}")


def user() -> str:
    """The name under which the token is kept: a mirror has one of its own, and never gets that of the hub."""
    from tlstudio.core import hub

    return USER if hub.endpoint() == hub.DEFAULT_ENDPOINT else urlsplit(hub.endpoint()).netloc


def find() -> str:
    """The token: of the keyring, of ``HF_TOKEN``, or of ``hf auth login``; empty if there is none."""
    return _of_keyring() or _elsewhere()


def place() -> str:
    """Where the token is: keyring, environment, hub (``hf auth login``), or empty."""
    if _of_keyring():
        return "keyring"
    if os.environ.get("HF_TOKEN", "").strip():
        return "environment"
    return "hub" if _elsewhere() else ""


def keep(token: str) -> None:
    """Puts a token into the keyring.

    Raises:
        StudioError: it is no token, or the system has no keyring that can be used.
    """
    token = token.strip()
    if not _PLAIN.fullmatch(token):
        raise StudioError(
            "token.bad", "This is no token: a token is one word of letters and digits.",
            "Copy it from huggingface.co/settings/tokens.",
        )  # fmt: skip
    keyring = _keyring()
    if _writes_files(keyring.get_keyring()):
        raise _no_keyring("its backend would write the token into a file")
    try:
        keyring.set_password(SERVICE, user(), token)
        kept = keyring.get_password(SERVICE, user()) == token
    except Exception as error:  # each backend raises its own; the text might repeat the token
        raise _no_keyring(type(error).__name__) from None
    if not kept:
        raise _no_keyring("what was written cannot be read again")


def forget() -> bool:
    """Removes the token from the keyring; False if there was none.

    Raises:
        StudioError: the system has no keyring that can be used.
    """
    keyring = _keyring()
    try:
        if not keyring.get_password(SERVICE, user()):
            return False
        keyring.delete_password(SERVICE, user())
    except Exception as error:
        raise _no_keyring(type(error).__name__) from None
    return True


def _writes_files(backend: Any) -> bool:
    """Whether a backend, or the first of those that it stands for, is one of those without a system behind them."""
    first = next(iter(getattr(backend, "backends", ())), backend)
    return type(first).__module__.startswith("keyrings.alt")


def _of_keyring() -> str:
    try:
        return str(_keyring().get_password(SERVICE, user()) or "")
    except Exception:  # no keyring on this system, or it is locked: each backend raises its own
        return ""


def _elsewhere() -> str:
    from huggingface_hub import get_token

    return os.environ.get("HF_TOKEN", "").strip() or get_token() or ""


def _keyring() -> Any:
    try:
        import keyring
    except ImportError:
        raise StudioError(
            "token.no-keyring-package", "The package that reaches the keyring of the system is not installed.",
            'Install it with: pip install "tlstudio[keyring]"; or put the token into the variable HF_TOKEN for the '
            "time of a session.",
        ) from None  # fmt: skip
    return keyring


def _no_keyring(reason: str) -> StudioError:
    return StudioError(
        "token.no-keyring", "The keyring of this system cannot be used: {reason}.",
        "Unlock it, or install one (GNOME Keyring, KWallet); or put the token into the variable HF_TOKEN for the time "
        "of a session. It is never written into a file.", reason=reason,
    )  # fmt: skip
