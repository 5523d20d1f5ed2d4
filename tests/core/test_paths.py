"""Where things lie."""

from __future__ import annotations

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
