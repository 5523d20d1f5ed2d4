"""Networks that transformers alone cannot load: a plain network with parts in it or on it, and how to load one.

This file needs only torch and transformers, and an export of such a network carries a copy of it:

    from network import load
    model = load("folder")

The weights lie in ``model.parts.safetensors``: ``from_pretrained`` refuses the folder instead of answering with random
layers. Which parts there are is stated in ``tlstudio.json``. Each function of ``PARTS`` puts one into a model.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import MethodType
from typing import Any

import torch
import transformers
from torch import nn
from torch.nn.functional import layer_norm, normalize, pad
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask
from transformers.modeling_outputs import SequenceClassifierOutput
from transformers.pytorch_utils import Conv1D

VARIANT = "parts"
SETTINGS_FILE = "tlstudio.json"
SECOND = "second"  # the attribute of a network that holds another backbone
SECOND_INPUTS = "second_"  # before the names of inputs that the other backbone reads alone
PREFIXED = "tlstudio_prefix"  # the attention function of networks with a prefix
_EXACT = 1e-6


def load(folder: str | Path, **options: Any) -> Any:
    """The network in a folder, in fp32, ready to answer.

    Args:
        folder: config.json, tlstudio.json and model.parts.safetensors.
        options: for ``from_pretrained``.
    """
    settings = json.loads((Path(folder) / SETTINGS_FILE).read_text(encoding="utf-8"))
    config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    plain = plain_class(settings["head"]["auto"], config)
    options = {"dtype": torch.float32, **options}
    return with_parts(plain, settings["parts"]).from_pretrained(folder, variant=VARIANT, **options).eval()


def plain_class(auto: str, config: Any) -> Any:
    """The class of transformers behind an auto class, such as ``BertForSequenceClassification``."""
    found = getattr(transformers, auto)._model_mapping[type(config)]
    return found[0] if isinstance(found, (list, tuple)) else found


def with_parts(plain: Any, parts: Sequence[dict[str, Any]]) -> Any:
    """A class whose models have the parts from the beginning, so that ``from_pretrained`` fills them."""

    class WithParts(plain):
        def __init__(self, config: Any, *given: Any, **named: Any) -> None:
            super().__init__(config, *given, **named)
            for part in parts:
                add(self, part)

    WithParts.__name__ = plain.__name__  # it is what config.json names
    return WithParts


def add(model: Any, part: dict[str, Any]) -> Any:
    """Puts a part into a model, with fresh weights; ``part`` names it under ``part``, beside its options."""
    options = {name: value for name, value in part.items() if name != "part"}
    PARTS[part["part"]](model, **options)
    model.tlstudio_parts = [*parts_of(model), part]
    return model


def parts_of(model: Any) -> list[dict[str, Any]]:
    """The parts of a model, in the order in which they were put in."""
    return list(getattr(model, "tlstudio_parts", ()))


# --- what is read of a backbone


def states_of(output: Any, mix: bool) -> list[torch.Tensor]:
    """Hidden states [B, T, H] of the last layer, or of the embeddings and all layers."""
    last = output.last_hidden_state
    states = [*output.hidden_states[:-1], last] if mix else [last]
    return [state.flatten(2).transpose(1, 2) if state.ndim == 4 else state for state in states]  # maps of images


def mask_of(model: Any, inputs: dict[str, Any], state: torch.Tensor) -> torch.Tensor:
    """1 where a hidden state [B, T, H] belongs to the input, 0 where to the padding: [B, T]."""
    mask = inputs.get("attention_mask")
    if mask is None:
        return torch.ones(state.shape[:2], dtype=torch.int64, device=state.device)
    if mask.shape[1] != state.shape[1]:  # sounds: several samples are one state
        mask = model._get_feature_vector_attention_mask(state.shape[1], mask)
    return mask.to(torch.int64)


def pooled(state: torch.Tensor, mask: torch.Tensor, how: str) -> torch.Tensor:
    """One vector [B, H] of hidden states [B, T, H]: mean, max, first or last."""
    if how == "first":
        return state[:, 0]
    if how == "last":
        return state[torch.arange(len(state), device=state.device), mask.sum(1) - 1]
    weight = mask[..., None].to(state.dtype)
    if how == "max":
        return (state + (weight - 1) * 1e4).amax(1)
    return (state * weight).sum(1) / weight.sum(1).clamp(min=1)


def features_of(model: Any, inputs: dict[str, Any], pooling: str, mix: bool) -> torch.Tensor:
    """What a frozen backbone gives a head: [B, L, H] pooled, or [B, T, L, H] where ``pooling`` is none."""
    given = {name: value for name, value in inputs.items() if name != "labels"}
    output = model.base_model(**given, output_hidden_states=mix, return_dict=True)
    states = states_of(output, mix)
    if pooling == "none":
        return torch.stack(states, 2)
    mask = mask_of(model, given, states[0])
    return torch.stack([pooled(state, mask, pooling) for state in states], 1)


# --- heads


class Reading(nn.Module):
    """A head on the features of one or all layers.

    Layers are mixed with learned weights (Peters et al., 2018, ELMo, eq. 1, with the layer normalisation of § 3.2);
    tokens are weighted by a learned query (Yang et al., 2016, Hierarchical attention networks, eqs. 5–7, without their
    hidden layer).

    Args:
        width: H, of the features.
        layers: how many layers are mixed; 1 for the last alone.
        attends: whether tokens are pooled here, by learned attention.
        hidden: width of the hidden layers; 0 for a linear head.
        depth: how many hidden layers.
        classes: C, how many scores.
        dropout: before the hidden layers and the scores.
    """

    def __init__(self, width: int, layers: int, attends: bool, hidden: int, depth: int, classes: int, dropout: float):
        super().__init__()
        self.mix = nn.Parameter(torch.zeros(layers)) if layers > 1 else None
        self.scale = nn.Parameter(torch.ones(1)) if layers > 1 else None
        self.attention = nn.Linear(width, 1) if attends else None
        steps: list[nn.Module] = []
        for size in [hidden] * (depth if hidden else 0):
            steps += [nn.Dropout(dropout), nn.Linear(width, size), nn.GELU()]
            width = size
        self.layers = nn.Sequential(*steps, nn.Dropout(dropout), nn.Linear(width, classes))

    def forward(self, features: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Scores [B, C] of features [B, L, H] or, where tokens are attended to, [B, T, L, H] with ``mask`` [B, T].

        Without attention, features [B, T, L, H] give scores of each token [B, T, C].
        """
        vector = layer_norm(features, features.shape[-1:])
        if self.mix is None or self.scale is None:
            vector = vector.squeeze(-2)
        else:
            vector = self.scale * (vector * self.mix.softmax(0)[:, None]).sum(-2)
        if self.attention is not None:
            assert mask is not None
            weights = self.attention(vector).squeeze(-1) + (mask.to(vector.dtype) - 1) * 1e4
            vector = (weights.softmax(1)[..., None] * vector).sum(1)
        scores: torch.Tensor = self.layers(vector)
        return scores


def reading(
    model: Any, *, width: int, layers: int, pooling: str, hidden: int, depth: int, classes: int, dropout: float
) -> None:
    """Gives a classifier a head of its own in place of that of transformers.

    Args:
        model: with a backbone under ``base_model``.
        width: of the features.
        layers: how many are mixed; 1 for the last alone.
        pooling: mean, max, first, last, attention; none where each token is answered.
        hidden: see :class:`Reading`, as ``depth``, ``classes`` and ``dropout``.
    """
    attends = pooling == "attention"
    head = Reading(width, layers, attends, hidden, depth, classes, dropout)
    _replace_head(model, head, "none" if attends else pooling, layers > 1)


class Neighbours(nn.Module):
    """Answers as the training rows do whose features are nearest: the head of k-NN.

    Votes are weighted with exp(cosine / temperature) (Wu et al., 2018, "Unsupervised feature learning via
    non-parametric instance discrimination", § 3.4).

    Args:
        rows: N, how many are remembered.
        width: H, of the features.
        classes: C, how many numbers a row's answer has.
        k: neighbours that are asked.
        temperature: of the weights.
        kind: ``classes`` and ``signs`` give logits of the share of votes, ``values`` the mean.
    """

    def __init__(self, rows: int, width: int, classes: int, k: int, temperature: float, kind: str) -> None:
        super().__init__()
        self.keys = nn.Parameter(torch.zeros(rows, width), requires_grad=False)
        self.values = nn.Parameter(torch.zeros(rows, classes), requires_grad=False)
        # of numbers: a layer, so that a task can let the head answer in the user's units
        self.unit = nn.Linear(classes, classes) if kind == "values" else None
        self.k, self.temperature, self.kind = min(k, rows), temperature, kind

    def forward(self, features: torch.Tensor, _mask: torch.Tensor | None = None) -> torch.Tensor:
        """Scores [B, C] of features [B, 1, H]."""
        alike, nearest = (normalize(features.squeeze(-2), dim=-1) @ self.keys.T).topk(self.k, dim=-1)
        weights = (alike / self.temperature).softmax(-1)
        votes = (weights[..., None] * self.values[nearest]).sum(-2)
        if self.unit is not None:
            numbers: torch.Tensor = self.unit(votes)
            return numbers
        votes = votes.clamp(_EXACT, 1 - _EXACT)
        return votes.log() if self.kind == "classes" else (votes / (1 - votes)).log()


def neighbours(
    model: Any, *, rows: int, width: int, classes: int, k: int, temperature: float, kind: str, pooling: str
) -> None:
    """Gives a classifier the head :class:`Neighbours`; ``pooling`` as for :func:`reading`."""
    _replace_head(model, Neighbours(rows, width, classes, k, temperature, kind), pooling, False)


# --- two backbones


class Fused(nn.Module):
    """A head on the features of two backbones, each normalised (Ba et al., 2016) so that neither drowns the other.

    Args:
        widths: of the features of the two, H and G.
        how: ``sum`` and ``product`` (Hadamard) of both, after a learned projection to the smaller width where they
            differ; ``concatenation``; ``matrix``, a + W b with a learned W [H, G]; ``gate``, the gated multimodal unit
            (Arevalo et al., 2017, eqs. 1 to 4): z · tanh(U a) + (1 - z) · tanh(V b) with z = sigmoid(Z [a, b]).
        hidden: width of a hidden layer; 0 for a linear head.
        classes: C, how many scores.
        dropout: before the hidden layer and the scores.
    """

    def __init__(self, widths: Sequence[int], how: str, hidden: int, classes: int, dropout: float) -> None:
        super().__init__()
        first, second = widths
        width = {"concatenation": first + second, "matrix": first}.get(how, min(widths))
        projects = how == "gate" or (how in ("sum", "product") and first != second)
        self.first = nn.Linear(first, width) if projects else None
        self.second = nn.Linear(second, width) if projects else None
        self.matrix = nn.Linear(second, first, bias=False) if how == "matrix" else None
        self.gate = nn.Linear(first + second, width) if how == "gate" else None
        steps = [nn.Dropout(dropout), nn.Linear(width, hidden), nn.GELU()] if hidden else []
        self.layers = nn.Sequential(*steps, nn.Dropout(dropout), nn.Linear(hidden or width, classes))
        self.how = how

    def forward(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """Scores [B, …, C] of features [B, …, H] and [B, …, G]."""
        first, second = (layer_norm(part, part.shape[-1:]) for part in (first, second))
        scores: torch.Tensor = self.layers(self._fused(first, second))
        return scores

    def _fused(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        both = torch.cat([first, second], -1)
        if self.how == "concatenation":
            return both
        if self.matrix is not None:
            return first + self.matrix(second)
        if self.first is not None and self.second is not None:
            first, second = self.first(first), self.second(second)
        if self.gate is not None:
            share = self.gate(both).sigmoid()
            return share * first.tanh() + (1 - share) * second.tanh()
        return first * second if self.how == "product" else first + second


def fusion(
    model: Any,
    *,
    auto: str,
    config: dict[str, Any],
    widths: Sequence[int],
    how: str,
    pooling: str,
    apart: bool,
    hidden: int,
    classes: int,
    dropout: float,
) -> None:
    """Gives a classifier a second backbone, and a head that reads both in place of that of transformers.

    Args:
        model: with a backbone under ``base_model``.
        auto: the auto class of transformers from which the second backbone is taken.
        config: of the second backbone, with its ``model_type``.
        widths: see :class:`Fused`, as ``how``, ``hidden``, ``classes`` and ``dropout``.
        pooling: mean, max, first, last; none where each token is answered.
        apart: whether the second backbone reads inputs of its own, called ``second_…``; else both read the same.
    """
    other = transformers.AutoConfig.for_model(**config)
    _without_head(model)
    setattr(model, SECOND, plain_class(auto, other)(other).base_model)
    model.fused = Fused(widths, how, hidden, classes, dropout)

    def forward(self: Any, labels: Any = None, **inputs: Any) -> SequenceClassifierOutput:
        own = {name: value for name, value in inputs.items() if not name.startswith(SECOND_INPUTS)}
        others = {name.removeprefix(SECOND_INPUTS): inputs[name] for name in inputs if name not in own}
        first = features_of(self, own, pooling, False).squeeze(-2)
        second = features_of(getattr(self, SECOND), others if apart else own, pooling, False).squeeze(-2)
        return SequenceClassifierOutput(logits=self.fused(first, second))

    model.forward = MethodType(forward, model)


def _without_head(model: Any) -> None:
    """Takes the modules beside the backbone away."""
    for name, module in list(model.named_children()):
        if module is not model.base_model:
            delattr(model, name)


def _replace_head(model: Any, head: nn.Module, pooling: str, mix: bool) -> None:
    """Lets ``head`` answer with the features of the backbone, in place of the modules beside it."""
    _without_head(model)
    model.reading = head

    def forward(self: Any, labels: Any = None, **inputs: Any) -> SequenceClassifierOutput:
        features = features_of(self, inputs, pooling, mix)
        mask = mask_of(self, inputs, features) if pooling == "none" else None
        return SequenceClassifierOutput(logits=self.reading(features, mask))

    model.forward = MethodType(forward, model)


# --- within the blocks


def prefix(model: Any, *, length: int, modules: Sequence[tuple[str, int, int, int]]) -> None:
    """Gives attention modules keys and values of their own before those of the tokens (Li & Liang, 2021, eq. 3).

    Args:
        model: whose attention goes through the ``AttentionInterface`` of transformers.
        length: how many keys and values each module gets.
        modules: name, heads, width of a key and width of a value of each.
    """
    for name, heads, key_width, value_width in modules:
        module = model.get_submodule(name)
        module.prefix_key = nn.Parameter(torch.zeros(heads, length, key_width))
        module.prefix_value = nn.Parameter(torch.zeros(heads, length, value_width))
    AttentionInterface.register(PREFIXED, _attend)
    AttentionMaskInterface.register(PREFIXED, sdpa_mask)
    model.set_attn_implementation(PREFIXED)


def _attend(
    module: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, attention_mask: Any, **options: Any
) -> tuple[torch.Tensor, None]:
    """Attention [B, H, T, D] of transformers to the prefix and the tokens; each token sees the whole prefix."""
    if not hasattr(module, "prefix_key"):
        return sdpa_attention_forward(module, query, key, value, attention_mask, **options)
    causal = options.pop("is_causal", None)
    causal = getattr(module, "is_causal", True) if causal is None else causal
    if attention_mask is None and causal:  # torch's own causal mask would begin with the prefix
        places = torch.arange(key.shape[2], device=key.device)
        attention_mask = (places <= places[-query.shape[2] :, None])[None, None]
    length = module.prefix_key.shape[1]
    if options.get("position_bias") is not None:  # of relative positions, of which a prefix has none
        options["position_bias"] = pad(options["position_bias"], (length, 0))
    if attention_mask is not None:
        attention_mask = pad(attention_mask, (length, 0), value=attention_mask.dtype == torch.bool)
    key, value = _behind(module.prefix_key, key), _behind(module.prefix_value, value)
    return sdpa_attention_forward(module, query, key, value, attention_mask, is_causal=False, **options)


def _behind(learned: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
    """Keys or values [B, H, T, D] behind learned ones [H, N, D]."""
    return torch.cat([learned.to(states.dtype).expand(len(states), *learned.shape), states], dim=2)


# --- of other sizes


def widths(
    model: Any, *, layers: dict[str, tuple[int, int]], attributes: dict[str, dict[str, int]] | None = None
) -> None:
    """Gives linear layers other widths than the config states: heads and neurons that were pruned are not there.

    Args:
        model: whose layers are ``Linear`` or the ``Conv1D`` of transformers.
        layers: how many numbers each takes and gives, by its name.
        attributes: what modules of attention state of themselves, such as ``num_attention_heads``, by their names.
    """
    for name, (given, giving) in layers.items():
        owner, _, own = name.rpartition(".")
        old = model.get_submodule(name)
        fresh: nn.Module = (
            nn.Linear(given, giving, bias=old.bias is not None) if isinstance(old, nn.Linear) else Conv1D(giving, given)
        )
        fresh.requires_grad_(old.weight.requires_grad)
        setattr(model.get_submodule(owner), own, fresh.train(old.training))
    for name, values in (attributes or {}).items():
        for attribute, value in values.items():
            setattr(model.get_submodule(name), attribute, value)


# --- in place of layers


class Factors(nn.Sequential):
    """Two layers in place of one whose matrix is nearly their product, see :func:`factors`."""

    @property
    def weight(self) -> torch.Tensor:  # networks such as T5 look at the type of a layer's numbers
        found = self[-1].weight
        assert isinstance(found, torch.Tensor)
        return found


def factors(model: Any, *, layers: Sequence[tuple[str, int]]) -> None:
    """Replaces layers by two smaller ones: a linear one [out, in] by [r, in] and [out, r], embeddings [V, H] by [V, r]
    and [H, r].

    Args:
        model: which has them.
        layers: name and rank r of each.
    """
    for name, rank in layers:
        owner, _, last = name.rpartition(".")
        setattr(model.get_submodule(owner), last, _factors(model.get_submodule(name), rank))


def _factors(layer: Any, rank: int) -> Factors:
    made = {"device": layer.weight.device, "dtype": layer.weight.dtype}
    if isinstance(layer, nn.Embedding):
        first = nn.Embedding(layer.num_embeddings, rank, padding_idx=layer.padding_idx, **made)
        return Factors(first, nn.Linear(rank, layer.embedding_dim, bias=False, **made))
    given, gives = layer.weight.shape if isinstance(layer, Conv1D) else layer.weight.shape[::-1]
    second = nn.Linear(rank, gives, bias=layer.bias is not None, **made)
    return Factors(nn.Linear(given, rank, bias=False, **made), second)


PARTS: dict[str, Callable[..., None]] = {
    "reading": reading,
    "neighbours": neighbours,
    "prefix": prefix,
    "fusion": fusion,
    "widths": widths,
    "factors": factors,
}
HEADS = ("reading", "neighbours")  # parts that replace nothing but the head: the backbone below is a plain one
