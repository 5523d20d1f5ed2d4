"""The steps of a recipe: texts that they see, results that are taken over, events of trainings within them."""

from __future__ import annotations

from types import SimpleNamespace

import pyarrow as pa
import pytest

from tests import tiny
from tlstudio.core.events import Log, Metric, Progress
from tlstudio.pipeline import compressing
from tlstudio.pipeline.checks import Configured


class Rows:
    """A split of rows in two batches."""

    def __init__(self, **columns):
        self.table, self.asked = pa.table(columns), []

    def batches(self, columns):
        self.asked.append(sorted(columns))
        return self.table.select(columns).to_batches(max_chunksize=2)


def texts(task, roles, **columns):
    rows = Rows(**columns)
    stages = SimpleNamespace(
        checked=SimpleNamespace(task=SimpleNamespace(plugin=SimpleNamespace(**task))),
        rows=SimpleNamespace(splits={"train": rows}, roles=SimpleNamespace(columns=roles)),
    )
    return sorted(compressing.texts_of(stages, "train")), rows


def test_texts_are_what_a_task_reads_and_never_its_labels():
    task = {"ROLES": ("text", "label"), "ASKS": ("text",), "ALTERNATIVES": ()}
    roles = {"text": ["body", "title"], "label": ["intent"], "group": ["user"]}
    columns = {"body": ["one", "two", None], "title": ["a", "b", "c"], "intent": ["x", "y", "z"], "user": ["u"] * 3}
    found, rows = texts(task, roles, **columns)
    assert found == ["a", "b", "c", "one", "two"]
    assert rows.asked == [["body", "title"]]


def test_lists_of_tokens_and_other_ways_to_say_the_same_are_read():
    task = {"ROLES": ("tokens", "tags"), "ASKS": (), "ALTERNATIVES": (("prompt", "response"),)}
    found, _rows = texts(task, {"tokens": ["words"], "response": ["answer"]},
                         words=[["to", "be"], [], ["or"]], answer=["yes", "no", ""])  # fmt: skip
    assert found == ["", "be", "no", "or", "to", "yes"]


def test_a_task_without_texts_has_none():
    task = {"ROLES": ("image", "label"), "ASKS": ("image",), "ALTERNATIVES": ()}
    found, rows = texts(task, {"label": ["kind"]}, kind=["a", "b"])
    assert found == [] and rows.asked == []


class Step:
    NAME, TITLE, GIVES = "step", "Step", "transformers"
    applied = 0

    def scorer(self, folder):
        return f"scorer of {folder.name}"

    def apply(self, config, job, folder):
        Step.applied += 1
        (folder / "made").write_text("anew")


@pytest.fixture
def stages(tmp_path, monkeypatch):
    monkeypatch.setattr(Step, "applied", 0)
    monkeypatch.setattr(compressing, "job_for", lambda _stages, source: source)
    heard = tiny.Heard()
    steps = [Configured(Step(), None), Configured(Step(), None)]
    return SimpleNamespace(
        context=SimpleNamespace(folder=tmp_path / "run", emit=heard), encoded="rows", scorer=lambda: "trained",
        checked=SimpleNamespace(compress=steps), settings=SimpleNamespace(seed=7),
    )  # fmt: skip


def test_each_step_is_made_on_the_one_before(stages, tmp_path):
    forms = compressing.chain(stages)
    assert [form.name for form in forms] == ["trained", "1-step", "2-step"]
    assert Step.applied == 2
    assert [form.folder for form in forms[1:]] == [tmp_path / "run/compressed" / name for name in ("1-step", "2-step")]
    assert [event.name for event in stages.context.emit.of("artifact")] == ["1-step", "2-step"]


def test_what_is_there_is_taken_over_and_stays_where_it_was(stages, tmp_path):
    ready = [tmp_path / "node", tmp_path / "absent"]
    ready[0].mkdir()
    (ready[0] / "made").write_text("before")
    forms = compressing.chain(stages, tmp_path / "base", ready)
    assert Step.applied == 1, "only the second one"
    assert [(form.folder / "made").read_text() for form in forms[1:]] == ["before", "anew"]
    assert (ready[0] / "made").read_text() == "before"
    assert forms[1].scorer == "scorer of 1-step"


def test_a_form_moves_with_its_run_but_the_trained_model_stays(stages, tmp_path):
    trained, first, _second = compressing.chain(stages)
    assert compressing.moved(first, tmp_path / "new").folder == tmp_path / "new/compressed/1-step"
    assert compressing.moved(trained, tmp_path / "new").folder == trained.folder


def test_a_training_within_a_step_is_part_of_the_compression():
    heard = tiny.Heard()
    tell = compressing.within(heard)
    tell(Progress(stage="train", done=1, total=2, unit="steps"))
    tell(Log(code="a", message="b"))
    tell(Metric(split="validation", epoch=1, step=1, values={"accuracy": 1.0}))
    assert [event.kind for event in heard] == ["progress", "log"], "its curves would be taken for those of the run"
    assert heard[0].stage == "compress"
