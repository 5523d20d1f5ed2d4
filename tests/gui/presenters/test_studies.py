"""Search and ablation: set up, watched as they go, stopped, gone on with, and taken."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.gui import fake
from tests.gui.fake_studies import StudyRunner
from tlstudio.core.recipe import from_dict
from tlstudio.gui import app as app_module
from tlstudio.gui import fields, parts
from tlstudio.gui.fields import Wish
from tlstudio.pipeline import spaces
from tlstudio.session import searches


class Hold:
    """Whether the studies wait."""

    on = False


@pytest.fixture
def hold():
    return Hold()


@pytest.fixture
def ready(qapp, answers, runners, dialogs, problems, tmp_path, monkeypatch, csv, until, hold):
    """A window with model and data, whose worker searches and ablates as long as ``hold`` lets it."""
    monkeypatch.setenv("TLSTUDIO_HOME", str(tmp_path / "home"))

    def make():
        runners.append(StudyRunner(answers, pace=0.002, hold=lambda: hold.on))
        return runners[-1]

    controller = app_module.make_controller(qapp, make, dialogs)
    controller.show()
    controller.context.edit("model", {"source": "hub", "name": fake.MINILM})
    controller.context.set_data_file("train", str(csv))
    until(lambda: controller.context.facts.data.state == "known")
    controller.window.go("strategy")
    yield controller
    hold.on = False
    dialogs.reply = {"Unsaved changes": "discard"}
    if not controller.window.may_close:
        controller.finish()
    controller.window.deleteLater()
    controller.deleteLater()


@pytest.fixture
def search(ready):
    pane = ready.window.pane("strategy")
    pane.advisor_tabs.setCurrentWidget(pane.search)
    return pane.search


@pytest.fixture
def ablation(ready):
    ready.context.edit("regularise", [{"name": "r-drop", "weight": 2.0}, {"name": "l2-sp", "strength": 5e-05}])
    pane = ready.window.pane("strategy")
    pane.advisor_tabs.setCurrentWidget(pane.ablation)
    return pane.ablation


def asked(runners, job):
    return [args for runner in runners for name, args in runner.asked if name == job]


# --- search


def test_a_search_begins_with_sensible_fields(ready, search):
    paths = [wish.path for wish in search.rows.wishes()]
    assert paths == ["strategy.layer_decay", "training.learning_rate", "training.weight_decay"]
    rate = search.rows.rows["training.learning_rate"].wish()
    assert (rate.low, rate.high, rate.log) == (1e-05, 1e-03, True)
    ready.context.edit("strategy", {"name": "lora"})
    assert search.rows.wishes()[0] == Wish("strategy.rank", 4, 64, True)
    search.minutes.setValue(5)
    ready.context.edit("strategy", {"name": "full-fine-tuning"})
    assert search.rows.wishes()[0].path == "strategy.layer_decay", "minutes are no choice of fields"
    search.rows.remove("strategy.layer_decay")
    ready.context.edit("strategy", {"name": "lora"})
    assert [wish.path for wish in search.rows.wishes()] == ["training.learning_rate", "training.weight_decay"]


def test_trials_are_shown_as_they_come_and_the_best_is_taken(ready, search, until, runners, hold):
    hold.on = True
    search.trials.setValue(6)
    search.ask_button.click()
    until(search.line.isVisible)
    assert not search.rows.isEnabled() and not search.ask_button.isEnabled()
    hold.on = False
    until(lambda: search.table is not None and search.table.model().rowCount() >= 1)
    until(lambda: not ready.context.studies.active)
    args = asked(runners, "search")[0]
    assert args["minutes"] == 10 and args["trials"] == 6 and "rows" not in args
    assert "training.learning_rate=1e-05..0.001:log" in args["vary"]
    assert search.table.model().rowCount() == 7
    first = [search.table.model().index(0, column).data() for column in range(search.table.model().columnCount())]
    assert (first[0], first[-1]) == ("–", "The recipe as it is")
    assert search.plot.isVisible() and search.plot.grab().width() > 0
    before = ready.context.project.recipe
    best = ready.context.studies.get("search").data["best"]["values"]
    search.take_button.click()
    recipe = ready.context.project.recipe
    assert recipe.training.learning_rate == best["training.learning_rate"]
    assert recipe.strategy.options["layer_decay"] == best["strategy.layer_decay"]
    assert not search.take_button.isVisible() and "best values now" in search.sentences.text()
    ready.context.project.undo()
    assert ready.context.project.recipe == before, "one step"
    assert search.take_button.isVisible()


def test_a_search_is_stopped_and_cancelled(ready, search, until, hold):
    hold.on = True
    search.ask_button.click()
    until(search.line.isVisible)
    QTest.keyClick(search.line.stop, Qt.Key.Key_Space)
    until(lambda: ready.context.studies.get("search").state == "known")
    assert not search.line.isVisible() and search.ask_button.isEnabled()
    search.ask_button.click()
    until(search.line.isVisible)
    search.line.cancel.click()
    until(lambda: ready.context.studies.get("search").state == "cancelled")
    assert "gone on with" in search.obstacle.text()


def test_a_search_survives_another_window(ready, search, until, hold):
    hold.on = True
    search.minutes.setValue(3)
    search.rows.remove("training.weight_decay")
    search.ask_button.click()
    until(search.line.isVisible)
    ready.set_language("zh_CN")
    ready.window.go("strategy")
    pane = ready.window.pane("strategy")
    pane.advisor_tabs.setCurrentWidget(pane.search)
    assert pane.search is not search and pane.search.line.isVisible()
    assert pane.search.minutes.value() == 3 and len(pane.search.rows.wishes()) == 2
    hold.on = False
    until(pane.search.take_button.isVisible)
    ready.set_language("en")


def test_closing_asks_and_ends_the_search(ready, search, until, hold, dialogs):
    hold.on = True
    search.ask_button.click()
    until(search.line.isVisible)
    question = "A search or an ablation is going on"
    dialogs.reply = {question: "stay", "Unsaved changes": "discard"}
    ready.window.close()
    assert dialogs.asked == [question] and ready.context.studies.active == "search"
    closed = []
    ready.closed.connect(lambda: closed.append(True))
    dialogs.reply[question] = "end"
    ready.window.close()
    until(lambda: closed)
    assert not ready.context.studies.active


def test_what_is_wrong_with_the_fields_is_said(ready, search):
    for path in list(search.rows.rows):
        search.rows.remove(path)
    assert "Add a field" in search.obstacle.text() and not search.ask_button.isEnabled()
    search.rows.add("training.optimiser")
    ticks = search.rows.rows["training.optimiser"]._ticks
    for _value, tick in ticks[1:]:
        tick.setChecked(False)
    assert "at least two" in search.obstacle.text()
    ticks[1][1].setChecked(True)
    assert search.ask_button.isEnabled()
    search.rows.add("training.learning_rate")
    row = search.rows.rows["training.learning_rate"]
    row._low.setValue(0.0)
    assert "above 0" in search.obstacle.text()
    row._log.setChecked(False)
    row._high.setValue(0.0)
    assert "below the second" in search.obstacle.text()
    search.rows.remove("training.learning_rate")
    search.rows.add("strategy.name")
    assert search.ask_button.isEnabled()
    search.rows.add("strategy.layer_decay")
    assert "together with the strategy" in search.obstacle.text()


def test_every_field_can_be_searched_with_its_usual_values(ready, search):
    recipe = ready.context.project.recipe
    field_of = ready.window.pane("strategy").search.rows._fields
    assert {"strategy.name", "training.epochs", "task.class_weights", "data.balance"} <= set(field_of)
    for field in field_of.values():
        (dimension,) = spaces.parse([fields.written(field.usual)], recipe)
        assert dimension.field == field.path
        assert dimension.kind == field.kind, field.path
        assert fields.read(dimension.to_dict()) == fields.typed(field.usual, field)


def test_an_earlier_search_is_opened_and_gone_on_with(ready, search, until, runners, tmp_path):
    recipe = ready.context.project.recipe.changed("training.warmup", 0.1)
    space = [item.to_dict() for item in spaces.parse(["training.epochs=2..4"], recipe)]
    note = {"recipe": recipe.to_dict(), "space": space, "metric": "macro_f1", "rows": 64}
    folder = tmp_path / "home" / "data" / "searches" / "mine"
    folder.mkdir(parents=True)
    (folder / "search.json").write_text(json.dumps(note), encoding="utf-8")
    (folder.parent / "broken").mkdir()
    (folder.parent / "broken" / "search.json").write_text("{}", encoding="utf-8")
    search.earlier_opened.emit()
    until(lambda: any("all-MiniLM-L6-v2" in action.text() for action in search.earlier_menu.actions()))
    search.earlier_menu.actions()[0].trigger()
    assert ready.context.project.recipe == recipe and search.tried_rows.value() == 64
    assert [wish.path for wish in search.rows.wishes()] == ["training.epochs"]
    until(lambda: ready.context.studies.get("search").state == "known")
    assert asked(runners, "search")[-1]["minutes"] == 0, "only looked at"
    until(lambda: search.ask_button.text() == "Go on with the search")
    search.ask_button.click()
    until(lambda: ready.context.studies.get("search").state == "known")
    args = asked(runners, "search")[-1]
    assert (args["minutes"], args["folder"], args["rows"]) == (10, str(folder), 64)
    ready.context.project.undo()
    assert search.ask_button.text() == "Search", "of another recipe"


def test_errors_of_a_search_are_told_where_it_was_asked(ready, search, until, answers):
    answers["search-error"] = {"code": "x", "message": "There are too few rows.", "remedy": "Add some.", "where": "",
                               "params": {}}  # fmt: skip
    search.ask_button.click()
    until(lambda: "too few rows" in search.obstacle.text())
    assert search.ask_button.isEnabled()


# --- ablation


def test_what_was_added_to_the_recipe_is_left_out(ready, ablation):
    titles = [tick.text() for tick in ablation._ticks.values()]
    assert titles == ["Regularisation: R-Drop", "Regularisation: L2-SP", "Regularisation: all of it"]
    assert len(ablation.chosen()) == 2 and ablation.amount.text() == "3 runs"
    ready.context.edit("training.weight_decay", 0.2)
    assert "Training: Weight decay 0.2" in [tick.text() for tick in ablation._ticks.values()]
    ablation.seeds.setValue(3)
    assert ablation.amount.text() == "9 runs"


def test_parts_change_what_the_engine_changes(ready):
    edits = {"regularise": [{"name": "r-drop"}, {"name": "l2-sp", "strength": 5e-05}], "data.balance": "classes",
             "adapt": [{"name": "masked-lm", "data": "/a/yes: b.txt"}, {"name": "simcse"}],
             "strategy": {"name": "full-fine-tuning", "layer_decay": 0.5}}  # fmt: skip
    ready.context.edit_many(edits)
    recipe = ready.context.project.recipe
    found = {part.title: part for part in parts.parts(recipe)}
    one = spaces.varied(recipe, found["Regularisation: R-Drop"].changes)
    assert [choice.model_dump() for choice in one.regularise] == [{"name": "l2-sp", "strength": 5e-05}]
    other = spaces.varied(recipe, found["Adaptation: Contrastive sentences (SimCSE)"].changes)
    assert other.adapt == recipe.adapt[:1]
    assert spaces.varied(recipe, found["Full fine-tuning: Layer-wise rate decay 0.5"].changes).strategy.options == {}
    assert from_dict(spaces.varied(recipe, found["Sampling: Every class equally often"].changes).to_dict())


def test_variants_are_run_and_compared(ready, ablation, until, runners, hold):
    ablation.rows.add("strategy.layer_decay")
    assert "Give values" in ablation.obstacle.text()
    line = ablation.rows.rows["strategy.layer_decay"]._line
    QTest.keyClicks(line, "0.8 often")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert "must be numbers" in ablation.obstacle.text()
    line.set_text("")
    line.setText("0,8 0.9")
    line.editingFinished.emit()
    ablation.seeds.setValue(2)
    hold.on = True
    ablation.ask_button.click()
    until(ablation.line.isVisible)
    assert ablation.table.shown()[1][0] == "without Regularisation: R-Drop"
    assert {row[3] for row in ablation.table.shown()} == {"waiting"}
    assert not ready.window.pane("strategy").search.ask_button.isEnabled(), "one at a time"
    hold.on = False
    until(lambda: ready.context.studies.get("ablate").state == "known")
    args = asked(runners, "ablate")[0]
    assert args["without"] == [] and args["seeds"] == 2
    assert args["vary"][-1] == "strategy.layer_decay=0.8|0.9"
    rows = ablation.table.shown()
    assert [row[0] for row in rows] == ["The recipe as it is", "without Regularisation: R-Drop",
                                        "without Regularisation: L2-SP", "Layer-wise rate decay: 0.8",
                                        "Layer-wise rate decay: 0.9"]  # fmt: skip
    assert rows[1][1:] == ["88.2 % ± 0.4", "−2.0 (−3.5 … +0.5)", "may be chance"]
    assert rows[2][3] == "worse" and rows[0][2] == "–"
    assert ablation.plot.isVisible() and ablation.plot.grab().width() > 0
    assert "160 test rows with 2 seeds" in ablation.sentences.text()
    assert ready.window.pane("strategy").search.ask_button.isEnabled()


def test_an_ablation_is_stopped_and_cancelled(ready, ablation, until, hold):
    hold.on = True
    ablation.ask_button.click()
    until(ablation.line.isVisible)
    ablation.line.cancel.click()
    until(lambda: ready.context.studies.get("ablate").state == "cancelled")
    assert ablation.ask_button.isEnabled() and not ablation.line.isVisible()
    for tick in ablation._ticks.values():
        tick.setChecked(False)
    assert "Choose something" in ablation.obstacle.text()


# --- with the real worker


@pytest.fixture
def real(qapp, dialogs, tmp_path, monkeypatch, tiny_model, tickets):
    """A window whose jobs are done for real, in this process."""
    from tests import tiny
    from tlstudio.session.runners import InlineRunner

    monkeypatch.setenv("TLSTUDIO_HOME", str(tmp_path / "home"))
    controller = app_module.make_controller(qapp, InlineRunner, dialogs)
    training = {"epochs": 1, "batch_size": 8, "threads": 1, "precision": "fp32", "learning_rate": 1e-4}
    changes = {"strategy": {"name": "full-fine-tuning"}, "regularise": ["r-drop", "label-smoothing"]}
    controller.context.project.new(tiny.recipe(tiny_model, tickets, training=training, **changes))
    controller.show()
    controller.window.go("strategy")
    yield controller
    controller.finish()
    controller.window.deleteLater()
    controller.deleteLater()


def test_a_real_search_goes_on_where_it_ended(real, until):
    controller, view = real, real.window.pane("strategy").search
    view.trials.setValue(2)
    view.ask_button.click()
    until(lambda: controller.context.studies.get("search").state == "known")
    first = controller.context.studies.get("search").data
    assert len(first["trials"]) == 1 and first["base"]["value"] is not None
    until(lambda: view.ask_button.text() == "Go on with the search")
    view.ask_button.click()
    until(lambda: controller.context.studies.get("search").state == "known")
    assert len(controller.context.studies.get("search").data["trials"]) == 3
    assert view.table.model().rowCount() == 4
    assert len(searches.listing()) == 1


def test_a_real_ablation_names_its_variants(real, until):
    view = real.window.pane("strategy").ablation
    view.rows.add("training.learning_rate")
    line = view.rows.rows["training.learning_rate"]._line
    line.setText("1e-3")
    line.editingFinished.emit()
    view.ask_button.click()
    until(lambda: real.context.studies.get("ablate").state == "known")
    assert [row[0] for row in view.table.shown()] == [
        "The recipe as it is",
        "without Regularisation: R-Drop",
        "without Regularisation: Label smoothing",
        "Learning rate: 0.001",
    ]
    assert all("(" in row[2] for row in view.table.shown()[1:])
    real.window.go("runs")
    until(lambda: len(real._presenters["runs"]._runs) == 4)
    real.window.go("strategy")
    view.table.record_activated.emit(view.table.records.records[1])
    assert real.window.steps.current() == "results"
