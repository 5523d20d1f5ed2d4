"""What every plug-in promises, proved for all that are registered: a new file is tested without a new test."""

from __future__ import annotations

import csv
import json
from typing import Any, get_origin

import numpy as np
import pytest
from pydantic import BaseModel, ValidationError

from tests import tiny
from tests.fresh import run_fresh
from tlstudio.core import options
from tlstudio.core.control import Control
from tlstudio.core.plugins import find
from tlstudio.core.progress import silent
from tlstudio.models.anatomy import layer_groups, parameter_groups
from tlstudio.strategies.base import FAMILIES

PACKAGES = (
    "tlstudio.tasks", "tlstudio.strategies", "tlstudio.regularisation", "tlstudio.adaptation", "tlstudio.compression",
    "tlstudio.export", "tlstudio.augmentation", "tlstudio.data.sources", "tlstudio.data.steps", "tlstudio.data.doctor",
)  # fmt: skip
ALL = [(package, name) for package in PACKAGES for name in find(package)]


@pytest.mark.parametrize(("package", "name"), ALL)
def test_every_plugin_describes_itself(package, name):
    plugin = find(package)[name]
    assert plugin.NAME == name == name.lower()
    assert " " not in name
    assert plugin.TITLE
    assert plugin.TITLE.strip() == plugin.TITLE
    assert plugin.SUMMARY.endswith(".")
    assert plugin.SUMMARY.count(". ") <= 1, "two sentences at most"
    assert issubclass(plugin.Config, BaseModel)
    assert plugin.Config.model_config.get("extra") == "forbid"
    described = {option.name: option for option in options.describe(plugin.Config)}
    for field, info in plugin.Config.model_fields.items():
        assert info.title, field
        assert info.description, field
        assert info.description.endswith("."), field
        # which rows or labels a repair means comes from a finding or from the table of labels, not from a form; which
        # blocks train, and when, is set in the drawing
        by_hand = package in ("tlstudio.data.steps", "tlstudio.strategies") and get_origin(info.annotation) in (
            dict,
            tuple,
        )
        assert by_hand or field in described, f"the window has no form for {field}"
    plugin.Config()  # everything has a default
    with pytest.raises(ValidationError):
        plugin.Config(no_such_option=1)
    json.dumps(plugin.Config().model_dump())


@pytest.mark.parametrize("name", find("tlstudio.strategies"))
def test_every_strategy_has_a_place_in_the_list(name):
    assert find("tlstudio.strategies")[name].FAMILY in FAMILIES


@pytest.mark.parametrize("package", PACKAGES)
def test_names_and_titles_are_unique(package):
    plugins = find(package).values()
    assert len({plugin.TITLE for plugin in plugins}) == len(plugins)
    assert len({plugin.NAME for plugin in plugins}) == len(plugins) > 0


def test_listing_the_plugins_imports_nothing_heavy():
    found = run_fresh(
        "import sys\nfrom tlstudio.core.plugins import find\n"
        f"print(sum(len(find(package)) for package in {PACKAGES!r}), [name for name in HEAVY if name in sys.modules])"
    )
    assert found == f"{len(ALL)} []"


# --- strategies


@pytest.fixture(scope="module")
def encoded(tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("contracts")
    with tiny.own_home(folder):
        return tiny.encode(tiny_model, tiny.write_csv(folder / "tickets.csv"))


@pytest.fixture(scope="module", params=list(find("tlstudio.strategies")))
def trained(request, tiny_model, encoded, tmp_path_factory):
    """A strategy's model before and after training, and as it was saved."""
    from tlstudio.training.trainer import fit_all

    name = request.param
    folder = tmp_path_factory.mktemp(name)
    with tiny.own_home(folder / "home"):
        prepared = tiny.transfer(name, tiny_model, encoded)
        before: Any = prepared.finish()
        tensors = {key: value.detach().clone() for key, value in before.state_dict().items()}
        prepared = tiny.transfer(name, tiny_model, encoded)
        loss = tiny.task().loss(tiny.task().Config(), encoded)
        last, _trained = fit_all(prepared, loss, tiny.judge(encoded), tiny.SETTINGS, folder / "checkpoints", silent,
                                 Control())  # fmt: skip
        model: Any = last.finish().eval()
        read = tiny.again(encoded, last.reader)
        tiny.task().save(model, read, last.reader or tiny_model, folder / "model")
        return find("tlstudio.strategies")[name], tensors, model, folder / "model", read


def test_exactly_what_the_strategy_states_changes(trained):
    strategy, before, model, _, _ = trained
    groups = layer_groups(model)
    states = strategy.plan(strategy.Config(), groups, float(tiny.SETTINGS.epochs))
    assert len(states) == len(groups)
    stated = {group.name for group, state in zip(groups, states, strict=True) if state.trains}
    # the best weights may be older than the opening of these; test_strategy_contract looks at each step
    later = {group.name for group, state in zip(groups, states, strict=True) if state.opens > 0}
    if strategy.NAME in ("prototypes", "nearest-neighbours"):
        pytest.skip("its head is made before the training, of which there is none")
    now = model.state_dict()
    assert set(now) >= set(before), "a block that takes the mean may be added"
    for group, (_, names) in parameter_groups(model).items():
        changed = [name for name in names if name in before and not bool((now[name] == before[name]).all())]
        if group in later or (group == "pooler" and strategy.NAME == "contrastive-few-shot"):
            continue  # a pooler that passes the mean on takes its place in the second phase
        if group in stated:
            # at an attention key's bias the softmax has no slope: only rounding moves it
            still = [name for name in names if name in before and name not in changed and not name.endswith("key.bias")]
            adapted = any(state.part == "adapters" for state in states)
            if adapted and any(now[name].ndim > 1 for name in changed):
                still = []  # beside some matrices alone; the biases and norms of a block stay
            assert not still, f"{group} was to train"
        else:
            assert not changed, f"{group} was to stay as it was"


def test_the_result_is_an_ordinary_model_or_says_that_it_has_parts(trained):
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    from tlstudio.models import heads
    from tlstudio.models.scorers import TorchScorer

    _, _, model, folder, encoded = trained
    if heads.read_settings(folder).get("parts"):  # tests/models/test_parts.py loads them without us
        with pytest.raises(OSError, match="no file named"):
            AutoModelForSequenceClassification.from_pretrained(folder)
        reloaded: Any = heads.load(folder)
    else:
        reloaded = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = tiny.ids(encoded, "test")
    texts = tokenizer.batch_decode(ids, skip_special_tokens=True)
    assert list(reloaded.config.id2label.values()) == encoded.labels
    ours = tiny.logits(TorchScorer(model), encoded.examples("test"))
    batch = tokenizer(texts, padding=True, return_tensors="pt")
    with torch.inference_mode():
        theirs = reloaded(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits.numpy()
    assert np.abs(ours - theirs).max() < 1e-5
    assert reloaded.dtype == torch.float32


@pytest.mark.parametrize("name", find("tlstudio.strategies"))
@pytest.mark.parametrize("rows", [0, 1, 10_000_000])
def test_usual_values_fit_any_number_of_rows(name, rows):
    strategy = find("tlstudio.strategies")[name]
    usual = strategy.defaults(strategy.Config(), rows)
    assert usual.epochs >= 1
    assert usual.batch_size >= 1
    assert 0 < usual.learning_rate < 1
    assert usual.patience >= 0
    assert isinstance(strategy.REHEARSES, bool)


# --- compression and export


@pytest.fixture(scope="module")
def model(tiny_model, encoded, tmp_path_factory):
    """A classifier with clear answers, so that rounding does not change a label."""
    import torch

    from tlstudio.models.scorers import TorchScorer

    torch.manual_seed(0)
    made = tiny.task().build(tiny_model, encoded, initializer_range=0.5)
    with torch.no_grad():
        made.classifier.weight.normal_(0, 3.0)
    folder = tmp_path_factory.mktemp("classifier") / "model"
    tiny.task().save(made, encoded, tiny_model, folder)
    return folder, tiny.logits(TorchScorer(folder), encoded.examples("train"))


def compress(name, source, folder, control=None):
    from tlstudio.compression.base import CompressJob

    step = find("tlstudio.compression")[name]
    folder.mkdir(parents=True)
    step.apply(step.Config(), CompressJob(source, "transformers", silent, control or Control()), folder)
    return step


@pytest.fixture(scope="module")
def compressed(model, tmp_path_factory):
    """What some exports need, by the name that it has in a run. All steps: tests/test_compression_contract.py."""
    folder = tmp_path_factory.mktemp("compressed") / "1-dynamic-int8"
    compress("dynamic-int8", model[0], folder)
    return {folder.name: folder}


EXPORTS = [name for name, one in find("tlstudio.export").items() if one.fits(tiny.task()) is None]


@pytest.mark.parametrize("name", EXPORTS)
def test_every_export_answers_like_the_model(name, model, compressed, encoded, tmp_path):
    from tlstudio.core.recipe import from_dict
    from tlstudio.export.base import ExportJob
    from tlstudio.models.folders import max_length, read_labels

    exporter = find("tlstudio.export")[name]
    recipe = from_dict({"compress": ["dynamic-int8"]})
    if name == "adapters":
        assert exporter.check(recipe).code == "export.no-adapter-strategy"
        pytest.skip("needs a run that has learned one: tests/export/test_adapters.py")
    if (problem := exporter.check(recipe)) and problem.code in ("openvino.missing", "executorch.missing"):
        pytest.skip(problem.message)
    assert exporter.check(recipe) is None
    job = ExportJob(tmp_path, model[0], compressed, {}, recipe, silent, Control())
    folder = tmp_path / "export"
    folder.mkdir()
    exporter.write(job, folder, exporter.Config())
    logits = tiny.logits(exporter.scorer(folder), encoded.examples("train"))
    if exporter.TOLERANCE.kind == "logits":
        assert np.abs(logits - model[1]).max() <= exporter.TOLERANCE.limit
    else:
        assert (logits.argmax(1) == model[1].argmax(1)).mean() >= 0.9
    assert exporter.stage(job) in ("trained", *compressed)
    assert read_labels(folder) == encoded.labels
    assert max_length(folder) == encoded.max_length
    assert (folder / "tokenizer.json").is_file()


# --- sources

CELLS = [
    'she said "no"', "a,b;c|d", "tab\there", "line\nbreak", "退款 été 🙂", "NA", "null", "None", "nan", "007", "1e5",
    "true", "2024-01-01", " spaces ", "'", '"', '""', "\\n", "{x}", "=1+1", "#no comment", "a\u2028b", "\u00a0x",
]  # fmt: skip


def write_delimited(path, rows):
    with open(path, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerows([["text", "label"], *rows])


def write_json_lines(path, rows):
    with open(path, "w", encoding="utf-8", newline="\n") as stream:
        for text, label in rows:
            stream.write(json.dumps({"text": text, "label": label}, ensure_ascii=False) + "\n")


WRITERS = {"csv": write_delimited, "jsonl": write_json_lines}


@pytest.mark.parametrize("name", WRITERS)  # of the others each has its sample in tests/data/sources
@pytest.mark.parametrize("chosen", [True, False], ids=["named", "auto"])
def test_a_table_of_texts_gives_back_what_was_written(name, chosen, tmp_path):
    from tlstudio.data.tables import read_table

    source = find("tlstudio.data.sources")[name]
    path = tmp_path / f"cells{source.SUFFIXES[0]}"
    rows = [(cell, f"label {index % 3}") for index, cell in enumerate(CELLS)]
    WRITERS[name](path, rows)
    for _ in range(2):  # the second time from the cache
        table = read_table(path, name if chosen else "auto", {}, silent, Control())
        assert (table.source, table.columns, table.rows) == (name, {"text": "text", "label": "text"}, len(CELLS))
        data = table.open().to_pydict()
        assert data["text"] == CELLS
        assert data["label"] == [label for _, label in rows]
