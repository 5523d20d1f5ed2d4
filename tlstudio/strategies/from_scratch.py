"""From scratch: the same architecture with random weights, the honest baseline for what transfer brings.

The comparison of Kornblith et al., 2019, "Do better ImageNet models transfer better?", § 4.5, and of the ablations of
every pretraining paper.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from tlstudio.core.errors import StudioError
from tlstudio.models.anatomy import LayerGroup
from tlstudio.models.fresh import reinitialise
from tlstudio.models.transfer import Transfer
from tlstudio.strategies import through
from tlstudio.strategies.base import Defaults, TransferJob
from tlstudio.strategies.plans import TRAINS, GroupPlan


class FromScratch:
    """All parameters train, from random weights."""

    NAME = "from-scratch"
    ONCE = False
    FAMILY = "network"
    TITLE = "From scratch"
    SUMMARY = (
        "The same network with random weights, trained on your data alone. A baseline that shows what the pretraining "
        "brings; rarely the best choice."
    )
    REHEARSES = True
    Config = through.Options

    def fits(self, task: Any) -> StudioError | None:
        return None

    def defaults(self, config: through.Options, rows: int, width: int = 768) -> Defaults:
        # random weights have further to go: rates of pretraining (Devlin et al., 2019, appendix A.2), and more epochs
        few = through.usual(rows, 1e-4 if width >= through.WIDE else 3e-4)
        return Defaults(few.epochs * 2, few.batch_size, few.learning_rate, patience=4)

    def plan(self, config: through.Options, groups: list[LayerGroup], epochs: float) -> list[GroupPlan]:
        return [TRAINS] * len(groups)

    def prepare(self, config: through.Options, job: TransferJob) -> Transfer:
        model, restore = through.build(config, job)
        reinitialise(model, [name for name, _parameter in model.named_parameters()])
        return through.transfer(job, model, restore, partial(self.plan, config))


PLUGIN = FromScratch()
