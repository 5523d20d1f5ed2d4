"""The int8 export is the artifact of the compression step, byte for byte."""

from __future__ import annotations

import pytest

from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import from_dict
from tlstudio.export.onnx_int8 import PLUGIN


def test_needs_the_step():
    problem = PLUGIN.check(from_dict({}))
    assert problem is not None
    assert problem.code == "export.needs-step"
    assert problem.where == "export"
    assert "dynamic-int8" in problem.message


def test_copies_the_last_int8_step(job, int8_folder, tmp_path):
    steps = {"1-dynamic-int8": tmp_path / "old", "2-dynamic-int8": int8_folder}
    both = type(job)(**{**vars(job), "compressed": steps})
    assert PLUGIN.stage(both) == "2-dynamic-int8"
    (tmp_path / "out").mkdir()
    PLUGIN.write(both, tmp_path / "out", None)
    for name in ("model.onnx", "config.json", "tokenizer.json"):
        assert (tmp_path / "out" / name).read_bytes() == (int8_folder / name).read_bytes()


def test_a_run_without_the_artifact(job, tmp_path):
    with pytest.raises(StudioError) as caught:
        PLUGIN.write(type(job)(**{**vars(job), "compressed": {}}), tmp_path, None)
    assert caught.value.code == "export.needs-step"


def test_a_tokenizer_that_no_program_can_read(job, canine_classifier, tmp_path):
    steps = {"1-dynamic-int8": canine_classifier}
    with pytest.raises(StudioError) as caught:
        PLUGIN.write(type(job)(**{**vars(job), "compressed": steps}), tmp_path, None)
    assert caught.value.code == "export.no-tokenizer-file"
