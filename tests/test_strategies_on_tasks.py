"""Every strategy on every task that it is offered for: a whole run, or a refusal with a reason. Run by hand."""

from __future__ import annotations

import pytest

from tests import tiny
from tests.tasks.cases import CASES
from tlstudio import pipeline
from tlstudio.core.control import Control
from tlstudio.core.files import read_json
from tlstudio.core.plugins import find
from tlstudio.core.recipe import from_dict, save

TASKS, STRATEGIES = find("tlstudio.tasks"), find("tlstudio.strategies")
# what the network must have, which only a look at its weights can tell
REFUSALS = {"strategy.no-ia3-layers", "strategy.no-lora-layers", "strategy.no-linear-head", "strategy.no-prefix",
            "strategy.long-prompt", "strategy.cannot-share", "strategy.unreadable"}  # fmt: skip
# an earlier run or another backbone; see their own tests
NEEDS_MORE = ("distillation", "feature-fusion", "continual")
OFFERED = [
    (task, name)
    for task in CASES
    for name, strategy in STRATEGIES.items()
    if strategy.fits(TASKS[task]) is None and name not in NEEDS_MORE
]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """Model and data of a task, made once."""
    made = {}

    def of(task):
        if task not in made:
            folder = tmp_path_factory.mktemp(task)
            made[task] = (CASES[task].model(folder / "model"), CASES[task].data(folder))
        return made[task]

    return of


@pytest.mark.slow
@pytest.mark.parametrize(("task", "strategy"), OFFERED)
def test_a_whole_run_or_a_reason(task, strategy, prepared, tmp_path):
    model, data = prepared(task)
    recipe = from_dict({
        "model": {"source": "folder", "name": str(model)}, "data": data,
        "task": {"name": task, **CASES[task].options}, "strategy": {"name": "full-fine-tuning"},
        "training": {"epochs": 1, "batch_size": 4, "threads": 1, "precision": "fp32"},
        "evaluate": {"bootstrap": 100}, "export": [],
    })  # fmt: skip
    options = {"name": strategy}
    if "others" in STRATEGIES[strategy].Config.model_fields:
        save(recipe, tmp_path / "other.yaml")  # the same rows under a head of their own
        options |= {"others": [str(tmp_path / "other.yaml")]}
    if strategy == "reptile":  # its start is learnt in so many rounds
        options |= {"rounds": 3, "steps": 2}
    recipe = recipe.changed("strategy", options)
    finished = pipeline.run(recipe, tmp_path / "run", tiny.Heard(), Control())
    if finished.outcome == "completed":
        assert read_json(tmp_path / "run/results.json")["training"]["strategy"] == strategy
        return
    assert finished.error is not None
    assert finished.error["code"] in REFUSALS, finished.error
