"""The test result of each language apart."""

from __future__ import annotations

import csv

import pytest

from tests import tiny
from tlstudio import pipeline
from tlstudio.core.control import Control
from tlstudio.core.files import read_json
from tlstudio.core.recipe import from_dict


def write(path, languages):
    """Tickets in made-up languages, in turn."""
    with open(path, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["text", "label", "lang"])
        for at, (text, label) in enumerate(tiny.ticket_rows(120)):
            writer.writerow([f"{text} {at}", label, languages[at // 3 % len(languages)]])
    return path


def run(model, data, folder, **split):
    recipe = from_dict({
        "model": {"source": "folder", "name": str(model)},
        "data": {"path": str(data), "roles": {"text": "text", "label": "label", "language": "lang"}, "split": split},
        "strategy": {"name": "linear-probe"},
        "training": {"epochs": 2, "batch_size": 8, "threads": 1, "precision": "fp32"},
        "evaluate": {"bootstrap": 100}, "export": [],
    })  # fmt: skip
    finished = pipeline.run(recipe, folder, tiny.Heard(), Control())
    assert finished.outcome == "completed", finished.error
    return read_json(folder / "results.json")


def test_languages_that_were_not_trained_on_are_measured_apart(tiny_model, tmp_path):
    data = write(tmp_path / "tickets.csv", ("de", "fr", "zh"))
    results = run(tiny_model, data, tmp_path / "run", method="held-out", by="lang", test_values=["fr", "zh"])
    found = {entry["name"]: entry for entry in results["languages"]}
    assert set(found) == {"fr", "zh"}
    assert {entry["trained"] for entry in found.values()} == {0}
    assert sum(entry["rows"] for entry in found.values()) == results["test"]["rows"]
    right = sum(entry["rows"] * entry["metrics"]["accuracy"]["value"] for entry in found.values())
    assert right / results["test"]["rows"] == pytest.approx(results["test"]["metrics"]["accuracy"]["value"])
    assert {"value", "low", "high"} <= set(found["fr"]["metrics"]["macro_f1"])
    chance = found["fr"]["baseline"]
    assert chance["name"] == "majority"
    assert 0 < chance["metrics"]["accuracy"]["value"] < 1
    report = (tmp_path / "run/report.html").read_text(encoding="utf-8")
    assert "By language" in report
    assert "zero-shot" in report
    assert "Largest class" in report


def test_files_of_languages_and_a_few_rows_of_one(tiny_model, tmp_path):
    rows = {code: [(f"{text} {code} {at}", label) for at, (text, label) in enumerate(tiny.ticket_rows(60))]
            for code in ("de", "fr")}  # fmt: skip
    paths = [str(tiny.write_csv(tmp_path / f"tickets.{code}.csv", part)) for code, part in rows.items()]
    steps = [{"name": "limit-languages", "languages": ["de"], "rows": 2}]
    recipe = tiny.recipe(tiny_model, tmp_path).changed("data.path", paths).changed("data.steps", steps)
    finished = pipeline.run(recipe, tmp_path / "run", tiny.Heard(), Control())
    assert finished.outcome == "completed", finished.error
    results = read_json(tmp_path / "run/results.json")
    found = {entry["name"]: entry for entry in results["languages"]}
    classes = len(results["labels"])
    assert found["fr"]["trained"] == 2 * classes
    assert found["de"]["trained"] == results["data"]["rows"]["train"] - 2 * classes


def test_one_language_is_no_table(tiny_model, tmp_path):
    assert "languages" not in run(tiny_model, write(tmp_path / "one.csv", ("de",)), tmp_path / "run")
