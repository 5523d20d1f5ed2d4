"""Tokenizers of model folders: those of SentencePiece, missing vocabularies, and the padding that a model knows."""

from __future__ import annotations

import json

import pytest
import transformers

from tests.tasks import models, speech
from tests.tasks.pieces import pieces
from tlstudio.core.errors import StudioError
from tlstudio.models.checks import check_tokenizer
from tlstudio.models.tokenizers import load_tokenizer, no_file, padding_id, require_file, tokenise, tokenise_pairs

TEXTS = ["the red dog runs", "a small fish swims far", "the moon is big", "old cars are slow"]


def config(folder, kind, **values):
    folder.mkdir(exist_ok=True)
    transformers.AutoConfig.for_model(kind, **values).save_pretrained(folder)
    return folder


@pytest.mark.parametrize(("kind", "file"), [("t5", "spiece.model"), ("deberta-v2", "spm.model"),
                                            ("xlm-roberta", "sentencepiece.bpe.model"), ("siglip", "spiece.model"),
                                            ("llama", "tokenizer.model")])  # fmt: skip
def test_models_that_bring_only_a_sentencepiece_model(tmp_path, kind, file):
    folder = config(tmp_path / kind, kind)
    (folder / file).write_bytes(pieces(TEXTS))
    check_tokenizer(folder)
    tokenizer = load_tokenizer(folder)
    ids, lengths = tokenise(tokenizer, ["the red dog", "slow fish"], 64)
    assert lengths[0] > 2
    assert tokenizer.decode(ids[0], skip_special_tokens=True).strip() == "the red dog"


ALBERT = {"pad_id": 0, "unk_id": 1, "bos_id": -1, "eos_id": -1, "control_symbols": "[CLS],[SEP],[MASK]"}


@pytest.mark.parametrize(("kind", "file", "options"), [
    ("t5", "spiece.model", {}), ("xlm-roberta", "sentencepiece.bpe.model", {}), ("albert", "spiece.model", ALBERT),
])  # fmt: skip
def test_a_vocabulary_of_sentencepiece_becomes_a_file_that_any_program_can_read(tmp_path, kind, file, options):
    from tokenizers import Tokenizer

    folder, saved = config(tmp_path / kind, kind), tmp_path / "saved"
    (folder / file).write_bytes(pieces(TEXTS, **options))
    assert no_file(folder) is None
    load_tokenizer(folder).save_pretrained(saved)
    alone = Tokenizer.from_file(str(saved / "tokenizer.json"))
    alone.encode_special_tokens = True
    texts = ["the red dog", "slow  fish </s> x", "unknown: Ω"]
    assert [alone.encode(text).ids for text in texts] == tokenise(load_tokenizer(folder), texts, 64)[0]


def test_a_tokenizer_of_python_alone_has_no_such_file(tmp_path):
    folder = models.canine(tmp_path / "canine")
    check_tokenizer(folder)  # characters are its vocabulary
    assert tokenise(load_tokenizer(folder), ["hi"], 8)[0] == [[57344, 104, 105, 57345]]
    problem = no_file(folder)
    assert problem is not None
    assert (problem.code, problem.params["kind"]) == ("export.no-tokenizer-file", "CanineTokenizer")
    assert "safetensors" in problem.remedy
    with pytest.raises(StudioError):
        require_file(folder)


@pytest.mark.parametrize("kind", ["bert", "roberta", "gpt2", "t5", "xlm-roberta", "deberta-v2", "marian", "m2m_100"])
def test_a_tokenizer_without_a_vocabulary_is_none(tmp_path, kind):
    """transformers would make one of special tokens alone, to which every word is unknown."""
    with pytest.raises(StudioError) as caught:
        load_tokenizer(config(tmp_path / kind, kind))
    assert caught.value.code == "model.bad-tokenizer"
    assert "tokenizer.json" in caught.value.remedy


def test_special_tokens_alone_are_no_tokenizer(tmp_path):
    (tmp_path / "special_tokens_map.json").write_text("{}")
    (tmp_path / "added_tokens.json").write_text("{}")
    with pytest.raises(StudioError) as caught:
        check_tokenizer(tmp_path)
    assert caught.value.code == "model.no-tokenizer"


def test_long_texts_lose_their_end(tmp_path):
    """Also where the tokenizer's settings say otherwise, which programs with tokenizer.json alone do not read."""
    folder = models.word_bert(tmp_path, TEXTS[0].split())
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "truncation_side": "left"}))
    tokenizer = load_tokenizer(folder)
    assert tokenizer.decode(tokenise(tokenizer, [TEXTS[0]], 4)[0][0], skip_special_tokens=True) == "the red"


def test_rows_are_padded_with_what_the_head_looks_for(tmp_path):
    folder = models.chat_llama(tmp_path / "llama", speech.vocabulary())
    assert padding_id(folder) == load_tokenizer(folder).eos_token_id == 1
    for stated, expected in ((3, 3), (-1, 1), (100_000, 1)):
        path = folder / "config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "pad_token_id": stated}))
        assert padding_id(folder) == expected


def test_a_special_token_in_a_text_is_only_a_text(tiny_model, tmp_path):
    """BART's classifier refuses rows with different numbers of end tokens; and no text should steer a model."""
    tokenizer = load_tokenizer(tiny_model)
    [ids], _full = tokenise(tokenizer, ["help [SEP] now [CLS]"], 64)
    assert ids.count(tokenizer.sep_token_id) == ids.count(tokenizer.cls_token_id) == 1
    [pair], _full, _types = tokenise_pairs(tokenizer, ["help [SEP]"], ["now [PAD]"], 64)
    assert pair.count(tokenizer.sep_token_id) <= 2
    assert tokenizer.pad_token_id not in pair
    assert tokenizer("help [SEP] now")["input_ids"].count(tokenizer.sep_token_id) == 2, "others still can"
