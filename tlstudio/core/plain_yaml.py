"""YAML of others: plain values alone, read quickly where that is safe."""

from __future__ import annotations

import re
from typing import Any

import yaml

_NESTED = 1000  # brackets, or signs of a line, each of which may nest once


def plain_yaml(text: str) -> Any:
    """What the text says: plain values only, no aliases (they can grow without end), no objects.

    Raises:
        yaml.YAMLError: it is no such YAML, or nested without end.
    """
    try:
        return yaml.load(text, Loader=_QuickLoader if _is_harmless(text) else _SafeLoader)
    except RecursionError as error:
        raise yaml.YAMLError("nested too deeply") from error
    except (ValueError, OverflowError) as error:  # a number with thousands of digits, a date without a month
        raise yaml.YAMLError(str(error)) from error


def _is_harmless(text: str) -> bool:
    """Whether libyaml may read it, which is ten times as fast, but cannot refuse an alias and dies of deep nesting."""
    return ("&" not in text and "*" not in text and text.count("[") + text.count("{") < _NESTED
            and max(map(len, text.splitlines()), default=0) < _NESTED)  # fmt: skip


class _SafeLoader(yaml.SafeLoader):
    """Safe YAML without aliases (no billion laughs) and with ``5e-5`` read as a number."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise yaml.composer.ComposerError(None, None, "aliases are not allowed", event.start_mark)
        return super().compose_node(parent, index)


class _QuickLoader(getattr(yaml, "CSafeLoader", _SafeLoader)):  # type: ignore[misc]  # either is a loader
    """The same by libyaml, but for aliases."""


for _loader in (_SafeLoader, _QuickLoader):
    _loader.yaml_implicit_resolvers = {
        key: list(value) for key, value in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    _loader.add_implicit_resolver(
        "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9]+(?:\.[0-9]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
    )
