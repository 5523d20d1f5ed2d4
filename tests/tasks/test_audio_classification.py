"""Audio classification: how recordings are read for each family of networks, and a run from files to exports."""

from __future__ import annotations

import json
import runpy
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from tests import forked, tiny
from tests.tasks import models
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.paths import cache_folder
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.audio import open_audio
from tlstudio.data.labelled import require
from tlstudio.models.checks import modality
from tlstudio.pipeline import run
from tlstudio.pipeline.predict import Predictor
from tlstudio.tasks import audio_classification as module
from tlstudio.tasks import recordings, sounds
from tlstudio.tasks.base import EncodeJob

TASK = module.PLUGIN


def encode(model: Path, data: Path, emit: Any = silent, control: Control | None = None, known: Any = None,
           **options: Any) -> Any:  # fmt: skip
    rows = require(DataSection(path=str(data)), silent, Control(), TASK.ROLES)
    return TASK.encode(EncodeJob(TASK.Config(**options), rows, model, emit, control or Control(), known=known))


def recipe(model: Path, data: Path, strategy: str = "full-fine-tuning", **changes: Any) -> Any:
    training = {"epochs": 10, "batch_size": 8, "threads": 1, "precision": "fp32", "patience": 0,
                "learning_rate": 3e-3 if strategy == "full-fine-tuning" else 0.03}  # fmt: skip
    return tiny.recipe(model, data, task={"name": TASK.NAME}, strategy={"name": strategy}, training=training, **changes)


@pytest.fixture(scope="module")
def tones(tmp_path_factory) -> Path:
    return models.write_tones(tmp_path_factory.mktemp("tones"))


@pytest.fixture(scope="module")
def ran(tones, tmp_path_factory) -> Any:
    """A whole run of a network that is told what is padding."""
    folder, heard = tmp_path_factory.mktemp("run"), tiny.Heard()
    with tiny.own_home(folder / "home"):
        backbone = models.wave_network(folder / "backbone")
        wish = recipe(backbone, tones, export=[{"name": "onnx"}, {"name": "safetensors"}])
        ended = run(wish, folder / "run", heard, Control())
    assert ended.outcome == "completed", ended
    results = json.loads((folder / "run/results.json").read_text())
    return SimpleNamespace(folder=folder / "run", heard=heard, results=results, backbone=backbone)


def test_a_run_learns_the_pitch(ran):
    test = ran.results["test"]
    assert ran.results["unit"] == "recordings"
    assert ran.results["headline"] == "accuracy"
    assert ran.results["labels"] == ["high", "low", "middle"]
    assert test["metrics"]["accuracy"]["value"] == 1.0
    assert np.trace(test["confusion"]) == test["rows"]
    assert [entry["name"] for entry in ran.results["baselines"]] == ["majority", "mel-bands"]
    losses = ran.heard.values("validation", "loss")
    assert losses[-1] < 0.3 * losses[0]


def test_exports_answer_alike(ran):
    found = {entry["name"]: entry["parity"]["status"] for entry in ran.results["exports"]}
    assert found == {"onnx": "passed", "safetensors": "passed"}


def test_what_is_saved_loads_by_itself(ran):
    from transformers import AutoFeatureExtractor, AutoModelForAudioClassification

    settings = json.loads((ran.folder / "model/tlstudio.json").read_text())
    assert settings["audio"]["rate"] == 16_000
    assert settings["audio"]["mask"] is True
    assert settings["inputs"] == {"input_values": {"dtype": "float32", "shape": [None]},
                                  "attention_mask": {"dtype": "int64", "shape": [None]}}  # fmt: skip
    model = AutoModelForAudioClassification.from_pretrained(ran.folder / "model")
    assert model.config.id2label == {0: "high", 1: "low", 2: "middle"}
    assert model.config.apply_spec_augment is True
    assert AutoFeatureExtractor.from_pretrained(ran.folder / "model").return_attention_mask is True


def test_predictions_do_not_depend_on_neighbours(ran, tones):
    rows = [{"audio": str(path)} for path in sorted(tones.rglob("*.*"))][:9]
    predictor = Predictor(ran.folder)
    answers = predictor.predict(rows)
    alone = [predictor.predict([row])[0] for row in rows]
    assert [answer["kind"] for answer in answers] == ["label"] * 9
    assert [answer["audio"] for answer in answers] == [row["audio"] for row in rows]
    for together, single in zip(answers, alone, strict=True):
        assert together["probabilities"] == pytest.approx(single["probabilities"], abs=1e-5)
    assert sum(Path(answer["audio"]).parent.name == answer["label"] for answer in answers) == 9


def test_predictions_are_those_of_the_test(ran):
    import pyarrow.parquet as pq

    table = pq.read_table(ran.folder / "predictions.parquet").to_pylist()
    answers = Predictor(ran.folder / "exports/onnx").predict([{"audio": row["audio"]} for row in table])
    for row, answer in zip(table, answers, strict=True):
        assert answer["label"] == row["predicted"]
        assert answer["probabilities"]["low"] == pytest.approx(row["p_low"], abs=1e-4)


def script(export: Path, *paths: Path) -> list[list[str]]:
    ended = forked.python([str(export / "predict.py"), *map(str, paths)])
    assert ended.returncode == 0, ended.stderr
    return [line.split("\t") for line in ended.stdout.splitlines()]


@pytest.mark.parametrize("name", ["onnx", "safetensors"])
def test_the_script_of_an_export_answers_like_the_window(ran, tones, name, tmp_path):
    other = tmp_path / "other rate.wav"
    wave, rate = soundfile.read(tones / "low/0.wav")
    soundfile.write(other, np.repeat(wave[:, None], 2, axis=1), rate // 2)
    paths = [tones / "high/1.flac", tones / "low/0.wav", other]
    expected = Predictor(ran.folder).predict([{"audio": str(path)} for path in paths])
    for (label, share), answer in zip(script(ran.folder / "exports" / name, *paths), expected, strict=True):
        assert label == answer["label"]
        assert float(share) == pytest.approx(answer["probabilities"][label], abs=2e-3)


# --- the families of networks


def ready(model: Path, folder: Path, data: Path, **options: Any) -> Path:
    """A model folder of the task as a run would leave it, untrained."""
    encoded = encode(model, data, **options)
    TASK.save(TASK.build(model, encoded).eval(), encoded, model, folder)
    return folder


def empty_graph(path: Path) -> None:
    """A graph that only lets a script start."""
    import onnx
    from onnx import TensorProto, helper

    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x", "logits")]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["logits"])], "empty", ends[:1], ends[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), path)


@pytest.mark.parametrize("kind", ["wave", "hubert", "spectrogram", "whisper"])
def test_the_scripts_prepare_sounds_as_training_did(kind, tones, tmp_path):
    make = {"hubert": lambda at: models.wave_network(at, "hubert", masked=False), "wave": models.wave_network,
            "spectrogram": models.spectrogram_network, "whisper": models.whisper_network}[kind]  # fmt: skip
    folder = ready(make(tmp_path / "backbone"), tmp_path / "model", tones)
    path = tones / "middle/1.flac"
    [expected] = recordings.examples(folder, [str(path)])
    empty_graph(folder / "model.onnx")
    shutil.copyfile("resources/export/predict_audio_onnx.py", folder / "predict.py")
    found = runpy.run_path(str(folder / "predict.py"))["inputs_of"](path)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name][0] == pytest.approx(value, abs=2e-3)
    shutil.copyfile("resources/export/predict_audio_transformers.py", folder / "predict.py")
    (folder / "model.onnx").unlink()
    shares = runpy.run_path(str(folder / "predict.py"))["predict"](path)
    assert shares == pytest.approx(Predictor(folder).predict([{"audio": str(path)}])[0]["probabilities"], abs=2e-3)


def test_networks_without_a_mask_read_all_in_one_length(tones, tmp_path):
    encoded = encode(models.wave_network(tmp_path / "hubert", "hubert", masked=False), tones)
    assert encoded.inputs == ("input_values",)
    lengths = {len(encoded.splits[split][0]["input_values"]) for split in encoded.splits}
    longest = max(soundfile.info(path).frames for path in tones.rglob("*.*"))
    assert len(lengths) == 1
    assert 0 <= lengths.pop() - longest <= 160


def test_networks_with_a_mask_are_padded_in_the_batch_alone(tones, tmp_path):
    encoded = encode(models.wave_network(tmp_path / "wave"), tones)
    train = encoded.splits["train"]
    first, second = train[0], train[1]
    assert train["length"][0] == len(first["input_values"]) == first["attention_mask"].sum()
    assert abs(first["input_values"].mean()) < 1e-3
    assert first["input_values"].std() == pytest.approx(1, abs=1e-2)
    batch = TASK.collator(TASK.Config(), encoded)([first, second])
    assert batch["input_values"].shape == (2, 8000)
    assert batch["attention_mask"].sum(1).tolist() == [train["length"][0], train["length"][1]]


def test_what_is_stored_is_the_recording(tones, tmp_path):
    model = models.wave_network(tmp_path / "wave")
    path = tones / "low/1.flac"
    [example] = recordings.examples(ready(model, tmp_path / "model", tones), [str(path)])
    wave = open_audio(path, 16_000)
    expected = (wave - wave.mean()) / np.sqrt(wave.var() + 1e-7)
    assert example["input_values"] == pytest.approx(expected, abs=5e-3)


def test_a_spectrogram_is_that_of_transformers(tones, tmp_path):
    from transformers import ASTFeatureExtractor

    model = models.spectrogram_network(tmp_path / "ast")
    encoded = encode(model, tones)
    rows = require(DataSection(path=str(tones)), silent, Control(), TASK.ROLES)
    path = next(iter(rows.splits["test"].texts("audio")))
    expected = ASTFeatureExtractor.from_pretrained(model)(open_audio(path, 16_000), sampling_rate=16_000)
    found = encoded.splits["test"][0]["input_values"]
    assert found.shape == (50, 32)
    assert found == pytest.approx(expected["input_values"][0], abs=5e-3)


def test_the_encoder_of_a_whole_whisper_is_taken(tones, tmp_path):
    from transformers import WhisperForConditionalGeneration

    folder = models.whisper_network(tmp_path / "whisper")
    assert modality(json.loads((folder / "config.json").read_text())) == "audio"
    model = TASK.build(folder, encode(folder, tones))
    whole = WhisperForConditionalGeneration.from_pretrained(folder).model.encoder.state_dict()
    assert all(torch.equal(value, whole[name]) for name, value in model.encoder.state_dict().items())


def test_a_fresh_projection_is_the_identity_and_a_learnt_one_stays(tones, tmp_path):
    encoded = encode(models.wave_network(tmp_path / "fresh"), tones)
    fresh = TASK.build(tmp_path / "fresh", encoded)
    assert fresh.config.classifier_proj_size == 32
    assert torch.equal(fresh.projector.weight, torch.eye(32))
    learnt = TASK.build(models.wave_network(tmp_path / "learnt", classes=5), encoded)
    assert learnt.projector.weight.shape == (16, 32)
    assert learnt.classifier.weight.shape == (3, 16)


def test_a_linear_probe_learns_from_frozen_features(tones, tmp_path):
    wish = recipe(models.wave_network(tmp_path / "backbone"), tones, "linear-probe", evaluate={"bootstrap": 100})
    wish = wish.model_copy(update={"training": wish.training.model_copy(update={"epochs": 40})})
    assert run(wish, tmp_path / "run", silent, Control()).outcome == "completed"
    results = json.loads((tmp_path / "run/results.json").read_text())
    assert results["test"]["metrics"]["accuracy"]["value"] >= 0.8


# --- options


def write(path: Path, seconds: float, rate: int = 16_000) -> Path:
    """A sound whose value says where it is: silent at first, full at its end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.linspace(0, 0.9, int(seconds * rate)), rate)
    return path


@pytest.fixture
def long(tmp_path) -> Path:
    for number in range(20):
        write(tmp_path / "data" / "ab"[number % 2] / f"{number}.wav", 2 + number / 100)
    return tmp_path / "data"


def test_where_a_long_recording_is_cut(long, tmp_path):
    model = models.spectrogram_network(tmp_path / "ast")
    random, start = (encode(model, long, cut=cut).splits for cut in ("random", "start"))
    shape = {part[0]["input_values"].shape for split in (random, start) for part in split.values()}
    assert shape == {(50, 32)}
    train = random["train"]
    first = [train[0]["input_values"] for _ in range(2)]
    assert np.array_equal(*first), "before the first epoch it is the middle"
    train.set_epoch(1)
    later = [train[0]["input_values"] for _ in range(3)]
    train.set_epoch(1)
    again = train[0]["input_values"]
    assert np.array_equal(later[0], again)
    assert len({value.tobytes() for value in [*later, first[0]]}) >= 3
    random["test"].set_epoch(3)
    assert np.array_equal(random["test"][0]["input_values"], random["test"][0]["input_values"])
    assert start["test"][0]["input_values"].sum() < random["test"][0]["input_values"].sum()


def test_the_maximum_length_is_read_and_kept(long, tmp_path):
    heard = tiny.Heard()
    encoded = encode(models.wave_network(tmp_path / "wave"), long, heard, max_seconds=0.5)
    assert set(encoded.splits["train"]["length"]) == {8000}
    assert encoded.facts["audio"]["seconds"] == 0.5
    assert "task.recordings-cut" in heard.codes()
    encoded = encode(models.wave_network(tmp_path / "wave"), long)
    assert max(encoded.splits["train"]["length"]) > 32_000
    with pytest.raises(StudioError) as caught:
        encode(models.spectrogram_network(tmp_path / "ast"), long, max_seconds=2)
    assert (caught.value.code, caught.value.where) == ("task.too-many-seconds", "task.max_seconds")


def test_a_very_short_recording_is_padded_with_silence(long, tmp_path):
    short = write(tmp_path / "short.wav", 0.005)
    folder = ready(models.wave_network(tmp_path / "wave"), tmp_path / "model", long)
    [answer] = Predictor(folder).predict([{"audio": str(short)}])
    assert sum(answer["probabilities"].values()) == pytest.approx(1)


def test_parts_are_hidden_only_where_they_fit(long, tones, tmp_path):
    model = models.wave_network(tmp_path / "wave")
    assert TASK.build(model, encode(model, tones)).config.apply_spec_augment is True
    assert TASK.build(model, encode(model, tones, masking=False)).config.apply_spec_augment is False
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps({**config, "mask_time_length": 100}))
    assert encode(model, tones).facts["masking"] is False


def test_a_further_set_is_prepared_like_the_training_rows(tones, long, tmp_path):
    model = models.wave_network(tmp_path / "hubert", "hubert", masked=False)
    first = encode(model, tones)
    second = encode(model, long, known=first)
    assert second.facts["audio"] == first.facts["audio"]
    assert len(second.splits["test"][0]["input_values"]) == len(first.splits["test"][0]["input_values"])


# --- caches and what can go wrong


def test_the_cache_is_used_and_knows_what_matters(long, tmp_path, monkeypatch):
    model = models.wave_network(tmp_path / "wave")
    first, opened = encode(model, long), []
    real = sounds.open_audio
    monkeypatch.setattr(sounds, "open_audio", lambda *args: (opened.append(args), real(*args))[1])
    again = encode(model, long)
    assert not opened
    assert again.key == first.key
    write(long / "a/0.wav", 1.5)
    assert encode(model, long).key != first.key
    assert opened
    assert encode(model, long, max_seconds=0.3).key != first.key


def test_cancelled_reading_leaves_nothing(tones, tmp_path):
    model, control = models.wave_network(tmp_path / "wave"), Control()
    control.cancel()
    with pytest.raises(Cancelled):
        encode(model, tones, control=control)
    assert not [path for path in cache_folder("sounds").rglob("*") if path.is_file()]


def test_a_broken_recording_is_named(long, tmp_path):
    (long / "a/0.wav").write_bytes(b"RIFF no sound")
    model = models.wave_network(tmp_path / "wave")
    with pytest.raises(StudioError) as caught:
        encode(model, long)
    assert "0.wav" in caught.value.message


def test_other_backbones_are_refused(tmp_path):
    assert TASK.fits({"model_type": "bert"}).code == "task.other-backbone"
    assert TASK.fits({"model_type": "wav2vec2-bert"}).code == "task.other-sounds"
    assert TASK.fits({"model_type": "wav2vec2", "add_adapter": True}).code == "task.other-sounds"
    for kind in ("wav2vec2", "hubert", "wavlm", "audio-spectrogram-transformer", "whisper"):
        assert TASK.fits({"model_type": kind}) is None


def test_a_folder_without_a_processor_gets_the_usual_one(tmp_path):
    model = models.wave_network(tmp_path / "wave", masked=False)
    (model / "preprocessor_config.json").unlink()
    assert sounds.extractor(model).return_attention_mask is False
    model = models.spectrogram_network(tmp_path / "ast")
    (model / "preprocessor_config.json").unlink()
    assert sounds.extractor(model).num_mel_bins == 32
    assert sounds.hearing(model, "auto", "random").seconds == 0.5


@pytest.mark.parametrize(
    "kind",
    [pytest.param("whisper", marks=pytest.mark.slow), "spectrogram", pytest.param("hubert", marks=pytest.mark.slow)],
)
def test_every_family_learns_the_pitch_in_a_whole_run(kind, tones, tmp_path):
    """From files to an exported model that answers alike; the recordings are learnt by heart."""
    make = {"whisper": models.whisper_network, "spectrogram": models.spectrogram_network,
            "hubert": lambda folder: models.wave_network(folder, "hubert", masked=False)}  # fmt: skip
    wish = recipe(make[kind](tmp_path / "backbone"), tones, export=[{"name": "onnx"}], evaluate={"bootstrap": 100})
    wish = wish.model_copy(update={"training": wish.training.model_copy(update={"epochs": 30})})
    heard = tiny.Heard()
    ended = run(wish, tmp_path / "run", heard, Control())
    assert ended.outcome == "completed", ended
    results = json.loads((tmp_path / "run/results.json").read_text())
    assert results["test"]["metrics"]["accuracy"]["value"] == 1.0
    assert results["exports"][0]["parity"]["status"] == "passed"
    losses = heard.values("validation", "loss")
    assert losses[-1] < 0.7 * losses[0]


def test_new_recordings_are_read_one_batch_at_a_time(ran, tones, monkeypatch):
    """Two hundred long recordings at once would fill the memory."""
    read = []
    monkeypatch.setattr(sounds, "open_audio", lambda path, *more: read.append(path) or open_audio(path, *more))
    paths = [str(path) for path in sorted(tones.rglob("*.wav"))]
    examples = TASK.examples(ran.folder / "model", [{"audio": path} for path in paths])
    assert (len(examples), read) == (len(paths), [])
    assert set(examples[2]) == {"input_values", "attention_mask"}
    assert read == paths[2:3]
