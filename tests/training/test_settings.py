"""What 'auto' comes to."""

from __future__ import annotations

import pytest

from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import TrainingSection
from tlstudio.models.scorers import usable_cores
from tlstudio.strategies.base import Defaults
from tlstudio.training.settings import choose_device, settle

USUAL = Defaults(epochs=9, batch_size=24, learning_rate=3e-4, patience=5)


def test_auto_takes_what_is_usual_for_the_strategy():
    settings = settle(TrainingSection(), USUAL, "cpu")
    assert (settings.epochs, settings.batch_size, settings.learning_rate, settings.patience) == (9, 24, 3e-4, 5)
    assert settings.precision == "fp32", "until the rehearsal knows better"
    assert settings.threads == usable_cores()
    assert settings.accumulate == 1


def test_the_users_choices_win():
    wish = {"epochs": 1, "batch_size": 2, "learning_rate": 0.5, "patience": 0, "threads": 3, "precision": "bf16",
            "warmup": 0.2, "weight_decay": 0.0, "gradient_clip": 2.0, "seed": 0, "best_metric": "loss"}  # fmt: skip
    settings = settle(TrainingSection(**wish), USUAL, "cpu").to_dict()
    assert {name: settings[name] for name in wish} == wish


def test_devices():
    import torch

    assert choose_device("cpu").type == "cpu"
    assert choose_device("auto").type in ("cuda", "mps", "cpu")
    if torch.cuda.is_available() or torch.backends.mps.is_available():
        pytest.skip("this machine has an accelerator")
    for wish in ("cuda", "mps"):
        with pytest.raises(StudioError) as caught:
            choose_device(wish)
        assert (caught.value.code, caught.value.where) == ("training.no-device", "training.device")
