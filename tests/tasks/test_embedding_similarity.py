"""Sentence embeddings: a whole run, what follows from the columns, and the model in use."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from tests import tiny
from tests.tasks import meanings, whole
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.files import read_json
from tlstudio.core.paths import resource
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.labelled import require
from tlstudio.models.heads import Head
from tlstudio.models.scorers import TorchScorer, score
from tlstudio.models.tokenizers import load_tokenizer
from tlstudio.pipeline.predict import Predictor
from tlstudio.tasks import suggest
from tlstudio.tasks.base import EncodeJob
from tlstudio.tasks.embedding_similarity import PLUGIN, kind_of, same_label

HEADLINES = {"pairs": "recall_at_1", "triplets": "triplet_accuracy", "scores": "cosine_spearman",
             "labels": "pair_accuracy"}  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return meanings.bert(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="module")
def trained(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    data = str(meanings.write(folder, "pairs"))
    with tiny.own_home(folder / "home"):
        found = whole.run(PLUGIN.NAME, model, data, folder, export=["onnx", "sentence-transformers"],
                          section={"validation": data, "test": data},
                          evaluate={"bootstrap": 100, "extra_sets": [data]})  # fmt: skip
    return whole.good(found)


def encoded(model, folder, kind, **options):
    rows = require(DataSection(path=str(meanings.write(folder, kind))), silent, Control(), PLUGIN.ROLES)
    heard = tiny.Heard()
    return PLUGIN.encode(EncodeJob(PLUGIN.Config(**options), rows, model, heard, Control())), heard


# --- a whole run


def test_texts_that_belong_together_are_found(trained):
    results = trained.results
    assert results["headline"] == "recall_at_1"
    assert results["test"]["metrics"]["recall_at_1"]["value"] == 1
    assert results["test"]["documents"] <= results["test"]["rows"] == 32
    assert [entry["name"] for entry in results["baselines"]] == ["tf-idf", "untrained"]
    assert all(entry["metrics"]["recall_at_1"]["value"] < 0.7 for entry in results["baselines"])
    assert (results["unit"], results["labels"]) == ("pairs", [])
    assert results["extra"][0]["metrics"] == results["test"]["metrics"]
    curves = [event.values for event in trained.heard.of("metric") if event.split == "validation"]
    assert set(curves[0]) == {"loss", "mrr", "recall_at_1"}
    assert curves[-1]["loss"] < 0.2 * curves[0]["loss"]


def test_samples_show_what_was_found(trained):
    samples = trained.results["test"]["samples"]
    assert (samples["kind"], len(samples["items"])) == ("neighbours", 32)
    for item in samples["items"]:
        assert len(item["found"]) == 5
        assert item["found"][0]["text"] == item["expected"]
        assert item["found"][0]["right"]
        assert [found["score"] for found in item["found"]] == sorted((f["score"] for f in item["found"]), reverse=True)
    table = trained.predictions()
    assert table["predicted"] == table["label"] == table["text_b"]
    assert table["score"] == [1.0] * 32
    assert min(table["similarity"]) > 0.5


def test_exports_and_their_scripts_give_the_same_vectors(trained):
    from sentence_transformers import SentenceTransformer

    assert [entry["parity"]["status"] for entry in trained.results["exports"]] == ["passed", "passed"]
    predictor = Predictor(trained.folder)
    texts = ["red dog house", "blau " * 90, "sun"]
    ours = np.array([answer["embedding"] for answer in predictor.predict([{"text": text} for text in texts])])
    library = SentenceTransformer(str(trained.folder / "exports/sentence-transformers"), device="cpu")
    assert library.max_seq_length == trained.settings["max_length"] == 64
    assert np.abs(library.encode(texts) - ours).max() < 1e-5
    assert np.abs(SentenceTransformer(str(trained.folder / "model"), device="cpu").encode(texts) - ours).max() < 1e-5
    expected = [f"{ours[0] @ vector:.4f}\t{text.strip()}" for text, vector in zip(texts[1:], ours[1:], strict=True)]
    for folder in (*whole.with_scripts(PLUGIN, trained), trained.folder / "exports/sentence-transformers"):
        assert whole.script(folder, texts[0], *(text.strip() for text in texts[1:])) == expected


def test_answers(trained):
    predictor = Predictor(trained.folder)
    both, alone, blank = predictor.predict(
        [{"text": "red dog", "text_b": "rot hund"}, {"text": "red dog"}, {"text": "", "text_b": " "}]
    )
    assert (both["kind"], alone["kind"], blank["kind"]) == ("similarity", "embedding", "embedding")
    assert np.linalg.norm(alone["embedding"]) == pytest.approx(1, abs=1e-5)
    assert both["similarity"] > 0.5
    assert (both["text"], both["text_b"]) == ("red dog", "rot hund")
    with pytest.raises(StudioError) as caught:
        predictor.predict([{"text_b": "rot"}])
    assert caught.value.code == "predict.missing-value"


def test_a_text_by_itself_gives_its_vector_everywhere(trained, tmp_path, capsys):
    from tlstudio.cli import predicting

    assert PLUGIN.OPTIONAL == ("text_b",)
    [expected] = Predictor(trained.folder).predict([{"text": "red dog"}])
    for folder in (*whole.with_scripts(PLUGIN, trained), trained.folder / "exports/sentence-transformers"):
        [line] = whole.script(folder, "red dog")
        assert json.loads(line) == pytest.approx(expected["embedding"], abs=1e-5)
    data = whole.write(tmp_path / "texts.csv", ["text"], [["red dog"], ["blue"]])
    predicting.answer(trained.folder, [], [], data, [], tmp_path / "out.jsonl", Control())
    found = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [answer["kind"] for answer in found] == ["embedding", "embedding"]
    assert found[0] == expected
    mixed = whole.write(tmp_path / "mixed.csv", ["text", "text_b"], [["red dog", "rot hund"], ["blue", ""]])
    predicting.answer(trained.folder, [], [], mixed, [], tmp_path / "mixed.jsonl", Control())
    with pytest.raises(StudioError) as caught:  # a table would lose the vector
        predicting.answer(trained.folder, [], [], mixed, [], tmp_path / "mixed.csv.csv", Control())
    assert (caught.value.code, caught.value.params["column"]) == ("cli.other-columns", "embedding")


def test_progress_counts_texts_where_it_says_so(trained):
    counted = {(event.unit, event.total) for event in trained.heard.of("progress") if event.stage == "evaluate"}
    assert ("texts", 64) in counted
    assert "pairs" not in {unit for unit, _total in counted}


def test_prefixes_are_learnt_with_and_travel_with_the_model(model, tmp_path):
    from sentence_transformers import SentenceTransformer

    backbone = tmp_path / "backbone"
    shutil.copytree(model, backbone)
    (backbone / "config_sentence_transformers.json").write_text(
        json.dumps({"prompts": {"query": "star ", "document": "moon "}})
    )
    stated, _heard = encoded(backbone, tmp_path, "triplets")
    assert stated.facts["prefixes"] == ["star ", "moon "]
    plain, _heard = encoded(backbone, tmp_path, "triplets", prefix="", prefix_b="")
    assert plain.facts["prefixes"] == ["", ""]
    assert plain.key != stated.key
    first, other, third = stated.splits["train"][0]["texts"]
    star, moon = (tokens("star moon", backbone)[at] for at in (1, 2))
    assert (first[1], other[1], third[1]) == (star, moon, moon)
    assert [first[0], *first[2:]] == plain.splits["train"][0]["texts"][0]

    rows, _heard = encoded(backbone, tmp_path, "pairs", prefix="sun ")
    PLUGIN.save(PLUGIN.build(backbone, rows), rows, backbone, tmp_path / "model")
    predictor = Predictor(tmp_path / "model")
    alone, pair = predictor.predict([{"text": "red dog"}, {"text": "red dog", "text_b": "rot hund"}])
    library = SentenceTransformer(str(tmp_path / "model"), device="cpu")
    assert library.prompts == {"query": "sun ", "document": "moon "}
    query, document = library.encode_query("red dog"), library.encode_document("rot hund")
    assert query == pytest.approx(alone["embedding"], abs=1e-5)
    assert library.encode("red dog") == pytest.approx(alone["embedding"], abs=1e-5), "a lone text is a query"
    assert query @ document == pytest.approx(pair["similarity"], abs=1e-5)
    for name in ("transformers", "sentence-transformers"):
        shutil.copyfile(resource(PLUGIN.SCRIPTS[name]), tmp_path / "model/predict.py")
        assert whole.script(tmp_path / "model", "red dog", "rot hund") == [f"{pair['similarity']:.4f}\trot hund"]


def tokens(text, folder):
    return load_tokenizer(folder)(text)["input_ids"]


def test_the_threshold_of_labelled_pairs_comes_from_the_validation(model, tmp_path):
    data = str(meanings.write(tmp_path, "labels"))
    found = whole.good(whole.run(PLUGIN.NAME, model, data, tmp_path, section={"validation": data, "test": data},
                                 training={**whole.TRAINING, "epochs": 6}))  # fmt: skip
    limit = found.settings["threshold"]
    assert found.results["test"]["threshold"] == limit
    table = found.predictions()
    right = [(value >= limit) == (label == "same")
             for value, label in zip(table["similarity"], table["label"], strict=True)]  # fmt: skip
    assert found.results["test"]["metrics"]["pair_accuracy"]["value"] == pytest.approx(np.mean(right))
    [answer] = Predictor(found.folder).predict([{"text": "red dog", "text_b": "rot hund"}])
    assert (answer["same"], answer["threshold"]) == (answer["similarity"] >= limit, limit)


def test_a_cancelled_run_leaves_no_model(model, tmp_path):
    control, data = Control(), meanings.write(tmp_path, "pairs")

    class Cancels(tiny.Heard):
        def __call__(self, event):
            super().__call__(event)
            if event.kind == "metric" and event.step > 2:
                control.cancel()

    found = whole.run(PLUGIN.NAME, model, data, tmp_path, control, heard=Cancels())
    assert found.finished.outcome == "cancelled"
    assert not (found.folder / "model").exists()


# --- what follows from the columns


@pytest.mark.parametrize("kind", HEADLINES)
def test_each_kind_of_rows_is_learnt_with_its_loss(kind, model, tmp_path):
    import torch

    rows, heard = encoded(model, tmp_path, kind)
    assert rows.facts["pairs"] == kind
    assert heard.codes() == ["task.pairs"]
    network, collate = PLUGIN.build(model, rows), PLUGIN.collator(PLUGIN.Config(), rows)
    loss = PLUGIN.loss(PLUGIN.Config(), rows)
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3)

    def measured():
        outputs = score(TorchScorer(network, head=replace(PLUGIN.HEAD, **rows.head)), rows.examples("train"))
        return PLUGIN.measure(PLUGIN.Config(), rows, "train", outputs, 0.0)

    batch = collate([rows.splits["train"][at] for at in range(len(rows.splits["train"]))])
    before, labels = measured(), batch.pop("labels")
    for _ in range(40):
        optimiser.zero_grad()
        loss(network.train()(**batch), labels).backward()
        optimiser.step()
    after = measured()
    assert set(after) == set(PLUGIN.curves(rows))
    name = HEADLINES[kind]
    assert after[name] > max(0.9, before[name] + 0.02), (before, after)


@pytest.mark.parametrize("kind", ["scores", "labels", "triplets"])
def test_what_is_shown_of_each_kind(kind, model, tmp_path):
    from tlstudio.tasks.base import TestJob

    data = DataSection(path=str(meanings.write(tmp_path, kind)))
    rows = require(data, silent, Control(), PLUGIN.ROLES)
    known = PLUGIN.encode(EncodeJob(PLUGIN.Config(), rows, model, silent, Control()))
    network = PLUGIN.build(model, known)
    outputs = score(TorchScorer(network, head=replace(PLUGIN.HEAD, **known.head)), known.examples("test"))
    job = TestJob(PLUGIN.Config(), known, rows, "test", outputs, 100, 7, silent, Control())
    tested = PLUGIN.test(job)
    count = len(rows.splits["test"])
    assert tested.result["headline"] == HEADLINES[kind]
    assert HEADLINES[kind] in tested.result["metrics"]
    assert {"label", "predicted", "score", "text_b", "similarity"} <= set(tested.columns)
    assert all(len(values) == count for values in tested.columns.values())
    json.dumps(tested.result)
    [baseline] = PLUGIN.baselines(job)
    assert set(baseline["metrics"]) == set(tested.result["metrics"])
    if kind == "scores":
        assert tested.result["samples"]["kind"] == "numbers"
        assert {"text", "text_b", "label", "predicted", "row"} <= set(tested.result["samples"]["items"][0])
    elif kind == "labels":
        wrong = [at for at, value in enumerate(tested.columns["score"]) if not value]
        assert len(tested.result["errors"]) == len(wrong)
        assert tested.result["metrics"]["pair_accuracy"]["value"] == pytest.approx(1 - len(wrong) / count)
    else:
        assert {"triplet_accuracy", "recall_at_1"} <= set(tested.result["metrics"])
        assert tested.result["documents"] > count


def test_columns_are_offered_by_their_names(model, tmp_path):
    path = whole.write(tmp_path / "d.csv", ["sentence1", "sentence2", "label"], [(f"a {at}", f"b {at}", f"c{at % 5}")
                                                                                 for at in range(40)])  # fmt: skip
    rows = require(DataSection(path=str(path)), silent, Control(), PLUGIN.ROLES)
    assert kind_of(PLUGIN.Config(), rows) == "pairs", "five labels do not say what belongs together"
    assert suggest.suggest({"text": "a", "text_b": "b"}) == PLUGIN.NAME
    assert suggest.suggest({"text": "a", "text_b": "b", "negative": "c"}) == PLUGIN.NAME
    assert suggest.suggest({"text": "a", "text_b": "b", "label": "c"}) == "pair-classification"


def test_a_loss_that_the_columns_do_not_allow(model, tmp_path):
    with pytest.raises(StudioError) as caught:
        encoded(model, tmp_path, "pairs", loss="cosent")
    assert (caught.value.code, caught.value.params["role"]) == ("task.loss-needs-role", "number")
    rows, _heard = encoded(model, tmp_path, "scores", loss="in-batch")
    assert rows.facts["pairs"] == "pairs"
    rows, _heard = encoded(model, tmp_path, "triplets", loss="triplet", margin=0.1)
    assert rows.sides == 3


@pytest.mark.parametrize(("labels", "wish", "same"), [
    (["0", "1"], "", "1"), (["different", "same"], "", "same"), (["duplicate", "not_duplicate"], "", "duplicate"),
    (["false", "true"], "", "true"), (["no", "yes"], "", "yes"), (["dissimilar", "similar"], "", "similar"),
    (["match", "non-match"], "", "match"), (["contradiction", "entailment", "neutral"], "entailment", "entailment"),
    (["a", "b"], "", None), (["contradiction", "entailment", "neutral"], "", None), (["0", "1"], "2", None),
    (["normal", "note"], "", None),
])  # fmt: skip
def test_which_label_means_the_same(labels, wish, same):
    if same:
        assert same_label(labels, wish) == same
        return
    with pytest.raises(StudioError) as caught:
        same_label(labels, wish)
    assert caught.value.code == "task.no-same-label"


def test_scores_are_brought_between_0_and_1(model, tmp_path):
    rows, _heard = encoded(model, tmp_path, "scores")
    assert rows.facts["scores"] == pytest.approx([0.0, 5.0])
    batch = PLUGIN.collator(PLUGIN.Config(), rows)([rows.splits["train"][at] for at in range(8)])
    assert {round(value, 2) for value in batch["labels"]["values"].tolist()} <= {0.0, 0.33, 0.67, 1.0}
    assert rows.targets("train")[:8] == pytest.approx((5 * batch["labels"]["values"]).tolist(), abs=1e-3)


# --- backbones


def test_pooling_is_that_of_the_backbone_or_as_wished(model, tmp_path):
    import shutil

    backbone = shutil.copytree(model, tmp_path / "cls")
    (backbone / "1_Pooling").mkdir()
    (backbone / "1_Pooling/config.json").write_text('{"pooling_mode_cls_token": true}')
    (backbone / "modules.json").write_text('[{"type": "sentence_transformers.models.Dense"}]')
    rows, heard = encoded(backbone, tmp_path, "pairs")
    assert rows.head == {"pool": "first"}
    assert "task.modules-left-out" in heard.codes()
    assert encoded(backbone, tmp_path, "pairs", pooling="mean")[0].head == {"pool": "mean"}
    assert encoded(model, tmp_path, "pairs")[0].head == {"pool": "mean"}


def test_a_decoder_reads_the_last_token_also_in_the_library(tmp_path):
    from sentence_transformers import SentenceTransformer
    from transformers import AutoTokenizer

    backbone = meanings.decoder(tmp_path / "gpt2")
    tokenizer = AutoTokenizer.from_pretrained(backbone)
    tokenizer.padding_side = "left"
    tokenizer.save_pretrained(backbone)
    rows, _heard = encoded(backbone, tmp_path, "pairs", pooling="last")
    PLUGIN.save(PLUGIN.build(backbone, rows), rows, backbone, tmp_path / "model", PLUGIN.HEAD)
    settings = read_json(tmp_path / "model/tlstudio.json")
    assert Head.of(settings).pool == "last"
    texts = ["red dog", "blue", "green house tree sun"]
    answers = Predictor(tmp_path / "model").predict([{"text": text} for text in texts])
    library = SentenceTransformer(str(tmp_path / "model"), device="cpu")
    assert np.abs(library.encode(texts) - np.array([answer["embedding"] for answer in answers])).max() < 1e-5
    assert Predictor(tmp_path / "model").predict([{"text": ""}])[0]["kind"] == "embedding"


@pytest.mark.parametrize("config", [{"model_type": "t5", "is_encoder_decoder": True, "vocab_size": 9},
                                    {"model_type": "vit"}, {"model_type": "nothing", "vocab_size": 3}])  # fmt: skip
def test_backbones_that_read_no_texts_are_refused(config):
    problem = PLUGIN.fits(config)
    assert problem is not None
    assert problem.where == "model.name"


def test_missing_weights_are_noticed(model, tmp_path):
    import shutil

    from safetensors.torch import load_file, save_file

    broken = shutil.copytree(model, tmp_path / "broken")
    weights = load_file(broken / "model.safetensors")
    del weights["encoder.layer.1.output.dense.weight"]
    save_file(weights, broken / "model.safetensors", {"format": "pt"})
    rows, _heard = encoded(model, tmp_path, "pairs")
    with pytest.raises(StudioError) as caught:
        PLUGIN.build(broken, rows)
    assert caught.value.code == "model.cannot-load"


@pytest.mark.slow
def test_names_of_emojis_find_their_translation(assets, starter, tmp_path):
    """German names find the English ones among 383: MiniLM, which has read little German, before and after."""
    import csv

    def names(language):
        with open(assets / f"data/text/emoji_names/{language}.csv", encoding="utf-8") as stream:
            return {row["hexcode"]: row["text"] for row in csv.DictReader(stream)}

    german, english = names("de"), names("en")
    pairs = [(german[code], english[code]) for code in german if code in english]
    data = whole.write(tmp_path / "emojis.csv", ["sentence1", "sentence2"], pairs)
    found = whole.good(whole.run(
        PLUGIN.NAME, starter, data, tmp_path, options={"max_length": 32}, export=["sentence-transformers"],
        training={"epochs": 3, "batch_size": 64, "learning_rate": 2e-4, "precision": "fp32"},
    ))  # fmt: skip
    reached = found.results["test"]["metrics"]["recall_at_1"]
    before = {entry["name"]: entry["metrics"]["recall_at_1"]["value"] for entry in found.results["baselines"]}
    print(f"recall at 1: {reached}, before: {before}")
    assert reached["low"] > before["untrained"] + 0.1
    assert found.results["exports"][0]["parity"]["status"] == "passed"
