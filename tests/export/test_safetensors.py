"""The safetensors export: everything that ``from_pretrained`` needs, nothing of the training."""

from __future__ import annotations

import shutil

from tlstudio.export.safetensors import PLUGIN


def test_only_the_files_of_the_model(job, classifier, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(classifier, folder)
    (folder / "training_args.bin").write_bytes(b"a pickle")
    (folder / "optimizer.pt").write_bytes(b"a pickle")
    (tmp_path / "out").mkdir()
    PLUGIN.write(type(job)(**{**vars(job), "model_folder": folder}), tmp_path / "out", None)
    names = {item.name for item in (tmp_path / "out").iterdir()}
    assert {"model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json", "tlstudio.json"} <= names
    assert not [name for name in names if name.endswith((".bin", ".pt"))]
