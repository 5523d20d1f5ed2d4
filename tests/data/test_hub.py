"""Datasets of a loopback hub: what they consist of, downloads that resume and are verified, and what is found again."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.models.hub_server import COMMIT, OTHER, Answer, HubServer, quick_hub
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.paths import cache_folder
from tlstudio.core.progress import silent
from tlstudio.data import hub
from tlstudio.data.hub import Address, dataset_info, download_dataset, find_snapshot, parse

NAME = "org/words"
TRAIN = "data/train-00000-of-00001.jsonl"
TEST = "data/test-00000-of-00001.jsonl"


@pytest.fixture
def served(tmp_path, home, monkeypatch):
    folder = tmp_path / "served"
    for name, count in ((TRAIN, 1500), (TEST, 30)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps({"text": f"text number {index}", "label": index % 3}) for index in range(count)]
        (folder / name).write_text("\n".join(lines) + "\n")
    (folder / "README.md").write_text("# Words\n")
    (folder / "evil.py").write_text("raise SystemExit\n")
    with quick_hub(home, monkeypatch), HubServer(folder, NAME, (TRAIN,), "datasets") as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        server.card = {"license": "mit", "dataset_info": {"splits": [{"name": "train", "num_examples": 1500}]}}
        yield server


def fetch(emit=silent, control=None, name=NAME, configuration=None, revision=None):
    return download_dataset(name, configuration, revision, emit, control or Control())


def refused(code, function=fetch, **kwargs):
    with pytest.raises(StudioError) as caught:
        function(**kwargs)
    assert caught.value.code == code
    assert caught.value.remedy
    assert caught.value.where
    return caught.value


def partial():
    return list(cache_folder("hub-datasets").rglob("*.incomplete"))


# --- addresses


@pytest.mark.parametrize(
    ("place", "address"),
    [
        ("hub:org/name", Address("org/name")),
        ("org/name", Address("org/name")),
        ("hub:glue", Address("glue")),
        ("hub:org/name@v1.0", Address("org/name", "v1.0")),
        ("hub:org/name@refs/convert/parquet", Address("org/name", "refs/convert/parquet")),
        ("hub:org/name#test", Address("org/name", split="test")),
        ("hub:org/name#en/test", Address("org/name", configuration="en", split="test")),
        ("hub:org/name#en/auto", Address("org/name", configuration="en")),
        ("hub:org/name@abc#en/test", Address("org/name", "abc", "en", "test")),
        ("hub:org\\name#en\\test", Address("org/name", configuration="en", split="test")),
    ],
)
def test_addresses(place, address):
    assert parse(place) == address


@pytest.mark.parametrize("place", ["hub:", "hub:a/b/c", "hub:../x", "hub:a/..", "hub:a b", "hub:a/b#c/d/e", "hub:a/b#",
                                   "hub:a/b#c/", "https://x/y", "hub:a@b@c", ""])  # fmt: skip
def test_what_is_no_address(place):
    refused("data.bad-hub-name", parse, place=place)


# --- what is there


def test_info(served):
    info = dataset_info(NAME)
    sizes = {name: len(served.files[name]) for name in (TRAIN, TEST)}
    assert info == {
        "name": NAME, "revision": COMMIT, "bytes": sum(sizes.values()), "licence": "mit", "gated": False,
        "configurations": [{
            "name": "default", "default": True, "downloaded": False, "bytes": sum(sizes.values()),
            "splits": [
                {"name": "train", "rows": 1500, "bytes": sizes[TRAIN], "files": 1, "partial": False},
                {"name": "test", "rows": None, "bytes": sizes[TEST], "files": 1, "partial": False},
            ],
        }],
    }  # fmt: skip
    json.dumps(info)
    assert served.body_requests() == [], "nothing is downloaded"
    fetch()
    assert dataset_info(f"hub:{NAME}@{COMMIT}")["configurations"][0]["downloaded"]


def test_gated_and_licences(served):
    served.gated, served.card = "manual", {"license": ["mit", "cc0-1.0"]}
    info = dataset_info(NAME)
    assert (info["gated"], info["licence"]) == (True, "mit, cc0-1.0")


# --- downloads


def test_download_fetches_the_data_files_only(served):
    heard = []
    found = fetch(heard.append)
    folder = cache_folder("hub-datasets") / "org--words" / COMMIT
    size = len(served.files[TRAIN]) + len(served.files[TEST])
    assert found == {"path": str(folder), "revision": COMMIT, "configuration": "default", "bytes": size}
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == {
        TRAIN, TEST, "snapshot.json"
    }  # fmt: skip
    assert (folder / TRAIN).read_bytes() == served.files[TRAIN]
    progress = [event for event in heard if event.kind == "progress"]
    assert {event.stage for event in progress} == {"download"}
    assert progress[-1].done == progress[-1].total == size
    assert [event.code for event in heard if event.kind == "log"] == ["hub.request"]
    assert partial() == []


def test_a_second_download_asks_for_no_file(served):
    first = fetch()
    before = len(served.body_requests())
    heard = []
    assert fetch(heard.append) == first
    assert len(served.body_requests()) == before
    assert heard[-1].done == heard[-1].total == first["bytes"]


def test_a_lost_file_is_fetched_again(served):
    found = fetch()
    (hub.Path(found["path"]) / TEST).unlink()
    served.seen.clear()
    fetch()
    assert [seen.path.rsplit("/", 1)[-1] for seen in served.body_requests()] == [TEST.rsplit("/", 1)[-1]]


def test_token_goes_to_the_hub_only(served, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    fetch()
    assert {seen.path.startswith("/store/"): seen.token for seen in served.seen} == {
        True: None, False: "Bearer hf_secret"
    }  # fmt: skip


def cancel_in_the_middle(served):
    control = Control()

    def emit(event):
        if event.kind == "progress" and event.done > 0 and TRAIN.rsplit("/", 1)[-1] in served.seen[-1].path:
            control.cancel()

    with pytest.raises(Cancelled):
        fetch(emit, control)


@pytest.mark.parametrize("ranges", [True, False])
def test_cancel_and_resume(served, monkeypatch, ranges):
    monkeypatch.setattr("tlstudio.core.progress._INTERVAL", 0)
    cancel_in_the_middle(served)
    (part,) = partial()
    kept = part.stat().st_size
    assert 0 < kept < len(served.files[TRAIN])
    assert find_snapshot(NAME) is None
    served.ignore_range = not ranges
    served.seen.clear()
    heard = []
    found = fetch(heard.append)
    assert f"bytes={kept}-" in {seen.range for seen in served.body_requests()}
    assert heard[-1].done == heard[-1].total == found["bytes"]
    assert (hub.Path(found["path"]) / TRAIN).read_bytes() == served.files[TRAIN]
    assert partial() == []


def test_cancel_before_the_first_byte(served):
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        fetch(control=control)
    assert served.body_requests() == []


@pytest.mark.parametrize("name", [TRAIN, TEST])  # by SHA-256 of the large-file store, and by git's SHA-1
def test_wrong_content_is_refused_and_removed(served, name):
    content = bytearray(served.files[name])
    content[-3] ^= 1
    served.swap[name] = bytes(content)
    assert name in refused("data.wrong-hash").message
    assert partial() == []
    assert find_snapshot(NAME) is None
    served.swap.clear()
    assert fetch()["revision"] == COMMIT


@pytest.mark.parametrize(
    ("place", "answer", "code"),
    [
        ("/api/", Answer(404, {"X-Error-Code": "RepoNotFound"}), "hub.not-found"),
        ("/api/", Answer(401), "hub.not-found"),
        ("/api/", Answer(403, {"X-Error-Code": "GatedRepo"}), "hub.gated"),
        ("/resolve/", Answer(403, {"X-Error-Code": "GatedRepo"}), "hub.gated"),
        ("/api/", Answer(500), "hub.no-connection"),
        ("/store/", Answer(403), "hub.no-connection"),
    ],
)
def test_refusals(served, place, answer, code):
    served.answers[place] = answer
    error = refused(code)
    assert error.where == "data.path"
    assert NAME in error.message
    assert "model" not in error.message + error.remedy
    assert find_snapshot(NAME) is None
    served.answers.clear()
    assert fetch()["revision"] == COMMIT


def test_not_found_and_server_down(served, monkeypatch):
    refused("hub.not-found", name="org/absent")
    refused("hub.not-found", revision="v9")
    refused("hub.not-found", dataset_info, name="org/absent")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert "127.0.0.1:9" in refused("hub.no-connection").message


def test_a_disk_that_is_too_small(served, monkeypatch):
    monkeypatch.setattr(hub.shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(1, 1, 1000))
    refused("files.disk-full")
    assert served.body_requests() == []


def test_offline_stays_the_rule_afterwards(served):
    from huggingface_hub import constants

    fetch()
    assert constants.HF_HUB_OFFLINE is True


# --- configurations, scripts, hostile repositories


def two_languages(served, default=None):
    configs = [
        {"config_name": name, "data_files": [{"split": "train", "path": f"{name}.csv"}]} for name in ("de", "en")
    ]
    for entry in configs:
        entry |= {"default": True} if entry["config_name"] == default else {}
    served.card = {"configs": configs}
    served.files |= {"de.csv": b"text,label\nja,a\n", "en.csv": b"text,label\nyes,a\nno,b\n"}


def test_only_the_wanted_configuration(served):
    two_languages(served)
    error = refused("data.which-configuration")
    assert "de, en" in error.message
    assert "#de/train" in error.remedy
    assert "de, en" in refused("data.no-configuration", configuration="fr").remedy
    fetch(configuration="en")
    assert find_snapshot(NAME).files == {"en": {"train": ["en.csv"]}}
    fetch(name=f"hub:{NAME}#de/train")
    assert find_snapshot(NAME).files == {"en": {"train": ["en.csv"]}, "de": {"train": ["de.csv"]}}


def test_the_usual_configuration(served):
    two_languages(served, "en")
    assert fetch()["configuration"] == "en"
    assert find_snapshot(NAME).default == "en"


def test_a_script_is_never_fetched_but_the_hub_s_copy_is(served):
    served.files = {"words.py": b"raise SystemExit\n", "raw.csv": b"a,b\n1,2\n"}
    served.branches["refs/convert/parquet"] = {
        "en/train/0000.parquet": b"PAR1...",
        "en/partial-test/0000.parquet": b"P",
    }
    info = dataset_info(NAME)
    assert info["revision"] == OTHER
    assert [split["partial"] for split in info["configurations"][0]["splits"]] == [False, True]
    heard = []
    found = fetch(heard.append)
    assert [event.code for event in heard if event.kind == "log"] == ["hub.request", "hub.partial"]
    assert (found["revision"], found["configuration"]) == (OTHER, "en")
    assert not list(cache_folder("hub-datasets").rglob("*.py"))
    assert find_snapshot(NAME).revision == OTHER
    assert fetch(revision=OTHER) == found, "the recorded revision can be asked for"


def test_a_script_alone(served):
    served.files = {"words.py": b"raise SystemExit\n", "README.md": b""}
    assert "never run" in refused("data.no-hub-files").remedy
    refused("data.no-hub-files", dataset_info, name=NAME)


def test_paths_that_leave_the_folder_are_not_fetched(served, tmp_path):
    served.files |= {"../../../../evil.csv": b"a,b\n1,2\n", "/tmp/evil.csv": b"a,b\n"}
    fetch()
    assert not list(tmp_path.parent.rglob("evil.csv"))
    assert not any("evil" in seen.path for seen in served.seen)


# --- what is here


def test_it_is_found_by_branch_commit_and_alone(served):
    fetch()
    for revision in ("", "main", COMMIT):
        assert find_snapshot(NAME, revision).revision == COMMIT
    assert find_snapshot(NAME, "v2") is None
    assert find_snapshot(NAME, OTHER) is None
    assert find_snapshot("org/other") is None


def test_a_pinned_download_is_found_without_its_revision(served):
    fetch(revision=COMMIT)
    assert find_snapshot(NAME).revision == COMMIT
    assert find_snapshot(NAME, "main") is None


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"files": {}, "sizes": 3}', '{"name": "x", "files": {"a": {"b": ["../c"]}}, "sizes": {"../c": 1}}'],
)
def test_a_damaged_record_is_no_download(served, text):
    found = fetch()
    (hub.Path(found["path"]) / "snapshot.json").write_text(text)
    assert find_snapshot(NAME) is None
    assert fetch() == found
    assert find_snapshot(NAME) is not None
