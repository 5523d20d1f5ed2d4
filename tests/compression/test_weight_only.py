"""Weight-only quantisation: fewer bits, fewer bytes, nearly the same answers."""

from __future__ import annotations

import numpy as np

from tests import tiny
from tests.compression.conftest import resnet, with_rows
from tlstudio.compression import graphs, weight_only
from tlstudio.compression.weight_only import PLUGIN


def test_eight_and_four_bits(tried):
    eight, four = tried(PLUGIN, bits=8), tried(PLUGIN, bits="4", block_size=16)
    for one in (eight, four):
        kinds = [node.op_type for node in graphs.load(one.folder / graphs.FILE).graph.node]
        assert kinds.count("MatMulNBits") >= 13
        assert "Gemm" not in kinds
    assert eight.agreement == 1
    assert 0 < eight.off < four.off < 1.5


def test_embeddings_keep_their_rows(graph, tried):
    """w = s q with s = max |w| / 127: no number is off by more than half a step of its own row."""
    from onnx import numpy_helper

    plain = {one.name: numpy_helper.to_array(one) for one in graphs.load(graph / graphs.FILE).graph.initializer}
    found = tried(PLUGIN)
    stored = {one.name: numpy_helper.to_array(one) for one in graphs.load(found.folder / graphs.FILE).graph.initializer}
    tables = [name.removesuffix("_int8") for name in stored if name.endswith("_int8")]
    assert any("word_embeddings" in name for name in tables)
    for name in tables:
        scale = stored[f"{name}_scale"]
        assert stored[f"{name}_int8"].dtype == np.int8
        assert (np.abs(stored[f"{name}_int8"] * scale - plain[name]) <= 0.51 * scale).all()
        assert name not in stored
    assert found.said("compress.weight-only")["embeddings"] > 5


def test_embeddings_in_fp32(tried):
    found = tried(PLUGIN, embeddings="fp32")
    assert found.said("compress.weight-only")["embeddings"] == 0


def test_products_answer_like_gemm(graph):
    made = graphs.load(graph / graphs.FILE)
    feed = {"input_ids": np.array([[2, 5, 7, 3]]), "attention_mask": np.ones((1, 4), dtype=np.int64)}
    before = graphs.answers(graphs.session(made), feed)
    weight_only.as_products(made)
    assert "Gemm" not in [node.op_type for node in made.graph.node]
    np.testing.assert_allclose(graphs.answers(graphs.session(made), feed), before, atol=1e-4)


def test_a_network_of_convolutions_is_hardly_reached(tmp_path):
    source, rows = resnet(tmp_path)
    heard, folder = tiny.Heard(), tmp_path / "small"
    folder.mkdir()
    PLUGIN.apply(PLUGIN.Config(), with_rows(source, rows, heard), folder)
    [note] = [event for event in heard.of("log") if event.code == "compress.weight-only"]
    assert note.level == "warning"
