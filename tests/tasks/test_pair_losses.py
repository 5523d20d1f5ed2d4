"""Losses on pairs and triplets: equal to those of sentence-transformers, and right where it has no opinion."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from tlstudio.tasks import pair_losses
from tlstudio.tasks.pair_losses import LOSSES

OPTIONS = SimpleNamespace(temperature=0.05, margin=0.5)
losses = pytest.importorskip("sentence_transformers.sentence_transformer.losses")


def vectors(count=6, sides=3, seed=0):
    torch.manual_seed(seed)
    return [torch.nn.functional.normalize(torch.randn(count, 5), dim=-1) for _ in range(sides)]


def labels(values, sides=2):
    count = len(values)
    return {"values": torch.tensor(values), "texts": torch.arange(count * sides).reshape(count, sides)}


VALUES = [1.0, 0.0, 1.0, 0.0, 0.0, 1.0]
SCORES = [0.1, 0.9, 0.4, 0.4, 0.7, 0.0]


@pytest.mark.parametrize(
    ("name", "theirs", "sides", "values"),
    [
        ("in-batch", lambda: losses.MultipleNegativesRankingLoss(None, scale=20), 2, VALUES),
        ("in-batch", lambda: losses.MultipleNegativesRankingLoss(None, scale=20), 3, VALUES),
        ("contrastive", lambda: losses.ContrastiveLoss(None, margin=0.5), 2, VALUES),
        ("cosent", lambda: losses.CoSENTLoss(None, scale=20), 2, SCORES),
        ("cosine", lambda: losses.CosineSimilarityLoss(torch.nn.Linear(1, 1)), 2, SCORES),
    ],
)
def test_equal_to_sentence_transformers(name, theirs, sides, values):
    given = vectors(sides=sides)
    ours = LOSSES[name](given, labels(values, sides), None, OPTIONS)
    expected = theirs().compute_loss_from_embeddings(given, torch.tensor(values))
    assert ours.item() == pytest.approx(expected.item(), rel=1e-5)


def test_the_online_loss_counts_hard_pairs_alone():
    given = vectors()[:2]
    ours = LOSSES["online-contrastive"](given, labels(VALUES), None, OPTIONS)
    distance, same = 1 - (given[0] * given[1]).sum(-1), torch.tensor(VALUES) > 0.5
    hard = torch.where(same, distance > distance[~same].min(), distance < distance[same].max())
    expected = losses.OnlineContrastiveLoss(None, margin=0.5).compute_loss_from_embeddings(given, torch.tensor(VALUES))
    assert 0 < hard.sum() < 6
    assert ours.item() == pytest.approx(expected.item() / 2 / hard.sum().item(), rel=1e-5)
    alone = LOSSES["online-contrastive"](given, labels([1.0] * 6), None, OPTIONS)
    assert alone.item() == pytest.approx((distance.square() / 2).mean().item(), rel=1e-5)


def test_triplets_by_hand():
    x, y = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    assert LOSSES["triplet"]([x, x, y], labels([0.0]), None, OPTIONS).item() == 0
    assert LOSSES["triplet"]([x, y, x], labels([0.0]), None, OPTIONS).item() == pytest.approx(1.5)


def test_equal_texts_are_no_negatives_of_each_other():
    sides = vectors(3, 2)
    apart = {"texts": torch.tensor([[0, 3], [1, 4], [2, 5]])}
    same_document = {"texts": torch.tensor([[0, 3], [1, 3], [2, 5]])}
    same_query = {"texts": torch.tensor([[0, 3], [0, 4], [2, 5]])}
    scores = sides[0] @ sides[1].T / OPTIONS.temperature
    masked = scores.clone()
    masked[0, 1] = masked[1, 0] = -torch.inf
    expected = torch.nn.functional.cross_entropy(masked, torch.arange(3)).item()
    for given in (same_document, same_query):
        assert pair_losses.in_batch(sides, given, None, OPTIONS).item() == pytest.approx(expected, rel=1e-5)
    assert pair_losses.in_batch(sides, apart, None, OPTIONS).item() != pytest.approx(expected, rel=1e-5)
    alone = pair_losses.in_batch([side[:1] for side in sides], {"texts": torch.tensor([[0, 1]])}, None, OPTIONS)
    assert alone.item() == 0, "a row alone has nothing to be told from"


@pytest.mark.parametrize("name", LOSSES)
def test_a_row_without_weight_does_not_count(name):
    sides = 3 if name == "triplet" else 2
    given = [side.requires_grad_() for side in vectors(4, sides)]
    weights = torch.tensor([4 / 3, 4 / 3, 4 / 3, 0.0])
    weighted = LOSSES[name](given, labels(SCORES[:4] if name == "cosent" else VALUES[:4], sides), weights, OPTIONS)
    weighted.backward()
    assert torch.isfinite(weighted)
    assert all(torch.isfinite(side.grad).all() for side in given)
    if name != "in-batch":  # there the second text is still a negative of the others
        assert given[0].grad[3].abs().max() == 0
    equal = LOSSES[name](given, labels(VALUES[:4], sides), torch.ones(4), OPTIONS)
    plain = LOSSES[name](given, labels(VALUES[:4], sides), None, OPTIONS)
    assert equal.item() == pytest.approx(plain.item())
