"""Pictures of the Data pane over the real worker and real data, into screenshots/data/. Run by hand:

QT_QPA_PLATFORM=offscreen python tests/gui/data_pictures.py [output folder] [names of data …]
"""

from __future__ import annotations

import json
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
MADE = ("boxes", "questions", "chats")  # written by :func:`make`, each with a few bad rows
LOOKS = ((1280, 720, "light"), (1280, 720, "dark"), (1920, 1080, "light"), (1920, 1080, "dark"))


def make(folder: Path) -> dict[str, dict[str, Any]]:
    """Data of kinds that the assets do not have."""
    from tests.data import patients

    rows: dict[str, list[Any]] = {name: [] for name in MADE}
    for index, (text, _label) in enumerate(patients.healthy(60)):
        patients.picture(index, 96).save(folder / f"{index}.png")
        box = {"bbox": [[index, 9, 40, 30]], "category": ["cat", "dog"][: 2 if index == 9 else 1]}
        rows["boxes"].append({"image": str(folder / f"{index}.png"), "objects": box})
        asked = {"question": f"What comes first in {index}?", "context": text, "answers": [text.split()[0]]}
        rows["questions"].append({**asked, "answer_starts": ["3" if index % 20 == 5 else "0"]})
        said = [{"role": "user", "content": text}, {"role": "assistant", "content": text.upper()}]
        rows["chats"].append({"messages": said[: 1 if index == 4 else 2]})
    for name, items in rows.items():
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, items)), encoding="utf-8")
    return {name: {"path": str(folder / f"{name}.jsonl")} for name in MADE}


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
    data = {**DATA, **make(Path(_HOME.name))}
    for name in arguments[1:] or list(data):
        controller.context.edit("data", data[name])
        wait(app, lambda: facts.data.state in ("known", "failed"))
        wait(app, lambda: facts.get("examination").state in ("known", "failed"))
        settle(app, 1.5)
        shoot(controller, app, folder, name)
        print(name, facts.data.state, facts.get("examination").state, flush=True)
    controller.context.project.new()
    controller.finish()


if __name__ == "__main__":
    main(sys.argv[1:])
