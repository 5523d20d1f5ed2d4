"""Expressions and templates of honest models pass, and are tried once."""

from __future__ import annotations

import json

import pytest

from tlstudio.core.errors import StudioError
from tlstudio.models import probing

# as the files of these models have them
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|"
    r"\s*[\r\n]+|\s+(?!\S)|\s+"
)
CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


@pytest.fixture(autouse=True)
def _anew():
    probing._tried.cache_clear()


def write(folder, patterns=(), template=None):
    steps = [{"type": "Split", "pattern": {"Regex": pattern}} for pattern in patterns]
    (folder / "tokenizer.json").write_text(json.dumps({
        "model": {"vocab": {"Regex": 1}}, "pre_tokenizer": {"type": "Sequence", "pretokenizers": steps},
    }))  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": template} if template else {}))
    return folder


def test_what_is_tried(tmp_path):
    write(tmp_path, [GPT2, GPT2], [{"name": "default", "template": "a"}, {"name": "tools", "template": "b"}])
    (tmp_path / "chat_template.jinja").write_text("c")
    assert probing.programs(tmp_path) == {"patterns": [GPT2], "templates": ["a", "b", "c"]}


def test_honest_ones_pass_and_are_not_tried_again(tmp_path, monkeypatch):
    write(tmp_path, [GPT2, LLAMA3], CHATML)
    probing.require_sound(tmp_path)
    monkeypatch.setattr("tlstudio.core.confined.run", lambda *_given: pytest.fail("tried again"))
    probing._tried.cache_clear()
    probing.require_sound(tmp_path)


def test_nothing_to_try_starts_no_process(tiny_model, monkeypatch):
    monkeypatch.setattr("tlstudio.core.confined.run", lambda *_given: pytest.fail("started a process"))
    probing.require_sound(tiny_model)


def test_a_failure_names_the_folder_and_is_tried_again(tmp_path, monkeypatch):
    write(tmp_path, ["(a|a)*$"])
    for _attempt in range(2):
        with pytest.raises(StudioError) as caught:
            probing.require_sound(tmp_path)
        assert caught.value.code == "model.bad-pattern"
        assert str(tmp_path) in caught.value.message


def test_a_template_of_a_megabyte(tmp_path):
    write(tmp_path, template="x" * 2_000_000)
    with pytest.raises(StudioError) as caught:
        probing.require_sound(tmp_path)
    assert caught.value.code == "model.bad-template"
