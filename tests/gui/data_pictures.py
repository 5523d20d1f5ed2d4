"""Pictures of the Data pane over the real worker and real data, into screenshots/data/. Run by hand:

QT_QPA_PLATFORM=offscreen python tests/gui/data_pictures.py [output folder] [names of data …]
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
_HOME = tempfile.TemporaryDirectory()
os.environ.setdefault("TLSTUDIO_HOME", _HOME.name)
_ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(_ROOT))

from PySide6.QtWidgets import QApplication, QTabWidget  # noqa: E402

from tlstudio.gui import app as app_module  # noqa: E402
from tlstudio.gui.controller import Controller  # noqa: E402

ASSETS = _ROOT.parent / "shared" / "assets" / "data"
DATA: dict[str, dict[str, Any]] = {
    "tweets": {"path": str(ASSETS / "text/election_tweets.csv"), "roles": {"text": "Content", "label": "Author"}},
    "r8": {"path": str(ASSETS / "text/reuters_r8_train.csv"), "test": str(ASSETS / "text/reuters_r8_test.csv")},
    "brown": {
        "path": str(ASSETS / "tokens/brown_pos/train.conll"),
        "test": str(ASSETS / "tokens/brown_pos/test.conll"),
    },
    "emoji": {"path": str(ASSETS / "images/emoji_google")},
    "digits": {"path": "sample:digits"},
    "names": {
        "path": [str(ASSETS / f"text/emoji_names/{name}.csv") for name in ("en", "de", "fr", "zh")],
        "augment": [{"name": "spelling-noise"}, {"name": "random-swap"}],
    },
}
LOOKS = ((1280, 720, "light"), (1920, 1080, "light"), (1920, 1080, "dark"))


def wait(app: QApplication, condition: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        app.processEvents()
        time.sleep(0.01)


def settle(app: QApplication, seconds: float) -> None:
    wait(app, lambda: False, seconds)


def shoot(controller: Controller, app: QApplication, folder: Path, name: str) -> None:
    tabs: QTabWidget = controller.window.built("data").tabs
    for width, height, scheme in LOOKS:
        controller.window.resize(width, height)
        controller.set_scheme(scheme)
        for tab in range(tabs.count()):
            tabs.setCurrentIndex(tab)
            settle(app, 0.4)
            controller.window.grab().save(str(folder / f"{name}-{tab}-{width}-{scheme}.png"))


def main(arguments: list[str]) -> None:
    folder = Path(arguments[0] if arguments else _ROOT / "screenshots" / "data")
    folder.mkdir(parents=True, exist_ok=True)
    app = app_module.make_app()
    controller = app_module.make_controller(app)
    controller.show()
    controller.window.go("data")
    facts = controller.context.facts
    for name in arguments[1:] or list(DATA):
        controller.context.edit("data", DATA[name])
        wait(app, lambda: facts.data.state in ("known", "failed"))
        wait(app, lambda: facts.get("examination").state in ("known", "failed"))
        settle(app, 1.5)
        shoot(controller, app, folder, name)
        print(name, facts.data.state, facts.get("examination").state, flush=True)
    controller.context.project.new()
    controller.finish()


if __name__ == "__main__":
    main(sys.argv[1:])
