"""A folder is checked before anything in it is loaded."""

from __future__ import annotations

import json
import shutil
import struct

import pytest

from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.files import sha256
from tlstudio.models.checks import check_folder, check_safetensors, weight_files


@pytest.fixture
def folder(tiny_model, tmp_path):
    shutil.copytree(tiny_model, tmp_path / "model")
    return tmp_path / "model"


def refused(code, function, *args):
    with pytest.raises(StudioError) as caught:
        function(*args)
    assert caught.value.code == code
    assert caught.value.remedy
    assert caught.value.where
    return caught.value


def edit_config(folder, **changes):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changes}))


def test_sound_folder(folder):
    check_folder(folder, {"model.safetensors": sha256(folder / "model.safetensors")})


def test_no_folder(tmp_path):
    refused("model.no-folder", check_folder, tmp_path / "absent")
    refused("model.no-config", check_folder, tmp_path)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "files.not-json"),
        ("[]", "model.bad-config"),
        ("{}", "model.bad-config"),
        ('{"model_type": 3}', "model.bad-config"),
        ('{"model_type": "evil-net", "auto_map": {"AutoModel": "evil.Net"}}', "model.needs-code"),
    ],
)
def test_bad_config(folder, text, code):
    (folder / "config.json").write_text(text)
    refused(code, check_folder, folder)


@pytest.mark.parametrize("keep", [0, 4, 8, 100, -1])
def test_truncated_weights(folder, keep):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    assert str(path) in refused("model.damaged-weights", check_folder, folder).message


@pytest.mark.parametrize(
    "content",
    [
        struct.pack("<Q", 1 << 62) + b"{}",
        struct.pack("<Q", 5) + b"hello",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 7) + b'{"a":1}',
        struct.pack("<Q", 25) + b'{"a":{"data_offsets":[0]}}',
        struct.pack("<Q", 2) + b"{}" + b"more",
        b"<html>404 Not Found</html>",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n",
    ],
)
def test_corrupt_weights(tmp_path, content):
    (tmp_path / "model.safetensors").write_bytes(content)
    refused("model.damaged-weights", check_safetensors, tmp_path / "model.safetensors")


def test_deep_header_is_no_crash(tmp_path):
    header = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    (tmp_path / "m.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)
    refused("model.damaged-weights", check_safetensors, tmp_path / "m.safetensors")


def test_wrong_hash(folder):
    error = refused("model.wrong-hash", check_folder, folder, {"model.safetensors": "0" * 64})
    assert "0000" in error.message

    def cancel():
        raise Cancelled

    with pytest.raises(Cancelled):
        check_folder(folder, {"model.safetensors": "0" * 64}, cancel)
    refused("files.missing", check_folder, folder, {"absent.bin": "0" * 64})


def test_no_tokenizer(folder):
    for name in ("tokenizer.json", "vocab.txt"):
        (folder / name).unlink(missing_ok=True)
    refused("model.no-tokenizer", check_folder, folder)


def test_the_single_file_comes_before_an_index(folder):
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": "other.safetensors"}}')
    assert [path.name for path in weight_files(folder)] == ["model.safetensors"]


def test_weights(folder):
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    refused("model.pickle", weight_files, folder)
    (folder / "pytorch_model.bin").unlink()
    refused("model.no-weights", weight_files, folder)
    shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    index = {"weight_map": {"a": shards[0], "b": f"../../{shards[1]}", "c": shards[0]}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / shards[0]).write_bytes(content)
    assert shards[1] in refused("model.no-weights", weight_files, folder).message
    (folder / shards[1]).write_bytes(content)
    assert [path.name for path in weight_files(folder)] == shards  # never outside the folder


@pytest.mark.parametrize("text", ["[]", '{"weight_map": []}', "{}", '{"weight_map": {"a": 3}}'])
def test_damaged_index(folder, text):
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(text)
    refused("model.no-weights", weight_files, folder)
