"""Step 3: how knowledge is transferred. The strategy, its options, the training loop, and what it means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QRadioButton, QVBoxLayout, QWidget

from tlstudio.core.options import Option
from tlstudio.gui import metric_names, words
from tlstudio.gui.forms import Form
from tlstudio.gui.i18n import engine
from tlstudio.gui.panes.base import Pane
from tlstudio.gui.widgets.advice import AdviceView
from tlstudio.gui.widgets.advice_ablation import AblationView
from tlstudio.gui.widgets.advice_columns import strategy_columns, variant_columns
from tlstudio.gui.widgets.advice_curve import CurveView
from tlstudio.gui.widgets.advice_search import SearchView
from tlstudio.gui.widgets.choice_cards import ChoiceCards
from tlstudio.gui.widgets.common import Card, button, clear, label
from tlstudio.gui.widgets.fold import Fold
from tlstudio.gui.widgets.network import Block, NetworkView
from tlstudio.gui.widgets.page_tabs import PageTabs
from tlstudio.gui.widgets.run_list import RunList

COMMON = ("epochs", "batch_size", "learning_rate")


def _as_choice(option: Option) -> Option:
    """A free text of which the task says what is allowed."""
    return replace(option, kind="choice", choices=("auto",), default="auto", auto=False)


class StrategyPane(Pane):
    """Signals: what the user wants. Setters: what is known."""

    strategy_chosen = Signal(str)
    block_toggled = Signal(str)
    block_opened = Signal(str, float)

    def __init__(self, training: list[Option], parent: QWidget | None = None) -> None:
        super().__init__("", "", parent)
        self.heading.setText(self.tr("Strategy"))
        text = self.tr("Which parts of the network learn from your data, and how.")
        self.body.insertWidget(1, label(text, "muted", wrap=True))
        self._buttons: dict[str, QRadioButton] = {}
        self._group = QButtonGroup(self)
        self._group.buttonClicked.connect(self._on_button)
        self._names: dict[str, str] = {}
        columns = QHBoxLayout()
        columns.setSpacing(12)
        left, right = QVBoxLayout(), QVBoxLayout()
        for column in (left, right):
            column.setSpacing(12)
        left.addWidget(self._make_list())
        left.addWidget(self._make_training(training))
        left.addWidget(self._make_adaptations())
        left.addWidget(self._make_regularisers())
        left.addWidget(self._make_task())
        left.addStretch(1)
        right.addWidget(self._make_drawing())
        right.addStretch(1)
        columns.addLayout(left, 5)
        columns.addLayout(right, 4)
        self.body.addLayout(columns)
        self.body.addWidget(self._make_advisor())
        self.body.addStretch(1)

    # --- parts

    def _make_list(self) -> Card:
        self.list_card = Card(self.tr("How to transfer"), self)
        self._choices = QGridLayout()
        self._choices.setVerticalSpacing(6)
        self._choices.setColumnStretch(0, 1)
        self._choices.setColumnStretch(1, 1)
        self.list_card.body.addLayout(self._choices)
        self.summary = label("", "muted", wrap=True, parent=self.list_card)
        self.list_card.body.addWidget(self.summary)
        self.unfit = label("", "caption", wrap=True, parent=self.list_card)
        self.unfit.hide()
        self.list_card.body.addWidget(self.unfit)
        self.run_list = RunList(self.list_card)
        self.list_card.body.addWidget(self.run_list)
        self._options = QVBoxLayout()
        self.list_card.body.addLayout(self._options)
        self.options_form: Form | None = None
        return self.list_card

    def _make_training(self, options: list[Option]) -> Card:
        card = Card(self.tr("Training"), self)
        options = [_as_choice(option) if option.name == "best_metric" else option for option in options]
        self.common_form = Form([option for option in options if option.name in COMMON], card)
        self.advanced_form = Form([option for option in options if option.name not in COMMON], card)
        for form in (self.common_form, self.advanced_form):
            form.changed.connect(self._on_training)
        self.advanced = Fold(self.tr("Advanced"), self.advanced_form, parent=card)
        card.body.addWidget(self.common_form)
        card.body.addWidget(self.advanced)
        return card

    def _make_regularisers(self) -> Card:
        card = Card(self.tr("Regularisation"), self)
        self.regularisers = ChoiceCards(self.tr("Add"), numbered=False, parent=card)
        self.regularisers.add_button.setAccessibleName(self.tr("Add a regulariser"))
        text = self.tr("What keeps training from learning the rows by heart. Nothing is needed; each can be combined.")
        card.header.addWidget(self.regularisers.add_button)
        for part in (label(text, "muted", wrap=True, parent=card), self.regularisers.unfit, self.regularisers):
            card.body.addWidget(part)
        self.regularisers_card = card
        return card

    def _make_adaptations(self) -> Card:
        card = Card(self.tr("Adaptation"), self)
        self.adaptations = ChoiceCards(self.tr("Add"), parent=card)
        self.adaptations.add_button.setAccessibleName(self.tr("Add an adaptation"))
        text = self.tr(
            "Before the training the model gets to know your kind of texts or images, without labels. It helps most "
            "where they are unlike those of its pretraining, and there are many more without labels than with."
        )
        card.header.addWidget(self.adaptations.add_button)
        for part in (label(text, "muted", wrap=True, parent=card), self.adaptations.unfit, self.adaptations):
            card.body.addWidget(part)
        self.adaptations_card = card
        return card

    def _make_task(self) -> Card:
        self.task_card = Card(parent=self)
        self.task_card.title.show()
        self._task_box = QVBoxLayout()
        self.task_card.body.addLayout(self._task_box)
        self.task_form: Form | None = None
        self.task_card.hide()
        return self.task_card

    def _make_advisor(self) -> Card:
        card = Card(self.tr("Advisor"), self)
        self.advisor_card = card
        self.advisor_button = button(self.tr("Advisor"), "search", parent=self)
        self.advisor_button.setToolTip(self.tr("What would suit your data? Tried out on this computer."))
        self.advisor_button.clicked.connect(self._show_advisor)
        self.tools.addWidget(self.advisor_button)
        self.advice = {
            "advise": AdviceView(
                self.tr(
                    "Tries a linear probe, LoRA and full fine-tuning on growing parts of your rows; the worse drop out."
                ),
                self.tr("Which strategy?"),
                strategy_columns(),
                self.tr("Strategies tried"),
                card,
            ),
            "lr": AdviceView(
                self.tr("Trains some steps with a rising learning rate, and looks where the loss falls most steeply."),
                self.tr("Find a learning rate"),
                (),
                self.tr("Learning rates tried"),
                card,
            ),
            "curve": self._make_curve(card),
        }
        tabs = PageTabs(card)
        for job, title in (
            ("advise", self.tr("Strategy")),
            ("lr", self.tr("Learning rate")),
            ("curve", self.tr("Amount of data")),
        ):
            tabs.addTab(self.advice[job], title)
        self.search, self.ablation = SearchView(card), AblationView(variant_columns(), card)
        tabs.addTab(self.search, self.tr("Search"))
        tabs.addTab(self.ablation, self.tr("Ablation"))
        card.body.addWidget(tabs)
        self.advisor_tabs = tabs
        return card

    def _make_curve(self, card: Card) -> CurveView:
        self.curve = CurveView(card)
        return self.curve

    def _show_advisor(self) -> None:
        self.reveal(self.advisor_card)

    def _make_drawing(self) -> Card:
        card = Card(self.tr("What will train"), self)
        self.drawing_note = label("", "muted", wrap=True, parent=card)
        self.network = NetworkView(card)
        self.network.toggled.connect(self.block_toggled)
        self.network.opened.connect(self.block_opened)
        card.body.addWidget(self.drawing_note)
        card.body.addWidget(self.network)
        return card

    # --- setters

    def set_strategies(self, strategies: dict[str, list[tuple[str, str, str]]], unfit: str = "") -> None:
        """(name, title, summary) of the strategies of each family, in engine texts.

        ``unfit`` says which are not offered, and why.
        """
        self.unfit.setText(unfit)
        self.unfit.setVisible(bool(unfit))
        if [name for family in strategies.values() for name, _, _ in family] == list(self._buttons):
            return
        self._fill(strategies)

    def _fill(self, strategies: dict[str, list[tuple[str, str, str]]]) -> None:
        clear(self._choices)
        for old in self._buttons.values():
            self._group.removeButton(old)
        self._buttons.clear()
        lines = [0, 0]
        for family, members in strategies.items():
            column = lines.index(min(lines))  # the shorter one
            self._choices.addWidget(
                label(words.family(family), "caption", parent=self.list_card), lines[column], column
            )
            for line, strategy in enumerate(members, lines[column] + 1):
                self._choices.addWidget(self._choice(*strategy), line, column)
            lines[column] += len(members) + 1

    def _choice(self, name: str, title: str, summary: str) -> QRadioButton:
        choice = QRadioButton(engine(title), self.list_card)
        choice.setAccessibleDescription(engine(summary))
        choice.setToolTip(engine(summary))
        choice.setProperty("strategy", name)
        self._group.addButton(choice)
        self._buttons[name] = choice
        return choice

    def set_strategy(self, name: str, options: list[Option], values: dict[str, Any]) -> None:
        """The chosen strategy and the form of its options; emits nothing."""
        if (choice := self._buttons.get(name)) is not None:
            choice.setChecked(True)
            self.summary.setText(choice.toolTip())
        if self._names.get("strategy") != name:
            self._names["strategy"] = name
            self.options_form = self._replace(self._options, options, self.list_card)
            self.options_form.changed.connect(self._on_option)
        if self.options_form is not None:
            self.options_form.set_values(values)

    def suggest_runs(self, runs: list[tuple[str, str]]) -> None:
        """What options that name an earlier run offer: place and title of each."""
        if self.options_form is not None:
            self.options_form.set_runs(runs)

    def set_task(self, name: str, title: str, options: list[Option], values: dict[str, Any]) -> None:
        self.task_card.title.setText(engine(title))
        self.task_card.setVisible(bool(options))
        if self._names.get("task") != name:
            self._names["task"] = name
            self.task_form = self._replace(self._task_box, options, self.task_card)
            self.task_form.changed.connect(self._on_task)
        if self.task_form is not None:
            self.task_form.set_values(values)

    def set_training(self, values: dict[str, Any], automatic: dict[str, Any] | None = None) -> None:
        """The recipe's values, and the numbers that 'auto' stands for."""
        for form in (self.common_form, self.advanced_form):
            form.set_values(values)
            form.set_automatic(automatic or {})

    def set_metrics(self, names: Sequence[str]) -> None:
        """The validation metrics of the task: one of them decides which weights are kept."""
        choices = [("auto", words.choice("auto")), *((name, metric_names.title(name)) for name in names)]
        self.advanced_form.fields["best_metric"].set_choices(choices)

    def set_blocks(self, blocks: list[Block], note: str, epochs: float = 0.0) -> None:
        """The drawing, and a sentence that says the same; ``epochs`` is how long the training is."""
        self.network.set_blocks(blocks, epochs)
        self.network.setVisible(bool(blocks))
        self.drawing_note.setText(note)

    # --- inside

    def _replace(self, box: QVBoxLayout, options: list[Option], parent: QWidget) -> Form:
        clear(box)
        form = Form(options, parent)
        form.setVisible(bool(options))
        box.addWidget(form)
        return form

    def _on_button(self, choice: QRadioButton) -> None:
        self.strategy_chosen.emit(choice.property("strategy"))

    def _on_option(self, name: str, value: object) -> None:
        self.edited.emit(f"strategy.{name}", value)

    def _on_task(self, name: str, value: object) -> None:
        self.edited.emit(f"task.{name}", value)

    def _on_training(self, name: str, value: object) -> None:
        self.edited.emit(f"training.{name}", value)
