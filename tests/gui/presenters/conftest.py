"""Presenters over a context with a fake worker and fake plug-ins, without the window around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from tests.gui import fake, fake_doctor
from tests.gui.conftest import Answers, _settle
from tlstudio.gui.context import Context
from tlstudio.session.settings import Settings


@pytest.fixture
def context(
    qapp: QApplication,
    answers: dict[str, Callable[[dict[str, Any]], Any]],
    runners: list[fake.FakeRunner],
    dialogs: Answers,
    problems: list[Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Context]:
    monkeypatch.setenv("TLSTUDIO_HOME", str(tmp_path / "home"))
    fake_doctor.replace_plugins(monkeypatch)
    answers.update(fake_doctor.answers())

    def make() -> fake.FakeRunner:
        runners.append(fake.FakeRunner(answers, pace=0.002))
        return runners[-1]

    result = Context(Settings(), make, dialogs)
    yield result
    result.close()
    result.deleteLater()
    _settle()


@pytest.fixture
def told(context: Context) -> list[str]:
    """What was said in the status bar."""
    lines: list[str] = []
    context.told.connect(lines.append)
    return lines


@pytest.fixture
def ready(context: Context, csv: Path, until: Callable[..., None]) -> Callable[[], None]:
    """Chooses a model and data, and waits until both are read."""

    def choose() -> None:
        context.edit_many({"model": {"source": "hub", "name": fake.MINILM}, "data.path": str(csv)})
        until(lambda: context.facts.data.state == context.facts.model.state == "known")

    return choose
