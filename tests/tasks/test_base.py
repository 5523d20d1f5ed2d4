"""What all tasks state: their names on the hub, what may be left out, and which backbones read padding as text."""

from __future__ import annotations

import json

import pytest

from tests.tasks import models, speech, whole
from tlstudio.core.control import Control
from tlstudio.core.plugins import find
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.labelled import require
from tlstudio.models.scorers import TorchScorer
from tlstudio.tasks.base import EncodeJob

TASKS = find("tlstudio.tasks")
TAGS = {
    "audio-classification": "audio-classification", "causal-lm": "text-generation", "instruction-tuning":
    "text-generation", "image-classification": "image-classification", "image-text-classification":
    "image-classification", "masked-lm": "fill-mask", "object-detection": "object-detection", "question-answering":
    "question-answering", "sentence-embedding": "sentence-similarity", "summarisation": "summarization",
    "token-classification": "token-classification", "translation": "translation",
}  # fmt: skip


@pytest.mark.parametrize("name", TASKS)
def test_the_hub_knows_the_task_by_its_tag(name):
    """The pipeline_tag of a model card; what is not in the table classifies texts, or gives them a number."""
    assert TAGS.get(name, "text-classification") == TASKS[name].HUB_TAG
    assert TASKS[name].LEARNS == "text" or name in TAGS


@pytest.mark.parametrize("name", TASKS)
def test_what_may_be_left_out_is_asked_for(name):
    task = TASKS[name]
    assert set(task.OPTIONAL) < set(task.ASKS)
    needed = [role for role in task.ASKS if role not in task.OPTIONAL]
    assert task.lacking({}) == needed
    assert task.lacking(dict.fromkeys(needed, "a")) == []


@pytest.mark.parametrize(("name", "fits"), [("text-classification", False), ("regression", False),
                                            ("token-classification", True), ("question-answering", True)])  # fmt: skip
def test_a_classifier_that_reads_the_last_token_would_read_padding(name, fits):
    problem = TASKS[name].fits({"model_type": "xlnet", "vocab_size": 10})
    assert (problem is None) == fits
    assert fits or problem.code == "task.reads-the-last"


@pytest.mark.parametrize("stated", [None, -1, 3])
def test_the_answer_of_a_decoder_does_not_depend_on_padding(tmp_path, stated):
    """Its head reads the last token that is none: whatever the model states, batches are padded with that one."""
    folder = models.chat_llama(tmp_path / "llama", speech.vocabulary())
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "pad_token_id": stated}))
    task = TASKS["text-classification"]
    table = [(f"one two {'three ' * (at % 7)}", "ab"[at % 2]) for at in range(40)]
    rows = require(DataSection(path=str(whole.write(tmp_path / "d.csv", ["text", "label"], table))), silent, Control())
    encoded = task.encode(EncodeJob(task.Config(), rows, folder, silent, Control()))
    model = task.build(folder, encoded)
    assert model.config.pad_token_id == encoded.pad_id == (3 if stated == 3 else 1)
    examples = list(encoded.examples("test"))
    batch = task.collator(task.Config(), encoded)([encoded.splits["test"][at] for at in range(len(examples))])
    labels = batch.pop("labels")
    assert len(labels) == len(examples)
    trained = model.eval()(**batch).logits.detach().numpy()
    alone = TorchScorer(model)
    for row, example in zip(trained, examples, strict=True):
        assert alone.outputs([example])[0] == pytest.approx(row, abs=1e-5)
