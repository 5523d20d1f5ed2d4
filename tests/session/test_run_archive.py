"""A run as a zip: the same run comes back, and nothing else does."""

from __future__ import annotations

import io
import json
import os
import pickle
import stat
import zipfile
from pathlib import Path

import pytest

from tests.gui.sample_run import results
from tests.session.test_runs import make_run
from tlstudio.core.control import Control
from tlstudio.core.errors import Cancelled, StudioError
from tlstudio.core.progress import silent
from tlstudio.session import run_archive, run_notes
from tlstudio.session.run_notes import RunNotes
from tlstudio.session.runs import RunIndex

NAME = "20261101-100000-a"


@pytest.fixture
def folder(tmp_path) -> Path:
    run = make_run(tmp_path / "runs", NAME)
    (run / "results.json").write_text(json.dumps(results(0.9) | {"stages": [], "exports": []}))
    (run / "recipe.yaml").write_text("schema: 1\nmodel: {name: org/x}\n")
    (run / "model").mkdir()
    (run / "model/model.safetensors").write_bytes(os.urandom(3_000_000))
    (run / "checkpoints").mkdir()
    (run / "checkpoints/optimiser.pt").write_bytes(b"\x80\x02state")
    (run / "report.html").write_text("<script>alert(1)</script>")
    run_notes.write(run, RunNotes(("paper",), "über", True))
    (run / "run.lock").write_text("999999999")
    return run


def export(folder: Path, target: Path, **more) -> Path:
    return run_archive.export(folder, target, silent, Control(), **more)


def take(path: Path, base: Path, emit=silent, control=None) -> Path:
    return run_archive.import_run(path, base, emit, control or Control())


def refused(path: Path, base: Path) -> StudioError:
    with pytest.raises(StudioError) as caught:
        take(path, base)
    assert list(base.iterdir()) == [], "nothing stays"
    assert caught.value.remedy
    return caught.value


def files(folder: Path) -> dict[str, bytes]:
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: data for name, data in found.items() if name not in ("report.html", "run.lock")}


def test_there_and_back(folder, tmp_path) -> None:
    path = export(folder, tmp_path / "run.zip")
    assert not list(tmp_path.glob(".*.part"))
    new = take(path, tmp_path / "other")
    assert new.name == NAME and files(new) == files(folder)
    assert "alert(1)" not in (new / "report.html").read_text(), "the report is made anew"
    (run,) = RunIndex(tmp_path / "other").list()
    assert (run.score, run.tags, run.note, run.star) == (0.9, ("paper",), "über", True)
    assert take(path, tmp_path / "other").name == f"{NAME}-2"
    if os.name != "nt":
        assert stat.S_IMODE(new.stat().st_mode) == 0o755


def test_parts_can_be_left_out(folder, tmp_path) -> None:
    new = take(export(folder, tmp_path / "run.zip", without=["checkpoints"]), tmp_path / "other")
    assert not (new / "checkpoints").exists() and (new / "model/model.safetensors").is_file()
    with pytest.raises(StudioError) as caught:
        export(folder, tmp_path / "run.zip", without=["model"])
    assert caught.value.code == "runs.no-part"


def test_a_run_that_goes_on_is_not_exported(folder, tmp_path) -> None:
    (folder / "run.lock").write_text(str(os.getpid()))
    with pytest.raises(StudioError) as caught:
        export(folder, tmp_path / "run.zip")
    assert caught.value.code == "runs.running-export" and not (tmp_path / "run.zip").exists()


def test_cancel_leaves_nothing(folder, tmp_path) -> None:
    path = export(folder, tmp_path / "run.zip")
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        run_archive.export(folder, tmp_path / "again.zip", silent, control)
    (tmp_path / "other").mkdir()
    with pytest.raises(Cancelled):
        take(path, tmp_path / "other", control=control)
    assert not (tmp_path / "again.zip").exists() and list((tmp_path / "other").iterdir()) == []
    assert not list(tmp_path.glob(".*"))


def rewritten(path: Path, change) -> Path:
    """The zip with its members changed by ``change(members)``."""
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    change(members)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize("how", ["byte", "missing", "added", "manifest"])
def test_what_was_changed_on_the_way_is_refused(folder, tmp_path, how) -> None:
    def change(members: dict[str, bytes]) -> None:
        if how == "byte":
            members[f"{NAME}/recipe.yaml"] = members[f"{NAME}/recipe.yaml"].replace(b"org/x", b"org/y")
        elif how == "missing":
            del members[f"{NAME}/recipe.yaml"]
        elif how == "added":
            members[f"{NAME}/model/extra.json"] = b"{}"
        else:
            members[f"{NAME}/{run_archive.MANIFEST}"] = b"[]"

    path = rewritten(export(folder, tmp_path / "run.zip"), change)
    assert refused(path, tmp_path / "other").code == "runs.damaged-zip"


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "C:/evil", f"{NAME}/../../evil"])
def test_names_that_lead_out_are_refused(folder, tmp_path, name) -> None:
    path = rewritten(export(folder, tmp_path / "run.zip"), lambda members: members.update({name: b"x"}))
    assert refused(path, tmp_path / "other").code == "data.unsafe-name"
    assert not (tmp_path / "evil").exists()


def test_links_are_refused(folder, tmp_path) -> None:
    path = export(folder, tmp_path / "run.zip")
    with zipfile.ZipFile(path, "a") as archive:
        info = zipfile.ZipInfo(f"{NAME}/link")
        info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    assert refused(path, tmp_path / "other").code == "data.link-in-archive"


def test_a_bomb_is_refused(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("tlstudio.data.archives._SMALL", 1 << 20)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("run/recipe.yaml", b"\0" * (8 << 20))
    assert refused(tmp_path / "bomb.zip", tmp_path / "other").code == "data.archive-too-large"


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x03\x04 cut"])
def test_other_files_are_refused(tmp_path, content) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "x.zip").write_bytes(content)
    assert refused(tmp_path / "x.zip", tmp_path / "other").code in ("runs.no-run-in-zip", "data.empty-file")
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("photo.txt", "x")
    assert refused(tmp_path / "x.zip", tmp_path / "other").code == "runs.no-run-in-zip"


def test_a_cut_zip_is_refused(folder, tmp_path) -> None:
    path = export(folder, tmp_path / "run.zip")
    data = path.read_bytes()
    (tmp_path / "other").mkdir()
    for share in (0.1, 0.5, 0.99):
        path.write_bytes(data[: int(len(data) * share)])
        refused(path, tmp_path / "other")


def test_pickles_are_left_out(tmp_path) -> None:
    """Of a run folder that somebody zipped by hand: no manifest, and things that no run has."""
    torch_file = io.BytesIO()
    with zipfile.ZipFile(torch_file, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02")
    with zipfile.ZipFile(tmp_path / "hand.zip", "w") as archive:
        archive.writestr("recipe.yaml", "schema: 1\n")
        archive.writestr("model/pytorch_model.bin", torch_file.getvalue())
        archive.writestr("model/old.pt", pickle.dumps([1], protocol=4))
        archive.writestr("model/x.pkl", "anything")
        archive.writestr("exports/openvino/model.bin", b"\0\1\2\3 weights")
        archive.writestr("exports/onnx/predict.py", "print()")
        archive.writestr("page.html", "<script>")
        archive.writestr("results.json", json.dumps({"test": 5, "stages": "x"}))
    said = []
    new = take(tmp_path / "hand.zip", tmp_path / "other", said.append)
    assert new.name == "hand"
    left = {path.relative_to(new).as_posix() for path in new.rglob("*") if path.is_file()}
    assert left - {"report.html"} == {
        "recipe.yaml", "exports/openvino/model.bin", "exports/onnx/predict.py", "results.json",
    }  # fmt: skip
    codes = [getattr(event, "code", "") for event in said]
    assert "runs.pickles" in codes and "runs.programs" in codes and codes[-1] == "runs.imported"
