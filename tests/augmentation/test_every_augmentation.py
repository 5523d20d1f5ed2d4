"""What every augmentation promises, proved for all that are registered: a new file is tested without a new test."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from tests.augmentation.common import ALL, REUTERS, generators, picture
from tests.fresh import run_fresh
from tlstudio.augmentation.base import BatchOptions, ImageOptions, Resources, TextOptions
from tlstudio.core import options
from tlstudio.core.control import Control

TEXT = [name for name, plugin in ALL.items() if plugin.KIND == "text"]
IMAGE = [name for name, plugin in ALL.items() if plugin.KIND == "image"]
BATCH = [name for name, plugin in ALL.items() if plugin.KIND == "batch"]
RESERVED = {"name"}  # the key beside the options in the recipe
TEXTS = [
    REUTERS, "", " ", "\n", "one", "a", "!", "two words", "我", "火焰", "我们明天坐出租车去机场，好吗？",
    "東京でラーメンを食べました", "price \ud800 now",
    "한국어 문장입니다", "สวัสดีครับ", "हिन्दी में", "مرحبا بالعالم", "😀", "👩‍👩‍👧‍👦❤️ 1️⃣", "ok 👍🏽 ok",
    "https://example.org @me #tag &amp;", "The price is 3.14!", "e\u0301te\u0301", "\u200d\ufe0f\u0301", "\0\ud800",
    "x" * 5000, "word " * 500,
]  # fmt: skip


def test_they_are_all_here():
    assert len(TEXT) == 8
    assert len(IMAGE) == 7
    assert len(BATCH) == 2


@pytest.mark.parametrize("name", ALL)
def test_it_describes_itself(name):
    plugin = ALL[name]
    assert plugin.NAME == name == name.lower()
    assert " " not in name
    assert plugin.TITLE == plugin.TITLE.strip() != ""
    assert plugin.SUMMARY.endswith(".")
    assert plugin.SUMMARY.count(". ") <= 1, "two sentences at most"
    base = {"text": TextOptions, "image": ImageOptions, "batch": BatchOptions}[plugin.KIND]
    assert issubclass(plugin.Config, base)
    assert issubclass(plugin.Config, BaseModel)
    assert plugin.Config.model_config.get("extra") == "forbid"
    assert plugin.Config.model_config.get("frozen")
    described = {option.name: option for option in options.describe(plugin.Config)}
    for field, info in plugin.Config.model_fields.items():
        assert field not in RESERVED
        assert info.title, field
        assert info.description, field
        assert info.description.endswith("."), field
        assert field in described, f"the window has no form for {field}"
        if described[field].kind in ("int", "float"):
            assert described[field].maximum is not None, f"{field} has no limit"
    with pytest.raises(ValidationError):
        plugin.Config(no_such_option=1)
    json.dumps(plugin.Config().model_dump())


def test_titles_are_unique():
    assert len({plugin.TITLE for plugin in ALL.values()}) == len(ALL)


def test_listing_them_imports_nothing_heavy():
    found = run_fresh(
        "import sys, time\nimport pydantic, tlstudio.core.plugins, tlstudio.models.checks\n"
        "begin = time.perf_counter()\n"
        "found = tlstudio.core.plugins.find('tlstudio.augmentation')\n"
        "print(len(found), time.perf_counter() - begin < 1, "
        "[name for name in (*HEAVY, 'numpy', 'PIL', 'pyarrow') if name in sys.modules])"
    )
    assert found == f"{len(ALL)} True []"


@pytest.fixture
def ready(words_file, tiny_mlm):
    """Config and resources that let any augmentation of texts work."""

    def make(name: str, **wishes: Any) -> tuple[Any, Resources]:
        config = ALL[name].Config
        if name == "language-mix":
            wishes.setdefault("dictionary", str(words_file))
        return config(**wishes), Resources(Control(), tiny_mlm)

    return make


@pytest.mark.parametrize("share", [None, 0.5])
@pytest.mark.parametrize("name", TEXT)
def test_texts_survive_and_are_repeatable(name, share, ready):
    config, resources = ready(name, **({} if share is None else {"share": share}))
    texts = tuple(TEXTS)
    first = ALL[name].change(config, texts, generators(len(texts)), resources)
    second = ALL[name].change(config, list(texts), generators(len(texts)), ready(name)[1])
    assert first == second
    assert isinstance(first, list)
    assert texts == tuple(TEXTS), "the originals stay"
    assert len(first) == len(TEXTS)
    assert all(isinstance(text, str) for text in first)
    for before, after in zip(TEXTS, first, strict=True):
        assert bool(before.strip()) == bool(after.strip()), "no text is emptied, and none comes from nothing"
    assert ALL[name].change(config, [], [], resources) == []


@pytest.mark.parametrize("name", [name for name in TEXT if name != "masked-lm"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(st.characters(codec="utf-8"), max_size=60), max_size=4), seed=st.integers(0, 99))
def test_any_texts(name, ready, texts, seed):
    config, resources = ready(name, share=0.5)
    made = ALL[name].change(config, texts, generators(len(texts), seed), resources)
    assert len(made) == len(texts)
    assert all(bool(before.strip()) == bool(after.strip()) for before, after in zip(texts, made, strict=True))


@pytest.mark.parametrize("name", TEXT)
def test_a_text_does_not_depend_on_its_neighbours(name, ready):
    config, resources = ready(name)
    texts = TEXTS[:10]
    together = ALL[name].change(config, texts, generators(len(texts)), resources)
    backwards = ALL[name].change(config, texts[::-1], generators(len(texts))[::-1], resources)
    assert together == backwards[::-1]


@pytest.mark.parametrize("name", TEXT)
def test_other_generators_give_other_texts(name, ready):
    config, resources = ready(name, share=0.3)
    text = "please legal price the now again help my parcel is the price"
    made = {ALL[name].change(config, [text], generators(1, seed), resources)[0] for seed in range(20)}
    assert len(made) > (2 if name != "synonyms" else 0)


@pytest.mark.parametrize("name", TEXT)
def test_its_files_exist(name, ready):
    config, resources = ready(name)
    assert all(path.is_file() for path in ALL[name].files(config, resources))


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (2, 3), (48, 32)])
@pytest.mark.parametrize("name", IMAGE)
def test_images_of_any_size(name, size):
    plugin, original = ALL[name], picture(*size)
    before = original.tobytes()
    for seed in range(6):
        changed = plugin.change(plugin.Config(), original, np.random.default_rng(seed))
        assert (changed.mode, changed.size) == ("RGB", size)
        assert changed.tobytes() == plugin.change(plugin.Config(), original, np.random.default_rng(seed)).tobytes()
        assert original.tobytes() == before, "the original stays"


@pytest.mark.parametrize("name", IMAGE)
def test_most_images_change(name):
    plugin, original = ALL[name], picture()
    made = [plugin.change(plugin.Config(), original, np.random.default_rng(seed)).tobytes() for seed in range(20)]
    assert sum(changed != original.tobytes() for changed in made) > 15


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("name", BATCH)
def test_batches(name, count):
    plugin = ALL[name]
    images = np.random.default_rng(0).random((count, 3, 8, 6), dtype=np.float32)
    targets = np.eye(4, dtype=np.float32)[np.arange(count) % 4]
    kept = images.copy(), targets.copy()
    for seed in range(6):
        mixed, shares = plugin.mix(plugin.Config(), images, targets, np.random.default_rng(seed))
        again = plugin.mix(plugin.Config(), images, targets, np.random.default_rng(seed))
        assert (mixed.shape, mixed.dtype, shares.shape, shares.dtype) == (
            images.shape, np.float32, targets.shape, np.float32,
        )  # fmt: skip
        assert (mixed == again[0]).all()
        assert (shares == again[1]).all()
        assert shares.sum(1) == pytest.approx(np.ones(count))
        assert (images == kept[0]).all()
        assert (targets == kept[1]).all(), "the originals stay"
