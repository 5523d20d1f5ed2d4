"""The model card: facts of this very export, and nothing in it that a label could break."""

from __future__ import annotations

import itertools
from pathlib import Path

import yaml

from tlstudio.export import card, parity
from tlstudio.export.base import Tolerance
from tlstudio.export.onnx import Onnx
from tlstudio.export.onnx_int8 import OnnxInt8
from tlstudio.export.safetensors import Safetensors

VERDICT = parity._verdict(
    {"rows": 200, "max_logit_difference": 1e-6, "agreement": 1.0},
    Tolerance("logits", 1e-3),
    True,
    "failed",
    parity._LOGITS,
)


def _split(text: str):
    _, head, body = text.split("---\n", 2)
    return yaml.safe_load(head), body


def test_head_and_sections(job, tmp_path):
    head, body = _split(card.render(job, Safetensors(), tmp_path, VERDICT))
    assert head["license"] == "apache-2.0"
    assert head["base_model"] == "org/tiny"
    assert head["pipeline_tag"] == "text-classification"
    for words in ("## Data", "## Measured", "## Limits", "## Licence", "## Use", "0.940 (0.920–0.950)", "0.330"):
        assert words in body
    assert "tickets.csv" in body
    assert "/home/someone" not in body
    assert "Texts are cut after 16 tokens; that was so for 12 texts (1.1 %)" in body
    assert "Fewer than 30 test rows, so an uncertain score: refund." in body
    assert "from_pretrained" in body


def test_int8_shows_its_own_measurements(job, tmp_path):
    _, body = _split(card.render(job, OnnxInt8(), tmp_path, VERDICT))
    assert "0.935 (0.915–0.945)" in body
    assert "9.4 ms for 1 row" in body
    assert "from_pretrained" not in body


def test_labels_cannot_become_markup(job, tmp_path):
    _, body = _split(card.render(job, Onnx(), tmp_path, VERDICT))
    assert "<script>" not in body
    assert r"card\|lost" in body
    assert card.escape("a\n# b | `c` & <i>") == r"a # b \| \`c\` &amp; \<i\>"


def test_a_folder_model_is_named_without_its_path(job, tmp_path):
    recipe = job.recipe.changed("model", {"source": "folder", "name": "/home/someone/models/mine"})
    text = card.render(type(job)(**{**vars(job), "recipe": recipe}), Onnx(), tmp_path, VERDICT)
    assert "/home/someone" not in text
    assert "# mine fine-tuned" in text


def test_tables_are_whole(job, tmp_path):
    body = card.render(job, Safetensors(), Path(tmp_path), VERDICT)
    lines = body.splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith("| Metric"))
    table = list(itertools.takewhile(lambda line: line.startswith("|"), lines[start:]))
    assert len(table) == 5
    assert {line.count("|") for line in table} == {4}


def test_languages_that_were_tested_are_named():
    assert "other sources and languages were not tested" in card._limits({})[-1]
    said = card._limits({"languages": [{"name": "en", "trained": 90}, {"name": "zh", "trained": 0}]})[-1]
    assert "in these languages: en, zh (zero-shot); others were not tested" in said


def test_what_the_compression_has_cost_and_the_energy(job, tmp_path):
    stages = [{**stage, "title": title, "bytes": size, "agreement": same} for stage, title, size, same in
              zip(job.results["stages"], ("Trained model", "Dynamic int8"), (90_000_000, 23_000_000), (1.0, 0.98),
                  strict=True)]  # fmt: skip
    stages[1]["runtime"] = "ONNX Runtime int8"
    training = {**job.results["training"], "seconds": 3600, "device": "cpu", "threads": 2}
    facts = {**job.results, "stages": stages, "headline": "accuracy", "training": training}
    verdict = {**VERDICT, "metric": {"name": "accuracy", "value": 0.935, "reference": 0.94, "difference": -0.005},
               "latency": {"1": {"median_ms": 2.0}, "16": {"median_ms": 20.0}}}  # fmt: skip
    full = type(job)(**{**vars(job), "results": facts})
    _, body = _split(card.render(full, OnnxInt8(), tmp_path, verdict))
    assert "## Compression" in body
    assert "| Dynamic int8 (ONNX Runtime int8) | 0.935 (0.915–0.945) | 23.0 MB | 9.4 ms | 98.0 % |" in body
    assert "| Trained model | 0.940 (0.920–0.950) |" in body, "a run of an earlier version states no runtime"
    assert "answers otherwise than the trained model for 2.0 % of the test rows" in body
    assert "On these 200 rows its accuracy is 0.935, and that of the model before the export 0.940." in body
    assert "In a fresh process it took 2.0 ms for 1 row, 20.0 ms for 16 rows (median)." in body
    assert "About 40 Wh for" in body
    assert "The licence of the data is not stated" in body
    _, plain = _split(card.render(full, Safetensors(), tmp_path, {**VERDICT}))
    assert "## Compression" not in plain, "it is exported as it was trained"


def test_the_licence_of_the_data_and_who_states_it(job, tmp_path):
    for source, who in (("hub", "as the hub states"), ("stated", "as whoever trained the model states")):
        data = {**job.results["data"], "licence": "cc-by-4.0", "licence_from": source}
        told = type(job)(**{**vars(job), "results": {**job.results, "data": data}})
        _, body = _split(card.render(told, Safetensors(), tmp_path, VERDICT))
        assert "| Licence of the data | cc-by-4.0 |" in body
        assert f"The data is under cc-by-4.0, {who}." in body


def _architecture(job, exporter, folder):
    text = card.render(job, exporter, folder, VERDICT)
    return next(line for line in text.splitlines() if line.startswith("| Architecture"))


def test_parameters_are_those_of_the_exported_network(job, tmp_path):
    """A pruned network and the graph made of it; the steps after it do not count."""
    trained, graph = job.results["stages"]
    stages = [{**trained, "architecture": "BertModel", "parameters": 20_000},
              {**graph, "name": "1-layer-removal", "architecture": "SmallModel", "parameters": 12_345},
              {**graph, "name": "2-dynamic-int8"}]  # fmt: skip
    small = type(job)(**{**vars(job), "results": {**job.results, "stages": stages}, "compressed": {
        "1-layer-removal": job.model_folder, "2-dynamic-int8": job.compressed["1-dynamic-int8"],
    }})  # fmt: skip
    for exporter in (Safetensors(), OnnxInt8()):
        line = _architecture(small, exporter, tmp_path)
        assert "SmallModel, 12,345 parameters; 20,000 before it was compressed, 20,000 of them trained" in line
    line = _architecture(job, Safetensors(), tmp_path)
    assert line == "| Architecture | BertModel, 20,000 parameters, 20,000 of them trained |"
    assert _architecture(job, OnnxInt8(), tmp_path) == "| Architecture | BertModel |", "a run that does not state it"


def test_an_entry_says_which_form_it_is_and_how_that_answers_beside_the_trained_model(job):
    job.results["stages"][1]["agreement"] = 0.715
    found = card.beside_trained(job, OnnxInt8())
    assert found == {"stage": "1-dynamic-int8", "agreement": 0.715}
    assert card.beside_trained(job, Onnx())["stage"] == "trained"
