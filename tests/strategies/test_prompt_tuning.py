"""Prompt tuning: the tokenizer puts the learned tokens before each text, and nothing else of the backbone changes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from tests import tiny
from tests.tasks import models as networks
from tests.tasks import tagging, whole
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.plugins import find
from tlstudio.models.tokenizers import load_tokenizer
from tlstudio.strategies.prompt_tuning import PLUGIN
from tlstudio.strategies.virtual_tokens import reader
from tlstudio.training.trainer import fit

WORDS = ["<s>", "</s>", "<unk>", "a", "b"]


def read(processor, *texts):
    """Texts as a tokenizer with such a post-processor and two more tokens reads them."""
    from transformers import PreTrainedTokenizerFast

    from tlstudio.strategies.virtual_tokens import _add

    tokenizer = Tokenizer(models.WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    if processor is not None:
        tokenizer.post_processor = processor
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>")
    _add(fast, ["<1>", "<2>"])
    found = fast(*texts, return_token_type_ids=True)
    return fast.convert_ids_to_tokens(found["input_ids"]), found["token_type_ids"]


TEMPLATE = processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> $B:1 </s>:1",
                                         special_tokens=[("<s>", 0), ("</s>", 1)])  # fmt: skip
BYTES = processors.ByteLevel(trim_offsets=False)
PROCESSORS = {
    "none": (None, "<1> <2> a", "<1> <2> a b", [0, 0, 0, 1]),
    "template": (TEMPLATE, "<s> <1> <2> a </s>", "<s> <1> <2> a </s> b </s>", [0, 0, 0, 0, 0, 1, 1]),
    "bytes": (BYTES, "<1> <2> a", "<1> <2> a b", [0, 0, 0, 1]),
    "both": (processors.Sequence([BYTES, TEMPLATE]), "<s> <1> <2> a </s>", "<s> <1> <2> a </s> b </s>",
             [0, 0, 0, 0, 0, 1, 1]),
    "bert": (processors.BertProcessing(("</s>", 1), ("<s>", 0)), "<s> <1> <2> a </s>", "<s> <1> <2> a </s> b </s>",
             [0, 0, 0, 0, 0, 1, 1]),
    "roberta": (processors.RobertaProcessing(("</s>", 1), ("<s>", 0)), "<s> <1> <2> a </s>",
                "<s> <1> <2> a </s> </s> b </s>", [0] * 8),
}  # fmt: skip


@pytest.mark.parametrize("kind", PROCESSORS)
def test_virtual_tokens_come_after_the_first_special_one(kind):
    processor, single, pair, types = PROCESSORS[kind]
    assert read(processor, "a")[0] == single.split()
    assert read(processor, "a", "b") == (pair.split(), types)


def test_the_reader_reads_like_the_backbone_but_for_them(tiny_model):
    folder, tokens = reader(tiny_model, 4)
    assert reader(tiny_model, 4) == (folder, tokens), "from the cache"
    before, now = load_tokenizer(tiny_model), load_tokenizer(folder)
    assert tokens == list(range(len(before), len(before) + 4))
    found = now("the parcel is late", truncation=True, max_length=8)["input_ids"]
    assert found == [2, *tokens, *before("the parcel", add_special_tokens=False)["input_ids"], 3]
    assert now.decode(found, skip_special_tokens=True) == "the parcel"
    again, more = reader(folder, 2)  # such a model may be the next one's backbone
    assert load_tokenizer(again)("the")["input_ids"][1:7] == [*tokens, *more]


@pytest.mark.parametrize("build", [networks.byte_gpt2, networks.chat_llama])
def test_decoders_read_them_too(build, tmp_path):
    texts = ["the parcel is late again", "money back now please"]
    folder, tokens = reader(build(tmp_path, texts), 3)
    found = load_tokenizer(folder)("the parcel")["input_ids"]
    first = load_tokenizer(tmp_path)("the parcel")["input_ids"]
    assert [token for token in found if token not in tokens] == first
    assert found[: found.index(tokens[-1]) + 1][-3:] == tokens


def test_only_their_rows_and_the_head_train(tiny_model, encoded_tickets):
    heard = tiny.Heard()
    transfer = tiny.transfer(PLUGIN.NAME, tiny_model, encoded_tickets, heard, length=5)
    moving = {name: value for name, value in transfer.model.named_parameters() if value.requires_grad}
    [rows] = [value for name, value in moving.items() if "trainable_tokens" in name]
    assert rows.shape == (5, 32)
    assert {name.split(".")[0] for name, value in moving.items() if value is not rows} <= {"classifier", "bert"}
    assert "strategy.prompt" in heard.codes()
    plain = tiny.task().build(tiny_model, encoded_tickets).get_input_embeddings().weight
    assert all(any(torch.equal(row, other) for other in plain) for row in rows), "they begin as other tokens"
    first = transfer.train[0]["input_ids"]
    assert len(first) == len(encoded_tickets.splits["train"][0]["input_ids"]) + 5
    with torch.no_grad():
        rows.add_(torch.randn_like(rows))
    batch = transfer.collate([transfer.train[0], transfer.train[1]])
    batch.pop("labels")
    with torch.inference_mode():
        before = transfer.model.eval()(**batch).logits
        model = transfer.finish().eval()
        assert torch.allclose(model(**batch).logits, before, atol=1e-6)
    matrix = model.get_input_embeddings().weight
    assert torch.equal(matrix[: len(plain)], plain)
    assert model.config.vocab_size == len(matrix) == len(plain) + 5
    assert type(model).__name__ == "BertForSequenceClassification"


def test_it_learns(lively, tmp_path):
    encoded = tiny.encode(lively, tiny.write_csv(tmp_path / "tickets.csv", tiny.ticket_rows(70)))
    transfer = tiny.transfer(PLUGIN.NAME, lively, encoded)
    heard = tiny.Heard()
    settings = replace(tiny.SETTINGS, epochs=60, learning_rate=3e-2)
    fit(transfer, tiny.task().loss(tiny.task().Config(), encoded), tiny.judge(encoded), settings, tmp_path, heard,
        Control())  # fmt: skip
    assert max(heard.values("validation", "macro_f1")) >= 0.9


def test_what_cannot_be_done_is_refused(tiny_model, encoded_tickets, tmp_path):
    fits = {name: PLUGIN.fits(task) is None for name, task in find("tlstudio.tasks").items()}
    assert fits["text-classification"]
    assert fits["token-classification"]
    assert fits["question-answering"]
    assert not any(fits[name] for name in ("causal-lm", "translation", "image-classification", "masked-lm"))
    short = replace(encoded_tickets, max_length=24)
    with pytest.raises(StudioError) as caught:
        tiny.transfer(PLUGIN.NAME, tiny_model, short)
    assert caught.value.code == "strategy.long-prompt"


TRAINING = {**whole.TRAINING, "epochs": 2}
STRATEGY = {"name": PLUGIN.NAME, "length": 6}


def test_a_whole_run_of_texts(tiny_model, tickets, tmp_path):
    found = whole.good(
        whole.run("text-classification", tiny_model, tickets, tmp_path, strategy=STRATEGY, training=TRAINING,
                  export=["onnx"])
    )  # fmt: skip
    assert found.results["exports"][0]["parity"]["status"] == "passed"
    one, other = (whole.predict_of(folder)("parcel late") for folder in whole.with_scripts(tiny.task(), found))
    assert one == pytest.approx(other, abs=1e-4)
    assert load_tokenizer(found.folder / "model")("late")["input_ids"][1:7] == list(range(90, 96))
    assert found.results["test"]["rows"] == len(found.predictions()["row"])


def test_a_whole_run_of_words_in_texts(tmp_path):
    model = networks.word_bert(tmp_path / "bert", tagging.WORDS)
    data = tagging.write(tmp_path / "names.jsonl", tagging.sentences())
    found = whole.good(
        whole.run("token-classification", model, data, tmp_path, strategy=STRATEGY, training=TRAINING)
    )  # fmt: skip
    assert found.results["training"]["strategy"] == PLUGIN.NAME


def test_other_folds_and_the_untrained_backbone_read_their_own_rows(tmp_path):
    pairs = [(f"the parcel is late {at}", f"parcel late {at}", at % 5) for at in range(40)]
    data = whole.write(tmp_path / "pairs.csv", ["text", "text_b", "score"], pairs)
    section = {"roles": {"text": ["text"], "text_b": ["text_b"], "number": ["score"]},
               "split": {"method": "k-fold", "folds": 2}}  # fmt: skip
    found = whole.good(
        whole.run("sentence-embedding", whole.bert(tmp_path / "bert"), data, tmp_path, strategy=STRATEGY,
                  training=TRAINING, section=section)
    )  # fmt: skip
    assert "untrained" in [one["name"] for one in found.results["baselines"]]
    assert len(found.results["cross_validation"]["folds"]) == 2
