"""A search over chains of compression steps: measured, gone on with, chosen."""

from __future__ import annotations

import json
import shutil

import pytest

from tests import forked, tiny
from tlstudio.compression.layer_removal import LayerRemoval
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.recipe import Choice, load
from tlstudio.pipeline import chains, footprint, frontier, measuring, study
from tlstudio.pipeline.budget import Budget

INT8 = [Choice(name="dynamic-int8")]
CUT = [Choice.model_validate({"name": "layer-removal", "keep": 1, "epochs": 0})]
CUT_TWICE = [*CUT, *CUT]  # the second time there is nothing left to remove: the same network once more
BROKEN = [Choice.model_validate({"name": "layer-removal", "keep": 9, "epochs": 0})]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(measuring, "REPETITIONS", 2)
    monkeypatch.setattr(footprint, "peak_memory", lambda *_given: 10**8)


@pytest.fixture(scope="module")
def _explored(whole, tmp_path_factory):
    """One study for the tests that only look at it."""
    folder, heard = whole.copy(tmp_path_factory.mktemp("explored") / "run"), tiny.Heard()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measuring, "REPETITIONS", 2)
        patch.setattr(footprint, "run_module", forked.module)
        found = frontier.explore(folder, Budget(lost=None), heard, Control(), [INT8, BROKEN, CUT_TWICE])
    return folder, found, heard


@pytest.fixture
def explored(_explored, tmp_path):
    folder, found, heard = _explored
    return shutil.copytree(folder, tmp_path / "run"), found, heard


def test_chains_share_their_beginnings(explored, monkeypatch):
    folder, found, _heard = explored
    monkeypatch.setattr(LayerRemoval, "apply", lambda *_given: pytest.fail("it is there already"))
    more = frontier.explore(folder, Budget(lost=None), tiny.Heard(), Control(), [CUT])
    assert more["points"][-1]["status"] == "measured"
    assert len(more["points"]) == 3  # the failed one is not asked for again
    assert more["reference"] == {**found["reference"], "pareto": more["reference"]["pareto"]}


def test_points_are_measured_beside_the_trained_model(explored):
    folder, found, heard = explored
    json.dumps(found)
    assert found["finished"]
    assert (found["metric"], found["rows"]) == ("accuracy", 6)
    assert found["machine"]["processor"]
    int8, broken, short = found["points"]
    assert [point["status"] for point in found["points"]] == ["measured", "failed", "measured"]
    assert broken["reason"]["code"] == "compress.layers"
    assert "frontier.failed" in heard.codes()
    for point in (found["reference"], int8, short):
        assert set(point["latency"]) == {"1", "16", "1-thread", "1-thread-16"}
        assert all(entry["median_ms"] > 0 and entry["ratio"] > 0 for entry in point["latency"].values())
        assert point["memory_bytes"] > 1e7
        assert 0 <= point["low"] <= point["score"] <= point["high"] <= 1
    time = int8["latency"]["1"]
    assert time["median_ms"] == pytest.approx(time["ratio"] * found["reference"]["latency"]["1"]["median_ms"])
    assert max(short["bytes"], int8["bytes"]) < found["reference"]["bytes"]
    assert (int8["format"], short["format"]) == ("onnx-final", "transformers")
    assert short["parameters"] < int8["parameters"] == found["reference"]["parameters"]
    assert short["lost"] == pytest.approx(1 - short["score"] / found["reference"]["score"])
    assert short["steps"][0] == {"name": "layer-removal", "keep": 1, "epochs": 0}
    assert [event.data["key"] for event in heard.of("result") if event.name == "frontier-point"] == [
        point["key"] for point in found["points"]
    ]
    assert heard.of("progress")[-1].done == heard.of("progress")[-1].total == 4
    assert not (folder / "run.lock").exists()
    assert study.Study(folder, Budget(lost=None), study.hash_of(folder / "model")).points.keys() == {
        int8["key"],
        short["key"],
    }


def test_a_study_goes_on_where_it_was_cancelled(whole, tmp_path, monkeypatch):
    folder, control, made = whole.copy(tmp_path / "run"), Control(), []
    apply = LayerRemoval.apply
    monkeypatch.setattr(LayerRemoval, "apply", lambda self, *given: (made.append(given[1].source), apply(self, *given)))

    def cancel(event):
        if event.kind == "result" and event.name == "frontier-point":
            control.cancel()

    with pytest.raises(Cancelled):
        frontier.explore(folder, Budget(), cancel, control, [CUT, CUT_TWICE])
    assert len(made) == 1
    before = study.read(folder)
    assert (before["finished"], len(before["points"])) == (False, 1)
    assert not (folder / "run.lock").exists()
    heard = tiny.Heard()
    found = frontier.explore(folder, Budget(), heard, Control(), [CUT, CUT_TWICE])
    assert made[1:] == [study.nodes_of(folder) / before["points"][0]["key"]]  # goes on from what is there
    assert found["finished"]
    assert found["reference"]["latency"] == before["reference"]["latency"]
    assert found["points"][0]["latency"] == before["points"][0]["latency"]


def test_a_stopped_recovery_is_not_kept(whole, tmp_path, monkeypatch):
    folder, control = whole.copy(tmp_path / "run"), Control()
    apply = LayerRemoval.apply
    monkeypatch.setattr(LayerRemoval, "apply", lambda self, *given: (control.stop(), apply(self, *given)))
    trains = [Choice.model_validate({"name": "layer-removal", "keep": 1, "epochs": 1})]
    found = frontier.explore(folder, Budget(), tiny.Heard(), control, [trains, CUT])
    assert [(point["status"], point["reason"]["code"]) for point in found["points"]] == [
        ("skipped", "frontier.stopped")] * 2  # fmt: skip
    assert not found["finished"]
    assert not list(study.nodes_of(folder).iterdir())


def test_no_time_begins_nothing(whole, tmp_path):
    found = frontier.explore(whole.copy(tmp_path / "run"), Budget(), tiny.Heard(), Control(), [CUT], minutes=0)
    assert [(point["status"], point["reason"]["code"]) for point in found["points"]] == [
        ("skipped", "frontier.no-time")
    ]
    assert not found["finished"]
    assert found["best"] is None


def test_a_chosen_point_becomes_the_result(explored, monkeypatch):
    folder, found, _heard = explored
    short = found["points"][2]
    monkeypatch.setattr(LayerRemoval, "apply", lambda *_given: pytest.fail("it is there already"))
    heard = tiny.Heard()
    (folder / "compressed" / "1-dynamic-int8" / "mark").touch()
    finished = frontier.choose(folder, short["key"][:8], heard, Control())
    assert finished.outcome == "completed", finished.error
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert [stage["name"] for stage in results["stages"]] == ["trained", "1-layer-removal", "2-layer-removal"]
    assert results["stages"][2]["bytes"] == short["bytes"]
    assert [stage["metrics"]["accuracy"]["value"] for stage in results["stages"]]
    assert sorted(path.name for path in (folder / "compressed").iterdir()) == ["1-layer-removal", "2-layer-removal"]
    assert [choice.name for choice in load(folder / "recipe.yaml").compress] == ["layer-removal", "layer-removal"]
    [export] = [entry for entry in results["exports"] if entry["name"] == "safetensors"]
    assert export["parity"]["status"] == "passed"
    assert set(results["damage"]) == {"1-layer-removal", "2-layer-removal"}
    assert "What compression changed" in (folder / "report.html").read_text(encoding="utf-8")
    assert study.read(folder)["chosen"] == short["key"]
    finished = frontier.choose(folder, "trained", heard, Control())
    assert finished.outcome == "completed", finished.error
    assert not (folder / "compressed").exists()


def test_what_cannot_be_chosen_or_explored(explored, whole, tmp_path):
    folder, found, _heard = explored
    for key in ("", "nothing", found["points"][1]["key"]):
        finished = frontier.choose(folder, key, tiny.Heard(), Control())
        assert finished.error["code"] == "frontier.no-point"
    with pytest.raises(StudioError) as caught:
        frontier.explore(folder, Budget(), tiny.Heard(), Control(), [[*INT8, *INT8]])
    assert caught.value.code == "compress.order"
    with pytest.raises(StudioError) as caught:
        frontier.explore(folder, Budget(length=1000), tiny.Heard(), Control(), [INT8])
    assert caught.value.code == "frontier.too-long"


def test_a_run_without_validation_rows_is_refused(whole):
    from tlstudio.data.labelled import Labelled

    with pytest.raises(StudioError) as caught:
        frontier._chosen_rows(Labelled({"train": [1], "test": [1]}, None, []))
    assert caught.value.code == "frontier.no-validation"


def point(key, score, size, ratio, **more):
    return {"key": key, "score": score, "bytes": size, "latency": {"1": {"ratio": ratio, "median_ms": 10 * ratio}},
            "lost": 1 - score, "memory_bytes": 1e6, "low": score, "high": score, "status": "measured", "title": key,
            **more}  # fmt: skip


def test_pareto_budget_and_best():
    whole, small, fast, bad = (point("trained", 1.0, 100, 1.0), point("small", 0.99, 20, 0.6),
                               point("fast", 0.95, 40, 0.3), point("bad", 0.95, 40, 0.7))  # fmt: skip
    points = [whole, small, fast, bad, point("same", 0.95, 40, 0.3)]
    study.mark_pareto(points, lower=False)
    assert [item["pareto"] for item in points] == [True, True, True, False, True]
    study.mark_pareto(points, lower=True)  # the score is an error now: 0.95 is the best
    assert [item["pareto"] for item in points] == [False, True, True, False, True]
    assert [Budget(lost=0.02).holds(item) for item in points] == [True, True, False, False, False]
    assert [Budget(lost=None, latency_ms=5).holds(item) for item in points] == [False, False, True, False, True]
    assert [Budget(lost=None, size_mb=3e-5).holds(item) for item in points] == [False, True, False, False, False]
    for item in points:
        item["within_budget"] = item is not whole
    assert study.best_of(points, "1") == "small"  # 20 x 0.6 and 40 x 0.3 are even: the first
    assert study.best_of([], "1") is None


def test_a_family_is_left_when_the_budget_is_broken_by_far(whole):
    class Seen:
        budget, reference, facts = Budget(lost=0.01), {"score": 1.0}, {"lower": False}

    explorer = frontier._Explorer.__new__(frontier._Explorer)
    explorer.study, explorer.adaptive, explorer.broken = Seen, True, {}
    chain = chains.Chain((), (), "layer-removal")
    explorer._learn(chain, point("a", 0.98, 1, 1))  # over the budget, but not by far
    explorer._learn(chain, point("b", 0.9, 1, 1) | {"high": 0.995})  # by far, but it may be chance
    explorer._learn(chains.Chain((), (), ""), point("c", 0.5, 1, 1))
    assert not explorer.broken
    explorer._learn(chain, point("d", 0.9, 1, 1))
    assert explorer.broken == {"layer-removal": point("d", 0.9, 1, 1)}


def test_the_usual_chains_begin_with_the_cheap_ones(whole):
    found = chains.usual(tiny.task(), whole.folder / "model")
    assert [choice.name for choice in found[0].choices] == ["dynamic-int8"]
    assert [chains.epochs(chain) for chain in found] == sorted(chains.epochs(chain) for chain in found)
    cut = [chain for chain in found if chain.family.startswith("layer-removal")]
    assert {chain.choices[0].options.get("keep") for chain in cut if len(chain.choices) == 2} >= {1}
    keys = [chain.keys("weights")[-1] for chain in found]
    assert len(set(keys)) == len(keys)
    alone = next(chain for chain in cut if chain.family == "layer-removal alone")
    with_int8 = next(chain for chain in cut if chain.choices[:1] == alone.choices and len(chain.choices) == 2)
    assert with_int8.keys("weights")[0] == alone.keys("weights")[0]
    assert with_int8.keys("weights")[0] != alone.keys("others")[0]


def test_rows_of_a_length():
    rows = measuring.of_length([{"input_ids": [2, 5, 3], "attention_mask": [1, 1, 1]}], 5, 64)
    assert rows == [{"input_ids": [2, 5, 3, 2, 5], "attention_mask": [1] * 5}]
    with pytest.raises(StudioError) as caught:
        measuring.of_length([{"pixel_values": [[1.0]]}], 5, 64)
    assert caught.value.code == "frontier.no-length"
