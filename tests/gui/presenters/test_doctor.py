"""The data doctor: when it looks, what it shows, and repairs from preview to undo and redo."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.gui import fake, fake_doctor
from tlstudio.gui import words
from tlstudio.gui.presenters.doctor import DoctorPresenter
from tlstudio.gui.widgets.doctor_view import DoctorView


@pytest.fixture
def view(keep, context):
    result = keep(DoctorView())
    result.presenter = DoctorPresenter(context, result)
    return result


@pytest.fixture
def checked(view, ready, until):
    """Data whose quick checks are made."""
    ready()
    until(view.findings.findings)
    return view


def steps(context) -> list[dict[str, Any]]:
    return [choice.model_dump() for choice in context.project.recipe.data.steps]


def jobs(runners, name) -> list[dict[str, Any]]:
    return [args for runner in runners for job, args in runner.asked if job == name]


def apply_first_fix(view, until) -> None:
    view.detail.fix_requested.emit(view.findings.current().fixes[0])
    until(view.preview.apply_button.isEnabled)
    view.preview.apply_button.click()


def test_without_data_it_says_what_to_do(view):
    assert view.empty.isVisible()
    assert view.empty._title.text() == "No data yet"
    assert not view.deep_button.isEnabled()
    assert not view.again_button.isEnabled()


def test_quick_checks_begin_by_themselves_and_errors_come_first(checked, runners):
    (asked,) = jobs(runners, "examine-data")
    assert asked["deep"] is False
    assert [item.severity for item in checked.findings.findings()] == ["error", "warning", "notice"]
    assert checked.status.text() == "Errors: 1  ·  Warnings: 1  ·  Notices: 1"
    assert checked.badge == (1, 1)
    first = checked.findings.current()
    assert first.effect == "The model learns that nothing means login."
    assert checked.detail.sign.accessibleName() == "Error  ·  2"
    assert checked.detail.table.shown()[0] == ["Train", "tickets.csv", "12", "", "login", "no text"]


def test_a_fix_is_previewed_applied_undone_and_done_again(checked, context, until):
    before = context.project.recipe
    checked.detail.fix_requested.emit(checked.findings.current().fixes[0])
    until(checked.preview.apply_button.isEnabled)
    assert checked.preview.isVisible()
    assert checked.preview.summary.text() == "1 of 560 rows are changed and 1 are left out."
    text = checked.preview.rows.toPlainText()
    assert "tickets.csv, row 12" in text and "left out" in text
    assert "<b>hi</b>" in text, "text of the data is never markup"
    assert context.project.recipe == before, "a preview changes nothing"
    checked.preview.apply_button.click()
    assert steps(context) == [{"name": "drop-empty"}]
    assert checked.detail.isVisible()
    assert [item.title for item in checked.repairs.repairs()] == ["Leave out empty rows"]
    context.project.undo()
    assert context.project.recipe == before
    assert checked.repairs.repairs() == []
    context.project.redo()
    assert steps(context) == [{"name": "drop-empty"}]


def test_two_quick_fixes_are_two_steps_of_undo(checked, context, until):
    apply_first_fix(checked, until)
    checked.findings.choose(2)
    apply_first_fix(checked, until)
    assert [step["name"] for step in steps(context)] == ["drop-empty", "mask-personal"]
    assert checked.repairs.repairs()[1].detail == "Kinds: mail"
    context.project.undo()
    assert [step["name"] for step in steps(context)] == ["drop-empty"]


def test_an_applied_fix_is_marked_until_the_data_is_checked_again(checked, context, answers, until):
    answers["examine-data"] = lambda _args: fake_doctor.examination(fake_doctor.near_duplicates())
    apply_first_fix(checked, until)
    assert checked.findings.current().mended
    assert "✓ mended" in checked.detail.sign.accessibleName()
    assert checked.badge == (0, 1)
    assert "checked again" in checked.note.text()
    until(lambda: len(checked.findings.findings()) == 1)
    assert not checked.note.isVisible()


def test_undo_this_takes_one_repair_back(checked, context, until):
    context.edit("data.steps", [{"name": "drop-empty"}, {"name": "mask-personal"}])
    checked.repairs_fold.toggle.click()
    checked.repairs.undo_requested.emit(0)
    assert [step["name"] for step in steps(context)] == ["mask-personal"]


def test_a_finding_offers_to_undo_its_own_repair(checked, context, until):
    apply_first_fix(checked, until)
    fix = checked.findings.current().fixes[0]
    assert fix.applied
    checked.detail.undo_requested.emit(fix)
    assert steps(context) == []


def test_a_fix_of_settings_shows_them_and_is_taken_back(checked, context, until):
    checked.detail.fix_requested.emit(checked.findings.current().fixes[1])
    changes = [f"Method: {words.choice('stratified')} → {words.choice('grouped')}", "By column: – → author"]
    assert checked.preview.summary.text().splitlines() == changes
    checked.preview.apply_button.click()
    assert context.project.recipe.data.split.method == "grouped"
    assert context.project.recipe.data.split.by == "author"
    assert [item.title for item in checked.repairs.repairs()] == ["Split by group"]
    checked.repairs.undo_requested.emit(0)
    assert context.project.recipe.data.split.method == "stratified"
    assert context.project.recipe.data.split.by == ""
    assert checked.repairs.repairs() == []


def test_back_changes_nothing_and_a_late_preview_is_ignored(checked, context, answers, until):
    go = threading.Event()
    answers["preview-step"] = lambda _args: fake_doctor.preview_rows() if go.wait(10) else None
    checked.detail.fix_requested.emit(checked.findings.current().fixes[0])
    assert checked.preview.bar.isVisible()
    assert not checked.preview.apply_button.isEnabled()
    checked.preview.close_button.click()
    assert checked.detail.isVisible()
    go.set()
    until(lambda: not context.queries.busy)
    assert checked.detail.isVisible()
    assert steps(context) == []


def test_a_preview_of_older_data_is_closed(checked, context, until):
    checked.detail.fix_requested.emit(checked.findings.current().fixes[0])
    until(checked.preview.apply_button.isEnabled)
    context.edit("data.split.test", 0.3)
    assert not checked.preview.isVisible()
    assert checked.detail.isVisible()


def test_a_fix_that_changes_nothing_cannot_be_applied(checked, answers, until):
    answers["preview-step"] = lambda _args: {"changed": 0, "dropped": 0, "total": 560, "rows": []}
    checked.detail.fix_requested.emit(checked.findings.current().fixes[0])
    until(lambda: "nothing" in checked.preview.summary.text())
    assert not checked.preview.apply_button.isEnabled()


def test_a_preview_that_fails_says_why(checked, answers, until):
    def fail(_args):
        raise ValueError({"code": "x.y", "message": "No {what}.", "remedy": "Try.", "params": {"what": "luck"}})

    answers["preview-step"] = fail
    checked.detail.fix_requested.emit(checked.findings.current().fixes[0])
    until(lambda: checked.preview.summary.text() == "✕ No luck. Try.")
    assert not checked.preview.apply_button.isEnabled()


def test_checks_are_made_again_when_the_data_part_changes(checked, context, runners, until):
    context.edit("data.split.test", 0.3)
    until(lambda: len(jobs(runners, "examine-data")) == 2)
    assert jobs(runners, "examine-data")[1]["recipe"]["data"]["split"]["test"] == 0.3


def test_augmentation_and_training_change_no_findings(checked, context, runners, until):
    context.edit("data.balance", "classes")
    context.edit("training.epochs", 3)
    assert context.facts.examination.state == "known"
    assert len(jobs(runners, "examine-data")) == 1


def test_a_reply_for_older_data_is_ignored(view, context, ready, answers, runners, until):
    go = threading.Event()

    def examine(args):
        if args["recipe"]["data"]["split"]["test"] == 0.2:
            go.wait(10)
            return fake_doctor.examination(fake_doctor.empty_rows())
        return fake_doctor.examination(fake_doctor.near_duplicates())

    answers["examine-data"] = examine
    ready()
    until(lambda: jobs(runners, "examine-data"))
    context.edit("data.split.test", 0.3)
    go.set()
    until(view.findings.findings)
    assert [item.severity for item in view.findings.findings()] == ["warning"]


def test_findings_of_other_data_are_dropped_at_once(checked, context, csv):
    context.edit("data.path", str(csv.with_name("other.csv")))
    assert checked.findings.findings() == []
    assert checked.badge == (0, 0)
    assert checked.empty._title.text() == "Checking the data…"


def test_progress_and_cancel(view, context, ready, answers, until, runners):
    go = threading.Event()
    answers["examine-data"] = lambda _args: go.wait(10) and fake_doctor.examination()
    ready()
    until(lambda: jobs(runners, "examine-data"))
    assert view.busy.isVisible()
    line = {"event": "progress", "stage": "examine", "done": 250, "total": 1000, "unit": "rows", "seconds_left": 65}
    context.facts.receive("examination", type(context.facts.examination)("busy", progress=line))
    assert view.busy_text.text() == "250 of 1,000 rows  ·  1 min 05 s left"
    assert view.busy_bar.value() == 250
    line |= {"detail": {"check": "near-duplicates"}}
    context.facts.receive("examination", type(context.facts.examination)("busy", progress=line))
    assert view.busy_text.text() == "Near duplicates  ·  1 min 05 s left"
    view.cancel_button.click()
    go.set()
    assert not view.busy.isVisible()
    assert view.empty._title.text() == "The checks were cancelled"
    until(lambda: not context.queries.busy)
    assert context.facts.examination.state == "cancelled"
    view.again_button.click()
    until(lambda: context.facts.examination.state == "known")
    assert view.all_clear.isVisible()


def test_all_clear_lists_the_checks(view, ready, answers, until):
    answers["examine-data"] = lambda _args: fake_doctor.examination()
    ready()
    until(view.all_clear.isVisible)
    assert view.clear_title.text() == "✓ Nothing wrong was found."
    assert view.made.texts() == ["Empty texts", "0.1 s", "Near duplicates", "1.4 s"]
    assert view.badge == (0, 0)


def test_checks_that_fail_say_why(view, ready, answers, until):
    def fail(_args):
        raise ValueError({"code": "data.role", "message": "No text column.", "remedy": "Choose one.", "params": {}})

    answers["examine-data"] = fail
    ready()
    until(lambda: view.empty._title.text() == "The data cannot be checked")
    assert view.empty._text.text() == "No text column. Choose one."


def test_a_deeper_look_needs_a_model(view, context, csv, until, runners):
    context.edit("data.path", str(csv))
    until(view.findings.findings)
    assert not view.deep_button.isEnabled()
    assert "needs a model" in view.deep_note.text()
    context.edit("model", {"source": "hub", "name": fake.MINILM})
    until(view.deep_button.isEnabled)
    assert "the model reads all 800 rows; seconds" in view.deep_note.text()
    view.deep_button.click()
    until(lambda: jobs(runners, "examine-data")[-1]["deep"] and context.facts.examination.state == "known")
    assert "the last time took 1 min" in view.deep_note.text()


def test_hidden_findings_come_back(checked):
    checked.findings.choose(1)
    checked.detail.hide_button.click()
    assert [item.severity for item in checked.findings.findings()] == ["error", "notice"]
    assert checked.badge == (1, 0)
    checked.hidden_button.click()
    assert len(checked.findings.findings()) == 3


def test_an_error_cannot_be_hidden(checked):
    assert checked.findings.current().severity == "error"
    assert not checked.detail.hide_button.isVisible()


def test_options_of_a_check_are_recorded_without_defaults(checked, context, until):
    checked.checks_fold.toggle.click()
    row = checked.checks.rows["near-duplicates"]
    assert row.note.text() == "1.4 s"
    assert checked.checks.rows["wrong-labels"].note.text() == "only when you look deeper"
    row.form.fields["likeness"].editor.setValue(0.8)
    checked.checks.rows["empty-texts"].switch.click()
    chosen = [choice.model_dump() for choice in context.project.recipe.data.checks]
    assert chosen == [{"name": "near-duplicates", "likeness": 0.8}, {"name": "empty-texts", "enabled": False}]
    row.form.fields["likeness"].editor.setValue(0.9)
    checked.checks.rows["empty-texts"].switch.click()
    assert context.project.recipe.data.checks == ()


def test_no_checks_begin_while_a_model_trains(view, context, csv, tmp_path, until, runners):
    folder = tmp_path / "run"
    folder.mkdir()
    context.session.start("run", {"folder": str(folder)}, folder)
    context.session.send("pause")
    context.edit("data.path", str(csv))
    until(lambda: context.facts.data.state == "known")
    assert view.empty._title.text() == "Not checked yet"
    context.session.send("resume")
    until(lambda: not context.session.active)
    until(lambda: context.facts.examination.state == "known")
    assert view.findings.findings()


def test_models_of_images_need_no_tokenizer_for_a_deeper_look(view, context, answers, table, until):
    def fail(_args):
        raise ValueError({"code": "model.no-tokenizer", "message": "No tokenizer.", "remedy": "", "params": {}})

    answers["inspect-model"] = fail
    context.edit_many({"model": {"source": "hub", "name": fake.MINILM}, "data.path": str(table)})
    until(lambda: context.facts.examination.state == "known")
    assert not view.deep_button.isEnabled() and view.deep_note.text() == "No tokenizer."
    answers["inspect-data"] = lambda _args: {**fake.data_facts(table), "roles": {"image": "path", "label": "label"}}
    context.facts.inspect_again("data")
    until(lambda: context.facts.data.data and context.facts.examination.state == "known")
    assert view.deep_button.isEnabled()
