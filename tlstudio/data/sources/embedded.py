"""Pictures and recordings that stand as bytes in a table or a database: they become files in the cache."""

from __future__ import annotations

import hashlib
import os
import secrets

from tlstudio.core.files import explain_os_errors
from tlstudio.core.paths import cache_folder
from tlstudio.data.audio import SUFFIXES

_MPEG = b"\xe2\xe3\xf2\xf3\xfa\xfb"  # second byte of an MP3 frame: layer III of MPEG 1, 2 and 2.5
_SOUNDS = (
    (b"fLaC", ".flac"), (b"OggS", ".ogg"), (b"ID3", ".mp3"), *((bytes((0xFF, mark)), ".mp3") for mark in _MPEG),
    (b".snd", ".au"),
)  # fmt: skip
_PICTURES = (
    (b"\x89PNG\r\n\x1a\n", ".png"), (b"\xff\xd8\xff", ".jpg"), (b"GIF8", ".gif"), (b"BM", ".bmp"),
    (b"II*\0", ".tif"), (b"MM\0*", ".tif"), (b"II+\0", ".tif"), (b"MM\0+", ".tif"),
)  # fmt: skip


def media_suffix(data: bytes) -> str:
    """The ending for the bytes of a picture or a recording, by their first ones; empty if they are none."""
    if data[:4] == b"RIFF" and data[8:12] in (b"WEBP", b"WAVE"):
        return ".webp" if data[8:12] == b"WEBP" else ".wav"
    if data[:4] == b"FORM" and data[8:12] in (b"AIFF", b"AIFC"):
        return ".aiff"
    return next((suffix for mark, suffix in (*_PICTURES, *_SOUNDS) if data.startswith(mark)), "")


def keep_file(data: bytes) -> str:
    """Writes a picture or recording into the cache, named by its content, and returns its absolute path."""
    name, suffix = hashlib.sha256(data).hexdigest(), media_suffix(data)
    folder = cache_folder("sounds" if suffix in SUFFIXES else "images")
    path = (folder / name[:2] / (name + (suffix or ".bin"))).absolute()
    with explain_os_errors(path):
        if path.is_file() and path.stat().st_size == len(data):
            return str(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{secrets.token_hex(8)}.part")
        try:
            temporary.write_bytes(data)  # no fsync, unlike atomic_write: it would make 100,000 files take an hour
            os.replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    return str(path)
