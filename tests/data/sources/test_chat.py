"""Conversations of both styles become lists of messages, from JSON and from Parquet."""

from __future__ import annotations

import json

import pytest

from tests.data.samples import CHATS
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.progress import silent
from tlstudio.data.tables import read_table

SHARED = [{"id": "1", "conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]},
          {"id": "2", "conversations": []}]  # fmt: skip


def messages(path):
    table = read_table(path, "auto", {}, silent, Control())
    assert table.columns["messages"] == "list"
    return [[json.loads(item) for item in row] for row in table.open().column("messages").to_pylist()]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.txt", "wrapped.json"])
def test_both_styles(name, written):
    for rows, expected in (
        (CHATS, [row["messages"] for row in CHATS]),
        (SHARED, [[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}], []]),
    ):
        text = json.dumps(rows if name == "a.json" else {"version": 1, "data": rows})
        if name in ("a.jsonl", "a.txt"):
            text = "".join(json.dumps(row) + "\n" for row in rows)
        assert messages(written(name, text)) == expected


def test_calls_of_tools_and_parts_are_kept(written):
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    row = {"messages": [
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"from": "observation", "value": "42", "weight": 0},
    ]}  # fmt: skip
    assert messages(written("a.jsonl", json.dumps(row) + "\n")) == [[
        {"role": "user", "content": "a\nb"}, {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "42", "weight": 0},
    ]]  # fmt: skip


def test_what_is_no_conversation_stays_as_it_is(written):
    for row in ({"messages": [{"a": 1}]}, {"people": [{"role": "x", "content": "y"}]}, {"messages": "hello"}):
        table = read_table(written("a.jsonl", json.dumps(row) + "\n"), "auto", {}, silent, Control())
        assert set(table.columns.values()) == {"text"}
    both = [{"messages": ["a"]}, {"messages": CHATS[0]["messages"]}]
    table = read_table(written("b.jsonl", "\n".join(map(json.dumps, both))), "auto", {}, silent, Control())
    assert table.columns == {"messages": "text"}


def test_a_name_that_is_taken_is_not_taken_twice(written):
    row = {"conversations": SHARED[0]["conversations"], "messages": "n"}
    table = read_table(written("a.jsonl", json.dumps(row) + "\n"), "auto", {}, silent, Control())
    assert table.columns == {"conversations": "list", "messages": "text"}


def test_parquet(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(CHATS), tmp_path / "a.parquet")
    assert messages(tmp_path / "a.parquet") == [row["messages"] for row in CHATS]
    pq.write_table(pa.Table.from_pylist([SHARED[0]]), tmp_path / "b.parquet")
    assert messages(tmp_path / "b.parquet")[0][1] == {"role": "assistant", "content": "Hello"}
    pq.write_table(pa.table({"messages": [[{"role": None, "content": "x"}], [{"role": "user", "content": "x"}]]}),
                   tmp_path / "c.parquet")  # fmt: skip
    with pytest.raises(StudioError) as caught:
        messages(tmp_path / "c.parquet")
    assert caught.value.code == "data.bad-conversation"
