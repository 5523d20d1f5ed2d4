"""Checkpoints: complete or absent, verified, kept by a policy, their size foretold."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests import tiny
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.files import size_of
from tlstudio.training import checkpoints
from tlstudio.training.checkpoints import Checkpoints, Policy, foretold, is_sound
from tlstudio.training.trainer import Diverged, fit, fit_all


@pytest.fixture(scope="module")
def encoded(tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    with tiny.own_home(folder):
        return tiny.encode(tiny_model, tiny.write_csv(folder / "tickets.csv"))


def train(model, encoded, folder, keep, loss=None, heard=None, **changes):
    prepared = tiny.transfer("full-fine-tuning", model, encoded, hidden_dropout=0.0)
    loss = loss or tiny.task().loss(tiny.task().Config(), encoded)
    settings, heard = replace(tiny.SETTINGS, **{"epochs": 2, **changes}), tiny.Heard() if heard is None else heard
    return fit(prepared, loss, tiny.judge(encoded), settings, folder, heard, Control(), keep=keep)


@pytest.fixture(scope="module")
def kept(tiny_model, encoded, tmp_path_factory):
    """The three last checkpoints of a training of eight steps; after the eighth it has ended."""
    folder = tmp_path_factory.mktemp("kept")
    heard = tiny.Heard()
    train(tiny_model, encoded, folder, Checkpoints(folder / "phase-0", Policy(0, 3), heard))
    return folder, heard


def steps(folder: Path) -> list[int]:
    return sorted(checkpoints.step_of(place) for place in folder.glob("step-*"))


def test_the_last_ones_stay_with_the_best(kept):
    folder, heard = kept
    assert steps(folder / "phase-0") == [5, 6, 7]
    assert [event.step for event in heard.of("checkpoint")] == list(range(1, 8))
    best = [folder / f"phase-0/step-00000000{step}/best.safetensors" for step in (5, 6)]
    assert best[0].samefile(best[1]), "the same weights take no room twice"
    assert not [path for path in folder.rglob("*") if path.name.endswith(".part")]


def test_the_size_was_foretold(kept, tiny_model, encoded):
    folder, _heard = kept
    model = tiny.transfer("full-fine-tuning", tiny_model, encoded).model
    found = sum({path.stat().st_ino: size_of(path) for path in folder.rglob("*") if path.is_file()}.values())
    largest = foretold(model, "adamw", Policy(0, 3))
    assert 0.6 * largest < found < largest, "one more is there while it is written"


def test_files_that_are_cut_at_every_tenth_byte_are_refused(kept, tmp_path):
    """And the checkpoint before is then the newest."""
    place = Path(shutil.copytree(kept[0] / "phase-0", tmp_path / "phase-0"))
    newest = place / "step-000000007"
    cuts = 0
    for path in sorted(newest.iterdir()):
        whole = path.read_bytes()
        sizes = range(0, len(whole), max(1, len(whole) // 10))
        for size in sizes:
            path.unlink()  # the best weights have another name beside it
            path.write_bytes(whole[:size])
            assert not is_sound(newest), (path.name, size)
            cuts += 1
        path.unlink()
        assert not is_sound(newest), f"without {path.name}"
        path.write_bytes(whole)
        assert is_sound(newest)
    assert cuts >= 60
    (newest / "watch.json").write_text("{}")
    heard = tiny.Heard()
    assert Checkpoints(place, emit=heard).newest() == place / "step-000000006"
    assert heard.of("log")[0].params == {"path": "checkpoints/phase-0/step-000000007"}
    assert steps(place) == [5, 6], "a damaged one is not counted among the last"


@pytest.mark.slow
def test_every_tenth_byte_of_small_files(kept, tmp_path):
    place = Path(shutil.copytree(kept[0] / "phase-0/step-000000007", tmp_path / "step-000000007"))
    for path in sorted(place.iterdir()):
        whole = path.read_bytes()
        for size in range(0, len(whole), 10 if len(whole) < 20_000 else 1000):
            path.unlink()
            path.write_bytes(whole[:size])
            assert not is_sound(place), (path.name, size)
        path.write_bytes(whole)


def test_another_name_among_the_hashes_is_refused(kept, tmp_path):
    place = Path(shutil.copytree(kept[0] / "phase-0/step-000000007", tmp_path / "step-000000007"))
    hashes = json.loads((place / "hashes.json").read_text())
    for wrong in ({**hashes, "../../elsewhere": "0"}, [], {}, dict.fromkeys(hashes, "0")):
        (place / "hashes.json").write_text(json.dumps(wrong))
        assert not is_sound(place)


def test_a_full_disk_does_not_end_the_training(tiny_model, encoded, tmp_path, monkeypatch):
    from safetensors import torch as safetensors

    save = safetensors.save_file

    def full(tensors, path, *args):
        if "step-" in str(path):
            raise OSError(28, "No space left on device")
        save(tensors, path, *args)

    monkeypatch.setattr(safetensors, "save_file", full)
    heard = tiny.Heard()
    trained = train(tiny_model, encoded, tmp_path, Checkpoints(tmp_path / "phase-0", Policy(0, 2), heard), epochs=1)
    assert trained.outcome == "completed"
    assert set(heard.codes()) == {"training.no-checkpoint"}
    assert "full" in heard.of("log")[0].params["reason"]
    assert not list((tmp_path / "phase-0").iterdir())


def test_none_are_kept_where_none_are_wanted(tiny_model, encoded, tmp_path):
    train(tiny_model, encoded, tmp_path, Checkpoints(tmp_path / "phase-0", Policy(0, 0)), epochs=1)
    assert not (tmp_path / "phase-0").exists()


def test_weights_that_are_no_numbers_are_not_kept(tiny_model, encoded, tmp_path):
    import torch

    keep, plain = Checkpoints(tmp_path / "phase-0", Policy(0, 9)), tiny.task().loss(tiny.task().Config(), encoded)
    calls = []

    class Poison(torch.autograd.Function):
        """The loss is a number; its gradient is none."""

        @staticmethod
        def forward(context, value):
            return value.clone()

        @staticmethod
        def backward(context, gradient):
            return gradient * float("nan")

    def loss(outputs, labels, **_ignored):
        calls.append(1)
        value = plain(outputs, labels)
        return Poison.apply(value) if len(calls) == 3 else value

    with pytest.raises(Diverged) as caught:
        train(tiny_model, encoded, tmp_path, keep, loss=loss)
    assert (caught.value.outcome, caught.value.step) == ("nan", 3)
    assert steps(tmp_path / "phase-0") == [1, 2]


def test_a_loss_that_grows_without_end_is_seen(tiny_model, encoded, tmp_path):
    plain, calls = tiny.task().loss(tiny.task().Config(), encoded), []

    def loss(outputs, labels, **_ignored):
        calls.append(1)
        return plain(outputs, labels) * (1 if len(calls) <= 12 else 1.3 ** (len(calls) - 12))

    keep, heard = Checkpoints(tmp_path / "phase-0", Policy(0, 100)), tiny.Heard()
    with pytest.raises(Diverged) as caught:
        train(tiny_model, encoded, tmp_path, keep, loss=loss, heard=heard, epochs=30)
    assert caught.value.outcome == "diverged"
    calm = keep.newest(calm=True)
    assert 10 < checkpoints.step_of(calm) < caught.value.step
    assert steps(tmp_path / "phase-0")[-1] == checkpoints.step_of(calm), "what came after it is gone"
    with pytest.raises(StudioError):
        checkpoints.verify(tmp_path)


def test_a_lower_rate_lowers_all_that_is_loaded(tiny_model, encoded, tmp_path):
    folder, heard = tmp_path, tiny.Heard()
    keep = Checkpoints(folder / "phase-0", Policy(0, 9))
    train(tiny_model, encoded, folder, keep, epochs=2)
    prepared = tiny.transfer("full-fine-tuning", tiny_model, encoded, hidden_dropout=0.0)
    settings = replace(tiny.SETTINGS, epochs=2, rate_factor=0.5)
    loss = tiny.task().loss(tiny.task().Config(), encoded)
    fit(prepared, loss, tiny.judge(encoded), settings, folder, heard, Control(),
        resume=folder / "phase-0/step-000000003")  # fmt: skip
    whole = [tiny.SETTINGS.learning_rate * (1 - step / 8) for step in range(8)]
    assert heard.values("train", "learning_rate") == pytest.approx([rate / 2 for rate in whole[3:]], rel=1e-3)


def test_a_phase_that_has_ended_is_not_trained_again(tiny_model, encoded, tmp_path):
    import torch

    def run(again, heard):
        prepared = tiny.transfer("contrastive-few-shot", tiny_model, encoded, pairs=2)
        loss = tiny.task().loss(tiny.task().Config(), encoded)
        transfer, trained = fit_all(prepared, loss, tiny.judge(encoded), tiny.SETTINGS, tmp_path, heard, Control(),
                                    policy=Policy(0), again=again)  # fmt: skip
        return transfer.finish().state_dict(), trained

    first, again = tiny.Heard(), tiny.Heard()
    (before, trained), (after, known) = run("", first), run("resumed", again)
    assert first.of("metric")
    assert not again.of("metric")
    assert known == trained
    assert all(torch.equal(before[name], after[name]) for name in before)
    end = tmp_path / "phase-1/end/weights.safetensors"
    end.write_bytes(end.read_bytes()[:-1])
    heard = tiny.Heard()
    after, known = run("resumed", heard)
    assert "training.checkpoint-damaged" in heard.codes()
    assert (known.steps, known.best_score) == (trained.steps, trained.best_score)
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_what_a_collator_draws_is_drawn_again(tiny_model, encoded, tmp_path):
    """Masks, for one: batches are made ahead of the steps, from random states that no checkpoint has."""
    import torch

    def run(**more):
        prepared = tiny.transfer("full-fine-tuning", tiny_model, encoded)  # with dropout

        def masking(rows):
            batch = prepared.collate(rows)
            masked = torch.rand(batch["input_ids"].shape) < 0.3
            return {**batch, "input_ids": batch["input_ids"].masked_fill(masked, 4)}

        loss = tiny.task().loss(tiny.task().Config(), encoded)
        drawing = replace(prepared, collate=masking, validation=())
        fit(drawing, loss, tiny.judge(encoded), tiny.SETTINGS, tmp_path, tiny.Heard(), Control(), **more)
        return {name: value.clone() for name, value in drawing.model.state_dict().items()}

    whole = run(keep=Checkpoints(tmp_path / "phase-0", Policy(0, 99)))
    for step in (4, 6):
        again = run(resume=tmp_path / f"phase-0/step-00000000{step}")
        assert all(torch.equal(whole[name], again[name]) for name in whole), step
