"""Downloads against a loopback hub: progress, cancel and resume, hashes, and every way to fail."""

from __future__ import annotations

import errno
import shutil
import threading
from pathlib import Path

import pytest

from tests.models.hub_server import COMMIT, Answer, HubServer, quick_hub
from tlstudio.core import ledger
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.progress import silent
from tlstudio.core.recipe import ModelSection
from tlstudio.models import hub, loading

NAME = "org/tiny"


@pytest.fixture
def cache(home, monkeypatch):
    """The hub's cache of this test."""
    with quick_hub(home, monkeypatch) as folder:
        yield folder


@pytest.fixture
def served(tiny_model, tmp_path, cache, monkeypatch):
    folder = tmp_path / "served"
    shutil.copytree(tiny_model, folder)
    (folder / "README.md").write_text("---\nlicense: mit\n---\n# Tiny\n")
    (folder / "pytorch_model.bin").write_bytes(b"pickle")
    with HubServer(folder) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


def fetch(emit=silent, control=None, name=NAME, revision=None):
    return hub.download(name, revision, emit, control or Control())


def refused(code, **kwargs):
    with pytest.raises(StudioError) as caught:
        fetch(**kwargs)
    assert caught.value.code == code
    assert caught.value.remedy
    assert caught.value.where
    return caught.value


def leftovers(cache):
    return [path.name for path in cache.rglob("*.incomplete")]


def test_download_gives_a_usable_folder(served, cache):
    heard = []
    found = fetch(heard.append)
    wanted = {name for name in served.files if name != "pytorch_model.bin"}
    assert found["revision"] == COMMIT
    assert found["bytes"] == sum(len(served.files[name]) for name in wanted)
    assert {path.name for path in cache.glob("models--org--tiny/snapshots/*/*")} == wanted
    progress = [event for event in heard if event.kind == "progress"]
    assert {event.stage for event in progress} == {"download"}
    assert progress[-1].done == progress[-1].total == found["bytes"]
    assert [event.code for event in heard if event.kind == "log"] == ["hub.request"]
    assert leftovers(cache) == []
    backbone = loading.resolve(ModelSection(name=NAME))
    assert (str(backbone.path), backbone.revision, backbone.licence) == (found["path"], COMMIT, "mit")
    from transformers import AutoModel, AutoTokenizer

    AutoModel.from_pretrained(found["path"], local_files_only=True)
    assert AutoTokenizer.from_pretrained(found["path"], local_files_only=True)("parcel late")["input_ids"]


def test_what_says_how_to_read_is_fetched_as_well(tiny_model, tmp_path, cache, monkeypatch):
    """Without it images are normalised otherwise, and tokens pooled otherwise, than the model was trained."""
    folder = tmp_path / "served"
    shutil.copytree(tiny_model, folder)
    names = ("preprocessor_config.json", "generation_config.json", "modules.json", "1_Pooling/config.json", "spm.model")
    (folder / "1_Pooling").mkdir()
    for name in names:
        (folder / name).write_text("{}")
    with HubServer(folder) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        found = Path(fetch()["path"])
    assert (found / "config.json").is_file()
    assert all((found / name).is_file() for name in names)


def test_a_second_download_asks_for_no_file_and_still_adds_up(served):
    first = fetch()
    before = len(served.body_requests())
    heard = []
    assert fetch(heard.append) == first
    assert len(served.body_requests()) == before
    assert heard[-1].done == heard[-1].total == first["bytes"]


@pytest.mark.parametrize("revision", ["main", COMMIT])
def test_revision(served, revision):
    assert fetch(revision=revision)["revision"] == COMMIT


def test_token_goes_to_the_hub_only(served, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    fetch()
    by_host = {seen.path.startswith("/store/"): seen.token for seen in served.seen}
    assert by_host == {True: None, False: "Bearer hf_secret"}


def cancel_in_the_middle(served):
    control = Control()
    size = len(served.files["model.safetensors"])

    def emit(event):
        if event.kind == "progress" and event.done > 0 and "model.safetensors" in served.seen[-1].path:
            control.cancel()

    with pytest.raises(Cancelled):
        fetch(emit, control)
    return size


def test_cancel_and_resume(served, cache, monkeypatch):
    monkeypatch.setattr("tlstudio.core.progress._INTERVAL", 0)
    size = cancel_in_the_middle(served)
    (part,) = cache.rglob("*.incomplete")
    assert 0 < part.stat().st_size < size
    assert loading.on_this_machine(NAME, None) is None
    kept = part.stat().st_size
    served.seen.clear()
    heard = []
    found = fetch(heard.append)
    assert [seen.range for seen in served.body_requests() if seen.path.startswith("/store/")] == [f"bytes={kept}-"]
    assert heard[-1].done == heard[-1].total == found["bytes"]
    assert loading.resolve(ModelSection(name=NAME)).revision == COMMIT
    assert leftovers(cache) == []


def test_resume_where_the_server_knows_no_ranges(served, cache, monkeypatch):
    monkeypatch.setattr("tlstudio.core.progress._INTERVAL", 0)
    cancel_in_the_middle(served)
    served.ignore_range = True
    fetch()
    assert loading.resolve(ModelSection(name=NAME)).revision == COMMIT


def test_cancel_before_and_pause(served):
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        fetch(control=control)
    control = Control()
    control.pause()
    timer = threading.Timer(1.0, control.resume)
    timer.start()
    assert fetch(control=control)["revision"] == COMMIT
    timer.join()
    assert control.paused_seconds > 0


def test_wrong_hash_is_refused_and_removed(served, cache):
    content = bytearray(served.files["model.safetensors"])
    content[-1] ^= 1
    served.swap["model.safetensors"] = bytes(content)
    error = refused("model.wrong-hash")
    assert "model" in error.message or "incomplete" in error.message
    assert leftovers(cache) == []
    assert not [path for path in cache.rglob("*") if path.is_file() and path.read_bytes() == content]
    served.swap.clear()
    assert fetch()["revision"] == COMMIT


def test_wrong_hash_of_a_mirror_that_has_no_store(served, cache):
    served.large = ()
    info = served.info()
    next(item for item in info["siblings"] if item["rfilename"] == "model.safetensors")["lfs"] = {
        "sha256": "0" * 64, "size": len(served.files["model.safetensors"]), "pointerSize": 134,
    }  # fmt: skip
    served.info = lambda: info
    refused("model.wrong-hash")
    assert not list(cache.rglob("model.safetensors"))


@pytest.mark.parametrize(
    ("place", "answer", "code"),
    [
        ("/api/", Answer(404, {"X-Error-Code": "RepoNotFound"}), "hub.not-found"),
        ("/api/", Answer(401), "hub.not-found"),  # what the hub says to a stranger who asks for what is not there
        ("/api/", Answer(401, {"X-Error-Code": "GatedRepo"}), "hub.gated"),
        ("/api/", Answer(403, {"X-Error-Code": "GatedRepo"}), "hub.gated"),
        ("/resolve/", Answer(401, {"X-Error-Code": "GatedRepo"}), "hub.gated"),
        ("/resolve/", Answer(403, {"X-Error-Code": "GatedRepo"}), "hub.gated"),
        ("/api/", Answer(500), "hub.no-connection"),
        ("/resolve/", Answer(503), "hub.no-connection"),
        ("/store/", Answer(403), "hub.no-connection"),
        ("/resolve/", Answer(404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT}), "hub.no-connection"),
    ],
)
def test_refusals(served, cache, place, answer, code):
    served.answers[place] = answer
    error = refused(code)
    assert NAME in error.message
    assert served.url in error.message
    assert loading.on_this_machine(NAME, None) is None
    served.answers.clear()
    assert fetch()["revision"] == COMMIT


@pytest.mark.parametrize(("name", "revision"), [("org/absent", None), (NAME, "v9"), ("no such name!", None)])
def test_not_found(served, name, revision):
    refused("hub.not-found", name=name, revision=revision)


def test_server_down(cache, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert "127.0.0.1:9" in refused("hub.no-connection").message


def test_cut_connection_is_resumed_or_told(served, cache):
    served.cut_after, served.cuts = 20_000, 1
    assert fetch()["revision"] == COMMIT
    assert any(seen.range for seen in served.seen)


def test_connection_that_is_always_cut(served, cache):
    served.cut_after = 0
    refused("hub.no-connection")
    assert loading.on_this_machine(NAME, None) is None
    served.cut_after = -1
    assert fetch()["revision"] == COMMIT


def test_only_pickled_weights_are_refused(served, cache):
    del served.files["model.safetensors"]
    refused("model.no-safetensors")
    assert served.body_requests() == []


def test_repository_without_tokenizer(served):
    del served.files["tokenizer.json"]
    refused("model.no-tokenizer")


def test_full_disk(served, cache, monkeypatch):
    def full(_url, stream, **_kwargs):
        stream.write(b"x" * 100)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("huggingface_hub.file_download.http_get", full)
    refused("files.disk-full")
    assert leftovers(cache) == []


def test_every_request_is_noted(served, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_abcdefghijklmnop")
    fetch()
    found = ledger.read()
    assert len(found) == len(served.seen)
    assert [one.what for one in reversed(found)] == [f"{seen.method} {seen.path}" for seen in served.seen]
    assert {(one.purpose, one.subject) for one in found} == {("model", NAME)}
    assert {one.host.split(":")[0] for one in found} == {"127.0.0.1", "localhost"}  # the hub, and its store
    assert any(one.bytes == len(served.files["model.safetensors"]) and one.result == "200" for one in found)
    assert "hf_" not in ledger.file().read_text()


def test_a_request_without_an_answer_is_noted(cache, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    refused("hub.no-connection")
    assert {one.result for one in ledger.read()} == {ledger.NO_ANSWER}


def test_the_recipe_of_a_run_names_the_commit(served):
    pinned = loading.pinned
    wanted = ModelSection(source="hub", name=NAME)
    assert pinned(wanted) == wanted
    assert pinned(ModelSection(source="folder", name="/x")).revision is None
    fetch()
    assert pinned(wanted).revision == COMMIT


def test_offline_stays_the_rule_afterwards(served):
    from huggingface_hub import constants

    fetch()
    assert constants.HF_HUB_OFFLINE is True
    assert constants.DOWNLOAD_CHUNK_SIZE == 10 << 20
