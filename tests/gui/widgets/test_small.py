"""The small widgets: histogram, names, plan, steps, status, welcome."""

from __future__ import annotations

import pytest
from PIL import Image
from PySide6.QtCore import Qt

from tlstudio.gui.widgets.charts import Histogram
from tlstudio.gui.widgets.common import EmptyState, Sign, label
from tlstudio.gui.widgets.elided import ElidedLabel
from tlstudio.gui.widgets.plan_panel import PlanItem, PlanPanel
from tlstudio.gui.widgets.status import Status
from tlstudio.gui.widgets.step_list import PLACES, StepList
from tlstudio.gui.widgets.thumbnails import thumbnail
from tlstudio.gui.widgets.welcome import Welcome


@pytest.mark.parametrize("counts", [[], [0, 0], [5, 1]])
def test_histogram_draws_anything(keep, counts):
    chart = keep(Histogram())
    chart.set_counts(list(range(len(counts) + 1)), counts, "characters")
    chart.grab()


def test_labels_never_read_markup(keep):
    assert keep(label("<b>x</b>")).textFormat() == Qt.TextFormat.PlainText


def test_long_paths_are_cut_and_whole_in_the_tooltip(keep):
    name = keep(ElidedLabel())
    name.resize(300, 40)
    name.set_full("/a/very/long/folder/name" * 5 + "/file.csv")
    assert "…" in name.text()
    assert name.toolTip().endswith("file.csv")
    assert name.accessibleName() == name.full


def test_a_sign_takes_the_colours_of_another_scheme(keep):
    sign = keep(Sign("info", "accent", 18))
    before = sign.pixmap().cacheKey()
    palette = sign.palette()
    palette.setColor(palette.ColorRole.Window, "#123456")
    sign.setPalette(palette)
    assert sign.pixmap().cacheKey() != before


def test_a_tiny_picture_is_shown_by_its_pixels(tmp_path):
    Image.new("RGB", (8, 4), "red").save(tmp_path / "dot.png")
    Image.new("RGB", (300, 100), "red").save(tmp_path / "large.png")
    dot, large = (thumbnail(str(tmp_path / name), 88) for name in ("dot.png", "large.png"))
    assert (dot.width(), dot.height()) == (88, 44)
    assert (large.width(), large.height()) == (88, 29)
    assert thumbnail(str(tmp_path / "none.png")) is None


def test_empty_state_without_action(keep):
    state = keep(EmptyState("data", "Nothing", "Here."))
    assert not state.button.isVisible()
    state.set_text("A", "B", "Do it")
    assert state.button.isVisible()


def test_plan_shows_items_and_reason(keep):
    plan = keep(PlanPanel())
    plan.set_items([PlanItem("model", "model", "MiniLM", "22.7 M")])
    plan.set_ready(False, "No data is chosen.", "data")
    assert {"MiniLM", "22.7 M", "No data is chosen."} <= set(plan.texts())
    went = []
    plan.step_requested.connect(went.append)
    plan.why.click()
    assert went == ["data"]


def test_estimate_states(keep):
    plan = keep(PlanPanel())
    plan.set_estimate("", busy=True, possible=True)
    assert plan.estimating.isVisible()
    assert not plan.estimate_button.isEnabled()
    plan.set_estimate("About 6 min", busy=False, possible=True)
    assert plan.estimate.text() == "About 6 min"
    assert not plan.estimate_button.isVisible()


def test_steps_say_their_state_in_words(keep):
    steps = keep(StepList())
    steps.set_state("data", "missing", "No data is chosen.")
    index = steps.model().index(PLACES.index("data"), 0)
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "Data, not ready, No data is chosen."
    steps.grab()


def test_steps_by_arrow_keys(keep, qtbot):
    steps = keep(StepList())
    steps.set_current("model")
    with qtbot.waitSignal(steps.chosen) as signal:
        qtbot.keyClick(steps, Qt.Key.Key_Down)
    assert signal.args == ["data"]


def test_status_buttons_and_progress(keep, qtbot):
    status = keep(Status())
    assert "CPU" in status.resources.text()
    status.set_run(True)
    status.set_progress("Training", 0.5, 65)
    assert status.bar.value() == 500
    assert status.left.text() == "1 min 05 s left"
    words = []
    status.asked.connect(words.append)
    status.pause.click()
    status.set_run(True, paused=True)
    status.pause.click()
    status.stop.click()
    status.cancel.click()
    assert words == ["pause", "resume", "stop", "cancel"]
    status.set_run(False)
    assert not status.bar.isVisible()


def test_welcome(keep, qtbot, tmp_path):
    welcome = keep(Welcome())
    welcome.set_recent([tmp_path / "a.tlstudio"])
    opened = []
    welcome.recent_requested.connect(opened.append)
    from PySide6.QtWidgets import QPushButton

    next(item for item in welcome.findChildren(QPushButton) if item.text() == "a.tlstudio").click()
    assert opened == [str(tmp_path / "a.tlstudio")]
