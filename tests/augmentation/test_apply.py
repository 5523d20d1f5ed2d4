"""Copies of training texts as they stream by, changed images and mixed batches."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from tests.augmentation.common import ALL, REUTERS, picture
from tests.tiny import Heard
from tlstudio.augmentation import apply
from tlstudio.augmentation.base import Resources
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.recipe import DataSection

TEXTS = [f"{REUTERS} {number}" for number in range(600)]


def choice(name, **options):
    return ALL[name], ALL[name].Config(**options)


def run(texts, *choices, seed=7, **more):
    return list(apply.augmented(texts, choices, seed, Resources(Control()), **more))


def test_copies_follow_their_sources():
    tally = apply.Tally()
    made = run(iter(TEXTS), choice("spelling-noise", copies=2), choice("random-swap"), tally=tally)
    assert [copy.source for copy in made] == sorted(copy.source for copy in made)
    assert Counter(copy.augmentation for copy in made) == tally.made
    assert tally.rows == 600
    assert tally.made["random-swap"] == 600
    assert tally.made["spelling-noise"] + tally.repeated["spelling-noise"] == 1200
    assert all(copy.text != TEXTS[copy.source] for copy in made)
    assert len({copy.text for copy in made}) == len(made)
    index, text, _name = made[0]
    assert (index, text.endswith("0")) == (0, True)


def test_row_order_and_neighbours_do_not_matter():
    wishes = choice("spelling-noise", copies=3), choice("random-deletion", share_of_rows=0.5)
    made = {(TEXTS[copy.source], copy.text) for copy in run(TEXTS, *wishes)}
    backwards = TEXTS[::-1]
    assert made == {(backwards[copy.source], copy.text) for copy in run(backwards, *wishes)}
    few = TEXTS[100:110]
    assert {pair for pair in made if pair[0] in few} == {(few[copy.source], copy.text) for copy in run(few, *wishes)}


def test_the_seed_decides():
    first = run(TEXTS[:20], choice("spelling-noise"))
    assert first == run(TEXTS[:20], choice("spelling-noise"))
    assert first != run(TEXTS[:20], choice("spelling-noise"), seed=8)


def test_share_of_rows():
    made = run(TEXTS, choice("random-swap", share_of_rows=0.3))
    assert 0.25 < len(made) / 600 < 0.35
    fewer = run(TEXTS, choice("random-swap", share_of_rows=0.1))
    assert {copy.source for copy in fewer} < {copy.source for copy in made}, "more rows add to the fewer"


def test_the_same_augmentation_twice_draws_anew():
    made = run(TEXTS[:50], choice("random-swap"), choice("random-swap"))
    assert len(made) > 95


def test_what_stays_the_same_is_dropped_and_counted():
    tally, heard = apply.Tally(), Heard()
    made = run(["火焰", "", "  ", "12 34", "hot"], choice("case-noise", copies=3, style="upper"), tally=tally)
    assert [(copy.source, copy.text) for copy in made] == [(4, "HOT")]
    assert (tally.made["case-noise"], tally.unchanged["case-noise"], tally.repeated["case-noise"]) == (1, 6, 2)
    tally.report(heard)
    assert heard[0].params == {"name": "case-noise", "made": 1, "rows": 5, "dropped": 8}


def test_it_streams():
    seen = []

    def endless():
        while True:
            seen.append(1)
            yield f"{REUTERS} {len(seen)}"

    stream = apply.augmented(endless(), [choice("random-swap")], 7, Resources(Control()))
    assert next(stream).source == 0
    assert len(seen) <= 300


def test_ticks_and_cancel():
    ticks = []
    run(TEXTS, choice("random-swap"), tick=ticks.append)
    assert sum(ticks) == 600
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        list(apply.augmented(TEXTS, [choice("random-swap")], 7, Resources(control)))


def test_without_text_augmentations_nothing_comes():
    assert run(TEXTS) == []
    assert run(TEXTS, choice("flip"), choice("mixup")) == []


def test_choices_of_a_recipe():
    section = DataSection.model_validate({"augment": ["random-swap", {"name": "flip", "vertical": True}]})
    (swap, _), (flip, config) = apply.chosen(section.augment)
    assert (swap.NAME, flip.NAME, config.vertical) == ("random-swap", "flip", True)
    for wrong, where in (("no-such", "data.augment.0.name"), ({"name": "flip", "x": 1}, "data.augment.0.x")):
        with pytest.raises(StudioError) as caught:
            apply.chosen(DataSection.model_validate({"augment": [wrong]}).augment)
        assert caught.value.where == where


# --- keys


def test_the_key_follows_everything_that_decides(words_file, tiny_mlm, tiny_model):
    mix = choice("language-mix", dictionary=str(words_file))
    resources = Resources(Control())

    def key(*choices, seed=7, given=resources):
        return apply.key(choices, seed, given)

    assert key() == key(choice("flip")) == ""
    first = key(mix)
    assert first == key(mix) == key(mix, choice("flip")) != ""
    others = [key(mix, seed=8), key(choice("language-mix", dictionary=str(words_file), share=0.5)),
              key(mix, choice("random-swap")), key(choice("random-swap"), mix)]  # fmt: skip
    words_file.write_text("other\twords\n", encoding="utf-8")
    others.append(key(mix))
    others += [key(choice("masked-lm"), given=Resources(Control(), folder)) for folder in (tiny_mlm, tiny_model)]
    assert len({first, *others}) == 8
    words_file.unlink()
    with pytest.raises(StudioError):
        key(mix)


# --- images and batches


def test_images_go_through_all_in_turn():
    given = picture()
    both = [choice("flip", probability=1.0), choice("flip", probability=1.0)]
    assert apply.changed_image(given, both, np.random.default_rng(0)).tobytes() == given.tobytes()
    assert apply.changed_image(given, [choice("random-swap")], np.random.default_rng(0)) is given
    made = [apply.changed_image(given, [choice("flip", probability=0.25)], np.random.default_rng(seed))
            for seed in range(200)]  # fmt: skip
    assert 30 < sum(changed.tobytes() != given.tobytes() for changed in made) < 70


def test_one_mix_for_a_batch():
    images = np.random.default_rng(0).random((4, 3, 8, 8), dtype=np.float32)
    targets = np.eye(4, dtype=np.float32)
    assert apply.mixed(images, targets, [choice("flip")], np.random.default_rng(0))[0] is images
    wishes = [choice("mixup", alpha=10.0), choice("cutmix", probability=0.5)]
    kinds = Counter()
    for seed in range(200):
        found, shares = apply.mixed(images, targets, wishes, np.random.default_rng(seed))
        still = np.isclose(found, images).mean((1, 2, 3))
        kinds["none" if found is images else "mixup" if still.min() < 0.01 else "cutmix"] += 1
        assert shares.sum(1) == pytest.approx(np.ones(4))
    assert kinds["none"] > 20
    assert kinds["mixup"] > 50
    assert kinds["cutmix"] > 20


def test_an_augmenter_of_images_follows_from_seed_and_draw():
    import numpy as np
    from PIL import Image

    from tlstudio.augmentation.apply import Augmenter
    from tlstudio.augmentation.base import Resources
    from tlstudio.core.recipe import Choice

    def make(seed, *names):
        return Augmenter([Choice(name=name) for name in names], seed, Resources(Control()), lambda _event: None)

    noise = np.random.default_rng(0).integers(0, 255, (24, 24, 3), dtype=np.uint8)
    one, image = make(7, "rotation", "mixup"), Image.fromarray(noise)
    assert (one.changes_images, one.mixes, bool(one.image_key), one.key) == (True, True, True, "")
    assert one.image(image, (0, 3)).tobytes() == make(7, "rotation", "mixup").image(image, (0, 3)).tobytes()
    others = [one.image(image, (0, 4)), one.image(image, (1, 3)), make(8, "rotation").image(image, (0, 3))]
    assert all(one.image(image, (0, 3)).tobytes() != other.tobytes() for other in others)
    images, targets = np.random.default_rng(1).random((4, 3, 8, 8), dtype=np.float32), np.eye(4, dtype=np.float32)
    first, again = one.batch(images, targets, (0, 1)), one.batch(images, targets, (0, 1))
    assert np.array_equal(first[0], again[0])
    assert first[1].sum(1).tolist() == pytest.approx([1] * 4)
    keys = {make(7, "rotation").image_key, make(8, "rotation").image_key, make(7, "flip").image_key, one.image_key}
    assert len(keys) == 4
    plain = make(7, "case-noise")
    assert (plain.changes_images, plain.mixes, plain.image_key) == (False, False, "")
