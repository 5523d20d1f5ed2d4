"""Every kind of bad input: one clear message with place and remedy, from the engine and on the command line alike.

Nothing half-written stays: after each case no ``.part`` file is left in the run folder, the caches or beside the data.
"""

from __future__ import annotations

import csv
import errno
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ticket_rows
from tlstudio import pipeline
from tlstudio.cli import main
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.recipe import from_dict

GOOD = ticket_rows(60)


@dataclass
class Desk:
    """The place of one test: a good recipe that a case spoils."""

    folder: Path
    home: Path
    model: Path
    recipe: dict[str, Any] = field(default_factory=dict)

    def write(self, rows: list[tuple[str, str]] | bytes, header: tuple[str, ...] = ("text", "label")) -> Path:
        path = self.folder / "data.csv"
        if isinstance(rows, bytes):
            path.write_bytes(rows)
        else:
            with open(path, "w", encoding="utf-8", newline="") as stream:
                csv.writer(stream).writerows([header, *rows])
        return path

    def copy_model(self) -> Path:
        shutil.copytree(self.model, self.folder / "model")
        self.recipe["model"]["name"] = str(self.folder / "model")
        return self.folder / "model"

    def run(self, where: Path | None = None) -> tuple[dict[str, Any], list[Any]]:
        """Runs the engine; returns the error of the one terminal event, and all events."""
        events: list[Any] = []
        finished = pipeline.run(from_dict(self.recipe), where or self.folder / "run", events.append, Control())
        assert [event for event in events if event.kind == "finished"] == [finished]
        assert events[-1] is finished
        assert (finished.outcome == "failed") == (finished.error is not None)
        self.assert_clean()
        return finished.error or {}, events

    def command(self, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str]:
        """Runs the command line; returns the exit code and standard error."""
        path = self.folder / "recipe.yaml"
        path.write_text(yaml.safe_dump(self.recipe), encoding="utf-8")
        capsys.readouterr()
        code = main(["run", str(path), *(more or ("--runs", str(self.folder / "runs")))])
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        self.assert_clean()
        return code, " ".join(said.err.split())

    def assert_clean(self) -> None:
        for place in (self.folder, self.home):
            left = [path for path in place.rglob("*") if ".part" in path.name or path.name == "run.lock"]
            assert left == []
            assert not [path for path in place.rglob("tmp*") if path.is_file()]


@pytest.fixture
def desk(tmp_path: Path, home: Path, tiny_model: Path) -> Desk:
    desk = Desk(tmp_path, home, tiny_model)
    desk.recipe = {
        "model": {"source": "folder", "name": str(tiny_model)},
        "data": {"path": str(desk.write(GOOD))},
        "training": {"epochs": 1, "batch_size": 8, "precision": "fp32", "threads": 1},
        "evaluate": {"bootstrap": 100},
        "export": [],
    }
    return desk


def text_of(error: dict[str, Any]) -> tuple[str, str]:
    found = StudioError.from_dict(error)
    return " ".join(found.message.split()), " ".join(found.remedy.split())


def assert_told(desk: Desk, capsys: pytest.CaptureFixture[str], code: str, place: str) -> None:
    """The engine ends with ``code``, naming ``place`` and a remedy; the command line says the same."""
    error, _events = desk.run()
    assert error["code"] == code
    message, remedy = text_of(error)
    assert place in message
    assert "{" not in message + remedy
    assert len(remedy) > 10
    assert error["where"]
    exit_code, said = desk.command(capsys)
    assert exit_code == 1
    assert f"Error: {message}"[:90] in said
    assert f"→ {remedy}"[:60] in said
    assert said.count("Error:") == 1


# --- data


def missing(desk: Desk) -> None:
    (desk.folder / "data.csv").unlink()


def a_folder(desk: Desk) -> None:
    missing(desk)
    (desk.folder / "data.csv").mkdir()


def vanished_column(desk: Desk) -> None:
    desk.recipe["data"]["roles"] = {"text": "body"}


def spoil(content: list[tuple[str, str]] | bytes, *header: str) -> Callable[[Desk], None]:
    def apply(desk: Desk) -> None:
        desk.write(content, header or ("text", "label"))

    return apply


BAD_DATA: dict[str, tuple[Callable[[Desk], None], str, str]] = {
    "missing": (missing, "files.missing", "data.csv"),
    "a folder": (a_folder, "data.empty-folder", "is an empty folder"),
    "empty": (spoil(b""), "data.empty-file", "data.csv"),
    "only a header": (spoil(b"text,label\n"), "data.no-rows", "data.csv"),
    "binary": (spoil(b"\x89PNG\r\n\x1a\n\0\0\0"), "data.unknown-format", "a picture"),
    "mis-encoded": (spoil("text,label\nschöne Grüße,x\n".encode() + b"\xff\xfe,y\n"), "data.bad-encoding", "Line 3"),
    "ragged row": (spoil(b"text,label\na,x\nb,y,z\n"), "data.ragged-row", "Line 3"),
    "vanished column": (vanished_column, "data.no-column", "'body'"),
    "one column": (spoil(b"text\na\nb\n"), "data.no-column-left", "no column left for the label"),
    "one class": (spoil([(text, "same") for text, _ in GOOD]), "data.one-class", "'same'"),
    "class with one example": (spoil([*GOOD, ("x", "rare")]), "data.rare-classes", "'rare'"),
    "empty texts": (spoil([*GOOD, ("", "refund"), ("  ", "refund")]), "data.empty-rows", "row 61"),
    "duplicate header": (spoil([("a", "b", "c")], "text", "label", "text"), "data.duplicate-column", "'text'"),
    "bad JSON": (spoil(b'{"text": "a", "label": "x"}\n{"text": \n'), "data.bad-json", "Line 2"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_DATA)
def test_bad_data(desk, capsys, case):
    apply, code, place = BAD_DATA[case]
    apply(desk)
    assert_told(desk, capsys, code, place)


@pytest.mark.parametrize(
    "case", [case for case in BAD_DATA if case not in ("vanished column", "a folder", "one column")]
)
def test_inspect_says_the_same(desk, capsys, case):
    apply, code, place = BAD_DATA[case]
    apply(desk)
    assert main(["inspect", str(desk.folder / "data.csv")]) == 1
    said = capsys.readouterr()
    assert place in " ".join((said.out + said.err).split())
    assert "Traceback" not in said.out + said.err
    main(["inspect", str(desk.folder / "data.csv"), "--json"])
    said = capsys.readouterr()
    assert code in [p["code"] for p in json.loads(said.out)["problems"]] if said.out else "Error:" in said.err


ALIKE = {
    "case": [("x", "Refund"), ("y", "Refund")],
    "spaces": [("x", "re  fund"), ("x2", "re  fund"), ("y", "re fund"), ("z", "re fund")],
}


@pytest.mark.parametrize("rows", ALIKE.values(), ids=list(ALIKE))
def test_labels_that_differ_by_case_or_spaces(desk, capsys, rows):
    """They can be learnt, so the run goes on; but it says so, with the way to join them."""
    desk.write([*GOOD, *rows])
    error, events = desk.run()
    assert not error
    told = [event for event in events if event.kind == "log" and event.code == "doctor.similar-labels"]
    assert [event.level for event in told] == ["warning"]
    assert rows[0][1] in told[0].params["pairs"]
    assert main(["inspect", str(desk.folder / "data.csv")]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "fix: Join them: {name: merge-similar-labels}" in said
    desk.recipe["data"]["steps"] = ["merge-similar-labels"]
    _error, events = desk.run(desk.folder / "again")
    assert not [event for event in events if event.kind == "log" and event.code == "doctor.similar-labels"]


def test_bad_data_of_a_second_file(desk, capsys):
    other = desk.folder / "test.csv"
    other.write_text("text,label\na,x,y\n")
    desk.recipe["data"]["test"] = str(other)
    assert_told(desk, capsys, "data.ragged-row", "test.csv")


def test_text_of_5_mb_is_read_with_a_warning(desk, capsys):
    desk.write([*GOOD, ("please help now " * 350_000, "refund")])
    error, events = desk.run()
    assert error == {}
    (warning,) = [event for event in events if event.kind == "log" and event.code == "data.long-text"]
    assert warning.level == "warning"
    assert warning.params["row"] == 61
    assert warning.params["characters"] == 16 * 350_000
    code, said = desk.command(capsys)
    assert code == 0
    assert "Row 61" in said


# --- model


def no_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


def broken_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text('{"version": "1.0"')


def truncated(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def corrupt(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(b"<html>" + path.read_bytes()[6:])


def other_weights(folder: Path) -> None:
    from safetensors.numpy import save_file

    save_file({}, folder / "model.safetensors")


def other_config(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 3}))


def impossible_config(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "num_attention_heads": 5}))


def no_config(folder: Path) -> None:
    (folder / "config.json").unlink()


BAD_MODELS: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "no tokenizer": (no_tokenizer, "model.no-tokenizer", "model"),
    "broken tokenizer": (broken_tokenizer, "model.bad-tokenizer", "model"),
    "truncated weights": (truncated, "model.damaged-weights", "model.safetensors"),
    "corrupt weights": (corrupt, "model.damaged-weights", "model.safetensors"),
    "weights of nothing": (other_weights, "model.cannot-load", "lack"),
    "weights of another size": (other_config, "model.cannot-load", "bert.encoder.layer.2"),
    "impossible config": (impossible_config, "model.cannot-load", "model"),
    "no config": (no_config, "model.no-config", "model"),
    "folder gone": (shutil.rmtree, "model.no-folder", "model"),
}


@pytest.mark.parametrize("case", BAD_MODELS)
def test_bad_model(desk, capsys, case):
    apply, code, place = BAD_MODELS[case]
    apply(desk.copy_model())
    assert_told(desk, capsys, code, place)


def test_wrong_hash(desk, capsys):
    desk.recipe["model"]["sha256"] = "0" * 64
    assert_told(desk, capsys, "model.wrong-hash", "model.safetensors")


def test_model_that_is_not_here(desk, capsys):
    desk.recipe["model"] = {"source": "hub", "name": "org/absent"}
    assert_told(desk, capsys, "model.not-here", "org/absent")


# --- the machine


@pytest.fixture
def disk() -> Iterator[Callable[..., Path]]:
    """``disk(folder, "64k")`` puts a file system of that size there; needs the right to mount."""
    mounted: list[Path] = []

    def mount(folder: Path, size: str) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
        if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("no right to mount a small file system")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def read_only(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)


@pytest.mark.parametrize("size", ["4k", "16k", "64k", "160k", "300k"])
def test_full_disk_of_the_run(desk, capsys, disk, size):
    """At the recipe, the results, the best weights, the model, the export."""
    desk.recipe["export"] = ["safetensors"]
    place = disk(desk.folder / "small", size)
    error, _events = desk.run(place / "run")
    assert error["code"] == "files.disk-full"
    assert str(place) in text_of(error)[0]
    shutil.rmtree(place / "run")
    code, said = desk.command(capsys, "--runs", str(place))
    assert code == 1
    assert "The disk is full" in said
    assert "Free some space" in said


@pytest.mark.parametrize(("size", "strategy"), [("4k", "full-fine-tuning"), ("12k", "full-fine-tuning"),
                                                ("24k", "linear-probe"), ("28k", "linear-probe")])  # fmt: skip
def test_full_disk_of_the_caches(desk, disk, size, strategy):
    """At the table, the tokens, the features."""
    disk(desk.home, size)
    desk.recipe["strategy"] = {"name": strategy}
    error, _events = desk.run()
    assert error["code"] == "files.disk-full"
    assert str(desk.home) in text_of(error)[0]


def test_full_disk_without_the_right_to_mount(desk, capsys, monkeypatch):
    real = os.fsync

    def full(handle: int) -> None:
        if "results.json" in str(Path(f"/proc/self/fd/{handle}").readlink()):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle)

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("needs /proc")
    monkeypatch.setattr(os, "fsync", full)
    assert_told(desk, capsys, "files.disk-full", "results.json")


def test_read_only_output_folder(desk, capsys, disk):
    place = disk(desk.folder / "locked", "1m")
    read_only(place)
    error, _events = desk.run(place / "run")
    assert error["code"] == "files.no-permission"
    assert str(place) in text_of(error)[0]
    code, said = desk.command(capsys, "--runs", str(place))
    assert code == 1
    assert "permission denied or a read-only folder" in said
    assert list(place.iterdir()) == []


def test_read_only_caches(desk, disk):
    read_only(disk(desk.home, "1m"))
    error, _events = desk.run()
    assert error["code"] == "files.no-permission"


def test_output_folder_is_a_file(desk, capsys):
    (desk.folder / "runs").write_text("in the way")
    code, said = desk.command(capsys)
    assert code == 1
    assert "could not be read or written" in said or "exists" in said
    assert (desk.folder / "runs").read_text() == "in the way"


def fail_forward(monkeypatch: pytest.MonkeyPatch, problem: Callable[[], Exception], fits: int = 0) -> list[int]:
    """Lets BERT's forward fail for batches of more than ``fits`` rows in training; returns the sizes that it saw."""
    from transformers import BertForSequenceClassification

    real, seen = BertForSequenceClassification.forward, []

    def forward(self: Any, input_ids: Any = None, **kwargs: Any) -> Any:
        if self.training:
            seen.append(len(input_ids))
            if len(input_ids) > fits:
                raise problem()
        return real(self, input_ids=input_ids, **kwargs)

    monkeypatch.setattr(BertForSequenceClassification, "forward", forward)
    return seen


def out_of_memory_kinds() -> list[Callable[[], Exception]]:
    def torch_error() -> Exception:
        import torch

        return torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    def allocator() -> Exception:
        return RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory: 3 GB")

    return [MemoryError, torch_error, allocator]


@pytest.mark.parametrize("kind", range(3))
def test_no_memory_even_for_one_row(desk, capsys, monkeypatch, kind):
    seen = fail_forward(monkeypatch, out_of_memory_kinds()[kind])
    assert_told(desk, capsys, "training.no-memory", "memory")
    assert seen[:4] == [8, 4, 2, 1]
    assert not (desk.folder / "run" / "model").exists()
    assert not (desk.folder / "run" / "checkpoints").exists()


def test_memory_for_less_than_a_batch(desk, monkeypatch):
    seen = fail_forward(monkeypatch, MemoryError, fits=2)
    error, events = desk.run()
    assert error == {}
    assert seen[:3] == [8, 4, 2]
    assert max(seen[3:]) == 2
    parts = [event.params["parts"] for event in events if getattr(event, "code", "") == "training.smaller-batch"]
    assert parts == [2, 4]
    training = json.loads((desk.folder / "run" / "results.json").read_text())["training"]
    assert (training["batch_size"], training["accumulate"]) == (8, 4)
    assert training["steps"] == 6  # 42 rows in optimiser steps of 8, whatever they are computed in


def test_no_memory_while_training(desk, capsys, monkeypatch):
    """The rehearsal fitted, but another program has taken the memory since."""
    from transformers import Trainer

    def training_step(*_args: Any, **_kwargs: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(Trainer, "training_step", training_step)
    assert_told(desk, capsys, "training.no-memory", "memory")


def test_no_memory_elsewhere(desk, monkeypatch):
    def read(*_args: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr("tlstudio.data.labelled.require", read)
    error, _events = desk.run()
    assert error["code"] == "run.no-memory"


def test_a_fault_of_ours_is_said_plainly(desk, capsys, monkeypatch, caplog):
    def read(*_args: Any) -> Any:
        raise ZeroDivisionError("oops {x}")

    monkeypatch.setattr("tlstudio.data.labelled.require", read)
    error, _events = desk.run()
    assert error["code"] == "run.unexpected"
    assert "ZeroDivisionError: oops {x}" in StudioError.from_dict(error).message
    assert "Traceback" in caplog.text


def test_a_bad_run_leaves_the_folder_readable(desk):
    """What failed is still listed, with its recipe and its reason."""
    missing(desk)
    desk.run()
    lines = (desk.folder / "run" / "events.jsonl").read_text().splitlines()
    assert json.loads(lines[-1])["error"]["code"] == "files.missing"
    assert json.loads((desk.folder / "run" / "results.json").read_text())["outcome"] == "failed"
    assert (desk.folder / "run" / "recipe.yaml").is_file()
