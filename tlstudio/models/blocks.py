"""What happens inside the blocks of a network while it runs: hidden states, and what the attention compares."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tlstudio.core.errors import StudioError
from tlstudio.models.anatomy import backbone_of, group_name

if TYPE_CHECKING:
    import torch

# names of the layers that give queries, keys and values; or of one that gives all three side by side
_THREE = (
    ("query", "key", "value"),
    ("q_proj", "k_proj", "v_proj"),
    ("q_lin", "k_lin", "v_lin"),
    ("query_proj", "key_proj", "value_proj"),
)
_JOINT = ("Wqkv", "c_attn", "qkv")


def block_modules(model: torch.nn.Module) -> list[str]:
    """Names of the modules that are the blocks of a network, from the input to the output."""
    prefix = backbone_of(model)
    found: dict[int, str] = {}
    for name, _parameter in model.named_parameters():
        group, _kind = group_name(name, prefix)
        if group.startswith("block "):
            number = int(group.removeprefix("block ")) - 1
            mark = f".{number}."
            found.setdefault(number, name[: name.index(mark) + len(mark) - 1])
    return [found[number] for number in sorted(found)]


class Inside:
    """Listens to the blocks of a network; holds what they said in the last forward pass.

    Attributes:
        states: input of the first block, then the output of each, [B, T, H].
        parts: queries, keys and values of chosen blocks by number, each [B, T, H].
    """

    def __init__(self, model: torch.nn.Module, attention: tuple[int, ...] = ()) -> None:
        """Args:
            model: whose blocks are listened to.
            attention: blocks, counted from 0, whose queries, keys and values are wanted.

        Raises:
            StudioError: they have none that are known.
        """
        blocks = [model.get_submodule(name) for name in block_modules(model)]
        self.states: list[torch.Tensor] = [None] * (len(blocks) + 1)  # type: ignore[list-item]  # filled by the pass
        self.parts: dict[int, list[torch.Tensor]] = {
            number: [None] * 3  # type: ignore[list-item]  # as well
            for number in attention
        }
        self._hooks = [blocks[0].register_forward_pre_hook(self._begin, with_kwargs=True)]
        self._hooks += [block.register_forward_hook(self._end(number)) for number, block in enumerate(blocks, 1)]
        for number in attention:
            self._listen(number, blocks[number], str(getattr(getattr(model, "config", None), "model_type", "?")))

    def close(self) -> None:
        """Takes the hooks off."""
        for hook in self._hooks:
            hook.remove()
        self._hooks, self.states, self.parts = [], [], {}

    def _begin(self, _block: Any, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        self.states[0] = given[0] if given else named["hidden_states"]

    def _end(self, number: int) -> Callable[..., None]:
        def heard(_block: Any, _given: Any, output: Any) -> None:
            self.states[number] = output[0] if isinstance(output, tuple) else output

        return heard

    def _listen(self, number: int, block: torch.nn.Module, kind: str) -> None:
        def heard(place: int) -> Callable[..., None]:
            def one(_layer: Any, _given: Any, output: torch.Tensor) -> None:
                self.parts[number][place] = output

            return one

        def joint(_layer: Any, _given: Any, output: torch.Tensor) -> None:
            self.parts[number] = list(output.chunk(3, -1))

        layers = {name.rpartition(".")[2]: layer for name, layer in block.named_modules()}
        for names in _THREE:
            if all(name in layers for name in names):
                self._hooks += [layers[name].register_forward_hook(heard(place)) for place, name in enumerate(names)]
                return
        for name in _JOINT:
            if name in layers:
                self._hooks.append(layers[name].register_forward_hook(joint))
                return
        self.close()
        raise StudioError(
            "strategy.no-attention", "The attention of networks of type {kind} cannot be compared.",
            "Set the weights of attention and relations to 0.", where="strategy.attention", kind=kind,
        )  # fmt: skip
