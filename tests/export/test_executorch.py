"""The export as a program of ExecuTorch; what needs the extra is skipped without it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import numpy as np
import pytest

from tlstudio.core import paths, plugins
from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import Choice
from tlstudio.export import run
from tlstudio.export.executorch import PLUGIN
from tlstudio.models import executorch_scorer
from tlstudio.models.scorers import score

needs_extra = pytest.mark.skipif(importlib.util.find_spec("executorch") is None, reason="the extra 'edge' is absent")


@pytest.fixture(scope="module")
def written(classifier, encoded, reference, tmp_path_factory):
    from tlstudio.core.control import Control
    from tlstudio.core.progress import silent
    from tlstudio.core.recipe import from_dict
    from tlstudio.export.base import ExportJob

    folder = tmp_path_factory.mktemp("pte")
    job = ExportJob(folder, classifier, {}, {}, from_dict({"model": {"name": "org/tiny"}}), silent, Control())
    [entry] = run.export_all(job, [Choice(name="executorch")], encoded, reference)
    return folder / "exports/executorch", entry


@needs_extra
def test_it_is_proven_and_needs_neither_us_nor_transformers(written):
    folder, entry = written
    assert entry["parity"]["status"] == "passed", entry
    assert entry["parity"]["max_logit_difference"] < 1e-4
    code = (
        "import runpy, sys\nfor name in ('transformers', 'tlstudio', 'onnxruntime'): sys.modules[name] = None\n"
        "sys.argv = sys.argv[1:]\nsys.path.insert(0, sys.argv[0].rsplit('/', 1)[0])\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    found = subprocess.run([sys.executable, "-c", code, str(folder / "predict.py"), "my card is lost", "refund"],
                           capture_output=True, text=True, check=True)  # fmt: skip
    assert len(found.stdout.splitlines()) == 2


@needs_extra
def test_any_number_of_rows_and_any_length(written, encoded, reference):
    scorer = PLUGIN.scorer(written[0])
    for size in (1, 7, 40):
        assert np.abs(np.stack(score(scorer, encoded[:size], size)) - reference[:size]).max() < 1e-4


@needs_extra
def test_one_token_and_as_many_as_in_training(written, classifier):
    from tlstudio.models.scorers import TorchScorer

    rows = [{"input_ids": [2]}, {"input_ids": [2, *[5] * 14, 3]}]
    ours, theirs = PLUGIN.scorer(written[0]).outputs(rows), TorchScorer(classifier).outputs(rows)
    assert np.abs(np.stack(ours) - np.stack(theirs)).max() < 1e-4


@needs_extra
def test_a_damaged_file_is_explained(tmp_path):
    (tmp_path / "model.pte").write_bytes(b"nothing")
    with pytest.raises(StudioError) as caught:
        PLUGIN.scorer(tmp_path)
    assert caught.value.code == "model.bad-executorch"


def test_without_the_extra_it_says_what_to_install(recipe, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    problem = PLUGIN.check(recipe)
    assert problem is not None and problem.code == "executorch.missing"
    assert "tlstudio[edge]" in problem.remedy


def test_how_long_an_input_may_be(tmp_path):
    (tmp_path / "tlstudio.json").write_text('{"max_length": 64}')
    assert executorch_scorer.longest(tmp_path, "input_ids") == 64
    (tmp_path / "second").mkdir()
    (tmp_path / "second/tlstudio.json").write_text('{"max_length": 48}')
    assert executorch_scorer.longest(tmp_path, "second_input_ids") == 48
    (tmp_path / "tlstudio.json").write_text('{"audio": {"seconds": 1.5, "rate": 16000, "least": 400}}')
    assert executorch_scorer.longest(tmp_path, "input_values") == 24_000


@pytest.mark.parametrize("name", sorted({task.SCRIPTS["onnx"] for task in plugins.find("tlstudio.tasks").values()
                                         if "onnx" in task.SCRIPTS} | {"export/predict_two_onnx.py"}))  # fmt: skip
def test_every_script_of_onnx_becomes_one_of_executorch(name):
    text = PLUGIN.script(paths.resource(name).read_text(encoding="utf-8"))
    assert "onnx" not in text
    assert text.count("from program import Session") == 1
    assert 'SESSION = Session(HERE / "model.pte")' in text
    assert "pip install executorch" in text
    compile(text, name, "exec")
