"""Augmentation: choosing what fits the data, examples, and both runs whose results are compared."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.gui import fake, fake_doctor
from tlstudio.gui.presenters.augment import AugmentPresenter
from tlstudio.gui.widgets.augment_view import AugmentView


@pytest.fixture
def view(keep, context):
    result = keep(AugmentView())
    result.presenter = AugmentPresenter(context, result)
    return result


def card(view, name):
    return next(item for item in view.cards if item.shown.name == name)


def chosen(context) -> list[dict[str, Any]]:
    return [choice.model_dump() for choice in context.project.recipe.data.augment]


def jobs(runners, name) -> list[dict[str, Any]]:
    return [args for runner in runners for job, args in runner.asked if job == name]


def test_only_what_fits_the_data_can_be_ticked(view, ready, context):
    assert not card(view, "random-swap").tick.isEnabled()
    assert "when the data is read" in card(view, "random-swap").reason.text()
    ready()
    assert card(view, "random-swap").tick.isEnabled()
    assert not card(view, "flip").tick.isEnabled()
    assert card(view, "flip").reason.text() == "For images; this data has none."
    assert [item.shown.name for item in view.cards][-2:] == ["flip", "mixup"]


def test_images_and_batches_fit_images_with_labels(view, ready, answers, table):
    facts = {**fake.data_facts(table), "roles": {"image": "path", "label": "label"}}
    answers["inspect-data"] = lambda _args: facts
    ready()
    assert card(view, "mixup").tick.isEnabled() and card(view, "flip").tick.isEnabled()
    assert card(view, "random-swap").reason.text() == "For texts; this data has none."
    assert view.balance.isEnabled()


def test_tick_option_order_and_undo(view, ready, context):
    ready()
    card(view, "random-deletion").tick.click()
    card(view, "random-swap").tick.click()
    card(view, "random-swap").form.fields["share"].editor.setValue(0.2)
    assert chosen(context) == [{"name": "random-deletion"}, {"name": "random-swap", "share": 0.2}]
    assert [item.tick.text() for item in view.cards[:2]] == ["1.  Random deletion", "2.  Random swap"]
    assert view.cards[0].form.isVisible() and not view.cards[0].earlier.isEnabled()
    view.cards[1].earlier.click()
    assert [item["name"] for item in chosen(context)] == ["random-swap", "random-deletion"]
    assert [item.shown.name for item in view.cards[:2]] == ["random-swap", "random-deletion"]
    context.project.undo()
    assert [item.shown.name for item in view.cards[:2]] == ["random-deletion", "random-swap"]
    card(view, "random-deletion").tick.click()
    assert [item["name"] for item in chosen(context)] == ["random-swap"]
    assert not card(view, "random-deletion").tick.isChecked()


def test_what_does_not_fit_any_more_can_be_taken_out(view, ready, context):
    context.edit("data.augment", [{"name": "flip"}, {"name": "gone-with-an-update"}])
    ready()
    context.edit("data.augment", [{"name": "flip"}, {"name": "gone-with-an-update"}])
    flip = card(view, "flip")
    assert flip.tick.isEnabled() and flip.reason.text().startswith("⚠")
    flip.tick.click()
    card(view, "gone-with-an-update").tick.click()
    assert chosen(context) == []


def test_balanced_sampling(view, ready, context):
    ready()
    view.balance.click()
    assert context.project.recipe.data.balance == "classes"
    context.project.undo()
    assert not view.balance.isChecked()


def test_balanced_sampling_needs_labels(view, ready, answers, table):
    answers["inspect-data"] = lambda _args: {**fake.data_facts(table), "roles": {"text": "text"}}
    ready()
    assert not view.balance.isEnabled()
    assert view.balance_reason.text() == "For data with one label in each row."


def test_examples_and_another(view, ready, context, runners, until):
    ready()
    assert not view.examples.ask_button.isEnabled()
    card(view, "random-swap").tick.click()
    view.examples.ask_button.click()
    until(lambda: "Where my is parcel? 0" in view.examples.texts.toPlainText())
    assert view.examples.ask_button.text() == "Show another"
    html = view.examples.texts.toHtml()
    assert "underline" in html and "line-through" in html
    view.examples.ask_button.click()
    until(lambda: "Where my is parcel? 1" in view.examples.texts.toPlainText())
    assert [args["seed"] for args in jobs(runners, "preview-augment")] == [0, 1]


def test_an_example_follows_the_options(view, ready, context, runners, until):
    ready()
    card(view, "random-swap").tick.click()
    view.examples.ask_button.click()
    until(view.examples.texts.isVisible)
    card(view, "random-deletion").tick.click()
    until(lambda: "Random deletion" in view.examples.texts.toPlainText())
    card(view, "random-deletion").tick.click()
    card(view, "random-swap").tick.click()
    assert not view.examples.texts.isVisible()
    assert "Tick an augmentation" in view.examples.note.text()


def test_a_late_example_is_ignored_after_a_cancel(view, ready, context, answers, until):
    go = threading.Event()
    answers["preview-augment"] = lambda args: fake_doctor.examples(args) if go.wait(10) else None
    ready()
    card(view, "random-swap").tick.click()
    view.examples.ask_button.click()
    assert view.examples.bar.isVisible()
    view.examples.cancel_button.click()
    go.set()
    until(lambda: not context.queries.busy)
    assert not view.examples.bar.isVisible() and not view.examples.texts.isVisible()
    assert view.examples.note.text() == "The example was cancelled."


def test_an_example_that_fails_says_why(view, ready, answers, until):
    def fail(_args):
        raise ValueError({"code": "x.y", "message": "No model.", "remedy": "Choose one.", "params": {}})

    answers["preview-augment"] = fail
    ready()
    card(view, "random-swap").tick.click()
    view.examples.ask_button.click()
    until(lambda: view.examples.note.text() == "✕ No model. Choose one.")


def test_one_that_fails_does_not_hide_the_others(view, ready, answers, until):
    def examples(args):
        if args["index"] == 0:
            raise ValueError({"code": "x.y", "message": "No dictionary.", "remedy": "", "params": {}})
        return fake_doctor.examples(args)

    answers["preview-augment"] = examples
    ready()
    card(view, "random-swap").tick.click()
    card(view, "random-deletion").tick.click()
    view.examples.ask_button.click()
    until(lambda: not view.examples.bar.isVisible())
    assert view.examples.note.text() == "✕ No dictionary."
    assert "Random deletion" in view.examples.texts.toPlainText()
    assert "Random swap" not in view.examples.texts.toPlainText()


def test_measuring_needs_something_to_measure_and_a_recipe_that_runs(view, ready, context):
    assert not view.measure_button.isEnabled()
    assert view.measure_note.text() == "Choose an augmentation first."
    context.edit("data.balance", "classes")
    assert view.measure_note.text() == "No model is chosen."
    ready()
    assert view.measure_button.isEnabled()
    assert "twice the time" in view.measure_note.text()


def runs(runners) -> list[dict[str, Any]]:
    return [args["recipe"]["data"] for args in jobs(runners, "run")]


def test_two_runs_one_after_the_other_and_then_the_comparison(view, ready, context, runners, told, until):
    ready()
    card(view, "random-swap").tick.click()
    context.edit("data.balance", "classes")
    compared, steps, titles = [], [], []
    context.compare_requested.connect(compared.append)
    context.step_requested.connect(steps.append)
    context.session.drained.connect(lambda _lines: titles.append(view.measure_note.text()))
    view.measure_button.click()
    assert steps == ["train"]
    assert view.measure_cancel.isVisible() and not view.measure_button.isVisible()
    assert context.session.title == "Run 1 of 2, without augmentation"
    context.edit("data.balance", "none")  # an edit meanwhile does not touch the second run
    until(lambda: compared)
    without, with_ = runs(runners)
    assert without["augment"] == [] and without["balance"] == "none"
    assert with_["augment"] == [{"name": "random-swap"}] and with_["balance"] == "classes"
    ((second, first),) = compared
    assert second == context.session.folder.name and first != second
    assert (context.settings.runs_path / first / "results.json").is_file()
    assert any(title.startswith("Run 1 of 2, without augmentation  ·  ") for title in titles)
    assert any(title.startswith("Run 2 of 2, with augmentation  ·  ") for title in titles)
    assert not context.comparison.active and view.measure_button.isVisible()
    assert told[-1] == "Compared: “Run 2 of 2, with augmentation” beside “Run 1 of 2, without augmentation”."


def test_the_progress_is_of_both_runs(view, ready, context, until):
    ready()
    context.edit("data.balance", "classes")
    values = []
    context.session.drained.connect(lambda _lines: values.append(view.measure_bar.value()))
    view.measure_button.click()
    until(lambda: not context.comparison.active)
    known = [value for value in values if value > 0]
    assert known == sorted(known)
    assert max(known) > 500


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize(("word", "outcome"), [("cancel", "cancelled"), ("stop", "stopped")])
def test_a_run_that_is_broken_off_ends_the_comparison(
    view, ready, context, runners, told, until, number, word, outcome
):
    ready()
    context.edit("data.balance", "classes")
    compared, ended = [], []
    context.compare_requested.connect(compared.append)
    context.session.ended.connect(ended.append)
    view.measure_button.click()
    until(lambda: context.comparison.number == number and context.session.state == "running")
    view.measure_cancel.click() if word == "cancel" else context.session.send("stop")
    until(lambda: not context.comparison.active)
    assert ended[-1]["outcome"] == outcome
    assert len(runs(runners)) == number and compared == []
    assert told[-1] == f"Nothing is compared, because run {number} of 2 was not finished."
    assert view.measure_button.isEnabled()


def test_a_failed_run_ends_the_comparison(view, ready, context, runners, until, monkeypatch):
    def broken(_self, _folder, _done):
        error = {"code": "worker.crashed", "message": "The worker stopped.", "remedy": "Again.", "params": {}}
        yield {"event": "finished", "id": 1, "outcome": "failed", "seconds": 0.0, "error": error}

    ready()
    context.edit("data.balance", "classes")
    monkeypatch.setattr(fake.FakeRunner, "_run", broken)
    view.measure_button.click()
    until(lambda: not context.comparison.active)
    assert len(runs(runners)) == 1
    assert not context.session.active


def test_no_second_run_begins_while_the_window_closes(view, ready, context, runners, until):
    ready()
    context.edit("data.balance", "classes")
    view.measure_button.click()
    until(lambda: context.session.state == "running")
    context.session.expect_close()
    until(lambda: not context.session.active and not context.comparison.active)
    assert len(runs(runners)) == 1


def test_runs_that_cannot_be_kept_are_told(view, ready, context, dialogs, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    context.settings = context.settings.changed(runs_folder=str(blocked))
    ready()
    context.edit("data.balance", "classes")
    view.measure_button.click()
    assert len(dialogs.told) == 1
    assert not context.comparison.active and not context.session.active
