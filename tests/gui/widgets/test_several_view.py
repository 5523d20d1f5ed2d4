"""Several tasks in one run: the table, the matrix, and the way to a task's own results."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.gui import several_runs
from tlstudio.gui import theme
from tlstudio.gui.widgets.several_view import SeveralView


@pytest.fixture
def view(qtbot):
    widget = SeveralView()
    qtbot.addWidget(widget)
    widget.resize(1000, 600)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


def test_each_task_stands_beside_the_run_that_learnt_it_alone(view):
    assert view.set_results(several_runs.together())
    first, second, third = view.tasks.shown()
    assert first[1:] == ["Accuracy", "91.0 % (89.0–93.0)", "86.0 % (84.0–88.0)", "+5.0 points", "▲ better",
                         "62.0 % (59.0–65.0)", "640", "Text classification"]  # fmt: skip
    assert second[5] == "≈ may be chance"
    assert third[3:6] == ["–", "–", ""]
    assert not view.retention.isVisible()


def test_a_task_is_opened_by_button_double_click_and_key(view, qtbot):
    view.set_results(several_runs.together())
    assert view.open_button.isEnabled() and view.tasks.current().name.startswith("20261120")
    view.tasks.setFocus()
    view.tasks.selectRow(2)
    with qtbot.waitSignal(view.task_requested, timeout=1000) as caught:
        QTest.mouseClick(view.open_button, Qt.MouseButton.LeftButton)
    assert caught.args == ["tasks/places"]
    with qtbot.waitSignal(view.task_requested, timeout=1000):
        QTest.keyClick(view.tasks, Qt.Key.Key_Return)
    with qtbot.waitSignal(view.task_requested, timeout=1000):
        view.tasks.doubleClicked.emit(view.tasks.currentIndex())


def test_the_matrix_says_in_words_what_it_shows(view):
    assert view.set_results(several_runs.continual())
    assert not view.tasks.isVisible()
    model = view.retention.model()
    assert model.headerData(1, Qt.Orientation.Vertical) == "After 2. crude + trade"
    assert model.headerData(1, Qt.Orientation.Vertical, Qt.ItemDataRole.ToolTipRole) == "20261122-091500-mini-continual"
    texts = [[model.index(row, column).data() for column in range(4)] for row in range(4)]
    assert texts[0] == ["98.0 %", "–", "–", "–"]
    assert texts[3] == ["83.0 %", "88.0 %", "85.0 %", "96.0 %"]
    cell = model.index(1, 0)
    assert cell.data(Qt.ItemDataRole.AccessibleTextRole) == (
        "After crude + trade: Accuracy of earn + acq is 91.0 %, −7.0 points since it was learnt"
    )
    assert "not learnt yet" in model.index(0, 1).data(Qt.ItemDataRole.ToolTipRole)
    assert model.index(1, 1).data(Qt.ItemDataRole.FontRole).bold()
    assert "changed by −8.3 points" in view.transfer.text() and "+6.2 points" in view.transfer.text()


def test_the_matrix_is_reached_with_the_keyboard(view):
    view.set_results(several_runs.continual())
    view.retention.setFocus()
    view.retention.setCurrentIndex(view.retention.model().index(0, 0))
    QTest.keyClick(view.retention, Qt.Key.Key_Down)
    QTest.keyClick(view.retention, Qt.Key.Key_Right)
    assert (view.retention.currentIndex().row(), view.retention.currentIndex().column()) == (1, 1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_numbers_are_readable_on_every_shade(view, qapp, scheme):
    theme.apply(qapp, scheme)
    try:
        results = several_runs.continual()
        results["retention"]["values"] = [[place / 10 for place in range(4)], [0.5, 0.6, 0.8, 1.0]] * 2
        view.set_results(results)
        model = view.retention.model()
        cells = [model.index(row, column) for row in range(4) for column in range(4)]
        contrasts = [_contrast(cell.data(Qt.ItemDataRole.BackgroundRole), cell.data(Qt.ItemDataRole.ForegroundRole))
                     for cell in cells]  # fmt: skip
        assert min(contrasts) >= 4.5
    finally:
        theme.apply(qapp, "light")


def _contrast(one, other):
    """WCAG 2.1, contrast ratio."""

    def light(colour):
        parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
                 for part in (colour.redF(), colour.greenF(), colour.blueF())]  # fmt: skip
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    dark, bright = sorted((light(one), light(other)))
    return (bright + 0.05) / (dark + 0.05)


def test_a_run_with_one_task_has_nothing_of_it(view):
    assert not view.set_results({})
