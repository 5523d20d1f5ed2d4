"""Adapters as files of their own, beside the network that they were merged into: many of them fit on one backbone.

They lie in the layout of peft, with the head among ``modules_to_save``; :mod:`tlstudio.models.adapters` reads them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlstudio.core.files import explain_os_errors, read_json, write_json

if TYPE_CHECKING:
    import torch

_KINDS = {
    "AutoModelForSequenceClassification": "SEQ_CLS",
    "AutoModelForTokenClassification": "TOKEN_CLS",
    "AutoModelForQuestionAnswering": "QUESTION_ANS",
    "AutoModelForCausalLM": "CAUSAL_LM",
    "AutoModelForSeq2SeqLM": "SEQ_2_SEQ_LM",
}


def heads_of(model: torch.nn.Module, fresh: Sequence[torch.nn.Parameter]) -> list[str] | None:
    """The modules that hold what trains beside an adapter; None where they hold other weights as well."""
    own = {id(parameter) for parameter in fresh}
    names = {name.rpartition(".")[0] for name, parameter in model.named_parameters() if id(parameter) in own}
    if any(id(parameter) not in own for name in names for parameter in model.get_submodule(name).parameters()):
        return None  # such as the bias of an output over all tokens, whose weights are the embeddings
    return sorted(name for name in names if not any(name.startswith(f"{other}.") for other in names))


def write(
    folder: Path, config: Mapping[str, Any], tensors: Mapping[str, torch.Tensor], model: Any, heads: Sequence[str]
) -> None:
    """Writes an adapter.

    Args:
        folder: where to.
        config: what goes into ``adapter_config.json``.
        tensors: of the adapter, by their names in the model.
        model: as it is used, whose heads are written, too.
        heads: modules that were trained beside the adapter.
    """
    from safetensors.torch import save_file

    from tlstudio.models import adapters

    whole = {**tensors, **{
        f"{head}.{name}": tensor for head in heads for name, tensor in model.get_submodule(head).state_dict().items()
    }}  # fmt: skip
    with explain_os_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        named = {f"{adapters.OUTER}{name}": tensor.detach().cpu().contiguous() for name, tensor in whole.items()}
        save_file(named, folder / adapters.WEIGHTS_FILE, metadata={"format": "pt"})
    write_json(folder / adapters.CONFIG_FILE, {**config, "modules_to_save": list(heads)})


def described(config: Any, auto: str, folder: Path) -> dict[str, Any]:
    """``adapter_config.json`` of an adapter of peft; ``auto`` is the class of transformers that loads the network."""
    config.task_type, config.inference_mode = _KINDS.get(auto), True
    config.save_pretrained(str(folder))
    found: dict[str, Any] = read_json(folder / "adapter_config.json")
    return found
