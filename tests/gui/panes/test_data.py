"""Data pane and its presenters, over a worker that answers at once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from tests.gui import fake
from tlstudio.core.recipe import DataSection
from tlstudio.gui.panes.data import DataPane
from tlstudio.gui.widgets.columns_view import ColumnFacts
from tlstudio.gui.widgets.problems import Problem, Remedy


@pytest.fixture
def pane(keep, table):
    result = keep(DataPane())
    yield result
    result.rows.close_file()


@pytest.fixture
def edits(pane):
    made = []
    pane.edited.connect(lambda path, value: made.append((path, value)))
    return made


def show(pane, table, **section):
    facts = fake.data_facts(table)
    data = DataSection(path="/x/train.csv", **section)
    pane.set_section(data)
    pane.set_places(data.files, facts["parts"], "CSV · comma")
    pane.set_columns([ColumnFacts("text", role="text"), ColumnFacts("label", role="label")], facts["roles"], "|")
    pane.set_facts(facts, {})
    pane.set_preview(str(table), ["train"], "train")


def test_empty_state_offers_everything(pane, qtbot):
    pane.set_section(DataSection())
    assert pane.start.isVisible()
    assert not pane.content.isVisible()
    with qtbot.waitSignal(pane.files_requested) as files:
        pane.empty.button.click()
    with qtbot.waitSignal(pane.folder_requested) as folder:
        pane.start.folder_button.click()
    with qtbot.waitSignal(pane.sample_requested) as sample:
        pane.start.digits_button.click()
    with qtbot.waitSignal(pane.name_entered) as name:
        QTest.keyClicks(pane.start.name_field, "hub:org/name")
        QTest.keyClick(pane.start.name_field, Qt.Key.Key_Return)
    assert (files.args, folder.args, sample.args) == (["train", False], ["train"], ["digits"])
    assert name.args == ["train", "hub:org/name"]


def test_shows_rows_counts_lengths_and_splits(pane, table, edits):
    show(pane, table)
    assert pane.preview.rowCount() == 560
    assert pane.preview.index(1, 0).data().startswith("我的订单")
    assert "billing: 105" in pane.labels.table.accessibleDescription()
    assert "0 to 400 characters" in pane.labels.histogram.accessibleDescription()
    assert pane.split.model.rowCount() == 9
    assert pane.split.model.index(8, 1).data() == "560"
    assert pane.places.reading.text() == "CSV · comma"
    assert pane.places.rows["train"].count.text() == "560 rows"
    assert pane.first_rows(1) == [{"text": fake_text(0), "label": "billing"}]
    assert edits == []


def fake_text(row):
    return f"Where is my parcel number {row}? It should have been here on Monday."


def test_tabs_edit_the_fields_of_the_recipe(pane, table, edits):
    show(pane, table)
    pane.split.form.fields["test"].editor.setValue(0.3)
    pane.columns.template.line.setText("{text}")
    pane.columns.template.line.editingFinished.emit()
    pane.columns.separator_wished.emit(";")
    pane.reading.option_wished.emit("delimiter", ";")
    assert edits == [
        ("data.split.test", 0.3),
        ("data.template", "{text}"),
        ("data.separator", ";"),
        ("data.delimiter", ";"),
    ]


def test_tabs_do_not_make_the_page_higher_than_the_window(pane, table):
    show(pane, table)
    pane.resize(800, 615)
    pane.show()
    assert pane.verticalScrollBar().maximum() == 0
    for number in range(pane.tabs.count()):
        pane.tabs.setCurrentIndex(number)
        pane.grab()
        assert pane.verticalScrollBar().maximum() == 0, pane.tabs.tabText(number)


def test_the_doctor_shows_a_number_in_its_tab(pane):
    pane.doctor.badge_changed.emit(1, 2)
    assert pane.tabs.tabText(4) == "Doctor (3)"
    assert pane.tabs.widget(4).widget() is pane.doctor
    pane.doctor.badge_changed.emit(0, 0)
    assert pane.tabs.tabText(4) == "Doctor"


def test_problem_with_a_remedy(pane, edits):
    error = {"message": "{count} rows are empty.", "remedy": "Leave them out.", "params": {"count": 3}}
    steps = [{"name": "drop-empty"}]
    pane.problems.set_problems([Problem(error, "error", (Remedy("Leave them out", "data.steps", steps),))])
    assert pane.problems.messages() == ["3 rows are empty."]
    pane.problems.findChild(QPushButton).click()
    assert edits == [("data.steps", steps)]


def test_busy_line_says_how_long_still(pane, qtbot):
    pane.set_section(DataSection(path="a.csv"))
    pane.busy.set_busy("Reading", 0.25, "about 2 min left")
    assert (pane.busy.bar.value(), pane.busy.left.text()) == (250, "about 2 min left")
    with qtbot.waitSignal(pane.inspection_cancelled):
        pane.busy.stop.click()
    pane.busy.set_stopped("Reading was cancelled.")
    assert (pane.busy.bar.isVisible(), pane.busy.stop.isVisible()) == (False, False)
    with qtbot.waitSignal(pane.again_requested):
        pane.busy.again.click()


def test_everything_can_be_reached_by_keyboard(pane, table):
    show(pane, table)
    for number in range(pane.tabs.count()):
        pane.tabs.setCurrentIndex(number)
        page = pane.tabs.currentWidget()
        reachable = [item for item in page.findChildren(QPushButton) if item.isVisible()]
        assert all(item.focusPolicy() & Qt.FocusPolicy.TabFocus for item in reachable)
        assert all(item.accessibleName() or item.text() for item in reachable)


# --- with presenters


@pytest.fixture
def shown(controller, csv, until):
    """The Data step of the whole window, with data that was read."""

    def open_pane(**facts):
        controller.show()
        controller.context.set_data_file("train", str(csv))
        controller.window.go("data")
        until(lambda: controller.context.facts.data.state == "known")
        return controller.window.pane("data")

    return open_pane


def data_of(controller):
    return controller.context.project.recipe.data


def test_the_plan_of_the_data_and_how_it_was_read(shown, controller):
    pane = shown()
    assert pane.places.reading.text() == "CSV or TSV  ·  comma  ·  utf-8  ·  Text: text  ·  Label: label"
    facts = [pane.columns.model.facts(row) for row in range(2)]
    assert [(item.role, item.reason, item.distinct) for item in facts] == [
        ("text", "its name says so", 560),
        ("label", "its name says so", 8),
    ]


def test_roles_are_changed_and_taken_from_the_former_column(shown, controller):
    pane = shown()
    pane.columns.role_wished.emit("text", "label")
    assert data_of(controller).roles == {"label": "text"}
    assert [pane.columns.model.facts(row).role for row in range(2)] == ["label", ""]  # before it is read anew
    controller.context.project.undo()
    pane.columns.role_wished.emit("label", "")
    assert data_of(controller).roles == {"ignore": "label"}


def test_a_template_shows_its_first_texts_while_it_is_typed(shown, controller):
    pane = shown()
    pane.tabs.setCurrentIndex(1)
    view = pane.columns.template
    view.line.setFocus()
    QTest.keyClicks(view.line, "{label}: {text")
    view.line.completer_box.popup().hide()
    QTest.keyClicks(view.line, "}")
    assert view.preview.text().splitlines()[0] == f"› billing: {fake_text(0)}"
    assert len(view.preview.text().splitlines()) == 3
    view.line.setText("{nothing}")
    view.line.textEdited.emit("{nothing}")
    assert "'nothing', which is no column" in view.preview.text()
    view.line.setText("{label} {text}")
    QTest.keyClick(view.line, Qt.Key.Key_Return)
    assert data_of(controller).template == "{label} {text}"


@pytest.mark.parametrize(("task", "shown_there"), [
    ("text-classification", True), ("question-answering", True), ("instruction-tuning", True), ("translation", True),
    ("image-classification", False), ("audio-classification", False), ("object-detection", False),
    ("token-classification", False),
])  # fmt: skip
def test_a_template_is_offered_where_it_can_make_something(shown, controller, task, shown_there):
    pane = shown()
    controller.context.edit("task", {"name": task})
    assert pane.columns.template.isHidden() is not shown_there
    controller.context.edit("data.template", "{text}")
    assert not pane.columns.template.isHidden(), "one that is there can be taken away"


def test_labels_become_one_step(shown, controller, dialogs):
    pane = shown()
    pane.labels.labels_wished.emit({"login": "sign-in"})
    dialogs.reply["Merge labels"] = "money"
    pane.labels.merge_requested.emit(["billing", "refund-request"])
    pane.labels.labels_wished.emit({"praise": None})
    (step,) = data_of(controller).steps
    assert (step.name, step.options["labels"]) == (
        "rename-labels",
        {"login": "sign-in", "billing": "money", "refund-request": "money", "praise": None},
    )
    assert pane.labels.model.index(3, 2).data() == "sign-in"
    assert "billing → money" in pane.steps.texts()[0]
    pane.steps.remove_requested.emit(0)
    assert data_of(controller).steps == ()


def test_the_merge_begins_with_the_largest_name(shown, controller, dialogs):
    pane = shown()
    dialogs.reply.clear()
    pane.labels.merge_requested.emit(["praise", "billing"])
    assert data_of(controller).steps[0].options["labels"] == {"praise": "billing"}


def test_held_out_values_come_from_the_rows(shown, controller, until):
    pane = shown()
    pane.split.method_wished.emit("held-out")
    pane.split.edited.emit("by", "label")
    until(lambda: pane.split.values.values.rowCount() == 8)
    pane.split.values_wished.emit(["login"], ["praise"])
    split = data_of(controller).split
    assert (split.method, split.by, split.validation_values, split.test_values) == (
        "held-out", "label", ("login",), ("praise",),
    )  # fmt: skip
    until(lambda: not any(thread.name == "tlstudio-background" for thread in threading.enumerate()))


def test_source_options_come_from_the_plugin(shown, controller):
    pane = shown()
    assert "delimiter" in pane.reading.form.fields
    assert pane.reading.source.currentText() == "Automatic: CSV or TSV"
    controller.context.edit("data.delimiter", ";")
    pane.reading.source.setCurrentIndex(pane.reading.source.findData("jsonl"))
    assert (data_of(controller).source, data_of(controller).options) == ("jsonl", {})
    assert "delimiter" not in pane.reading.form.fields


def test_choosing_files_and_folders(controller, csv, dialogs, tmp_path):
    controller.show()
    controller.window.go("data")
    pane = controller.window.pane("data")
    dialogs.file = str(csv)
    pane.empty.button.click()
    assert data_of(controller).path == str(csv)
    pane.places.rows["test"].choose.click()
    assert data_of(controller).test == str(csv)
    other = tmp_path / "other.csv"
    other.touch()
    dialogs.file = str(other)
    pane.places.rows["train"].add_action.trigger()
    assert data_of(controller).path == (str(csv), str(other))
    pane.places.rows["test"].clear.click()
    assert data_of(controller).test is None
    for split in ("train", "dev"):
        (tmp_path / "set" / split).mkdir(parents=True)
    dialogs.folder = str(tmp_path / "set")
    pane.places.rows["train"].folder_action.trigger()
    assert data_of(controller).files == {
        "train": (str(tmp_path / "set/train"),),
        "validation": (str(tmp_path / "set/dev"),),
    }


def test_several_files_at_once_find_their_splits(controller, dialogs, tmp_path):
    controller.show()
    controller.window.go("data")
    files = [tmp_path / name for name in ("train.csv", "test.csv")]
    for file in files:
        file.touch()
    dialogs.files = [str(file) for file in files]
    controller.window.pane("data").empty.button.click()
    assert data_of(controller).files == {"train": (str(files[0]),), "test": (str(files[1]),)}


def test_names_and_samples(controller, csv):
    controller.show()
    controller.window.go("data")
    pane = controller.window.pane("data")
    pane.name_entered.emit("train", "sqlite:///tickets.db")
    assert data_of(controller).path == "sqlite:///tickets.db"
    pane.name_entered.emit("test", str(csv))
    assert data_of(controller).test == str(csv)
    pane.name_entered.emit("train", "no/such/file.csv")
    assert "neither a file" in controller.window.status.doing.text()
    pane.samples.actions()[1].trigger()
    assert data_of(controller).files == {"train": ("sample:digits",)}
    pane.samples.actions()[0].trigger()
    assert Path(data_of(controller).path).name == "support_train.csv"


def test_a_dropped_folder_with_splits(controller, tmp_path):
    for name in ("train/cat/1.png", "test/cat/2.png"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    controller.show()
    controller.drop([tmp_path])
    assert data_of(controller).files == {"train": (str(tmp_path / "train"),), "test": (str(tmp_path / "test"),)}
    controller.context.project.undo()  # one step
    assert data_of(controller).files == {}


def test_remedies_append_a_data_step(shown, controller, csv, answers, table, until):
    error = {"code": "data.rare-classes", "message": "Rare.", "remedy": "", "where": "", "params": {}}
    answers["inspect-data"] = lambda _args: fake.data_facts(table, [{**error, "severity": "error"}])
    pane = shown()
    assert controller.window.steps.state_of("data")[0] == "missing"
    controller.context.edit("data.steps", [{"name": "drop-empty"}])
    until(lambda: controller.context.facts.data.state == "known")
    pane.problems.findChild(QPushButton).click()
    assert [step.name for step in data_of(controller).steps] == ["drop-empty", "drop-rare-classes"]
    until(lambda: controller.context.facts.data.state == "known")
    assert pane.problems.findChild(QPushButton) is None  # not twice


@pytest.mark.parametrize(
    ("code", "step"),
    [("data.misplaced-answers", "drop-flawed"), ("data.bad-boxes", "drop-flawed"), ("data.uneven-tags", "drop-flawed"),
     ("data.bad-messages", "drop-flawed"), ("data.bad-numbers", "drop-empty")],
)  # fmt: skip
def test_rows_that_do_not_fit_together_are_left_out_by_one_click(shown, controller, answers, table, code, step):
    error = {"code": code, "message": "Bad.", "remedy": "", "where": "", "params": {}, "severity": "error"}
    answers["inspect-data"] = lambda _args: fake.data_facts(table, [error])
    shown().problems.findChild(QPushButton).click()
    assert [item.name for item in data_of(controller).steps] == [step]


def test_a_file_with_misplaced_answers_is_read_all_the_same(shown, controller, answers, table):
    error = {"code": "data.misplaced-answer", "message": "Bad.", "remedy": "", "where": "", "params": {}}
    answers["inspect-data"] = lambda _args: fake.data_facts(table, [{**error, "severity": "error"}])
    shown().problems.findChild(QPushButton).click()
    assert data_of(controller).options == {"check_answers": False}


def test_a_table_of_a_database_is_chosen_by_one_click(shown, controller, answers, table):
    params = {"path": "a.db", "count": 2, "tables": "news, other", "names": ["news", "other"]}
    error = {"code": "data.which-table", "message": "Two.", "remedy": "", "where": "", "params": params}
    answers["inspect-data"] = lambda _args: fake.data_facts(table, [{**error, "severity": "error"}])
    shown().problems.findChild(QPushButton).click()
    assert data_of(controller).options == {"query": "news"}


def test_a_cancelled_reading_says_so_and_is_begun_again(controller, csv, until):
    controller.show()
    controller.window.go("data")
    controller.context.set_data_file("train", str(csv))
    pane = controller.window.pane("data")
    until(lambda: controller.context.facts.data.state != "none")
    pane.inspection_cancelled.emit()
    assert controller.context.facts.data.state == "cancelled"
    assert "cancelled" in pane.busy.text.text()
    pane.busy.again.click()
    until(lambda: controller.context.facts.data.state == "known")
    assert not pane.busy.isVisible()


def test_what_is_known_stays_while_an_edit_is_read(shown, controller, until):
    pane = shown()
    controller.context.edit("data.steps", [{"name": "drop-empty"}])
    assert controller.context.facts.data.state == "busy"
    assert pane.labels.model.rowCount() == 8
    assert pane.preview.rowCount() == 560
    controller.context.set_data_file("train", "/x/other.csv")
    assert pane.labels.model.rowCount() == 0


def test_augmentation_does_not_read_the_data_again(shown, controller, runners, qtbot):
    shown()
    qtbot.wait(350)  # the pause after an edit
    asked = [job for runner in runners for job, _ in runner.asked].count("inspect-data")
    controller.context.edit("data.balance", "classes")
    qtbot.wait(350)
    assert [job for runner in runners for job, _ in runner.asked].count("inspect-data") == asked
    assert controller.context.facts.data.state == "known"


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        ({"text": "text"}, "needs a column for: Label."),
        ({"image": "image", "label": "label"}, "learns from texts, and this data holds images."),
        ({"tokens": "words", "tags": "tags"}, "this data holds words with tags."),
        ({"text": "text", "number": "stars"}, "needs a column for: Label."),
    ],
)
def test_data_that_is_not_made_for_the_task(shown, controller, answers, table, roles, words, monkeypatch):
    answers["inspect-data"] = lambda _args: fake.data_facts(table) | {"roles": roles}
    monkeypatch.setattr("tlstudio.tasks.suggest.suggest", lambda _roles: "")  # else the task would follow the data
    controller.context.edit("model", {"source": "hub", "name": fake.MINILM})
    pane = shown()
    assert words in " ".join(controller.window.plan.texts())
    assert words in " ".join(pane.problems.messages())
    assert not controller.window.plan.start.isEnabled()
    assert controller.window.steps.state_of("data")[0] == "missing"


def test_several_labels_are_not_one(shown, answers, table, monkeypatch):
    """The task learns one label for each row; that there are several must be said, not learnt as combinations."""
    answers["inspect-data"] = lambda _args: fake.data_facts(table) | {"roles": {"text": "text", "labels": "label"}}
    monkeypatch.setattr("tlstudio.tasks.suggest.suggest", lambda _roles: "")  # else the task would follow the data
    pane = shown()
    assert pane.problems.messages() == ["Text classification needs a column for: Label."]
    assert pane.columns.separator_line.isVisibleTo(pane.columns)


def test_the_licence_of_the_data_is_stated_once(pane, edits, table):
    show(pane, table)
    pane.licence.set_licence("", "cc-by-sa-4.0")
    assert "cc-by-sa-4.0" in pane.licence.field.placeholderText()
    QTest.keyClicks(pane.licence.field, "odbl")
    QTest.keyClick(pane.licence.field, Qt.Key.Key_Return)
    pane.licence.field.editingFinished.emit()  # leaving the field afterwards is no second edit
    assert edits == [("data.licence", "odbl")]
    pane.licence.set_licence("", "")
    assert pane.licence.field.text() == ""
    assert len(edits) == 1
