"""Vocabularies of the three kinds of tokenizers."""

from __future__ import annotations

import pytest

from tlstudio.augmentation import backbone
from tlstudio.core.errors import StudioError


class Tokens:
    """A tokenizer that has a vocabulary only."""

    all_special_ids = (0,)

    def __init__(self, *tokens: str) -> None:
        self.tokens = ["<s>", *tokens]

    def __len__(self) -> int:
        return len(self.tokens)

    def convert_ids_to_tokens(self, numbers):
        return [self.tokens[number] for number in numbers]

    def convert_tokens_to_string(self, tokens):
        return bytearray(ord(letter) if ord(letter) < 256 else 32 for letter in "".join(tokens)).decode(
            "utf-8", "replace"
        )


def words(tokenizer):
    known = backbone.vocabulary(tokenizer)
    return (
        {known.texts[place] for place in known.whole.nonzero()[0]},
        {known.texts[place] for place in known.joined.nonzero()[0]},
    )


@pytest.mark.parametrize(
    ("tokens", "whole", "joined"),
    [
        (("walk", "##ing", "a", "12", "don't", "车", "##车", "!", "[x]"), {"walk", "don't"}, {"车"}),
        (
            ("\u2581walk", "ing", "\u2581a", "\u2581", "出租", "\u2581车", "\u2581привет"),
            {"walk", "привет"},
            {"出租", "车"},
        ),
        (("\u0120walk", "ing", "\u0120", "\u0120a", "\u01201"), {"walk"}, set()),
        (("walk", "run", "!"), {"walk", "run"}, set()),
    ],
    ids=["WordPiece", "SentencePiece", "byte-level", "whole words"],
)
def test_whole_words(tokens, whole, joined):
    found_whole, found_joined = words(Tokens(*tokens))
    assert found_joined == joined
    assert found_whole == whole


def test_words_in_lower_case_stand_for_all(tiny_model):
    found = backbone.embedded_words(tiny_model, 4)
    assert found.words == ["parcel", "late", "money", "back", "crash", "screen", "please", "help", "again"]
    assert found.vectors.shape == (9, 32)
    assert ((found.vectors**2).sum(1).round(5) == 1).all()
    assert set(found.scripts.tolist()) == {0}
    assert found.longest["money"] == 1


def test_a_damaged_tokenizer_is_explained(tmp_path):
    (tmp_path / "tokenizer.json").write_text("{")
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(StudioError) as caught:
        backbone.load_tokenizer(tmp_path)
    assert caught.value.code == "model.bad-tokenizer"
