"""The parts of the Data pane: places, columns, template, labels, split, steps, preview, pictures."""

from __future__ import annotations

import threading

import pyarrow as pa
import pytest
from PIL import Image
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QToolButton

from tlstudio.core.options import describe
from tlstudio.core.recipe import SplitSection
from tlstudio.gui.values import MOST, values_of
from tlstudio.gui.widgets.bars import SHARE_ROLE
from tlstudio.gui.widgets.columns_view import ColumnFacts, ColumnsView
from tlstudio.gui.widgets.data_places import PlaceRow
from tlstudio.gui.widgets.hub_card import Configuration, HubCard
from tlstudio.gui.widgets.labels_view import LabelsView
from tlstudio.gui.widgets.preview_view import PreviewView
from tlstudio.gui.widgets.split_view import SplitView
from tlstudio.gui.widgets.steps_view import ShownStep, StepsView
from tlstudio.gui.widgets.template_edit import TemplateEdit

EDIT = Qt.ItemDataRole.EditRole


def heard(signal):
    """What a signal says, in a list."""
    said = []
    signal.connect(lambda *args: said.append(args if len(args) > 1 else args[0] if args else None))
    return said


def write(path, columns, chunk=5000):
    table = pa.table(columns)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=chunk)
    return str(path)


# --- places


@pytest.fixture
def place(keep):
    return keep(PlaceRow("Labelled rows", optional=False))


def test_a_place_shows_name_files_and_rows(place):
    place.set_places(["/x/a.csv"], [1200])
    assert (place.name.full, place.count.text()) == ("a.csv   /x", "1,200 rows")
    place.set_places(["/x/a.csv", "/x/b.csv"], [10, 20])
    assert (place.name.full, place.count.text()) == ("a.csv, b.csv", "2 files · 30 rows")
    assert "/x/b.csv: 20 rows" in place.name.toolTip()
    place.set_places(["hub:org/name#test"])
    assert (place.name.full, place.count.text()) == ("hub:org/name#test", "")


def test_one_of_several_places_is_removed(place, until):
    removed = heard(place.removed)
    place.set_places(["/x/a.csv"])
    place.clear.click()
    place.set_places(["/x/a.csv", "/y/a.csv"])
    place.clear.click()
    until(place.choices.isVisible)
    place.choices.actions()[1].trigger()
    place.choices.close()
    assert removed == ["", "/y/a.csv"]


def test_a_name_is_typed_by_keyboard_and_given_up(place):
    names = heard(place.name_entered)
    place.name_action.trigger()
    assert place.field.isVisible()
    assert not place.name.isVisible()
    QTest.keyClicks(place.field, "sample:digits")
    QTest.keyClick(place.field, Qt.Key.Key_Escape)
    assert (place.field.isVisible(), names) == (False, [])
    place.name_action.trigger()
    QTest.keyClicks(place.field, "sqlite:///my.db ")
    QTest.keyClick(place.field, Qt.Key.Key_Return)
    assert (place.field.isVisible(), names) == (False, ["sqlite:///my.db"])


def test_news_of_the_data_do_not_close_the_field(place):
    place.set_places(["/x/a.csv"])
    place.name_action.trigger()
    QTest.keyClicks(place.field, "hub:org")
    place.set_places(["/x/a.csv"], [7])
    assert place.field.isVisible()
    place.set_places(["/x/b.csv"], [7])
    assert not place.field.isVisible()


def test_every_tool_of_a_place_has_a_name(place):
    assert place.clear.accessibleName() == "Give up: Labelled rows"
    assert place.more.accessibleName() == "Other places: Labelled rows"
    assert place.field.accessibleName()
    assert place.choose.accessibleName() == "Choose: Labelled rows"


# --- columns


@pytest.fixture
def columns(keep):
    result = keep(ColumnsView())
    result.set_columns(
        [
            ColumnFacts("message", role="text", reason="it has the longest texts", distinct=9, examples=("a b", "c")),
            ColumnFacts("intent", distinct=3, empty=2),
            ColumnFacts("words", kind="list", role="tokens"),
        ]
    )
    return result


def test_columns_say_what_they_are_and_why(columns):
    texts = [columns.model.index(0, column).data() for column in range(7)]
    assert texts == ["message", "Text  ▾", "it has the longest texts", "text", "9", "", "a b   |   c"]
    assert columns.model.index(1, 1).data() == "–  ▾"
    assert columns.model.index(0, 1).data(Qt.ItemDataRole.ToolTipRole) == "What the model reads."


def test_it_is_said_where_only_the_first_rows_were_looked_at(columns):
    columns.set_rows(6444)
    assert columns.note.isVisibleTo(columns)
    assert columns.note.text() == "The numbers and examples are from the first 2,000 of 6,444 rows."
    columns.set_rows(2000)
    assert not columns.note.isVisibleTo(columns)


def editor(columns, row):
    place = columns.table.visualRect(columns.model.index(row, 1)).center()
    QTest.mouseClick(columns.table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    return columns.table.findChild(QComboBox)


def test_a_role_is_chosen_in_a_list_of_those_that_fit(columns):
    wishes = heard(columns.role_wished)
    box = editor(columns, 1)
    offered = {box.itemData(index) for index in range(box.count())}
    assert {"", "text", "label", "labels", "ignore", "image", "group"} <= offered
    assert not {"tokens", "tags", "answers"} & offered
    assert box.accessibleName() == "Role of intent"
    box.setCurrentIndex(box.findData("label"))
    box.hidePopup()
    box.activated.emit(box.currentIndex())
    assert wishes == [("intent", "label")]


def test_lists_get_roles_of_lists(columns):
    box = editor(columns, 2)
    assert {box.itemData(index) for index in range(box.count())} >= {"tokens", "tags", "labels"}
    assert box.findData("text") < 0
    box.hidePopup()


def test_a_role_is_changed_by_keyboard(columns, until):
    wishes = heard(columns.role_wished)
    columns.table.setFocus()
    columns.table.setCurrentIndex(columns.model.index(0, 1))
    QTest.keyClick(columns.table, Qt.Key.Key_Down)
    assert columns.table.findChild(QComboBox) is None  # the arrows only move
    QTest.keyClick(columns.table, Qt.Key.Key_Return)
    box = columns.table.findChild(QComboBox)
    until(box.view().isVisible)
    QTest.keyClick(box.view(), Qt.Key.Key_Down)
    QTest.keyClick(box.view(), Qt.Key.Key_Return)
    assert wishes == [("intent", "text")]


def test_new_roles_keep_the_selection(columns):
    columns.table.setCurrentIndex(columns.model.index(2, 0))
    columns.set_columns([ColumnFacts("message"), ColumnFacts("intent"), ColumnFacts("words", role="ignore")])
    assert columns.table.currentIndex().row() == 2


def test_the_separator_is_shown_where_it_matters(columns):
    wishes = heard(columns.separator_wished)
    columns.set_separator("|", used=False)
    assert not columns.separator.isVisible()
    columns.set_separator("|", used=True)
    columns.separator.setFocus()
    columns.separator.selectAll()
    QTest.keyClicks(columns.separator, ";")
    QTest.keyClick(columns.separator, Qt.Key.Key_Return)
    assert wishes == [";"]


# --- template


@pytest.fixture
def template(keep):
    result = keep(TemplateEdit())
    result.set_columns(["title", "body", "a & b"])
    result.line.setFocus()
    return result


def test_a_template_is_completed_and_committed_once(template, until):
    typed, done = heard(template.typed), heard(template.committed)
    QTest.keyClicks(template.line, "{ti")
    until(lambda: template.line.completing)
    QTest.keyClick(template.line.completer_box.popup(), Qt.Key.Key_Down)
    QTest.keyClick(template.line.completer_box.popup(), Qt.Key.Key_Return)
    assert template.line.text() == "{title}"
    assert done == []
    QTest.keyClicks(template.line, ": ")
    template.menu.actions()[1].trigger()
    assert template.line.text() == "{title}: {body}"
    QTest.keyClick(template.line, Qt.Key.Key_Return)
    template.line.clearFocus()
    assert done == ["{title}: {body}"]
    assert typed[-1] == "{title}: {body}"


def test_escape_gives_the_template_up(template):
    done = heard(template.committed)
    template.set_template("{title}")
    QTest.keyClicks(template.line, "xyz")
    QTest.keyClick(template.line, Qt.Key.Key_Escape)
    template.line.clearFocus()
    assert (template.text(), done) == ("{title}", [])


def test_what_is_being_typed_is_not_overwritten(template):
    template.set_template("{title}")
    QTest.keyClicks(template.line, "!")
    template.set_template("{title}")
    assert template.text() == "{title}!"


def test_examples_or_what_is_wrong(template):
    template.set_preview(["one\ntwo", "three"])
    assert template.preview.text() == "› one two\n› three"
    template.set_preview([], "no such column")
    assert (template.preview.text(), template.preview.property("role")) == ("no such column", "error")
    template.set_preview([])
    assert not template.preview.isVisible()


# --- labels


@pytest.fixture
def labels(keep):
    result = keep(LabelsView())
    counts = [("spam", 100), ("Ham", 50), ("ham", 25)]
    result.set_labels(counts, {"Ham": "ham", "spam": None}, [("ham", 75)], 75)
    return result


def test_labels_show_numbers_and_what_becomes_of_them(labels):
    rows = [[labels.model.index(row, column).data() for column in range(3)] for row in range(3)]
    assert rows == [["spam", "100", "left out"], ["Ham", "50", "ham"], ["ham", "25", ""]]
    assert labels.model.index(1, 1).data(SHARE_ROLE) == 0.5
    assert labels.note.text() == "3 labels in the data; 1 after all repairs, in 75 rows."
    labels.grab()


def test_tags_and_boxes_are_counted_and_not_renamed(labels):
    labels.set_tags([("nn", 30), ("vb", 10)])
    assert (labels.card.title.text(), labels.note.text()) == ("Tokens of each tag", "2 tags in the data.")
    assert labels.table.isColumnHidden(2)
    assert not labels.model.flags(labels.model.index(0, 2)) & Qt.ItemFlag.ItemIsEditable
    assert not labels.buttons.isVisibleTo(labels)
    labels.set_boxes([("cat", 3)])
    assert labels.card.title.text() == "Boxes of each label"
    labels.set_labels([("ham", 3), ("spam", 1)], {}, [("ham", 3), ("spam", 1)], 4)
    assert not labels.table.isColumnHidden(2)
    assert labels.buttons.isVisibleTo(labels)
    labels.set_labels([], {}, [], 0)
    assert not labels.card.isVisibleTo(labels), "numbers and plain texts have no labels"
    labels.set_lengths([], [], "")
    assert labels.nothing.isVisibleTo(labels)
    labels.set_lengths([0.0, 1.0], [3], "characters")
    assert not labels.nothing.isVisibleTo(labels)


def test_a_label_is_renamed_in_its_line(labels, until):
    wishes = heard(labels.labels_wished)
    labels.table.setFocus()
    labels.table.setCurrentIndex(labels.sorted.index(2, 0))
    QTest.keyClick(labels.table, Qt.Key.Key_Return)
    line = labels.table.findChild(QLineEdit)
    assert line.text() == "ham"
    line.selectAll()
    QTest.keyClicks(line, "good")
    QTest.keyClick(line, Qt.Key.Key_Return)
    until(lambda: wishes)
    assert wishes == [{"ham": "good"}]
    assert labels.model.setData(labels.model.index(2, 2), "ham") is False  # as it is: nothing is recorded


def test_chosen_labels_are_merged_dropped_and_reset(labels):
    wishes, merges = heard(labels.labels_wished), heard(labels.merge_requested)
    assert not labels.drop_button.isEnabled()
    labels.table.selectRow(1)
    assert labels.drop_button.isEnabled()
    assert not labels.merge_button.isEnabled()
    labels.table.selectAll()
    labels.merge_button.click()
    labels.reset_button.click()
    QTest.keyClick(labels.table, Qt.Key.Key_Delete)
    assert merges == [["spam", "Ham", "ham"]]
    assert wishes == [{"spam": "", "Ham": "", "ham": ""}, {"spam": None, "Ham": None, "ham": None}]


def test_many_labels_are_filtered_and_sorted(labels):
    labels.set_labels([(f"label {i}", i + 1) for i in range(50)], {}, [], 0)
    labels.filter.setText("label 4")
    assert labels.sorted.rowCount() == 11
    labels.table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    labels.table.selectRow(0)
    assert labels.chosen() == ["label 49"]


# --- split


@pytest.fixture
def split(keep):
    result = keep(SplitView())
    result.set_columns(["lang", "author"], "", "")
    return result


def shown_fields(split):
    return {name for name, field in split.form.fields.items() if field.isVisible()}


@pytest.mark.parametrize(
    ("method", "fields", "by"),
    [
        ("stratified", {"test", "validation", "seed"}, False),
        ("grouped", {"test", "validation", "seed"}, True),
        ("time", {"test", "validation"}, True),
        ("held-out", {"validation", "seed"}, True),
        ("column", set(), True),
        ("k-fold", {"folds", "validation", "seed"}, False),
    ],
)
def test_a_method_asks_only_for_what_it_needs(split, method, fields, by):
    split.set_section(SplitSection(method=method), [])
    assert shown_fields(split) == fields
    assert split.by.isVisible() == by
    assert split.values.isVisible() == (method == "held-out")
    assert split.help.text()
    assert split.method.currentData() == method


def test_shares_of_given_places_are_not_asked_for(split):
    split.set_section(SplitSection(), ["test"])
    assert shown_fields(split) == {"validation", "seed"}
    split.set_section(SplitSection(), ["validation", "test"])
    assert shown_fields(split) == set()
    assert "nothing is divided" in split.note.text()


def test_method_column_and_shares_are_wished(split):
    methods, edits = heard(split.method_wished), heard(split.edited)
    split.set_section(SplitSection(method="grouped"), [])
    split.by.setCurrentIndex(split.by.findData("author"))
    split.form.fields["test"].editor.setValue(0.3)
    split.method.setCurrentIndex(split.method.findData("time"))
    assert (methods, edits) == (["time"], [("by", "author"), ("test", 0.3)])


def test_values_are_held_out_by_ticks(split):
    wishes = heard(split.values_wished)
    split.set_section(SplitSection(method="held-out", by="lang", test_values=("de",)), [])
    split.set_values([("en", 90), ("de", 10), ("", 5)], MOST)
    model = split.values.values
    assert [model.index(row, 0).data() for row in range(3)] == ["en", "de", "–"]
    assert model.index(1, 3).data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked
    model.setData(model.index(0, 2), Qt.CheckState.Checked, Qt.ItemDataRole.CheckStateRole)
    model.setData(model.index(1, 2), Qt.CheckState.Checked, Qt.ItemDataRole.CheckStateRole)  # one split a value
    split.values.setFocus()
    split.values.setCurrentIndex(model.index(2, 3))
    QTest.keyClick(split.values, Qt.Key.Key_Space)
    assert wishes == [(["en"], ["de"]), (["en", "de"], []), (["en", "de"], [""])]


def test_a_column_with_too_many_values_says_so(split):
    split.set_section(SplitSection(method="held-out", by="lang"), [])
    split.set_values([], MOST)
    assert "more than 200" in split.values_note.text()


def test_values_are_counted_in_the_file(tmp_path):
    path = write(tmp_path / "a.arrow", {"lang": ["en"] * 7 + ["de"] * 3, "n": [str(i) for i in range(10)]}, 4)
    assert values_of(path, "lang") == [("en", 7), ("de", 3)]
    assert values_of(path, "gone") == []
    many = write(tmp_path / "b.arrow", {"n": [str(i) for i in range(1000)]})
    assert values_of(many, "n") == []


def test_classes_and_splits_with_totals(split):
    split.set_splits({"train": {"a": 6, "b": 2}, "test": {"a": 2}}, {"train": 8, "test": 2})
    rows = [[split.model.index(row, column).data() for column in range(4)] for row in range(3)]
    assert rows == [["a", "6", "0", "2"], ["b", "2", "0", "0"], ["All", "8", "0", "2"]]
    assert split.model.index(0, 1).data(SHARE_ROLE) == 0.75
    split.set_splits({}, {"train": 80, "validation": 10, "test": 10})  # no labels: the totals alone
    assert [split.model.index(0, column).data() for column in range(4)] == ["All", "80", "10", "10"]
    split.grab()


# --- steps


def test_steps_are_shown_set_moved_and_removed(keep):
    view = keep(StepsView())
    options = tuple(describe(SplitSection))
    steps = [ShownStep("a", "Leave out", dropped=12), ShownStep("b", "Rename", detail="x → y", options=options)]
    added, removed = heard(view.add_requested), heard(view.remove_requested)
    moved, changed = heard(view.move_requested), heard(view.option_changed)
    view.set_available([("a", "Leave out", "In one sentence."), ("c", "More & more", "")])
    view.set_steps([])
    assert view.none.isVisible()
    view.set_steps(steps)
    assert view.texts() == ["Leave out: 12 rows left out", "Rename: x → y"]
    tools = {tool.accessibleName(): tool for tool in view.findChildren(QToolButton)}
    assert not tools["Earlier: Leave out"].isEnabled()
    tools["Later: Leave out"].click()
    tools["Take this repair away: Rename"].click()
    view._forms[1].fields["seed"].editor.setValue(9)
    view.add_menu.actions()[1].trigger()
    assert (added, removed, moved, changed) == (["c"], [1], [(0, 1)], [(1, "seed", 9)])


def test_the_same_steps_keep_their_forms(keep):
    view = keep(StepsView())
    step = ShownStep("a", "A", options=tuple(describe(SplitSection)), values={"seed": 1})
    view.set_steps([step])
    form = view._forms[0]
    view.set_steps([ShownStep("a", "A", dropped=0, options=step.options, values={"seed": 5})])
    assert view._forms[0] is form
    assert form.fields["seed"].value() == 5
    assert view.texts() == ["A: no row left out"]


# --- hub


def test_the_card_of_a_data_set(keep):
    card = keep(HubCard())
    card.show()
    card.set_name("org/name", "")
    card.set_state("asked", "Nothing was asked.")
    assert card.look_button.isVisible()
    assert not card.download_button.isVisible()
    downloads = heard(card.download_requested)
    found = [Configuration("en", (("train", 10, 2_000_000), ("test", None, None))), Configuration("de", ())]
    card.set_found(found, "de", [("Licence", "mit")])
    card.set_state("found", "")
    assert card.configuration() == "de"
    card.choice.setCurrentIndex(0)
    assert card.facts.texts()[:4] == ["Train", "10 rows · 2.0 MB", "Test", "–"]
    card.download_button.click()
    card.set_state("loading", "1 of 2 MB", 0.5)
    assert (card.bar.value(), card.choice.isEnabled()) == (500, False)
    card.set_state("stopped", "It goes on there.")
    assert card.download_button.text() == "Go on with the download"
    assert downloads == ["en"]


# --- preview and pictures


@pytest.fixture
def preview(keep):
    view = keep(PreviewView())
    yield view
    view.close_file()


def test_the_chosen_row_is_shown_in_full(preview, tmp_path):
    rows = {"id": ["7"], "label": ["spam"], "text": ["long " * 500], "empty": [""]}
    preview.open(write(tmp_path / "a.arrow", rows))
    preview.set_roles({"text": "text", "label": "label"})
    preview.table.selectRow(0)
    lines = preview.text.toPlainText().splitlines()
    assert lines[0] == f"text (Text): {'long ' * 500}"
    assert lines[1:] == ["label (Label): spam", "id: 7"]
    header = preview.table.horizontalHeader()
    assert [preview.model.columns[header.logicalIndex(place)] for place in range(3)] == ["text", "label", "id"]


def test_texts_take_the_room_that_there_is(preview, tmp_path, qapp):
    preview.open(write(tmp_path / "a.arrow", {"text": ["x"], "label": ["y"]}))
    preview.set_roles({"text": "text", "label": "label"})
    before = preview.table.columnWidth(0)
    preview.resize(1600, 600)
    qapp.processEvents()
    assert preview.table.columnWidth(0) > before + 600
    assert preview.table.horizontalScrollBar().maximum() == 0


@pytest.mark.parametrize("role", ["prompt", "response", "messages", "negative", "question"])
def test_every_kind_of_text_gets_room_and_stands_first(preview, tmp_path, role, qapp):
    preview.open(write(tmp_path / "a.arrow", {"id": ["7"], "words": [["x", "y"]], "label": ["spam"]}))
    preview.set_roles({role: "words", "label": "label"})
    header = preview.table.horizontalHeader()
    assert [header.visualIndex(column) for column in range(3)] == [2, 0, 1]
    assert header.sectionSize(1) > header.sectionSize(0)


def test_words_with_tags_in_the_chosen_row(preview, tmp_path):
    preview.open(write(tmp_path / "a.arrow", {"words": [["Peter", "lives"]], "tags": [["B", "O"]]}))
    preview.set_roles({"tokens": "words", "tags": "tags"})
    preview.table.selectRow(0)
    assert preview.text.toPlainText() == "words (Tokens): Peter/B lives/O"


def test_places_can_be_looked_at_one_by_one(preview, tmp_path):
    chosen = heard(preview.split_chosen)
    preview.set_splits(["train"], "train")
    assert not preview.splits.isVisible()
    preview.set_splits(["train", "test"], "train")
    preview.splits.setCurrentIndex(1)
    assert chosen == ["test"]


@pytest.fixture
def images(tmp_path):
    for name, mode, colour in (("red.png", "RGB", "red"), ("clear.png", "RGBA", (0, 0, 0, 0)), ("grey.png", "L", 128)):
        Image.new(mode, (40, 20), colour).save(tmp_path / name)
    (tmp_path / "broken.png").write_bytes(b"\x89PNG not really")
    names = ["red.png", "clear.png", "grey.png", "broken.png"]
    return write(tmp_path / "a.arrow", {"image": [str(tmp_path / name) for name in names], "label": list("abcd")})


def pixel(view, row):
    """Colour in the middle of the picture of a row, as it is on the screen."""
    area = view.table.visualRect(view.model.index(row, 0))
    return QColor(view.table.viewport().grab().toImage().pixel(area.left() + 5 + 25, area.center().y()))


def test_images_are_shown_and_broken_ones_named(preview, images, until, qapp):
    preview.set_roles({"image": "image", "label": "label"})
    preview.open(images)
    qapp.processEvents()
    preview.grab()
    until(lambda: all(preview._small.get(preview.model.full_text(row, 0)) for row in range(4)))
    assert pixel(preview, 0).getRgb()[:3] == (255, 0, 0)
    assert pixel(preview, 1).getRgb()[:3] == (255, 255, 255)  # transparent: on white
    assert abs(pixel(preview, 2).red() - 128) <= 1
    assert "broken.png" in preview._small.get(preview.model.full_text(3, 0))[1]
    preview.table.selectRow(0)
    until(lambda: not preview.busy and not preview.picture.pixmap().isNull())
    preview.table.selectRow(3)
    until(lambda: "broken.png" in preview.picture.text())


def test_scrolling_through_many_images_decodes_only_what_is_seen(preview, tmp_path, images, until, qapp):
    path = str(tmp_path / "red.png")
    many = write(tmp_path / "many.arrow", {"image": [path[:-4] + f"{i}.png" for i in range(100_000)]})
    preview.set_roles({"image": "image"})
    preview.open(many)
    bar = preview.table.verticalScrollBar()
    for place in range(0, bar.maximum(), max(bar.maximum() // 200, 1)):
        bar.setValue(place)
        preview.table.viewport().grab()
    assert len(preview._small._wishes) <= 121
    until(lambda: not preview.busy)
    assert len(preview._small._pictures) <= 600


def test_no_thread_outlives_its_work(preview, images, until, qapp):
    preview.set_roles({"image": "image"})
    preview.open(images)
    preview.grab()
    preview.close_file()
    until(lambda: not any(thread.name == "tlstudio-pictures" for thread in threading.enumerate()))


def test_an_empty_preview_has_no_row(preview):
    preview.open("")
    assert preview.model.rowCount() == 0
    preview._on_row(QModelIndex())
    assert preview.text.toPlainText() == ""
