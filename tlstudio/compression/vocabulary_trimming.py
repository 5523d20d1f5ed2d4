"""Vocabulary trimming: tokens that no text of the user needs are taken out of tokenizer and embeddings together.

Source: Abdaoui et al., 2020, "Load what you need: smaller versions of multilingual BERT", § 3. Why what is left reads
the texts as before is told in :mod:`tlstudio.models.vocabularies`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from tlstudio.compression import networks
from tlstudio.compression.base import CompressJob, Format
from tlstudio.core.errors import StudioError
from tlstudio.core.events import log
from tlstudio.core.files import read_json, write_json
from tlstudio.core.progress import Meter
from tlstudio.models import vocabularies
from tlstudio.models.batches import IGNORED
from tlstudio.models.folders import SETTINGS_FILE, VOCABULARIES
from tlstudio.models.heads import Head, read_settings
from tlstudio.models.tokenizers import load_tokenizer

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from tlstudio.models.scorers import Scorer

_FILE = "tokenizer.json"
_STALE = (*(name for name in VOCABULARIES if name != _FILE), "merges.txt", "bpe.codes", "dict.txt", "target.spm",
          "target_vocab.json", "vocab-tgt.json", "added_tokens.json")  # fmt: skip
# fields of config.json and generation_config.json that hold numbers of tokens
_NUMBERS = re.compile(r"(^|_)token_ids?$|^(bad_words_ids|force_words_ids|(begin_)?suppress_tokens)$")
_SIZES = ("vocab_size", "decoder_vocab_size", "encoder_vocab_size")
_TEXTS = 200  # at once
_LOWEST = 64  # networks that count positions from the padding token want its number to stay


class Options(BaseModel):
    """Choices of vocabulary trimming."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    general: int = Field(
        5000, ge=0, le=1_000_000, title="General tokens",
        description="The most frequent tokens of the vocabulary, which stay even if the training texts lack them, so "
        "that new texts are not read in letters. All characters and special tokens stay anyway.",
        json_schema_extra={"unit": "tokens"},
    )  # fmt: skip


class VocabularyTrimming:
    """Smaller embeddings; the time does not change."""

    NAME = "vocabulary-trimming"
    TITLE = "Vocabulary trimming"
    SUMMARY = (
        "Keeps the tokens that your texts need, and some thousand frequent ones: much smaller where a model knows many "
        "languages, and the texts are read as before."
    )
    TAKES: tuple[Format, ...] = ("transformers",)
    GIVES: Format = "transformers"
    REREADS = True
    Config = Options

    def fits(self, task: Any) -> StudioError | None:
        if task.LEARNS == "text":
            return None
        return StudioError(
            "compress.no-texts", "Vocabulary trimming is for tasks that read texts; {task} does not.",
            "Leave the step out.", where="compress.vocabulary-trimming", task=task.TITLE,
        )  # fmt: skip

    def apply(self, config: Options, job: CompressJob, folder: Path) -> None:
        job.control.check()
        content = _tokenizer(job.source)
        model = networks.load(job.source)
        rows = _embeddings(model).weight.shape[0]
        used = {number for number in (*_used(job), *_named(job.source, rows)) if 0 <= number < rows}
        places = _places(content, used, config.general, rows)
        before = networks.parameters(model)
        keep_rows(model, places)
        networks.save(model, job.source, folder)
        _write(folder, content, places, rows)
        log(job.emit, "compress.tokens-kept", "Kept {kept} of {count} tokens: {before} million parameters became "
            "{after} million.", kept=len(places), count=rows, before=round(before / 1e6, 2),
            after=round(networks.parameters(model) / 1e6, 2))  # fmt: skip
        _require_one_vocabulary(folder)
        _prove(job, folder, places)

    def scorer(self, folder: Path) -> Scorer:
        return networks.scorer(folder)


PLUGIN = VocabularyTrimming()


# --- which tokens stay


def _refused(reason: str, remedy: str, **params: Any) -> StudioError:
    return StudioError("compress.vocabulary", reason, remedy, where="compress.vocabulary-trimming", **params)


def _tokenizer(source: Path) -> dict[str, Any]:
    """The tokenizer as its file states it.

    Raises:
        StudioError: there is none, or it is of an unknown kind; or there is a second one.
    """
    parts = [part.get("part") for part in read_settings(source).get("parts") or ()]
    if (source / "second").is_dir() or "fusion" in parts:
        raise _refused("A network with two backbones keeps its vocabularies.", "Leave vocabulary trimming out.")
    content = read_json(source / _FILE) if (source / _FILE).is_file() else None
    if not isinstance(content, dict) or not isinstance(content.get("model"), dict):
        raise _refused("The model has no tokenizer.json, which alone says how its tokens hang together.",
                       "Leave vocabulary trimming out, or choose a model whose tokenizer has that file.")  # fmt: skip
    kind = content["model"].get("type")
    if kind not in vocabularies.KINDS:
        raise _refused("Vocabularies of the kind {kind} cannot be trimmed.", "Leave vocabulary trimming out.",
                       kind=str(kind))  # fmt: skip
    return content


def _embeddings(model: Any) -> Any:
    """The layer with a vector for each token.

    Raises:
        StudioError: it is of another kind.
    """
    import torch

    try:
        layer = model.get_input_embeddings()
    except (NotImplementedError, AttributeError):
        layer = None
    if isinstance(layer, torch.nn.Embedding):
        return layer
    raise _refused("The embeddings of this network are not one vector a token: its vocabulary cannot be trimmed.",
                   "Put vocabulary trimming before the other steps, or leave it out.")  # fmt: skip


def _used(job: CompressJob) -> set[int]:
    """Numbers of all tokens in training rows, and in training texts beyond where rows were cut."""
    found: set[int] = set()
    for row in _rows_of(job, job.rows.splits["train"], "train"):
        found.update(*row)
    if job.texts is None:
        return found
    tokenizer, part = load_tokenizer(job.source), []
    for text in job.texts("train"):
        part.append(text)
        if len(part) == _TEXTS:
            found |= _of_texts(tokenizer, part)
            part.clear()
            job.control.check()
    return found | _of_texts(tokenizer, part)


def _of_texts(tokenizer: Any, texts: Sequence[str]) -> set[int]:
    if not texts:
        return set()
    found = tokenizer(list(texts), add_special_tokens=False, truncation=False, verbose=False)["input_ids"]
    return {number for row in found for number in row}


def _rows_of(job: CompressJob, rows: Any, split: str) -> Iterator[list[list[int]]]:
    """The lists of token numbers in each row of a split."""
    head = Head.of(read_settings(job.source))
    names = ("input_ids", "decoder_input_ids", "labels") if head.kind == "text" or head.losses else ("input_ids",)
    meter = Meter(job.emit, job.control, "compress", max(len(rows), 1), "rows")
    for at in range(len(rows)):
        meter.advance()
        row = rows[at]
        lists = [row[name] for name in names if name in row] + list(row.get("texts", ()))  # of pairs each by itself
        yield [[int(number) for number in part if number != IGNORED] for part in lists]


def _named(source: Path, rows: int) -> set[int]:
    """Numbers of tokens that configs name, such as that of the padding; and those before it, so that it stays."""
    found: set[int] = set()

    def hear(number: int) -> int:
        found.add(number)
        return number

    files = [source / name for name in ("config.json", "generation_config.json")]
    contents = [read_json(path) for path in files if path.is_file()]
    for content in [*contents, read_settings(source)]:
        _renumbered(content, hear)
    pad = contents[0].get("pad_token_id")
    return found | (set(range(pad)) if isinstance(pad, int) and 0 <= pad < min(_LOWEST, rows) else set())


def _renumbered(content: Any, number: Callable[[int], int | None], names_tokens: bool = False) -> Any:
    """A config with other numbers of tokens; of lists those that have none are left out.

    Args:
        content: of the config, or of a field of it.
        number: the new number of a former one.
        names_tokens: whether the field is one that holds numbers of tokens.
    """
    if isinstance(content, dict):
        return {name: _renumbered(value, number, bool(_NUMBERS.search(name))) for name, value in content.items()}
    if isinstance(content, list):
        found = [_renumbered(value, number, names_tokens) for value in content]
        return [value for value in found if value is not None] if names_tokens else found
    if not names_tokens or not isinstance(content, int) or isinstance(content, bool) or content < 0:
        return content  # some state -1 for none
    return number(content)


def _places(content: dict[str, Any], used: set[int], general: int, rows: int) -> list[int]:
    """The former numbers of the tokens that stay, in their new order.

    Raises:
        StudioError: that would be all of them.
    """
    kept = {number for number in vocabularies.needed(content, used, general) if number < rows}
    if len(kept) < rows:
        return vocabularies.order(content, kept)
    raise _refused("Nothing can be trimmed: all {count} tokens of the vocabulary are needed.",
                   "Lower the number of general tokens, or leave vocabulary trimming out.", count=rows)  # fmt: skip


# --- what is written


def keep_rows(model: Any, places: Sequence[int]) -> None:
    """Leaves the tokens with the former numbers ``places`` in the embeddings [V, H] and in what scores tokens."""
    import torch

    index, count = torch.tensor(list(places)), _embeddings(model).weight.shape[0]
    wanted = {id(parameter) for layer in _by_token(model) for parameter in layer.parameters(recurse=False)
              if parameter.shape[0] == count}  # fmt: skip
    made: dict[int, Any] = {}  # tied ones stay tied
    numbers = {old: new for new, old in enumerate(places)}
    for module in model.modules():
        for name, parameter in list(module.named_parameters(recurse=False, remove_duplicate=False)):
            if id(parameter) in wanted:
                fewer = made.setdefault(id(parameter), torch.nn.Parameter(parameter.detach()[index].clone()))
                setattr(module, name, fewer)
                _resize(module, len(places), numbers)
        bias = module._buffers.get("final_logits_bias")
        if bias is not None and bias.shape[-1] == count:
            module._buffers["final_logits_bias"] = bias[..., index].clone()


def _by_token(model: Any) -> list[torch.nn.Module]:
    """Layers with one row for each token."""
    from transformers import PreTrainedModel

    found = []
    for part in model.modules():
        if not isinstance(part, PreTrainedModel):
            continue
        for layer in (part.get_input_embeddings, part.get_output_embeddings):
            try:
                found.append(layer())
            except (NotImplementedError, AttributeError):
                continue  # a part that reads no tokens
    return [layer for layer in found if layer is not None]


def _resize(module: Any, count: int, numbers: dict[int, int]) -> None:
    """Lets a layer state how many rows it has."""
    if hasattr(module, "num_embeddings"):
        module.num_embeddings = count
        module.padding_idx = numbers.get(module.padding_idx) if module.padding_idx is not None else None
    elif hasattr(module, "out_features"):
        module.out_features = count


def _write(folder: Path, content: dict[str, Any], places: list[int], rows: int) -> None:
    """Writes the tokenizer and the configs for the tokens that stay; no file with the former ones is left."""
    numbers = {old: new for new, old in enumerate(places)}
    write_json(folder / _FILE, vocabularies.rewritten(content, places))
    for name in _STALE:
        (folder / name).unlink(missing_ok=True)
    for name in ("config.json", "generation_config.json", SETTINGS_FILE):
        if (folder / name).is_file():
            write_json(folder / name, _sized(_renumbered(read_json(folder / name), numbers.get), rows, len(places)))
    stated = read_json(folder / "tokenizer_config.json") if (folder / "tokenizer_config.json").is_file() else {}
    if added := stated.get("added_tokens_decoder"):
        kept = {str(numbers[int(number)]): token for number, token in added.items() if int(number) in numbers}
        write_json(folder / "tokenizer_config.json", {**stated, "added_tokens_decoder": kept})


def _sized(config: dict[str, Any], before: int, after: int) -> dict[str, Any]:
    """A config with the new size of the vocabulary, also where it lies in a config within."""
    return {
        name: _sized(value, before, after) if isinstance(value, dict)
        else after if name in _SIZES and value == before else value
        for name, value in config.items()
    }  # fmt: skip


# --- the proof


def _require_one_vocabulary(folder: Path) -> None:
    """Raises a StudioError where transformers and tokenizers read the new file otherwise."""
    from tokenizers import Tokenizer

    alone, known = Tokenizer.from_file(str(folder / _FILE)), load_tokenizer(folder)
    if alone.get_vocab() != known.get_vocab():
        raise _refused("The trimmed tokenizer cannot be written: transformers reads it in another way than the library "
                       "tokenizers.", "Leave vocabulary trimming out.")  # fmt: skip


def _prove(job: CompressJob, folder: Path, places: list[int]) -> None:
    """Reads all rows with the new tokenizer, and compares their tokens with those before.

    Raises:
        StudioError: a training row has others.
    """
    if job.read is None:
        return
    after = job.read(folder)
    for split, rows in job.rows.splits.items():
        changed = _changed(job, split, rows, after.splits[split], places)
        if not changed:
            log(job.emit, "compress.same-tokens", "All {rows} rows of the split {split} have the same tokens as "
                "before.", rows=len(rows), split=split)  # fmt: skip
        elif split == "train":
            raise _refused(
                "{count} training rows would be read in other tokens than before, although all of theirs stay.",
                "Raise the number of general tokens, or leave vocabulary trimming out.", count=changed,
            )  # fmt: skip
        else:
            log(job.emit, "compress.other-tokens", "{percent} % of the {rows} rows of the split {split} have words "
                "that are read in smaller pieces now.", "warning", percent=round(100 * changed / len(rows), 1),
                rows=len(rows), split=split)  # fmt: skip


def _changed(job: CompressJob, split: str, rows: Any, others: Any, places: list[int]) -> int:
    """How many rows of a split have other tokens after trimming."""
    before, after = _rows_of(job, rows, split), _rows_of(job, others, split)
    same = sum(
        [[places[number] for number in part] for part in new] == old for old, new in zip(before, after, strict=False)
    )
    return max(len(rows), len(others)) - same
