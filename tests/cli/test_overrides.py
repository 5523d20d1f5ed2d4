"""FIELD=VALUE on the command line."""

from __future__ import annotations

import pytest

from tlstudio.cli.overrides import parse
from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import Recipe


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("training.epochs=2", "training.epochs", 2),
        (" training.epochs =2", "training.epochs", 2),
        ("export=[onnx, safetensors]", "export", ["onnx", "safetensors"]),
        ("data.path=a=b.csv", "data.path", "a=b.csv"),
        ("data.delimiter=,", "data.delimiter", ","),
        ("data.delimiter=|", "data.delimiter", "|"),
        ("data.delimiter=;", "data.delimiter", ";"),
        (r"data.delimiter=\t", "data.delimiter", r"\t"),
        ("data.test=", "data.test", None),
        ("data.path=[half", "data.path", "[half"),
        ("model.name=@x", "model.name", "@x"),
    ],
)
def test_parse(text, field, value):
    assert parse(text) == (field, value)


@pytest.mark.parametrize("text", ["", "x", "=1", " =1"])
def test_not_an_override(text):
    with pytest.raises(StudioError) as caught:
        parse(text)
    assert caught.value.code == "cli.bad-override"


def test_a_rate_in_scientific_notation():
    assert Recipe().changed(*parse("training.learning_rate=5e-5")).training.learning_rate == 5e-5
