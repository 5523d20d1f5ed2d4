"""Strategy step."""

from __future__ import annotations

from tlstudio.core import plugins
from tlstudio.core.options import describe
from tlstudio.gui import automatic, fit, formats, plan
from tlstudio.gui.context import Context
from tlstudio.gui.panes.strategy import StrategyPane
from tlstudio.gui.presenters.base import Presenter, listing


class StrategyPresenter(Presenter):
    def __init__(self, context: Context, pane: StrategyPane) -> None:
        super().__init__(context, pane)
        pane.strategy_chosen.connect(self.choose)
        self.refresh()

    def choose(self, name: str) -> None:
        if name != self.context.project.recipe.strategy.name:
            self.context.edit("strategy", {"name": name})

    def on_fact(self, subject: str) -> None:
        if subject == "model":
            self._draw()
        elif subject == "data":
            self.refresh()

    def refresh(self) -> None:
        recipe = self.context.project.recipe
        strategy = plugins.find("tlstudio.strategies").get(recipe.strategy.name)
        options = describe(strategy.Config) if strategy is not None else []
        self._offer()
        self.pane.set_strategy(recipe.strategy.name, options, recipe.strategy.options)
        task = plugins.find("tlstudio.tasks").get(recipe.task.name)
        if task is not None:
            names = list(getattr(task, "QUICK", ()))
            chosen = recipe.training.best_metric
            self.pane.set_metrics(names if chosen in ("auto", *names) else [*names, chosen])
            self.pane.set_task(recipe.task.name, task.TITLE, describe(task.Config), recipe.task.options)
        self.pane.set_training(recipe.training.model_dump(), automatic.training(recipe, self.context.facts))
        self.pane.problems.set_problems(self.step_problems("strategy"))
        self._draw()

    def _offer(self) -> None:
        """The strategies that fit the task, and the chosen one, whose problem is shown above."""
        recipe = self.context.project.recipe
        fitting, refused = fit.offered("strategies", recipe)
        names = {name for name, _, _ in fitting} | {recipe.strategy.name}
        self.pane.set_strategies([item for item in listing("strategies") if item[0] in names], fit.refusals(refused))

    def _draw(self) -> None:
        blocks = plan.blocks(self.context.project.recipe, self.context.facts)
        trained = sum(block.parameters for block in blocks if block.state == "trains")
        total = sum(block.parameters for block in blocks)
        if total:
            text = self.tr("{part} of {all} parameters train.")
            note = text.format(part=formats.parameters(trained), all=formats.parameters(total))
        else:
            note = self.tr("Choose a model to see its blocks here.")
        self.pane.set_blocks(blocks, note)
