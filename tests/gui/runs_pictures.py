"""Pictures of Runs, its comparison and lineage, and of the dialogs, from made-up runs. Run by hand:

QT_QPA_PLATFORM=offscreen python tests/gui/runs_pictures.py [output folder] [language]
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
_HOME = tempfile.TemporaryDirectory()
os.environ["TLSTUDIO_HOME"] = _HOME.name
os.environ["HF_HOME"] = f"{_HOME.name}/hf"
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from PySide6.QtWidgets import QApplication, QWidget  # noqa: E402

from tests.gui import fake, sample_run  # noqa: E402
from tests.gui.compress_pictures import shoot  # noqa: E402
from tests.gui.fake_studies import StudyRunner  # noqa: E402
from tests.gui.result_pictures import settle  # noqa: E402
from tlstudio.core import paths  # noqa: E402
from tlstudio.gui import app as app_module  # noqa: E402
from tlstudio.gui.clean_dialog import CleanDialog  # noqa: E402
from tlstudio.gui.controller import Controller  # noqa: E402
from tlstudio.gui.storage_dialog import StorageDialog  # noqa: E402
from tlstudio.gui.trash_dialog import TrashDialog  # noqa: E402
from tlstudio.session import run_notes  # noqa: E402
from tlstudio.session.run_notes import RunNotes  # noqa: E402
from tlstudio.session.runs import RunIndex  # noqa: E402

STRATEGIES = ("full-fine-tuning", "linear-probe", "lora", "gradual-unfreezing")


def make_runs(base: Path, number: int = 24) -> None:
    """Runs that started from each other, with notes, and predictions that differ."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    draw, names = random.Random(1), []
    for at in range(number):
        strategy = STRATEGIES[at % 4]
        folder = sample_run.folder(base, f"202611{at + 1:02d}-1{at % 10}3000-mini-{strategy}", 0.84 + at * 0.005)
        found = json.loads((folder / "results.json").read_text()) | {"created": f"2026-11-{at + 1:02d}T10:30:00"}
        found["training"]["strategy_title"] = strategy.replace("-", " ").capitalize()
        parents = [{"run": names[at // 3], "task": "text-classification", "backbone": "mini"}] if 0 < at < 9 else []
        found["model"] |= {"lineage": parents}
        (folder / "results.json").write_text(json.dumps(found))
        (folder / "recipe.yaml").write_text(
            f"model: {{name: org/mini}}\nstrategy: {{name: {strategy}}}\ntraining: {{epochs: {2 + at % 3}, "
            f"learning_rate: {draw.choice(('3e-5', '1e-4'))}, seed: 7}}\n"
        )
        right = [draw.random() < 0.8 + at * 0.008 for _ in range(400)]
        rows = [{"row": row, "text": f"t{row}", "label": "a", "predicted": "a" if good else "b"}
                for row, good in enumerate(right)]  # fmt: skip
        pq.write_table(pa.Table.from_pylist(rows), folder / "predictions.parquet")
        for part, size in (("checkpoints", 40), ("model", 90), ("compressed", 23)):
            (folder / part).mkdir(exist_ok=True)
            (folder / part / "weights.safetensors").write_bytes(b"\0" * size * 1000)
        if at % 3 == 0:
            run_notes.write(
                folder, RunNotes(("paper", "seed-7") if at % 2 else ("baseline",), "looks good", at % 6 == 0)
            )
        names.append(folder.name)


def shoot_dialog(controller: Controller, app: QApplication, dialog: QWidget, folder: Path, name: str) -> None:
    dialog.show()
    for scheme in ("light", "dark"):
        controller.set_scheme(scheme)
        settle(app, 0.4)
        dialog.grab().save(str(folder / f"{name}-{scheme}.png"))
    dialog.close()


def walk(controller: Controller, app: QApplication, folder: Path) -> None:
    window = controller.window
    controller.show()
    window.go("runs")
    pane = window.pane("runs")
    settle(app, 1.0)
    index = RunIndex()
    index.discard(index.list()[-1].id)
    index.discard(index.list()[-1].id)
    pane.refresh_requested.emit()
    settle(app, 1.0)
    pane.table.records.ticks |= {run.id for run in index.list()[:4]}
    pane._ticked()
    settle(app, 1.0)
    shoot(controller, app, folder, "runs")
    pane.compare_button.click()
    settle(app, 1.5)
    shoot(controller, app, folder, "runs-comparison")
    pane._choose(index.list()[-4].id)
    pane.tabs.setCurrentIndex(2)
    settle(app, 0.5)
    shoot(controller, app, folder, "runs-lineage")
    pane.filter.setText("lora")
    settle(app, 0.5)
    shoot(controller, app, folder, "runs-found")
    for size, place in ((4000, "features/a.npy"), (900, "datasets/b.arrow"), (30, "logs/window.log")):
        (paths.cache_folder("x").parent / place).parent.mkdir(parents=True, exist_ok=True)
        (paths.cache_folder("x").parent / place).write_bytes(b"\0" * size * 1000)
    storage = StorageDialog(controller.context.dialogs, window)
    settle(app, 1.0)
    shoot_dialog(controller, app, storage, folder, "storage")
    trash = TrashDialog(window)
    trash.set_entries(index.trash.entries())
    shoot_dialog(controller, app, trash, folder, "trash")
    clean = CleanDialog(index.list(), window)
    settle(app, 0.5)
    shoot_dialog(controller, app, clean, folder, "clean")


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "/tmp/runs-pictures")
    folder.mkdir(parents=True, exist_ok=True)
    make_runs(paths.runs_folder())
    app = app_module.make_app()
    table = fake.write_arrow(Path(_HOME.name) / "train.arrow")
    controller = app_module.make_controller(app, lambda: StudyRunner(fake.answers(table), pace=0.04))
    if len(sys.argv) > 2:
        controller.set_language(sys.argv[2])
    walk(controller, app, folder)
    controller.finish()


if __name__ == "__main__":
    main()
