"""YAML of others: plain values, and a refusal of whatever could grow or nest without end."""

from __future__ import annotations

import pytest
import yaml

from tlstudio.core.plain_yaml import plain_yaml


@pytest.mark.parametrize("more", ["", "\nwhy: a & b"], ids=["by libyaml", "by Python"])
def test_numbers_are_numbers(more):
    assert plain_yaml("rate: 5e-5\nsteps: [1, x]" + more).items() >= {"rate": 5e-5, "steps": [1, "x"]}.items()


@pytest.mark.parametrize("text", [
    "[" * 200_000, "{a: " * 200_000, "- " * 100_000, "[" * 999, "\n".join(" " * depth + "a:" for depth in range(5000)),
    "a: &a [x]\nb: *a", "a: !!python/object/apply:os.system [true]", "a: 2026-13-45", "a: " + "9" * 5000,
], ids=["lists", "mappings", "lines", "brackets", "indents", "alias", "object", "date", "digits"])  # fmt: skip
def test_what_is_refused(text):
    with pytest.raises(yaml.YAMLError):
        plain_yaml(text)
