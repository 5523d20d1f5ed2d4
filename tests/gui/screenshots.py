"""Renders every pane at two sizes in light and dark into screenshots/, over a fake worker. Run by hand:

QT_QPA_PLATFORM=offscreen python tests/gui/screenshots.py [output folder] [language]
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
_HOME = tempfile.TemporaryDirectory()
os.environ["TLSTUDIO_HOME"] = _HOME.name
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from PySide6.QtWidgets import QApplication  # noqa: E402

from tests.gui import fake  # noqa: E402
from tlstudio.gui import app as app_module  # noqa: E402
from tlstudio.gui.controller import Controller  # noqa: E402
from tlstudio.gui.widgets.step_list import PLACES  # noqa: E402
from tlstudio.session import sample  # noqa: E402

SIZES = ((1280, 720), (1920, 1080))


def settle(app: QApplication, seconds: float = 0.4) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        app.processEvents()
        time.sleep(0.005)


def shoot(controller: Controller, app: QApplication, folder: Path, name: str) -> None:
    for width, height in SIZES:
        controller.window.resize(width, height)
        for scheme in ("light", "dark"):
            controller.set_scheme(scheme)
            settle(app, 0.25)
            controller.window.grab().save(str(folder / f"{name}-{width}-{scheme}.png"))


def walk(controller: Controller, app: QApplication, folder: Path) -> None:
    controller.show()
    settle(app)
    shoot(controller, app, folder, "0-welcome")
    controller.window.go("data")
    settle(app)
    shoot(controller, app, folder, "2-data-empty")
    controller.context.project.new(sample.recipe())
    settle(app, 1.0)
    controller.window.go("data")
    tabs = controller.window.pane("data").tabs
    for tab in range(tabs.count()):
        tabs.setCurrentIndex(tab)
        shoot(controller, app, folder, f"2-data-{tab}")
    for number, place in enumerate(PLACES[:5], 1):
        if place != "data":
            controller.window.go(place)
            settle(app)
            shoot(controller, app, folder, f"{number}-{place}")
    controller.context.project.problems().clear()
    controller._readiness.show()
    controller.start()
    settle(app, 2.0)
    shoot(controller, app, folder, "5-train-running")
    while controller.context.session.active:
        settle(app, 0.1)
    for number, place in enumerate(PLACES, 1):
        if number >= 4:
            controller.window.go(place)
            settle(app, 0.6)
            shoot(controller, app, folder, f"{number}-{place}-after")
    pane = controller.window.pane("results")
    controller.window.go("results")
    for tab in range(pane.tabs.count()):
        if pane.tabs.isTabVisible(tab):
            pane.tabs.setCurrentIndex(tab)
            shoot(controller, app, folder, f"6-results-tab{tab}")


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[2] / "screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    app = app_module.make_app()
    table = fake.write_arrow(Path(_HOME.name) / "train.arrow")
    answers = fake.answers(table)
    problem = {
        "code": "data.similar-labels",
        "message": "The labels '{one}' and '{other}' differ only by case.",
        "where": "",
    }
    problem |= {"remedy": "Make them one, or keep them.", "params": {"one": "Login", "other": "login"}}
    answers["inspect-data"] = lambda _args: fake.data_facts(table, [{**problem, "severity": "warning"}])
    controller = app_module.make_controller(app, lambda: fake.FakeRunner(answers, pace=0.04))
    if len(sys.argv) > 2:
        controller.set_language(sys.argv[2])
    walk(controller, app, folder)
    controller.finish()


if __name__ == "__main__":
    main()
