"""Collects every string that a person sees into resources/translations/*.ts and compiles the .qm files.

Strings of the window are found by Qt's own lupdate. Templates of the engine (errors, log lines, titles and help of
plug-ins, the catalogue) are collected here from the source and given to lupdate in the context ``engine``, where
``tlstudio.gui.i18n.engine`` looks them up.

    python packaging/translations.py            update and compile
    python packaging/translations.py --missing  print what has no translation yet
"""

from __future__ import annotations

import ast
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import yaml

ROOT = Path(__file__).resolve().parents[1]
PACKAGE, FOLDER = ROOT / "tlstudio", ROOT / "resources" / "translations"
LANGUAGES = ("zh_CN",)
# which arguments of a call hold text for the user
_CALLS = {"StudioError": ((1, 2), ("message", "remedy")), "log": ((2,), ("message",)), "Log": ((), ("message",)),
          "Field": ((), ("title", "description")), "Finding": ((4, 5), ("message", "effect")),
          "Fix": ((0,), ("title",)), "Skip": ((0,), ("reason",)), "_role": ((1, 2), ()),
          "About": ((0, 1), ()), "reason": ((1,), ("message",))}  # fmt: skip


def engine_strings() -> list[str]:
    """All templates of the engine, sorted, each once."""
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        room = path.relative_to(PACKAGE).parts[0]
        if room != "cli":
            found.update(_in_file(ast.parse(path.read_text(encoding="utf-8")), constants=room != "gui"))
    for entry in yaml.safe_load((ROOT / "resources/catalogue/models.yaml").read_text(encoding="utf-8")):
        found.update(entry[key] for key in ("title", "summary", "data"))
    return sorted(text for text in found if text.strip())


def _in_file(tree: ast.AST, constants: bool) -> Iterator[str]:
    """Texts of a file; ``constants``: also those of capital names, which the window translates by itself."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            positions, keywords = _CALLS.get(name, ((), ()))
            values = [node.args[index] for index in positions if index < len(node.args)]
            values += [keyword.value for keyword in node.keywords if keyword.arg in keywords]
            values += [_unit(keyword.value) for keyword in node.keywords if keyword.arg == "json_schema_extra"]
            yield from (text for value in values for text in _texts(value))
        elif constants and isinstance(node, ast.Assign):
            names = [item.id for item in ast.walk(node.targets[0]) if isinstance(item, ast.Name)]
            if names and all(name.endswith(("TITLE", "SUMMARY")) for name in names):
                yield from _texts(node.value)
            elif names and names[0].isupper():  # constants that hold sentences; a single word is an identifier
                yield from (text for text in _texts(node.value) if " " in text and text[0].isalpha())


def _unit(node: ast.AST) -> ast.AST:
    """The unit of an option, from the mapping that holds it."""
    if isinstance(node, ast.Dict):
        return next((value for key, value in zip(node.keys, node.values, strict=True)
                     if isinstance(key, ast.Constant) and key.value == "unit"), ast.Constant(None))  # fmt: skip
    return node


def _texts(node: ast.AST) -> Iterator[str]:
    """String literals of an argument or constant; a conditional or a tuple may hold several."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
    elif isinstance(node, (ast.Tuple, ast.List)):
        for item in node.elts:
            yield from _texts(item)
    elif isinstance(node, ast.Dict):
        for value in node.values:
            yield from _texts(value)


def update() -> None:
    """Brings the .ts files up to date and compiles them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        engine = Path(folder) / "engine.py"
        lines = [f"QCoreApplication.translate('engine', {text!r})" for text in engine_strings()]
        engine.write_text("\n".join(lines) + "\n", encoding="utf-8")
        sources = [str(path) for path in sorted((PACKAGE / "gui").rglob("*.py"))]
        for language in LANGUAGES:
            ts = FOLDER / f"tlstudio_{language}.ts"
            _tool("pyside6-lupdate", *sources, str(engine), "-ts", str(ts), "-locations", "none", "-no-obsolete")
            _tool("pyside6-lrelease", str(ts), "-qm", str(ts.with_suffix(".qm")))


def missing() -> list[tuple[str, str, str]]:
    """(language, context, source) of every string without a translation."""
    rows = []
    for language in LANGUAGES:
        root = ElementTree.parse(FOLDER / f"tlstudio_{language}.ts").getroot()
        for context in root.iter("context"):
            for message in context.iter("message"):
                translation = message.find("translation")
                if (
                    translation is None
                    or translation.get("type") == "unfinished"
                    or not (translation.text or "").strip()
                ):
                    rows.append((language, context.findtext("name", ""), message.findtext("source", "")))
    return rows


def _tool(name: str, *arguments: str) -> None:
    subprocess.run([str(Path(sys.executable).parent / name), *arguments], check=True)


if __name__ == "__main__":
    if "--missing" in sys.argv:
        for row in missing():
            print("\t".join(row))
    else:
        update()
        print(f"{len(missing())} strings have no translation")
