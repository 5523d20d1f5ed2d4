"""Pictures of the Compress pane, the damage of a run and its exports, from made-up results. Run by hand:

QT_QPA_PLATFORM=offscreen python tests/gui/compress_pictures.py [output folder] [language]
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
_HOME = tempfile.TemporaryDirectory()
os.environ["TLSTUDIO_HOME"] = _HOME.name
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from PySide6.QtWidgets import QApplication  # noqa: E402

from tests.gui import fake, fake_frontier  # noqa: E402
from tests.gui.fake_studies import StudyRunner  # noqa: E402
from tests.gui.result_pictures import SIZES, settle  # noqa: E402
from tlstudio.gui import app as app_module  # noqa: E402
from tlstudio.gui.controller import Controller  # noqa: E402

_BUDGET = {"lost": 0.015, "size_mb": None, "latency_ms": 12.0, "memory_mb": None, "batch": 1, "length": 128,
           "threads": "all"}  # fmt: skip


def shoot(controller: Controller, app: QApplication, folder: Path, name: str, down: int = 0) -> None:
    """``down``: how far the page is scrolled, in pixels."""
    window = controller.window
    for width, height in SIZES:
        window.resize(width, height)
        for scheme in ("light", "dark"):
            controller.set_scheme(scheme)
            settle(app, 0.2)
            window.pane(window.steps.current()).verticalScrollBar().setValue(down)
            settle(app, 0.1)
            window.grab().save(str(folder / f"{name}-{width}-{scheme}.png"))


def run_folder() -> Path:
    """A finished run with a study, two forms and two exports, one of them refused."""
    run = Path(_HOME.name) / "runs" / "20261122-100000-minilm-full-fine-tuning"
    (run / "frontier").mkdir(parents=True)
    (run / "exports" / "onnx").mkdir(parents=True)
    (run / "exports" / "onnx" / "predict.py").write_text("")
    study = fake_frontier.answer(fake_frontier.points(_BUDGET), _BUDGET)
    (run / "frontier" / "study.json").write_text(json.dumps({"about": {}, "result": study}), encoding="utf-8")
    found = fake.results(run.name) | {"damage": fake_frontier.damage(), "headline": "macro_f1"}
    found["stages"][1]["metrics"] = {"accuracy": fake.interval(0.9), "macro_f1": fake.interval(0.895)}
    found["exports"][0]["parity"] |= {
        "metric": {"name": "macro_f1", "difference": -0.002},
        "latency": {"1": {"median_ms": 9.4}},
    }
    found["exports"][0] |= {"stage": "1-layer-removal", "agreement": 0.915}
    failed = {"rows": 160, "status": "failed", "agreement": 0.61, "max_logit_difference": 1.9, "tolerance": 0.001,
              "message": "The exported file gives other answers.", "params": {}}  # fmt: skip
    found["exports"].append({"name": "openvino", "title": "OpenVINO", "path": None, "bytes": 0, "parity": failed})
    (run / "results.json").write_text(json.dumps(found), encoding="utf-8")
    return run


def walk(controller: Controller, app: QApplication, folder: Path) -> None:
    context, window = controller.context, controller.window
    controller.show()
    context.edit("model", {"source": "hub", "name": fake.MINILM})
    window.go("compress")
    settle(app, 0.6)
    shoot(controller, app, folder, "compress-empty")
    context.show_run(run_folder())
    context.edit("compress", [{"name": "dynamic-int8"}, {"name": "layer-removal", "keep": 4}])
    settle(app, 0.6)
    shoot(controller, app, folder, "compress-order")
    context.edit("compress", [{"name": "layer-removal", "keep": 4}, {"name": "dynamic-int8"}])
    pane = window.pane("compress")
    settle(app)
    shoot(controller, app, folder, "compress-steps")
    shoot(controller, app, folder, "compress-measured", 10_000)
    pane.tabs.setCurrentWidget(pane.frontier)
    settle(app)
    shoot(controller, app, folder, "frontier")
    shoot(controller, app, folder, "frontier-below", 10_000)
    for place in ("results", "export"):
        window.go(place)
        results = window.pane("results")
        results.open(results.damage)
        settle(app)
        shoot(controller, app, folder, "damage" if place == "results" else place)
    shoot(controller, app, folder, "export-below", 10_000)


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[2] / "screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    app = app_module.make_app()
    answers = fake.answers(fake.write_arrow(Path(_HOME.name) / "train.arrow"))
    controller = app_module.make_controller(app, lambda: StudyRunner(answers, pace=0.04))
    if len(sys.argv) > 2:
        controller.set_language(sys.argv[2])
    walk(controller, app, folder)
    controller.finish()


if __name__ == "__main__":
    main()
