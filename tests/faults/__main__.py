"""The table of the faults: ``python -m tests.faults``."""

from __future__ import annotations

import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.conftest import tiny_model
from tests.faults.cases import CASES
from tests.faults.desk import Desk, NotHere
from tests.hostile.__main__ import Factory


def main(names: list[str]) -> int:
    bad = 0
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        os.environ["TLSTUDIO_HOME"] = str(base / "home")
        model = tiny_model.__wrapped__(Factory(base))
        print("| fault | what was lost | goes on afterwards | s | what is told |\n| --- | --- | --- | --- | --- |")
        for number, (title, case) in enumerate(CASES.items()):
            if names and not any(part in title for part in names):
                continue
            folder = base / str(number)
            folder.mkdir()
            begin = time.monotonic()
            try:
                found = case(Desk(folder, model))
                lost, goes_on, told = found.lost, "yes" if found.goes_on else "NO", found.told
                bad += not found.goes_on
            except NotHere as reason:
                lost, goes_on, told = "", "not tried", str(reason)
            except Exception as error:
                traceback.print_exc()
                bad += 1
                lost, goes_on, told = "", "WRONG", f"{type(error).__name__}: {error}"
            told = " ".join(told.replace(str(base), "").split())[:140]
            print(f"| {title} | {lost} | {goes_on} | {time.monotonic() - begin:.0f} | {told} |", flush=True)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
