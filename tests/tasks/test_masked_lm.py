"""Masked language modelling: masks, what is guessed for them, and the backbone that comes out of it."""

from __future__ import annotations

import numpy as np
import pytest

from tests import tiny
from tests.tasks import models, speech, whole
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.labelled import require
from tlstudio.models.scorers import TorchScorer, score
from tlstudio.models.tokenizers import load_tokenizer
from tlstudio.pipeline.predict import Predictor
from tlstudio.tasks.base import EncodeJob
from tlstudio.tasks.masked_lm import PLUGIN, _Cutter, _Masks

TRAINING = {**whole.TRAINING, "epochs": 25, "batch_size": 4, "learning_rate": 5e-3}
OPTIONS = {"max_length": 32}


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    return models.word_bert(tmp_path_factory.mktemp("bert"), speech.CIRCLE)


@pytest.fixture(scope="module")
def found(tmp_path_factory, bert):
    folder = tmp_path_factory.mktemp("masked")
    with tiny.own_home(folder / "home"):
        yield whole.good(
            whole.run(PLUGIN.NAME, bert, speech.echo_file(folder), folder, options=OPTIONS, training=TRAINING,
                      export=["safetensors"])
        )  # fmt: skip


def encoded(model, path, **options):
    rows = require(DataSection(path=str(path)), silent, Control(), PLUGIN.ROLES)
    return PLUGIN.encode(EncodeJob(PLUGIN.Config(**options), rows, model, silent, Control()))


# --- the run


def test_hidden_words_are_guessed_from_the_others(found):
    metrics = found.results["test"]["metrics"]
    baselines = {entry["name"]: entry["metrics"] for entry in found.results["baselines"]}
    assert metrics["perplexity"]["value"] < 3 < baselines["unigram"]["perplexity"]["value"]
    assert metrics["masked_accuracy"]["value"] > 0.6 > baselines["unigram"]["masked_accuracy"]["value"]
    assert baselines["untrained"]["perplexity"]["value"] > 20
    assert found.results["headline"] == "perplexity"


def test_samples_show_masks_and_guesses(found):
    samples = found.results["test"]["samples"]
    assert samples["kind"] == "masked"
    assert 1 <= len(samples["items"]) <= 10
    for item in samples["items"]:
        assert item["text"].count("[MASK]") == len(item["words"]) > 0
        for word in item["words"]:
            chances = [chance for _token, chance in word["guesses"]]
            assert chances == sorted(chances, reverse=True)
            assert len(chances) == 5
            assert word["truth"] in speech.CIRCLE
    columns = found.predictions()
    right = sum(int(text.split(" / ")[0]) for text in columns["predicted"])
    total = sum(int(text.split(" / ")[1]) for text in columns["label"])
    assert right / total == pytest.approx(found.results["test"]["metrics"]["masked_accuracy"]["value"])


def test_gaps_are_filled(found):
    texts = ["three three [MASK] three three three", "seven <mask> seven [MASK] seven seven seven", "seven"]
    answers = Predictor(found.folder).predict([{"text": text} for text in texts])
    assert [len(answer["masks"]) for answer in answers] == [1, 2, 0]
    assert answers[0]["kind"] == "fill"
    assert answers[0]["text"] == texts[0]
    best = [guesses[0]["token"] for answer in answers for guesses in answer["masks"]]
    assert best == ["three", "seven", "seven"]
    assert len(answers[0]["masks"][0]) == 10
    lines = whole.script(found.folder / "exports/safetensors", *texts[:2])
    assert [line.split()[0] for line in lines] == ["three", "seven"]
    first = answers[0]["masks"][0][0]
    assert float(lines[0].split()[1]) == pytest.approx(first["probability"], abs=1e-3)


def test_the_export_and_a_later_one_compare_losses(found):
    [entry] = found.results["exports"]
    assert entry["parity"]["status"] == "passed"
    columns = found.predictions()
    proofs = PLUGIN.proofs(found.folder / "model", [{"text": text} for text in columns["text"]])
    table = np.stack(score(TorchScorer(found.folder / "model"), proofs))
    assert np.exp(-table[:, 0] / table[:, 1]).tolist() == pytest.approx(columns["score"], rel=1e-4)


def test_the_result_is_a_backbone(found, tmp_path):
    """A text classifier learns with it, and starts from its weights."""
    from transformers import AutoModelForMaskedLM

    data = tmp_path / "sides.csv"
    rows = [(text, "early" if text.split()[0] in speech.CIRCLE[:4] else "late") for text in speech.circles()]
    whole.write(data, ["text", "label"], rows)
    model = found.folder / "model"
    task = tiny.task()
    made = tiny.encode(model, data)
    adapted = AutoModelForMaskedLM.from_pretrained(model).bert.encoder.state_dict()
    start = task.build(model, made).bert.encoder.state_dict()
    assert all((start[name] == value).all() for name, value in adapted.items())
    quick = whole.run("text-classification", model, data, tmp_path, strategy={"name": "linear-probe"},
                      training={**whole.TRAINING, "epochs": 3})  # fmt: skip
    assert whole.good(quick).settings["task"] == "text-classification"


# --- masks


def test_training_masks_are_new_each_time_and_the_others_fixed(bert, tmp_path):
    import torch

    made = encoded(bert, speech.circle_file(tmp_path), max_length=32)
    tokenizer, collate = load_tokenizer(bert), PLUGIN.collator(PLUGIN.Config(), made)
    rows = [made.splits["train"][at] for at in range(20)]
    torch.manual_seed(1)
    first, second = collate(rows), collate(rows)
    torch.manual_seed(1)
    again = collate(rows)
    assert not torch.equal(first["labels"], second["labels"])
    assert all(torch.equal(first[name], again[name]) for name in first)
    for row, ids, labels in zip(rows, first["input_ids"], first["labels"], strict=True):
        chosen = labels.ne(-100)
        whole_row = torch.tensor(row["input_ids"])
        assert chosen.sum() == max(1, round(0.15 * (len(whole_row) - 2)))
        assert torch.equal(labels[chosen], whole_row[chosen[: len(whole_row)]])
        assert torch.equal(ids[: len(whole_row)][~chosen[: len(whole_row)]], whole_row[~chosen[: len(whole_row)]])
    test = made.splits["test"]
    assert test["input_ids"] == encoded(bert, tmp_path / "circles.txt", max_length=32).splits["test"]["input_ids"]
    for row in test:
        places = [at for at, label in enumerate(row["labels"]) if label != -100]
        assert places
        assert all(row["input_ids"][at] == tokenizer.mask_token_id for at in places)


def test_of_the_chosen_tokens_most_are_masked(bert):
    masks, words = _Masks(load_tokenizer(bert), 0.5), list(range(1000))
    ids = [10] * 1000
    [row] = masks.drawn([{"input_ids": ids, "words": words}])
    chosen = row["labels"] != -100
    masked, kept = (row["input_ids"][chosen] == 4).mean(), (row["input_ids"][chosen] == 10).mean()
    assert chosen.sum() == 500
    assert masked == pytest.approx(0.8, abs=0.06)
    assert kept == pytest.approx(0.1, abs=0.05)


def test_whole_words_are_masked_together(tmp_path, tiny_model):
    tokenizer = load_tokenizer(tiny_model)
    cutter = _Cutter(tokenizer, 64, True, tiny_model)
    [(ids, words)] = cutter.parts("parcel zzyzx help qqq", Control())
    tokens = tokenizer.convert_ids_to_tokens(ids)
    assert tokens[0] == "[CLS]"
    assert [word for token, word in zip(tokens, words, strict=True) if token.startswith("##")]
    for seed in range(5):
        chosen = _Masks(tokenizer, 0.3)._chosen(words, np.random.default_rng(seed))
        for number in set(words) - {-1}:
            places = [at for at, word in enumerate(words) if word == number]
            assert len({bool(chosen[at]) for at in places}) == 1
    made = encoded(tiny_model, speech.circle_file(tmp_path), whole_words=True, share=0.3)
    assert made.key != encoded(tiny_model, tmp_path / "circles.txt", share=0.3).key
    assert made.facts == {"share": 0.3, "whole_words": True}
    batch = PLUGIN.collator(PLUGIN.Config(whole_words=True), made)([made.splits["train"][0]])
    assert batch["labels"].ne(-100).any()


def test_long_texts_are_divided_and_nothing_is_lost(bert, tmp_path):
    made = encoded(bert, speech.circle_file(tmp_path), max_length=8)
    train = made.splits["train"]
    assert max(train["length"]) == 8
    tokens = sum(length - 2 for length in train["length"])
    rows = require(DataSection(path=str(tmp_path / "circles.txt")), silent, Control(), ("text",)).splits["train"]
    assert tokens == sum(len(text.split()) for text in rows.texts("text"))


# --- what fits


@pytest.mark.parametrize(
    ("kind", "fits"), [("bert", True), ("distilbert", True), ("gpt2", False), ("llama", False), ("t5", False)]
)
def test_only_encoders(kind, fits):
    problem = PLUGIN.fits({"model_type": kind})
    assert (problem is None) == fits
    assert fits or "RoBERTa" in problem.remedy
    assert PLUGIN.fits({"model_type": "bart", "is_encoder_decoder": True}).code == "task.no-encoder"


def test_a_tokenizer_without_a_mask(tmp_path):
    gpt2 = models.byte_gpt2(tmp_path / "gpt2", speech.vocabulary())
    with pytest.raises(StudioError) as caught:
        encoded(gpt2, speech.circle_file(tmp_path))
    assert caught.value.code == "task.no-mask"


def test_cancelled_while_tokens_are_made(bert, tmp_path):
    from tlstudio.core.errors import Cancelled

    rows, control = (
        require(DataSection(path=str(speech.circle_file(tmp_path))), silent, Control(), ("text",)),
        Control(),
    )
    control.cancel()
    with pytest.raises(Cancelled):
        PLUGIN.encode(EncodeJob(PLUGIN.Config(), rows, bert, silent, control))
