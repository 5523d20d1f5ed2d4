"""Data pane and its presenter."""

from __future__ import annotations

import pytest

from tests.gui import fake
from tlstudio.core.recipe import DataSection
from tlstudio.gui.panes.data import DataPane
from tlstudio.gui.widgets.problems import Problem, Remedy


@pytest.fixture
def pane(keep, table):
    result = keep(DataPane())
    yield result
    result.preview.close()


@pytest.fixture
def edits(pane):
    made = []
    pane.edited.connect(lambda path, value: made.append((path, value)))
    return made


def show(pane, table, **section):
    facts = fake.data_facts(table)
    pane.set_section(DataSection(path="/x/train.csv", **section))
    pane.set_columns(facts["columns"], facts["roles"], facts["reasons"])
    pane.set_facts(facts)
    pane.set_preview(str(table))


def test_empty_state_offers_a_file(pane, qtbot):
    pane.set_section(DataSection())
    assert pane.empty.isVisible()
    with qtbot.waitSignal(pane.file_requested) as signal:
        pane.empty.button.click()
    assert signal.args == ["train"]


def test_shows_rows_counts_lengths_and_splits(pane, table, edits):
    show(pane, table)
    assert pane.preview.rowCount() == 560
    assert pane.preview.index(1, 0).data().startswith("我的订单")
    assert "billing: 105" in pane.bars.accessibleDescription()
    assert "0 to 400 characters" in pane.histogram.accessibleDescription()
    assert pane.split_table.rowCount() == 9
    assert pane.split_table.item(8, 0).text() == "560"
    assert pane.reading.text() == "CSV · comma · utf-8"
    assert edits == []


def test_role_is_changed(pane, table, edits):
    show(pane, table)
    box = pane.roles["label"]
    box.setCurrentIndex(box.findData("text"))
    assert edits == [("data.roles.label", "text")]


def test_split_and_cleaning_are_changed(pane, table, edits):
    show(pane, table)
    pane.split_form.fields["test"].editor.setValue(0.3)
    box = pane.cleaning_form.fields["empty_rows"].editor
    box.setCurrentIndex(box.findData("drop"))
    assert edits == [("data.split.test", 0.3), ("data.empty_rows", "drop")]


def test_shares_of_given_files_cannot_be_set(pane, table):
    show(pane, table, test="/x/test.csv")
    assert not pane.split_form.fields["test"].isEnabled()
    assert pane.split_form.fields["validation"].isEnabled()


def test_a_separate_file_is_given_up(pane, table, edits):
    show(pane, table, test="/x/test.csv")
    assert pane.files["test"].name.toolTip() == "/x/test.csv"
    pane.files["test"].clear.click()
    assert edits == [("data.test", None)]


def test_problem_with_a_remedy(pane, edits):
    error = {"message": "{count} rows are empty.", "remedy": "Leave them out.", "params": {"count": 3}}
    pane.problems.set_problems([Problem(error, "error", (Remedy("Leave them out", "data.empty_rows", "drop"),))])
    assert pane.problems.messages() == ["3 rows are empty."]
    from PySide6.QtWidgets import QPushButton

    pane.problems.findChild(QPushButton).click()
    assert edits == [("data.empty_rows", "drop")]


def test_busy_bar(pane):
    pane.set_section(DataSection(path="a.csv"))
    pane.set_busy(True, "Reading", 0.25)
    assert pane.busy_bar.value() == 250
    pane.set_busy(False)
    assert not pane.busy.isVisible()


def test_source_options_come_from_the_plugin(controller, csv, until):
    controller.show()
    controller.context.set_data_file("train", str(csv))
    controller.window.go("data")
    pane = controller.window.pane("data")
    until(lambda: pane.source_form is not None and "delimiter" in pane.source_form.fields)
    pane.source_form.fields["delimiter"].editor.setFocus()
    controller.context.edit("data.delimiter", ";")
    assert controller.context.project.recipe.data.options == {"delimiter": ";"}


def test_choosing_files(controller, csv, dialogs, until):
    controller.show()
    controller.window.go("data")
    dialogs.file = str(csv)
    pane = controller.window.pane("data")
    pane.empty.button.click()
    assert controller.context.project.recipe.data.path == str(csv)
    pane.files["test"].choose.click()
    assert controller.context.project.recipe.data.test == str(csv)


def test_remedies_of_known_problems(controller, csv, answers, table, until):
    error = {"code": "data.similar-labels", "message": "Similar.", "remedy": "", "where": "", "params": {}}
    answers["inspect-data"] = lambda _args: fake.data_facts(table, [{**error, "severity": "error"}])
    controller.show()
    controller.context.set_data_file("train", str(csv))
    controller.window.go("data")
    pane = controller.window.pane("data")
    until(pane.problems.messages)
    assert controller.window.steps.state_of("data")[0] == "missing"
    pane.problems.remedy_chosen.emit("data.similar_labels", "merge")
    assert controller.context.project.recipe.data.similar_labels == "merge"


def test_a_cancelled_reading_can_be_begun_again(controller, csv, until):
    controller.show()
    controller.window.go("data")
    controller.context.set_data_file("train", str(csv))
    pane = controller.window.pane("data")
    pane.inspection_cancelled.emit()
    pane.again_button.click()
    until(lambda: controller.context.facts.data.state == "known")
