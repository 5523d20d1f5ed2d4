"""Each task in the real window over the real worker, with pictures of all steps. Run by hand:

QT_QPA_PLATFORM=offscreen OMP_NUM_THREADS=1 python tests/gui/real_runs.py FOLDER [task …]

Each task gets a process, a window and a folder of its own (model, data, home with the run, shots, and ``seen.json``
with what the window said), so that one that fails does not stop the others.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")
_ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(_ROOT))

from PySide6.QtWidgets import QApplication  # noqa: E402

from tests.gui import hands  # noqa: E402
from tests.gui.conftest import Answers  # noqa: E402
from tests.tasks import models  # noqa: E402
from tests.tasks.cases import CASES  # noqa: E402
from tlstudio.core.files import read_json  # noqa: E402
from tlstudio.gui import app as app_module  # noqa: E402
from tlstudio.gui import fit  # noqa: E402
from tlstudio.gui.controller import Controller  # noqa: E402
from tlstudio.gui.widgets.step_list import PLACES  # noqa: E402
from tlstudio.gui.widgets.try_inputs import FileInput, TextInput  # noqa: E402
from tlstudio.session import settings  # noqa: E402
from tlstudio.session.runners import WorkerRunner  # noqa: E402

SMALL, LARGE = (1280, 720), (1920, 1080)
PATIENCE = 300  # seconds
TRAINING = {"epochs": 16, "batch_size": 8, "learning_rate": 3e-3, "threads": 1, "precision": "fp32", "patience": 0}
OTHER_TRAINING: dict[str, dict[str, Any]] = {  # what a tiny model of another kind needs to learn something
    "object-detection": {"epochs": 160, "learning_rate": 4e-3, "batch_size": 4},
    "audio-classification": {"epochs": 8},
    "translation": {"epochs": 60, "batch_size": 4, "learning_rate": 5e-3},
    "summarisation": {"epochs": 60, "batch_size": 4, "learning_rate": 5e-3},
    "causal-lm": {"epochs": 30},
    "instruction-tuning": {"epochs": 30},
}


def _by_heart(write: Callable[[Path], dict[str, Any]]) -> Callable[[Path], dict[str, Any]]:
    """Data that is tested on what was learnt: all that a tiny network can do with sentences."""

    def same(folder: Path) -> dict[str, Any]:
        path = write(folder)["path"]
        return {"path": path, "validation": path, "test": path}

    return same


OTHER_OPTIONS: dict[str, dict[str, Any]] = {"object-detection": {"flip": 0.0}}
OTHER_DATA: dict[str, Callable[[Path], dict[str, Any]]] = {  # with which a tiny model has something to show
    "object-detection": _by_heart(lambda folder: {"path": str(models.write_rectangles(folder / "shapes", count=5))}),
    "translation": _by_heart(CASES["translation"].data),
    "summarisation": _by_heart(CASES["summarisation"].data),
}
COMPRESSED = ("text-classification", "token-classification", "sentence-embedding")  # with the step int8


class Tour:
    """One task from its files to its exports. ``seen`` is what the window said on the way."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.case, self.folder = name, CASES[name], folder
        self.seen: dict[str, Any] = {"task": name, "told": [], "errors": []}
        self.dialogs = Answers()
        settings.save(settings.Settings(colour_scheme="light", language="en"))
        self.app = app_module.make_app()
        self.studio: Controller = app_module.make_controller(self.app, WorkerRunner, self.dialogs)
        self.studio.context.told.connect(self.seen["told"].append)
        self.window = self.studio.window
        sys.excepthook = self._caught
        self._number = 0

    # --- means

    def _caught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self.seen["errors"].append("".join(traceback.format_exception(kind, error, trace)))

    def until(self, condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> None:
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(what)
            self.app.processEvents()
            time.sleep(0.01)

    def go(self, place: str) -> Any:
        steps = self.window.steps
        hands.click_row(steps, steps.model().index(PLACES.index(place), 0))
        return self.window.built(place)

    def shoot(self, name: str, dark: bool = False) -> None:
        """A picture of the usual size; ``dark``: a dark one on a large screen as well."""
        self._number += 1
        self._grab(f"{self._number:02}-{name}", SMALL)
        if dark:
            self.studio.set_scheme("dark")
            self._grab(f"{self._number:02}-{name}-dark", LARGE)
            self.studio.set_scheme("light")
            self.window.resize(*SMALL)
            hands.wait(0.2)

    def _grab(self, name: str, size: tuple[int, int]) -> None:
        self.window.resize(*size)
        hands.wait(0.4)
        self.window.grab().save(str(self.folder / "shots" / f"{name}.png"))

    # --- the way

    def walk(self) -> None:
        self.studio.show()
        self.window.activateWindow()
        self.choose_data()
        self.choose_model()
        self.look_at_data()
        self.choose_rest()
        self.train()
        self.read_results()
        self.try_it()
        self.read_exports()
        self.go("compress")
        self.shoot("compress")
        self.go("runs")
        hands.wait(1)
        self.shoot("runs")

    def choose_data(self) -> None:
        """Drops the data on the window and lets it guess the task."""
        section = OTHER_DATA.get(self.name, self.case.data)(self.folder)
        path, more = Path(section["path"]), {key: value for key, value in section.items() if key != "path"}
        hands.drop(self.window, path)
        facts = self.studio.context.facts
        self.until(lambda: facts.data.state in ("known", "failed"), "the data is read")
        hands.wait(0.5)
        recipe = self.studio.context.project.recipe
        self.seen["guessed"] = recipe.task.name
        self.seen["roles"] = (facts.data.data or {}).get("roles")
        if more:
            self.studio.context.edit_many({f"data.{key}": value for key, value in more.items()})
        pane = self.go("data")
        if recipe.task.name != self.name:
            self.shoot("data-guessed-another")
            box = pane.task.box
            box.setCurrentIndex(box.findData(self.name))
            box.activated.emit(box.currentIndex())
        self.until(lambda: facts.data.state in ("known", "failed"), "the data is read for the task")

    def choose_model(self) -> None:
        pane = self.go("model")
        hands.wait(0.5)
        self.shoot("model-none")
        self.dialogs.folder = str(self.case.model(self.folder / "model"))
        hands.click(pane.folder_button)
        facts = self.studio.context.facts
        self.until(lambda: facts.model.state in ("known", "failed"), "the model is looked into")
        self.shoot("model")

    def look_at_data(self) -> None:
        pane, facts = self.go("data"), self.studio.context.facts
        self.until(lambda: facts.data.state in ("known", "failed"), "the data is read")
        self.until(lambda: facts.examination.state in ("known", "failed"), "the doctor has looked")
        hands.wait(0.5)
        for number in range(pane.tabs.count()):
            hands.click_tab(pane.tabs, number)
            if number == 0:
                hands.click_row(pane.table, pane.table.model().index(0, 0))
                hands.wait(0.5)
            self.shoot(f"data-{pane.tabs.tabText(number).split()[0].lower()}", dark=number == 0)

    def choose_rest(self) -> None:
        training = TRAINING | OTHER_TRAINING.get(self.name, {})
        options = self.case.options | OTHER_OPTIONS.get(self.name, {})
        changes: dict[str, Any] = {f"task.{key}": value for key, value in options.items()}
        changes |= {f"training.{key}": value for key, value in training.items()}
        changes |= {"evaluate.bootstrap": 100, "strategy": self.case.strategy}
        self.studio.context.edit_many(changes)
        self.go("strategy")
        recipe = self.studio.context.project.recipe
        self.seen["strategies"] = [name for name, _, _ in fit.offered("strategies", recipe)[0]]
        self.shoot("strategy")
        pane = self.go("compress")
        if self.name in COMPRESSED:
            hands.click(pane.empty.button)
        self.shoot("compress-before")
        pane = self.go("export")
        self.seen["formats"] = [name for name, card in pane.formats.items() if not card.isHidden()]
        self.seen["no formats"] = pane.unfit.text()
        for name, card in pane.formats.items():
            fits = not card.isHidden() and (name != "onnx-int8" or self.name in COMPRESSED)
            if fits and not card.tick.isChecked():
                hands.click(card.tick)
        self.shoot("export-before")

    def train(self) -> None:
        window, session = self.window, self.studio.context.session
        pane = self.go("train")
        self.until(window.plan.start.isEnabled, f"ready to start: {self.studio._readiness.reason()}", 60)
        self.shoot("train-before")
        hands.click(window.plan.start)
        self.seen["progress"] = []
        watch = Watch(pane.activity.text, self.seen["progress"])
        self.until(lambda: session.active, "the run has begun", 10)
        history: Any = session.history
        self.until(lambda: watch() or history.latest("validation") is not None or not session.active, "epochs")
        self.shoot("train-running")
        self.until(lambda: watch() or not session.active, "the end of the run")
        self.seen["state"] = session.state
        self.seen["outcome"] = pane.outcome.text()
        hands.wait(0.5)
        self.shoot("train", dark=True)
        if session.state != "finished":
            raise RuntimeError(f"the run {session.state}")

    def read_results(self) -> None:
        pane = self.go("results")
        self.seen["headline"] = pane.summary.headline.text()
        hands.wait(0.5)
        for number in range(pane.tabs.count()):
            if pane.tabs.isTabVisible(number):
                hands.click_tab(pane.tabs, number)
                if number == pane.tab_of(pane.confusion):
                    hands.click_row(pane.confusion.matrix, pane.confusion.matrix.model().index(0, 0))
                    self.until(lambda: pane.confusion.caption.text() != "Reading…", "the rows of the cell")
                hands.wait(0.5)
                self.shoot(f"results-{pane.tabs.tabText(number).split()[0].lower()}", dark=number < 2)

    def try_it(self) -> None:
        """Gives the first question of the case, and where a role may stay empty also one without it."""
        pane = self.go("results")
        pane.open(pane.try_box)
        rows = [row for row in self.case.asked(self.folder) if all(row.values())]
        rows = [row for row in rows if set(row) <= set(pane.try_box.inputs)]
        self.seen["asks"], self.seen["answers"] = list(pane.try_box.inputs), []
        for number, row in enumerate(rows):
            for role, field in pane.try_box.inputs.items():
                self._give(field, row.get(role, ""))
            hands.wait(0.6)
            hands.click(pane.try_box.button)
            self.until(lambda: not pane.try_box._busy, "an answer")
            hands.wait(0.4)
            view = pane.try_box.answer
            shown = [part.text() for part in (pane.try_box.message, view.heading, view.text, view.note)
                     if not part.isHidden()]  # fmt: skip
            self.seen["answers"].append({"asked": row, "shown": shown})
            self.shoot(f"try-{number}", dark=number == 0)

    def _give(self, field: Any, value: str) -> None:
        if isinstance(field, FileInput):
            field.set_path(value)
        elif isinstance(field, TextInput):
            field.editor.clear()
            hands.type_text(field.editor, value)

    def read_exports(self) -> None:
        pane = self.go("export")
        self.seen["exports"] = [f"{card.verdict.text()} {card.numbers.text()}" for card in pane.cards]
        hands.wait(0.3)
        self.shoot("export")
        if pane.cards:
            bar = pane.findChild(hands.QScrollArea)
            if bar is not None:
                bar.verticalScrollBar().setValue(bar.verticalScrollBar().maximum())
                self.shoot("export-below")

    def close(self) -> None:
        self.dialogs.reply = {"A model is training": "cancel", "Unsaved changes": "discard"}
        self.studio.context.session.close()
        self.studio.finish()
        hands.wait(0.2)


class Watch:
    """Keeps each kind of progress that a line tells: its text without the numbers."""

    def __init__(self, read: Callable[[], str], kept: list[str]) -> None:
        self._read, self._kept, self._kinds = read, kept, set[str]()

    def __call__(self) -> bool:
        text = self._read()
        kind = "".join(letter for letter in text if not letter.isdigit())
        if kind not in self._kinds:
            self._kinds.add(kind)
            self._kept.append(text)
        return False


def tour(name: str, folder: Path) -> bool:
    """Walks one task in this process; True where it came to the end and nothing was wrong."""
    for part in ("model", "shots", "home"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    os.environ["TLSTUDIO_HOME"] = str(folder / "home")
    os.environ["HF_HOME"] = str(folder / "home" / "hf")
    os.environ["HF_HUB_OFFLINE"] = "1"
    one = Tour(name, folder)
    try:
        one.walk()
    except Exception:  # a picture of where it ended, and the others go on
        one.seen["errors"].append(traceback.format_exc())
        one.shoot("failed")
    finally:
        one.close()
    run = one.studio.context.project.run
    one.seen["run"] = str(run) if run else ""
    if run and (run / "results.json").is_file():
        found = read_json(run / "results.json")
        one.seen["baselines"] = found.get("baselines")
    (folder / "seen.json").write_text(json.dumps(one.seen, indent=1, ensure_ascii=False), encoding="utf-8")
    for error in one.seen["errors"]:
        print(error, file=sys.stderr)
    return not one.seen["errors"]


def main(arguments: list[str]) -> int:
    folder, names = Path(arguments[0]).resolve(), arguments[1:] or list(CASES)
    if len(names) == 1:
        ended = tour(names[0], folder / names[0])
        QApplication.processEvents()
        return 0 if ended else 1
    failed = []
    for name in names:
        begun = time.monotonic()
        code = subprocess.run([sys.executable, __file__, str(folder), name], check=False).returncode
        print(f"{name}: {'ok' if code == 0 else 'FAILED'} in {time.monotonic() - begun:.0f} s", flush=True)
        failed += [name] if code else []
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
