"""Every compression step on every task that offers it: applied, saved, loaded by a fresh process, same answers.

In a usual run of the tests only some tasks are tried; ``pytest -m slow`` tries all.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import forked, tiny
from tests.tasks.cases import CASES
from tlstudio import pipeline
from tlstudio.compression import networks
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.files import read_json, size_of
from tlstudio.core.plugins import configure, find
from tlstudio.core.recipe import from_dict
from tlstudio.evaluation import latency
from tlstudio.models.scorers import score
from tlstudio.pipeline import again, compressing
from tlstudio.pipeline.checks import Configured, check
from tlstudio.pipeline.context import Context
from tlstudio.pipeline.forms import TRAINED, Form
from tlstudio.pipeline.testing import weights_size

STEPS = find("tlstudio.compression")
TASKS = find("tlstudio.tasks")
USUAL = ("text-classification",)
# options that make a step do something to a tiny network, where its usual ones would not
OPTIONS: dict[str, list[dict[str, Any]]] = {
    "structured-pruning": [
        {"epochs": 1, "rounds": 2},
        {"heads": False, "spread": "layer", "importance": "magnitude", "target": "flops", "keep": 0.7, "epochs": 0},
    ],
    "magnitude-pruning": [{"epochs": 1, "gradual": True}],
    "movement-pruning": [{"epochs": 1}],
    "layer-removal": [{"keep": 1, "epochs": 1}, {"keep": 1, "choose": "importance", "epochs": 0}],
    "vocabulary-trimming": [{"general": 0}],
    "distillation": [{"epochs": 1}, {"epochs": 1, "student": "narrower", "layers": 1}],
    "low-rank": [{"by": "share", "share": 0.6, "epochs": 1}, {"energy": 0.5, "aware": False, "epochs": 0}],
    "static-int8": [{"rows": 8, "keep_fp32": 1}],
    "weight-only": [{"block_size": 16}],
    "quantisation-aware-training": [{"epochs": 1}],
    "openvino-int8": [{"rows": 8}],
}
# steps that treat all networks alike: in a usual run of the tests one task is enough
ALIKE = ("fp16", "bf16", "graph-optimisation", "weight-only", "openvino-int8", "quantisation-aware-training")
FEWER = ("layer-removal", "structured-pruning", "vocabulary-trimming", "distillation")
PAIRS = [
    pytest.param(task, name, options,
                 marks=() if task in (USUAL[:1] if name in ALIKE else USUAL) else pytest.mark.slow,
                 id=f"{task}-{name}-{json.dumps(options) if options else 'usual'}")
    for task in TASKS for name in STEPS for options in OPTIONS.get(name, [{}])
]  # fmt: skip


@pytest.fixture(scope="module")
def stages_of(tmp_path_factory):
    """A trained run of each task, reopened for compression; made when it is first asked for."""
    made: dict[str, Any] = {}

    def of(task: str) -> Any:
        if task not in made:
            made[task] = _reopened(task, tmp_path_factory.mktemp("run"))
        return made[task]

    yield of
    for stages in made.values():
        stages.context.close()


def _reopened(name: str, folder: Path) -> Any:
    case = CASES[name]
    recipe = from_dict({
        "model": {"source": "folder", "name": str(case.model(folder / "model"))}, "data": case.data(folder),
        "task": {"name": name, **case.options}, "strategy": case.strategy, "evaluate": {"bootstrap": 100},
        "training": {"epochs": 1, "batch_size": 4, "threads": 1, "precision": "fp32"}, "export": [],
    })  # fmt: skip
    finished = pipeline.run(recipe, folder / "run", tiny.Heard(), Control())
    assert finished.outcome == "completed", finished.error
    context = Context(recipe, folder / "run", tiny.Heard(), Control(), ("tokenise", "compress"), events="more.jsonl")
    context.results = read_json(folder / "run/results.json")
    return again.reopened(context, check(recipe))


@pytest.mark.parametrize(("task", "name", "options"), PAIRS)
def test_a_compressed_model_is_what_it_says(task, name, options, stages_of, tmp_path):
    step = STEPS[name]
    if problem := step.fits(TASKS[task]):
        assert problem.message
        assert problem.remedy
        return
    stages = stages_of(task)
    configured = Configured(step, configure(step, options, "compress"))
    before = Form(TRAINED, stages.context.folder / "model", "transformers", stages.encoded, stages.scorer())
    try:
        form = compressing.apply(stages, configured, before, tmp_path / f"1-{name}", f"1-{name}")
    except StudioError as problem:
        assert problem.code.startswith(("compress.", "export.")), problem.message
        assert problem.remedy
        assert not (tmp_path / f"1-{name}").exists()
        pytest.skip(f"refused: {problem.message}")
    assert form.format == step.GIVES
    assert weights_size(form.folder) > 0
    if not getattr(step, "KEEPS_SIZE", False):
        # the text in which OpenVINO describes a graph weighs more than a tiny network
        text = sum(size_of(path) for path in form.folder.glob("openvino_model.xml"))
        assert size_of(form.folder) - text < size_of(before.folder) * 1.05
    if name in FEWER:
        assert networks.parameters(form.scorer.model) < networks.parameters(stages.model)
    times = latency.measure({"before": (before.scorer, before.examples()), "after": (form.scorer, form.examples())},
                            (1,), 3, control=Control(), seconds=0.2)  # fmt: skip
    assert all(time["1"]["median_ms"] > 0 for time in times.values())
    _answers_afresh(name, form, tmp_path)


@pytest.mark.parametrize(("task", "name"), [
    pytest.param(task, name, marks=() if (task, name) == ("text-classification", "layer-removal") else pytest.mark.slow)
    for task in TASKS for name in STEPS if STEPS[name].GIVES == "transformers"
])  # fmt: skip
def test_a_chain_that_ends_in_int8_answers_afresh(task, name, stages_of, tmp_path):
    last = STEPS["dynamic-int8"]
    if STEPS[name].fits(TASKS[task]) or last.fits(TASKS[task]):
        pytest.skip("is not offered for this task")
    stages = stages_of(task)
    form = Form(TRAINED, stages.context.folder / "model", "transformers", stages.encoded, stages.scorer())
    sizes = [weights_size(form.folder)]
    for number, (step, options) in enumerate([(STEPS[name], OPTIONS.get(name, [{}])[0]), (last, {})], 1):
        configured, place = Configured(step, configure(step, options, "compress")), f"{number}-{step.NAME}"
        try:
            form = compressing.apply(stages, configured, form, tmp_path / place, place)
        except StudioError as problem:
            pytest.skip(f"refused: {problem.message}")
        sizes.append(weights_size(form.folder))
    assert sizes[2] < sizes[0]
    _answers_afresh(last.NAME, form, tmp_path)


def _answers_afresh(name: str, form: Form, place: Path) -> None:
    """What was saved gives a fresh process the answers that it gives here."""
    rows = [form.examples("test")[at] for at in range(min(12, len(form.examples("test"))))]
    own = score(form.scorer, rows)
    assert all(np.isfinite(answer).all() for answer in own)
    for one, other in zip(_afresh(name, form.folder, rows, place), own, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4, rtol=1e-3)


def _afresh(name: str, folder: Path, rows: Any, place: Path) -> list[np.ndarray]:
    """Answers of what was saved, by a process that has nothing but the folder."""
    from tlstudio.export import parity

    parity._write_examples(place / "rows.npz", rows)
    ended = forked.python(["-c", _PROGRAM, name, str(folder), str(place)])
    assert ended.returncode == 0, ended.stderr[-2000:]
    return parity._read_arrays(place / "answers.npz")


_PROGRAM = """
import sys
from pathlib import Path
import numpy as np
from tlstudio.core.plugins import find
from tlstudio.export import parity
from tlstudio.models.scorers import score
name, folder, place = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
answers = score(find("tlstudio.compression")[name].scorer(folder), parity._read_examples(place / "rows.npz"))
np.savez(place / "answers.npz", **{str(at): answer for at, answer in enumerate(answers)})
"""


@pytest.mark.parametrize("name", list(STEPS))
def test_a_step_can_be_cancelled_and_leaves_nothing(name, stages_of, tmp_path):
    stages, step = stages_of("text-classification"), STEPS[name]
    before = Form(TRAINED, stages.context.folder / "model", "transformers", stages.encoded, stages.scorer())
    context = stages.context
    stopped, context.control = context.control, Control()
    context.control.cancel()
    try:
        with pytest.raises(Cancelled):
            compressing.apply(stages, Configured(step, step.Config()), before, tmp_path / "1-step", "1-step")
    finally:
        context.control = stopped
    assert list(tmp_path.iterdir()) == []
