"""What a point of the frontier is compared by."""

from __future__ import annotations

import numpy as np
import pytest

from tlstudio.core.errors import StudioError
from tlstudio.pipeline import measuring


@pytest.mark.parametrize(("metric", "before", "after", "share"), [
    ("accuracy", 0.8, 0.76, 0.05), ("accuracy", 0.8, 0.84, -0.05), ("perplexity", 10.0, 11.0, 0.1),
    ("perplexity", 10.0, 9.0, -0.1), ("spearman", -0.5, -0.6, 0.2), ("accuracy", 0.0, 0.1, -0.1),
])  # fmt: skip
def test_what_is_lost_is_a_share_of_what_there_was(metric, before, after, share):
    assert measuring.lost(metric, before, after) == pytest.approx(share)


def test_rows_are_brought_to_a_length_and_what_is_no_token_stays():
    row = {"input_ids": [2, 9, 8, 3], "token_type_ids": [0, 0, 1, 1], "weight": 0.5, "box": [1.0, 2.0]}
    short, long = (measuring.of_length([row], length, 64)[0] for length in (2, 6))
    assert short == {"input_ids": [2, 9], "token_type_ids": [0, 0], "weight": 0.5, "box": [1.0, 2.0]}
    assert long["input_ids"] == [2, 9, 8, 3, 2, 9] and long["token_type_ids"] == [0, 0, 1, 1, 0, 0]
    assert len(measuring.of_length([row] * 1000, 4, 64)) == measuring._MOST


@pytest.mark.parametrize(("rows", "length", "code"), [
    ([{"input_ids": [1]}], 65, "frontier.too-long"), ([], 4, "frontier.no-length"),
    ([{"input_ids": [[1, 2], [3, 4]]}], 4, "frontier.no-length"),
    ([{"pixel_values": np.zeros((3, 2, 2))}], 4, "frontier.no-length"),
])  # fmt: skip
def test_a_length_that_is_impossible(rows, length, code):
    with pytest.raises(StudioError) as caught:
        measuring.of_length(rows, length, 64)
    assert (caught.value.code, caught.value.where) == (code, "length")


def test_the_machine_is_described_without_names_of_it_or_its_user():
    import getpass
    import socket

    found = measuring.machine()
    assert found["threads"] >= 1 and found["processor"] and found["versions"]["torch"]
    told = str({name: value for name, value in found.items() if name != "versions"})
    assert socket.gethostname() not in told.split() and getpass.getuser() not in told.split()
