"""The doctor's view: findings with sign and word, samples as rows or pictures, repairs, checks, the badge."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from tests.gui import fake_doctor
from tlstudio.core.options import describe
from tlstudio.gui import theme
from tlstudio.gui.widgets.check_settings import ShownCheck
from tlstudio.gui.widgets.diff_view import Change
from tlstudio.gui.widgets.doctor_view import DoctorView
from tlstudio.gui.widgets.finding_list import ShownFinding, ShownFix
from tlstudio.gui.widgets.fix_preview import Preview
from tlstudio.gui.widgets.repair_list import ShownRepair


@pytest.fixture
def view(keep):
    return keep(DoctorView())


def finding(key: str, severity: str = "warning", **more) -> ShownFinding:
    base = {"count": 3, "title": f"{key} is wrong.", "effect": "It hurts.", "samples": (), "fixes": ()}
    return ShownFinding(key=key, severity=severity, **{**base, **more})


def test_severity_is_said_in_words(view):
    view.set_findings([finding("a", "error"), finding("b"), finding("c", "notice")])
    model = view.findings.model()
    said = [model.index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(3)]
    assert said == ["Error  ·  3  a is wrong.", "Warning  ·  3  b is wrong.", "Notice  ·  3  c is wrong."]
    assert view.detail.effect.text() == "What it does to the result: It hurts."
    view.grab()


def test_the_chosen_finding_stays_when_others_come(view):
    view.set_findings([finding("a"), finding("b")])
    view.findings.choose(1)
    view.set_findings([finding("new", "error"), finding("a"), finding("b", count=9)])
    assert view.findings.current().key == "b"
    assert view.detail.sign.accessibleName() == "Warning  ·  9"
    view.set_findings([finding("a")])
    assert view.detail.title.text() == "a is wrong."


def test_findings_by_the_keyboard(view):
    view.set_findings([finding("a"), finding("b")])
    view.findings.setFocus()
    QTest.keyClick(view.findings, Qt.Key.Key_Down)
    assert view.detail.title.text() == "b is wrong."


def test_the_badge_counts_what_is_not_mended(view, qtbot):
    fix = ShownFix("Mend", {"name": "x"}, applied=True)
    with qtbot.waitSignal(view.badge_changed) as signal:
        view.set_findings([finding("a", "error"), finding("b", fixes=(fix,)), finding("c"), finding("d", "notice")])
    assert signal.args == [1, 1]
    with qtbot.assertNotEmitted(view.badge_changed):
        view.set_findings([finding("e", "error"), finding("f")])
    view.set_findings([])
    assert view.badge == (0, 0)


def test_rows_are_a_table_with_the_columns_that_say_something(view):
    view.set_findings([finding("a", samples=(fake_doctor.sample(7, "one\ntwo"), fake_doctor.sample(9, "three")))])
    table = view.detail.table
    hidden = [table.isColumnHidden(column) for column in range(6)]
    assert hidden == [True, True, False, False, False, True], "one split, one file, no details"
    assert table.shown()[0][3] == "one two"
    table.selectRow(0)
    assert view.detail.text.toPlainText() == "one\ntwo"
    assert view.detail.caption.text() == "2 of the rows"


def test_images_are_pictures_and_broken_ones_do_no_harm(view, tmp_path, until):
    paths = [tmp_path / "a.png", tmp_path / "broken.png"]
    red = QImage(300, 200, QImage.Format.Format_RGB32)
    red.fill(Qt.GlobalColor.red)
    assert red.save(str(paths[0]))
    paths[1].write_bytes(b"not a picture")
    view.set_findings([finding("a", samples=tuple(fake_doctor.sample(1, str(path), "cats") for path in paths))])
    gallery = view.detail.gallery
    assert gallery.isVisible() and gallery.count() == 2
    assert gallery.item(0).text() == "a.png\ncats"

    def red_inside() -> bool:
        image = gallery.item(0).icon().pixmap(88, 88).toImage()
        return image.pixelColor(image.width() // 2, image.height() // 2) == Qt.GlobalColor.red

    until(red_inside)
    gallery.setCurrentRow(1)
    assert str(paths[1]) in view.detail.text.toPlainText()
    until(lambda: not gallery._background.busy)


def test_late_pictures_of_another_finding_are_ignored(view, tmp_path, until):
    path = tmp_path / "a.png"
    image = QImage(20, 20, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    image.save(str(path))
    gallery = view.detail.gallery
    gallery.set_pictures([])
    gallery._show(gallery._key - 1, [image])
    assert gallery.count() == 0


def test_fix_buttons_ask_for_a_preview_and_undo(view, qtbot):
    fixes = (ShownFix("Mend", {"name": "x"}), ShownFix("Other", {"name": "y"}))
    view.set_findings([finding("a", fixes=fixes)])
    buttons = {item.text(): item for item in view.detail.fixes.findChildren(QPushButton)}
    assert buttons["Mend…"].property("role") == "primary" and buttons["Other…"].property("role") != "primary"
    with qtbot.waitSignal(view.fix_requested) as signal:
        buttons["Other…"].click()
    assert signal.args == [fixes[1]]
    view.set_findings([finding("a", fixes=(ShownFix("Mend", {"name": "x"}, applied=True),))])
    undo = next(item for item in view.detail.fixes.findChildren(QPushButton) if item.text() == "Undo: Mend")
    with qtbot.waitSignal(view.fix_undone) as signal:
        undo.click()
    assert signal.args[0].applied


def test_repairs_are_listed_with_undo(view, qtbot):
    view.set_repairs([ShownRepair("One"), ShownRepair("Two", "3 rows left out")])
    assert view.repairs_fold.toggle.text() == "Repairs in the recipe (2)"
    view.repairs_fold.toggle.click()
    second = view.repairs.findChildren(QPushButton)[1]
    assert second.accessibleName() == "Undo: Two"
    with qtbot.waitSignal(view.repair_undone) as signal:
        second.click()
    assert signal.args == [1]
    view.set_repairs([])
    assert not view.repairs_fold.isVisible()


def test_checks_are_switches_with_their_limits(view, qtbot):
    options = tuple(describe(fake_doctor.NearOptions))
    check = ShownCheck("near", "Near", "Twins.", options, {"enabled": True, "likeness": 0.8}, "1.4 s")
    view.set_checks([check])
    with qtbot.waitSignal(view.checks_opened):
        view.checks_fold.toggle.click()
    row = view.checks.rows["near"]
    assert list(row.form.fields) == ["likeness"] and row.form.fields["likeness"].value() == 0.8
    with qtbot.waitSignal(view.check_changed) as signal:
        row.switch.click()
    assert signal.args == ["near", "enabled", False]
    view.set_checks([ShownCheck("near", "Near", "Twins.", options, {"enabled": False})])
    assert view.checks.rows["near"] is row and not row.form.isVisible()


def test_signs_follow_the_colours(view, qapp):
    view.set_findings([finding("a", "error")])
    before = view.detail.sign.pixmap().toImage()
    theme.apply(qapp, "dark")
    assert view.detail.sign.pixmap().toImage() != before
    view.grab()


def test_several_files_are_named(view):
    sample = {**fake_doctor.sample(1, "x"), "path": "hub:org/name"}
    view.set_findings([finding("a", samples=(sample, fake_doctor.sample(2, "y")))])
    assert [line[1] for line in view.detail.table.shown()] == [Path("hub:org/name").name, "tickets.csv"]


def test_images_of_a_preview_are_pictures(view):
    changes = (Change("train, row 1", "/x/a.png", dropped=True), Change("", "/x/b.png", "/x/b.png", "cat", "cats"))
    view.set_findings([finding("a")])
    view.show_preview(True)
    view.preview.set_preview(Preview(changed=1, dropped=1, total=9, rows=changes))
    assert view.preview.pictures.isVisible() and not view.preview.rows.isVisible()
    texts = [view.preview.pictures.item(row).text() for row in range(2)]
    assert texts == ["a.png\n✕ left out", "b.png\ncat → cats"]
    view.preview.set_preview(Preview(changed=1, total=9, rows=(Change("row 1", "a b", "a c"),)))
    assert view.preview.rows.isVisible()


def test_the_keyboard_comes_back_to_the_findings(view, qapp):
    view.set_findings([finding("a", fixes=(ShownFix("Mend", {"name": "x"}),))])
    view.activateWindow()
    view.findings.setFocus()
    view.show_preview(True)
    assert qapp.focusWidget() is view.preview.close_button and not view.findings.isEnabled()
    view.show_preview(False)
    assert qapp.focusWidget() is view.findings and view.findings.isEnabled()
