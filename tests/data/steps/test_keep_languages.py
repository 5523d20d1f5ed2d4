from __future__ import annotations

import pytest

from tests.data import patients
from tlstudio.core.errors import StudioError

ROWS = [
    *patients.healthy(6),
    ("No todas las heridas son visibles y los veteranos merecen el mejor cuidado de salud", "class a"),
    ("Die Katze sitzt auf dem Sofa und schläft, während draußen der Regen fällt", "class b"),
    ("ciao", "class a"),
]


def test_only_sure_ones_go(done):
    assert done("keep-languages", ROWS, languages=["en"])["train"] == [*ROWS[:6], ROWS[-1]]
    assert done("keep-languages", ROWS, languages=["en", "es"])["train"] == [*ROWS[:7], ROWS[-1]]
    assert done("keep-languages", ROWS)["train"] == ROWS


def test_codes_are_checked(done):
    with pytest.raises(StudioError):
        done("keep-languages", ROWS, languages=["English"])
