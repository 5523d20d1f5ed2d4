"""The report: complete, offline, and safe against hostile labels and texts."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from tlstudio.core.errors import StudioError
from tlstudio.evaluation import report
from tlstudio.metrics import classification as metrics
from tlstudio.metrics import errors

SCRIPT = '<script>alert("x")</script>'
IMAGE = '"><img src=http://evil.example/x onerror=alert(1)>'
LABELS = [SCRIPT, IMAGE, "账单"]
TEXT = f"{SCRIPT}</td></table>\x00\x1b \ud800 ]]> {{{{ 7 * 7 }}}} javascript:alert(1)"


class _Page(HTMLParser):
    """Collects what a browser would see."""

    VOID = {"meta"}

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict]] = []
        self.text, self.open, self.wrong = "", [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        self.text += data


def _interval(value: float) -> dict:
    return {"value": value, "low": value - 0.02, "high": value + 0.01}


@pytest.fixture
def run_folder(tmp_path) -> Path:
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 3, 90)
    logits = generator.normal(size=(90, 3)) + 2 * np.eye(3)[labels]
    test = metrics.evaluate(logits, labels, LABELS, bootstrap=100)
    test["errors"] = errors.worst(logits, labels, LABELS, lambda _: TEXT)
    latency = {size: {"median_ms": 12.3, "p95_ms": 14.5} for size in ("1", "16")}
    results = {
        "run": f"run {SCRIPT}",
        "created": "2026-11-22T10:15:00+00:00",
        "outcome": "completed",
        "task": "text-classification",
        "labels": LABELS,
        "data": {
            "path": f"/home/u/{SCRIPT.replace('/', '')}.csv",
            "source": "csv",
            "rows": {"train": 700, "validation": 80, "test": 90},
            "classes": [{"label": label, "train": 200, "validation": 20, "test": 30} for label in LABELS],
            "truncated": {"texts": 12, "share": 0.0137, "tokens_lost": 345, "max_length": 128},
        },
        "model": {"name": IMAGE, "parameters": 22_713_216},
        "training": {"strategy": "linear-probe", "epochs_done": 2, "best_epoch": 1, "seconds": 61.0},
        "baselines": [
            {"name": "bag-of-words", "title": "Bag of words",
             "metrics": {"accuracy": _interval(0.612), "macro_f1": _interval(0.6)}}
        ],
        "test": test,
        "extra": [{"name": IMAGE, **{key: test[key] for key in ("rows", "metrics")}}],
        "stages": [
            {"name": "trained", "title": "Trained", "format": "pytorch", "bytes": 90868376,
             "metrics": test["metrics"], "latency": latency, "agreement": 1.0}
        ],
        "exports": [
            {"name": "onnx", "title": "ONNX fp32", "path": "exports/onnx", "bytes": 91_000_000,
             "parity": {"rows": 90, "max_logit_difference": 2e-7, "agreement": 1.0, "status": "passed",
                        "message": "All {rows} texts agree {odd}.", "params": {"rows": 90, "odd": SCRIPT}}}
        ],
        "seconds": {"train": 61.0},
    }  # fmt: skip
    (tmp_path / "results.json").write_text(json.dumps(results), encoding="utf-8")
    events = [
        {
            "event": "metric",
            "split": split,
            "step": step,
            "epoch": step / 10,
            "values": {"loss": 1 / step, "accuracy": 0.5},
        }
        for step in range(1, 21)
        for split in ("train", "validation")
    ]
    lines = [*map(json.dumps, events), '{"event":"metric","values":3}', "[]", '{"event":"metric","spl']
    (tmp_path / "events.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "environment.json").write_text(json.dumps({"packages": {"torch": "2.13.0"}, "cpu": SCRIPT}))
    (tmp_path / "recipe.yaml").write_text(f"schema: 1 # {SCRIPT}\n", encoding="utf-8")
    return tmp_path


def test_hostile_labels_and_texts_stay_text(run_folder):
    page = _Page(report.write_report(run_folder).read_text(encoding="utf-8"))
    assert page.wrong == []
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "img", "link", "iframe", "object", "embed", "base", "form", "image", "use"}
    attributes = [(name, value or "") for _, attrs in page.tags for name, value in attrs.items()]
    assert not [name for name, _ in attributes if name.startswith("on")]
    assert all(value.startswith("#") for name, value in attributes if name in ("href", "src", "xlink:href"))
    assert page.text.count(SCRIPT) > 10
    assert "{{ 7 * 7 }}" in page.text
    assert "\x00" not in page.text


def test_nothing_is_loaded_from_elsewhere(run_folder):
    text = report.render(run_folder)
    policy = next(attrs["content"] for tag, attrs in _Page(text).tags if attrs.get("http-equiv"))
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"
    style = text.split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style


def test_everything_is_there(run_folder):
    page = _Page(report.render(run_folder))
    for words in (
        "Matthews correlation", "Bag of words", "0.612", "Best epoch", "Expected calibration error", "90.9 MB",
        "12.3 ms", "✓ passed", "All 90 texts agree", "账单", "12 texts (1.4 %)", "packages.torch", "schema: 1",
        "Most frequent confusions", "Most confident errors",
    ):  # fmt: skip
        assert words in page.text, words
    assert sum(tag == "polyline" for tag, _ in page.tags) >= 4
    cells = [attrs for tag, attrs in page.tags if tag == "td" and "--v" in attrs.get("style", "")]
    assert len(cells) == 9
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert {attrs["href"][1:] for tag, attrs in page.tags if tag == "a"} <= set(ids)


def test_times_of_a_busy_machine_are_doubted(run_folder):
    path = run_folder / "results.json"
    assert "Other programs used" not in report.render(run_folder)
    results = json.loads(path.read_text(encoding="utf-8"))
    results["stages"][-1]["latency"]["1"]["busy"] = 0.5
    path.write_text(json.dumps(results), encoding="utf-8")
    assert "Other programs used 50% of the processor" in report.render(run_folder)


def test_a_run_with_hardly_anything(tmp_path):
    (tmp_path / "results.json").write_text('{"run": "r", "labels": ["a", "b"], "outcome": "stopped"}')
    page = _Page(report.render(tmp_path))
    assert "The model was not tested" in page.text
    assert "stopped early" in page.text
    ids = {attrs["id"] for _, attrs in page.tags if "id" in attrs}
    assert {attrs["href"][1:] for tag, attrs in page.tags if tag == "a"} <= ids


def test_many_classes_list_only_the_confusions(tmp_path):
    labels = [f"class {index}" for index in range(60)]
    confusion = np.diag(np.full(60, 5))
    confusion[3, 7] = 4
    results = {"run": "r", "labels": labels, "test": {"confusion": confusion.tolist()}}
    (tmp_path / "results.json").write_text(json.dumps(results))
    context = report.context(tmp_path)
    assert context["matrix"] == []
    assert context["confused"] == [{"label": "class 3", "predicted": "class 7", "count": 4, "share": 4 / 9}]
    assert len(report.render(tmp_path)) < 60_000


def test_results_are_needed(tmp_path):
    with pytest.raises(StudioError) as caught:
        report.write_report(tmp_path)
    assert caught.value.code == "files.missing"
