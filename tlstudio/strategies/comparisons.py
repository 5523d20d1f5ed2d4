"""How far the blocks of a student are from those of its teacher.

Hidden states and attention as in TinyBERT (Jiao et al., 2020, § 3.1, eqs. 7 to 9), relations as in MiniLM (Wang et al.,
2020, § 3.1 and 3.2). Where the two have other numbers of heads, queries, keys and values are divided into as many
relation heads as both widths allow (MiniLMv2: Wang et al., 2021, § 3.1).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tlstudio.models.blocks import Inside, block_modules

if TYPE_CHECKING:
    import torch

    from tlstudio.strategies.teaching import Weights

PROJECTION = "distillation_projection"  # the attribute of a student that widens its hidden states while it learns


def pairs(student: int, teacher: int) -> list[int]:
    """Which block of the teacher, counted from 1, each of the student is compared with (TinyBERT, § 4.1: uniform)."""
    return [math.ceil(block * teacher / student) for block in range(1, student + 1)]


class Comparison:
    """Listens to both networks."""

    def __init__(self, student: Any, teacher: Any, weights: Weights) -> None:
        own, others = len(block_modules(student)), len(block_modules(teacher))
        self._weights, self._student, self._pairs = weights, student, pairs(own, others)
        every = [(block - 1, other - 1) for block, other in enumerate(self._pairs, 1)]
        self._attention = every if weights.attention else []
        self._related = (own - 1, others - 1) if weights.relations else None
        compared = {*self._attention, *([self._related] if self._related else [])}
        self._heads = int(getattr(teacher.config, "num_attention_heads", 1) or 1)
        self._own = Inside(student, tuple(sorted({block for block, _other in compared})))
        self._other = Inside(teacher, tuple(sorted({other for _block, other in compared})))

    def close(self) -> None:
        """Takes all hooks off."""
        self._own.close()
        self._other.close()

    def loss(self, mask: torch.Tensor | None) -> torch.Tensor:
        """The weighted sum for the batch that both have just seen; ``mask`` is 1 where a token is, [B, T]."""
        import torch

        states = self._own.states[0]
        if mask is None or mask.shape != states.shape[:2]:  # patches of images have no padding
            mask = torch.ones(states.shape[:2], dtype=torch.int64, device=states.device)
        found: torch.Tensor = torch.zeros((), device=states.device)
        if self._weights.hidden:
            found = found + self._weights.hidden * self._hidden(mask.bool())
        if self._weights.attention:
            found = found + self._weights.attention * self._scores(mask.bool())
        if self._weights.relations:
            found = found + self._weights.relations * self._relations(mask.bool())
        return found

    def _hidden(self, mask: torch.Tensor) -> torch.Tensor:
        """Mean squared error of the hidden states of tokens, over the embeddings and all blocks of the student."""
        from torch.nn.functional import mse_loss

        widen = getattr(self._student, PROJECTION, None)
        total: Any = 0.0
        for own, other in zip(self._own.states, [0, *self._pairs], strict=True):
            state = own[mask].float()
            total = total + mse_loss(state if widen is None else widen(state), self._other.states[other][mask].float())
        return total / len(self._own.states)

    def _scores(self, mask: torch.Tensor) -> torch.Tensor:
        """Mean squared error of the attention before the softmax, q · k / √d."""
        from torch.nn.functional import mse_loss

        seen = mask[:, None, :, None] & mask[:, None, None, :]
        total: Any = 0.0
        for block, other in self._attention:
            own, goal = self._both(block, other, 0, 1)
            seen_here = seen.expand_as(own)
            total = total + mse_loss(own[seen_here], goal[seen_here])
        return total / len(self._attention)

    def _relations(self, mask: torch.Tensor) -> torch.Tensor:
        """KL of the last attention and of the last relation of values, over the tokens, MiniLM eqs. 5 and 8."""
        assert self._related is not None
        total: Any = 0.0
        for left, right in ((0, 1), (2, 2)):
            own, goal = (
                scores.masked_fill(~mask[:, None, None, :], -1e4).log_softmax(-1)
                for scores in self._both(*self._related, left, right)
            )
            each = (goal.exp() * (goal - own)).sum(-1)  # [B, heads, T]
            total = total + each[mask[:, None].expand_as(each)].mean()
        return total

    def _both(self, block: int, other: int, left: int, right: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Scaled products [B, heads, T, T] of two of queries, keys and values, of the student and of the teacher."""
        own, others = self._own.parts[block], self._other.parts[other]
        widths = [part.shape[-1] for part in (own[left], own[right], others[left], others[right])]
        heads = max(count for count in range(1, self._heads + 1) if not any(width % count for width in widths))
        return _products(own[left], own[right], heads), _products(others[left], others[right], heads)


def _products(left: torch.Tensor, right: torch.Tensor, heads: int) -> torch.Tensor:
    left, right = (part.float().unflatten(-1, (heads, -1)).transpose(1, 2) for part in (left, right))
    return left @ right.transpose(-1, -2) / left.shape[-1] ** 0.5
