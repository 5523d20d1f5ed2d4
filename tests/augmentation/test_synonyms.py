"""Words of like meaning, from a dictionary or from the input embeddings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.augmentation.common import ALL, many, one
from tlstudio.augmentation.base import Resources
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError


def test_from_a_dictionary(words_file):
    made = set(many("synonyms", "Price of it", share=1.0, dictionary=str(words_file)))
    assert made == {"Preis of it", "Kosten of it"}


@pytest.fixture(scope="module")
def embedded(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny BERT; its vectors say that crash and screen are alike, and that money and back are the same."""
    import shutil

    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = tmp_path_factory.mktemp("embedded") / "model"
    shutil.copytree(tiny_model, folder)
    model, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    table = model.get_input_embeddings().weight
    crash, screen, money, back = tokenizer.convert_tokens_to_ids(["crash", "screen", "money", "back"])
    with torch.no_grad():
        table[screen] = table[crash] + 0.5 * table[screen]
        table[back] = 3 * table[money]
    model.save_pretrained(folder)
    return folder


def test_from_the_embeddings(embedded):
    options = {"backbone": embedded, "share": 1.0, "likeness": 0.7}
    assert set(many("synonyms", "Money crash now unknown", **options)) == {"Back screen now unknown"}
    assert one("synonyms", "money", backbone=embedded, likeness=1.0) in ("money", "back"), "rounding decides"


def test_short_words_stay(embedded):
    assert one("synonyms", "my is now the", backbone=embedded, share=1.0, likeness=0.0) == "my is now the"


def test_no_backbone_is_an_error():
    with pytest.raises(StudioError) as caught:
        one("synonyms", "money")
    assert (caught.value.code, caught.value.where) == ("augment.no-backbone", "model.name")


def test_a_backbone_without_words_is_an_error(assets, tiny_model, tmp_path):
    import shutil

    shutil.copytree(assets / "models/dinov2-small-fp16", tmp_path / "vision")
    (tmp_path / "vision").chmod(0o755)
    shutil.copyfile(tiny_model / "tokenizer.json", tmp_path / "vision/tokenizer.json")
    with pytest.raises(StudioError) as caught:
        one("synonyms", "money", backbone=tmp_path / "vision")
    assert caught.value.code == "augment.no-embeddings"


def test_files(embedded, words_file):
    plugin, resources = ALL["synonyms"], Resources(Control(), embedded)
    assert plugin.files(plugin.Config(dictionary=str(words_file)), resources) == [words_file]
    assert {path.name for path in plugin.files(plugin.Config(), resources)} == {"model.safetensors", "tokenizer.json"}


def test_real_words(starter):
    """What the starter model is known to say; its neighbours are those of BERT."""
    made = set(many("synonyms", "The company quickly changed", backbone=starter, share=1.0))
    assert made
    assert {changed.split()[2] for changed in made} <= {"rapidly", "swiftly", "quick", "fast"}
    assert {changed.split()[1] for changed in made} == {"companies"}
    assert one("synonyms", "滑板出租车", backbone=starter, share=1.0) == "滑板出租车", "single characters make nonsense"


@pytest.mark.slow
def test_a_multilingual_vocabulary(assets):
    folder = assets / "models/multilingual-e5-small-trimmed-fp16"
    for changed in many("synonyms", "the price is good", 10, backbone=folder, share=1.0):
        assert changed.isascii() or all(letter.isalpha() or letter == " " for letter in changed)
        assert not any("\u0400" <= letter <= "\u04ff" for letter in changed), "another script"
