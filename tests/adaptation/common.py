"""Objectives at work on a tiny backbone."""

from __future__ import annotations

from dataclasses import replace

from tests import tiny
from tlstudio.core.control import Control
from tlstudio.core.plugins import find
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.labelled import require
from tlstudio.data.roles import Roles
from tlstudio.models.transfer import Judge, Transfer
from tlstudio.tasks import masked_lm
from tlstudio.tasks.base import EncodeJob
from tlstudio.training.trainer import fit


def text_rows(model, data):
    """Training rows as an objective for texts takes them."""
    found = require(DataSection(path=str(data)), silent, Control())
    found = replace(found, splits={"train": found.splits["train"]}, roles=Roles({"text": ("text",)}), labels=[])
    job = EncodeJob(masked_lm.Options(), found, model, silent, Control())
    return masked_lm.PLUGIN.encode(job).splits["train"]


def learn(name, backbone, folder, rows, target, epochs=8, rate=5e-3, **options):
    """Lets ``backbone`` learn; returns the network and the losses of its steps."""
    plugin = find("tlstudio.adaptation")[name]
    config = plugin.Config(**options)
    network = plugin.network(config, backbone, folder)
    loss, heard = plugin.loss(config), tiny.Heard()
    transfer = Transfer(network, rows, (), plugin.collator(config, folder), lambda: network)
    settings = replace(tiny.SETTINGS, epochs=epochs, batch_size=16, learning_rate=rate, best_metric="loss")
    fit(transfer, lambda outputs, labels, **_: loss(outputs, labels), Judge(lambda _answers, value: {"loss": value}),
        settings, target, heard, Control())  # fmt: skip
    return network.eval(), heard.values("train", "loss")
