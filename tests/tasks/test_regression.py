"""Numbers of texts and of pairs: learnt standardised, answered in the user's units, by the weights alone."""

from __future__ import annotations

import random
from types import SimpleNamespace

import numpy as np
import pytest

from tests import tiny
from tests.tasks import whole
from tests.tasks.models import byte_gpt2
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.labelled import require
from tlstudio.export import parity
from tlstudio.export.base import Tolerance
from tlstudio.models.heads import Head, read_settings
from tlstudio.models.onnx_graph import to_onnx
from tlstudio.pipeline.predict import Predictor
from tlstudio.tasks import suggest
from tlstudio.tasks.base import EncodeJob
from tlstudio.tasks.building import build_model
from tlstudio.tasks.numbers import last_linear
from tlstudio.tasks.regression import PLUGIN

PRICES = {"delivery": 1_000.0, "refund": 2_500.0, "technical": 4_000.0}


def rows(count=120, seed=0):
    """A price that is the sum of those of the subjects."""
    draw = random.Random(seed)
    for at in range(count):
        subjects = whole.some(draw)
        yield f"{whole.sentence(draw, subjects)} {at}", 200_000 + sum(PRICES[name] for name in subjects)


def write(folder, **changes):
    return whole.write(folder / "prices.csv", ["text", "number"], rows(**changes))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return whole.bert(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="module")
def trained(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("numbers")
    extra = whole.write(folder / "extra.csv", ["text", "number"], [("parcel late now", 201_000), ("now", 200_000)])
    with tiny.own_home(folder / "home"):
        found = whole.run(
            PLUGIN.NAME, model, write(folder), folder, export=["onnx"],
            evaluate={"bootstrap": 100, "extra_sets": [str(extra)]},
        )  # fmt: skip
    return whole.good(found)


def test_numbers_are_learnt_and_measured_in_their_own_units(trained):
    results = trained.results
    assert (results["headline"], results["labels"]) == ("rmse", [])
    assert results["test"]["metrics"]["rmse"]["value"] < 600
    assert results["test"]["metrics"]["r2"]["value"] > 0.9
    assert results["extra"][0]["metrics"]["mae"]["value"] < 800
    mean, ridge = results["baselines"]
    assert (mean["name"], ridge["name"]) == ("mean", "bag-of-words")
    assert 1500 < mean["metrics"]["rmse"]["value"] < 4000
    assert ridge["metrics"]["r2"]["value"] > 0.6
    last = trained.heard.of("metric")[-1].values
    assert set(last) == set(PLUGIN.QUICK)
    assert last["rmse"] < 1500
    assert last["loss"] < 0.5, "the loss is that of the training: in squared standard deviations"


def test_every_form_of_the_model_answers_alike(trained):
    import torch
    from transformers import AutoModelForSequenceClassification

    results = trained.results
    assert [entry["parity"]["status"] for entry in results["exports"]] == ["passed"]
    rows_of = [{"text": "money back now"}, {"text": "crash screen parcel late"}]
    expected = [answer["value"] for answer in Predictor(trained.folder).predict(rows_of)]
    assert expected == pytest.approx([202_500, 205_000], abs=1_000)
    onnx = Predictor(trained.folder / "exports/onnx").predict(rows_of)
    assert [answer["value"] for answer in onnx] == pytest.approx(expected, abs=1)
    plain = AutoModelForSequenceClassification.from_pretrained(trained.folder / "model").eval()
    assert plain.config.problem_type == "regression"
    example = PLUGIN.examples(trained.folder / "model", rows_of)[0]
    with torch.inference_mode():
        assert plain(torch.tensor([example["input_ids"]])).logits.item() == pytest.approx(expected[0], abs=1)
    for folder in whole.with_scripts(PLUGIN, trained):
        lines = whole.script(folder, *(row["text"] for row in rows_of))
        assert [float(line) for line in lines] == pytest.approx(expected, abs=2)


def test_predictions_and_samples(trained):
    table = trained.predictions()
    error = np.array(table["predicted"], dtype=float) - np.array(table["label"], dtype=float)
    assert table["error"] == pytest.approx(error.tolist(), abs=1)
    scale = trained.settings["scale"]
    assert table["score"] == pytest.approx((1 - np.abs(error) / scale).tolist(), abs=1e-2)
    samples = trained.results["test"]["samples"]
    assert samples["kind"] == "numbers"
    assert set(samples["items"][0]) == {"row", "text", "label", "predicted"}
    worst = [abs(item["label"] - item["predicted"]) for item in samples["items"]]
    assert worst == sorted(worst, reverse=True)


def test_a_linear_probe_over_folds_with_weights_of_rows(model, tmp_path):
    data = whole.write(tmp_path / "weighted.csv", ["text", "number", "w"],
                       [(*row, 1 + at % 2) for at, row in enumerate(rows(count=90))])  # fmt: skip
    found = whole.good(whole.run(
        PLUGIN.NAME, model, data, tmp_path, strategy={"name": "linear-probe"}, options={"loss": "huber"},
        section={"roles": {"weight": "w"}, "split": {"method": "k-fold", "folds": 3}},
        training={"epochs": 60, "batch_size": 16, "threads": 1, "precision": "fp32", "learning_rate": 0.03},
    ))  # fmt: skip
    crossed = found.results["cross_validation"]
    assert crossed["pooled"]["rmse"]["value"] < 2_600
    assert crossed["mean"]["rmse"] == pytest.approx(crossed["pooled"]["rmse"]["value"], rel=0.3)


def test_pairs_have_a_number_too(model, tmp_path):
    draw = random.Random(0)
    table = []
    for _ in range(120):
        one, other = (whole.some(draw) for _ in range(2))
        table.append((whole.sentence(draw, one), whole.sentence(draw, other), len(one) - len(other)))
    data = whole.write(tmp_path / "pairs.csv", ["text", "text_b", "score"], table)
    found = whole.good(whole.run("pair-regression", model, data, tmp_path))
    assert found.results["headline"] == "spearman"
    assert found.results["test"]["metrics"]["spearman"]["value"] > 0.85
    assert found.results["unit"] == "pairs"
    assert [entry["name"] for entry in found.results["baselines"]] == ["mean", "shared-words"]
    assert {"text", "text_b"} <= set(found.results["test"]["samples"]["items"][0])
    pairs = [{"text": "money back parcel late", "text_b": "now"}, {"text": "now", "text_b": "money back parcel late"}]
    more, less = Predictor(found.folder).predict(pairs)
    assert more["kind"] == "number"
    assert more["value"] > 1 > -1 > less["value"]
    predict = whole.predict_of(whole.with_scripts(PLUGIN, found)[1])
    assert [predict(**row) for row in pairs] == pytest.approx([more["value"], less["value"]], abs=1e-3)


def test_a_head_without_bias_keeps_the_mean_beside_it(tmp_path):
    folder = byte_gpt2(tmp_path / "gpt2", [text for text, _number in rows(count=20)], length=128)
    training = {**whole.TRAINING, "epochs": 3}
    found = whole.good(whole.run(PLUGIN.NAME, folder, write(tmp_path, count=60), tmp_path, training=training,
                                 export=["onnx", "safetensors"]))  # fmt: skip
    mean = found.settings["mean"]
    assert found.settings["head"]["offset"] == mean > 200_000
    [answer] = Predictor(found.folder).predict([{"text": "parcel late"}])
    assert 195_000 < answer["value"] < 215_000
    assert found.results["test"]["metrics"]["mae"]["value"] < 4_000
    assert found.heard.values("validation", "mae")[-1] < 4_000
    assert [entry["parity"]["status"] for entry in found.results["exports"]] == ["passed", "passed"]
    for export in whole.with_scripts(PLUGIN, found):
        assert whole.predict_of(export)("parcel late") == pytest.approx(answer["value"], abs=2)
    cards = [(found.folder / f"exports/{name}/README.md").read_text() for name in ("onnx", "safetensors")]
    assert ["has no bias" in card for card in cards] == [False, True], "a graph adds the mean by itself"
    assert f"add {mean:.10g} to its answers" in cards[1]


def test_a_graph_without_a_bias_adds_the_mean_by_itself(tmp_path):
    """Programs in other languages read the number and nothing else."""
    import onnxruntime

    folder = byte_gpt2(tmp_path / "gpt2", [text for text, _number in rows(count=20)], length=128)
    encoded = encode(folder, write(tmp_path, count=60))
    assert encoded.head == {"offset": encoded.facts["mean"]}
    model = PLUGIN.finish(PLUGIN.build(folder, encoded), encoded)
    PLUGIN.save(model, encoded, folder, tmp_path / "model")
    head = Head.of(read_settings(tmp_path / "model"))
    to_onnx(model, tmp_path / "model.onnx", head)
    ids = np.array([encoded.splits["test"][0]["input_ids"]], dtype=np.int64)
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    [[value]] = session.run(["logits"], {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0]
    assert abs(value - encoded.facts["mean"]) < 10 * encoded.facts["scale"]


def encode(model, path, **options):
    labelled = require(DataSection(path=str(path)), silent, Control(), PLUGIN.ROLES)
    return PLUGIN.encode(EncodeJob(PLUGIN.Config(**options), labelled, model, silent, Control()))


def test_targets_are_standardised_by_the_training_rows_alone(model, tmp_path):
    encoded = encode(model, write(tmp_path))
    train = np.array(encoded.targets("train"))
    assert train.mean() == pytest.approx(0, abs=1e-5)
    assert train.std() == pytest.approx(1, abs=1e-5)
    labelled = require(DataSection(path=str(tmp_path / "prices.csv")), silent, Control(), PLUGIN.ROLES)
    values = np.array(encoded.targets("test")) * encoded.facts["scale"] + encoded.facts["mean"]
    assert values == pytest.approx(labelled.splits["test"].numbers("number"), rel=1e-6)


@pytest.mark.parametrize("kind", ["bert", "distilbert", "roberta", "electra", "deberta-v2", "mpnet", "modernbert",
                                  "bart", "xlnet", "gpt2", "llama"])  # fmt: skip
def test_the_head_of_every_architecture_can_be_folded(kind):
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification

    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16,
             "dim": 16, "hidden_dim": 16, "n_layers": 1, "n_heads": 2, "d_model": 16, "n_layer": 1, "n_head": 2,
             "d_inner": 16, "encoder_layers": 1, "decoder_layers": 1, "encoder_ffn_dim": 16, "decoder_ffn_dim": 16,
             "encoder_attention_heads": 2, "decoder_attention_heads": 2, "n_embd": 16, "embedding_size": 16,
             "num_key_value_heads": 2}  # fmt: skip
    known = AutoConfig.for_model(kind)
    config = AutoConfig.for_model(kind, **{name: size for name, size in sizes.items() if hasattr(known, name)},
                                  vocab_size=50, num_labels=1, pad_token_id=1, bos_token_id=0, eos_token_id=2,
                                  cls_token_id=0, sep_token_id=2)  # fmt: skip
    model = AutoModelForSequenceClassification.from_config(config).eval()
    ids = torch.tensor([[0, 7, 8, 9, 2]])
    facts = {"mean": 50.0, "scale": 3.0}
    with torch.inference_mode():
        before = model(input_ids=ids).logits.item()
        after = PLUGIN.finish(model, SimpleNamespace(facts=facts, head={}))(input_ids=ids).logits.item()
    offset = 50.0 if last_linear(model).bias is not None else 0.0
    assert after == pytest.approx(3 * before + offset, abs=1e-3)


def test_losses_are_those_of_torch(model, tmp_path):
    import torch

    outputs = SimpleNamespace(logits=torch.tensor([[0.5], [4.0]]))
    labels, weights = torch.tensor([0.0, -1.0]), torch.tensor([0.5, 1.5])
    for name, each in (("squared", [0.25, 25.0]), ("huber", [0.125, 4.5])):
        loss = PLUGIN.loss(PLUGIN.Config(loss=name), None)
        assert loss(outputs, labels).item() == pytest.approx(sum(each) / 2)
        assert loss(outputs, labels, row_weights=weights).item() == pytest.approx((0.5 * each[0] + 1.5 * each[1]) / 2)


def test_an_export_may_differ_by_a_share_of_the_spread():
    """Rounding in fp32 of numbers about 200,000 is larger than what scores of classes may differ by."""
    reference = [np.array([200_000.0]), np.array([207_500.0])]
    for error, status in ((5.0, "passed"), (50.0, "failed")):
        answers = [value + error for value in reference]
        found = parity.compare(answers, reference, Tolerance("logits", 1e-3), PLUGIN.HEAD)
        assert found["status"] == status
        assert found["tolerance"] == pytest.approx(7.5)
    alike = [np.array([200_000.0])] * 2
    assert parity.compare([value + 0.02 for value in alike], alike, Tolerance("logits", 1e-3), PLUGIN.HEAD)[
        "status"] == "passed"  # fmt: skip


def test_bad_numbers_are_named(model, tmp_path):
    path = whole.write(tmp_path / "same.csv", ["text", "number"], [(f"text {at}", 3) for at in range(40)])
    with pytest.raises(StudioError) as caught:
        encode(model, path)
    assert caught.value.code == "task.one-number"
    path = whole.write(tmp_path / "bad.csv", ["text", "number"], [(f"text {at}", at if at % 9 else "much")
                                                                   for at in range(40)])  # fmt: skip
    with pytest.raises(StudioError) as caught:
        encode(model, path)
    assert caught.value.code == "data.bad-numbers"


def test_another_number_of_outputs_is_no_number():
    class Other:
        base_model_prefix = "bert"
        config = SimpleNamespace(model_type="strange")

        def named_modules(self):
            return []

    with pytest.raises(StudioError) as caught:
        last_linear(Other())
    assert caught.value.code == "task.no-linear-head"


def test_heads_of_classes_are_replaced(model, tmp_path):
    classes = build_model(PLUGIN.HEAD, model, {"num_labels": 3})
    classes.save_pretrained(tmp_path / "classes")
    again = PLUGIN.build(tmp_path / "classes", encode(model, write(tmp_path)))
    assert last_linear(again).weight.shape == (1, 48)
    assert again.config.num_labels == 1


def test_suggestions():
    assert suggest.suggest({"text": "a", "number": "b"}) == "regression"
    assert suggest.suggest({"text": "a", "text_b": "b", "number": "c"}) == "pair-regression"
