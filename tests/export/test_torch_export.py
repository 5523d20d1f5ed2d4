"""The export as a graph of PyTorch."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from tests.tiny import own_home
from tlstudio.core import made_here, paths, plugins
from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import Choice
from tlstudio.export import run
from tlstudio.export.torch_export import PLUGIN
from tlstudio.models.scorers import score


@pytest.fixture(scope="module")
def written(classifier, encoded, reference, tmp_path_factory):
    from tlstudio.core.control import Control
    from tlstudio.core.progress import silent
    from tlstudio.core.recipe import from_dict
    from tlstudio.export.base import ExportJob

    folder = tmp_path_factory.mktemp("pt2")
    job = ExportJob(folder, classifier, {}, {}, from_dict({"model": {"name": "org/tiny"}}), silent, Control())
    with own_home(tmp_path_factory.mktemp("home")):
        [entry] = run.export_all(job, [Choice(name="torch-export")], encoded, reference)
    return folder / "exports/torch-export", entry


def test_it_is_proven_and_needs_no_transformers(written):
    folder, entry = written
    assert entry["parity"]["status"] == "passed"
    assert entry["parity"]["max_logit_difference"] < 1e-4
    code = (
        "import runpy, sys\nfor name in ('transformers', 'tlstudio', 'onnxruntime'): sys.modules[name] = None\n"
        "sys.argv = sys.argv[1:]\nsys.path.insert(0, sys.argv[0].rsplit('/', 1)[0])\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    found = subprocess.run([sys.executable, "-c", code, str(folder / "predict.py"), "my card is lost", "refund"],
                           capture_output=True, text=True, check=True)  # fmt: skip
    assert len(found.stdout.splitlines()) == 2


def test_any_batch_and_any_length(written, encoded, reference):
    with pytest.raises(StudioError) as caught:  # the home of this test is another than that of the fixture
        PLUGIN.scorer(written[0])
    assert caught.value.code == "model.made-elsewhere"
    made_here.remember(written[0] / "model.pt2")
    scorer = PLUGIN.scorer(written[0])
    for size in (1, 2, 7, 40):
        assert np.abs(np.stack(score(scorer, encoded[:size], size)) - reference[:size]).max() < 1e-4
    one = [{"input_ids": [2]}]
    assert scorer.outputs(one)[0].shape == (3,)


def test_a_damaged_file_is_explained(written, tmp_path):
    (tmp_path / "model.pt2").write_bytes(b"nothing")
    made_here.remember(tmp_path / "model.pt2")
    with pytest.raises(StudioError) as caught:
        PLUGIN.scorer(tmp_path)
    assert caught.value.code == "model.bad-torch-graph"


@pytest.mark.parametrize("name", sorted({task.SCRIPTS["onnx"] for task in plugins.find("tlstudio.tasks").values()
                                         if "onnx" in task.SCRIPTS} | {"export/predict_two_onnx.py"}))  # fmt: skip
def test_every_script_of_onnx_becomes_one_of_torch(name):
    text = PLUGIN.script(paths.resource(name).read_text(encoding="utf-8"))
    assert "onnx" not in text
    assert text.count("from graph import InferenceSession") == 1
    assert 'SESSION = InferenceSession(HERE / "model.pt2")' in text
    assert "pip install torch" in text
    compile(text, name, "exec")
