"""Vocabulary trimming: fewer tokens, the same reading of the texts, the same answers."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tests import tiny
from tests.conftest import WORDS
from tests.tasks import models
from tlstudio.compression import vocabulary_trimming
from tlstudio.compression.base import CompressJob
from tlstudio.compression.vocabulary_trimming import PLUGIN
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError

OTHERS = [
    f"{one}{two}" for one in ("house", "tree", "moon", "river", "stone") for two in ("s", "keeper", "light", "ful")
]
TEXTS = [" ".join(WORDS), " ".join(OTHERS), "the parcel is late again", "lighthouse keepers", "0 1 2 3 4 5 6 7 8 9"] * 3


def _xlmr(folder):
    """A random XLM-R with a Unigram vocabulary, where the padding decides where positions begin."""
    import torch
    from tokenizers import Tokenizer, decoders, pre_tokenizers, processors, trainers
    from tokenizers import models as kinds
    from transformers import PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaModel

    tokenizer = Tokenizer(kinds.Unigram())
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    tokenizer.train_from_iterator(TEXTS, trainers.UnigramTrainer(
        vocab_size=150, special_tokens=special, unk_token="<unk>", show_progress=False
    ))  # fmt: skip
    tokenizer.add_special_tokens(["<mask>"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    names = {
        "bos_token": "<s>",
        "eos_token": "</s>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
        "mask_token": "<mask>",
    }
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_input_names=["input_ids", "attention_mask"],
                            model_max_length=32, **names).save_pretrained(folder)  # fmt: skip
    torch.manual_seed(0)
    XLMRobertaModel(XLMRobertaConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=34, type_vocab_size=1,
    )).save_pretrained(folder)  # fmt: skip
    return folder


KINDS = {
    "WordPiece": lambda folder: models.word_bert(folder, [*OTHERS, *WORDS], pairs=False),
    "Unigram": _xlmr,
    "BPE": lambda folder: models.byte_gpt2(folder, TEXTS),
}


def _trained(backbone, tickets, folder):
    encoded = tiny.encode(backbone, tickets)
    tiny.task().save(tiny.task().build(backbone, encoded, initializer_range=0.3), encoded, backbone, folder)
    return encoded


def _job(source, encoded, tickets, heard=None, **more):
    given = {"read": lambda folder: tiny.encode(folder, tickets), **more}
    return CompressJob(source, "transformers", heard if heard is not None else tiny.Heard(), Control(), tiny.task(),
                       encoded, **given)  # fmt: skip


def _size(folder):
    return json.loads((folder / "config.json").read_text())["vocab_size"]


@pytest.mark.parametrize("kind", KINDS)
def test_fewer_tokens_give_the_same_answers(kind, tickets, tmp_path):
    from tokenizers import Tokenizer

    from tlstudio.models.tokenizers import load_tokenizer

    source, folder, heard = tmp_path / "model", tmp_path / "trimmed", tiny.Heard()
    encoded = _trained(KINDS[kind](tmp_path / "backbone"), tickets, source)
    (source / "vocab.txt").write_text("old\n")
    folder.mkdir()
    PLUGIN.apply(PLUGIN.Config(general=0), _job(source, encoded, tickets, heard), folder)

    assert json.loads((folder / "tokenizer.json").read_text())["model"]["type"] == kind
    assert _size(folder) < _size(source) - 5
    assert not (folder / "vocab.txt").exists()
    told = [code for code in heard.codes() if code in ("compress.same-tokens", "compress.other-tokens")]
    assert len(told) == len(encoded.splits)
    assert told[0] == "compress.same-tokens"
    after = tiny.encode(folder, tickets)
    for split in [split for split, code in zip(encoded.splits, told, strict=True) if code == told[0]]:
        before = tiny.logits(PLUGIN.scorer(source), encoded.examples(split))
        np.testing.assert_allclose(tiny.logits(PLUGIN.scorer(folder), after.examples(split)), before, atol=1e-5)
        assert np.ptp(before) > 1e-3
    alone, old = Tokenizer.from_file(str(folder / "tokenizer.json")), load_tokenizer(source)
    for text in ("my parcel is late 7", "please help me crash"):
        assert alone.encode(text).ids == load_tokenizer(folder)(text)["input_ids"]
        assert alone.decode(alone.encode(text).ids) == old.decode(old(text)["input_ids"], skip_special_tokens=True)
    assert max(alone.get_vocab().values()) == _size(folder) - 1


@pytest.mark.parametrize("kind", KINDS)
def test_general_tokens_are_the_first_of_the_vocabulary(kind, tickets, tmp_path):
    source = tmp_path / "model"
    encoded = _trained(KINDS[kind](tmp_path / "backbone"), tickets, source)
    sizes = []
    for general in (0, 5, 12):
        (folder := tmp_path / str(general)).mkdir()
        PLUGIN.apply(PLUGIN.Config(general=general), _job(source, encoded, tickets), folder)
        sizes.append(_size(folder))
    assert sizes == sorted(sizes)
    if kind == "WordPiece":
        known = json.loads((tmp_path / "12/tokenizer.json").read_text())["model"]["vocab"]
        assert [word for word in OTHERS if word in known] == OTHERS[:12]
        assert sizes[2] - sizes[0] == 12


def test_texts_beyond_the_cut_count_as_well(tickets, tmp_path):
    source, folder = tmp_path / "model", tmp_path / "trimmed"
    encoded = _trained(KINDS["WordPiece"](tmp_path / "backbone"), tickets, source)
    folder.mkdir()
    job = _job(
        source, encoded, tickets, texts=lambda split: iter(["a moonful stonekeeper"] if split == "train" else [])
    )
    PLUGIN.apply(PLUGIN.Config(general=0), job, folder)
    known = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    assert {word for word in OTHERS if word in known} == {"moonful", "stonekeeper"}


def test_rows_that_would_be_read_otherwise(tickets, tmp_path):
    source, folder, heard = tmp_path / "model", tmp_path / "trimmed", tiny.Heard()
    encoded = _trained(KINDS["WordPiece"](tmp_path / "backbone"), tickets, source)
    folder.mkdir()

    def other(split):  # reads one row of a split otherwise
        def read(place):
            found = tiny.encode(place, tickets)
            rows = [dict(found.splits[split][at]) for at in range(len(found.splits[split]))]
            rows[0]["input_ids"] = rows[0]["input_ids"][:-1]
            return replace(found, splits={**found.splits, split: rows})

        return read

    PLUGIN.apply(PLUGIN.Config(general=0), _job(source, encoded, tickets, heard, read=other("test")), folder)
    assert heard.codes().count("compress.other-tokens") == 1
    with pytest.raises(StudioError, match="1 training row") as problem:
        PLUGIN.apply(PLUGIN.Config(general=0), _job(source, encoded, tickets, read=other("train")), folder)
    assert problem.value.code == "compress.vocabulary"


def test_what_cannot_be_trimmed(tickets, tmp_path):
    source, folder = tmp_path / "model", tmp_path / "trimmed"
    encoded = _trained(KINDS["WordPiece"](tmp_path / "backbone"), tickets, source)
    folder.mkdir()
    with pytest.raises(StudioError, match=r"all \d+ tokens .* are needed"):
        PLUGIN.apply(PLUGIN.Config(), _job(source, encoded, tickets), folder)
    (source / "tokenizer.json").unlink()
    with pytest.raises(StudioError, match=r"no tokenizer\.json"):
        PLUGIN.apply(PLUGIN.Config(general=0), _job(source, encoded, tickets), folder)


def _writers():
    import transformers

    small = {"vocab_size": 40, "pad_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 2}
    layers = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    bart = {"d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2,
            "decoder_attention_heads": 2, "encoder_ffn_dim": 16, "decoder_ffn_dim": 16}  # fmt: skip
    t5 = {"d_model": 16, "d_kv": 8, "d_ff": 16, "num_layers": 1, "num_heads": 2}
    return {
        "bert": (transformers.BertForMaskedLM, transformers.BertConfig(vocab_size=40, **layers)),
        "distilbert": (transformers.DistilBertForMaskedLM,
                       transformers.DistilBertConfig(vocab_size=40, dim=16, n_layers=1, n_heads=2, hidden_dim=16)),
        "roberta": (transformers.RobertaForMaskedLM, transformers.RobertaConfig(vocab_size=40, **layers)),
        "gpt2": (transformers.GPT2LMHeadModel, transformers.GPT2Config(vocab_size=40, n_embd=16, n_layer=1, n_head=2)),
        "llama": (transformers.LlamaForCausalLM,
                  transformers.LlamaConfig(vocab_size=40, tie_word_embeddings=False, **layers)),
        "bart": (transformers.BartForConditionalGeneration, transformers.BartConfig(**small, **bart)),
        "t5": (transformers.T5ForConditionalGeneration,
               transformers.T5Config(**small, **t5, tie_word_embeddings=False)),
    }  # fmt: skip


def test_scores_of_kept_tokens_stay():
    import torch

    places = [0, 1, 2, 3, 5, 8, 13, 21, 34, 39]
    for name, (kind, config) in _writers().items():
        torch.manual_seed(0)
        model = kind(config).eval()
        if hasattr(model, "final_logits_bias"):
            model.final_logits_bias.normal_()
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
        old, new = torch.tensor([[0, 5, 8, 39, 2]]), torch.tensor([[0, 4, 5, 9, 2]])
        more = {"decoder_input_ids": old} if config.is_encoder_decoder else {}
        with torch.no_grad():
            before = model(input_ids=old, **more).logits[..., places]
            tied = model.get_output_embeddings().weight is model.get_input_embeddings().weight
            vocabulary_trimming.keep_rows(model, places)
            more = {"decoder_input_ids": new} if config.is_encoder_decoder else {}
            after = model(input_ids=new, **more).logits
        np.testing.assert_allclose(after, before, atol=1e-5, err_msg=name)
        assert (model.get_output_embeddings().weight is model.get_input_embeddings().weight) == tied


def test_numbers_in_configs_follow_their_tokens():
    config = {"pad_token_id": 5, "eos_token_id": [7, 9], "bos_token_id": None, "hidden_size": 5, "vocab_size": 12,
              "bad_words_ids": [[5], [6]], "text_config": {"sep_token_id": 9, "vocab_size": 12}}  # fmt: skip
    numbers = {5: 0, 7: 1, 9: 2}
    found = vocabulary_trimming._sized(vocabulary_trimming._renumbered(config, numbers.get), 12, 3)
    assert found == {"pad_token_id": 0, "eos_token_id": [1, 2], "bos_token_id": None, "hidden_size": 5, "vocab_size": 3,
                     "bad_words_ids": [[0], []], "text_config": {"sep_token_id": 2, "vocab_size": 3}}  # fmt: skip
