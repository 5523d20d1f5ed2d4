"""Every string that a person sees is in the translation files, translated, and with the same blanks."""

from __future__ import annotations

import ast
import importlib.util
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import pytest

from tlstudio.core import plugins
from tlstudio.core.options import describe
from tlstudio.core.recipe import DataSection, ModelSection, SplitSection, TrainingSection

ROOT = Path(__file__).resolve().parents[1]
_NAMES_OF_FORMATS = {
    "fp32",
    "fp16",
    "bf16",
    "int8",
    "4",
    "8",
    "16",
    "32",
    "64",
    "128",
    "256",
    "qwerty",
    "qwertz",
    "azerty",
    "IO",
    "IOB1",
    "IOB2",
    "IOBES",
    "BILOU",
}


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("translations", ROOT / "packaging" / "translations.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TOOL = _tool()


@cache
def translated(language: str) -> dict[tuple[str, str], str | None]:
    """(context, source) to its translation; None where that is not finished."""
    root = ElementTree.parse(TOOL.FOLDER / f"tlstudio_{language}.ts").getroot()
    found = {}
    for context in root.iter("context"):
        for message in context.iter("message"):
            translation = message.find("translation")
            done = translation is not None and translation.get("type") is None and (translation.text or "").strip()
            key = (context.findtext("name", ""), message.findtext("source", ""))
            found[key] = translation.text if done and translation is not None else None
    return found


def window_strings(path: Path) -> Iterator[tuple[str, str]]:
    """(context, source) of the literals in ``self.tr(…)`` and ``translate(context, …)``, as lupdate finds them."""

    def walk(node: ast.AST, owner: str) -> Iterator[tuple[str, str]]:
        for child in ast.iter_child_nodes(node):
            inside = child.name if isinstance(child, ast.ClassDef) else owner
            if isinstance(child, ast.Call):
                yield from called(child, inside)
            yield from walk(child, inside)

    def called(call: ast.Call, owner: str) -> Iterator[tuple[str, str]]:
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        values = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
        if name == "tr" and values:
            yield owner, values[0]
        elif name == "translate" and len(values) >= 2:
            yield values[0], values[1]

    yield from walk(ast.parse(path.read_text(encoding="utf-8")), "")


def blanks(template: str) -> list[tuple[str, str | None]]:
    parts = string.Formatter().parse(template)
    return sorted((name, form or "") for _text, name, form, _conversion in parts if name is not None)


def window_files() -> list[Path]:
    return sorted((TOOL.PACKAGE / "gui").rglob("*.py"))


@pytest.mark.parametrize("language", TOOL.LANGUAGES)
def test_the_window_is_translated(language: str) -> None:
    known = translated(language)
    used = {key for path in window_files() for key in window_strings(path)}
    assert len(used) > 300
    assert not sorted(key for key in used if key[1].strip() and not known.get(key))


@pytest.mark.parametrize("language", TOOL.LANGUAGES)
def test_the_engine_is_translated(language: str) -> None:
    known = translated(language)
    strings = TOOL.engine_strings()
    assert {"Largest class", "Bag of words", "tokens"} <= set(strings)
    assert not [text for text in strings if not known.get(("engine", text))]


@pytest.mark.parametrize("language", TOOL.LANGUAGES)
def test_blanks_are_the_same(language: str) -> None:
    for (_context, source), target in translated(language).items():
        if not target or "{" not in source + target:
            continue
        try:
            wanted = blanks(source)
        except ValueError:
            continue  # braces of something else, such as an example of JSON
        assert blanks(target) == wanted, f"{source!r} → {target!r}"


@pytest.mark.parametrize("language", TOOL.LANGUAGES)
def test_compiled_file_is_not_older_than_its_source(language: str, qapp: Any) -> None:
    from PySide6.QtCore import QTranslator

    translator = QTranslator()
    assert translator.load(str(TOOL.FOLDER / f"tlstudio_{language}.qm"))
    for (context, source), target in translated(language).items():
        if target:
            assert translator.translate(context, source) == target


def test_every_entry_of_a_list_has_a_title() -> None:
    from tlstudio.gui import words

    packages = (
        "strategies",
        "regularisation",
        "adaptation",
        "compression",
        "export",
        "tasks",
        "augmentation",
        "data.sources",
        "data.steps",
        "data.doctor",
    )
    models = [plugin.Config for package in packages for plugin in plugins.find(f"tlstudio.{package}").values()]
    models += [DataSection, ModelSection, SplitSection, TrainingSection]
    choices = {choice for model in models for option in describe(model) for choice in option.choices}
    assert {"balanced", "stratified"} <= choices
    assert {choice for choice in choices if words.choice(choice) == choice} <= _NAMES_OF_FORMATS
