"""The sample of digits: written once, complete, without a network."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from sklearn.datasets import load_digits

from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled
from tlstudio.core.paths import cache_folder
from tlstudio.core.progress import silent
from tlstudio.data.images import open_image
from tlstudio.data.sources.digits import PLUGIN, Options
from tlstudio.data.tables import read_table


def test_the_images_are_those_of_scikit_learn():
    table = read_table("sample:digits", "auto", {}, silent, Control())
    assert (table.source, table.rows, list(table.columns)) == ("digits", 1797, ["image", "label"])
    rows = table.open().to_pylist()
    original = load_digits()
    assert [row["label"] for row in rows] == [str(digit) for digit in original.target]
    assert Counter(row["label"] for row in rows)["3"] == 183
    for number in (0, 5, 1796):
        image = np.asarray(open_image(rows[number]["image"]))
        assert image.shape == (8, 8, 3)
        assert np.abs(image[..., 0] / 255 * 16 - original.images[number]).max() < 0.04


def test_they_are_written_once_and_again_when_the_cache_is_cleared():
    heard = []
    first = PLUGIN.locate("sample:digits", Options(), heard.append, Control())
    assert heard[-1].done == heard[-1].total == 1797
    heard.clear()
    assert PLUGIN.locate("sample:digits", Options(), heard.append, Control()) == first
    assert heard == []
    (cache_folder("images") / "digits" / "0" / "0000.png").unlink()
    assert PLUGIN.locate("sample:digits", Options(), heard.append, Control()) == first
    assert heard


def test_cancel_leaves_nothing():
    control = Control()
    with pytest.raises(Cancelled):
        PLUGIN.locate("sample:digits", Options(), lambda _event: control.cancel(), control)
    assert list(cache_folder("images").iterdir()) == []


def test_another_home_is_another_table(monkeypatch, tmp_path):
    first = PLUGIN.locate("sample:digits", Options(), silent, Control())
    monkeypatch.setenv("TLSTUDIO_HOME", str(tmp_path))
    assert PLUGIN.locate("sample:digits", Options(), silent, Control()).sha256 != first.sha256


def test_import_is_light():
    from tests.fresh import run_fresh

    found = run_fresh("import sys\nimport tlstudio.data.sources.digits\nprint([n for n in HEAVY if n in sys.modules])")
    assert found == "[]"
