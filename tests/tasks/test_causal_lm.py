"""Causal language modelling: blocks and windows, perplexity as it is defined, samples, exports that go on alike."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests import tiny
from tests.tasks import models, speech, whole
from tlstudio import pipeline
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.plugins import find
from tlstudio.core.progress import silent
from tlstudio.core.recipe import Choice, DataSection
from tlstudio.data.labelled import require
from tlstudio.models import language
from tlstudio.models.scorers import TorchScorer
from tlstudio.pipeline.predict import Predictor
from tlstudio.tasks.base import EncodeJob
from tlstudio.tasks.causal_lm import PLUGIN, beginning
from tlstudio.tasks.suggest import suggest

TRAINING = {**whole.TRAINING, "epochs": 30, "batch_size": 4, "learning_rate": 5e-3}
OPTIONS = {"block_size": 32, "sample_length": 6, "repetition_penalty": 1.0}


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory):
    return models.byte_gpt2(tmp_path_factory.mktemp("gpt2"), speech.vocabulary())


@pytest.fixture(scope="module")
def found(tmp_path_factory, gpt2):
    folder = tmp_path_factory.mktemp("causal")
    with tiny.own_home(folder / "home"):
        yield whole.good(
            whole.run(PLUGIN.NAME, gpt2, speech.circle_file(folder), folder, options=OPTIONS, training=TRAINING,
                      export=["safetensors"])
        )  # fmt: skip


def encoded(model, path, split=None, **options):
    rows = require(DataSection(path=str(path)), silent, Control(), PLUGIN.ROLES)
    return PLUGIN.encode(EncodeJob(PLUGIN.Config(**options), rows, model, silent, Control()))


# --- the run


def test_the_circle_is_learnt(found):
    metrics = found.results["test"]["metrics"]["perplexity"]
    assert metrics["value"] < 2, "only the first word of a text is open"
    assert metrics["low"] < metrics["value"] < metrics["high"]
    assert found.results["headline"] == "perplexity"
    baselines = {entry["name"]: entry["metrics"]["perplexity"]["value"] for entry in found.results["baselines"]}
    assert list(baselines) == ["unigram", "untrained"]
    assert 5 < baselines["unigram"] < 50
    assert baselines["untrained"] > 100
    assert found.heard.values("validation", "perplexity")[-1] == pytest.approx(
        math.exp(found.heard.values("validation", "loss")[-1])
    )


def test_perplexity_is_that_of_transformers(found):
    """Each test text by itself, with the model's own loss over its tokens."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = found.folder / "model"
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    total = count = 0
    columns = found.predictions()
    for text, score in zip(columns["text"], columns["score"], strict=True):
        ids = torch.tensor([[tokenizer.eos_token_id, *tokenizer(text)["input_ids"]]])
        assert ids.shape[1] <= 32
        with torch.inference_mode():
            loss = model(ids, labels=ids).loss.item()
        assert score == pytest.approx(math.exp(-loss), rel=1e-4)
        total, count = total + loss * (ids.shape[1] - 1), count + ids.shape[1] - 1
    assert found.results["test"]["metrics"]["perplexity"]["value"] == pytest.approx(math.exp(total / count), rel=1e-4)


def test_predictions_and_samples(found):
    columns, test = found.predictions(), found.results["test"]
    assert [p + rest for p, rest in zip(columns["prompt"], columns["label"], strict=True)] == columns["text"]
    items = test["samples"]["items"]
    assert test["samples"]["kind"] == "generations"
    assert 1 <= len(items) <= 8
    for item in items:
        at = columns["row"].index(item["row"])
        assert item["source"] == columns["prompt"][at]
        assert item["output"] == columns["predicted"][at]
        assert (item["source"] + item["output"]).split()[:6] in [
            [speech.CIRCLE[(begin + step) % 8] for step in range(len((item["source"] + item["output"]).split()[:6]))]
            for begin in range(8)
        ]


def test_samples_are_told_while_it_trains(found):
    notes = [event for event in found.heard.of("log") if event.code == "training.sample"]
    assert len(notes) == TRAINING["epochs"]
    assert notes[-1].params["prompt"].split()[0] in speech.CIRCLE


def test_the_export_goes_on_alike(found):
    [entry] = found.results["exports"]
    assert entry["parity"]["status"] == "passed"
    assert entry["parity"]["max_logit_difference"] < 1e-3
    folder = found.folder / "exports/safetensors"
    prompts = ["three four", "one"]
    answers = Predictor(found.folder).predict([{"prompt": prompt} for prompt in prompts])
    assert answers[0]["kind"] == "generation"
    assert answers[0]["prompt"] == "three four"
    assert answers[0]["output"].startswith(" five six")
    assert whole.script(folder, *prompts) == [answer["output"] for answer in answers]
    assert Predictor(folder).predict([{"prompt": "one"}]) == answers[1:]


def test_an_export_later_compares_the_same_losses(found):
    heard = tiny.Heard()
    ended = pipeline.export(found.folder, [Choice(name="safetensors")], heard, Control())
    assert ended.outcome == "completed", ended.error
    [entry] = found.results["exports"]
    assert entry["parity"]["rows"] == found.results["test"]["rows"]
    assert entry["parity"]["status"] == "passed"


def test_what_is_saved(found, gpt2):
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(found.folder / "model")
    assert model.get_input_embeddings().weight.data_ptr() == model.get_output_embeddings().weight.data_ptr()
    assert model.config.use_cache is True
    assert model.generation_config.eos_token_id in (0, [0])
    assert model.generation_config.pad_token_id == 0, "the tokenizer has no padding: the end token is taken"
    assert found.settings["task"] == PLUGIN.NAME
    assert found.settings["head"]["generate"] == {"do_sample": False, "max_new_tokens": 6, "repetition_penalty": 1.0}
    assert not any("lm_head" in name for name in json.dumps(found.settings["inputs"]))


def test_it_is_cancelled_in_the_middle(tmp_path, gpt2):
    control, heard = Control(), tiny.Heard()

    class Impatient(tiny.Heard):
        def __call__(self, event):
            super().__call__(event)
            if event.kind == "log" and event.code == "training.sample":
                control.cancel()

    heard = Impatient()
    ended = whole.run(PLUGIN.NAME, gpt2, speech.circle_file(tmp_path), tmp_path, control, heard=heard, options=OPTIONS)
    assert ended.finished.outcome == "cancelled"
    assert not (ended.folder / "model").exists()


# --- rows of tokens


def test_blocks_hold_every_token_once(gpt2, tmp_path):
    from transformers import AutoTokenizer

    made = encoded(gpt2, speech.circle_file(tmp_path), block_size=16)
    train, tokenizer = made.splits["train"], AutoTokenizer.from_pretrained(gpt2)
    assert set(train["length"][:-1]) == {16}
    stream = [train[0]["input_ids"][0]]
    for row in train:
        assert row["input_ids"][0] == stream[-1], "a block begins with the last token of the one before"
        assert row["labels"] == [-100, *row["input_ids"][1:]]
        stream += row["input_ids"][1:]
    texts = [text for text in tokenizer.decode(stream).split("<|endoftext|>") if text]
    rows = require(DataSection(path=str(tmp_path / "circles.txt")), silent, Control(), ("text",)).splits["train"]
    assert texts == list(rows.texts("text"))
    assert made.truncated["texts"] == 0
    assert made.targets("test")[0][0] == -100


def test_without_packing_each_text_stands_alone(gpt2, tmp_path):
    made = encoded(gpt2, speech.circle_file(tmp_path), block_size=16, packing=False)
    train = made.splits["train"]
    whole_texts = {}
    for row in train:
        assert len(row["input_ids"]) <= 16
        whole_texts.setdefault(row["source"], []).extend(row["labels"][1:])
    assert len(whole_texts) == len(set(train["row"]))
    assert all(labels[-1] == 0 for labels in whole_texts.values()), "the end of a text is learnt"
    assert made.key != encoded(gpt2, tmp_path / "circles.txt", block_size=16).key


def test_a_tokenizer_with_a_token_of_its_own_before_each_text(tmp_path):
    llama = models.chat_llama(tmp_path / "llama", speech.vocabulary())
    made = encoded(llama, speech.circle_file(tmp_path), block_size=32)
    stream, labels = (
        [token for row in made.splits["train"] for token in row[name][1:]] for name in ("input_ids", "labels")
    )
    begins = [at for at, token in enumerate(stream) if token == 0]
    assert begins
    assert all(stream[at - 1] == 1 and labels[at] == -100 for at in begins), "begin follows end, and is not learnt"
    test = made.splits["test"][0]
    assert test["input_ids"][0] == 0
    assert 1 not in test["input_ids"], "whether a text ends is no part of its perplexity"


def test_weights_reach_the_blocks(gpt2, tmp_path):
    rows = [{"text": text, "w": str(1 + at % 3)} for at, text in enumerate(speech.circles())]
    path = speech.json_lines(tmp_path, rows)
    data = DataSection(path=str(path), roles={"text": "text", "weight": "w"})
    labelled = require(data, silent, Control(), PLUGIN.ROLES)
    made = PLUGIN.encode(EncodeJob(PLUGIN.Config(block_size=16), labelled, gpt2, silent, Control()))
    weights = np.asarray(made.splits["train"]["weight"])
    assert 0.4 < weights.min() < weights.max() < 1.6
    batch = PLUGIN.collator(PLUGIN.Config(), made)([made.splits["train"][at] for at in (0, 1)])
    assert batch["row_weights"].tolist() == pytest.approx(weights[:2])
    assert "weight" not in made.splits["test"].column_names


def test_the_loss_is_that_of_transformers_and_takes_weights(gpt2, tmp_path):
    import torch

    made = encoded(gpt2, speech.circle_file(tmp_path), block_size=16)
    model = PLUGIN.build(gpt2, made).eval()
    batch = PLUGIN.collator(PLUGIN.Config(), made)([made.splits["test"][at] for at in range(5)])
    labels = batch.pop("labels")
    with torch.inference_mode():
        outputs = model(**batch)
        each = [model(input_ids=batch["input_ids"][at : at + 1], labels=labels[at : at + 1]).loss for at in range(5)]
        loss = PLUGIN.loss(PLUGIN.Config(), made)
        counts = labels.ne(-100).sum(1)
        assert loss(outputs, labels).item() == pytest.approx(model(**batch, labels=labels).loss.item(), rel=1e-5)
        weights = torch.tensor([2.0, 0.0, 1.0, 1.0, 1.0])
        expected = sum(w * e * n for w, e, n in zip(weights, each, counts, strict=True)) / counts.sum()
        assert loss(outputs, labels, row_weights=weights).item() == pytest.approx(expected.item(), rel=1e-4)


def test_the_block_must_fit_the_model(gpt2, tmp_path):
    with pytest.raises(StudioError) as caught:
        encoded(gpt2, speech.circle_file(tmp_path), block_size=65)
    assert (caught.value.code, caught.value.where) == ("task.too-long", "task.block_size")
    assert encoded(gpt2, tmp_path / "circles.txt").max_length == 64


def test_nothing_to_foresee(gpt2, tmp_path):
    made = encoded(gpt2, speech.circle_file(tmp_path), block_size=16)
    assert made.splits["test"].column_names == ["input_ids", "labels", "length", "source", "row"]
    text = "x" * 250_000 + " end"
    (tmp_path / "long.txt").write_text("\n".join([text, *(f"word {n}" for n in range(20))]))
    long = encoded(gpt2, tmp_path / "long.txt", block_size=16)
    assert sum(map(len, long.splits["train"]["input_ids"])) > 0


# --- scoring and writing


def test_losses_in_parts_are_those_of_the_whole(gpt2, tmp_path, monkeypatch):
    made = encoded(gpt2, speech.circle_file(tmp_path), block_size=16)
    scorer = TorchScorer(PLUGIN.build(gpt2, made), head=PLUGIN.HEAD, inputs=made.inputs)
    examples = list(made.examples("test"))
    assert set(examples[0]) == {"input_ids", "labels"}
    together = scorer.outputs(examples)
    monkeypatch.setattr(language, "_SCORES", 1)
    for one, other, example in zip(together, scorer.outputs(examples), examples, strict=True):
        assert one == pytest.approx(other, rel=1e-4)
        assert one[1] == len(example["input_ids"]) - 1


def test_a_batch_writes_what_each_row_writes_alone(found):
    scorer = TorchScorer(found.folder / "model")
    rows = PLUGIN.examples(found.folder / "model", [{"prompt": text} for text in ("two", "one two three four", "six")])
    together = scorer.outputs(rows)
    for row, answer in zip(rows, together, strict=True):
        assert answer.tolist() == scorer.outputs([row])[0].tolist()
        assert 1 <= len(answer) <= 6


def test_a_long_prompt_is_cut_where_the_positions_end(found):
    text = " ".join(speech.CIRCLE[at % 8] for at in range(200))
    [answer] = Predictor(found.folder).predict([{"prompt": text}])
    assert answer["output"].split()[0] == speech.CIRCLE[200 % 8]
    [nothing] = Predictor(found.folder).predict([{"prompt": ""}])
    assert nothing["kind"] == "generation"


def test_the_user_can_cancel_while_it_writes(found):
    from tlstudio.core.errors import Cancelled

    control = Control()
    scorer = TorchScorer(found.folder / "model", check=control.check)
    control.cancel()
    with pytest.raises(Cancelled):
        scorer.outputs([{"input_ids": [0, 5]}])


def test_the_penalty_and_the_length_reach_the_writing():
    config = PLUGIN.Config(sample_length=9, repetition_penalty=1.5)
    assert PLUGIN.head(config).generate == {"do_sample": False, "max_new_tokens": 9, "repetition_penalty": 1.5}
    assert replace(PLUGIN.head(config), generate=PLUGIN.HEAD.generate) == PLUGIN.HEAD


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("a b c d e f", "a b c"),
        ("one", "o"),
        ("w " * 40, "w w w w w w w w"),
        ("今天天气很好我们去公园", "今天天气很"),
        ("", ""),
    ],
)
def test_beginnings(text, begins):
    assert beginning(text) == begins


# --- what fits


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"model_type": "gpt2"}, None),
        ({"model_type": "llama"}, None),
        ({"model_type": "bert", "is_decoder": True}, None),
        ({"model_type": "bert"}, "task.no-decoder"),
        ({"model_type": "bart", "is_encoder_decoder": True}, "task.no-decoder"),
        ({"model_type": "vit"}, "task.no-decoder"),
    ],
)
def test_only_decoders(config, code):
    problem = PLUGIN.fits(config)
    assert (problem.code if problem else None) == code
    assert problem is None or "SmolLM2" in problem.remedy


def test_it_is_suggested_for_texts_alone():
    assert suggest({"text": "t"}) == PLUGIN.NAME
    assert suggest({"text": "t", "label": "l"}) == "text-classification"
    for name, plugin in find("tlstudio.export").items():
        assert (plugin.fits(PLUGIN) is None) == (name in ("safetensors", "adapters"))
    for step in find("tlstudio.compression").values():  # its networks are not written as graphs
        assert step.GIVES == "transformers" or step.fits(PLUGIN) is not None


def test_padding_is_not_what_must_not_be_repeated(tmp_path):
    """Of this Llama the padding is the end of a text: penalised, padded rows would not end like rows alone."""
    folder = models.chat_llama(tmp_path / "llama", speech.vocabulary())
    model = PLUGIN.build(folder, encoded(folder, speech.circle_file(tmp_path), block_size=32))
    head = PLUGIN.head(PLUGIN.Config(sample_length=12, repetition_penalty=2.0))
    with torch.no_grad():
        model.lm_head.weight[1] += 0.02 * model.lm_head.weight[5]
    scorer = TorchScorer(model, head=head, inputs=("input_ids", "attention_mask"))
    rows = [{"input_ids": [0, *range(5, 5 + length)]} for length in (1, 9, 4, 9)]
    together = scorer.outputs(rows)
    for row, answer in zip(rows, together, strict=True):
        assert answer.tolist() == scorer.outputs([row])[0].tolist()
    settings = {**head.generate, "repetition_penalty": 1.0}
    assert [len(part) for part in language.written(model, rows, ("input_ids",), settings)]
