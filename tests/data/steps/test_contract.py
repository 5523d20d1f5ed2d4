"""What every data step promises: it runs on every kind of data, the same each time, and never touches the file."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.data import patients
from tests.data.steps.conftest import left
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled
from tlstudio.core.options import describe
from tlstudio.core.plugins import find
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.labelled import frames_of

STEPS = find("tlstudio.data.steps")
KINDS = ("text", "files", "pairs", "several", "number", "tokens", "questions", "translation", "images", "audio",
         "boxes", "prompts", "messages", "triplets")  # fmt: skip
# something to do where a step does nothing by itself
OPTIONS = {
    "rename-labels": {"labels": {"class a": "class b", "red": "rot"}},
    "drop-rows": {"rows": ["0123456789abcdef"]},
    "relabel-rows": {"rows": {"0123456789abcdef": "class b"}},
    "remove-tokens": {"tokens": ["with"]},
    "keep-languages": {"languages": ["en"]},
    "drop-empty": {"letters": 2},
    "drop-broken-images": {"pixels": 2},
    "normalise-text": {"urls": True, "mentions": True, "retweets": True},
}


@pytest.mark.parametrize("name", STEPS)
def test_it_describes_itself(name):
    plugin = STEPS[name]
    assert name == plugin.NAME
    assert plugin.LEVEL in ("text", "labels", "rows")
    assert hasattr(plugin, "texts" if plugin.LEVEL == "text" else "apply")
    config = plugin.Config.model_config
    assert config.get("extra") == "forbid"
    assert config.get("frozen")
    for option in describe(plugin.Config):
        assert option.title
        assert option.help.endswith(".")
    json.dumps(plugin.Config().model_dump())


@pytest.mark.parametrize("kind", KINDS)
def test_healthy_rows_of_any_kind_stay(kind, tmp_path):
    data = patients.kinds(tmp_path)[kind]
    before = left(data)
    files = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in _files(tmp_path)}
    for name, plugin in STEPS.items():
        if name == "rename-labels":
            continue  # it does what it is told
        step = {"name": name, **OPTIONS.get(name, {})}
        treated = DataSection.model_validate({**data.model_dump(), "steps": [step]})
        first = left(treated)
        assert first == left(treated), name
        if plugin.LEVEL != "text":
            assert first == before, name
        else:
            assert {split: len(rows) for split, rows in first.items()} == {
                split: len(rows) for split, rows in before.items()
            }, name
    assert {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in _files(tmp_path)} == files


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", [name for name, plugin in STEPS.items() if plugin.LEVEL != "text"])
def test_nothing_left_and_cancelled(name, tmp_path):
    data = patients.section(tmp_path, [("", ""), ("", "class a")])
    steps = [{"name": "drop-empty"}, {"name": name, **OPTIONS.get(name, {})}]
    assert left(DataSection.model_validate({**data.model_dump(), "steps": steps})) == {"train": []}
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        frames_of(DataSection.model_validate({**data.model_dump(), "steps": steps}), silent, control)


@pytest.mark.parametrize("name", [name for name, plugin in STEPS.items() if plugin.LEVEL == "text"])
def test_texts_are_changed_each_by_itself(name):
    plugin = STEPS[name]
    config = plugin.Config.model_validate(OPTIONS.get(name, {}))
    texts = ["", "a b", "schÃ¶n &amp; with jane@example.com", "RT @x: https://t.co/a  ", "中文", "\x00", "e\u0301"]
    whole = plugin.texts(config, texts)
    assert whole == [plugin.texts(config, [text])[0] for text in texts]
    assert plugin.texts(config, whole) == whole, "doing it again changes nothing"
    assert plugin.texts(config, []) == []
