"""The files of sentence-transformers: read in all forms, written so that the library reads them."""

from __future__ import annotations

import json

import pytest

from tlstudio.models import sentences


@pytest.mark.parametrize(("config", "pool"), [
    ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False}, "mean"),
    ({"pooling_mode_cls_token": True}, "first"), ({"pooling_mode": "lasttoken"}, "last"),
    ({"pooling_mode": "cls"}, "first"),
    ({"pooling_mode": ["mean", "max"]}, ""), ({"pooling_mode_max_tokens": True}, ""), ({}, ""), ([], ""), (None, ""),
    ({"pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": True}, ""),
])  # fmt: skip
def test_how_a_backbone_pools(tmp_path, config, pool):
    if config is not None:
        (tmp_path / "1_Pooling").mkdir()
        (tmp_path / "1_Pooling/config.json").write_text(json.dumps(config))
    assert sentences.pooling_of(tmp_path) == pool


def test_modules_that_are_left_out(tmp_path):
    assert sentences.left_out(tmp_path) == []
    kinds = ["models.Transformer", "base.modules.normalize.Normalize", "models.Dense"]
    (tmp_path / "modules.json").write_text(json.dumps([{"type": f"sentence_transformers.{kind}"} for kind in kinds]))
    assert sentences.left_out(tmp_path) == ["Dense"]


@pytest.mark.parametrize("pool", ["mean", "first", "last"])
def test_the_library_reads_what_is_written(tiny_model, tmp_path, pool):
    import shutil

    sentence_transformers = pytest.importorskip("sentence_transformers")
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    sentences.write(folder, pool, 20)
    loaded = sentence_transformers.SentenceTransformer(str(folder), device="cpu")
    assert loaded.max_seq_length == 20
    assert loaded[1].pooling_mode == {"mean": "mean", "first": "cls", "last": "lasttoken"}[pool]
    assert [type(module).__name__ for module in loaded] == ["Transformer", "Pooling", "Normalize"]
    assert loaded.similarity_fn_name == "cosine"
    (tmp_path / "other").mkdir()
    sentences.copy(folder, tmp_path / "other")
    assert sentences.pooling_of(tmp_path / "other") == sentences.pooling_of(folder) == pool
    assert (tmp_path / "other/2_Normalize/config.json").is_file()
    sentences.copy(tiny_model, tmp_path / "other")
