"""What a model's makers wrote as small programs, tried out where it can be ended: the regular expressions of a
tokenizer, and the chat template.

An expression can go through a text in ways that double with each letter, and a template can loop for ever or fill the
memory. So both are tried once, on texts that bring this to light, in a process with little memory and little time;
what passed is remembered by its content. ``python -m tlstudio.models.probing FILE`` is that process.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import sys
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from tlstudio.core import confined
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.files import read_json, write_text
from tlstudio.core.paths import cache_folder

SECONDS, _MEMORY = 10.0, 2 << 30
_LARGEST_TEMPLATE = 1 << 20
_VERSION = 1  # of the trials; another number tries everything again
_LETTERS = "aA1 \n.'!é中\u00a0"
_GIVEN = {"tools": None, "documents": None, "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>",
          "pad_token": "<pad>"}  # fmt: skip
_DEPTH = 200  # that JSON is searched to; the library that reads it goes to 128


def require_sound(folder: Path) -> None:
    """Tries the expressions and templates of a model folder, unless they have passed before.

    Raises:
        StudioError: one does not end in time, wants too much memory, or fails.
    """
    found = programs(folder)
    if not found["patterns"] and not found["templates"]:
        return
    key = hashlib.sha256(json.dumps([_VERSION, found], sort_keys=True).encode("utf-8", "replace")).hexdigest()
    try:
        _tried(key, json.dumps(found))
    except StudioError as error:
        error.params["path"] = error.where = str(folder)
        raise


@lru_cache(maxsize=64)
def _tried(key: str, text: str) -> None:
    """Failures are not kept by the cache: the computer may have been busy."""
    done = cache_folder("probed") / key
    if done.is_file():
        return
    with tempfile.TemporaryDirectory(prefix="tlstudio-probe-") as name:
        place = Path(name) / "programs.json"
        place.write_text(text, encoding="utf-8")
        ended = confined.run("tlstudio.models.probing", [str(place)], Control(), SECONDS)
    if ended.code:
        raise _refused(ended.stderr, ended.late)
    write_text(done, "passed\n")


def _refused(said: str, late: bool) -> StudioError:
    """``said``: by the process, which names each thing before it tries it."""
    last = [line for line in said.splitlines() if line.startswith("trying ")]
    what = last[-1].removeprefix("trying ") if last else "pattern"
    reason = "it does not come to an end" if late else "it breaks off, or wants too much memory"
    if what == "template":
        return StudioError(
            "model.bad-template", "The chat template in {path} cannot be used: {reason}.",
            "Set the template of the task to plain by removing chat_template from the folder, or choose another model.",
            path="", reason=reason,
        )  # fmt: skip
    return StudioError(
        "model.bad-pattern", "A regular expression of the tokenizer in {path} cannot be used: {reason}.",
        "Copy tokenizer.json from the original model, or choose another model.", path="", reason=reason,
    )  # fmt: skip


def _tokenizer(folder: Path) -> Any:
    try:
        return read_json(folder / "tokenizer.json")
    except StudioError as error:
        if error.code != "files.not-json":
            raise
        return None  # loading it says so with a remedy


def programs(folder: Path) -> dict[str, list[str]]:
    """Expressions and templates of a folder: ``{"patterns": […], "templates": […]}``.

    Raises:
        StudioError: a file is no JSON, or larger than any of its kind.
    """
    patterns: list[str] = []
    templates: list[str] = []
    if (folder / "tokenizer.json").is_file():
        content = _tokenizer(folder)
        if isinstance(content, dict):  # vocabulary and merges are long and hold no expression
            rest = {key: value for key, value in content.items() if key not in ("model", "added_tokens")}
            patterns = sorted(set(_expressions(rest)))
    for name in ("tokenizer_config.json", "processor_config.json", "chat_template.json"):
        if (folder / name).is_file():
            config = read_json(folder / name)
            templates += _templates(config.get("chat_template") if isinstance(config, dict) else None)
    for path in (folder / "chat_template.jinja", *sorted((folder / "additional_chat_templates").glob("*.jinja"))):
        if path.is_file():
            with open(path, encoding="utf-8", errors="replace") as stream:
                templates.append(stream.read(_LARGEST_TEMPLATE + 1))
    if any(len(template) > _LARGEST_TEMPLATE for template in templates):
        raise StudioError(
            "model.bad-template", "The chat template in {path} cannot be used: {reason}.",
            "Set the template of the task to plain by removing chat_template from the folder, or choose another model.",
            where=str(folder), path=str(folder), reason="it is larger than a megabyte",
        )  # fmt: skip
    return {"patterns": patterns, "templates": sorted(set(templates))}


def _expressions(value: Any, depth: int = 0) -> Iterator[str]:
    if depth > _DEPTH:
        return
    if isinstance(value, dict):
        if isinstance(value.get("Regex"), str):
            yield value["Regex"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _expressions(item, depth + 1)


def _templates(value: Any) -> list[str]:
    """One, or several with names."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [item["template"] for item in value if isinstance(item, dict) and isinstance(item.get("template"), str)]
    return [item for item in value.values() if isinstance(item, str)] if isinstance(value, dict) else []


# --- the process


def main(arguments: list[str]) -> int:
    """Tries what is in a file; the exit code is 0 if all of it ended."""
    confined.confine(_MEMORY, int(SECONDS))
    found = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    for template in found["templates"]:
        _say("template")
        _try_template(template)
    for pattern in found["patterns"]:
        _say("pattern")
        _try_pattern(pattern)
    return 0


def _say(what: str) -> None:
    print(f"trying {what}", file=sys.stderr, flush=True)


def _try_pattern(pattern: str) -> None:
    """Runs of a letter, and of two in turn, with an end that fits nothing: there the tries multiply."""
    from tokenizers import Regex, normalizers

    try:
        replace = normalizers.Replace(Regex(pattern), "")
    except Exception:  # no expression: reading the tokenizer will say so
        return
    own = [letter for letter in dict.fromkeys(pattern) if letter.isprintable()][:40]
    # an expression is not even tried on a text without the letters that it must find
    ends = ("\x01!", f"\x01{''.join(own)}\x01")
    letters = list(dict.fromkeys([*_LETTERS, *own]))
    pieces = [*letters, *("".join(pair) for pair in itertools.permutations(own[:8], 2))]
    for piece in pieces:
        for length in (28, 60, 3000):
            for end in ends:
                replace.normalize_str(piece * length + end)


def _try_template(template: str) -> None:
    from jinja2 import TemplateError

    turn = [{"role": "user", "content": "Where is my parcel?"}, {"role": "assistant", "content": "On its way."}]
    long = [{"role": "user", "content": "where " * 2000}, {"role": "assistant", "content": "\n" * 500}]
    try:
        ready = _environment().from_string(template)
    except (TemplateError, RecursionError):
        return  # writing a conversation with it will say so
    for messages in (turn, turn * 8, long, [{"role": "system", "content": "Be kind."}, *turn], turn[:1]):
        for asks in (False, True):
            try:
                text = ready.render(messages=messages, add_generation_prompt=asks, **_GIVEN)
            except MemoryError:
                raise
            except Exception:  # what a template does not take, it says by any exception
                continue
            if len(text) > 64 << 20:
                raise MemoryError


def _environment() -> Any:
    """As transformers makes it, without what is only for agents."""
    from datetime import datetime

    import jinja2
    from jinja2.ext import Extension, loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generation(Extension):
        tags = {"generation"}

        def parse(self, parser: Any) -> Any:
            next(parser.stream)
            return parser.parse_statements(("name:endgeneration",), drop_needle=True)

    def refuse(message: str) -> None:
        raise jinja2.TemplateError(message)

    made = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
    made.filters["tojson"] = lambda value, **_given: json.dumps(value, ensure_ascii=False)
    made.globals |= {"raise_exception": refuse, "strftime_now": lambda form: datetime.now().strftime(form)}
    return made


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
