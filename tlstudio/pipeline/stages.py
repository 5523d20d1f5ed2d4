"""The stages of a run: prepare, adapt, tokenise, rehearse, train, evaluate, compress, export, report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.augmentation.apply import Augmenter
from tlstudio.augmentation.base import Resources
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Artifact, Emit, log
from tlstudio.core.files import read_json, size_of, write_json
from tlstudio.core.progress import only_progress
from tlstudio.data import labelled as data
from tlstudio.models import earlier, loading
from tlstudio.models.folders import second_reader
from tlstudio.models.heads import Head
from tlstudio.models.scorers import Scorer, TorchScorer, limited, score, usable_cores
from tlstudio.models.transfer import Judge, Sibling
from tlstudio.pipeline import (
    adapting,
    backbones,
    compressing,
    environment,
    facts,
    fitting,
    head_start,
    headline,
    kept,
    retention,
)
from tlstudio.pipeline.checks import Checked, require_metric
from tlstudio.pipeline.context import Context
from tlstudio.pipeline.examine import examine_rows
from tlstudio.pipeline.exporting import export_and_note, write_report
from tlstudio.pipeline.folds import cross_validate
from tlstudio.pipeline.forms import TRAINED, Form, last_network
from tlstudio.pipeline.others import Others
from tlstudio.pipeline.testing import Tester
from tlstudio.strategies import inherited
from tlstudio.strategies.base import TransferJob
from tlstudio.tasks import beside
from tlstudio.tasks.base import Encoded, EncodeJob, Outputs
from tlstudio.training import rehearsal
from tlstudio.training.checkpoints import FOLDER, Policy, foretold
from tlstudio.training.settings import Settings, choose_device, settle
from tlstudio.training.trainer import Again, Trained

if TYPE_CHECKING:
    import torch

    from tlstudio.models.transfer import Transfer


Chain = Callable[["Stages", Path | None], list[Form]]  # makes the forms of a run's model in a folder


class Stages:
    """Carries what one stage hands to the next."""

    again: Again = ""  # whether the run had begun before

    def __init__(self, context: Context, checked: Checked) -> None:
        self.context, self.checked = context, checked
        self.backbone: loading.Backbone
        self.lineage: list[dict[str, str]]
        self.rows: data.Labelled
        self.encoded: Encoded
        self.reader: Path | None = None  # whose tokenizer the trained model has, where it is another
        self.untrained: Encoded | None = None  # the rows as the backbone takes them, where the model reads otherwise
        self.keep: Callable[[torch.nn.Module, Path], None] | None = None  # writes the adapter, where one was learnt
        self.settings: Settings
        self.transfer: Transfer | None = None
        self.model: torch.nn.Module
        self.answers: Outputs = []  # to the test rows: of the trained model, then of the last compressed network
        self.forms: list[Form] = []  # of the model, as trained and compressed
        self.further = Others(self)
        self.siblings: Sequence[Sibling] = ()
        self.outcome = "completed"
        self._given: tuple[Encoded, Path | None, Encoded | None]  # what the strategy was given

    def all(self) -> str:
        """Runs every stage of the recipe; returns the outcome."""
        try:
            for stage in self.context.stages:
                with self.context.running(stage):
                    getattr(self, stage)()
        finally:
            self.further.close()
        return self.outcome

    # --- before training

    def prepare(self) -> None:
        """Finds the model, reads the data, and notes what both are."""
        import torch

        context, recipe = self.context, self.context.recipe
        torch.set_num_threads(self.threads)
        write_json(context.folder / "environment.json", environment.describe())
        self.backbone = backbones.found(recipe, self.checked.task.plugin, context.emit, context.control)
        self.lineage = earlier.lineage(self.backbone.path)
        self.rows = self.labelled(context.emit)
        for warning in self.rows.warnings:
            log(context.emit, warning.code, warning.template, "warning", **warning.params)
        context.results |= {"task": recipe.task.name, "labels": self.rows.labels}
        context.result("data", facts.of_data(self))
        context.result("examination", self._examined())
        log(context.emit, "data.ready", "{train} rows to train on, {test} to test with.",
            train=len(self.rows.splits["train"]), test=len(self.rows.splits["test"]))  # fmt: skip

    @property
    def threads(self) -> int:
        """As many as the recipe wants, of every runtime."""
        wish = self.context.recipe.training.threads
        return usable_cores() if wish == "auto" else wish

    def labelled(self, emit: Emit, fold: int = 0) -> data.Labelled:
        """The rows, with the roles that the task needs.

        Raises:
            StudioError: the data has not all of them; or the user has chosen others.
        """
        task, section, control = self.checked.task.plugin, self.context.recipe.data, self.context.control
        for other in task.ALTERNATIVES:
            try:
                found = data.require(section, emit, control, (), fold)
            except StudioError:
                break  # what the data looks like without the task may be wrong where the task's roles are right
            if set(other) <= found.roles.columns.keys():
                return found
        rows = data.require(section, emit, control, task.ROLES, fold)
        missing = task.lacks(rows.roles.columns)
        if missing:
            raise StudioError(
                "data.no-role", "{task} needs a column for: {missing}.",
                "Give a column this role in the Data step, under Columns; or choose data that has one.",
                where="data.roles", task=task.TITLE, missing=", ".join(missing),
            )  # fmt: skip
        return rows

    def _examined(self) -> dict[str, Any]:
        """What the data doctor finds; mostly from its cache, since the Data step has asked before."""
        found = examine_rows(self.context.recipe, self.rows, False, self.context.emit, self.context.control)
        for finding in found["findings"]:
            if finding["severity"] != "notice":
                level = "error" if finding["severity"] == "error" else "warning"
                log(self.context.emit, f"doctor.{finding['code']}", finding["message"], level, **finding["params"])
        return found

    def adapt(self) -> None:
        """Lets the backbone get to know rows without labels."""
        self.backbone = adapting.adapt(self.context, self.checked.adapt, self.backbone, self.rows, self.again)

    def tokenise(self) -> None:
        """Prepares the rows for the model, or finds them in the cache."""
        self.encoded = self.encode(self.context.emit)
        self.context.results["labels"] = self.encoded.labels
        self.context.result("data", {**self.context.results["data"], "truncated": self.encoded.truncated})

    def encode(self, emit: Emit, reader: Path | None = None) -> Encoded:
        """The rows as the backbone takes them, or as another model does, whose folder is ``reader``."""
        task, control, recipe = self.checked.task, self.context.control, self.context.recipe
        augmenter = Augmenter(recipe.data.augment, recipe.training.seed, Resources(control, self.backbone.path), emit)
        job = EncodeJob(task.config, self.rows, reader or self.backbone.path, emit, control, augmenter)
        encoded = beside.encode(task.plugin, job, second_reader(reader) if reader else None)
        return inherited.extended(encoded, self.backbone.path, task.plugin) if self._goes_on else encoded

    @property
    def _goes_on(self) -> bool:
        """Whether the classes of the run that this one starts from stay."""
        strategy = self.checked.strategy
        return hasattr(strategy.plugin, "extends") and bool(strategy.plugin.extends(strategy.config))

    def rehearse(self) -> None:
        """Tries a few steps: precision, batch size, memory, time."""
        training = self.context.recipe.training
        self.settle()
        self.transfer = self.prepared()
        found = rehearsal.rehearse(
            self.transfer, self.loss(), self.settings, training.precision == "auto", self.context.emit,
            self.context.control,
        )  # fmt: skip
        self.settings = found.settings
        self.context.expected["train"] = found.seconds
        texts = len(self.encoded.splits["test"]) / self.settings.batch_size
        self.context.expected["evaluate"] = 2.0 + texts * (found.seconds_fp32 or found.seconds_bf16 or 0) * 0.4
        size = foretold(self.transfer.model, self.settings.optimiser, Policy.of(training))
        self.context.result("rehearsal", {**found.to_dict(), "checkpoint_bytes": size})
        log(self.context.emit, "training.estimate",
            "Training will take about {minutes} minutes at most and {memory} GB of memory.",
            minutes=round(found.seconds / 60, 1), memory=round(found.memory_bytes / 1e9, 1))  # fmt: skip

    def settle(self) -> None:
        """Decides what 'auto' means for this strategy on this machine."""
        training, strategy = self.context.recipe.training, self.checked.strategy
        width = facts.width_of(read_json(self.backbone.path / "config.json"))
        usual = strategy.plugin.defaults(strategy.config, len(self.encoded.splits["train"]), width)
        device = choose_device(training.device).type
        task = self.checked.task.plugin
        self.settings = settle(training, usual, device, best_metric(task, self.encoded))
        require_metric(self.settings.best_metric, task, task.curves(self.encoded))

    def prepared(self) -> Transfer:
        """What the strategy makes of model and rows; the same each time."""
        import torch
        from transformers import set_seed

        set_seed(self.settings.seed)
        self._given = self.encoded, self.reader, self.untrained
        task, strategy = self.checked.task.plugin, self.checked.strategy

        fate = inherited.decide(self.context.recipe.model.head, self.backbone.path, task, self.encoded)
        inherited.tell(self.context.emit, fate)

        def build(**overrides: Any) -> torch.nn.Module:
            set_seed(self.settings.seed)  # the fresh head is the same however often it is built
            model: torch.nn.Module = task.build(self.backbone.path, self.encoded, **overrides)
            inherited.apply(model, fate, self.encoded, self.backbone.path)
            return model

        encode = partial(self.encode, only_progress(self.context.emit))
        transfer: Transfer = strategy.plugin.prepare(
            strategy.config,
            TransferJob(build, self.encoded, task.collator(self.checked.task.config, self.encoded), self.head,
                        backbones.key(self.backbone, fate), torch.device(self.settings.device), self.context.emit,
                        self.context.control, self.settings.epochs, encode, self.further.open,
                        earlier.places(self.backbone.path, self.lineage), task.build, self.backbone.path),
        )  # fmt: skip
        if transfer.encoded is not None:
            self.encoded = transfer.encoded
        if transfer.reader is not None and transfer.reader != self.reader:
            self.reader, self.untrained, self.encoded = transfer.reader, self.encoded, encode(transfer.reader)
        more = tuple(part.plugin.callback(part.config, self.head) for part in self.checked.regularise)
        return replace(transfer, callbacks=(*transfer.callbacks, *more))

    def start_over(self) -> None:
        """As if the strategy had not been asked yet."""
        self.encoded, self.reader, self.untrained = self._given
        self.transfer = None

    @property
    def head(self) -> Head:
        head: Head = self.checked.task.plugin.head(self.checked.task.config)
        return replace(head, **self.encoded.head)

    def loss(self) -> Any:
        return self.checked.task.plugin.loss(self.checked.task.config, self.encoded)

    def judge(self, emit: Emit) -> Judge:
        """How the task measures a model while it trains."""
        task, config, encoded, head = self.checked.task.plugin, self.checked.task.config, self.encoded, self.head

        def read(output: Any, batch: dict[str, Any]) -> list[Any]:
            masks = {name: value.cpu().numpy() for name, value in batch.items() if name == "attention_mask"}
            return head.rows(head.read(output, batch), masks)

        return Judge(
            measure=lambda answers, loss: task.measure(config, encoded, "validation", answers, loss),
            read=read if task.GATHERS else None,
            watch=lambda model: task.watch(config, encoded, model, emit, self.context.control),
        )

    # --- training

    def train(self) -> None:
        """Trains with the strategy and saves the model."""
        context = self.context
        if not hasattr(self, "settings"):
            self.settle()
        self.transfer = self.transfer or self.prepared()
        backbones.require_small(context.recipe, self.transfer.model)
        trainable = sum(p.numel() for p in self.transfer.model.parameters() if p.requires_grad)
        policy = Policy.of(context.recipe.training)
        self.model, trained = self.fitted(context.folder / FOLDER, context.emit, policy)
        if trained.outcome == "stopped":  # a stop after training changes nothing
            self.outcome = "stopped"
        self.tune()
        self.context.expected["cross_validate"] = trained.seconds * (context.recipe.data.split.folds - 1)
        reader = self.reader or self.backbone.path
        self.checked.task.plugin.save(self.model, self.encoded, reader, context.folder / "model", self.head)
        context.emit(Artifact(name="model", path="model", bytes=size_of(context.folder / "model")))
        if self.keep is not None:
            kept.write(context, self.backbone, partial(self.keep, self.model))
        context.result("model", facts.of_model(self, trainable))
        context.result("training", facts.of_training(self, trained))

    def tune(self) -> None:
        """What the task chooses on the validation rows, such as thresholds."""
        task, scorer = self.checked.task, self.scorer()

        def outputs_of(split: str) -> Outputs:
            return score(scorer, self.encoded.examples(split), tick=lambda _rows: self.context.control.check())

        chosen = task.plugin.tune(task.config, self.encoded, outputs_of)
        self.encoded = replace(self.encoded, facts={**self.encoded.facts, **chosen})

    def scorer(self) -> Scorer:
        """The trained model."""
        return TorchScorer(self.model, head=self.head, inputs=self.encoded.inputs, check=self.context.control.check)

    def fitted(self, folder: Path, emit: Emit, policy: Policy | None = None) -> tuple[torch.nn.Module, Trained]:
        """Trains with the strategy; ``folder`` is for the best weights while it does."""
        transfer, trained = fitting.fitted(self, folder, emit, policy, self.again if policy else "")
        self.keep, self.transfer = transfer.keep, None  # frees the feature cache and the optimiser's references
        model: torch.nn.Module = self.checked.task.plugin.finish(transfer.finish().cpu().eval(), self.encoded)
        self.siblings = transfer.siblings() if transfer.siblings else ()
        return model, trained

    def of_fold(self, fold: int, emit: Emit) -> Stages:
        """The same job on another part of k-fold, 0-based, ready to be trained."""
        other = Stages(self.context, self.checked)
        other.backbone, other.settings, other.lineage = self.backbone, self.settings, self.lineage
        other.further = self.further
        other.rows = other.labelled(emit, fold)
        other.encoded = other.encode(emit)
        return other

    # --- after training

    def evaluate(self) -> None:
        """Scores the test rows (and extra sets), compares with baselines, writes the predictions."""
        tester = Tester(self.context, self.checked, self.rows, self.encoded)
        self.answers = tester.evaluate(self.scorer(), self.backbone.path, self.reader, self.untrained)

    def others(self) -> None:
        """Tests, saves and exports what the training has left for further tasks."""
        tasks = self.further.finish(self.siblings)
        self.context.result("tasks", tasks)
        if hasattr(self.checked.strategy.plugin, "extends") and tasks:
            self.context.result("head_start", head_start.measure(self) or {})
            self.context.result("retention", retention.matrix(self.context, tasks))

    def cross_validate(self) -> None:
        """Trains and tests the other folds of k-fold."""
        self.context.result("cross_validation", cross_validate(self))

    def compress(self, base: Path | None = None, chain: Chain = compressing.chain) -> None:
        """Applies each step to the result of the one before, and measures all of them side by side."""
        with limited(self.threads):  # runtimes take theirs when a model is loaded: else times could not be compared
            self.forms = chain(self, base)
            answers = Tester(self.context, self.checked, self.rows, self.encoded).compare(self.forms, self.answers)
        self.answers = answers[last_network(self.forms).name]

    def export(self) -> None:
        """Writes the exports and proves that they answer like the model that they were made of."""
        forms = {form.name: form for form in self.forms}
        encoded = last_network(self.forms).encoded if forms else self.encoded
        compressed = {name: form.folder for name, form in forms.items() if name != TRAINED}
        measure = headline.of(self.checked.task.plugin, self.checked.task.config, encoded)
        export_and_note(self.context, compressed, encoded.examples("test"), self.answers, measure)

    def report(self) -> None:
        write_report(self.context)


def best_metric(task: Any, encoded: Encoded) -> str:
    """The validation metric that decides where the user has not chosen one."""
    names = task.curves(encoded)
    return task.BEST if task.BEST in names else next((name for name in names if name != "loss"), "loss")
