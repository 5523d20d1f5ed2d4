"""Process start → first shown window that answers, and its memory; beside an empty Qt window in the same run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from tests.benchmarks import common

# runs in a fresh process; argv: ours or bare. Prints the moment at which a painted window has answered.
_CHILD = """
import json, os, sys, time
from PySide6.QtCore import QEvent, QObject, QTimer
if sys.argv[1] == "ours":
    from tlstudio.gui import app as module
    app = module.make_app()
    controller = module.make_controller(app)
    window, show, end = controller.window, controller.show, controller.finish
else:
    from PySide6.QtWidgets import QApplication, QMainWindow
    app = QApplication([])
    window = QMainWindow()
    show, end = window.show, window.close

class Watch(QObject):
    def eventFilter(self, item, event):
        if event.type() == QEvent.Type.Paint and not found:
            found["painted"] = time.time()
            QTimer.singleShot(0, answered)
        return False

def memory():
    import psutil
    return psutil.Process().memory_info().rss

def heavy():
    names = ("torch", "transformers", "datasets", "sklearn", "onnxruntime", "pandas", "pyarrow")
    return [name for name in names if name in sys.modules]

def answered():
    found["answered"] = time.time()
    found["memory"] = memory()
    found["heavy"] = heavy()
    QTimer.singleShot(int(sys.argv[2]), finish)

def finish():
    found["memory_later"] = memory()
    found["heavy"] = sorted({*found["heavy"], *heavy()})
    print(json.dumps(found), flush=True)
    end()
    app.quit()

found = {}
watch = Watch()
app.installEventFilter(watch)
show()
app.exec()
"""


def once(kind: str, idle: int) -> dict[str, float]:
    """One start. Seconds from before the process was made."""
    begin = time.time()
    ended = subprocess.run([sys.executable, "-c", _CHILD, kind, str(idle)], capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RuntimeError(ended.stderr)
    found = json.loads(ended.stdout.splitlines()[-1])
    return {**found, "seconds": found["answered"] - begin}


def main(arguments: Sequence[str] | None = None) -> None:
    made = common.parser(__doc__, rounds=7, idle=1500)
    given = made.parse_args(arguments)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with common.home():
        common.machine(platform=os.environ["QT_QPA_PLATFORM"], rounds=given.rounds)
        once("ours", 0)  # the first start reads from the disk; all later ones from memory
        found = common.interleaved(given.rounds, ours=lambda: once("ours", given.idle), bare=lambda: once("bare", 0))
    rows: list[list[Any]] = []
    for kind, runs in found.items():
        seconds = [run["seconds"] for run in runs]
        memory = [common.median([run[key] for run in runs]) / 1e6 for key in ("memory", "memory_later")]
        rows.append([kind, common.median(seconds), max(seconds), *memory, ", ".join(runs[-1]["heavy"]) or "none"])
    common.table(["window", "start s", "worst s", "MB", f"MB after {given.idle} ms", "heavy modules"], rows)
    print(f"ratio     ours / bare Qt window: {rows[0][1] / rows[1][1]:.2f}; budget 1 s, 150 MB, no torch")


if __name__ == "__main__":
    main()
