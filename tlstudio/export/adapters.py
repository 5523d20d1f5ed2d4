"""Adapters of several runs on one backbone, which is there once: a program switches between them by name.

Source of the layout of an adapter: the library peft. What loads them is :mod:`tlstudio.models.adapters`.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.core.errors import StudioError
from tlstudio.core.files import explain_os_errors, read_json, sha256, write_json
from tlstudio.core.plugins import find
from tlstudio.core.recipe import Recipe
from tlstudio.export.base import ExportJob, Tolerance
from tlstudio.models import earlier, heads
from tlstudio.models.checks import weight_files
from tlstudio.models.folders import copy_tokenizer
from tlstudio.models.heads import Head
from tlstudio.models.scorers import Scorer, TorchScorer

_ADAPTER, _BACKBONE = "adapter", "backbone.json"  # of a run, see pipeline/kept.py
_LAYOUT = ("adapter_config.json", "adapter_model.safetensors")
_PLAIN = re.compile(r"[^\w.-]+")


class Options(BaseModel):
    """Which adapters are exported together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    runs: str = Field(
        "",
        title="Other runs",
        description="Names or folders of runs whose adapters come along, with commas between; they have the same "
        "backbone and task.",
    )
    backbone: bool = Field(
        True, title="Backbone beside them",
        description="Without it the adapters alone are written, once they are proven on it: some megabytes, for those "
        "who have the backbone already.",
    )  # fmt: skip


@dataclass(frozen=True)
class Kept:
    """An adapter in a run folder."""

    run: Path

    @property
    def name(self) -> str:
        return _PLAIN.sub("-", self.run.name).strip(".-") or "run"

    @property
    def folder(self) -> Path:
        return self.run / _ADAPTER

    @property
    def model(self) -> Path:
        return self.run / "model"

    @property
    def backbone(self) -> dict[str, Any]:
        found: dict[str, Any] = read_json(self.folder / _BACKBONE)
        return found

    @property
    def task(self) -> str:
        return str(heads.read_settings(self.model).get("task") or "")


class Adapters:
    NAME = "adapters"
    TITLE = "Adapters on one backbone"
    SUMMARY = (
        "The backbone once (or not at all), and the small adapters of this run and of others, switched by name. "
        "For Python programs that do several jobs with one network in memory."
    )
    Config = Options
    TOLERANCE = Tolerance("logits", 1e-3)
    RUNTIME = "transformers"

    def fits(self, task: Any) -> StudioError | None:
        if task.HEAD.losses != "same":
            return None
        return StudioError(
            "export.no-adapter-of-backbone", "No adapters are kept of the task {task}: its result is a backbone that "
            "other tasks learn with, and its head the embeddings.", "Use the safetensors export.", where="export",
            task=task.TITLE,
        )  # fmt: skip

    def check(self, recipe: Recipe) -> StudioError | None:
        strategies = find("tlstudio.strategies")
        strategy = strategies.get(recipe.strategy.name)
        if strategy is None or getattr(strategy, "ADAPTER", False):
            return _of_another_network(recipe)
        titles = [one.TITLE for one in strategies.values() if getattr(one, "ADAPTER", False)]
        return StudioError(
            "export.no-adapter-strategy", "The strategy {strategy} learns no adapter that could be exported.",
            "Choose one of these strategies: {known}; or the safetensors export.", where="export",
            strategy=strategy.TITLE, known=", ".join(titles),
        )  # fmt: skip

    def write(self, job: ExportJob, folder: Path, config: Options) -> None:
        own = _kept(job.run_folder)
        names = [name.strip() for name in config.runs.split(",") if name.strip()]
        every = _unique([own, *(_kept(earlier.model_folder(name, "export").parent) for name in names)])
        for other in every[1:]:
            _require_alike(own, other)
        _write_backbone(job, own, folder / "backbone")
        for one in every:
            job.control.check()
            _write_adapter(one, folder / "adapters" / one.name)
        _copy(folder / "adapters" / own.name, folder, ("config.json",))
        copy_tokenizer(folder / "adapters" / own.name, folder)
        about: dict[str, Any] = {"default": own.name, "task": own.task}
        if not config.backbone:
            about["backbone"] = _needed(own, folder / "backbone")
        write_json(folder / "adapters.json", about)
        _write_loader(folder)

    def seal(self, _job: ExportJob, folder: Path) -> None:
        """What was proven together goes without the backbone, where only the adapters are wanted."""
        if "backbone" in read_json(folder / "adapters.json"):
            shutil.rmtree(folder / "backbone")

    def scorer(self, folder: Path) -> Scorer:
        from tlstudio.models import adapters

        settings = heads.read_settings(folder)
        if problem := adapters.lacks_backbone(folder):
            raise StudioError(
                "export.without-backbone", "{problem}", "Or export the adapters again with their backbone.",
                where=str(folder), problem=problem,
            )  # fmt: skip
        model = adapters.load(folder / "adapters" / read_json(folder / "adapters.json")["default"])
        return TorchScorer(model, head=Head.of(settings), inputs=tuple(heads.inputs_of(settings)))

    def stage(self, job: ExportJob) -> str:
        return "trained"


PLUGIN = Adapters()


def _kept(run: Path) -> Kept:
    """The adapter of a run.

    Raises:
        StudioError: it has none.
    """
    found = Kept(run)
    if all((found.folder / name).is_file() for name in (*_LAYOUT, _BACKBONE)):
        return found
    raise StudioError(
        "export.no-adapter", "The run {run} has kept no adapter.",
        "Train it with LoRA, IA³, prompt tuning or prefix tuning. A head that is tied to the embeddings cannot be kept "
        "apart; then use the safetensors export.", where="export", run=run.name,
    )  # fmt: skip


def _of_another_network(recipe: Recipe) -> StudioError | None:
    """Adapters belong to the network as it was trained: none is proven beside one that a step has changed."""
    steps = find("tlstudio.compression")
    changing = [steps[choice.name] for choice in recipe.compress
                if choice.name in steps and steps[choice.name].GIVES == "transformers"]  # fmt: skip
    if not changing:
        return None
    return StudioError(
        "export.adapters-compressed", "The adapters are those of the network as it was trained; the step '{step}' "
        "makes another network.", "Remove the step to export adapters, or use the safetensors export, which writes "
        "the compressed network.", where="export", step=changing[0].TITLE,
    )  # fmt: skip


def _unique(every: Sequence[Kept]) -> list[Kept]:
    """Each run once; a name that two of them have is refused."""
    runs = list({one.run.resolve(): one for one in every}.values())
    if len({one.name for one in runs}) < len(runs):
        raise StudioError(
            "export.same-names", "Two of the runs have the same name, by which their adapters would be switched.",
            "Rename one of the run folders.", where="export",
        )  # fmt: skip
    return runs


def _require_alike(own: Kept, other: Kept) -> None:
    if own.backbone["key"] != other.backbone["key"]:
        raise StudioError(
            "export.other-backbone", "The run {run} was trained on another backbone ({other}) than this one ({own}).",
            "Leave it out, or train it again on the same backbone.", where="export", run=other.run.name,
            other=other.backbone["name"], own=own.backbone["name"],
        )  # fmt: skip
    if own.task != other.task:
        raise StudioError(
            "export.other-task", "The run {run} has learned another kind of task ({other}) than this one ({own}).",
            "Leave it out: predict.py answers for one kind of task.", where="export", run=other.run.name,
            other=other.task, own=own.task,
        )  # fmt: skip


def _write_backbone(job: ExportJob, own: Kept, folder: Path) -> None:
    source = Path(own.backbone["path"])
    if not (source / "config.json").is_file():
        raise StudioError(
            "export.backbone-gone", "The backbone {name} is no longer in {path}.",
            "Bring it back there, or use the safetensors export, which needs only the trained model.", where="export",
            name=own.backbone["name"], path=str(source),
        )  # fmt: skip
    if heads.read_settings(source).get("parts"):
        raise StudioError(
            "export.backbone-with-parts", "The backbone {name} is a network with a head of its own, which transformers "
            "cannot load by itself.", "Use the safetensors export.", where="export", name=own.backbone["name"],
        )  # fmt: skip
    copy_tokenizer(source, folder)
    with explain_os_errors(folder):
        for path in (source / "config.json", *weight_files(source), *source.glob("*.safetensors.index.json")):
            job.control.check()
            shutil.copyfile(path, folder / path.name)


def _needed(own: Kept, folder: Path) -> dict[str, Any]:
    """Which backbone the adapters belong on, and how its weights are known."""
    about = own.backbone
    name = about["name"] if about["revision"] else Path(about["path"]).name
    return {"name": name, "revision": about["revision"],
            "sha256": {path.name: sha256(path) for path in weight_files(folder)}}  # fmt: skip


def _write_adapter(one: Kept, folder: Path) -> None:
    copy_tokenizer(one.model, folder)
    _copy(one.folder, folder, _LAYOUT)
    _copy(one.model, folder, ("config.json",))
    path = folder / _LAYOUT[0]
    about = read_json(path)
    if "peft_type" in about:  # where it was on this machine is nobody's business
        about["base_model_name_or_path"] = one.backbone["name"] if one.backbone["revision"] else "../../backbone"
    write_json(path, about)


def _copy(source: Path, target: Path, names: Sequence[str]) -> None:
    with explain_os_errors(target):
        target.mkdir(parents=True, exist_ok=True)
        for name in names:
            shutil.copyfile(source / name, target / name)


def _write_loader(folder: Path) -> None:
    """The files that predict.py imports."""
    models = Path(__file__).parents[1] / "models"
    code = (models / "adapters.py").read_text(encoding="utf-8")
    with explain_os_errors(folder):
        (folder / "adapters.py").write_text(
            code.replace("from tlstudio.models import parts\n", "import network as parts\n"), encoding="utf-8",
            newline="\n",
        )  # fmt: skip
        shutil.copyfile(models / "parts.py", folder / "network.py")


def script(text: str) -> str:
    """The script of a task for a folder of adapters: ``--adapter NAME`` says which one answers."""
    text = text.replace("Path(__file__).resolve().parent", "chosen(Path(__file__).resolve().parent)")
    text = re.sub(r"\w+\.from_pretrained\(HERE\)\.eval\(\)", "load(HERE)", text)
    text = re.sub(r"^(from transformers import .*)$", r"\1\n\nfrom adapters import chosen, load", text,
                  flags=re.MULTILINE)  # fmt: skip
    return text.replace("pip install torch transformers", "pip install torch transformers peft", 1).replace(
        '\n"""\n', '\n\n--adapter NAME before the rest says which of the folder adapters answers.\n"""\n', 1
    )
