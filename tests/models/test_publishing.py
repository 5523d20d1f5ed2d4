"""What would be sent to the hub, before anything is. Sending itself: tests/cli/test_serving.py."""

from __future__ import annotations

import pytest

from tlstudio.core.errors import StudioError
from tlstudio.models import publishing


@pytest.fixture
def export(tmp_path):
    (tmp_path / "export/second").mkdir(parents=True)
    (tmp_path / "export/README.md").write_text("# card")
    (tmp_path / "export/second/config.json").write_text("{}")
    return tmp_path / "export"


def test_every_file_with_its_size(export):
    assert publishing.files_of(export) == [("README.md", 6), ("second/config.json", 2)]


def test_a_folder_without_a_card_is_no_export(export):
    (export / "README.md").unlink()
    with pytest.raises(StudioError) as caught:
        publishing.files_of(export)
    assert caught.value.code == "push.no-card"


def test_a_link_would_send_a_file_from_elsewhere(export, tmp_path):
    (tmp_path / "private.txt").write_text("secret")
    (export / "notes.txt").symlink_to(tmp_path / "private.txt")
    with pytest.raises(StudioError) as caught:
        publishing.files_of(export)
    assert caught.value.code == "push.link"


@pytest.mark.parametrize("name", ["", "a/b/c", "org/na me", "../up", "org/"])
def test_a_name_that_is_none_is_refused_before_anything_is_asked(name, export, monkeypatch):
    monkeypatch.setattr(publishing, "token", lambda: pytest.fail("nobody's token is needed for that"))
    with pytest.raises(StudioError) as caught:
        publishing.push(export, name, private=True)
    assert caught.value.code == "push.failed"
