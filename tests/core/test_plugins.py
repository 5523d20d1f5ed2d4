"""Plug-ins are found by being there; their options are checked and the field is named."""

from __future__ import annotations

import sys
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tlstudio.core import plugins
from tlstudio.core.errors import StudioError

KNOWN = {
    "tlstudio.strategies": {"full-fine-tuning", "linear-probe"},
    "tlstudio.compression": {"dynamic-int8"},
    "tlstudio.export": {"safetensors", "onnx", "onnx-int8"},
    "tlstudio.tasks": {"text-classification"},
    "tlstudio.data.sources": {"csv", "jsonl"},
}


@pytest.mark.parametrize("package", KNOWN)
def test_all_plugins_describe_themselves(package):
    found = plugins.find(package)
    assert set(found) >= KNOWN[package]
    for name, plugin in found.items():
        assert name == plugin.NAME
        assert plugin.TITLE
        assert plugin.SUMMARY
        assert plugin.Config.model_config["extra"] == "forbid"
        plugin.Config()  # every option has a usual value


def write_package(folder, **modules):
    package = folder / "made_up"
    package.mkdir()
    (package / "__init__.py").touch()
    for name, text in modules.items():
        (package / f"{name}.py").write_text(text)


@pytest.fixture
def importable(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    plugins.find.cache_clear()
    yield tmp_path
    plugins.find.cache_clear()
    for name in [name for name in sys.modules if name.split(".")[0] == "made_up"]:
        del sys.modules[name]


def test_one_file_is_one_plugin(importable):
    plugin = "class P:\n    NAME = 'mine'\nPLUGIN = P()\n"
    write_package(importable, b=plugin, helper="x = 1\n")
    assert list(plugins.find("made_up")) == ["mine"]


def test_two_files_of_one_name(importable):
    plugin = "class P:\n    NAME = 'mine'\nPLUGIN = P()\n"
    write_package(importable, a=plugin, b=plugin)
    with pytest.raises(RuntimeError, match="mine"):
        plugins.find("made_up")


def test_unknown_plugin_lists_the_known():
    with pytest.raises(StudioError) as caught:
        plugins.get("tlstudio.strategies", "magic", "strategy")
    assert caught.value.code == "recipe.unknown-plugin"
    assert caught.value.where == "strategy"
    assert "linear-probe" in caught.value.remedy


class Config(BaseModel):
    model_config = ConfigDict(extra="forbid")
    needed: int
    share: Literal["auto"] | float = Field("auto", ge=0)


@pytest.mark.parametrize(
    ("options", "code", "where"),
    [
        ({"needed": 1, "shrae": 2}, "recipe.unknown-field", "strategy.shrae"),
        ({}, "recipe.missing-field", "strategy.needed"),
        ({"needed": "many"}, "recipe.bad-value", "strategy.needed"),
        ({"needed": 1, "share": [1]}, "recipe.bad-value", "strategy.share"),
    ],
)
def test_wrong_options_name_the_field(options, code, where):
    class Plugin:
        pass

    Plugin.Config = Config
    with pytest.raises(StudioError) as caught:
        plugins.configure(Plugin, options, "strategy")
    assert (caught.value.code, caught.value.where) == (code, where)
    assert caught.value.remedy


def test_invalid_without_a_place():
    with pytest.raises(ValidationError) as caught:
        Config.model_validate({"needed": 1, "share": -1.0})
    error = plugins.invalid(caught.value)
    assert error.where == "share"
    assert "-1.0" in error.message or "'auto'" in error.message
