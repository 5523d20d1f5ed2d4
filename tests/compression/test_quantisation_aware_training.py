"""Quantisation-aware training: what is saved is what int8 keeps."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from onnx import numpy_helper

from tests import tiny
from tlstudio.compression import dynamic_int8, graphs, networks
from tlstudio.compression import quantisation_aware_training as aware
from tlstudio.compression.base import CompressJob
from tlstudio.core.control import Control


@pytest.fixture
def rounded(classifier, tmp_path):
    folder = tmp_path / "aware"
    folder.mkdir()
    heard = tiny.Heard()
    aware.PLUGIN.apply(aware.Options(epochs=0), CompressJob(classifier[0], "transformers", heard, Control()), folder)
    return folder, heard


def test_dynamic_int8_keeps_every_weight(rounded, tmp_path):
    """The quantisation error of the weights is 0 after it."""
    folder = tmp_path / "int8"
    folder.mkdir()
    dynamic_int8.PLUGIN.apply(dynamic_int8.Options(), CompressJob(rounded[0], "transformers", tiny.Heard(), Control()),
                              folder)  # fmt: skip
    stored = {one.name: numpy_helper.to_array(one) for one in graphs.load(folder / graphs.FILE).graph.initializer}
    found = [(stored[name].astype(np.float32) - stored[name.replace("_quantized", "_zero_point")])
             * stored[name.replace("_quantized", "_scale")] for name in stored
             if name.endswith("_quantized") and stored[name].ndim == 2]  # fmt: skip
    weights = [layer.weight.detach().numpy() for layer in aware.layers_of(networks.load(rounded[0]))]
    weights += [table.weight.detach().numpy() for table in aware.tables_of(networks.load(rounded[0]))]
    assert len(found) >= 12
    for matrix in found:
        near = [np.abs(matrix - other).max() for weight in weights for other in (weight, weight.T)
                if other.shape == matrix.shape]  # fmt: skip
        assert min(near) < 1e-5


def test_the_grid_has_255_steps(rounded):
    layer = aware.layers_of(networks.load(rounded[0]))[0]
    row = layer.weight[0].detach()
    whole = row / (row.abs().max() / 127)
    assert torch.allclose(whole, whole.round(), atol=1e-3)
    assert "compress.rounded" in rounded[1].codes()


def test_activations_are_rounded_as_onnx_runtime_does():
    from onnx import TensorProto, helper

    values = torch.randn(4, 9) * 3 + 1
    node = helper.make_node("DynamicQuantizeLinear", ["x"], ["y", "s", "z"])
    back = helper.make_node("DequantizeLinear", ["y", "s", "z"], ["out"])
    one = helper.make_graph([node, back], "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [4, 9])],
                            [helper.make_tensor_value_info("out", TensorProto.FLOAT, [4, 9])])  # fmt: skip
    model = helper.make_model(one, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    [right] = graphs.session(model).run(None, {"x": values.numpy()})
    np.testing.assert_allclose(aware.on_range(values).numpy(), right, atol=1e-5)


def test_gradients_go_straight_through_and_the_network_is_as_before(classifier):
    model = networks.load(classifier[0])
    feed = {"input_ids": torch.tensor([[2, 5, 7, 3]]), "attention_mask": torch.ones(1, 4, dtype=torch.long)}
    plain = model(**feed).logits
    learning = aware.Rounding(model, activations=True)
    names = list(model.state_dict())
    found = model(**feed).logits
    assert float((found - plain).detach().abs().max()) > 0
    found.sum().backward()
    assert all(layer.weight.grad is not None and layer.weight.grad.abs().sum() > 0 for layer in learning.layers)
    learning.close()
    assert list(model.state_dict()) == names
    assert torch.equal(model(**feed).logits, plain)
    aware.round_weights(model)
    assert aware.round_weights(model) < 1e-6, "rounding twice changes nothing"


def test_the_layers_of_gpt2_are_rounded_by_their_outputs():
    """They hold their weights as [in, out]."""
    from transformers import GPT2Config, GPT2Model

    torch.manual_seed(0)
    model = GPT2Model(GPT2Config(vocab_size=20, n_positions=8, n_embd=8, n_layer=1, n_head=2)).eval()
    layer, ids = model.h[0].attn.c_attn, torch.tensor([[1, 2, 3]])
    plain = model(ids).last_hidden_state
    learning = aware.Rounding(model, activations=False)
    assert layer in learning.layers and len(learning.layers) == 4
    found = model(ids).last_hidden_state
    found.sum().backward()
    assert layer.weight.grad is not None and not torch.equal(found, plain)
    learning.close()
    aware.round_weights(model)
    steps = layer.weight.detach() / (layer.weight.detach().abs().amax(0) / 127)
    assert torch.allclose(steps, steps.round(), atol=1e-3)
    assert torch.allclose(model(ids).last_hidden_state, found, atol=1e-5)
