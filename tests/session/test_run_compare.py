"""Any number of runs beside each other."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.session.run_compare import compare, flat

ROWS = 400


def make(base: Path, name: str, right: np.ndarray, rows: range = range(ROWS), rate: float = 1e-4, **recipe) -> Path:
    folder = base / name
    folder.mkdir(parents=True)
    table = {"row": list(rows), "text": [f"text {row}" for row in rows], "label": ["x"] * len(right),
             "predicted": ["x" if good else "y" for good in right]}  # fmt: skip
    pq.write_table(pa.table(table), folder / "predictions.parquet")
    lines = [f"model: {{name: {recipe.get('model', 'm')}}}", f"training: {{learning_rate: {rate}, epochs: 3}}",
             f"compress: {json.dumps(recipe.get('compress', []))}"]  # fmt: skip
    (folder / "recipe.yaml").write_text("\n".join(lines))
    value = float(np.mean(right))
    metrics = {
        "macro_f1": {"value": 0.5, "low": 0.4, "high": 0.6},
        "accuracy": {"value": value, "low": value, "high": 1},
    }
    (folder / "results.json").write_text(json.dumps({"headline": "accuracy", "test": {"metrics": metrics}}))
    return folder


@pytest.fixture
def first() -> np.ndarray:
    return np.random.default_rng(0).random(ROWS) < 0.8


def test_what_differs_and_whether_it_is_real(tmp_path, first) -> None:
    better, alike = first.copy(), first.copy()
    better[np.flatnonzero(~first)[:30]] = True
    alike[np.flatnonzero(~first)[:4]] = True
    alike[np.flatnonzero(first)[:3]] = False
    found = compare([
        make(tmp_path, "a", first), make(tmp_path, "b", better, rate=3e-4),
        make(tmp_path, "c", alike, model="other", compress=[{"name": "dynamic-int8", "keep": 3}, "layer-removal"]),
    ])  # fmt: skip
    assert found.runs == ("a", "b", "c")
    assert dict(found.parameters) == {
        "model.name": ("m", "m", "other"),
        "training.learning_rate": ("0.0001", "0.0003", "0.0001"),
        "compress.1.name": ("", "", "dynamic-int8"),
        "compress.1.keep": ("", "", "3"),
        "compress.2": ("", "", "layer-removal"),
    }
    assert found.same == 2
    assert [name for name, _values in found.metrics] == ["accuracy", "macro_f1"]
    real, chance = found.differences
    assert (real.verdict, real.only_run, real.only_reference, real.test) == ("better", 30, 0, "mcnemar")
    assert real.rows == ROWS and real.low > 0 and real.p < 1e-6
    assert (chance.verdict, chance.only_run, chance.only_reference) == ("chance", 4, 3) and chance.p == 1.0
    json.dumps(found.to_dict())


def test_worse_the_other_way_round(tmp_path, first) -> None:
    better = first | (np.arange(ROWS) < 200)
    assert compare([make(tmp_path, "b", better), make(tmp_path, "a", first)]).differences[0].verdict == "worse"


def test_only_common_rows_count(tmp_path, first) -> None:
    one = make(tmp_path, "a", first)
    two = make(tmp_path, "b", first[100:], rows=range(100, ROWS))
    apart = make(tmp_path, "c", first, rows=range(1000, 1000 + ROWS))
    part, none = compare([one, two, apart]).differences
    assert part.rows == 300 and part.value == 0 and part.p == 1
    assert none.verdict == "unknown" and none.reason.code == "compare.other-rows"


def test_runs_without_predictions_are_still_beside_each_other(tmp_path, first) -> None:
    one, two = make(tmp_path, "a", first), make(tmp_path, "b", first)
    (two / "predictions.parquet").write_bytes(b"PAR1 rubbish")
    empty = tmp_path / "empty"
    empty.mkdir()
    found = compare([one, two, empty])
    assert [item.reason.code for item in found.differences] == ["compare.damaged", "compare.no-predictions"]
    assert dict(found.parameters)["training.epochs"] == ("3", "3", "")


def test_one_run_is_too_few_and_cancel_is_heard(tmp_path, first) -> None:
    one = make(tmp_path, "a", first)
    with pytest.raises(StudioError) as caught:
        compare([one, one])
    assert caught.value.code == "runs.too-few"

    def cancel() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        compare([one, make(tmp_path, "b", first)], cancel)


def test_flat_recipes() -> None:
    found = flat({"a": {"b": True, "c": None}, "d": [1, 2], "e": [{"name": "x"}], "f": []})
    assert found == {"a.b": "yes", "a.c": "", "d": "1, 2", "e.1.name": "x", "f": ""}
