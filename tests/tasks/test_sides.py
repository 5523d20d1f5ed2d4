"""Rows of several texts: read one by one, stacked for training, and searched as one pool."""

from __future__ import annotations

import pytest

from tests import tiny
from tests.tasks import meanings, whole
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.labelled import require
from tlstudio.models.batches import IGNORED
from tlstudio.tasks import sides
from tlstudio.tasks.base import EncodeJob, ListRows
from tlstudio.tasks.embedding_similarity import PLUGIN


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return meanings.bert(tmp_path_factory.mktemp("bert"))


def encode(model, folder, rows, emit=silent, control=None, length=16, **roles):
    path = whole.write(folder / "d.csv", ["anchor", "positive", "negative", "w"], rows)
    data = DataSection(path=str(path), roles=roles)
    job = EncodeJob(PLUGIN.Config(), require(data, silent, Control(), PLUGIN.ROLES), model, emit, control or Control())
    return sides.encode(job, sides.unlabelled, length, ("text", "text_b", "negative")), job.labelled


ROWS = [("red dog", f"rot {'hund ' * (at % 9)}", "blau", 1 + at % 2) for at in range(40)]


def test_texts_come_one_by_one_in_the_order_of_the_rows(model, tmp_path):
    from transformers import AutoTokenizer

    encoded, labelled = encode(model, tmp_path, ROWS)
    tokenizer, rows = AutoTokenizer.from_pretrained(model), labelled.splits["test"]
    expected = [
        tokenizer(text)["input_ids"]
        for texts in zip(*(rows.texts(name) for name in ("anchor", "positive", "negative")), strict=True)
        for text in texts
    ]
    examples = encoded.examples("test")
    assert [list(example["input_ids"]) for example in examples] == expected
    assert examples.lengths() == [len(ids) for ids in expected]
    assert len(examples) == 3 * len(rows)
    assert encoded.splits["test"]["length"] == [
        max(map(len, expected[at : at + 3])) for at in range(0, len(expected), 3)
    ]


def test_what_is_cut_is_told_once_of_all_texts(model, tmp_path):
    heard = tiny.Heard()
    encoded, labelled = encode(model, tmp_path, ROWS, heard, length=8)
    long = sum(at % 9 > 5 for at in range(40))
    assert encoded.truncated["texts"] == long
    assert [event.params["texts"] for event in heard.of("log")] == [long]
    assert max(max(map(len, row["texts"])) for split in labelled.splits for row in encoded.splits[split]) == 8
    again, _labelled = encode(model, tmp_path, ROWS, length=8)
    assert again.key == encoded.key
    assert encode(model, tmp_path, ROWS, length=9)[0].key != encoded.key


def test_batches_hold_the_sides_below_each_other(model, tmp_path):
    encoded, _labelled = encode(model, tmp_path, ROWS, weight="w")
    rows = [encoded.splits["train"][at] for at in range(4)]
    batch = sides.stacked(rows, encoded, -1.0, 2.0)
    assert batch["input_ids"].shape[0] == batch["attention_mask"].shape[0] == 12
    assert batch["input_ids"].shape[1] % 8 == 0
    ids = [[token for token in row if token] for row in batch["input_ids"].tolist()]
    assert ids == [list(text) for row in rows for text in row["texts"]]
    assert batch["labels"]["mask"].equal(batch["attention_mask"])
    assert batch["labels"]["values"].tolist() == [0.5] * 4
    assert batch["labels"]["texts"].shape == (4, 3)
    assert len(set(batch["labels"]["texts"][:, 0].tolist())) == 1, "equal texts have equal numbers"
    assert len(set(batch["labels"]["texts"][:, 2].tolist())) == 1
    assert batch["row_weights"].mean().item() == pytest.approx(1, abs=0.5)
    assert IGNORED not in batch["labels"]["values"]


def test_each_document_is_searched_once():
    first = ListRows([{"input_ids": [1]}, {"input_ids": [1]}, {"input_ids": [2]}])
    second = ListRows([{"input_ids": [5]}, {"input_ids": [6]}, {"input_ids": [5]}])
    third = ListRows([{"input_ids": [7]}, {"input_ids": [6]}, {"input_ids": [7]}])
    pool = sides.pool(sides.SideRows([first, second, third]))
    assert pool.places == [(1, 0), (1, 1), (2, 0)]
    assert pool.right == [{0, 1}, {0, 1}, {0}]


def test_cancelled(model, tmp_path):
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        encode(model, tmp_path, ROWS, control=control)
