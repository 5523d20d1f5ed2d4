"""What is measured side by side. The command itself: tests/cli/test_serving.py."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from tlstudio.core.errors import StudioError
from tlstudio.pipeline import benching


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "runs/r"
    for name in ("model", "exports/onnx", "exports/openvino"):
        (folder / name).mkdir(parents=True)
    (folder / "results.json").write_text("{}")
    (folder / "exports/notes.txt").write_text("")
    return folder


def test_a_run_is_its_model_and_each_of_its_exports(run):
    found = benching.targets_of(run)
    assert [one.name for one in found] == ["r: trained", "r: onnx", "r: openvino"]
    assert [one.run for one in found] == [run] * 3


def test_compressed_forms_are_measured_and_half_written_folders_are_not(run):
    for name in ("compressed/1-bf16", "compressed/2-dynamic-int8", "compressed/.3-x.a.part", "exports/.onnx.a.part"):
        (run / name).mkdir(parents=True)
    names = [one.name for one in benching.targets_of(run)]
    assert names == ["r: trained", "r: 1-bf16", "r: 2-dynamic-int8", "r: onnx", "r: openvino"]


def test_an_export_knows_its_run_where_it_lies_in_one(run, tmp_path):
    (run / "predictions.parquet").write_bytes(b"")
    [found] = benching.targets_of(run / "exports/onnx")
    assert (found.name, found.run) == ("r: onnx", run)
    (tmp_path / "alone").mkdir()
    [found] = benching.targets_of(tmp_path / "alone")
    assert (found.name, found.run) == ("alone", None)


def test_speed_is_that_of_the_first_over_ones_own():
    first = {"1": {"median_ms": 20.0}, "16": {"median_ms": 200.0}}
    assert benching._speed({"1": {"median_ms": 5.0}, "16": {"median_ms": 400.0}}, first) == {"1": 4.0, "16": 0.5}


def test_models_that_take_other_rows_are_not_compared(run):
    text, image = (SimpleNamespace(task=SimpleNamespace(ASKS=asks)) for asks in (("text",), ("image",)))
    targets = benching.targets_of(run)[:2]
    benching._require_alike(targets, [text, text])
    with pytest.raises(StudioError) as caught:
        benching._require_alike(targets, [text, image])
    assert caught.value.code == "bench.other-task"
    assert (caught.value.params["other"], caught.value.params["first"]) == ("r: onnx", "r: trained")


@pytest.mark.parametrize("name", ["model.safetensors", "model.onnx", "model.onnx.data", "model.pt2", "model.pte",
                                  "openvino_model.bin"])  # fmt: skip
def test_weights_of_every_format_are_counted(name, tmp_path):
    (tmp_path / name).write_bytes(b"1234")
    (tmp_path / "tokenizer.json").write_bytes(b"none")
    assert {path for kind in benching._WEIGHTS for path in tmp_path.glob(kind)} == {tmp_path / name}


_CHILD = """
import sys
from types import SimpleNamespace
from tlstudio.pipeline import benching
benching.Predictor = lambda folder, threads: SimpleNamespace(scorer=SimpleNamespace(outputs=lambda rows: rows))
benching._examples = lambda predictor, rows: rows
sys.exit(benching.main(["folder", "1", sys.argv[1]]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems count memory from the start of a program on")
def test_the_memory_of_the_parent_does_not_count(tmp_path):
    large = 1 << 29  # more than the imports of the child take
    held = np.ones(large, dtype=np.uint8)
    ended = subprocess.run([sys.executable, "-c", _CHILD, str(tmp_path / "memory.json")], check=False)
    assert ended.returncode == 0
    assert 1 << 20 < int((tmp_path / "memory.json").read_text()) < held.nbytes
