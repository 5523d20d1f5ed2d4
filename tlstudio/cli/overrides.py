"""``--set FIELD=VALUE``: a field of the recipe on the command line."""

from __future__ import annotations

from typing import Any

import yaml

from tlstudio.core.errors import StudioError


def parse(text: str) -> tuple[str, Any]:
    """Field and value; the value is read as YAML, so that numbers and lists are such.

    Raises:
        StudioError: there is no '='.
    """
    field, separator, value = text.partition("=")
    if not separator or not field.strip():
        raise StudioError(
            "cli.bad-override", "--set {text} is not of the form FIELD=VALUE.", "Write it like training.epochs=2.",
            where="--set", text=text,
        )  # fmt: skip
    return field.strip(), _value(value)


def _value(text: str) -> Any:
    """What YAML makes of it; a delimiter such as a lone comma or bar has a meaning of its own there and stays."""
    if len(text) == 1 and not text.isalnum():
        return text
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text
