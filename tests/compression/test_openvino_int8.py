"""int8 for OpenVINO, where it is installed."""

from __future__ import annotations

import pytest

from tests import tiny
from tlstudio.compression.base import CompressJob
from tlstudio.compression.openvino_int8 import PLUGIN
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.models import openvino_scorer


def test_weights_and_activations(tried):
    pytest.importorskip("nncf", reason="the extra openvino is not installed")
    found = tried(PLUGIN, rows=16)
    assert found.agreement >= 0.9
    assert 0 < found.off < 0.5
    assert found.said("compress.openvino")["after"] < found.said("compress.openvino")["before"]
    weights = tried(PLUGIN, method="weights")
    assert weights.off < 0.2


def test_where_it_is_not_installed(graph, tmp_path, monkeypatch):
    monkeypatch.setattr(openvino_scorer.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(StudioError) as caught:
        PLUGIN.apply(PLUGIN.Config(), CompressJob(graph, "onnx", tiny.Heard(), Control()), tmp_path)
    assert caught.value.code == "openvino.missing"
    assert "tlstudio[openvino]" in caught.value.remedy
    assert PLUGIN.fits(tiny.task()).code == "openvino.missing"
