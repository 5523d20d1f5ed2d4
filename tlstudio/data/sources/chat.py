"""Conversations: lists of messages as OpenAI (``role``, ``content``) and ShareGPT (``from``, ``value``) write them,
brought into one form: JSON of ``{"role": …, "content": …}`` and what else stands in the message."""

from __future__ import annotations

import json
from typing import Any

COLUMN = "messages"
NAMES = frozenset({"messages", "conversations", "conversation", "dialog", "dialogue", "chat", "turns"})
_ROLES = {
    "human": "user", "user": "user", "prompter": "user", "gpt": "assistant", "chatgpt": "assistant",
    "assistant": "assistant", "bot": "assistant", "model": "assistant", "ai": "assistant", "system": "system",
    "function_call": "assistant", "observation": "tool", "function": "tool", "tool": "tool",
}  # fmt: skip


def is_conversation(name: str, value: Any) -> bool:
    """Whether a value of a column called ``name`` is a list of messages."""
    if name.rsplit(".", 1)[-1].lower() not in NAMES or not isinstance(value, list) or not value:
        return False
    return all(isinstance(item, dict) and _parts(item) is not None for item in value)


def messages(value: list[dict[str, Any]]) -> list[str]:
    """Each message as JSON, ``role`` and ``content`` first; roles have one name, whoever wrote them."""
    found = []
    for item in value:
        parts = _parts(item)
        if parts is None:
            raise ValueError("a message has no role or no content")
        role, content = parts
        more = {key: kept for key, kept in item.items() if key not in (*_KEYS[0], *_KEYS[1]) and kept is not None}
        found.append(json.dumps({"role": role, "content": content, **more}, ensure_ascii=False))
    return found


_KEYS = (("role", "content"), ("from", "value"))


def _parts(item: dict[str, Any]) -> tuple[str, str] | None:
    """Who speaks, and what is said; None where it is no message."""
    for who, what in _KEYS:
        if isinstance(item.get(who), str) and what in item and (content := _said(item[what])) is not None:
            role = item[who].strip()
            return _ROLES.get(role.lower(), role.lower()), content
    return None


def _said(content: Any) -> str | None:
    """Content is a text, nothing (beside calls of tools), or parts of which all are texts."""
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        return None
    texts = [part.get("text") for part in content]
    return "\n".join(texts) if all(isinstance(text, str) for text in texts) else None
