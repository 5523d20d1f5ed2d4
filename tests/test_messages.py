"""Every sentence for the user has a value for each of its blanks, and every error says what to do."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import pytest

import tlstudio

ROOT = Path(tlstudio.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
_ERROR = ("code", "message", "remedy", "where")
_LOG = ("emit", "code", "message", "level")


def blanks(template: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in string.Formatter().parse(template) if name is not None}


def calls(path: Path) -> list[tuple[ast.Call, tuple[str, ...]]]:
    """The calls of StudioError and log with the names of their positional parameters."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name == "StudioError":
                found.append((node, _ERROR))
            elif name == "log" and len(node.args) >= 3:
                found.append((node, _LOG))
    return found


@pytest.mark.parametrize("path", [path for path in FILES if calls(path)], ids=lambda path: str(path.relative_to(ROOT)))
def test_blanks_have_values(path):
    for call, names in calls(path):
        place = f"{path.name}:{call.lineno}"
        given = dict(zip(names, call.args, strict=False))
        given |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        open_ended = any(keyword.arg is None for keyword in call.keywords)
        for part in ("message", "remedy"):
            value = given.get(part)
            if not isinstance(value, ast.Constant):
                assert not isinstance(value, ast.JoinedStr), f"{place}: an f-string cannot be translated"
                continue
            missing = blanks(value.value) - (set(given) - set(names))
            assert open_ended or not missing, f"{place}: no value for {missing}"
        if names is _ERROR and isinstance(given.get("code"), ast.Constant):
            assert "." in given["code"].value, place
            assert not isinstance(given.get("remedy"), ast.Constant) or given["remedy"].value, f"{place}: no remedy"
            assert "remedy" in given or open_ended, f"{place}: no remedy"


def test_there_are_many():
    assert sum(len(calls(path)) for path in FILES) > 80
