"""What leaves this computer, in the window: requests, diagnostics, the token, and pickled weights."""

from __future__ import annotations

import os
import sys
import zipfile

import pytest
from PySide6.QtWidgets import QPushButton

from tests.core.test_tokens import TOKEN, Keyring
from tests.gui import fake
from tlstudio.core import ledger
from tlstudio.core.errors import StudioError
from tlstudio.core.ledger import Request
from tlstudio.gui.diagnostics_dialog import DiagnosticsDialog
from tlstudio.gui.network_dialog import NetworkDialog
from tlstudio.session.diagnostics import Part


def _cells(dialog):
    return [[dialog.table.item(row, column).text() for column in range(6)] for row in range(dialog.table.rowCount())]


def test_requests_are_listed(keep, until):
    found = [Request("model", "org/name", "huggingface.co", "GET /org/name", "200", 91_000_000),
             Request("", "", "evil.example", "connect", ledger.REFUSED)]  # fmt: skip
    dialog = keep(NetworkDialog(read=lambda _last: found))
    until(lambda: dialog.table.rowCount() == 2)
    first, second = _cells(dialog)
    assert first[1:] == ["Model  org/name", "huggingface.co", "GET /org/name", "91.0 MB", "200"]
    assert second[1:3] == ["Nobody asked for it", "evil.example"]
    assert "asked for them: 1." in dialog.note.text()
    until(lambda: not dialog.reading)


def test_no_requests(keep, until):
    dialog = keep(NetworkDialog())
    until(lambda: "no request" in dialog.note.text())
    until(lambda: not dialog.reading)


def test_diagnostics_are_shown_before_they_are_written(keep, until, tmp_path):
    target = tmp_path / "d.zip"
    parts = (Part("versions.json", "versions", "{}\n"), Part("logs/worker.log", "log", "a line\n"))
    dialog = keep(DiagnosticsDialog(lambda: parts, choose=lambda: str(target)))
    until(dialog.save_button.isEnabled)
    assert not target.exists()
    assert dialog.list.count() == 2
    dialog.list.setCurrentRow(1)
    assert dialog.text.toPlainText() == "a line\n"
    dialog.save_button.click()
    until(lambda: "d.zip" in dialog.said.text())
    with zipfile.ZipFile(target) as archive:
        assert {name: archive.read(name).decode() for name in archive.namelist()} == {
            part.name: part.text for part in parts
        }
    until(lambda: not dialog.working)


def test_a_place_that_cannot_be_written_is_told(keep, until, tmp_path):
    (tmp_path / "file").write_text("")
    dialog = keep(DiagnosticsDialog(lambda: (Part("a", "log", "b"),), choose=lambda: str(tmp_path / "file" / "d.zip")))
    until(dialog.save_button.isEnabled)
    dialog.save_button.click()
    until(lambda: bool(dialog.said.text()))
    assert "file" in dialog.said.text()
    until(lambda: not dialog.working)


def test_a_mirror_reaches_the_workers_at_once(controller, until, runners, monkeypatch):
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    context = controller.context
    context.facts.ask_catalogue()
    until(lambda: context.facts.get("catalogue").state == "known" and not context.queries.busy)
    context.change_settings(hub_endpoint="https://mirror.example.org/")
    controller.trust.apply("", forget=False)
    assert os.environ["HF_ENDPOINT"] == "https://mirror.example.org"
    context.change_settings(hub_endpoint="")
    controller.trust.apply("", forget=False)
    assert "HF_ENDPOINT" not in os.environ


def test_a_token_goes_to_the_keyring(controller, until, monkeypatch):
    kept = Keyring()
    monkeypatch.setitem(sys.modules, "keyring", kept)
    told = []
    controller.context.told.connect(told.append)
    controller.trust.apply(TOKEN, forget=False)
    until(lambda: told)
    assert list(kept.kept.values()) == [TOKEN]
    controller.trust.apply("", forget=True)
    until(lambda: len(told) > 1)
    assert kept.kept == {}
    assert TOKEN not in "".join(told)


@pytest.mark.parametrize("works", [True, False])
def test_pickled_weights_are_converted_in_one_click(controller, until, answers, dialogs, works):
    converted = []

    def inspect(args):
        if converted:
            return fake.model_facts()
        error = StudioError("model.pickle", "{path} holds a pickle.", "Convert it.", path=args["model"]["name"])
        raise ValueError(error.to_dict())

    def convert(args):
        if not works:
            raise ValueError(StudioError("convert.refused", "{path} runs code.", path=args["folder"]).to_dict())
        converted.append(args["folder"])
        return {"path": f"{args['folder']}/model.safetensors"}

    answers["inspect-model"], answers["convert"] = inspect, convert
    controller.show()
    controller.window.go("model")
    controller.context.edit("model", {"source": "folder", "name": "/models/old"})
    problems = controller.window.pane("model").problems
    until(lambda: any("holds a pickle" in text for text in problems.messages()))
    [button] = [item for item in problems.findChildren(QPushButton) if item.text() == "Convert safely"]
    button.click()
    if works:
        until(lambda: controller.context.facts.model.state == "known")
        assert converted == ["/models/old"]
        assert problems.messages() == []
    else:
        until(lambda: dialogs.told)
        assert dialogs.told == ["/models/old runs code."]
