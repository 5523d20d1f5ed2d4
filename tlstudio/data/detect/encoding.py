"""Texts that were read in a wrong encoding, or that still carry the marks of a web page or a terminal."""

from __future__ import annotations

import html
import re

CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff]")
ENTITY = re.compile(r"&(?:[a-zA-Z][a-zA-Z0-9]{1,31}|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")
REPLACEMENT = "\ufffd"
_PART = re.compile(r"\S+")


def garbled(text: str) -> bool:
    """Whether the text has characters that are the bytes of others, read in a wrong encoding (mojibake)."""
    return not text.isascii() and mended(text) != text


def mended(text: str) -> str:
    """The text as it was before it was read in a wrong encoding; as it is where there is no sign of that.

    ftfy's heuristics (Speer, 2019): the whole text first, then line by line and word by word, because texts that were
    put together from several sources are wrong only in places.
    """
    if text.isascii():
        return text
    from ftfy import fix_encoding
    from ftfy.badness import is_bad

    fixed = fix_encoding(text)
    if fixed == text and is_bad(text):
        fixed = "\n".join(fix_encoding(line) for line in text.split("\n"))
    if fixed == text and is_bad(text):
        fixed = _PART.sub(lambda part: fix_encoding(part[0]), text)
    return fixed


def has_entities(text: str) -> bool:
    return "&" in text and any(html.unescape(found) != found for found in ENTITY.findall(text))
