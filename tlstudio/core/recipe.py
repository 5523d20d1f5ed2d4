"""The recipe: everything that a user can choose, as frozen pydantic models, read from and written to YAML.

Options of a plug-in (strategy, compression step, exporter, task) stay a plain mapping here and are checked
against the plug-in's own ``Config`` by :func:`tlstudio.pipeline.check`; core knows no plug-ins.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors, is_name, shown, write_text
from tlstudio.core.places import Places, resolve_paths
from tlstudio.core.plain_yaml import plain_yaml
from tlstudio.core.plugins import invalid

SCHEMA = 1
_MAX_RECIPE_BYTES = 1 << 20

Auto = Literal["auto"]


class Section(BaseModel):
    """A part of the recipe; unknown fields are errors, so that a misspelt one is never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Choice(BaseModel):
    """A plug-in by name, with its options beside the name."""

    model_config = ConfigDict(extra="allow", frozen=True)
    name: str

    @property
    def options(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


class ModelSection(Section):
    """The backbone."""

    source: Literal["hub", "folder", "run"] = Field(
        "hub", title="Source", description="A model of the hub, a folder, or what an earlier run has trained."
    )
    name: str = Field(
        "", title="Model", description="Name on the hub such as org/name, path of a folder, or name or folder of a run."
    )
    head: Literal["auto", "keep", "replace"] = Field(
        "auto",
        title="Head",
        description="Of a model that was trained before: auto keeps its head where task and labels are the same.",
    )
    revision: str | None = Field(None, title="Revision", description="Commit of the hub that is used.")
    sha256: str | None = Field(
        None, pattern="^[0-9a-f]{64}$", title="SHA-256", description="Hash that model.safetensors must have."
    )


class SplitSection(Section):
    """How rows are divided where no separate files are given."""

    method: Literal["stratified", "grouped", "time", "held-out", "column", "k-fold"] = Field(
        "stratified",
        title="Method",
        description="Stratified keeps the share of each class; grouped keeps rows of one group together; time tests on "
        "the latest rows; held-out tests on chosen values of a column; column reads the split from the file.",
    )
    by: str = Field("", title="By column", description="Column for grouped, time, held-out and column.")
    test_values: tuple[str, ...] = Field(
        (), title="Test values", description="Values of the column whose rows are the test rows (held-out)."
    )
    validation_values: tuple[str, ...] = Field(
        (), title="Validation values", description="Values of the column whose rows are the validation rows (held-out)."
    )
    folds: int = Field(5, ge=2, le=20, title="Folds", description="Parts of the data in k-fold; each is tested once.")
    test: float = Field(0.2, ge=0, lt=1, title="Test share", description="Share of rows kept for the final test.")
    validation: float = Field(
        0.1, ge=0, lt=1, title="Validation share", description="Share of the other rows used to choose the best epoch."
    )
    seed: int = Field(7, ge=0, title="Split seed", description="Another seed gives another split.")


class DataSection(BaseModel):
    """The labelled data. Options of the source (delimiter, encoding …) stand beside these fields."""

    model_config = ConfigDict(extra="allow", frozen=True)

    source: str = Field("auto", title="Source", description="Kind of data; auto looks at the content.")
    path: Places = Field(
        "", title="File", description="File, folder, hub:name or database; training rows if other files are given."
    )
    validation: Places | None = Field(None, title="Validation file", description="Optional separate file.")
    test: Places | None = Field(None, title="Test file", description="Optional separate file.")
    roles: dict[str, str | tuple[str, ...]] = Field(
        default_factory=dict, title="Roles", description="Which column is the text, the label, the group …"
    )
    template: str = Field(
        "", title="Text template", description="Builds the text from several columns, such as '{title}: {body}'."
    )
    licence: str = Field(
        "", max_length=200, title="Licence of the data",
        description="Such as cc-by-4.0, for the model card; where empty, what the hub says of its datasets.",
    )  # fmt: skip
    separator: str = Field(
        "|", min_length=1, max_length=5, title="Label separator", description="Between several labels in one cell."
    )
    checks: tuple[Choice, ...] = Field(
        (), title="Checks", description="Options of the data doctor's checks, such as thresholds, by name."
    )
    steps: tuple[Choice, ...] = Field((), title="Data steps", description="Repairs of the data, applied in order.")
    split: SplitSection = SplitSection()
    augment: tuple[Choice, ...] = Field(
        (), title="Augmentation", description="Changed copies of training rows; validation and test stay untouched."
    )
    balance: Literal["none", "classes"] = Field(
        "none", title="Sampling", description="Classes draws rows so that every class is seen equally often."
    )

    @model_validator(mode="before")
    @classmethod
    def _older_and_shorter(cls, value: Any) -> Any:
        """Bare names of steps; and the three cleaning fields that recipes had before there were data steps."""
        if not isinstance(value, dict):
            return value
        value = dict(value)
        old = [name for name in _OLD_CLEANING if value.get(name) in ("ask", "keep", "drop", "merge")]
        added = [_OLD_CLEANING[name] for name in old if value.pop(name) in ("drop", "merge")]
        for name in ("steps", "checks", "augment"):
            if isinstance(value.get(name), (list, tuple)):
                value[name] = [{"name": item} if isinstance(item, str) else item for item in value[name]]
        if added:
            value["steps"] = [*(value.get("steps") or ()), *added]
        return value

    @property
    def options(self) -> dict[str, Any]:
        return dict(self.model_extra or {})

    @property
    def files(self) -> dict[str, tuple[str, ...]]:
        """Split name to places, for those that are given."""
        given = {"train": self.path, "validation": self.validation, "test": self.test}
        return {split: (place,) if isinstance(place, str) else place for split, place in given.items() if place}

    @property
    def title(self) -> str:
        """The first place of the training rows, as people call it."""
        first = self.files.get("train", ("",))[0]
        return shown(first) if is_name(first) else first.replace("\\", "/").rstrip("/").split("/")[-1]


_OLD_CLEANING = {
    "empty_rows": {"name": "drop-empty"},
    "similar_labels": {"name": "merge-similar-labels"},
    "rare_classes": {"name": "drop-rare-classes"},
}


class TrainingSection(Section):
    """How the training loop runs; 'auto' lets the strategy or a short rehearsal decide."""

    epochs: Auto | Annotated[int, Field(ge=1, le=1000)] = Field(
        "auto", title="Epochs", description="Passes over the training rows, at most; early stopping may end sooner."
    )
    batch_size: Auto | Annotated[int, Field(ge=1, le=4096)] = Field(
        "auto", title="Batch size", description="Rows for each step of the optimiser."
    )
    learning_rate: Auto | Annotated[float, Field(gt=0, le=1)] = Field(
        "auto", title="Learning rate", description="Peak rate, reached after the warm-up."
    )
    optimiser: Literal["adamw", "radam", "nadam", "adafactor", "sgd"] = Field(
        "adamw", title="Optimiser", description="AdamW suits nearly everything; Adafactor needs less memory."
    )
    schedule: Auto | Literal["linear", "cosine", "constant", "inverse-sqrt", "slanted-triangular"] = Field(
        "auto", title="Schedule", description="How the learning rate falls after the warm-up; auto asks the strategy."
    )
    warmup: float = Field(
        0.06, ge=0, le=0.5, title="Warm-up", description="Share of the steps in which the rate rises linearly."
    )
    weight_decay: float = Field(0.01, ge=0, le=1, title="Weight decay", description="Decoupled decay of the weights.")
    gradient_clip: float = Field(1.0, gt=0, le=1000, title="Gradient clip", description="Largest gradient norm.")
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto", title="Precision", description="Auto rehearses a few steps and takes bf16 where it is really faster."
    )
    patience: Auto | Annotated[int, Field(ge=0, le=1000)] = Field(
        "auto", title="Patience", description="Epochs without improvement before training stops; 0 never stops."
    )
    best_metric: str = Field(
        "auto",
        title="Best by",
        description="Validation metric that decides which weights are kept; auto takes the task's own.",
    )
    seed: int = Field(7, ge=0, le=2**31, title="Seed", description="Seed of weights, order and dropout.")
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto", title="Device", description="Auto takes CUDA, then MPS, then the CPU."
    )
    threads: Auto | Annotated[int, Field(ge=1, le=512)] = Field(
        "auto", title="Threads", description="Processor threads; auto takes the physical cores."
    )
    watts: Auto | Annotated[float, Field(gt=0, le=1_000_000)] = Field(
        "auto",
        title="Power in watts",
        description="Of the computer while it trains, for the energy in the model card; auto assumes 10 for each "
        "thread and 20 for the rest, and 300 for a graphics card.",
    )
    checkpoint_seconds: int = Field(
        20,
        ge=0,
        le=86400,
        title="Checkpoint after (s)",
        description="Seconds between two checkpoints, from which a broken run goes on; longer where writing one takes "
        "more than 2 % of the time. 0 writes one after each step.",
    )
    checkpoints_kept: int = Field(
        2,
        ge=0,
        le=100,
        title="Checkpoints kept",
        description="The last so many stay while the run goes on, beside the best weights; 0 writes none.",
    )


class EvaluateSection(Section):
    bootstrap: int = Field(
        1000, ge=100, le=100_000, title="Bootstrap samples", description="Resamples behind each 95 % interval."
    )
    extra_sets: tuple[str, ...] = Field((), title="Extra sets", description="More labelled files, tested only.")


class Recipe(Section):
    """What to do. Frozen: an edit makes a new recipe, which is what makes undo simple."""

    schema_version: Literal[1] = Field(1, alias="schema")
    model: ModelSection = ModelSection()
    data: DataSection = DataSection()
    task: Choice = Choice(name="text-classification")
    strategy: Choice = Choice(name="full-fine-tuning")
    regularise: tuple[Choice, ...] = ()
    adapt: tuple[Choice, ...] = ()
    training: TrainingSection = TrainingSection()
    compress: tuple[Choice, ...] = ()
    evaluate: EvaluateSection = EvaluateSection()
    export: tuple[Choice, ...] = (Choice(name="safetensors"), Choice(name="onnx"))

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @field_validator("regularise", "adapt", "compress", "export", mode="before")
    @classmethod
    def _names_are_choices(cls, value: Any) -> Any:
        """Lets a list hold bare names: ``export: [onnx]``."""
        if isinstance(value, (list, tuple)):
            return [{"name": item} if isinstance(item, str) else item for item in value]
        return value

    def to_dict(self) -> dict[str, Any]:
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def changed(self, path: str, value: Any) -> Recipe:
        """A new recipe with the field at the dotted ``path`` (such as ``training.epochs``) set to ``value``.

        Raises:
            StudioError: no such field, or the value is not allowed.
        """
        data = self.to_dict()
        try:
            _put(data, path, value)
        except (ValueError, IndexError, TypeError) as error:  # a name where a list has numbers, or a place too deep
            raise StudioError(
                "recipe.unknown-field",
                "{field}: there is no such field.",
                "Remove it, or correct its spelling.",
                where=path,
                field=path,
            ) from error
        return from_dict(data)


def _put(data: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    place: Any = data
    for part in parents:
        place = place.setdefault(part, {}) if isinstance(place, dict) else place[int(part)]
    if value is None and isinstance(place, dict):
        place.pop(last, None)
    elif isinstance(place, list):
        place[int(last)] = value
    else:
        place[last] = value


def from_dict(data: Any) -> Recipe:
    """Validates a mapping.

    Raises:
        StudioError: naming the field that is wrong.
    """
    if not isinstance(data, dict):
        raise StudioError(
            "recipe.not-a-mapping",
            "The recipe is not a mapping of fields.",
            "Start from 'tlstudio init' or save a recipe from the window.",
        )
    if data.get("schema", SCHEMA) != SCHEMA:
        raise StudioError(
            "recipe.schema",
            "The recipe has schema {found}; this version reads schema {known}.",
            "Update TLStudio, or save the recipe again with this version.",
            where="schema",
            found=data.get("schema"),
            known=SCHEMA,
        )
    try:
        return Recipe.model_validate(data)
    except ValidationError as error:
        raise invalid(error) from error


def parse(text: str, where: str = "recipe") -> Recipe:
    """Reads YAML text.

    Raises:
        StudioError: not YAML (with line), or a wrong field.
    """
    try:
        return from_dict(plain_yaml(text))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise StudioError(
            "recipe.not-yaml",
            "{path} is not valid YAML: {reason} in line {line}.",
            "Correct the line; indentation matters in YAML.",
            where=where,
            path=where,
            reason=getattr(error, "problem", None) or str(error) or "syntax error",
            line=mark.line + 1 if mark else 0,
        ) from error


def load(path: Path) -> Recipe:
    """Reads a recipe file; relative paths in it are taken from its folder.

    Raises:
        StudioError: missing file, wrong YAML or a wrong field.
    """
    path = Path(path)
    with explain_os_errors(path):
        if path.stat().st_size > _MAX_RECIPE_BYTES:
            raise StudioError(
                "recipe.too-large", "{path} is too large for a recipe.", "Choose a .yaml file.", path=str(path)
            )
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    return resolve_paths(parse(text, str(path)), path.parent)


def save(recipe: Recipe, path: Path) -> None:
    """Writes the recipe as YAML, atomically."""
    write_text(path, dump(recipe))


def dump(recipe: Recipe) -> str:
    return yaml.safe_dump(recipe.to_dict(), sort_keys=False, allow_unicode=True)
