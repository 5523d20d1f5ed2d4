"""Pictures of the queue, of a run that was broken off and of the question at the end. Run by hand:

QT_QPA_PLATFORM=offscreen python tests/gui/queue_pictures.py [output folder] [language]
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
_HOME = tempfile.TemporaryDirectory()
os.environ["TLSTUDIO_HOME"] = _HOME.name
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.gui import fake  # noqa: E402
from tests.gui.compress_pictures import shoot  # noqa: E402
from tests.gui.result_pictures import settle  # noqa: E402
from tlstudio.core.recipe import Recipe  # noqa: E402
from tlstudio.gui import app as app_module  # noqa: E402
from tlstudio.gui import i18n  # noqa: E402
from tlstudio.gui.settings_dialog import SettingsDialog  # noqa: E402
from tlstudio.session.recipe_queue import RecipeQueue  # noqa: E402
from tlstudio.session.runners import explain_exit  # noqa: E402

_STRATEGIES = ("full-fine-tuning", "lora", "linear-probe", "gradual-unfreezing")


def main(folder: Path, language: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    app = app_module.make_app()
    table = fake.write_arrow(Path(_HOME.name) / "train.arrow")
    controller = app_module.make_controller(app, lambda: fake.FakeRunner(fake.answers(table), pace=0.05))
    if language:
        i18n.install(app, language)
    queue = RecipeQueue(controller.context.settings.runs_path)
    for name in _STRATEGIES:
        queue.add(Recipe(), f"support_tickets · {name} · all-MiniLM-L6-v2")
    for outcome in ("completed", "failed"):
        item = queue.take(lambda _recipe, outcome=outcome: Path(f"20261122-100000-{outcome}"))
        queue.end(item.id, outcome, explain_exit(-9).to_dict() if outcome == "failed" else None)
    context = controller.context
    controller.show()
    context.edit("model", {"source": "hub", "name": fake.MINILM})
    context.edit("data.path", str(table))
    controller.window.go("train")
    settle(app, 0.8)
    controller.window.notice.offer(
        "The run 20261122-100000-all-MiniLM-L6-v2-full-fine-tuning was broken off before its end.", "Resume", print
    )
    shoot(controller, app, folder, "queue")
    dialog = SettingsDialog(context.settings, controller.window)
    dialog.show()
    settle(app, 0.3)
    dialog.grab().save(str(folder / "settings.png"))
    dialog.close()
    context.session.close()
    controller.finish()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "pictures"), sys.argv[2] if len(sys.argv) > 2 else "")
