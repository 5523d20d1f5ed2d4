"""Sentences that explain a result: templates with values, so that the window can translate them."""

from __future__ import annotations

from typing import Any

from tlstudio.core.errors import fill

Reason = dict[str, Any]


def reason(code: str, message: str, **params: Any) -> Reason:
    """A sentence ``{"code", "message", "params"}``; the English template has blanks for the values."""
    return {"code": code, "message": message, "params": params}


def told(item: Reason) -> str:
    """The sentence in English."""
    return fill(item["message"], item["params"])
