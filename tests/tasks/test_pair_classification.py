"""Pairs of texts: both are read, told apart, and cut; exports read them alike."""

from __future__ import annotations

import csv
import random
import shutil

import pytest

from tests import tiny
from tests.tasks import whole
from tests.tasks.models import byte_gpt2, word_bert
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.labelled import require
from tlstudio.models.tokenizers import between, has_types, load_tokenizer, tokenise_pairs
from tlstudio.pipeline.predict import Predictor
from tlstudio.tasks import suggest
from tlstudio.tasks.base import EncodeJob
from tlstudio.tasks.pair_classification import PLUGIN


def rows(count=160, seed=0):
    """The class says in which of the two texts the parcel is: a bag of the words of both cannot know."""
    draw = random.Random(seed)
    for at in range(count):
        first = at % 2 == 0
        texts = [whole.sentence(draw, ["delivery"]), whole.sentence(draw, ["refund"])]
        yield (*(texts if first else texts[::-1]), "first" if first else "second")


def write(folder, **changes):
    return whole.write(folder / "pairs.csv", ["sentence1", "sentence2", "label"], rows(**changes))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return whole.bert(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="module")
def trained(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    with tiny.own_home(folder / "home"):
        found = whole.run(
            PLUGIN.NAME, model, write(folder), folder, export=["onnx"],
            section={"augment": [{"name": "random-swap"}]}, training={**whole.TRAINING, "epochs": 15},
        )  # fmt: skip
    return whole.good(found)


PAIRS = [("the parcel is late", "money back please"), ("money back now", "my parcel late")]


def test_both_texts_are_read_and_told_apart(trained):
    results = trained.results
    assert results["test"]["metrics"]["accuracy"]["value"] > 0.95
    assert (results["unit"], results["labels"]) == ("pairs", ["first", "second"])
    assert [entry["name"] for entry in results["baselines"]] == ["majority", "shared-words"]
    assert results["baselines"][0]["metrics"]["accuracy"]["value"] < 0.7
    assert set(trained.settings["inputs"]) == {"input_ids", "attention_mask", "token_type_ids"}
    assert trained.settings["between"] == ""


def test_predictions_hold_both_texts(trained):
    table = trained.predictions()
    assert {"text", "text_b", "label", "predicted", "confidence", "score"} <= set(table)
    assert sum(table["score"]) > 0.95 * len(table["score"])
    answers = Predictor(trained.folder).predict([{"text": one, "text_b": other} for one, other in PAIRS])
    assert [answer["label"] for answer in answers] == ["first", "second"]
    assert (answers[0]["text"], answers[0]["text_b"]) == PAIRS[0]
    with pytest.raises(StudioError) as caught:
        Predictor(trained.folder).predict([{"text": "alone"}])
    assert caught.value.code == "predict.missing-value"


def test_exports_agree_and_their_scripts_answer_alike(trained):
    assert [entry["parity"]["status"] for entry in trained.results["exports"]] == ["passed"]
    rows_of = [{"text": one, "text_b": other} for one, other in PAIRS]
    expected = Predictor(trained.folder).predict(rows_of)
    assert [answer["label"] for answer in Predictor(trained.folder / "exports/onnx").predict(rows_of)] == [
        answer["label"] for answer in expected
    ]
    for folder in whole.with_scripts(PLUGIN, trained):
        lines = whole.script(folder, lines="".join(f"{one}\t{other}\n" for one, other in PAIRS))
        for line, answer in zip(lines, expected, strict=True):
            label, chance = line.split("\t")
            assert label == answer["label"]
            assert float(chance) == pytest.approx(answer["probabilities"][label], abs=2e-3)
        assert whole.script(folder, *PAIRS[1])[0].startswith("second")


def test_errors_show_both_texts_and_folds_of_a_linear_probe_are_measured(model, tmp_path):
    found = whole.good(whole.run(
        PLUGIN.NAME, model, write(tmp_path, count=60), tmp_path, strategy={"name": "linear-probe"},
        section={"split": {"method": "k-fold", "folds": 2}},
        training={"epochs": 2, "threads": 1, "precision": "fp32", "patience": 0},
    ))  # fmt: skip
    assert all(" ⇄ " in error["text"] for error in found.results["test"]["errors"])
    assert found.results["cross_validation"]["pooled"]["accuracy"]["value"] is not None


def encode(model, path, **options):
    labelled = require(DataSection(path=str(path)), silent, Control(), PLUGIN.ROLES)
    return PLUGIN.encode(EncodeJob(PLUGIN.Config(**options), labelled, model, silent, Control()))


def test_pairs_are_cut_at_the_longer_text(model, tmp_path):
    data = whole.write(tmp_path / "long.csv", ["sentence1", "sentence2", "label"],
                       [("my " * 30 + str(at), "the parcel", "ab"[at % 2]) for at in range(40)])  # fmt: skip
    encoded = encode(model, data, max_length=16)
    assert encoded.truncated["texts"] == 40
    row = encoded.splits["train"][0]
    assert len(row["input_ids"]) == 16
    assert row["token_type_ids"].count(1) == 3, "the short text and its end are whole"
    assert encode(model, data).max_length == 64, "auto is no more than the model reads"
    with pytest.raises(StudioError) as caught:
        encode(model, data, max_length=128)
    assert caught.value.code == "task.too-long"


def test_types_are_given_only_where_the_model_has_some(tmp_path):
    import json

    folder = word_bert(tmp_path, ["a"])
    tokenizer = load_tokenizer(folder)
    assert has_types(tokenizer, folder)
    config = json.loads((folder / "config.json").read_text())
    for change in ({"type_vocab_size": 1}, {"model_type": "distilbert"}):
        (folder / "config.json").write_text(json.dumps({**config, "type_vocab_size": 0, **change}))
        assert not has_types(tokenizer, folder)


def test_texts_are_parted_where_the_tokenizer_has_no_sign(tmp_path):
    folder = byte_gpt2(tmp_path, ["one two"])
    tokenizer = load_tokenizer(folder)
    assert between(tokenizer) == "\n"
    [ids], [full], _types = tokenise_pairs(tokenizer, ["one"], ["two"], 32)
    assert tokenizer.decode(ids) == "one\ntwo"
    assert full == len(ids)


def test_a_decoder_learns_pairs_too(tmp_path):
    data = write(tmp_path, count=40)
    folder = byte_gpt2(tmp_path / "gpt2", [text for row in rows(count=20) for text in row[:2]], length=128)
    found = whole.good(whole.run(PLUGIN.NAME, folder, data, tmp_path, training={"epochs": 1, "threads": 1}))
    assert found.settings["between"] == "\n"
    assert set(found.settings["inputs"]) == {"input_ids", "attention_mask"}


def test_it_is_suggested_for_pairs_with_a_label():
    assert suggest.suggest({"text": "a", "text_b": "b", "label": "c"}) == PLUGIN.NAME


@pytest.mark.slow
def test_english_and_german_names_of_one_emoji_are_recognised(assets, tmp_path):
    """Real names, half of the pairs of another emoji of the same group; no emoji is in training and test."""
    draw = random.Random(0)
    names = []
    for language in ("en", "de"):
        with open(assets / f"data/text/emoji_names/{language}.csv", encoding="utf-8") as stream:
            names.append({row["hexcode"]: row for row in csv.DictReader(stream) if row["label"] != "flags"})
    groups: dict[str, list[str]] = {}
    for code in sorted(names[0]):
        groups.setdefault(names[0][code]["label"], []).append(code)
    table = []
    for code, row in sorted(names[0].items()):
        other = draw.choice(groups[row["label"]])
        table.append((row["text"], names[1][code]["text"], "same", code))
        if other != code:
            table.append((row["text"], names[1][other]["text"], "other", code))
    data = whole.write(tmp_path / "names.csv", ["text", "text_b", "label", "code"], table)
    found = whole.good(whole.run(
        PLUGIN.NAME, assets / "models/multilingual-e5-small-trimmed-fp16", data, tmp_path, options={"max_length": 32},
        section={"split": {"method": "grouped", "by": "code"}}, training={"epochs": 3},
    ))  # fmt: skip
    reached = found.results["test"]["metrics"]["accuracy"]["value"]
    words = found.results["baselines"][-1]["metrics"]["accuracy"]["value"]
    print(f"accuracy {reached:.3f}, shared words {words:.3f}")
    assert reached > words + 0.1


def test_cancelling_ends_the_run(model, tmp_path):
    control = Control()

    class Stop(tiny.Heard):
        def __call__(self, event):
            super().__call__(event)
            if event.kind == "metric":
                control.cancel()

    found = whole.run(PLUGIN.NAME, model, write(tmp_path), tmp_path, control, heard=Stop())
    assert found.finished.outcome == "cancelled"


def test_rows_of_a_model_without_types_are_not_taken_for_one_with_them(model, tmp_path):
    """BERT and DistilBERT share a tokenizer; cached rows of the one lack what the other wants to know."""
    from transformers import DistilBertConfig

    other = tmp_path / "distilbert"
    shutil.copytree(model, other)
    DistilBertConfig(vocab_size=200).save_pretrained(other)
    path = whole.write(tmp_path / "d.csv", ["text", "text_b", "label"],
                       [(f"parcel {at}", "money", "ab"[at % 2]) for at in range(40)])  # fmt: skip
    rows = require(DataSection(path=str(path)), silent, Control(), PLUGIN.ROLES)
    for folder, typed in ((other, False), (model, True), (other, False)):
        encoded = PLUGIN.encode(EncodeJob(PLUGIN.Config(), rows, folder, silent, Control()))
        assert ("token_type_ids" in encoded.inputs, "token_type_ids" in encoded.splits["train"][0]) == (typed, typed)
