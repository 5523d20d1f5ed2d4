"""Where things lie."""

from __future__ import annotations

import json
import os

import pytest

from tlstudio.core import paths
from tlstudio.core.errors import StudioError


def test_home_holds_everything(home):
    assert paths.config_folder() == home / "config"
    assert paths.runs_folder() == home / "data" / "runs"
    assert paths.cache_folder("tokens") == home / "cache" / "tokens"


def test_without_home_the_system_decides(monkeypatch):
    monkeypatch.delenv("TLSTUDIO_HOME")
    folders = {paths.config_folder(), paths.runs_folder(), paths.cache_folder("x")}
    assert len(folders) == 3
    assert all("tlstudio" in folder.parts and folder.is_absolute() for folder in folders)


def test_resources():
    assert paths.resource("catalogue/models.yaml").is_file()
    with pytest.raises(StudioError) as caught:
        paths.resource("absent.file")
    assert caught.value.code == "files.resource-missing"


def test_resource_of_a_frozen_program(tmp_path, monkeypatch):
    (tmp_path / "resources").mkdir()
    (tmp_path / "resources" / "only-frozen.txt").touch()
    monkeypatch.setattr("sys._MEIPASS", str(tmp_path), raising=False)
    assert paths.resource("only-frozen.txt") == tmp_path / "resources" / "only-frozen.txt"


def say(home, text: str) -> None:
    (home / "config").mkdir(exist_ok=True)
    (home / "config" / paths.PLACES).write_text(text)


def test_what_was_moved_is_found_there(home, tmp_path):
    places = {name: str(tmp_path / name) for name in ("features", "studies")}
    say(home, json.dumps({"schema": 1, "places": places}))
    assert paths.cache_folder("tokens") == tmp_path / "features" / "tokens"
    assert paths.cache_folder("datasets") == home / "cache" / "datasets"
    assert paths.searches_folder() == tmp_path / "studies"
    say(home, "{}")
    assert paths.cache_folder("tokens") == home / "cache" / "tokens", "a change is seen at once"


@pytest.mark.parametrize("text", ["", "[]", '{"places": 5}', '{"places": {"features": "relative"}}', "\0"])
def test_a_damaged_file_of_places_is_none(home, text):
    say(home, text)
    assert paths.cache_folder("tokens") == home / "cache" / "tokens"


def test_moved_models_are_told_to_the_hub_unless_the_user_has_said_more(home, tmp_path, monkeypatch):
    from huggingface_hub import constants

    for name in ("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "TLSTUDIO_MODELS"):
        monkeypatch.setenv(name, "")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", "before")
    for place in ("one", "two"):  # the second replaces what we have said ourselves
        say(home, json.dumps({"places": {"models": str(tmp_path / place)}}))
        paths.use_moved_models()
        assert os.environ["HF_HUB_CACHE"] == constants.HF_HUB_CACHE == str(tmp_path / place)
        assert paths.models_fixed_by() == ""
    monkeypatch.setenv("HF_HUB_CACHE", "/mine")
    paths.use_moved_models()
    assert os.environ["HF_HUB_CACHE"] == "/mine" and paths.models_fixed_by() == "HF_HUB_CACHE"
