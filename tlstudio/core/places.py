"""The files, folders and runs that a recipe names: made absolute, or renamed one by one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core.files import expand, is_name

if TYPE_CHECKING:
    from tlstudio.core.recipe import DataSection, Recipe

Places = str | tuple[str, ...]  # one file, folder or name; or several that are read as one
_DICTIONARY = "dictionary"  # the option in which an augmentation names a file
_CORPUS, _TRAIN = "data", "train"  # where an adaptation finds its rows; the word for those of the recipe
_UNLABELLED = "unlabelled"  # the option in which a strategy names further rows
_TEACHER = "teacher"  # the option in which a strategy names an earlier run or the folder of a model
_SECOND = "second"  # the option in which one names another backbone: as above, or a model of the hub
_OTHERS = "others"  # the option in which a strategy names further tasks: earlier runs, or recipes


def resolve_paths(recipe: Recipe, folder: Path) -> Recipe:
    """The recipe with relative file names made absolute from ``folder``; the bare name of a run stays one."""

    def absolute(name: str) -> str:
        return str((folder / expand(name)).absolute())

    def run(name: str) -> str:
        bare = expand(name).name == name and not (folder / name).exists()
        return name if bare or not name else absolute(name)

    def second(name: str) -> str:
        return absolute(name) if name and (folder / expand(name)).is_dir() else name

    data = each_place(recipe.data, absolute)
    extra = tuple(name if is_name(name) else absolute(name) for name in recipe.evaluate.extra_sets)
    evaluate = recipe.evaluate.model_copy(update={"extra_sets": extra})
    model = recipe.model
    if model.source == "folder" and model.name:
        model = model.model_copy(update={"name": absolute(model.name)})
    changes = {"data": data, "evaluate": evaluate, "model": model, **corpora(recipe, absolute)}
    return each_run(recipe.model_copy(update=changes), run, second)


def resolve_runs(recipe: Recipe, base: Path) -> Recipe:
    """The recipe with the names of runs that lie in the folder ``base`` made absolute."""

    def found(name: str) -> str:
        return str((base / name).absolute()) if name and (base / name).is_dir() else name

    return each_run(recipe, found)


def corpora(recipe: Recipe, change: Callable[[str], str]) -> dict[str, Any]:
    """Adaptations and strategy of a recipe with the files of unlabelled rows renamed by ``change``."""
    strategy, place = recipe.strategy, str(recipe.strategy.options.get(_UNLABELLED) or "")
    if place and not is_name(place):
        strategy = strategy.model_copy(update={_UNLABELLED: change(place)})
    adapt = tuple(
        choice
        if (place := str(choice.options.get(_CORPUS, _TRAIN))) == _TRAIN or is_name(place)
        else choice.model_copy(update={_CORPUS: change(place)})
        for choice in recipe.adapt
    )
    return {"adapt": adapt, "strategy": strategy}


def each_run(recipe: Recipe, change: Callable[[str], str], second: Callable[[str], str] | None = None) -> Recipe:
    """The recipe with every earlier run that it names renamed by ``change``; a second backbone by ``second``."""
    model, strategy = recipe.model, recipe.strategy
    if model.source == "run":
        model = model.model_copy(update={"name": change(model.name)})
    for option, rename in ((_TEACHER, change), (_SECOND, second or change)):
        if isinstance(place := strategy.options.get(option), str):
            strategy = strategy.model_copy(update={option: rename(place)})
    if isinstance(others := strategy.options.get(_OTHERS), (list, tuple)):
        strategy = strategy.model_copy(update={_OTHERS: [change(str(other)) for other in others]})
    return recipe.model_copy(update={"model": model, "strategy": strategy})


def each_place(data: DataSection, change: Callable[[str], str]) -> DataSection:
    """The section with every file or folder renamed by ``change``; names such as ``hub:…`` stay."""

    def changed(place: Places | None) -> Places | None:
        if not isinstance(place, str):
            return tuple(str(changed(item)) for item in place) if place else place
        return place if not place or is_name(place) else change(place)

    augment = tuple(
        choice.model_copy(update={_DICTIONARY: changed(choice.options[_DICTIONARY])})
        if choice.options.get(_DICTIONARY)
        else choice
        for choice in data.augment
    )
    places = {key: changed(getattr(data, key)) for key in ("path", "validation", "test")}
    return data.model_copy(update={**places, "augment": augment})
