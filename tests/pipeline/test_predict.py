"""Labels for new texts from a run, a model folder or an export."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest

from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.pipeline import predict


@pytest.mark.parametrize("part", ["", "model", "exports/safetensors"])
def test_the_runs_own_predictions_come_back(whole, part):
    table = pq.read_table(whole.folder / "predictions.parquet").to_pylist()
    found = predict.Predictor(whole.folder / part).predict([{"text": row["text"]} for row in table])
    assert [item["label"] for item in found] == [row["predicted"] for row in table]
    for item, row in zip(found, table, strict=True):
        assert item["text"] == row["text"]
        assert sum(item["probabilities"].values()) == pytest.approx(1)
        for label, share in item["probabilities"].items():
            assert share == pytest.approx(row[f"p_{label}"], abs=1e-5)


@pytest.mark.parametrize("part", ["exports/onnx-int8", "compressed/1-dynamic-int8"])
def test_onnx_folders_too(whole, part):
    predictor = predict.Predictor(whole.folder / part)
    [item] = predictor.predict([{"text": "please help with my parcel"}])
    assert item["label"] in ["delivery", "refund", "technical"] == list(item["probabilities"])
    assert predictor.predict([]) == []


def test_many_texts_go_in_batches_and_can_be_cancelled(whole, monkeypatch):
    monkeypatch.setattr(predict, "_BATCH", 2)
    predictor, control, taken = predict.Predictor(whole.folder), Control(), []

    def texts():
        for number in range(100):
            taken.append(number)
            yield {"text": f"help {number}"}

    stream = predictor.stream(texts(), control)
    assert next(stream)["text"] == "help 0"
    assert len(taken) == 2
    assert next(stream)["text"] == "help 1"
    control.cancel()
    with pytest.raises(Cancelled):
        next(stream)


def test_a_folder_without_a_model(tmp_path):
    with pytest.raises(StudioError) as caught:
        predict.Predictor(tmp_path)
    assert (caught.value.code, caught.value.where) == ("predict.no-model", str(tmp_path))
