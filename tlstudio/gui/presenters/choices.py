"""A list of plug-ins in the recipe, edited through cards: adaptations, compression steps, regularisers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tlstudio.core import plugins
from tlstudio.core.options import describe
from tlstudio.gui import fit
from tlstudio.gui.context import Context
from tlstudio.gui.widgets.choice_cards import Choice, ChoiceCards

Offered = Callable[[], tuple[list[fit.Offer], list[fit.Refusal]]]
Told = Callable[[], list[tuple[str, str]]]  # note and problem of each chosen one


class Choices:
    """Connects the cards with a field of the recipe.

    Args:
        context: with the recipe.
        cards: of the pane.
        section: field of the recipe, a list of plug-ins by name.
        package: below ``tlstudio`` where the plug-ins are.
        offered: those that fit, and the others with their reasons; by default what they say of the task.
        told: what is said of each chosen one besides its summary.
        repeats: whether one may be chosen several times.
    """

    def __init__(
        self,
        context: Context,
        cards: ChoiceCards,
        section: str,
        package: str,
        offered: Offered | None = None,
        told: Told | None = None,
        repeats: bool = False,
    ) -> None:
        self._context, self._cards, self._section, self._package = context, cards, section, package
        self._offered, self._told, self._repeats = offered or self._fitting, told, repeats
        cards.add_requested.connect(self.add)
        cards.remove_requested.connect(self.remove)
        cards.move_requested.connect(self.move)
        cards.duplicate_requested.connect(self.duplicate)
        cards.option_changed.connect(self.set_option)

    # --- what the user wants

    def add(self, name: str) -> None:
        self._edit([*self._chosen(), {"name": name}])

    def remove(self, index: int) -> None:
        chosen = self._chosen()
        del chosen[index]
        self._edit(chosen)

    def duplicate(self, index: int) -> None:
        """The same once more, behind itself."""
        chosen = self._chosen()
        self._edit([*chosen[: index + 1], dict(chosen[index]), *chosen[index + 1 :]])

    def move(self, index: int, by: int) -> None:
        chosen = self._chosen()
        if 0 <= index + by < len(chosen):
            chosen.insert(index + by, chosen.pop(index))
            self._edit(chosen)

    def set_option(self, index: int, name: str, value: Any) -> None:
        self._context.edit(f"{self._section}.{index}.{name}", value)

    # --- what is known

    def refresh(self) -> None:
        recipe = self._context.project.recipe
        known = plugins.find(f"tlstudio.{self._package}")
        chosen = getattr(recipe, self._section)
        names = [] if self._repeats else [choice.name for choice in chosen]
        offered, unfit = self._offered()
        self._cards.set_available([item for item in offered if item[0] not in names], fit.refusals(unfit))
        shown = []
        told = self._told() if self._told is not None else [("", "")] * len(chosen)
        for choice, (note, problem) in zip(chosen, told, strict=True):
            plugin = known.get(choice.name)
            title, summary = (plugin.TITLE, plugin.SUMMARY) if plugin else (choice.name, "")
            options = tuple(describe(plugin.Config)) if plugin else ()
            shown.append(Choice(choice.name, title, summary, options, choice.options, note, problem))
        self._cards.set_choices(shown)

    def _fitting(self) -> tuple[list[fit.Offer], list[fit.Refusal]]:
        return fit.offered(self._package, self._context.project.recipe)

    def _chosen(self) -> list[dict[str, Any]]:
        return [choice.model_dump() for choice in getattr(self._context.project.recipe, self._section)]

    def _edit(self, chosen: list[dict[str, Any]]) -> None:
        self._context.edit(self._section, chosen)
