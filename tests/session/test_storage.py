"""Where everything lies, how large it is, and what cleaning takes away."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.session.test_runs import make_run
from tlstudio.core import paths
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.session import storage
from tlstudio.session.runs import RunIndex
from tlstudio.session.settings import Settings, save

RUN = "20261101-100000-a"


def put(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)


@pytest.fixture
def filled(home, monkeypatch) -> Path:
    monkeypatch.setenv("HF_HOME", str(home / "hf"))
    put(home / "hf/hub/models--org--mini/blobs/aa", 900)
    (home / "hf/hub/models--org--mini/snapshots/1").mkdir(parents=True)
    (home / "hf/hub/models--org--mini/snapshots/1/model").symlink_to("../../blobs/aa")
    put(home / "hf/hub/models--org--big/blobs/bb", 5000)
    put(home / "cache/datasets/a.arrow", 100)
    put(home / "cache/hub-datasets/org--d/b.parquet", 200)
    put(home / "cache/features/c.npy", 300)
    put(home / "cache/tokens/d.arrow", 400)
    put(home / "cache/logs/window.log", 50)
    put(paths.searches_folder() / "s1/study.db", 70)
    os.utime(paths.searches_folder() / "s1/study.db", (1e9, 1e9))
    folder = make_run(paths.runs_folder(), RUN)
    put(folder / "checkpoints/w", 1000)
    put(folder / "model/w", 2000)
    make_run(paths.runs_folder(), "20261102-100000-b")
    RunIndex().discard("20261102-100000-b")
    return home


def place(name: str) -> storage.Place:
    (found,) = storage.survey(names=[name])
    return found


def code(work) -> str:
    with pytest.raises(StudioError) as caught:
        work()
    assert caught.value.remedy
    return caught.value.code


def test_everything_is_measured_and_nothing_twice(filled) -> None:
    found = {item.name: item for item in storage.survey()}
    assert tuple(found) == storage.NAMES
    sizes = {(item.name, part.name): (part.bytes, part.again) for item in found.values() for part in item.parts}
    assert sizes["models", "org/big"] == (5000, storage.FETCH)
    assert 900 <= sizes["models", "org/mini"][0] < 1000, "links are not followed"
    assert sizes["datasets", "datasets"] == (100, storage.COMPUTE)
    assert sizes["datasets", "hub-datasets"] == (200, storage.FETCH)
    assert sizes["features", "features"][0] + sizes["features", "tokens"][0] == 700
    assert sizes["runs", "checkpoints"] == (1000, storage.RESUME)
    assert sizes["runs", "runs"][0] > 2000 and sizes["runs", "trash"][0] > 100
    assert sizes["studies", "s1"] == (70, storage.COMPUTE) and found["logs"].bytes == 50
    assert found["runs"].cleanable == found["runs"].bytes - sizes["runs", "runs"][0]
    assert all(item.free for item in found.values())


def test_empty_places(home) -> None:
    assert sum(item.bytes for item in storage.survey()) == 0


def test_cleaning_one_part_and_all(filled) -> None:
    assert storage.clean(place("models"), ["org/big"]) == 5000
    assert [part.name for part in place("models").parts] == ["org/mini"]
    assert storage.clean(place("features")) == 700 and place("features").bytes == 0
    assert storage.clean(place("logs")) == 50 and (filled / "cache/logs").is_dir()
    assert place("datasets").bytes == 300, "the others in the same folder stay"


def test_cleaning_runs_keeps_models_and_what_can_be_resumed(filled) -> None:
    going = paths.runs_folder() / "20261103-100000-c"
    put(going / "checkpoints/w", 500)
    (going / "recipe.yaml").write_text("schema: 1\n")
    storage.clean(place("runs"))
    assert not (paths.runs_folder() / RUN / "checkpoints").exists() and (going / "checkpoints/w").is_file()
    assert (paths.runs_folder() / RUN / "model/w").is_file() and RunIndex().trash.entries() == []
    assert code(lambda: storage.clean(place("runs"), ["runs"])) == "storage.not-cleanable"
    assert code(lambda: storage.clean(place("runs"), ["nothing"])) == "storage.not-cleanable"


def test_nothing_is_cleaned_while_a_run_goes_on(filled) -> None:
    (paths.runs_folder() / RUN / "run.lock").write_text(str(os.getpid()))
    assert code(lambda: storage.clean(place("features"))) == "storage.run-going-on"
    assert place("features").bytes == 700


def test_a_search_that_has_just_written_stays(filled) -> None:
    (paths.searches_folder() / "s1/study.db").touch()
    assert code(lambda: storage.clean(place("studies"))) == "storage.search-going-on"
    assert place("studies").bytes == 70


def test_cancel(filled) -> None:
    def cancel() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        list(storage.survey(cancel))
    with pytest.raises(Cancelled):
        storage.clean(place("features"), check=cancel)
    assert place("features").bytes == 700


def test_where_models_lie(home, monkeypatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setenv("HF_HOME", "/somewhere")
    assert storage.folder_of("models") == Path("/somewhere/hub") and storage.fixed("models") == "HF_HOME"
    monkeypatch.setenv("HF_HUB_CACHE", "/else")
    assert storage.folder_of("models") == Path("/else")
    monkeypatch.delenv("HF_HUB_CACHE")
    monkeypatch.delenv("HF_HOME")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert storage.folder_of("models") == Path("~/.cache/huggingface/hub").expanduser()
    assert storage.fixed("models") == "" and constants.HF_HUB_CACHE
    assert code(lambda: storage.folder_of("x")) == "storage.unknown"


def test_runs_lie_where_the_settings_say(home, tmp_path) -> None:
    save(Settings(runs_folder=str(tmp_path / "mine")))
    assert storage.folder_of("runs") == tmp_path / "mine"
