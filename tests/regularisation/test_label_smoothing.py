"""Label smoothing equals torch's own, for classes, tokens and signs."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from tlstudio.models.heads import Head
from tlstudio.regularisation.label_smoothing import PLUGIN, Options
from tlstudio.tasks.regression import PLUGIN as REGRESSION


def smoothed(head, given, outputs, value, share=0.2):
    return PLUGIN.callback(Options(share=share), head).loss(given, outputs, value)


def test_classes(given, network):
    network.eval()
    outputs, value = given.again()
    expected = cross_entropy(outputs.logits, given.labels, label_smoothing=0.2)
    assert float(smoothed(Head(), given, outputs, value)) == pytest.approx(float(expected), rel=1e-6)


def test_tokens_that_do_not_count_are_left_out(given):
    torch.manual_seed(1)
    logits, labels = torch.randn(2, 5, 3), torch.tensor([[0, 1, 2, -100, -100], [2, -100, 1, 0, 0]])
    value = cross_entropy(logits.flatten(0, 1), labels.flatten())
    expected = cross_entropy(logits.flatten(0, 1), labels.flatten(), label_smoothing=0.2)
    found = smoothed(Head(per_token=True), replace(given, labels=labels), SimpleNamespace(logits=logits), value)
    assert float(found) == pytest.approx(float(expected), rel=1e-6)


def test_the_next_token_of_a_language_model(given):
    torch.manual_seed(1)
    logits, labels = torch.randn(2, 5, 3), torch.tensor([[0, 1, 2, -100, -100], [2, -100, 1, 0, 0]])
    shifted = logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten()
    found = smoothed(Head(kind="values", losses="next"), replace(given, labels=labels),
                     SimpleNamespace(logits=logits), cross_entropy(*shifted))  # fmt: skip
    assert float(found) == pytest.approx(float(cross_entropy(*shifted, label_smoothing=0.2)), rel=1e-6)


def test_signs_are_drawn_to_a_half(given):
    torch.manual_seed(1)
    logits, labels = torch.randn(4, 3), torch.tensor([[1.0, 0, 0], [0, 1, 1], [0, 0, 0], [1, 1, 1]])
    value = binary_cross_entropy_with_logits(logits, labels)
    expected = binary_cross_entropy_with_logits(logits, labels * 0.8 + 0.1)
    found = smoothed(Head(kind="signs"), replace(given, labels=labels), SimpleNamespace(logits=logits), value)
    assert float(found) == pytest.approx(float(expected), rel=1e-6)


def test_numbers_have_no_classes():
    assert PLUGIN.fits(REGRESSION).code == "regularise.no-classes"
