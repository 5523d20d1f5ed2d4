"""Exports end to end: written, proven, kept; or failed and gone."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tlstudio.core import plugins
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.recipe import Choice
from tlstudio.export import run
from tlstudio.export.onnx import Onnx

TEXTS = ["my card is lost", "refund the money please", "where is my money ? " * 20]


@pytest.fixture(scope="module")
def expected(classifier):
    """Probabilities of TEXTS from transformers itself, cut as in training."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model = AutoModelForSequenceClassification.from_pretrained(classifier).eval()
    tokenizer = AutoTokenizer.from_pretrained(classifier)
    rows = []
    for text in TEXTS:
        inputs = tokenizer(text, truncation=True, max_length=16, return_tensors="pt")
        with torch.no_grad():
            logits = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]).logits
        probability, label = logits.softmax(-1).max(-1)
        rows.append((model.config.id2label[int(label)], float(probability)))
    return rows


def _predict(folder, forbidden=()):
    """Runs predict.py in a fresh Python in which ``forbidden`` modules cannot be imported."""
    code = (
        "import runpy, sys\n"
        f"for name in {tuple(forbidden)!r}: sys.modules[name] = None\n"
        "sys.argv = sys.argv[1:]\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    script = str(folder / "predict.py")
    given = subprocess.run(
        [sys.executable, "-c", code, script, *TEXTS], capture_output=True, text=True, encoding="utf-8", check=True
    )
    piped = subprocess.run(
        [sys.executable, "-c", code, script], input="\n".join(TEXTS), capture_output=True, encoding="utf-8", check=True
    )
    assert given.stdout == piped.stdout
    return [(label, float(value)) for label, value in (line.split("\t") for line in given.stdout.splitlines())]


def test_all_three_formats(job, heard, encoded, reference, expected):
    choices = [Choice(name=name) for name in ("safetensors", "onnx", "onnx-int8")]
    entries = run.export_all(job, choices, encoded, reference)
    assert [entry["name"] for entry in entries] == ["safetensors", "onnx", "onnx-int8"]
    for entry in entries:
        folder = job.run_folder / entry["path"]
        assert entry["path"] == f"exports/{entry['name']}"
        assert {"config.json", "tokenizer.json", "README.md", "predict.py", "tlstudio.json"} <= set(entry["files"])
        assert entry["bytes"] == sum((folder / name).stat().st_size for name in entry["files"])
        assert json.loads((folder / "config.json").read_text())["id2label"]["0"] == "refund"
        assert entry["parity"]["rows"] == 40
    assert [entry["parity"]["status"] for entry in entries][:2] == ["passed", "passed"]
    assert entries[0]["parity"]["max_logit_difference"] < 1e-5
    assert entries[1]["parity"]["max_logit_difference"] < 1e-4
    assert entries[1]["parity"]["agreement"] == 1.0
    assert len(heard.of("artifact")) == 3
    assert heard.of("progress")[-1].done == 6
    json.dumps(entries)

    onnx = _predict(job.run_folder / "exports/onnx", ("torch", "transformers", "tlstudio"))
    safetensors = _predict(job.run_folder / "exports/safetensors", ("tlstudio", "onnxruntime"))
    for found in (onnx, safetensors):
        assert [label for label, _ in found] == [label for label, _ in expected]
        assert [value for _, value in found] == pytest.approx([value for _, value in expected], abs=1e-3)


class _Unwritable(Onnx):
    def write(self, job, folder, config):
        raise StudioError("export.untraceable", "{what} cannot be traced.", "Choose another format.", what="This")


def test_an_export_that_cannot_be_written_does_not_cost_the_others(monkeypatch, job, heard, encoded, reference):
    old = job.run_folder / "exports/onnx"
    old.mkdir(parents=True)
    (old / "model.onnx").write_text("from an earlier time")
    monkeypatch.setitem(plugins.find("tlstudio.export"), "onnx", _Unwritable())
    first, second = run.export_all(job, [Choice(name="onnx"), Choice(name="safetensors")], encoded, reference)
    assert (first["path"], first["error"]["code"], first["parity"]["status"]) == ("", "export.untraceable", "failed")
    assert not old.exists()
    assert second["parity"]["status"] == "passed"
    [note] = [event for event in heard.of("log") if event.level == "error"]
    assert note.params["problem"] == "This cannot be traced."


class _Broken(Onnx):
    """Writes a graph whose head is one per cent off: it loads, and all labels are right."""

    def write(self, job, folder, config):
        import onnx
        from onnx import numpy_helper

        super().write(job, folder, config)
        graph = onnx.load(str(folder / "model.onnx"))
        for weights in graph.graph.initializer:
            if weights.name.endswith("classifier.weight"):
                weights.CopyFrom(numpy_helper.from_array(1.01 * numpy_helper.to_array(weights), weights.name))
        onnx.save(graph, str(folder / "model.onnx"))


class _Damaged(Onnx):
    def write(self, job, folder, config):
        super().write(job, folder, config)
        (folder / "model.onnx").write_bytes(b"no graph at all")


@pytest.mark.parametrize(("exporter", "words"), [(_Broken, "is allowed"), (_Damaged, "fresh process")])
def test_a_broken_export_is_caught_and_removed(monkeypatch, job, heard, encoded, reference, exporter, words):
    old = job.run_folder / "exports/onnx"
    old.mkdir(parents=True)
    (old / "model.onnx").write_text("from an earlier time")
    monkeypatch.setitem(plugins.find("tlstudio.export"), "onnx", exporter())
    [entry] = run.export_all(job, [Choice(name="onnx")], encoded, reference)
    assert entry["parity"]["status"] == "failed"
    assert entry["path"] == ""
    assert entry["files"] == []
    assert list((job.run_folder / "exports").iterdir()) == []
    [note] = heard.of("log")
    assert note.level == "error"
    assert words in note.message
    assert not heard.of("artifact")


def test_int8_without_the_step_is_explained_before_anything_is_written(job, recipe, encoded, reference):
    bare = recipe.changed("compress", [])
    with pytest.raises(StudioError) as caught:
        run.export_all(
            type(job)(**{**vars(job), "recipe": bare}),
            [Choice(name="onnx"), Choice(name="onnx-int8")],
            encoded,
            reference,
        )
    assert caught.value.code == "export.needs-step"
    assert not (job.run_folder / "exports").exists()


def test_unknown_formats_and_options(job, encoded, reference):
    with pytest.raises(StudioError) as unknown:
        run.export_all(job, [Choice(name="pickle")], encoded, reference)
    assert unknown.value.code == "recipe.unknown-plugin"
    with pytest.raises(StudioError) as option:
        run.export_all(job, [Choice(name="onnx", opset=3)], encoded, reference)
    assert option.value.where == "export.onnx.opset"


def test_cancel_leaves_nothing(job, encoded, reference):
    job.control.cancel()
    with pytest.raises(Cancelled):
        run.export_all(job, [Choice(name="safetensors")], encoded, reference)
    assert list((job.run_folder / "exports").iterdir()) == []
