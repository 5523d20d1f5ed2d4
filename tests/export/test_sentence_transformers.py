"""The export for sentence-transformers: only for vectors, and equal with and without the library."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from tests import tiny
from tests.tasks import meanings
from tlstudio.core.control import Control
from tlstudio.core.plugins import find
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.labelled import require
from tlstudio.export.base import ExportJob
from tlstudio.export.sentence_transformers import PLUGIN, LibraryScorer
from tlstudio.models.scorers import TorchScorer, score
from tlstudio.tasks.base import EncodeJob

TASK = find("tlstudio.tasks")["sentence-embedding"]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """An export, and the rows that it answers."""
    folder = tmp_path_factory.mktemp("vectors")
    with tiny.own_home(folder / "home"):
        model, data = meanings.bert(folder / "bert"), str(meanings.write(folder, "pairs"))
        rows = require(DataSection(path=data), silent, Control(), TASK.ROLES)
        encoded = TASK.encode(EncodeJob(TASK.Config(pooling="first"), rows, model, silent, Control()))
        TASK.save(TASK.build(model, encoded), encoded, model, folder / "model", TASK.HEAD)
        recipe = tiny.recipe(model, folder / "data.csv", task={"name": TASK.NAME})
    (folder / "export").mkdir()
    job = ExportJob(folder, folder / "model", {}, {}, recipe, silent, Control())
    PLUGIN.write(job, folder / "export", PLUGIN.Config())
    return folder / "export", encoded.examples("test")


def test_the_library_gives_the_vectors_of_the_model(written):
    folder, examples = written
    scorer = PLUGIN.scorer(folder)
    assert isinstance(scorer, LibraryScorer)
    theirs, ours = np.stack(score(scorer, examples)), np.stack(score(TorchScorer(folder), examples))
    assert np.abs(theirs - ours).max() < 1e-6
    assert np.linalg.norm(theirs, axis=1) == pytest.approx(1)


def test_without_the_library_transformers_is_asked(written, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert isinstance(PLUGIN.scorer(written[0]), TorchScorer)


def test_only_for_tasks_that_make_vectors():
    assert PLUGIN.fits(TASK) is None
    problem = PLUGIN.fits(find("tlstudio.tasks")["text-classification"])
    assert problem is not None
    assert problem.remedy
