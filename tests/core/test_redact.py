"""What nobody else should read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tlstudio.core import redact


@pytest.mark.parametrize(
    "text",
    ["token hf_abcdefghijklmnop in a line", "Authorization: Bearer abc.def-123456", "https://me:hunter2@db.example.org/x",
     '{"api_key": "hunter2secret"}', "HF_TOKEN=hunter2secret", "https://s3/x?X-Amz-Signature=hunter2secret&y=1"],
)  # fmt: skip
def test_secrets(text):
    found = redact.without_secrets(text)
    assert "***" in found
    assert not any(word in found for word in ("hunter2", "abcdefgh", "abc.def"))


def test_what_is_no_secret_stays():
    text = "tokens: 512, special_tokens_map.json, https://huggingface.co/org/name and 12:30"
    assert redact.without_secrets(text) == text


def test_home_folder_and_names(monkeypatch):
    monkeypatch.setattr(
        redact, "_names", lambda: ((str(Path("/home/ada")), "~"), ("ada", "<user>"), ("box7", "<computer>"))
    )
    assert redact.without_person("/home/ada/x on box7 by ada, in Canada") == "~/x on <computer> by <user>, in Canada"
