"""Pictures of the Results pane and the try-it box for each kind of task, from made-up results. Run by hand:

QT_QPA_PLATFORM=offscreen python tests/gui/result_pictures.py [output folder] [kinds …]
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
_HOME = tempfile.TemporaryDirectory()
os.environ["TLSTUDIO_HOME"] = _HOME.name
_ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(_ROOT))

from PySide6.QtWidgets import QApplication  # noqa: E402

from tests.gui import fake, task_runs  # noqa: E402
from tlstudio.gui import app as app_module  # noqa: E402
from tlstudio.gui.controller import Controller  # noqa: E402
from tlstudio.gui.widgets.try_inputs import FileInput, TextInput  # noqa: E402

SIZES = ((1280, 720), (1920, 1080))


def settle(app: QApplication, seconds: float = 0.35) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        app.processEvents()
        time.sleep(0.005)


def shoot(controller: Controller, app: QApplication, folder: Path, name: str) -> None:
    for width, height in SIZES:
        controller.window.resize(width, height)
        for scheme in ("light", "dark"):
            controller.set_scheme(scheme)
            settle(app)
            controller.window.grab().save(str(folder / f"{name}-{width}-{scheme}.png"))


def shoot_results(controller: Controller, app: QApplication, folder: Path, kind: str, pane: Any) -> None:
    """The summary and the tab that this kind of results has."""
    run = Path(_HOME.name) / kind
    controller.context.project.set_run(run, task_runs.make(kind, run))
    pages = [("summary", pane.summary)]
    pages += [("samples", pane._samples)] if pane.tabs.isTabVisible(pane.tab_of(pane._samples)) else []
    pages += [("confusion", pane.confusion), ("errors", pane._errors)] if kind == "images" else []
    pages += [("stages", pane.stages)] if kind in ("numbers", "causal") else []
    for name, page in pages:
        pane.open(page)
        if page is pane.confusion:
            pane.confusion.open_cell("cat", "dog")
        settle(app, 0.6)
        shoot(controller, app, folder, f"{kind}-{name}")


def shoot_try(controller: Controller, app: QApplication, folder: Path, name: str, pane: Any) -> None:
    values, answer = task_runs.asked(Path(_HOME.name) / "asked")[name]
    pane.open(pane.try_box)
    pane.try_box.set_asks(tuple(values))
    for role, value in values.items():
        field = pane.try_box.inputs[role]
        if isinstance(field, FileInput):
            field.set_path(value)
        elif isinstance(field, TextInput):
            field.editor.setPlainText(value)
    settle(app, 0.6)
    pane.try_box._asked = values
    pane.try_box.set_reply([answer], None)
    settle(app, 0.4)
    shoot(controller, app, folder, f"try-{name}")


def main(arguments: list[str]) -> None:
    folder = Path(arguments[0] if arguments else _ROOT / "screenshots" / "results")
    folder.mkdir(parents=True, exist_ok=True)
    app = app_module.make_app()
    answers = fake.answers(fake.write_arrow(Path(_HOME.name) / "train.arrow"))
    controller = app_module.make_controller(app, lambda: fake.FakeRunner(answers))
    controller.show()
    controller.window.go("results")
    pane: Any = controller.window.pane("results")
    wanted = arguments[1:]
    for kind in task_runs.ALL:
        if not wanted or kind in wanted:
            shoot_results(controller, app, folder, kind, pane)
    controller.context.project.set_run(Path(_HOME.name) / "spans", task_runs.make("spans", Path(_HOME.name) / "spans"))
    for name in task_runs.asked(Path(_HOME.name) / "asked"):
        if not wanted or f"try-{name}" in wanted:
            shoot_try(controller, app, folder, name, pane)
    controller.context.project.new()
    controller.finish()


if __name__ == "__main__":
    main(sys.argv[1:])
