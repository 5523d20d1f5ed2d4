"""Rows in memory: labels as codes, contents as numbers."""

from __future__ import annotations

import numpy as np
import pytest

from tlstudio.core.control import Control
from tlstudio.core.progress import silent
from tlstudio.data.frames import Frame, Frames, content_id, encode, id_text
from tlstudio.data.roles import Roles
from tlstudio.data.tables import read_table


@pytest.fixture
def frames(written):
    rows = [("a", "x"), ("b", " y "), ("a", "x"), ("c", ""), ("d", "z")]
    table = read_table(written("a.csv", rows), "auto", {}, silent, Control())
    names = []
    codes = encode(table, "label", names)
    frame = Frame(table, Roles({"text": ("text",), "label": ("label",)}), np.ones(5, bool), codes)
    return Frames({"train": frame}, names)


def test_labels_are_stripped_and_numbered(frames):
    assert frames.names == ["x", "y", "z"]
    assert frames.by_split["train"].codes.tolist() == [0, 1, 0, -1, 2]
    assert frames.counts().tolist() == [2, 1, 1]


def test_ids_follow_the_content(frames):
    ids = frames.by_split["train"].ids()
    assert ids[0] == ids[2] == content_id("a")
    assert len(set(ids.tolist())) == 4
    assert id_text(ids[0]) == f"{content_id('a'):016x}"


def test_renaming_merges_and_drops(frames):
    frames.rename({"x": "one", "y": "one", "z": None, "gone": "other"})
    frame = frames.by_split["train"]
    assert frames.names == ["one"]
    assert frame.codes.tolist() == [0, 0, 0, -1, -1]
    assert frame.keep.tolist() == [True, True, True, True, False], "a row that never had a label is not dropped"


def test_swapping_two_names(frames):
    frames.rename({"x": "y", "y": "x"})
    assert [frames.names[code] for code in frames.by_split["train"].codes[:3]] == ["y", "x", "y"]


def test_images_are_named_by_their_place_in_the_folder(tmp_path):
    from PIL import Image

    ids = []
    for home in ("here", "there"):
        for label in ("cat", "dog"):
            (tmp_path / home / label).mkdir(parents=True)
            Image.new("RGB", (8, 8), "red" if label == "cat" else "blue").save(tmp_path / home / label / "1.png")
        table = read_table(tmp_path / home, "auto", {}, silent, Control())
        frame = Frame(table, Roles({"image": ("image",), "label": ("label",)}), np.ones(2, bool), None)
        ids.append(frame.ids().tolist())
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 2
