"""The fp32 ONNX export: any batch and length, padding without influence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tlstudio.core.errors import StudioError
from tlstudio.export.onnx import PLUGIN


def test_padding_and_batch_size_do_not_change_the_answer(job, encoded, reference, tmp_path):
    PLUGIN.write(job, tmp_path, None)
    scorer = PLUGIN.scorer(tmp_path)
    assert np.abs(np.stack(scorer.outputs(encoded)) - reference).max() < 1e-4
    assert np.abs(np.stack(scorer.outputs(encoded[:1])) - reference[:1]).max() < 1e-4


def test_a_tokenizer_that_no_program_can_read(job, canine_classifier, tmp_path):
    with pytest.raises(StudioError) as caught:
        PLUGIN.write(replace(job, model_folder=canine_classifier), tmp_path, None)
    assert caught.value.code == "export.no-tokenizer-file"
    assert list(tmp_path.glob("*.onnx")) == []
