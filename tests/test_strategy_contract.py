"""Every strategy does what it states: these parameters, at these rates, from then on; and a broken training goes on as
if nothing had happened."""

from __future__ import annotations

import inspect
import math
from dataclasses import replace
from typing import Any

import pytest

from tests import tiny
from tlstudio.core.control import Control
from tlstudio.core.plugins import find
from tlstudio.models.anatomy import layer_groups, parameter_groups
from tlstudio.models.callbacks import Callback
from tlstudio.pipeline.checks import Configured
from tlstudio.strategies.plans import belongs
from tlstudio.training import schedules
from tlstudio.training.checkpoints import Checkpoints, Policy
from tlstudio.training.trainer import fit

STRATEGIES = find("tlstudio.strategies")
REGULARISERS = find("tlstudio.regularisation")
EPOCHS = 3
SETTINGS = replace(tiny.SETTINGS, epochs=EPOCHS, warmup=0.1)
# beside the defaults of each: what else a strategy can be told that changes which parameters train
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in STRATEGIES),
    ("full-fine-tuning", {"layer_decay": 0.5, "head_rate": 2.0}),
    ("full-fine-tuning", {"reinitialise": 1}),
    ("partial", {"trains": "biases"}),
    ("partial", {"trains": "norms"}),
    ("partial", {"trains": "selection", "selection": ("block 1",)}),
    ("partial", {"blocks": 0}),
    ("gradual-unfreezing", {"opens": (0.5, 1.5)}),
    ("gradual-unfreezing", {"by": "plateau"}),
    ("lora", {"dora": True}),
    ("lora", {"rslora": True}),
    ("prefix-tuning", {"start": "tokens", "length": 3}),
    ("prompt-tuning", {"length": 3}),
    ("multi-task", {"weighting": "uncertainty"}),
    ("multi-task", {"weighting": "gradnorm", "sampling": "round-robin"}),
    ("continual", {"method": "ewc"}),
    ("continual", {"method": "lwf"}),
    ("continual", {"method": "adapter"}),
    ("distillation", {"hidden": 1.0, "attention": 0.1, "relations": 1.0}),
    ("feature-fusion", {"trains": "first-backbone"}),
    ("feature-fusion", {"trains": "both-backbones", "how": "gate"}),
]
IDS = [" ".join([name, *(f"{key}={value}" for key, value in options.items())]) for name, options in VARIANTS]


@pytest.fixture(scope="module")
def encoded(tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("strategies")
    with tiny.own_home(folder):
        return tiny.encode(tiny_model, tiny.write_csv(folder / "tickets.csv", tiny.ticket_rows(70)))


class Watching(Callback):
    """Notes before each step what may change, and after it what has."""

    def __init__(self) -> None:
        self.steps: list[set[str]] = []
        self.rates: dict[str, list[float]] = {}

    def begin(self, loop):
        self.model, self.per_epoch = loop.model, loop.steps / loop.epochs

    def step(self, number):
        self.before = {name: value.detach().clone() for name, value in self.model.named_parameters()}

    def stepped(self, number):
        self.steps.append({
            name for name, value in self.model.named_parameters() if not bool((value == self.before[name]).all())
        })  # fmt: skip


def trained(prepared, encoded, folder, heard=None, settings=SETTINGS, **more):
    loss = tiny.task().loss(tiny.task().Config(), encoded)
    heard = tiny.Heard() if heard is None else heard
    return fit(prepared, loss, tiny.judge(encoded), settings, folder, heard, Control(), **more)


@pytest.mark.parametrize(("name", "options"), VARIANTS, ids=IDS)
def test_exactly_what_is_stated_changes_from_the_stated_step_on(name, options, tiny_model, encoded, tmp_path):
    strategy = STRATEGIES[name]
    config = strategy.Config(**options)
    # without regularisation of the loss every parameter that trains has a gradient in each step
    prepared = tiny.transfer(name, tiny_model, encoded, epochs=EPOCHS, **options)
    if Configured(strategy, config).once or prepared.then is not None:
        pytest.skip("trains on features, or in phases; test_contracts looks at the result")
    watching = Watching()
    trained(replace(prepared, callbacks=(*prepared.callbacks, watching)), encoded, tmp_path)
    model = prepared.model
    groups = layer_groups(model)
    plan = strategy.plan(config, groups, float(EPOCHS))
    assert len(plan) == len(groups)
    if options.get("by") == "plateau":
        return  # when it opens depends on the losses; tests/strategies has its own
    if any(one.part == "adapters" for one in plan):
        changing = {name for names in watching.steps for name in names}
        known = ("lora", "ia3", "prefix", "trainable_tokens", "classifier", "pooler")
        assert all(any(part in name for part in known) for name in changing)
        return
    for step, changed in enumerate(watching.steps):
        for (group, (_kind, names)), one in zip(parameter_groups(model).items(), plan, strict=True):
            open_now = one.trains and step / watching.per_epoch >= one.opens - 1e-9
            stated = {name for name in names if open_now and belongs(name, one.part)}
            assert not (changed & set(names)) - stated, f"{group} was to stay as it was in step {step}"
            if step:  # in the first step of a warm-up the rate is 0
                # at an attention key's bias the softmax has no slope: only rounding moves it
                still = {name for name in stated - changed if not name.endswith("key.bias")}
                assert not {name for name in still if "embeddings" not in name}, f"{group} was to train in step {step}"


@pytest.mark.parametrize("schedule", schedules.NAMES)
@pytest.mark.parametrize("options", [{}, {"layer_decay": 0.5, "head_rate": 2.0}])
def test_rates_follow_the_plan_and_the_schedule(schedule, options, tiny_model, encoded, tmp_path):
    strategy = STRATEGIES["full-fine-tuning"]
    prepared = tiny.transfer("full-fine-tuning", tiny_model, encoded, epochs=EPOCHS, **options)
    found: list[dict[str, float]] = []

    class Rates(Callback):
        def step(self, number):
            optimizer = self.trainer.optimizer
            ids = {id(value): name for name, value in prepared.model.named_parameters()}
            found.append({ids[id(p)]: group["lr"] for group in optimizer.param_groups for p in group["params"]})

    from tlstudio.training import studio_trainer

    rates, make = Rates(), studio_trainer.make

    def noting(*args):
        rates.trainer = make(*args)
        return rates.trainer

    settings = replace(SETTINGS, schedule=schedule)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(studio_trainer, "make", noting)
        trained(replace(prepared, callbacks=(rates,)), encoded, tmp_path, settings=settings)
    groups = layer_groups(prepared.model)
    plan = strategy.plan(strategy.Config(**options), groups, float(EPOCHS))
    steps = len(found)
    assert steps >= EPOCHS * 4
    for step, by_name in enumerate(found):
        factor = schedules.factor(schedule, step, steps, round(SETTINGS.warmup * steps))
        for (_group, (_kind, names)), one in zip(parameter_groups(prepared.model).items(), plan, strict=True):
            for name in names:
                assert by_name[name] == pytest.approx(SETTINGS.learning_rate * one.rate * factor, abs=1e-12)


class Killed(Exception):
    """The process ends here."""


class Kill(Callback):
    def __init__(self, after: int) -> None:
        self.after = after

    def step(self, number):
        if number == self.after:
            raise Killed


RESUMED = [*zip(IDS, VARIANTS, [()] * len(VARIANTS), strict=True)]
RESUMED += [(f"full-fine-tuning + {name}", ("full-fine-tuning", {}), (name,)) for name in REGULARISERS]
FIRST = [next(one for one in VARIANTS if one[0] == name) for name in dict.fromkeys(name for name, _ in VARIANTS)]


# whole runs of others are broken off in tests/pipeline/test_resuming.py
USUAL = ("full-fine-tuning", "distillation", "multi-task", "continual", "reptile", "mlp-probe")


def _marks(variant: tuple[str, dict[str, Any]], regularisers: tuple[str, ...]) -> Any:
    """In a usual run of the tests some strategies are broken off once, and each regulariser with a state to keep."""
    stateful = all("def state(" in inspect.getsource(inspect.getmodule(REGULARISERS[name].callback))
                   for name in regularisers)  # fmt: skip
    return () if variant in FIRST and variant[0] in USUAL and stateful else pytest.mark.slow


@pytest.mark.parametrize(
    ("variant", "regularisers"), [pytest.param(*case[1:], id=case[0], marks=_marks(*case[1:])) for case in RESUMED]
)
@pytest.mark.parametrize("after", [pytest.param(7, marks=pytest.mark.slow), 10])
def test_a_resumed_training_ends_with_the_same_weights(variant, regularisers, after, tiny_model, encoded, tmp_path):
    name, options = variant

    def prepared():
        transfer = tiny.transfer(name, tiny_model, encoded, epochs=EPOCHS, **options)
        return replace(transfer, callbacks=(*transfer.callbacks, *callbacks(regularisers)))

    whole = prepared()
    if whole.settings.get("epochs") == 0:
        pytest.skip("nothing is trained")
    steps = trained(whole, encoded, tmp_path / "whole").steps
    assert after < steps
    broken = prepared()
    keep = Checkpoints(tmp_path / "broken/last", Policy(seconds=0))
    with pytest.raises(Killed):
        trained(replace(broken, callbacks=(*broken.callbacks, Kill(after))), encoded, tmp_path / "broken", keep=keep)
    resumed = prepared()
    heard = tiny.Heard()
    with pytest.raises(ValueError, match="zip"):
        trained(resumed, encoded, tmp_path / "broken", resume=keep.newest())  # other callbacks: another training
    resumed = prepared()
    resumed = replace(resumed, callbacks=(*resumed.callbacks, Callback()))
    again = trained(resumed, encoded, tmp_path / "broken", heard, resume=keep.newest())
    assert again.steps == steps
    assert heard.of("metric")[0].step == after + 1, "it goes on where it was"
    left, right = dict(whole.model.named_parameters()), dict(resumed.model.named_parameters())
    for key, value in left.items():
        assert bool((value == right[key]).all()), key


@pytest.fixture(scope="module", autouse=True)
def target(tmp_path_factory):
    """Texts without labels, for those that learn from a target domain."""
    path = tmp_path_factory.mktemp("target") / "target.csv"
    path.write_text("text\n" + "\n".join(f"{text} today" for text, _label in tiny.ticket_rows(40)), encoding="utf-8")
    NEEDS["data"] = str(path)


NEEDS: dict[str, str] = {}


def callbacks(names):
    found = []
    for name in names:
        needs = {key: value for key, value in NEEDS.items() if key in REGULARISERS[name].Config.model_fields}
        found.append(REGULARISERS[name].callback(REGULARISERS[name].Config(**needs), tiny.task().HEAD))
    return tuple(found)


@pytest.mark.parametrize("name", REGULARISERS)
def test_a_regulariser_changes_the_training_and_leaves_the_model_as_it_found_it(name, tiny_model, encoded, tmp_path):
    plain = tiny.transfer("full-fine-tuning", tiny_model, encoded)
    before = tiny.Heard()
    trained(plain, encoded, tmp_path / "plain", before)
    other = tiny.transfer("full-fine-tuning", tiny_model, encoded)
    hooks = count_hooks(other.model)
    heard = tiny.Heard()
    trained(replace(other, callbacks=callbacks([name])), encoded, tmp_path / "other", heard)
    left, right = dict(plain.model.named_parameters()), dict(other.model.named_parameters())
    moved = any(not bool((left[key] == right[key]).all()) for key in left)
    # the best weights may be those of an epoch before it begins
    assert moved or before.values("validation", "loss") != heard.values("validation", "loss"), "it has an effect"
    assert all(value.requires_grad for value in right.values())
    assert count_hooks(other.model) == hooks
    assert all(map(math.isfinite, heard.values("train", "loss")))


def count_hooks(model):
    return sum(len(part._forward_hooks) + len(part._forward_pre_hooks) for part in model.modules())
