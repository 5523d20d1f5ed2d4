"""The bundle: proven, whole, and enough by itself."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.export.conftest import LABELS, results
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled
from tlstudio.core.progress import silent
from tlstudio.core.recipe import Choice, from_dict
from tlstudio.export import run
from tlstudio.export.base import ExportJob
from tlstudio.export.bundle import PLUGIN, requirements
from tlstudio.pipeline.predict import Predictor

TEXTS = ["my card is lost", "refund the money please", "where is my money ? " * 20]


@pytest.fixture(scope="module")
def written(classifier, encoded, reference, tmp_path_factory):
    """The bundle of a classifier that was not compressed, with its entry in the results."""
    folder = tmp_path_factory.mktemp("run")
    recipe = from_dict({"model": {"name": "org/tiny"}})
    job = ExportJob(folder, classifier, {}, results(), recipe, silent, Control())
    [entry] = run.export_all(job, [Choice(name="bundle")], encoded, reference)
    return folder / "exports/bundle", entry


@pytest.fixture(scope="module")
def unpacked(written, tmp_path_factory):
    folder = tmp_path_factory.mktemp("elsewhere")
    with zipfile.ZipFile(written[0] / "bundle.zip") as archive:
        archive.extractall(folder)
    return folder


@contextmanager
def serving(folder, python=sys.executable, before=""):
    """The server of an unpacked bundle; gives a function that asks it."""
    code = f"{before}import runpy, sys; sys.argv = ['server.py', '--port', '0']; " \
           f"runpy.run_path({str(folder / 'server.py')!r}, run_name='__main__')"  # fmt: skip
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    process = subprocess.Popen([python, "-c", code], stdout=subprocess.PIPE, text=True, cwd=folder, env=clean)
    try:
        port = int(re.search(r":(\d+)/", process.stdout.readline())[1])

        def ask(method, path, body=None):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
            reply = connection.getresponse()
            text = reply.read().decode()
            connection.close()
            return reply.status, text

        yield ask
    finally:
        process.terminate()
        said = process.stdout.read()
        assert process.wait(10) == 0
        assert "Ended." in said


BLOCKED = "import sys; [sys.modules.__setitem__(name, None) for name in ('torch', 'transformers', 'tlstudio')]; "


def _answers_like_the_model(folder, expected, python=sys.executable, before=""):
    code = f"{before}import runpy, sys; sys.argv = sys.argv[1:]; sys.path.insert(0, {str(folder)!r}); " \
           "runpy.run_path(sys.argv[0], run_name='__main__')"  # fmt: skip
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    told = subprocess.run([python, "-c", code, str(folder / "predict.py"), *TEXTS], capture_output=True, text=True,
                          check=True, env=clean)  # fmt: skip
    assert [line.split("\t")[0] for line in told.stdout.splitlines()] == [one["label"] for one in expected]
    with serving(folder, python, before) as ask:
        status, text = ask("GET", "/health")
        assert (status, json.loads(text)["status"]) == (200, "ok")
        status, text = ask("POST", "/predict", {"text": TEXTS[0]})
        assert status == 200
        for label, chance in json.loads(text)["answer"].items():
            assert chance == pytest.approx(expected[0]["probabilities"][label], abs=1e-3)
        status, text = ask("POST", "/predict", {"rows": [{"text": text} for text in TEXTS]})
        assert [max(one, key=one.get) for one in json.loads(text)["answers"]] == [one["label"] for one in expected]
        assert ask("POST", "/predict", {"text": "x", "path": "/etc/passwd"})[0] == 400
        status, text = ask("GET", "/")
        assert status == 200
        assert "<textarea" in text


@pytest.fixture(scope="module")
def expected(classifier):
    return Predictor(classifier).predict([{"text": text} for text in TEXTS])


def test_it_answers_without_torch_transformers_and_this_program(unpacked, expected):
    _answers_like_the_model(unpacked, expected, before=BLOCKED)


@pytest.mark.slow
def test_it_answers_with_only_its_requirements(unpacked, expected, tmp_path):
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    install = [python, "-m", "pip", "install", "-q", "-r", unpacked / "requirements.txt"]
    subprocess.run(install, check=True, timeout=500)
    listed = subprocess.run([python, "-m", "pip", "list"], capture_output=True, text=True, check=True).stdout
    assert not re.search(r"^(torch|transformers|tlstudio) ", listed, re.MULTILINE)
    _answers_like_the_model(unpacked, expected, str(python))


def test_what_is_in_it(written, unpacked):
    folder, entry = written
    assert entry["parity"]["status"] == "passed"
    assert entry["parity"]["kind"] == "logits"  # it was not quantised: nothing may differ
    assert entry["files"] == ["README.md", "bundle.zip"]
    names = {path.name for path in unpacked.iterdir()}
    assert names == {
        "model.onnx", "config.json", "tokenizer.json", "tokenizer_config.json", "tlstudio.json", "predict.py",
        "server.py", "requirements.txt", "Dockerfile", "README.md", "LICENCE.txt", "SHA256SUMS", "bundle.json",
        "labels.json",
    }  # fmt: skip
    assert json.loads((unpacked / "labels.json").read_text()) == LABELS
    needed = [line.split(">=")[0] for line in (unpacked / "requirements.txt").read_text().split()]
    assert needed == ["numpy", "onnxruntime", "tokenizers"]
    licence = (unpacked / "LICENCE.txt").read_text()
    assert "org/tiny is under the licence apache-2.0" in licence
    assert "Apache License" in licence
    assert (unpacked / "README.md").read_text() == (folder / "README.md").read_text()
    assert "/root" not in (unpacked / "README.md").read_text()


def test_its_checksums_are_those_of_its_files(unpacked):
    lines = (unpacked / "SHA256SUMS").read_text().splitlines()
    assert len(lines) == len(list(unpacked.iterdir())) - 1
    for line in lines:
        digest, name = line.split("  ")
        assert hashlib.sha256((unpacked / name).read_bytes()).hexdigest() == digest


def test_the_quantised_graph_is_taken_where_the_steps_end_so(job, encoded, reference, int8_folder):
    [entry] = run.export_all(job, [Choice(name="bundle")], encoded, reference)
    assert entry["parity"]["kind"] == "agreement"
    with zipfile.ZipFile(job.run_folder / "exports/bundle/bundle.zip") as archive:
        assert archive.read("model.onnx") == (int8_folder / "model.onnx").read_bytes()
    network = replace(job, compressed={**job.compressed, "2-layer-removal": job.model_folder})
    assert PLUGIN.stage(network) == "2-layer-removal", "a chain that ends in a network gives the graph of that"


def test_a_bundle_predicts_and_a_changed_one_does_not(written, expected, tmp_path):
    from tlstudio.core.errors import StudioError

    assert [one["label"] for one in Predictor(written[0]).predict([{"text": text} for text in TEXTS])] == [
        one["label"] for one in expected
    ]
    bad = tmp_path / "bundle.zip"
    with zipfile.ZipFile(written[0] / "bundle.zip") as source, zipfile.ZipFile(bad, "w") as target:
        for entry in source.infolist():
            body = source.read(entry)
            target.writestr(entry, body.replace(b"refund", b"refunt") if entry.filename == "config.json" else body)
    with pytest.raises(StudioError) as caught:
        Predictor(bad)
    assert caught.value.code == "model.bad-bundle"
    assert "config.json has been changed" in caught.value.message


@pytest.mark.parametrize("name", ["../out.txt", "/out.txt", "a/../../out.txt", "..\\out.txt", "c:out.txt"])
def test_a_file_that_would_lie_outside_is_refused(name, tmp_path):
    from tlstudio.core.errors import StudioError
    from tlstudio.models import bundles

    with zipfile.ZipFile(tmp_path / "bundle.zip", "w") as archive:
        archive.writestr(name, "x")
    with pytest.raises(StudioError) as caught:
        bundles.opened(tmp_path / "bundle.zip")
    assert caught.value.code == "model.bad-bundle"


def test_requirements_come_from_the_script():
    found = requirements('"""Says.\n\nNeeds only: pip install onnxruntime numpy pillow no-such-thing\n"""')
    assert re.fullmatch(r"no-such-thing\nnumpy>=\d+\.\d+\nonnxruntime>=1\.\d+\npillow>=\d+\.\d+\n", found)


def test_a_broken_graph_in_it_is_caught(monkeypatch, job, encoded, reference):
    bare = replace(job, compressed={})
    from tlstudio.export.onnx import Onnx

    def broken(self, job, folder, config):
        shutil.copytree(job.source, folder, dirs_exist_ok=True)
        (folder / "model.onnx").write_bytes(b"no graph at all")

    monkeypatch.setattr(Onnx, "write", broken)
    [entry] = run.export_all(bare, [Choice(name="bundle")], encoded, reference)
    assert entry["parity"]["status"] == "failed"
    assert not (job.run_folder / "exports/bundle").exists()


def test_cancel_leaves_nothing(job, encoded, reference):
    job.control.cancel()
    with pytest.raises(Cancelled):
        run.export_all(job, [Choice(name="bundle")], encoded, reference)
    assert list((job.run_folder / "exports").iterdir()) == []


@pytest.mark.parametrize(("steps", "refused"), [([], False), (["dynamic-int8"], False), (["openvino-int8"], True),
                                                (["layer-removal", "openvino-int8"], True)])  # fmt: skip
def test_no_bundle_of_what_another_runtime_reads(steps, refused):
    problem = PLUGIN.check(from_dict({"model": {"name": "org/tiny"}, "compress": steps}))
    assert (problem.code if problem else None) == ("export.bundle-of-openvino" if refused else None)
    assert problem is None or "OpenVINO export" in problem.remedy
