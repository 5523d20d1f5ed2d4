"""Mixup and CutMix: pixels and targets go together."""

from __future__ import annotations

import numpy as np
import pytest

from tests.augmentation.common import ALL


def batch(count=6):
    """Each image is plain, in the value of its number; each has a class of its own."""
    images = np.ones((count, 3, 16, 20), np.float32) * np.arange(count, dtype=np.float32)[:, None, None, None]
    return images, np.eye(count, dtype=np.float32)


def mix(name, images, targets, seed=0, **options):
    plugin = ALL[name]
    return plugin.mix(plugin.Config(**options), images, targets, np.random.default_rng(seed))


@pytest.mark.parametrize("name", ["mixup", "cutmix"])
@pytest.mark.parametrize("seed", range(8))
def test_the_mean_of_the_pixels_is_that_of_the_targets(name, seed):
    images, targets = batch()
    mixed, shares = mix(name, images, targets, seed, alpha=1.0)
    assert mixed.mean((1, 2, 3)) == pytest.approx(shares @ np.arange(6), abs=1e-5)
    assert shares.sum(1) == pytest.approx(np.ones(6))
    assert (shares >= 0).all()


def test_mixup_has_one_share_for_the_batch():
    images, targets = batch()
    _mixed, shares = mix("mixup", images, targets, 3, alpha=1.0)
    own = shares.diagonal()[shares.diagonal() < 1]
    assert np.ptp(own) < 1e-6


def test_mixup_with_a_small_alpha_mixes_little():
    images, targets = batch()
    own = [mix("mixup", images, targets, seed)[1].max(1).min() for seed in range(60)]
    assert np.mean(np.asarray(own) > 0.9) > 0.4


def test_cutmix_pastes_a_box():
    images, targets = batch()
    for seed in range(12):
        mixed, shares = mix("cutmix", images, targets, seed)
        for number, picture in enumerate(mixed[:, 0]):
            rows, columns = np.nonzero(picture != number)
            if not len(rows):
                assert shares[number, number] == 1
                continue
            assert len(rows) == (np.ptp(rows) + 1) * (np.ptp(columns) + 1), "a box and nothing else"
            assert len(set(picture[rows, columns].tolist())) == 1
            assert shares[number, number] == pytest.approx(1 - len(rows) / 320)


def test_boxes_reach_every_pixel_and_every_size():
    images, targets = batch(2)
    changed = np.zeros((16, 20), bool)
    areas = []
    for seed in range(200):
        mixed, shares = mix("cutmix", images, targets, seed)
        changed |= mixed[0, 0] != 0
        areas.append(1 - shares[0, 0])
    assert changed.all()
    assert max(areas) > 0.8
