"""A generated CSV of 1 GB: memory and time while it is opened, divided, checked and scrolled, in a fresh process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks import common

_ROOT = Path(__file__).resolve().parents[2]
_WORDS = 30_000
_BLOCK = 20_000  # rows that are written together

# runs in a fresh process with the cache of its own; argv: file, examine (0/1). Prints what it measured.
_CHILD = """
import json, sys, threading, time
import psutil
from tlstudio.core.control import Control
from tlstudio.core.recipe import Recipe
from tlstudio.core.progress import silent

process, peak, own = psutil.Process(), 0, 0
def watch():
    global peak, own
    while not done.wait(0.02):
        found = process.memory_full_info()
        peak, own = max(peak, found.rss), max(own, found.uss)
done = threading.Event()
threading.Thread(target=watch, daemon=True).start()
found = {}

def step(name, work):
    global peak, own
    peak = own = 0
    begin = time.perf_counter()
    result = work()
    time.sleep(0.05)
    found[name] = {"seconds": time.perf_counter() - begin, "peak": peak, "own": own}
    return result

from tlstudio.data.inspection import inspect
recipe = Recipe().changed("data.path", sys.argv[1])
reply = step("open, divide", lambda: inspect(recipe.data, silent, Control()))
found["rows"] = reply["rows"]["train"]
found["splits"] = reply["split_rows"]
step("again, from the cache", lambda: inspect(recipe.data, silent, Control()))
if sys.argv[2] == "1":
    from tlstudio.pipeline.examine import examine
    checked = step("check", lambda: examine(recipe, False, silent, Control()))
    found["findings"] = [item["code"] for item in checked["findings"]]
    step("check again", lambda: examine(recipe, False, silent, Control()))
found["arrow"] = reply["composed"]["train"]
print(json.dumps(found), flush=True)
"""

# the window's table over the same file: each page of rows is painted once. Prints milliseconds.
_SCROLL = """
import json, sys, time
import psutil
from PySide6.QtWidgets import QApplication, QTableView
from tlstudio.gui.widgets.arrow_model import ArrowModel
app = QApplication([])
model, view = ArrowModel(), QTableView()
begin = time.perf_counter()
model.open(sys.argv[1])
view.setModel(model)
view.resize(1200, 700)
view.show()
app.processEvents()
opened = time.perf_counter() - begin
bar, times = view.verticalScrollBar(), []
for number in range(600):
    bar.setValue(int(bar.maximum() * ((number * 0.618034) % 1)) if number < 300 else bar.value() + 3)
    begin = time.perf_counter()
    view.viewport().repaint()
    app.processEvents()
    times.append((time.perf_counter() - begin) * 1000)
print(json.dumps({"opened_ms": opened * 1000, "rows": model.rowCount(), "times": times,
                  "rss": psutil.Process().memory_info().rss}), flush=True)
"""


def write_csv(path: Path, size: int = 10**9) -> int:
    """Texts of 5 to 60 random words with one of 20 labels; returns the number of rows."""
    random = np.random.default_rng(0)
    letters = np.array(list("etaoinshrdlucmfwypvbgk"))
    words = ["".join(random.choice(letters, random.integers(2, 10))) for _ in range(_WORDS)]
    rows = 0
    with open(path, "w", encoding="utf-8", newline="") as stream:
        stream.write("id,text,label,source\n")
        while stream.tell() < size:
            lengths = random.integers(5, 60, _BLOCK)
            draws = (random.pareto(1.2, lengths.sum()) * 50).astype(np.int64) % _WORDS
            labels, at, lines = random.integers(0, 20, _BLOCK), 0, []
            for number, length in enumerate(lengths):
                text = " ".join(words[index] for index in draws[at : at + length])
                lines.append(f"{rows + number},{text},class {labels[number]},source {number % 7}\n")
                at += length
            stream.write("".join(lines))
            rows += _BLOCK
    return rows


def measure(folder: Path, size: int = 10**9, examine: bool = True) -> dict[str, Any]:
    """Writes the file (once) and opens it in fresh processes; bytes and seconds."""
    path = folder / f"large-{size}.csv"
    if not path.is_file():
        write_csv(path, size)
    environment = {**os.environ, "TLSTUDIO_HOME": str(folder / "home"), "QT_QPA_PLATFORM": "offscreen"}
    found = _child(_CHILD, [str(path), "1" if examine else "0"], environment)
    scrolled = _child(_SCROLL, [found.pop("arrow")], environment)
    times = sorted(scrolled.pop("times"))
    scrolled |= {"median_ms": times[len(times) // 2], "p99_ms": times[int(len(times) * 0.99)]}
    return {**found, "size": path.stat().st_size, "scroll": scrolled}


def _child(code: str, arguments: list[str], environment: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=_ROOT, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    options = common.parser(__doc__ or "", megabytes=1000, examine=1).parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="tlstudio-large-") as folder:
        found = measure(Path(folder), options.megabytes * 10**6, bool(options.examine))
    print(f"\n{found['size'] / 1e6:,.0f} MB, {found['rows']:,} rows; memory at its highest: resident (own pages)")
    for name, values in found.items():
        if isinstance(values, dict) and "peak" in values:
            memory = f"{values['peak'] / 1e6:8,.0f} MB ({values['own'] / 1e6:,.0f})"
            print(f"  {name:<24}{values['seconds']:8.1f} s {memory}")
    scroll = found["scroll"]
    paint = f"{scroll['median_ms']:.1f} ms, 99th percentile {scroll['p99_ms']:.1f} ms"
    print(
        f"  scrolling: opened in {scroll['opened_ms']:.0f} ms; a repaint takes {paint}; {scroll['rss'] / 1e6:,.0f} MB"
    )


if __name__ == "__main__":
    main()
