"""Brings texts into one form."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.data.detect.words import URL

_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")
_MENTION = re.compile(r"(?<![\w@.])@\w{1,50}")
_RETWEET = re.compile(r"^\s*RT @\w+:?\s*")


class Options(BaseModel):
    """What is changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    entities: bool = Field(
        True, title="HTML entities", description="Writes the characters that HTML entities stand for."
    )
    unicode: bool = Field(
        True, title="Unicode form", description="Brings equal characters into one form (NFC), such as é."
    )
    spaces: bool = Field(
        True, title="Spaces", description="Joins several spaces or blank lines into one, and trims the ends."
    )
    urls: bool = Field(False, title="Drop addresses", description="Leaves out addresses of web pages.")
    mentions: bool = Field(False, title="Drop mentions", description="Leaves out user names such as @someone.")
    retweets: bool = Field(False, title="Drop retweet marks", description="Leaves out “RT @someone:” at the beginning.")


class NormaliseText:
    """A text of which nothing would be left becomes empty; drop-empty leaves such rows out."""

    NAME = "normalise-text"
    TITLE = "Bring texts into one form"
    SUMMARY = "Resolves HTML entities and joins spaces; can leave out addresses, mentions and retweet marks."
    LEVEL: Literal["text"] = "text"
    Config = Options

    def texts(self, config: Options, texts: list[str]) -> list[str]:
        return [_normalised(text, config) for text in texts]


PLUGIN = NormaliseText()


def _normalised(text: str, config: Options) -> str:
    if config.entities and "&" in text:
        text = html.unescape(text)
    if config.unicode:
        text = unicodedata.normalize("NFC", text)
    for wanted, pattern in ((config.retweets, _RETWEET), (config.urls, URL), (config.mentions, _MENTION)):
        if wanted:
            text = pattern.sub(" ", text)
    if config.spaces:
        text = _LINES.sub("\n", _SPACES.sub(" ", text)).strip()
    return text
