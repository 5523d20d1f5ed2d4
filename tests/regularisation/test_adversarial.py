"""FGM: the second gradient is taken where the loss is higher, and the embeddings are as before."""

from __future__ import annotations

import pytest
import torch

from tests import tiny
from tlstudio.core.errors import StudioError
from tlstudio.models.callbacks import Pass
from tlstudio.models.heads import Head
from tlstudio.regularisation.adversarial import PLUGIN, Options


@pytest.mark.parametrize("frozen", [False, True])
def test_the_attack_raises_the_loss_and_adds_its_gradient(network, loop, given, frozen):
    network.eval()
    weight = network.bert.embeddings.weight.requires_grad_(not frozen)
    losses, moved = [], []

    def again():
        outputs, value = given.again()
        losses.append(float(value.detach()))
        moved.append(weight.detach().clone())
        return outputs, value

    watched = Pass(given.inputs, given.labels, None, True, again, given.share)
    callback = PLUGIN.callback(Options(size=0.5), Head())
    callback.begin(loop)
    callback.step(0)
    _outputs, value = again()
    value.backward()
    before, own = network.classifier.weight.grad.clone(), weight.detach().clone()
    callback.backward(watched)
    assert losses[1] > losses[0]
    assert float((moved[1] - own).norm()) == pytest.approx(0.5, rel=1e-5)
    assert torch.equal(weight, own)
    assert not torch.equal(network.classifier.weight.grad, before)
    callback.end()
    assert weight.requires_grad is not frozen
    assert (weight.grad is None) is frozen


def test_a_network_without_tokens_is_refused(loop):
    class Images(torch.nn.Module):
        def get_input_embeddings(self):
            return torch.nn.Conv2d(3, 4, 2)

    with pytest.raises(StudioError) as caught:
        PLUGIN.callback(Options(), Head()).begin(type(loop)(Images(), 1, 1, 1, None, 7, tiny.Heard(), loop.control))
    assert caught.value.code == "regularise.no-embeddings"
