"""Several adapters on one backbone: each answers as the run that has learned it, and the backbone is there once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from tests import forked, tiny
from tests.tasks import whole
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.files import read_json
from tlstudio.core.plugins import find
from tlstudio.core.progress import silent
from tlstudio.core.recipe import Choice, from_dict
from tlstudio.export.adapters import PLUGIN, Options
from tlstudio.export.base import ExportJob
from tlstudio.models import adapters, heads
from tlstudio.models.scorers import TorchScorer
from tlstudio.tasks.texts import text_examples

TRAINING = {**whole.TRAINING, "epochs": 2, "learning_rate": 1e-2}
STRATEGIES = {
    "tickets": {"name": "lora", "rank": 2},
    "dora": {"name": "lora", "rank": 2, "dora": True},
    "scaled": {"name": "ia3"},
    "prompted": {"name": "prompt-tuning", "length": 4},
    "prefixed": {"name": "prefix-tuning", "length": 4},
}
TEXTS = ["my parcel is late", "money back please", "crash of the screen again", "help"]


@pytest.fixture(scope="module")
def runs(tiny_model, tmp_path_factory):
    """A run of each strategy that learns an adapter, on the same backbone; one has other classes than the rest."""
    base = tmp_path_factory.mktemp("runs")
    three = tiny.write_csv(base / "tickets.csv")
    two = tiny.write_csv(base / "two.csv", [(text, label) for text, label in tiny.ticket_rows() if label != "refund"])
    with tiny.own_home(base / "home"):
        for name, strategy in STRATEGIES.items():
            data = two if name == "scaled" else three
            found = whole.run("text-classification", tiny_model, data, base / name, strategy=strategy,
                              training=TRAINING)  # fmt: skip
            whole.good(found).folder.rename(base / f"run {name}")
    return base


def job_of(run):
    recipe = from_dict({"task": {"name": "text-classification"}, "strategy": {"name": "lora"}})
    return ExportJob(run, run / "model", {}, {}, recipe, silent, Control())


@pytest.fixture(scope="module")
def exported(runs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    others = ", ".join(str(runs / f"run {name}") for name in STRATEGIES)
    PLUGIN.write(job_of(runs / "run tickets"), folder, Options(runs=others))
    return folder


def answers(model, run):
    """Logits of some texts, as the run reads them."""
    inputs = tuple(heads.inputs_of(heads.read_settings(run / "model")))
    scorer = TorchScorer(model, inputs=inputs)
    return np.stack(scorer.outputs(text_examples(run / "model", [{"text": text} for text in TEXTS])))


def test_each_adapter_answers_as_its_run(runs, exported):
    loaded = {name: adapters.load(exported / f"adapters/run-{name}") for name in STRATEGIES}
    for name, model in loaded.items():  # all of them are in memory: none changes another
        ours = answers(runs / f"run {name}/model", runs / f"run {name}")
        assert np.abs(answers(model, runs / f"run {name}") - ours).max() < 1e-4, name
        assert len(model.config.id2label) == ours.shape[1] == (2 if name == "scaled" else 3)
    assert not np.allclose(answers(loaded["tickets"], runs / "run tickets"),
                           answers(loaded["dora"], runs / "run dora"), atol=1e-4)  # fmt: skip


def test_the_tensors_of_the_backbone_are_shared(exported):
    one, two = (adapters.load(exported / f"adapters/run-{name}") for name in ("tickets", "prefixed"))
    left = dict(one.named_parameters())["bert.encoder.layer.0.output.dense.base_layer.weight"]
    right = dict(two.named_parameters())["bert.encoder.layer.0.output.dense.weight"]
    assert left is right
    assert (exported / "backbone/model.safetensors").is_file()
    sizes = [sum(path.stat().st_size for path in (exported / f"adapters/run-{name}").glob("*.safetensors"))
             for name in STRATEGIES]  # fmt: skip
    assert max(sizes) < (exported / "backbone/model.safetensors").stat().st_size


def test_peft_itself_reads_an_adapter_of_a_run(runs, tiny_model):
    import peft
    from transformers import AutoModelForSequenceClassification

    run = runs / "run tickets"
    plain = AutoModelForSequenceClassification.from_pretrained(tiny_model, num_labels=3)
    found = peft.PeftModel.from_pretrained(plain, run / "adapter").eval()
    ids = torch.tensor([[2, 7, 8, 3]])
    with torch.inference_mode():
        given = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        assert torch.allclose(found(**given).logits, heads.load(run / "model")(**given).logits, atol=1e-4)
    about = read_json(run / "adapter/adapter_config.json")
    assert about["task_type"] == "SEQ_CLS"
    assert about["modules_to_save"] == ["bert.pooler.dense", "classifier"]


def test_the_script_switches(runs, exported):
    from tlstudio.core.paths import resource
    from tlstudio.export.adapters import script

    text = script(resource(tiny.task().SCRIPTS["transformers"]).read_text(encoding="utf-8"))
    (exported / "predict.py").write_text(text, encoding="utf-8")
    for arguments, name in (((), "tickets"), (("--adapter", "run-prompted"), "prompted")):
        ended = forked.python([str(exported / "predict.py"), *arguments, TEXTS[0]], "")
        assert ended.returncode == 0, ended.stderr
        label, probability = ended.stdout.split()
        ours = torch.tensor(answers(runs / f"run {name}/model", runs / f"run {name}")[0]).softmax(0)
        assert float(probability) == pytest.approx(float(ours.max()), abs=1e-3)
        assert label in read_json(exported / "config.json")["label2id"]
    ended = forked.python([str(exported / "predict.py"), "--adapter", "../backbone", "x"], "")
    assert ended.returncode
    assert "run-scaled" in ended.stderr


def test_nothing_of_this_machine_is_in_an_export(exported, tiny_model):
    for path in exported.rglob("*.json"):
        assert str(tiny_model) not in path.read_text(encoding="utf-8"), path


def refused(run, **options):
    with pytest.raises(StudioError) as caught:
        PLUGIN.write(job_of(run), run.parent / "refused", Options(**options))
    return caught.value.code


def test_what_does_not_belong_together_is_refused(runs, tmp_path):
    import shutil

    run, other = tmp_path / "own", tmp_path / "other"
    for folder in (run, other):
        shutil.copytree(runs / "run tickets", folder)
    about = read_json(other / "adapter/backbone.json")
    (other / "adapter/backbone.json").write_text(json.dumps({**about, "key": "another"}))
    assert refused(run, runs=str(other)) == "export.other-backbone"
    (other / "adapter/backbone.json").write_text(json.dumps(about))
    settings = read_json(other / "model/tlstudio.json")
    (other / "model/tlstudio.json").write_text(json.dumps({**settings, "task": "token-classification"}))
    assert refused(run, runs=str(other)) == "export.other-task"
    assert refused(run, runs=str(runs / "nowhere")) == "model.no-run"
    (run / "adapter/backbone.json").write_text(json.dumps({**about, "path": str(tmp_path / "gone")}))
    assert refused(run) == "export.backbone-gone"
    shutil.rmtree(run / "adapter")
    assert refused(run) == "export.no-adapter"


def test_strategies_that_learn_no_adapter_are_refused_before_the_training():
    for name, strategy in find("tlstudio.strategies").items():
        problem = PLUGIN.check(from_dict({"strategy": {"name": name}}))
        assert (problem is None) == (name in ("lora", "ia3", "prompt-tuning", "prefix-tuning")), strategy.TITLE


def test_tasks_whose_head_is_the_embeddings_are_refused():
    fits = {name: PLUGIN.fits(task) is None for name, task in find("tlstudio.tasks").items()}
    assert [name for name, fit in fits.items() if not fit] == ["masked-lm"]


def test_a_whole_run_exports_its_adapter(tiny_model, tickets, tmp_path):
    found = whole.good(
        whole.run("text-classification", tiny_model, tickets, tmp_path, strategy=STRATEGIES["prefixed"],
                  training=TRAINING, export=["adapters"])
    )  # fmt: skip
    [entry] = found.results["exports"]
    assert entry["parity"]["status"] == "passed"
    assert {"adapters/run/adapter_model.safetensors", "backbone/model.safetensors", "predict.py"} <= set(entry["files"])


@pytest.mark.parametrize(("steps", "refused"), [([], False), (["dynamic-int8"], False), (["layer-removal"], True),
                                                (["bf16", "dynamic-int8"], True)])  # fmt: skip
def test_a_step_that_makes_another_network_is_refused_before_the_training(steps, refused):
    recipe = from_dict({"task": {"name": "text-classification"}, "strategy": {"name": "lora"}, "compress": steps})
    problem = PLUGIN.check(recipe)
    assert (problem.code if problem else None) == ("export.adapters-compressed" if refused else None)
    assert problem is None or "safetensors" in problem.remedy


def test_adapters_alone_say_which_backbone_they_need_and_take_no_other(runs, tmp_path):
    from tlstudio.export import run as exports

    run = tmp_path / "run"
    shutil.copytree(runs / "run tickets", run)
    texts = text_examples(run / "model", [{"text": text} for text in TEXTS])
    reference = answers(run / "model", run)
    [entry] = exports.export_all(job_of(run), [Choice(name="adapters", backbone=False)], texts, reference)
    assert entry["parity"]["status"] == "passed", "it was proven before the backbone was taken away"
    folder = run / entry["path"]
    assert not (folder / "backbone").exists()
    assert entry["bytes"] < 200_000
    with pytest.raises(StudioError) as caught:
        PLUGIN.scorer(folder)
    assert caught.value.code == "export.without-backbone"
    ended = forked.python([str(folder / "predict.py"), TEXTS[0]], "")
    assert ended.returncode
    assert "is not beside the adapters" in ended.stderr
    source = Path(read_json(run / "adapter/backbone.json")["path"])
    shutil.copytree(source, folder / "backbone")
    again = np.stack(PLUGIN.scorer(folder).outputs(texts))
    assert np.abs(again - reference).max() < 1e-4
    shutil.rmtree(folder / "backbone")
    shutil.copytree(run / "model", folder / "backbone")
    adapters._known.clear()
    assert "is not the backbone that" in adapters.lacks_backbone(folder)
