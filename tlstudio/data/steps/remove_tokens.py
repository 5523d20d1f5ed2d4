"""Takes chosen words or signs out of the texts, such as one that gives the label away."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

_SPACES = re.compile(r"[^\S\n]{2,}")


class Options(BaseModel):
    """What is taken out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tokens: tuple[str, ...] = Field(
        (), title="Words or signs", description="They are taken out wherever they stand alone, not inside a word."
    )
    ignore_case: bool = Field(False, title="Ignore case", description="Whether “Hillary” also takes out “HILLARY”.")


class RemoveTokens:
    """A word is a run of letters and figures: “art” is not taken out of “party”."""

    NAME = "remove-tokens"
    TITLE = "Take out words"
    SUMMARY = "Takes chosen words or signs out of the texts."
    LEVEL: Literal["text"] = "text"
    Config = Options

    def texts(self, config: Options, texts: list[str]) -> list[str]:
        pattern = _pattern(config.tokens, config.ignore_case)
        return texts if pattern is None else [_without(text, pattern) for text in texts]


PLUGIN = RemoveTokens()


@lru_cache(maxsize=8)
def _pattern(tokens: tuple[str, ...], ignore_case: bool) -> re.Pattern[str] | None:
    chosen = sorted({token.strip() for token in tokens} - {""}, key=lambda token: (-len(token), token))
    if not chosen:
        return None
    return re.compile("|".join(map(_alone, chosen)), re.IGNORECASE if ignore_case else 0)


def _alone(token: str) -> str:
    before = r"(?<!\w)" if re.match(r"\w", token) else ""
    after = r"(?!\w)" if re.search(r"\w$", token) else ""
    return before + re.escape(token) + after


def _without(text: str, pattern: re.Pattern[str]) -> str:
    changed, count = pattern.subn(" ", text)
    return _SPACES.sub(" ", changed).strip() if count else text
