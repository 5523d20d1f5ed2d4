"""``tlstudio storage``."""

from __future__ import annotations

from tests.session.test_storage import filled  # noqa: F401 - a fixture
from tlstudio.core import paths


def test_shown(tlstudio, filled) -> None:  # noqa: F811
    said = tlstudio("storage")
    assert said.code == 0
    assert all(name in said.out for name in ("models", "datasets", "features", "runs", "studies", "logs"))
    assert "is computed again" in tlstudio("storage", "--parts").out
    found = {entry["name"]: entry for entry in tlstudio("storage", "--json").json}
    assert found["features"]["bytes"] == found["features"]["cleanable_bytes"] == 700
    assert found["models"]["fixed_by"] == "HF_HOME"


def test_clean_asks_and_then_removes(tlstudio, filled, monkeypatch) -> None:  # noqa: F811
    monkeypatch.setattr("typer.confirm", lambda _question: False)
    assert tlstudio("storage", "--clean", "features").code == 130
    said = tlstudio("storage", "--clean", "features:tokens", "--clean", "models:org/big", "--yes")
    assert said.code == 0 and "5.4 kB freed" in said.out and "can be fetched again" in said.out
    assert not (filled / "cache/tokens").exists() and (filled / "cache/features/c.npy").is_file()
    said = tlstudio("storage", "--clean", "models:org/none", "--yes")
    assert said.code == 1 and "org/mini" in said.error
    assert tlstudio("storage", "--clean", "nothing", "--yes").code == 1


def test_move(tlstudio, filled, tmp_path) -> None:  # noqa: F811
    said = tlstudio("storage", "--move", "runs", "--to", tmp_path / "new")
    assert said.code == 0 and str(tmp_path / "new") in said.out
    assert [entry["id"] for entry in tlstudio("runs", "--json").json] == ["20261101-100000-a"]
    assert not paths.runs_folder().exists()
    assert tlstudio("storage", "--move", "runs").code == 2
    assert tlstudio("storage", "--move", "logs", "--to", tmp_path / "x").code == 1
