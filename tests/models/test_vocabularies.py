"""Vocabularies with fewer tokens: what a text needs stays, with all that builds it."""

from __future__ import annotations

import json
import random

import pytest

from tlstudio.models import vocabularies

LETTERS = "abcde"


def _texts(seed, count=120):
    draw = random.Random(seed)
    return [" ".join("".join(draw.choices(LETTERS, k=draw.randint(1, 8))) for _ in range(5)) for _ in range(count)]


def _tokenizer(kind):
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

    options = {"vocab_size": 220, "show_progress": False}
    made = {
        "WordPiece": (models.WordPiece(unk_token="[UNK]"), trainers.WordPieceTrainer),
        "BPE": (models.BPE(), trainers.BpeTrainer),
        "suffixed": (models.BPE(unk_token="[UNK]", end_of_word_suffix="</w>"), trainers.BpeTrainer),
        "Unigram": (models.Unigram(), trainers.UnigramTrainer),
    }
    model, trainer = made[kind]
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    more = {"end_of_word_suffix": "</w>"} if kind == "suffixed" else {}
    more |= {"unk_token": "[UNK]"} if kind == "Unigram" else {}
    tokenizer.train_from_iterator(
        _texts(0, 400), trainer(special_tokens=["[PAD]", "[UNK]", "[SEP]"], **options, **more)
    )
    tokenizer.add_special_tokens(["[MASK]"])
    tokenizer.post_processor = processors.TemplateProcessing(single="$A [SEP]", special_tokens=[("[SEP]", 2)])
    return tokenizer


@pytest.mark.parametrize("kind", ["WordPiece", "BPE", "suffixed", "Unigram"])
def test_texts_are_read_as_before(kind):
    from tokenizers import Tokenizer

    whole, texts = _tokenizer(kind), _texts(1, 8)
    content = json.loads(whole.to_str())
    used = {number for text in texts for number in whole.encode(text).ids}
    places = vocabularies.order(content, vocabularies.needed(content, used, 0))
    fewer = Tokenizer.from_str(json.dumps(vocabularies.rewritten(content, places)))
    assert fewer.get_vocab_size() == len(places) < 0.75 * whole.get_vocab_size()
    for text in texts:
        assert fewer.encode(text).tokens == whole.encode(text).tokens
        assert [places[number] for number in fewer.encode(text).ids] == whole.encode(text).ids
    others = _texts(2)
    assert all(fewer.decode(fewer.encode(text).ids).replace(" ", "") for text in others)
    assert "[UNK]" not in {token for text in others for token in fewer.encode(text).tokens}
    assert any(fewer.encode(text).tokens != whole.encode(text).tokens for text in others)


def test_what_builds_a_token_stays():
    content = {"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3, "abc": 4, "bc": 5, "ca": 6},
                         "merges": [["a", "b"], ["b", "c"], ["ab", "c"], ["c", "a"]]}}  # fmt: skip
    kept = vocabularies.needed(content, {4}, 0)
    assert kept == {0, 1, 2, 3, 4}
    fewer = vocabularies.rewritten(content, vocabularies.order(content, kept))
    assert fewer["model"]["merges"] == [["a", "b"], ["ab", "c"]]


def test_the_lowest_score_of_unigram_stays():
    content = {
        "model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0], ["a", -1.0], ["bb", -9.0], ["cc", -3]]}
    }
    assert vocabularies.needed(content, set(), 0) == {0, 1, 2}
    assert vocabularies.rewritten(content, [0, 2, 3])["model"] == {
        "type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0], ["bb", -9.0], ["cc", -3]]
    }  # fmt: skip


def test_unused_places_are_not_general():
    words = {"[PAD]": 0, "[unused1]": 1, "[unused2]": 2, "the": 3, "of": 4, "##s": 5, "cat": 6}
    content = {"model": {"type": "WordPiece", "continuing_subword_prefix": "##", "unk_token": "[PAD]", "vocab": words}}
    assert vocabularies.needed(content, set(), 2) == {0, 3, 4, 5}
