"""The safetensors export: everything that ``from_pretrained`` needs, nothing of the training."""

from __future__ import annotations

import shutil

from tlstudio.core.recipe import Choice
from tlstudio.export import run
from tlstudio.export.safetensors import PLUGIN
from tlstudio.models import shards


def test_only_the_files_of_the_model(job, classifier, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(classifier, folder)
    (folder / "training_args.bin").write_bytes(b"a pickle")
    (folder / "optimizer.pt").write_bytes(b"a pickle")
    (tmp_path / "out").mkdir()
    PLUGIN.write(type(job)(**{**vars(job), "model_folder": folder}), tmp_path / "out", PLUGIN.Config())
    names = {item.name for item in (tmp_path / "out").iterdir()}
    assert {"model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json", "tlstudio.json"} <= names
    assert not [name for name in names if name.endswith((".bin", ".pt"))]


def test_large_weights_become_several_files_that_answer_the_same(job, encoded, reference, monkeypatch):
    split = shards.split
    monkeypatch.setattr(shards, "split", lambda path, limit, check: split(path, limit // 100, check))
    [entry] = run.export_all(job, [Choice(name="safetensors", shard_mb=1)], encoded, reference)
    assert entry["parity"]["status"] == "passed"
    assert "model.safetensors.index.json" in entry["files"]
    assert "model.safetensors" not in entry["files"]
    assert len([name for name in entry["files"] if name.startswith("model-0000")]) > 1
