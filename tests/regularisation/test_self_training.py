"""Self-training: the surest rows of each class become labelled ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests import tiny
from tlstudio.core.control import Control
from tlstudio.core.plugins import find
from tlstudio.models.heads import Head
from tlstudio.regularisation.self_training import PLUGIN, Options, surest
from tlstudio.training.trainer import fit


def test_each_predicted_class_gives_its_surest_rows():
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.8, 0.2], [0.51, 0.49], [0.3, 0.7], [0.45, 0.55]])
    assert surest(probabilities, 0.5) == {0: 0, 2: 0, 4: 1}
    assert surest(probabilities, 1.0) == {0: 0, 1: 0, 2: 0, 3: 0, 4: 1, 5: 1}


def test_target_texts_join_from_the_stated_epoch_on(tiny_model, tmp_path, home):
    encoded = tiny.encode(tiny_model, tiny.write_csv(tmp_path / "tickets.csv"))
    target = tiny.write_csv(tmp_path / "target.csv", [(f"{text} soon", "") for text, _label in tiny.ticket_rows(50)])
    prepared = tiny.transfer("full-fine-tuning", tiny_model, encoded)
    heard = tiny.Heard()
    callback = PLUGIN.callback(Options(data=str(target), start=1, first=0.2, last=0.6), Head())
    fit(replace(prepared, callbacks=(callback,)), tiny.task().loss(tiny.task().Config(), encoded), tiny.judge(encoded),
        replace(tiny.SETTINGS, epochs=3), tmp_path / "fit", heard, Control())  # fmt: skip
    joined = [event.params for event in heard.of("log") if event.code == "regularise.pseudo-labels"]
    assert [params["all"] for params in joined] == [50, 50]
    assert 10 <= joined[0]["count"] <= 13
    assert 30 <= joined[1]["count"] <= 33


def test_tasks_without_one_class_a_text_are_refused():
    tasks = find("tlstudio.tasks")
    assert PLUGIN.fits(tasks["text-classification"]) is None
    for name in ("regression", "token-classification", "pair-classification", "image-classification"):
        assert PLUGIN.fits(tasks[name]) is not None, name
