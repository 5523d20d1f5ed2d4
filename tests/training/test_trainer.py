"""The training loop on a tiny model: numbers, ends, and the user's wishes."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import replace

import pytest

from tests import tiny
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.progress import silent
from tlstudio.models.transfer import Judge
from tlstudio.training.trainer import fit


@pytest.fixture(scope="module")
def encoded(tiny_model, tmp_path_factory):
    """70 rows: 50 to train on, so that the last batch of twelve is a small one."""
    folder = tmp_path_factory.mktemp("trainer")
    with tiny.own_home(folder):
        return tiny.encode(tiny_model, tiny.write_csv(folder / "tickets.csv", tiny.ticket_rows(70)))


@pytest.fixture
def prepared(tiny_model, encoded):
    """A fresh full fine-tuning without dropout, so that each batch has one value."""
    return tiny.transfer("full-fine-tuning", tiny_model, encoded, hidden_dropout=0.0)


def train(prepared, encoded, folder, emit=silent, control=None, loss=None, judge=None, **changes):
    loss = loss or tiny.task().loss(tiny.task().Config(), encoded)
    settings = replace(tiny.SETTINGS, **changes)
    return fit(prepared, loss, judge or tiny.judge(encoded), settings, folder, emit, control or Control())


def weights(model):
    return {name: value.detach().clone() for name, value in model.named_parameters()}


def same(left, right):
    return all(bool((left[name] == right[name]).all()) for name in left)


def test_it_learns_and_ends_with_the_best_weights(prepared, encoded, tmp_path):
    from safetensors.torch import load_file

    heard = tiny.Heard()
    trained = train(prepared, encoded, tmp_path, heard, epochs=20, seed=2)  # others may stay in a valley
    steps = 20 * math.ceil(len(prepared.train) / 12)
    assert (trained.outcome, trained.steps, trained.epochs) == ("completed", steps, 20.0)
    loss = heard.values("train", "loss")
    assert len(loss) == steps
    assert sum(loss[-5:]) < 0.5 * sum(loss[:5])
    assert set(heard.of("metric")[0].values) == {"loss", "learning_rate", "gradient_norm", "samples_per_second"}
    assert set(heard.of("metric")[-1].values) == {"loss", "accuracy", "macro_f1"}
    scores = heard.values("validation", "macro_f1")
    assert len(scores) == 20
    assert trained.best_score == max(scores) > 0.8
    losses = heard.values("validation", "loss")
    best = min((at for at, score in enumerate(scores) if score == max(scores)), key=losses.__getitem__)
    assert trained.best_epoch == best + 1, "of the best epochs that with the lowest loss"
    assert len(heard.of("checkpoint")) >= sum(s > max([0.0, *scores[:i]]) for i, s in enumerate(scores))
    assert heard.of("checkpoint")[-1].epoch == best + 1
    assert same(load_file(tmp_path / "best.safetensors"), weights(prepared.model))
    assert trained.samples_per_second > 0
    assert trained.peak_memory_bytes > 1 << 20
    rates = heard.values("train", "learning_rate")
    assert rates[0] == pytest.approx(5e-3, rel=0.05)
    assert rates == sorted(rates, reverse=True)
    done = [event.done for event in heard.of("progress") if event.stage == "train"]
    assert done[-1] == steps


def test_warm_up_rises_then_falls(prepared, encoded, tmp_path):
    heard = tiny.Heard()
    train(prepared, encoded, tmp_path, heard, epochs=2, warmup=0.5)
    rates = heard.values("train", "learning_rate")
    top = rates.index(max(rates))
    assert top == len(rates) // 2
    assert rates[: top + 1] == sorted(rates[: top + 1])


@pytest.mark.parametrize("weights_of", ["none", "balanced"])
def test_accumulated_parts_give_the_gradient_of_the_whole_batch(tiny_model, encoded, tmp_path, weights_of):
    """Heads in transformers swallow num_items_in_batch: the gradient was silently multiplied by the parts."""
    loss = tiny.task().loss(tiny.task().Config(class_weights=weights_of), encoded)
    found = []
    for parts in (1, 4):
        prepared = tiny.transfer("full-fine-tuning", tiny_model, encoded, hidden_dropout=0.0)
        heard, gradients = tiny.Heard(), []
        parameter = prepared.model.classifier.weight
        parameter.register_post_accumulate_grad_hook(lambda p, kept=gradients: kept.append(p.grad.clone()))
        train(prepared, encoded, tmp_path / str(parts), heard, loss=loss, epochs=1, accumulate=parts, gradient_clip=1e3)
        found.append((gradients[parts - 1], heard))
    (whole, once), (parted, four) = found
    assert (whole - parted).abs().max() < 1e-6 * (1 + whole.abs().max())
    assert len(prepared.train) % 12, "the last batch must be a small one"
    # every step, also the last one, whose parts are not of one size
    assert four.values("train", "loss") == pytest.approx(once.values("train", "loss"), rel=2e-3)
    assert four.values("train", "gradient_norm") == pytest.approx(once.values("train", "gradient_norm"), rel=1e-2)


def test_after_bf16_the_model_computes_in_fp32_again(prepared, encoded, tmp_path):
    """accelerate wraps forward in autocast: left there, scores would differ from those of the saved model."""
    import torch

    seen = []
    prepared.model.classifier.register_forward_hook(lambda *_: seen.append(torch.is_autocast_enabled("cpu")))
    train(prepared, encoded, tmp_path, epochs=1, precision="bf16")
    assert all(seen)
    seen.clear()
    model = prepared.model.eval()
    ids = torch.tensor([tiny.ids(encoded, "test")[0]])
    with torch.inference_mode():
        logits = model(input_ids=ids).logits
    assert seen == [False]
    assert logits.dtype == torch.float32
    fresh = type(model)(model.config).eval()
    fresh.load_state_dict(model.state_dict())
    with torch.inference_mode():
        assert (fresh(input_ids=ids).logits - logits).abs().max() < 1e-6


def test_the_same_seed_gives_the_same_numbers(tiny_model, encoded, tmp_path):
    runs = []
    for number, seed in enumerate((7, 7, 8)):
        prepared = tiny.transfer("full-fine-tuning", tiny_model, encoded)  # with the model's dropout
        heard = tiny.Heard()
        train(prepared, encoded, tmp_path / str(number), heard, epochs=2, seed=seed)
        runs.append((heard.values("train", "loss"), heard.values("validation", "loss"), weights(prepared.model)))
    assert runs[0][:2] == runs[1][:2]
    assert same(runs[0][2], runs[1][2])
    assert runs[0][0] != runs[2][0]


def nan_after(encoded, steps):
    plain, calls = tiny.task().loss(tiny.task().Config(), encoded), []

    def loss(outputs, labels, **_ignored):
        calls.append(1)
        return plain(outputs, labels) * (float("nan") if len(calls) > steps else 1.0)

    return loss


def test_not_a_number_at_once_is_an_error(prepared, encoded, tmp_path):
    heard = tiny.Heard()
    with pytest.raises(StudioError) as caught:
        train(prepared, encoded, tmp_path, heard, loss=nan_after(encoded, 2))
    assert caught.value.code == "training.nan"
    assert caught.value.where == "training.learning_rate"
    assert caught.value.params["step"] == 3
    assert "training.not-a-number" in heard.codes()
    assert len(heard.values("train", "loss")) == 2
    assert not heard.values("validation", "loss")


def test_not_a_number_later_ends_with_the_best_weights(prepared, encoded, tmp_path):
    from safetensors.torch import load_file

    heard = tiny.Heard()
    epoch = math.ceil(len(prepared.train) / 12)
    trained = train(prepared, encoded, tmp_path, heard, loss=nan_after(encoded, epoch + 2))  # validation too
    assert (trained.outcome, trained.best_epoch, trained.steps) == ("nan", 1.0, epoch + 2)
    assert len(heard.values("validation", "loss")) == 1
    assert same(load_file(tmp_path / "best.safetensors"), weights(prepared.model))
    assert all(value.isfinite().all() for value in weights(prepared.model).values())


def test_early_stopping_counts_epochs_without_gain(prepared, encoded, tmp_path):
    heard = tiny.Heard()
    given = iter([0.5, 0.7, 0.6, 0.7, 0.9])

    def measure(_logits, _labels):
        return {"loss": 1.0, "accuracy": 0.5, "macro_f1": next(given)}

    trained = train(prepared, encoded, tmp_path, heard, judge=Judge(measure), epochs=5, patience=2)
    assert (trained.outcome, trained.epochs, trained.best_epoch, trained.best_score) == ("early", 4.0, 2.0, 0.7)
    assert heard.codes().count("training.early") == 1
    assert len(heard.values("validation", "loss")) == 4


def test_patience_waits_until_the_score_moves(prepared, encoded, tmp_path):
    """Many networks begin with the largest class alone, while their loss falls."""
    losses, scores = iter([3.0, 2.0, 1.5, 1.0, 1.1, 1.2]), iter([0.2, 0.2, 0.2, 0.2, 0.2, 0.2])

    def measure(_logits, _labels):
        return {"loss": next(losses), "accuracy": 0.5, "macro_f1": next(scores)}

    trained = train(prepared, encoded, tmp_path, judge=Judge(measure), epochs=9, patience=2)
    assert (trained.outcome, trained.epochs, trained.best_epoch) == ("early", 6.0, 4.0)


def test_patience_zero_never_stops(prepared, encoded, tmp_path):
    def measure(_logits, _labels):
        return {"loss": 1.0, "accuracy": 0.5, "macro_f1": 0.5}

    trained = train(prepared, encoded, tmp_path, judge=Judge(measure), epochs=4, patience=0)
    assert (trained.outcome, trained.epochs, trained.best_epoch) == ("completed", 4.0, 1.0)


def at_step(step, act):
    """Listens, and acts when the training values of ``step`` come."""
    heard = tiny.Heard()

    def emit(event):
        heard(event)
        if event.kind == "metric" and event.split == "train" and event.step == step:
            act()

    return heard, emit


def test_stop_keeps_the_best_after_one_evaluation(prepared, encoded, tmp_path):
    control = Control()
    heard, emit = at_step(2, control.stop)
    trained = train(prepared, encoded, tmp_path, emit, control, epochs=50)
    assert (trained.outcome, trained.steps) == ("stopped", 3)
    assert [event.step for event in heard.of("metric") if event.split == "validation"] == [3]
    assert trained.best_score == heard.values("validation", "macro_f1")[0]
    assert heard.codes() == ["training.stopped"]


def test_cancel_raises_within_a_batch(prepared, encoded, tmp_path):
    control, batches = Control(), []
    prepared.model.register_forward_hook(lambda *_: batches.append(1))
    _, emit = at_step(2, control.cancel)
    with pytest.raises(Cancelled):
        train(prepared, encoded, tmp_path, emit, control, epochs=50)
    assert len(batches) == 2  # the third is not computed to its end


def test_cancel_between_the_parts_of_a_batch(prepared, encoded, tmp_path):
    control, batches = Control(), []

    def count(*_args):
        batches.append(1)
        if len(batches) == 2:
            control.cancel()

    prepared.model.register_forward_hook(count)
    with pytest.raises(Cancelled):
        train(prepared, encoded, tmp_path, control=control, accumulate=4)
    assert len(batches) == 2


def test_pause_holds_and_resumes_and_does_not_count(prepared, encoded, tmp_path):
    control = Control()
    heard, emit = at_step(2, control.pause)
    ended = []
    thread = threading.Thread(
        target=lambda: ended.append(train(prepared, encoded, tmp_path, emit, control, epochs=1)), name="pausing"
    )
    begin = time.monotonic()
    thread.start()
    while not control.paused and time.monotonic() - begin < 30:
        time.sleep(0.01)
    time.sleep(0.3)
    held = len(heard)
    time.sleep(1.2)
    assert len(heard) == held
    control.resume()
    thread.join(30)
    [trained] = ended
    assert trained.outcome == "completed"
    assert control.paused_seconds > 1.2
    worked = time.monotonic() - begin - 1.2
    assert trained.seconds < worked
    # however slow the machine is, the time that the steps are said to have taken has no room for the pause
    assert sum(12 / rate for rate in heard.values("train", "samples_per_second")) < worked


def test_without_validation_the_last_weights_stay(tiny_model, encoded, tmp_path):
    only_train = replace(encoded, splits={"train": encoded.splits["train"]})
    prepared = tiny.transfer("full-fine-tuning", tiny_model, only_train)
    before, heard = weights(prepared.model), tiny.Heard()
    trained = train(prepared, encoded, tmp_path, heard, epochs=1)
    assert (trained.outcome, trained.best_epoch, trained.best_score) == ("completed", None, None)
    assert not heard.values("validation", "loss")
    assert not same(before, weights(prepared.model))
    assert not (tmp_path / "best.safetensors").exists()


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 bytes")])
def test_memory_that_runs_out_is_explained(prepared, encoded, tmp_path, error):
    def loss(*_args, **_kwargs):
        raise error

    with pytest.raises(StudioError) as caught:
        train(prepared, encoded, tmp_path, loss=loss)
    assert caught.value.code == "training.no-memory"


def test_other_errors_pass(prepared, encoded, tmp_path):
    def loss(*_args, **_kwargs):
        raise RuntimeError("something else")

    with pytest.raises(RuntimeError, match="something else"):
        train(prepared, encoded, tmp_path, loss=loss)


@pytest.mark.parametrize("strategy", ["linear-probe", "full-fine-tuning"])
def test_rows_of_weight_zero_teach_nothing(tmp_path, tiny_model, strategy):
    """With weight zero on every row of one class the model must learn to say the other one always."""
    from tests import tiny
    from tlstudio.core.control import Control
    from tlstudio.training.trainer import fit

    lines = ["text,label,w"] + [f"text number {i},class {i % 2},{i % 2}" for i in range(60)]
    path = tmp_path / "weighted.csv"
    path.write_text("\n".join(lines))
    encoded = tiny.encode(tiny_model, path, data_options={"roles": {"weight": "w"}})
    transfer = tiny.transfer(strategy, tiny_model, encoded)
    task = tiny.task()
    fit(transfer, task.loss(task.Config(), encoded), tiny.judge(encoded), tiny.SETTINGS, tmp_path / "fit", tiny.Heard(),
        Control())  # fmt: skip
    batch = transfer.collate([transfer.train[0], transfer.train[1]])
    assert "row_weights" in batch
    model = transfer.model.eval()
    logits = model(**{name: value for name, value in batch.items() if name not in ("labels", "row_weights")}).logits
    assert logits.argmax(1).tolist() == [1, 1]
