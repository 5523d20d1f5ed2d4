"""Token classification: words and their tokens, windows, entities, and the way to an export."""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import replace

import numpy as np
import pytest

from tests import forked, tiny
from tests.tasks import models, tagging
from tlstudio import pipeline
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.paths import resource
from tlstudio.core.progress import silent
from tlstudio.core.recipe import Choice, DataSection, from_dict
from tlstudio.data.labelled import require
from tlstudio.models.batches import IGNORED
from tlstudio.models.tokenizers import load_tokenizer
from tlstudio.pipeline.predict import Predictor
from tlstudio.tasks import tagged, words
from tlstudio.tasks import token_classification as module
from tlstudio.tasks.base import EncodeJob, TestJob

TASK = module.PLUGIN
TEXT = "Clara Zed7 saw Oslo, and then anna Zed. slept."


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    return models.word_bert(tmp_path_factory.mktemp("bert"), tagging.WORDS)


def recipe(model, data, **changes):
    return from_dict({
        "model": {"source": "folder", "name": str(model)},
        "data": data,
        "task": {"name": TASK.NAME, "max_length": 16, "stride": 6},
        "strategy": {"name": "full-fine-tuning", "hidden_dropout": 0.0},
        "training": {"epochs": 4, "batch_size": 8, "learning_rate": 5e-3, "threads": 1, "precision": "fp32",
                     "patience": 0},
        "evaluate": {"bootstrap": 100},
        "export": [],
        **changes,
    })  # fmt: skip


@pytest.fixture(scope="module")
def done(backbone, tmp_path_factory):
    """A whole run over sentences of which most need several windows."""
    base, heard = tmp_path_factory.mktemp("names"), tiny.Heard()
    wish = recipe(backbone, tagging.section(base), compress=["dynamic-int8"], export=["onnx"])
    with tiny.own_home(base / "home"):
        finished = pipeline.run(wish, base / "run", heard, Control())
    assert finished.outcome == "completed", finished.error
    return base / "run", json.loads((base / "run/results.json").read_text()), heard


def encoded(backbone, path, split_options=None, **options):
    section = DataSection.model_validate({"path": str(path), **(split_options or {})})
    rows = require(section, silent, Control(), TASK.ROLES)
    heard = tiny.Heard()
    job = EncodeJob(TASK.Config(**options), rows, backbone, heard, Control())
    return TASK.encode(job), rows, heard


def alike(tokens, tags, count=8, last="O"):
    """Rows that differ in a number at their end; copies would all come into the same split."""
    return [([*tokens, str(at)], [*tags, last]) for at in range(count)]


# --- words and windows


@pytest.mark.parametrize(("text", "expected"), [
    ("Mr. O'Neil's well-known U.S. shop: 3,000.50 at 12:30!", ["Mr", ".", "O'Neil's", "well-known", "U.S.", "shop", ":",
                                                            "3,000.50", "at", "12:30", "!"]),
    ("我住在北京。", ["我", "住", "在", "北", "京", "。"]),
    ("हिन्दी में, ``yes''", ["हिन्दी", "में", ",", "`", "`", "yes", "'", "'"]),
    ("«Größe» 5€ 😀a_b", ["«", "Größe", "»", "5", "€", "😀", "a_b"]),
    ("  ", []),
])  # fmt: skip
def test_texts_fall_into_words_with_their_places(text, expected):
    sentence = words.split(text)
    assert sentence.words == expected
    assert [text[begin:end] for begin, end in sentence.spans] == expected


def kinds_of_tokenizers(folder):
    texts = [" ".join(tokens) for tokens, _tags in tagging.sentences(40)]
    return models.word_bert(folder / "bert", tagging.WORDS), models.byte_gpt2(folder / "gpt2", texts)


def test_each_word_is_answered_once_at_its_first_token(tmp_path):
    draw = random.Random(3)
    sentences = [tagging.sentence(draw, count)[0] for count in (1, 9, 40, 70)]
    for folder in kinds_of_tokenizers(tmp_path):
        tokenizer = load_tokenizer(folder)
        found = list(words.windows(tokenizer, sentences, 12, 4))
        assert [window.source for window in found] == sorted(window.source for window in found)
        for source, sentence in enumerate(sentences):
            windows = [window for window in found if window.source == source]
            answered = [word for window in windows for word in window.words if word != words.NONE]
            assert answered == list(range(len(sentence)))
            for window in windows:
                assert len(window.ids) <= 12
                for place, word in enumerate(window.words):
                    if word == words.NONE:
                        continue
                    text = tokenizer.decode([window.ids[place]]).strip().removeprefix("##")
                    assert sentence[word].lower().startswith(text.lower())
                    assert place == 0 or window.parts[place - 1] != word


def test_a_word_in_two_windows_is_answered_where_it_has_most_context(backbone):
    tokenizer = load_tokenizer(backbone)
    sentence = ["went"] * 24  # one token a word: 10 of them, then those from the seventh on
    first, second, *_rest = words.windows(tokenizer, [sentence], 12, 4)
    assert [word for word in first.words if word != words.NONE] == list(range(8))
    assert first.parts[1:11] == list(range(10))
    assert second.parts[1:11] == list(range(6, 16))
    assert second.words[3] == 8


def test_odd_words(backbone, tmp_path):
    tokenizer = load_tokenizer(backbone)
    [window] = words.windows(tokenizer, [["anna", "\u200b", "old town", "", "Zed."]], 32, 4)
    answered = [word for word in window.words if word != words.NONE]
    assert answered == [0, 2, 4], "the tokenizer makes nothing of the others"
    [nothing] = words.windows(tokenizer, [[]], 32, 4)
    assert nothing.ids == [2, 3]
    byte = load_tokenizer(models.byte_gpt2(tmp_path, ["went to"]))
    [nothing] = words.windows(byte, [[]], 32, 4)
    assert nothing.ids == [byte.pad_token_id]


def test_parts_of_words_learn_as_wished(backbone, tmp_path):
    path = tagging.write(tmp_path / "rows.jsonl", alike(["anna", "Zed."], ["B-PER", "I-PER"]))
    for everywhere, learnt in ((False, 3), (True, 6)):
        found, _rows, _heard = encoded(backbone, path, label_all=everywhere)
        row = found.splits["train"][0]
        assert sum(label != IGNORED for label in row["labels"]) == learnt
        names = [found.labels[label] for label in row["labels"] if label != IGNORED]
        assert names == (["B-PER", *["I-PER"] * 4, "O"] if everywhere else ["B-PER", "I-PER", "O"])
        assert row["words"][0] == row["words"][-1] == words.NONE
        assert len(row["input_ids"]) == row["length"] == 8


def test_length_and_overlap_make_the_windows(backbone, tmp_path):
    path = tagging.write(tmp_path / "rows.jsonl", tagging.sentences(20))
    plain, _rows, heard = encoded(backbone, path, max_length=16, stride=0)
    more, _rows, _heard = encoded(backbone, path, max_length=16, stride=500)
    assert more.facts["stride"] == 7, "half of the room"
    assert len(more.splits["train"]) > len(plain.splits["train"])
    assert max(more.splits["train"]["length"]) == 16
    assert plain.key != more.key
    assert plain.truncated == {"texts": 0, "share": 0.0, "tokens_lost": 0, "max_length": 16}
    assert "task.windows" in heard.codes()
    assert sum(label != IGNORED for row in more.splits["train"] for label in row["labels"]) == sum(
        label != IGNORED for row in plain.splits["train"] for label in row["labels"]
    ), "each word is learnt once"
    again, _rows, _heard = encoded(backbone, path, max_length=16, stride=500)
    assert again.key == more.key
    with pytest.raises(StudioError) as caught:
        encoded(backbone, path, max_length=100)
    assert caught.value.code == "task.too-long"


def test_weights_of_rows_reach_the_loss(backbone, tmp_path):
    import torch

    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({"tokens": ["anna", str(at)], "tags": ["B-PER", "O"], "w": str(1 + at % 2)})
                            + "\n" for at in range(8)))  # fmt: skip
    found, _rows, _heard = encoded(backbone, path, {"roles": {"weight": "w"}})
    batch = TASK.collator(TASK.Config(), found)([found.splits["train"][at] for at in range(4)])
    assert batch["input_ids"].shape == batch["labels"].shape == (4, 8)
    logits = torch.randn(4, 8, 2, generator=torch.Generator().manual_seed(0))
    outputs = type("Outputs", (), {"logits": logits})
    loss = TASK.loss(TASK.Config(), found)
    known = batch["labels"] != IGNORED
    each = torch.nn.functional.cross_entropy(logits[known], batch["labels"][known], reduction="none")
    assert loss(outputs, batch["labels"]).item() == pytest.approx(each.mean().item(), rel=1e-5)
    weight = batch["row_weights"].repeat_interleave(2)
    assert loss(outputs, batch["labels"], batch["row_weights"]).item() == pytest.approx((each * weight).mean().item())


# --- tags


@pytest.mark.parametrize(("tags", "options", "scheme"), [
    (["B-PER", "I-PER", "O"], {}, "IOB2"), (["I-PER", "I-PER", "O"], {}, "IO"), (["U-PER", "B-X", "L-X"], {}, "BILOU"),
    (["nn", "vb", "."], {}, "tags"), (["B-PER", "I-PER", "O"], {"scheme": "tags"}, "tags"),
    (["I-PER", "B-PER", "O"], {}, "IOB1"),
])  # fmt: skip
def test_the_scheme_is_read_from_the_tags_or_chosen(backbone, tmp_path, tags, options, scheme):
    path = tagging.write(tmp_path / "rows.jsonl", alike(["anna", "oslo", "slept"], tags))
    found, _rows, heard = encoded(backbone, path, **options)
    assert found.facts["scheme"] == scheme
    assert ("task.tag-scheme" in heard.codes()) == (scheme != "tags")
    assert TASK.curves(found) == (("loss", "token_accuracy") if scheme == "tags" else TASK.QUICK)
    assert "task.broken-tags" not in heard.codes()


def test_broken_and_mixed_tags_are_told(backbone, tmp_path):
    rows = [*alike(["anna", "slept"], ["B-PER", "O"], 6), (["slept", "anna"], ["O", "I-PER"])]
    test = tagging.write(tmp_path / "test.jsonl", rows[:1])
    _found, _rows, heard = encoded(
        backbone, tagging.write(tmp_path / "rows.jsonl", rows), {"test": str(test), "split": {"validation": 0}}
    )
    [note] = [note for note in heard.of("log") if note.code == "task.broken-tags"]
    assert note.params | {"count": 1, "tag": "I-PER", "row": 7, "scheme": "IOB2"} == note.params
    mixed = tagging.write(tmp_path / "mixed.jsonl", alike(["a", "b", "c", "d"], ["B-PER", "I-PER", "B-LOC", "place"]))
    with pytest.raises(StudioError) as caught:
        encoded(backbone, mixed)
    assert (caught.value.code, caught.value.where) == ("data.mixed-tags", "data.roles.tags")


def test_a_tag_that_no_training_row_has_is_an_error_of_the_model(backbone, tmp_path):
    train = tagging.write(tmp_path / "train.jsonl", alike(["anna", "slept"], ["NN", "VB"], last="VB"))
    test = tagging.write(tmp_path / "test.jsonl", [(["anna", "slept", "then"], ["NN", "VB", "RB"])])
    found, rows, _heard = encoded(backbone, train, {"test": str(test)})
    assert found.labels == ["NN", "VB"]
    outputs = [np.zeros((len(row["input_ids"]), 2), np.float32) for row in found.splits["test"]]
    outputs[0][1, 0] = outputs[0][2, 1] = 4.0
    assert TASK.measure(None, found, "test", outputs, 0.5) == {"loss": 0.5, "token_accuracy": pytest.approx(2 / 3)}
    job = TestJob(TASK.Config(), found, rows, "test", outputs, 10, 7, silent, Control())
    result = TASK.test(job).result
    assert result["headline"] == "token_accuracy"
    assert result["metrics"]["token_accuracy"]["value"] == pytest.approx(2 / 3)
    assert result["confusion"] == [[1, 0], [0, 1]]
    [error] = result["errors"]
    assert (error["text"], error["label"], error["predicted"]) == ("anna slept [then]", "RB", "NN")
    many = replace(found, labels=[str(at) for at in range(50)])
    wide = [np.zeros((5, 50), np.float32)]
    assert "confusion" not in TASK.test(replace(job, encoded=many, outputs=wide)).result


# --- backbones


def test_backbones_that_do_not_fit():
    assert TASK.fits({"model_type": "bert"}) is None
    assert TASK.fits({"model_type": "gpt2"}) is None
    assert TASK.fits({"model_type": "layoutlmv3"}).code == "task.needs-pages"
    assert TASK.fits({"model_type": "vit"}).code == "task.other-backbone"


def test_a_tokenizer_without_places_is_refused(backbone, tmp_path, monkeypatch):
    monkeypatch.setattr(type(load_tokenizer(backbone)), "is_fast", False)
    with pytest.raises(StudioError) as caught:
        encoded(backbone, tagging.write(tmp_path / "rows.jsonl", tagging.sentences(8)))
    assert caught.value.code == "task.no-offsets"


# --- a whole run


def test_the_run_learns_entities(done):
    folder, results, heard = done
    assert (results["headline"], results["unit"]) == ("entity_f1", "sentences")
    assert results["labels"] == ["B-LOC", "B-PER", "I-PER", "O"]
    test = results["test"]
    assert test["metrics"]["entity_f1"]["value"] >= 0.98
    assert {entry["label"] for entry in test["per_class"]} == {"LOC", "PER"}
    assert np.array(test["confusion"]).shape == (4, 4)
    [baseline] = results["baselines"]
    assert baseline["name"] == "most-frequent-tag"
    assert baseline["metrics"]["entity_f1"]["value"] < 0.98
    assert heard.values("validation", "entity_f1")[-1] >= 0.95
    items = test["samples"]["items"]
    assert test["samples"]["kind"] == "spans"
    assert len(items) == test["rows"] == 12
    assert {len(items[0][name]) for name in ("tokens", "labels", "predicted")} == {len(items[0]["tokens"])}
    assert "doctor.truncated" not in heard.codes(), "windows cut nothing"
    settings = json.loads((folder / "model/tlstudio.json").read_text())
    assert (settings["scheme"], settings["stride"], settings["max_length"]) == ("IOB2", 6, 16)
    assert settings["head"]["auto"] == "AutoModelForTokenClassification"


def test_the_predictions_have_the_numbers_of_seqeval(done):
    import pyarrow.parquet as pq
    from seqeval.metrics import f1_score
    from seqeval.scheme import IOB2

    folder, results, _heard = done
    table = pq.read_table(folder / "predictions.parquet").to_pylist()
    truth, guess = ([row[name].split(" ") for row in table] for name in ("label", "predicted"))
    found = f1_score(truth, guess, mode="strict", scheme=IOB2)
    assert results["test"]["metrics"]["entity_f1"]["value"] == pytest.approx(found)
    for row in table:
        right = [one == other for one, other in zip(row["label"].split(), row["predicted"].split(), strict=True)]
        assert row["score"] == pytest.approx(np.mean(right))
        assert row["text"] == " ".join(row["tokens"])
        assert 0 < row["confidence"] <= 1


def test_compressed_and_exported_models_answer_alike(done):
    _folder, results, _heard = done
    assert [entry["parity"]["status"] for entry in results["exports"]] == ["passed"]
    assert [stage["name"] for stage in results["stages"]] == ["trained", "1-dynamic-int8"]
    assert results["stages"][1]["agreement"] > 0.95
    assert "entity_f1" in results["stages"][1]["metrics"]


def test_new_rows_are_texts_or_words(done):
    folder, _results, _heard = done
    long = " ".join(["then", *["the old town of Rome and"] * 12, "slept"])
    rows = [{"text": TEXT}, {"tokens": ["clara", "Zed81", "slept"]}, {"text": ""}, {"text": long}]
    one, two, three, four = Predictor(folder).predict(rows)
    assert (one["kind"], one["text"]) == ("spans", TEXT)
    assert [token["text"] for token in one["tokens"]] == words.split(TEXT).words
    for token in (*one["tokens"], *four["tokens"]):
        assert token["tag"] in {"B-LOC", "B-PER", "I-PER", "O"}
        assert 0 < token["probability"] <= 1
    assert {"start": 0, "end": 10, "label": "PER", "text": "Clara Zed7"} in one["spans"]
    assert {"start": 15, "end": 19, "label": "LOC", "text": "Oslo"} in one["spans"]
    assert two["text"] == "clara Zed81 slept"
    assert two["spans"] == [{"start": 0, "end": 11, "label": "PER", "text": "clara Zed81"}]
    assert (three["tokens"], three["spans"]) == ([], [])
    assert [span["text"] for span in four["spans"]] == ["Rome"] * 12
    with pytest.raises(StudioError) as caught:
        Predictor(folder).predict([{"label": "x"}])
    assert caught.value.code == "predict.missing-value"


def test_words_that_the_tokenizer_leaves_out_get_the_usual_tag():
    found = tagged.words_of([{"words": [-1, 0, -1], "output": [[0, 0], [0, 9], [0, 0]]}], ["a", "\u200b"], "XY", "O")
    assert [(word.text, word.tag) for word in found] == [("a", "Y"), ("\u200b", "O")]
    assert found[1].probability == 0.0


def test_without_a_scheme_every_word_is_a_span():
    sentence = words.split("so it")
    answer = tagged.answer(sentence, [tagged.Word("so", "rb", 0.5), tagged.Word("it", "pps", 0.75)], "tags")
    assert answer["spans"] == [{"start": 0, "end": 2, "label": "rb", "text": "so"},
                               {"start": 3, "end": 5, "label": "pps", "text": "it"}]  # fmt: skip


@pytest.mark.parametrize("runtime", ["onnx", "transformers"])
def test_the_scripts_beside_exports_give_the_same_answers(done, runtime, tmp_path):
    folder = shutil.copytree(done[0] / ("exports/onnx" if runtime == "onnx" else "model"), tmp_path / "export")
    shutil.copyfile(resource(TASK.SCRIPTS[runtime]), folder / "predict.py")
    text = f"{TEXT} \u200b {' '.join(['the old town of Rome and'] * 5)}"
    code = "import json, runpy, sys; print(json.dumps(runpy.run_path(sys.argv[1])['predict'](sys.argv[2])))"
    ended = forked.python(["-c", code, str(folder / "predict.py"), text])
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    [expected] = Predictor(done[0]).predict([{"text": text}])
    assert [row[:4] for row in found] == [[token[key] for key in ("text", "start", "end", "tag")]
                                          for token in expected["tokens"]]  # fmt: skip
    assert [row[4] for row in found] == pytest.approx([token["probability"] for token in expected["tokens"]], abs=1e-3)


def test_a_finished_run_is_exported_again(done, tmp_path):
    folder = shutil.copytree(done[0], tmp_path / "run")
    finished = pipeline.export(folder, [Choice(name="onnx-int8")], silent, Control())
    assert finished.outcome == "completed", finished.error
    exports = {entry["name"]: entry for entry in json.loads((folder / "results.json").read_text())["exports"]}
    assert set(exports) == {"onnx", "onnx-int8"}
    assert exports["onnx-int8"]["parity"]["agreement"] > 0.95


def test_folds_and_a_probe_over_tags_without_a_scheme(tmp_path):
    """A decoder whose tokens hold spaces, that has no padding token."""
    rows = [(tokens, ["NAME" if tag != "O" else "X" for tag in tags]) for tokens, tags in tagging.sentences(24)]
    model = models.byte_gpt2(tmp_path / "gpt2", [" ".join(tokens) for tokens, _tags in rows])
    data = {"path": str(tagging.write(tmp_path / "rows.jsonl", rows)), "split": {"method": "k-fold", "folds": 2}}
    wish = recipe(model, data, strategy={"name": "linear-probe"}, training={
        "epochs": 3, "batch_size": 8, "threads": 1, "precision": "fp32"})  # fmt: skip
    finished = pipeline.run(wish, tmp_path / "run", silent, Control())
    assert finished.outcome == "completed", finished.error
    results = json.loads((tmp_path / "run/results.json").read_text())
    assert results["headline"] == "token_accuracy"
    assert set(results["cross_validation"]["mean"]) == {"token_accuracy"}
    assert set(results["cross_validation"]["pooled"]) == {"token_accuracy"}
    [answer] = Predictor(tmp_path / "run").predict([{"text": "anna slept"}])
    assert [span["text"] for span in answer["spans"]] == ["anna", "slept"]
    choice = wish.changed("training.best_metric", "entity_f1")
    refused = pipeline.run(choice, tmp_path / "refused", silent, Control())
    assert refused.error is not None
    assert refused.error["code"] == "training.unknown-metric"


def test_cancelled_in_the_middle(backbone, tmp_path):
    control = Control()

    def emit(event):
        if event.kind == "metric":
            control.cancel()

    wish = recipe(backbone, tagging.section(tmp_path))
    assert pipeline.run(wish, tmp_path / "run", emit, control).outcome == "cancelled"
    assert not (tmp_path / "run/model").exists()


@pytest.mark.slow
@pytest.mark.timeout(5400)
def test_parts_of_speech_of_the_brown_corpus(starter, assets, tmp_path):
    """MiniLM, all parameters, three epochs: 0.969; 44 minutes on one thread of a busy machine."""
    folder = assets / "data/tokens/brown_pos"
    data = {"path": str(folder / "train.conll"), "validation": str(folder / "validation.conll"),
            "test": str(folder / "test.conll")}  # fmt: skip
    wish = recipe(starter, data, task={"name": TASK.NAME, "max_length": 128}, strategy={"name": "full-fine-tuning"},
                  training={"epochs": 3, "batch_size": 16, "learning_rate": 2e-4}, compress=["dynamic-int8"],
                  export=["safetensors", "onnx", "onnx-int8"])  # fmt: skip
    finished = pipeline.run(wish, tmp_path / "run", silent, Control())
    assert finished.outcome == "completed", finished.error
    results = json.loads((tmp_path / "run/results.json").read_text())
    assert results["headline"] == "token_accuracy"
    assert results["test"]["metrics"]["token_accuracy"]["value"] >= 0.955
    assert results["baselines"][0]["metrics"]["token_accuracy"]["value"] == pytest.approx(0.862, abs=5e-4)
    assert [entry["parity"]["status"] for entry in results["exports"]] == ["passed"] * 3
    assert results["stages"][1]["metrics"]["token_accuracy"]["value"] >= 0.955
