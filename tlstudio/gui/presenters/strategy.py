"""Strategy step."""

from __future__ import annotations

from tlstudio.core import plugins
from tlstudio.core.options import describe
from tlstudio.gui import automatic, fit, formats, plan
from tlstudio.gui.context import Context
from tlstudio.gui.panes.strategy import StrategyPane
from tlstudio.gui.presenters.ablation import Ablation
from tlstudio.gui.presenters.advice import Advice, CurveAdvice, rate_answer, strategy_answer
from tlstudio.gui.presenters.base import Presenter
from tlstudio.gui.presenters.choices import Choices
from tlstudio.gui.presenters.run_list import ChosenRuns
from tlstudio.gui.presenters.search import Search
from tlstudio.strategies.base import FAMILIES
from tlstudio.strategies.plans import depths


class StrategyPresenter(Presenter):
    def __init__(self, context: Context, pane: StrategyPane) -> None:
        super().__init__(context, pane)
        pane.strategy_chosen.connect(self.choose)
        pane.block_toggled.connect(self.toggle)
        pane.block_opened.connect(self.open)
        self.advice = {
            "advise": Advice(context, pane.advice["advise"], "advise", strategy_answer(context)),
            "lr": Advice(context, pane.advice["lr"], "lr", rate_answer(context)),
            "curve": CurveAdvice(context, pane.curve),
        }
        self.regularisers = Choices(context, pane.regularisers, "regularise", "regularisation")
        self.runs = ChosenRuns(context, pane.run_list, "strategy", pane.suggest_runs)
        self.adaptations = Choices(context, pane.adaptations, "adapt", "adaptation", self._adaptations)
        self.search, self.ablation = Search(context, pane.search), Ablation(context, pane.ablation)
        context.studies.changed.connect(self.on_study)
        self.refresh()

    def choose(self, name: str) -> None:
        if name != self.context.project.recipe.strategy.name:
            self.context.edit("strategy", {"name": name})

    def toggle(self, name: str) -> None:
        """Trains a block that was frozen, or the other way round: the user then chooses the blocks one by one."""
        shown = plan.blocks(self.context.project.recipe, self.context.facts)
        chosen = {block.name for block in shown if block.state == "trains"} ^ {name}
        ordered = [block.name for block in shown if block.name in chosen and block.name != "head"]
        self.context.edit_many({"strategy.trains": "selection", "strategy.selection": ordered})

    def open(self, name: str, epoch: float) -> None:
        """Opens a block at an epoch; those above it open no later, those below no earlier."""
        groups = plan.layer_groups(self.context.facts)
        found = dict(zip((group.name for group in groups), depths(groups), strict=True))
        opens = {block.name: block.opens for block in plan.blocks(self.context.project.recipe, self.context.facts)}
        by_depth = {found[other]: opens[other] for other in found if found[other] > 0}
        moved = [
            min(by_depth[depth], epoch) if depth < found[name]
            else epoch if depth == found[name]
            else max(by_depth[depth], epoch)
            for depth in sorted(by_depth)
        ]  # fmt: skip
        self.context.edit("strategy.opens", moved)

    def on_fact(self, subject: str) -> None:
        if subject == "model":
            self.adaptations.refresh()
            self.search.refresh()
            self._draw()
        elif subject == "data":
            self.refresh()
        elif subject in self.advice:
            self.advice[subject].refresh()
        elif subject == "estimate":
            self.ablation.refresh()

    def on_study(self, _job: str) -> None:
        """A search or an ablation has something new; the other one may have waited for its end."""
        self.search.on_study()
        self.ablation.on_study()

    def refresh(self) -> None:
        recipe = self.context.project.recipe
        strategy = plugins.find("tlstudio.strategies").get(recipe.strategy.name)
        options = describe(strategy.Config) if strategy is not None else []
        self._offer()
        self.regularisers.refresh()
        self.adaptations.refresh()
        for advice in self.advice.values():
            advice.refresh()
        self.search.refresh()
        self.ablation.refresh()
        self.pane.set_strategy(recipe.strategy.name, options, recipe.strategy.options)
        self.runs.refresh(strategy, recipe.strategy.options)
        task = plugins.find("tlstudio.tasks").get(recipe.task.name)
        if task is not None:
            names = list(getattr(task, "QUICK", ()))
            chosen = recipe.training.best_metric
            self.pane.set_metrics(names if chosen in ("auto", *names) else [*names, chosen])
            self.pane.set_task(recipe.task.name, task.TITLE, describe(task.Config), recipe.task.options)
        self.pane.set_training(recipe.training.model_dump(), automatic.training(recipe, self.context.facts))
        self.pane.problems.set_problems(self.step_problems("strategy"))
        self._draw()

    def _adaptations(self) -> tuple[list[fit.Offer], list[fit.Refusal]]:
        return fit.adaptations(self.context.project.recipe, self.context.facts)

    def _offer(self) -> None:
        """The strategies that fit the task, and the chosen one, whose problem is shown above."""
        recipe = self.context.project.recipe
        fitting, refused = fit.offered("strategies", recipe)
        names = {name for name, _, _ in fitting} | {recipe.strategy.name}
        known = plugins.find("tlstudio.strategies")
        families = {
            family: [(name, plugin.TITLE, plugin.SUMMARY) for name, plugin in known.items()
                     if name in names and family == plugin.FAMILY]
            for family in FAMILIES
        }  # fmt: skip
        self.pane.set_strategies({family: found for family, found in families.items() if found}, fit.refusals(refused))

    def _draw(self) -> None:
        recipe = self.context.project.recipe
        blocks = plan.blocks(recipe, self.context.facts)
        trained = sum(block.trained for block in blocks)
        total = sum(block.parameters for block in blocks)
        if total:
            text = self.tr("{part} of {all} parameters train.")
            note = text.format(part=formats.parameters(trained), all=formats.parameters(total))
        else:
            note = self.tr("Choose a model to see its blocks here.")
        config = recipe.strategy.options
        self.pane.network.set_editing(
            clickable=recipe.strategy.name == "partial",
            draggable=recipe.strategy.name == "gradual-unfreezing" and config.get("by", "epoch") == "epoch",
        )
        self.pane.set_blocks(blocks, note, plan.epochs(recipe, self.context.facts))
