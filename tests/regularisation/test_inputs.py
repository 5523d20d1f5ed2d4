"""The layer of token embeddings, or a clear refusal."""

from __future__ import annotations

import pytest
import torch

from tlstudio.core.errors import StudioError
from tlstudio.regularisation.inputs import input_layer, needs_input_layer
from tlstudio.tasks.image_classification import PLUGIN as IMAGES
from tlstudio.tasks.text_classification import PLUGIN as TEXTS


def test_found_or_refused(network):
    assert input_layer(network) is network.bert.embeddings
    with pytest.raises(StudioError) as caught:
        input_layer(torch.nn.Linear(2, 2))
    assert caught.value.where == "regularise"


def test_tasks_without_tokens_are_refused():
    assert needs_input_layer("NEFTune", TEXTS) is None
    assert needs_input_layer("NEFTune", IMAGES).code == "regularise.no-tokens"
