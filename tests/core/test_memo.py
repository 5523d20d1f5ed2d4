"""Results that are made once."""

from __future__ import annotations

from tlstudio.core.memo import remembered
from tlstudio.core.paths import cache_folder


def test_the_second_time_it_is_there():
    made = []

    def make():
        made.append(1)
        return {"value": len(made)}

    assert remembered("things", ["a", 1], make) == {"value": 1}
    assert remembered("things", ["a", 1], make) == {"value": 1}
    assert remembered("things", ["a", 2], make) == {"value": 2}
    assert remembered("things", ["a", 1], make, lambda _known: False) == {"value": 3}
    for path in cache_folder("things").iterdir():
        path.write_text("{damaged")
    assert remembered("things", ["a", 1], make) == {"value": 4}
