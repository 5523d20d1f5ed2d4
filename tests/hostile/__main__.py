"""The table of the hostile corpus: ``python -m tests.hostile``."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from tests.conftest import tiny_model
from tests.hostile.judge import CASES, judged


class Factory:
    """Makes folders as pytest does."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def mktemp(self, name: str) -> Path:
        (self._folder / name).mkdir()
        return self._folder / name


def main() -> int:
    bad = 0
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        os.environ["TLSTUDIO_HOME"] = str(base / "home")
        sound = tiny_model.__wrapped__(Factory(base))  # the function behind the fixture
        print(f"{'case':<64} {'ran':>4} {'s':>6}  what happened")
        for number, case in enumerate(CASES):
            found = judged(case, base / str(number), sound)
            wrong = found.ran or (found.code not in case.codes if case.codes else bool(found.code))
            bad += wrong
            said = found.said.replace(str(base), "")
            shown = f"{found.code}: {said}" if found.code else f"opened: {said}"
            print(f"{case.name:<64} {'YES' if found.ran else 'no':>4} {found.seconds:6.2f}  "
                  f"{'WRONG ' if wrong else ''}{shown[:150]}", flush=True)  # fmt: skip
    print(f"{len(CASES)} cases, {bad} wrong")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
