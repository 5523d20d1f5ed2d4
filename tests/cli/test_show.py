"""What the command line draws: errors, the bar with the time left, tables."""

from __future__ import annotations

import json

from tlstudio.cli import show
from tlstudio.core import events
from tlstudio.core.errors import StudioError


def test_error_has_a_remedy_and_is_no_markup(capsys):
    show.print_error(StudioError("a.b", "Row {row} of [bold]{path}[/] is bad.", "Mend [it].", row=3, path="x[1].csv"))
    said = capsys.readouterr()
    assert said.out == ""
    assert "Error: Row 3 of [bold]x[1].csv[/] is bad." in said.err
    assert "→ Mend [it]." in said.err


def test_json_events_are_one_line_each(capsys):
    with show.json_events() as emit:
        events.log(emit, "a.b", "line\nbreak {x}", x="é")
        emit(events.Progress(stage="train", done=1, total=2))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines] == ["log", "progress"]
    assert lines[0]["params"] == {"x": "é"}


def test_progress_bar_says_what_matters(capsys):
    with show.progress_bar() as emit:
        emit(events.StageStarted(stage="train", index=0, total=1))
        emit(events.Progress(stage="train", done=1, total=2, unit="steps", run_fraction=0.5, run_seconds_left=90))
        emit(events.Progress(stage="download", done=0, total=0, unit="bytes"))
        emit(events.Progress(stage="from-the-future", done=1, total=2))
        emit(events.Metric(split="validation", step=1, epoch=1.0, values={"loss": 0.5, "macro_f1": 0.75}))
        emit(events.Metric(split="train", step=1, epoch=1.0, values={"loss": 0.123}))
        events.log(emit, "a.b", "A warning about [x] in {path}", "warning", path="y[1]")
        emit(events.Finished(outcome="completed", seconds=1.0))
    said = capsys.readouterr().err
    assert "validation loss 0.500, macro_f1 0.750" in said
    assert "A warning about [x] in y[1]" in said
    assert "0.123" not in said


def test_table_keeps_odd_cells(capsys):
    show.table("T", ("name", "n"), [("[red]x[/]", 1), ("b", None)])
    assert "[red]x[/]" in capsys.readouterr().out


def test_results_say_what_the_model_learnt_before(capsys, tmp_path):
    lineage = [
        {"run": "a", "task": "masked-lm", "backbone": "org/x"},
        {"run": "b", "task": "regression", "backbone": "a"},
    ]
    show.results({"model": {"lineage": lineage}}, tmp_path)
    assert "Learnt before: org/x → masked-lm (run a) → regression (run b)" in capsys.readouterr().out
    show.results({"model": {"name": "x"}}, tmp_path)
    assert "Learnt before" not in capsys.readouterr().out


def test_languages_are_a_matrix(capsys, tmp_path):
    def one(value):
        return {"value": value, "low": value - 0.1, "high": value + 0.1}

    def language(name, trained, value):
        baseline = {"name": "majority", "title": "Largest class", "metrics": {"accuracy": one(0.2)}}
        metrics = {"accuracy": one(value), "macro_f1": one(value - 0.05)}
        return {"name": name, "rows": 40, "trained": trained, "metrics": metrics, "baseline": baseline}

    results = {"headline": "accuracy", "test": {"rows": 80, "metrics": {"accuracy": one(0.7), "macro_f1": one(0.6)}}}
    show.results(results | {"languages": [language("en", 1200, 0.8), language("zh", 0, 0.6)]}, tmp_path)
    said = capsys.readouterr().out
    assert "By language" in said
    assert "0.800 (0.700–0.900)" in said
    assert "0, zero-shot" in said
    assert "1,200" in said
    assert "Largest class" in said
    show.results(results, tmp_path)
    assert "By language" not in capsys.readouterr().out


def test_a_form_is_called_by_its_step_and_its_runtime():
    stage = {"title": "Weights in bf16", "runtime": "PyTorch fp32", "metrics": {}, "bytes": 5, "latency": {},
             "agreement": 1.0}  # fmt: skip
    assert show._stage_row(stage, ["accuracy"])[0] == "Weights in bf16 (PyTorch fp32)"
    del stage["runtime"]
    assert show._stage_row(stage, ["accuracy"])[0] == "Weights in bf16", "a run of an earlier version"


def test_times_of_a_busy_machine_are_doubted(capsys):
    show.doubt([{"1": {"median_ms": 3.0, "busy": 0.02}}])
    assert capsys.readouterr().out == ""
    show.doubt([{"1": {"median_ms": 3.0, "busy": 0.02}}, {"1": {"busy": 0.5}}])
    assert "Other programs used 50% of the processor" in capsys.readouterr().out
