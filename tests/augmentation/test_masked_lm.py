"""The backbone predicts other words."""

from __future__ import annotations

import numpy as np
import pytest

from tests.augmentation.common import ALL, change, generators, many, one
from tlstudio.augmentation import masked_lm
from tlstudio.augmentation.base import Resources
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError

TEXT = "please help now the my is again"


def test_the_most_probable_whole_words_come(tiny_mlm):
    made = many("masked-lm", TEXT, backbone=tiny_mlm, top_k=2)
    new = {word for changed in made for word in changed.split()} - set(TEXT.split())
    assert new == {"money", "parcel"}, "neither a part of a word nor a letter"
    assert all(len(changed.split()) == 7 for changed in made)
    assert all(
        sum(old != word for old, word in zip(TEXT.split(), changed.split(), strict=True)) == 1 for changed in made
    )
    drawn = [word for changed in made for word in changed.split() if word in ("money", "parcel")]
    assert drawn.count("money") > drawn.count("parcel") > 0, "drawn by probability"


def test_the_original_is_excluded(tiny_mlm):
    assert one("masked-lm", "Money!", backbone=tiny_mlm, top_k=1) == "Parcel!"
    assert one("masked-lm", "PARCEL!", backbone=tiny_mlm, top_k=1) == "MONEY!"


def test_share(tiny_mlm):
    for changed in many("masked-lm", TEXT, backbone=tiny_mlm, share=0.5, top_k=1):
        assert changed.split().count("money") == round(0.5 * 7)


def test_all_texts_of_a_batch_keep_their_place(tiny_mlm):
    texts = ["now the", "", "help " * 30, "123 😀", "my is", "[MASK] now"] * 12
    changed = change("masked-lm", texts, backbone=tiny_mlm, top_k=1)
    assert [len(text.split()) for text in changed] == [len(text.split()) for text in texts]
    for before, after in zip(texts, changed, strict=True):
        if before in ("", "123 😀", "[MASK] now"):
            assert after == before
        else:
            assert "money" in after


def test_neighbours_do_not_matter(tiny_mlm):
    plugin, resources = ALL["masked-lm"], Resources(Control(), tiny_mlm)
    texts = [f"{TEXT} {word}" for word in ("please", "help", "now again and again")]
    together = plugin.change(plugin.Config(), texts, generators(3), resources)
    alone = [plugin.change(plugin.Config(), [text], [generators(3)[place]], resources)[0]
             for place, text in enumerate(texts)]  # fmt: skip
    assert together == alone


def test_what_lies_beyond_the_longest_input_stays(tiny_mlm):
    text = "help " * 300
    [changed] = {one("masked-lm", text, backbone=tiny_mlm, share=0.5, top_k=1)}
    places = [place for place, word in enumerate(changed.split()) if word == "money"]
    assert places
    assert max(places) < 64


def test_the_last_layer_sees_the_masks_alone(tiny_mlm):
    """The same logits as over all positions, without computing those."""
    import torch

    resources = Resources(Control(), tiny_mlm)
    predictor = masked_lm._predictor(resources)
    mask = predictor.tokenizer.mask_token
    texts = [f"please {mask} now {mask}", f"{mask} help"]
    shapes = []
    predictor.model.get_output_embeddings().register_forward_hook(lambda _m, _i, out: shapes.append(tuple(out.shape)))
    rows, logits = predictor._logits(texts)
    encoded = predictor.tokenizer(texts, padding=True, return_tensors="pt")
    with torch.inference_mode():
        whole = predictor.model(**encoded).logits
    expected = whole[encoded["input_ids"] == predictor.tokenizer.mask_token_id]
    assert rows == [0, 0, 1]
    assert shapes[0][:2] == (1, 3)
    assert np.allclose(logits.numpy(), expected.numpy(), atol=1e-5)


@pytest.mark.parametrize("folder", ["tiny_model", "starter"])
def test_a_backbone_without_the_head_is_an_error(folder, request):
    with pytest.raises(StudioError) as caught:
        one("masked-lm", TEXT, backbone=request.getfixturevalue(folder))
    assert (caught.value.code, caught.value.where) == ("augment.no-mlm-head", "data.augment")
    assert "another augmentation" in caught.value.remedy


def test_a_tokenizer_without_a_mask_is_an_error(tiny_mlm, tmp_path):
    import json
    import shutil

    shutil.copytree(tiny_mlm, tmp_path / "model")
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        if (path := tmp_path / "model" / name).is_file():
            path.write_text(json.dumps({k: v for k, v in json.loads(path.read_text()).items() if k != "mask_token"}))
    with pytest.raises(StudioError) as caught:
        one("masked-lm", TEXT, backbone=tmp_path / "model")
    assert caught.value.code == "augment.no-mlm-head"


def test_no_backbone_and_cancel(tiny_mlm):
    with pytest.raises(StudioError) as caught:
        one("masked-lm", TEXT)
    assert caught.value.code == "augment.no-backbone"
    plugin, control = ALL["masked-lm"], Control()
    control.cancel()
    with pytest.raises(Cancelled):
        plugin.change(plugin.Config(), [TEXT], generators(1), Resources(control, tiny_mlm))


def test_the_model_is_read_once(tiny_mlm, monkeypatch):
    from tlstudio.augmentation import backbone

    loads, plain = [], backbone.masked_lm
    monkeypatch.setattr(backbone, "masked_lm", lambda *given: loads.append(1) or plain(*given))
    plugin, resources = ALL["masked-lm"], Resources(Control(), tiny_mlm)
    for _ in range(3):
        plugin.change(plugin.Config(), [TEXT], generators(1), resources)
    assert len(loads) == 1
