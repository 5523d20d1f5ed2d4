"""Virtual tokens: tokens of the vocabulary that stand for no word, which the tokenizer puts before each text.

They are added to a copy of the backbone's tokenizer, and its post-processor, which puts the special tokens around a
text, puts them after the first one of these. So whatever reads ``tokenizer.json`` reads texts as the model was trained.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tlstudio.core.errors import StudioError
from tlstudio.core.files import atomic_folder, read_json, write_json
from tlstudio.core.paths import cache_folder
from tlstudio.models.folders import copy_tokenizer
from tlstudio.models.tokenizers import load_tokenizer
from tlstudio.tasks.texts import tokenizer_stamp

_FORMAT = 1  # part of each key: another number makes every folder anew
_CLASS = "PreTrainedTokenizerFast"  # reads tokenizer.json as it is


def reader(backbone: Path, count: int) -> tuple[Path, list[int]]:
    """The folder of a tokenizer with ``count`` virtual tokens, from the cache or made now; and their ids.

    Args:
        backbone: folder with config.json and the tokenizer without them.
        count: how many.

    Raises:
        StudioError: the tokenizer cannot put them before a text.
    """
    stamp = f"{_FORMAT}|{tokenizer_stamp(backbone)}|{(backbone / 'config.json').read_text(encoding='utf-8')}|{count}"
    folder = cache_folder("prompts") / hashlib.sha256(stamp.encode()).hexdigest()[:24]
    if not (folder / "config.json").is_file():
        with atomic_folder(folder) as part:
            _write(backbone, part, count)
    return folder, _virtual(backbone, folder)


def _virtual(backbone: Path, folder: Path) -> list[int]:
    """The ids that a tokenizer has beyond those of the backbone's."""
    before, now = load_tokenizer(backbone).get_vocab(), load_tokenizer(folder).get_vocab()
    return sorted(now[name] for name in set(now) - set(before))


def _write(backbone: Path, folder: Path, count: int) -> None:
    from transformers import AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(backbone, local_files_only=True, trust_remote_code=False)
    if not tokenizer.is_fast:
        raise _refused("it has no tokenizer.json")
    names = _names(tokenizer.get_vocab(), count)
    _add(tokenizer, names)
    copy_tokenizer(backbone, folder)  # what prepares images and the like comes along
    tokenizer.save_pretrained(folder)
    config = read_json(backbone / "config.json")
    if isinstance(config.get("vocab_size"), int):
        config["vocab_size"] = max(config["vocab_size"], len(tokenizer))
    write_json(folder / "config.json", config)
    if not _reads(backbone, folder, count):  # the class of the tokenizer sets the post-processor by itself
        path = folder / "tokenizer_config.json"
        write_json(path, {**read_json(path), "tokenizer_class": _CLASS})
    if not _reads(backbone, folder, count):
        raise _refused("what it puts around a text cannot be changed")


def _refused(reason: str) -> StudioError:
    return StudioError(
        "strategy.no-virtual-tokens", "The tokenizer of this backbone cannot put virtual tokens before a text: "
        "{reason}.", "Choose prefix tuning, which needs none, or another backbone.", where="strategy.name",
        reason=reason,
    )  # fmt: skip


def _names(vocabulary: Mapping[str, int], count: int) -> list[str]:
    """Names that no token has yet: the backbone may come from an earlier prompt tuning."""
    free = (name for number in range(1, len(vocabulary) + count + 1)
            if (name := f"<prompt-{number}>") not in vocabulary)  # fmt: skip
    return [next(free) for _ in range(count)]


def _add(tokenizer: Any, names: Sequence[str]) -> None:
    from tokenizers import AddedToken, Tokenizer

    tokenizer.add_tokens([AddedToken(name, special=True, normalized=False) for name in names], special_tokens=True)
    backend = tokenizer.backend_tokenizer
    content = json.loads(backend.to_str())
    ids = dict(zip(names, tokenizer.convert_tokens_to_ids(list(names)), strict=True))
    content["post_processor"] = with_tokens(content.get("post_processor"), ids)
    backend.post_processor = Tokenizer.from_str(json.dumps(content)).post_processor


def with_tokens(processor: dict[str, Any] | None, ids: Mapping[str, int]) -> dict[str, Any]:
    """A post-processor of ``tokenizer.json`` that puts more tokens (id by name) before the first text.

    Raises:
        StudioError: it is of a kind that cannot be changed.
    """
    processor = processor or _template([_text("A")], [_text("A"), _text("B", 1)], {})
    kind = processor["type"]
    if kind == "Sequence":
        steps = list(processor["processors"])
        at = next((place for place, step in enumerate(steps) if step["type"] != "ByteLevel"), None)
        changed = with_tokens(None if at is None else steps[at], ids)
        return {"type": "Sequence", "processors": [*steps, changed] if at is None else [
            *steps[:at], changed, *steps[at + 1 :]]}  # fmt: skip
    if kind == "ByteLevel":
        return {"type": "Sequence", "processors": [processor, with_tokens(None, ids)]}
    if kind == "RobertaProcessing":  # it moves the offsets of words, too
        offsets = {"type": "ByteLevel", "add_prefix_space": processor["add_prefix_space"],
                   "trim_offsets": processor["trim_offsets"], "use_regex": True}  # fmt: skip
        return {"type": "Sequence", "processors": [offsets, with_tokens(_around(processor, 2, 0), ids)]}
    if kind == "BertProcessing":
        return with_tokens(_around(processor, 1, 1), ids)
    if kind != "TemplateProcessing":
        raise _refused(f"what it puts around a text is of the kind {kind}")
    known = {name: {"id": name, "ids": [number], "tokens": [name]} for name, number in ids.items()}
    special = {**processor["special_tokens"], **known}
    return _template(_before(processor["single"], ids), _before(processor["pair"], ids), special)


def _template(single: list[Any], pair: list[Any], special: dict[str, Any]) -> dict[str, Any]:
    return {"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": special}


def _text(name: str, kind: int = 0) -> dict[str, Any]:
    return {"Sequence": {"id": name, "type_id": kind}}


def _special(name: str, kind: int = 0) -> dict[str, Any]:
    return {"SpecialToken": {"id": name, "type_id": kind}}


def _around(processor: dict[str, Any], between: int, kind: int) -> dict[str, Any]:
    """The processor of BERT or RoBERTa as a template: so many separators between two texts, the second of a kind."""
    (cls, cls_id), (sep, sep_id) = processor["cls"], processor["sep"]
    single = [_special(cls), _text("A"), _special(sep)]
    pair = [*single, *[_special(sep, kind)] * (between - 1), _text("B", kind), _special(sep, kind)]
    known = {name: {"id": name, "ids": [number], "tokens": [name]} for name, number in ((cls, cls_id), (sep, sep_id))}
    return _template(single, pair, known)


def _before(items: Sequence[dict[str, Any]], names: Mapping[str, int]) -> list[dict[str, Any]]:
    """A template with more special tokens before its first text."""
    at = next(place for place, item in enumerate(items) if "Sequence" in item)
    kind = items[at]["Sequence"]["type_id"]
    return [*items[:at], *(_special(name, kind) for name in names), *items[at:]]


def _reads(backbone: Path, folder: Path, count: int) -> bool:
    """Whether a tokenizer reads texts and pairs as that of the backbone, but for the virtual tokens in one place."""
    before, now = load_tokenizer(backbone), load_tokenizer(folder)
    virtual = set(_virtual(backbone, folder))
    if len(virtual) != count:
        return False
    for given in (("Is this a text?",), ("Is this a text?", "another one"), ("1",)):
        ids, known = now(*given)["input_ids"], before(*given)["input_ids"]
        places = [place for place, token in enumerate(ids) if token in virtual]
        if not places or places != list(range(places[0], places[0] + count)):
            return False
        if [token for token in ids if token not in virtual] != known:
            return False
    return True
