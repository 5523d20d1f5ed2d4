"""Several adapters on one backbone: each is a network of its own, and all share the tensors of the backbone.

This file needs only torch, transformers, safetensors and peft (and network.py where an adapter is a prefix), and an
export of adapters carries a copy of it:

    from adapters import load
    support, topics = load("adapters/support"), load("adapters/topics")

The folder of an adapter holds ``adapter_config.json`` and ``adapter_model.safetensors`` in the layout of peft, with the
head among its weights, beside config and tokenizer of the network; the backbone lies in ``../../backbone``, or has to
be put there where the adapters were exported alone.
"""

from __future__ import annotations

import copy
import hashlib
import json
import sys
import warnings
from pathlib import Path
from typing import Any

import peft
import torch
import transformers
from safetensors.torch import load_file
from torch import nn

from tlstudio.models import parts

CONFIG_FILE, WEIGHTS_FILE = "adapter_config.json", "adapter_model.safetensors"  # as peft calls them
OUTER = "base_model.model."  # what peft writes before the name of each weight
_backbones: dict[tuple[Path, str], Any] = {}
_known: set[Path] = set()  # folders of backbones whose weights were looked at


def chosen(folder: Path) -> Path:
    """The adapter that ``--adapter NAME`` among the arguments of the program names, which is taken out of them.

    Args:
        folder: of the export, whose ``adapters.json`` names the usual one.
    """
    name = json.loads((folder / "adapters.json").read_text(encoding="utf-8"))["default"]
    if "--adapter" in sys.argv[1:-1]:
        at = sys.argv.index("--adapter", 1)
        name = sys.argv[at + 1]
        del sys.argv[at : at + 2]
    path: Path = folder / "adapters" / name
    if path.parent.resolve() != (folder / "adapters").resolve() or not (path / CONFIG_FILE).is_file():
        known = sorted(item.name for item in (folder / "adapters").iterdir())
        raise SystemExit(f"There is no adapter {name!r}. Choose one of: {', '.join(known)}")
    return path


def load(adapter: str | Path) -> Any:
    """The network of an adapter, in fp32, ready to answer; the tensors of the backbone are read once and shared.

    Args:
        adapter: its folder, beside those of others in the folder ``adapters`` of an export.
    """
    adapter = Path(adapter).resolve()
    if problem := lacks_backbone(adapter.parents[1]):
        raise SystemExit(problem)
    about = json.loads((adapter / CONFIG_FILE).read_text(encoding="utf-8"))
    settings = json.loads((adapter / parts.SETTINGS_FILE).read_text(encoding="utf-8"))
    model = _on_backbone(adapter.parents[1] / "backbone", settings["head"]["auto"])
    model.config = transformers.AutoConfig.from_pretrained(adapter, local_files_only=True, trust_remote_code=False)
    model.config._attn_implementation = model.base_model.config._attn_implementation
    if (adapter / "generation_config.json").is_file():
        model.generation_config = transformers.GenerationConfig.from_pretrained(adapter)
    tensors = {name.removeprefix(OUTER): tensor for name, tensor in load_file(adapter / WEIGHTS_FILE).items()}
    heads = tuple(f"{name}." for name in about.get("modules_to_save") or ())
    own = {name: tensor for name, tensor in tensors.items() if not name.startswith(heads)}
    if "part" in about:
        parts.add(model, about["part"])
        for name, tensor in own.items():
            _put(model, name, tensor)
    else:
        with warnings.catch_warnings():  # not every kind of peft knows modules_to_save, which we put in ourselves
            warnings.simplefilter("ignore", UserWarning)
            config = peft.PeftConfig.from_pretrained(str(adapter))
        _inject(model, config, own)
    for name in tensors.keys() - own.keys():
        _put(model, name, tensors[name])
    return model.eval().requires_grad_(False)


def lacks_backbone(folder: Path) -> str:
    """What an export of adapters alone needs before they can answer; an empty text where nothing is missing.

    Args:
        folder: of the export, whose ``adapters.json`` says which backbone was left out.
    """
    needed = json.loads((folder / "adapters.json").read_text(encoding="utf-8")).get("backbone")
    place = folder / "backbone"
    if needed is None or place in _known:
        return ""
    name, revision = needed["name"], needed["revision"]
    get = f"hf download {name} --revision {revision} --local-dir" if revision else f"copy the folder {name} to"
    for file, digest in needed["sha256"].items():
        if not (place / file).is_file():
            return f"The backbone {name} is not beside the adapters: {get} {place}"
        if _sha256(place / file) != digest:
            return f"{place / file} is not the backbone that the adapters were trained on: {get} {place}"
    _known.add(place)
    return ""


def _sha256(path: Path) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _on_backbone(folder: Path, auto: str) -> Any:
    """A network with modules of its own and the tensors that all networks on this backbone share."""
    key = (folder, auto)
    if key not in _backbones:
        level = transformers.logging.get_verbosity()
        transformers.logging.set_verbosity_error()  # it would report that the backbone has no head, which comes later
        try:
            found = getattr(transformers, auto).from_pretrained(
                folder, dtype=torch.float32, local_files_only=True, use_safetensors=True, trust_remote_code=False
            )
        finally:
            transformers.logging.set_verbosity(level)
        _backbones[key] = found.eval().requires_grad_(False)
    plain = _backbones[key]
    shared = {id(tensor): tensor for tensor in (*plain.parameters(), *plain.buffers())}
    return copy.deepcopy(plain, shared)


def _inject(model: Any, config: Any, tensors: dict[str, torch.Tensor]) -> None:
    """Puts an adapter of peft into a network."""
    config.modules_to_save, config.inference_mode = None, True
    if tokens := getattr(config, "token_indices", None):  # of virtual tokens, which lie behind the vocabulary
        matrix = model.get_input_embeddings()
        matrix.weight = nn.Parameter(matrix.weight.detach().clone(), requires_grad=False)  # others keep theirs
        if max(tokens) >= len(matrix.weight):
            model.resize_token_embeddings(max(tokens) + 1, mean_resizing=False)
    peft.inject_adapter_in_model(config, model)
    found: Any = peft.set_peft_model_state_dict(model, tensors)
    if found.unexpected_keys:
        raise ValueError(f"the backbone has no place for {found.unexpected_keys[0]}")


def _put(model: Any, name: str, tensor: torch.Tensor) -> None:
    """Gives a network a tensor of its own, whose shape may be another, such as that of a head with more classes."""
    owner, _, leaf = name.rpartition(".")
    module = model.get_submodule(owner)
    if leaf in module._buffers:
        module._buffers[leaf] = tensor
        return
    setattr(module, leaf, nn.Parameter(tensor, requires_grad=False))
    if isinstance(module, nn.Linear):
        module.out_features, module.in_features = module.weight.shape
