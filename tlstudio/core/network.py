"""Offline is the rule: a process of ours reaches another machine only while something that the user asked for does it.

The hub's libraries have their own switches (see :func:`tlstudio.worker.quiet_libraries`); this guard stands behind
them, for whatever else might want to call home. It sees what goes through Python's sockets.
"""

from __future__ import annotations

import ipaddress
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tlstudio.core import ledger
from tlstudio.core.ledger import Request

_lock = threading.Lock()
_open: list[tuple[str, str]] = []  # purpose and subject of what is allowed now, by whichever thread
_state = {"guarded": False}
_EVENTS = ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname")


class Offline(OSError):
    """A connection that nobody asked for; without a number, so that it is no trouble of the disk."""


@contextmanager
def allowed(purpose: str, subject: str) -> Iterator[None]:
    """Opens the network for what the user asked for; see :class:`tlstudio.core.ledger.Request` for the purposes."""
    entry = (purpose, subject)
    with _lock:
        _open.append(entry)
    try:
        yield
    finally:
        with _lock:
            _open.remove(entry)


def current() -> tuple[str, str]:
    """Purpose and subject of what is allowed now; empty if nothing is."""
    with _lock:
        return _open[-1] if _open else ("", "")


def guard() -> None:
    """From now on a connection to another machine is refused and noted, unless it is allowed. It cannot be undone."""
    if not _state["guarded"]:
        _state["guarded"] = True
        sys.addaudithook(_heard)


def _heard(event: str, args: tuple[Any, ...]) -> None:
    if event not in _EVENTS or _open:
        return
    host = _host(args[1] if event in _EVENTS[:2] else args[0])
    if not host or is_own(host):
        return
    ledger.note(Request("", "", host, event.removeprefix("socket."), ledger.REFUSED))
    raise Offline(f"The network is off: nobody asked for a connection to {host}.")


def _host(address: Any) -> str:
    """The host of an address; none of the addresses of local sockets, which are a path."""
    if isinstance(address, tuple):
        address = address[0] if address else ""
        return str(address)
    if isinstance(address, bytes):
        return address.decode("utf-8", "replace") if not address.startswith((b"/", b"\0")) else ""
    return address if isinstance(address, str) and not address.startswith(("/", "\0")) else ""


def is_own(host: str) -> bool:
    """Whether a host is this machine."""
    if host.lower() == "localhost":
        return True
    try:
        found = ipaddress.ip_address(host.split("%", 1)[0])
    except ValueError:
        return False
    return found.is_loopback or found.is_unspecified
