"""Prepared images: one cache for all splits, changed only where a model trains."""

from __future__ import annotations

import os
from types import SimpleNamespace

import numpy as np
import pytest

from tests import tiny
from tests.tasks.models import image_network, write_pictures
from tlstudio.augmentation.apply import Augmenter
from tlstudio.augmentation.base import Resources
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.paths import cache_folder
from tlstudio.core.progress import silent
from tlstudio.core.recipe import Choice, DataSection
from tlstudio.data.labelled import require
from tlstudio.models.pixels import read_pixels
from tlstudio.tasks import images
from tlstudio.tasks.base import EncodeJob
from tlstudio.tasks.image_classification import PLUGIN as TASK


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return image_network(tmp_path_factory.mktemp("vit"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_pictures(tmp_path_factory.mktemp("pictures"))


def encode(model, folder, *augment, control=None, emit=silent, data=None, **options):
    control = control or Control()
    rows = require(DataSection.model_validate({"path": str(folder), **(data or {})}), silent, Control(), TASK.ROLES)
    augmenter = Augmenter([Choice.model_validate(item) for item in augment], 7, Resources(control, model), emit)
    return TASK.encode(EncodeJob(TASK.Config(**options), rows, model, emit, control, augmenter)), rows


def test_rows_hold_what_the_processor_makes_of_the_files(model, folder):
    from tlstudio.data.images import open_image

    encoded, rows = encode(model, folder)
    assert (encoded.labels, encoded.inputs) == (["blue", "green", "red"], ("pixel_values",))
    pixels = read_pixels(model)
    for split, part in rows.splits.items():
        held = encoded.splits[split]
        assert held.column_names == ["pixel_values", "labels", "row"]
        assert held["labels"] == part.codes.tolist()
        assert held["row"] == [int(index) + 1 for index in part.indices]
        for index, path in enumerate(part.texts("image")):
            square = np.asarray(pixels.square(open_image(path)))
            assert np.array_equal(held.square(index), square)
            row = held[index]
            assert row["pixel_values"].dtype == np.float32
            assert np.array_equal(row["pixel_values"], pixels.values(square))
    assert len(encoded.examples("test").lengths()) == len(rows.splits["test"])
    assert set(encoded.examples("test")[0]) == {"pixel_values"}
    with pytest.raises(IndexError):
        encoded.splits["test"][len(rows.splits["test"])]


def test_transparent_parts_are_white(model, folder):
    encoded, rows = encode(model, folder)
    paths = list(rows.splits["train"].texts("image"))
    place = next(index for index, path in enumerate(paths) if path.endswith("/4.png"))
    assert encoded.splits["train"].square(place)[0, 0].tolist() == [255, 255, 255]


def test_one_cache_for_every_division(model, folder, monkeypatch):
    first, _rows = encode(model, folder)
    monkeypatch.setattr(images, "open_image", lambda _path: pytest.fail("prepared anew"))
    again, _rows = encode(model, folder)
    other, _rows = encode(model, folder, data={"split": {"seed": 5}})
    assert again.key == first.key
    assert other.key != first.key
    assert len(list(cache_folder("pixels").iterdir())) == 1


def test_a_changed_file_or_another_size_is_prepared_anew(model, tmp_path):
    folder = write_pictures(tmp_path / "pictures")
    keys = {encode(model, folder)[0].key}
    os.utime(folder / "red" / "1.png", (1, 1))
    keys.add(encode(model, folder)[0].key)
    keys |= {encode(model, folder, **options)[0].key for options in ({"resolution": 48}, {"crop": "pad"})}
    assert len(keys) == 4
    assert encode(model, folder, resolution=48)[0].splits["train"][0]["pixel_values"].shape == (3, 48, 48)


def test_progress_and_cancel(model, folder):
    heard, control = tiny.Heard(), Control()
    encode(model, folder, emit=heard)
    assert heard.of("progress")[-1].done == heard.of("progress")[-1].total == 36
    assert heard.of("progress")[-1].unit == "images"
    control.cancel()
    with pytest.raises(Cancelled):
        encode(model, folder, control=control, resolution=48)
    assert len(list(cache_folder("pixels").iterdir())) == 1, "nothing half-written is left"


def test_a_broken_image_is_named(model, tmp_path):
    job = SimpleNamespace(emit=silent, control=Control())
    (tmp_path / "broken.png").write_bytes(b"\x89PNG nothing")
    with pytest.raises(StudioError) as caught:
        images.Store(job, read_pixels(model), [str(tmp_path / "broken.png")]).open()
    assert (caught.value.code, caught.value.where) == ("data.broken-image", str(tmp_path / "broken.png"))
    with pytest.raises(StudioError):
        images.Store(job, read_pixels(model), [str(tmp_path / "absent.png")]).open()


def test_only_training_rows_change_by_seed_epoch_and_row(model, folder):
    plain, _rows = encode(model, folder)
    encoded, _rows = encode(model, folder, {"name": "rotation"}, {"name": "colour-jitter"})
    assert encoded.key == plain.key, "features of the other splits are the same"
    for split in ("validation", "test"):
        assert type(encoded.splits[split]) is images.ImageRows
        assert np.array_equal(encoded.splits[split][0]["pixel_values"], plain.splits[split][0]["pixel_values"])
    train = encoded.splits["train"]
    train.set_epoch(0)
    first = [train[index]["pixel_values"] for index in (0, 1, 0)]
    train.set_epoch(1)
    later = train[0]["pixel_values"]
    train.set_epoch(0)
    again = [train[index]["pixel_values"] for index in (0, 1, 0)]
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))
    looks = [plain.splits["train"][0]["pixel_values"], first[0], first[2], later]
    assert not any(np.array_equal(looks[a], looks[b]) for a in range(4) for b in range(a))
    assert train["labels"] == plain.splits["train"]["labels"]


def test_only_training_batches_are_mixed(model, folder):
    encoded, _rows = encode(model, folder, {"name": "mixup", "alpha": 1.0})
    collate = TASK.collator(TASK.Config(), encoded)
    train, test = encoded.splits["train"], encoded.splits["test"]
    train.set_epoch(0)
    rows = [train[index] for index in range(0, len(train), 4)]
    batch = collate(rows)
    assert batch["labels"].shape == (len(rows), 3)
    assert batch["labels"].sum(1).tolist() == pytest.approx([1] * len(rows))
    assert ((batch["labels"] > 0.01).sum(1) == 2).any()
    assert not np.array_equal(batch["pixel_values"][0], rows[0]["pixel_values"])
    assert np.array_equal(collate(rows)["pixel_values"], batch["pixel_values"]), "the same batch mixes alike"
    shares = {index: share for index, share in enumerate(batch["labels"][0].tolist()) if share > 0.01}
    assert shares.get(rows[0]["labels"], 0) > 0 or len(shares) == 1
    plain = collate([test[0], test[1]])
    assert plain["labels"].dtype.is_floating_point is False
    assert np.array_equal(plain["pixel_values"][0], test[0]["pixel_values"])


def test_a_mixed_batch_learns_shares_and_smoothing(model, folder):
    import torch

    encoded, _rows = encode(model, folder, {"name": "mixup"})
    logits, shares = torch.tensor([[2.0, 0.0, 1.0], [0.0, 1.0, 0.0]]), torch.tensor([[0.7, 0.3, 0], [0, 0, 1.0]])
    outputs = SimpleNamespace(logits=logits)
    expected = -(shares * logits.log_softmax(1)).sum(1)
    assert TASK.loss(TASK.Config(), encoded)(outputs, shares).item() == pytest.approx(expected.mean().item())
    weighted = TASK.loss(TASK.Config(), encoded)(outputs, shares, row_weights=torch.tensor([0.5, 1.5]))
    assert weighted.item() == pytest.approx((expected * torch.tensor([0.5, 1.5])).mean().item())
    smooth = TASK.loss(TASK.Config(label_smoothing=0.3), encoded)(outputs, torch.tensor([0, 2]))
    spread = 0.7 * torch.eye(3)[[0, 2]] + 0.1
    assert smooth.item() == pytest.approx(-(spread * logits.log_softmax(1)).sum(1).mean().item())
    balanced = TASK.loss(TASK.Config(class_weights="balanced"), encoded)(outputs, shares)
    assert balanced.item() == pytest.approx(expected.mean().item(), rel=0.2)


def test_for_a_backbone_that_runs_once_there_are_copies(model, folder):
    encoded, _rows = encode(model, folder, {"name": "rotation", "degrees": 40})
    train = encoded.splits["train"]
    unrolled, count = train.unrolled(), len(train)
    assert len(unrolled) == 4 * count
    assert unrolled["labels"] == train["labels"] * 4
    assert np.array_equal(unrolled[0]["pixel_values"], train.values(0))
    assert not np.array_equal(unrolled[count]["pixel_values"], train.values(0))
    assert np.array_equal(unrolled[count]["pixel_values"], train.unrolled()[count]["pixel_values"])
    assert "draw" not in unrolled[count]


def test_pixels_that_no_patch_reads_are_told(model, folder):
    heard = tiny.Heard()
    encode(model, folder, emit=heard, resolution=50)
    note = next(event for event in heard.of("log") if event.code == "task.patches")
    assert note.params == {"size": 50, "patch": 8, "rest": 2}
    heard.clear()
    encode(model, folder, emit=heard, resolution=48)
    assert "task.patches" not in heard.codes()


def test_weights_of_rows(model, tmp_path):
    folder = write_pictures(tmp_path / "pictures")
    lines = ["file_name,label,weight"]
    for label in ("red", "green", "blue"):
        lines += [f"{label}/{number}.png,{label},{1 + number % 2}" for number in range(12)]
    (folder / "metadata.csv").write_text("\n".join(lines))
    encoded, _rows = encode(model, folder, data={"roles": {"weight": "weight"}})
    train = encoded.splits["train"]
    assert sum(train["weight"]) / len(train) == pytest.approx(1)
    assert TASK.collator(TASK.Config(), encoded)([train[0], train[1]])["row_weights"].shape == (2,)
    assert "weight" not in encoded.splits["test"].column_names
