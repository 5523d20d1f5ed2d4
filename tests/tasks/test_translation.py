"""Translation: pairs learnt by heart come back word for word, alone, in a batch, from an export and a script."""

from __future__ import annotations

import pytest

from tests import tiny
from tests.tasks import pieces, rewriting, whole
from tlstudio.core.control import Control
from tlstudio.core.files import read_json
from tlstudio.models.scorers import TorchScorer
from tlstudio.pipeline.predict import Predictor
from tlstudio.tasks import suggest
from tlstudio.tasks.translation import PLUGIN


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("translation")
    with tiny.own_home(folder / "home"):
        options = {"max_target_length": 12, "beams": 3, "prefix": "old "}
        return whole.good(rewriting.run(PLUGIN.NAME, "t5", folder, options=options))


def test_what_was_learnt_is_written(trained):
    results = trained.results
    assert results["headline"] == "bleu"
    assert results["test"]["metrics"]["bleu"]["value"] == pytest.approx(100)
    assert results["test"]["metrics"]["chrf"]["value"] == pytest.approx(100)
    assert results["test"]["lengths"]["outputs"] == results["test"]["lengths"]["references"]
    assert [entry["name"] for entry in results["baselines"]] == ["copy", "untrained"]
    assert all(entry["metrics"]["bleu"]["value"] < 10 for entry in results["baselines"])
    assert results["extra"][0]["metrics"] == results["test"]["metrics"]
    samples = results["test"]["samples"]
    assert samples["kind"] == "generations"
    assert {(item["source"], item["output"]) for item in samples["items"]} == set(rewriting.PAIRS)
    assert all(item["score"] == 1 and item["reference"] == item["output"] for item in samples["items"])
    table = trained.predictions()
    assert table["predicted"] == table["label"] == [target for _source, target in rewriting.PAIRS]
    assert table["source_text"] == [source for source, _target in rewriting.PAIRS]


def test_a_marian_with_its_own_tokenizer_learns_exports_and_is_asked(tmp_path):
    """Two SentencePiece models and a vocabulary, and no tokenizer.json: as Marian models are on the hub."""
    header, pairs = ("source_text", "target_text"), rewriting.PAIRS[:3]
    test = str(whole.write(tmp_path / "test.csv", header, pairs))
    train = whole.write(tmp_path / "train.csv", header, pairs * 8)
    found = whole.good(
        whole.run(PLUGIN.NAME, pieces.marian(tmp_path / "backbone"), train, tmp_path,
                  section={"validation": test, "test": test}, export=["safetensors"],
                  training={**rewriting.TRAINING, "epochs": 25},
                  options={"max_target_length": 40, "beams": 2}, evaluate={"bootstrap": 100})
    )  # fmt: skip
    assert found.results["test"]["metrics"]["bleu"]["value"] == pytest.approx(100)
    assert found.results["exports"][0]["parity"]["status"] == "passed"
    export = found.folder / "exports/safetensors"
    assert {"source.spm", "target.spm", "vocab.json"} <= {path.name for path in export.iterdir()}
    (source, target), *_others = rewriting.PAIRS
    assert Predictor(found.folder).predict([{"source_text": source}])[0]["output"] == target
    assert whole.script(export, source) == [target]


def test_a_sample_is_logged_after_each_epoch(trained):
    notes = [event for event in trained.heard.of("log") if event.code == "training.sample"]
    assert len(notes) == rewriting.TRAINING["epochs"]
    assert notes[-1].params == {"prompt": rewriting.PAIRS[0][0], "output": rewriting.PAIRS[0][1]}


def test_answers_do_not_depend_on_the_neighbours(trained):
    scorer = TorchScorer(trained.folder / "model")
    examples = PLUGIN.examples(trained.folder / "model", [{"source_text": source} for source, _ in rewriting.PAIRS])
    together = [answer.tolist() for answer in scorer.outputs(examples)]
    assert together == [scorer.outputs([example])[0].tolist() for example in examples]
    assert together == [answer.tolist() for answer in scorer.outputs(examples)]
    assert all(len(answer) <= 12 + 1 for answer in together)


def test_exports_and_scripts_write_the_same(trained):
    [entry] = trained.results["exports"]
    assert entry["parity"]["status"] == "passed"
    assert {"config.json", "generation_config.json", "tokenizer.json", "predict.py"} <= set(entry["files"])
    sources = [source for source, _target in rewriting.PAIRS]
    for part in ("", "exports/safetensors"):
        answers = Predictor(trained.folder / part).predict([{"source_text": source} for source in sources])
        assert [answer["output"] for answer in answers] == [target for _source, target in rewriting.PAIRS]
        assert answers[0]["kind"] == "generation"
    assert whole.script(trained.folder / "exports/safetensors", *sources[:2]) == [
        pair[1] for pair in rewriting.PAIRS[:2]
    ]


def test_settings_travel_with_the_model(trained):
    generate = trained.settings["head"]["generate"]
    assert (generate["num_beams"], generate["max_new_tokens"], generate["do_sample"]) == (3, 12, False)
    assert trained.settings["prefix"] == "old "
    plain = read_json(trained.folder / "exports/safetensors/generation_config.json")
    assert {name: plain[name] for name in generate} == generate
    assert read_json(trained.folder / "model/config.json")["use_cache"] is True


def test_cancelled_while_it_writes(tmp_path):
    control = Control()

    class Cancels(tiny.Heard):
        def __call__(self, event):
            super().__call__(event)
            if event.kind == "log" and event.code == "training.sample":
                control.cancel()

    found = rewriting.run(PLUGIN.NAME, "marian", tmp_path, control=control, heard=Cancels(),
                          options={"max_target_length": 8})  # fmt: skip
    assert found.finished.outcome == "cancelled"
    assert not (found.folder / "model").exists()


def test_prefixes_and_suggestions():
    stated = {"task_specific_params": {"translation_en_to_de": {"prefix": "translate English to German: "}}}
    assert PLUGIN.prefix(None, stated, ("en", "de")) == "translate English to German: "
    assert PLUGIN.prefix(None, stated, ("de", "en")) == ""
    assert PLUGIN.prefix(None, {}, ("", "")) == ""
    assert suggest.suggest({"source_text": "en", "target_text": "de"}) == PLUGIN.NAME
