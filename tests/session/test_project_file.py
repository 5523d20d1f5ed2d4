"""Two windows on one project: neither destroys what the other has done."""

from __future__ import annotations

import os

import pytest

from tlstudio.session.project_file import ProjectFile


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "p.tlstudio"
    made.write_text("schema: 1\n")
    return made


@pytest.fixture
def windows():
    made = [ProjectFile(), ProjectFile()]
    yield made
    for window in made:
        window.close()


def test_the_second_window_learns_of_the_first(path, windows):
    first, second = windows
    assert first.use(path) is None
    assert first.obstacle(path) is None
    note = second.use(path)
    assert (note.code, note.params["pid"]) == ("project.open-elsewhere", os.getpid())
    assert second.obstacle(path).code == "project.open-elsewhere"
    assert second.obstacle(path.with_name("other.tlstudio")) is None
    first.close()
    assert second.obstacle(path) is None
    assert [item.name for item in path.parent.iterdir()] == ["p.tlstudio"]


def test_a_file_that_another_program_has_changed(path, windows):
    window = windows[0]
    window.use(path)
    path.write_text("schema: 1\n# mine\n")
    assert window.obstacle(path).code == "project.changed"
    window.use(path)  # it was saved over
    assert window.obstacle(path) is None


def test_another_project_frees_the_first(path, windows):
    first, second = windows
    first.use(path)
    first.use(None)
    assert second.use(path) is None
