"""Graph optimisation: fewer operators, the same answers, and int8 may follow."""

from __future__ import annotations

from tlstudio.compression import dynamic_int8, graphs, static_int8
from tlstudio.compression.graph_optimisation import PLUGIN


def test_operators_are_fused_and_int8_follows(tried, graph):
    found = tried(PLUGIN)
    said = found.said("compress.fused")
    assert said["after"] < said["before"]
    assert "SkipLayerNormalization" in said["fused"]
    assert found.off < 1e-4
    dynamic = tried(dynamic_int8.PLUGIN, found.folder)
    assert dynamic.agreement >= 0.9
    assert dynamic.said("compress.int8-share")["percent"] > 90
    static = tried(static_int8.PLUGIN, found.folder, rows=8, keep_fp32=0)
    assert static.agreement >= 0.9
    assert "SkipLayerNormalization" in [node.op_type for node in graphs.load(static.folder / graphs.FILE).graph.node]
