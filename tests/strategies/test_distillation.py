"""Distillation: what the student is made of, what it learns, and what is refused."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests import tiny
from tests.tasks.cases import CASES
from tlstudio import pipeline
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.files import read_json
from tlstudio.core.paths import cache_folder
from tlstudio.core.plugins import find
from tlstudio.core.recipe import from_dict
from tlstudio.models.blocks import block_modules
from tlstudio.models.heads import Head, load
from tlstudio.models.scorers import TorchScorer
from tlstudio.strategies import distillation, teaching
from tlstudio.training.trainer import fit

PLUGIN = distillation.PLUGIN


@pytest.fixture(scope="module")
def encoded(tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("distillation")
    with tiny.own_home(folder):
        return tiny.encode(tiny_model, tiny.write_csv(folder / "tickets.csv", tiny.ticket_rows(90)))


@pytest.fixture
def teacher(tiny_model, encoded):
    return tiny.teacher(tiny_model, encoded)


def prepared(tiny_model, encoded, **options):
    return tiny.transfer(PLUGIN.NAME, tiny_model, encoded, **options)


def trained(transfer, encoded, folder, **settings):
    loss = tiny.task().loss(tiny.task().Config(), encoded)
    fit(transfer, loss, tiny.judge(encoded), replace(tiny.SETTINGS, best_metric="loss", **settings), folder,
        tiny.silent, Control())  # fmt: skip
    return transfer.finish().eval()


@pytest.mark.parametrize(
    ("count", "of", "how", "blocks"),
    [(3, 6, "spread", [1, 3, 5]), (2, 6, "spread", [2, 5]), (1, 6, "spread", [5]), (5, 12, "spread", [2, 4, 7, 9, 11]),
     (3, 6, "lowest", [0, 1, 2]), (2, 6, "highest", [4, 5]), (6, 6, "spread", [0, 1, 2, 3, 4, 5])],
)  # fmt: skip
def test_which_blocks_are_taken(count, of, how, blocks):
    assert distillation.chosen(count, of, how) == blocks


@pytest.mark.parametrize(("choose", "block"), [("lowest", 0), ("highest", 1), ("spread", 1)])
def test_a_student_begins_as_layers_of_its_teacher(tiny_model, encoded, teacher, choose, block):
    student, other = prepared(tiny_model, encoded, choose=choose).finish(), load(teacher)
    assert student.config.num_hidden_layers == len(block_modules(student)) == 1
    known = other.state_dict()
    for name, value in student.state_dict().items():
        assert torch.equal(value, known[name.replace("layer.0.", f"layer.{block}.")]), name


def test_a_distilled_student_agrees_with_its_teacher_more_than_an_undistilled_one(
    tiny_model, encoded, teacher, tmp_path
):
    goal = tiny.logits(TorchScorer(teacher), encoded.examples("test")).argmax(1)
    agreement = {}
    for weight in (0.0, 1.0):
        student = trained(prepared(tiny_model, encoded, weight=weight), encoded, tmp_path / str(weight), epochs=8)
        own = tiny.logits(TorchScorer(student), encoded.examples("test")).argmax(1)
        agreement[weight] = (own == goal).mean()
    assert agreement[1.0] > agreement[0.0] + 0.2, agreement


@pytest.mark.parametrize("lesson", ["hidden", "attention", "relations"])
def test_the_blocks_come_closer_to_those_of_the_teacher(tiny_model, encoded, teacher, tmp_path, lesson):
    from tlstudio.strategies.comparisons import Comparison

    other = load(teacher)
    torch.manual_seed(5)
    for name, value in other.bert.encoder.named_parameters():
        if name.endswith("weight") and value.ndim == 2:
            value.data.normal_(0, 0.3)  # far from what the student begins with
    other.save_pretrained(strong := shutil.copytree(teacher, tmp_path / "teacher"))
    options = {"weight": 0.0, "student": "backbone", "teacher": str(strong), lesson: 10.0}
    transfer = prepared(tiny_model, encoded, **options)
    transfer.model.eval()
    weights = teaching.Weights(1.0, 0.0, **{lesson: 1.0})

    def distance():
        compared = Comparison(transfer.model, other, weights)
        batch = transfer.collate([transfer.train[at] for at in range(16)])
        inputs = {name: batch[name] for name in ("input_ids", "attention_mask")}
        with torch.no_grad():
            transfer.model(**inputs)
            other(**inputs)
            found = float(compared.loss(inputs["attention_mask"]))
        compared.close()
        return found

    before = distance()
    trained(transfer, encoded, tmp_path / "run", epochs=6)
    transfer.model.eval()
    assert distance() < 0.8 * before


def test_a_network_is_no_distance_from_itself(tiny_model, encoded, teacher):
    from tlstudio.strategies.comparisons import Comparison

    one, two = load(teacher), load(teacher)
    compared = Comparison(one, two, teaching.Weights(1.0, 0.0, 1.0, 1.0, 1.0))
    ids, mask = (
        torch.tensor([[2, 6, 7, 3, 0, 0], [2, 9, 3, 0, 0, 0]]),
        torch.tensor([[1, 1, 1, 1, 0, 0], [1, 1, 1, 0, 0, 0]]),
    )
    with torch.no_grad():
        one(input_ids=ids, attention_mask=mask)
        two(input_ids=ids.masked_fill(mask == 0, 8), attention_mask=mask)
        assert float(compared.loss(mask)) == pytest.approx(0.0, abs=1e-9), "what is padding does not count"
    compared.close()


# --- answers


def test_soft_losses_by_hand():
    torch.manual_seed(0)
    own, goal, heat = torch.randn(4, 3), torch.randn(4, 3), 3.0
    p, q = (goal / heat).softmax(-1), (own / heat).softmax(-1)
    expected = heat**2 * (p * (p.log() - q.log())).sum(-1).mean()
    labels = torch.zeros(4, dtype=torch.int64)
    assert torch.allclose(teaching.soft_loss(Head(), own, goal, labels, None, heat), expected)
    p, q = (goal / heat).sigmoid(), (own / heat).sigmoid()
    expected = heat**2 * (p * (p / q).log() + (1 - p) * ((1 - p) / (1 - q)).log()).mean()
    assert torch.allclose(teaching.soft_loss(Head(kind="signs"), own, goal, labels, None, heat), expected, atol=1e-6)
    expected = (own - goal).square().mean()
    assert torch.allclose(teaching.soft_loss(Head(kind="values"), own, goal, labels, None, heat), expected)


def test_only_tokens_that_count_are_compared():
    torch.manual_seed(0)
    own, goal = torch.randn(2, 4, 3), torch.randn(2, 4, 3)
    labels = torch.tensor([[0, 1, -100, -100], [-100, 2, -100, -100]])
    chosen = labels != -100
    tags, plain = Head(per_token=True), Head()
    found = teaching.soft_loss(tags, own, goal, labels, None, 2.0)
    assert torch.allclose(found, teaching.soft_loss(plain, own[chosen], goal[chosen], labels[chosen], None, 2.0))
    nothing = teaching.soft_loss(tags, own, goal, labels * 0 - 100, None, 2.0)
    assert float(nothing) == 0.0


def test_places_are_compared_over_the_tokens():
    torch.manual_seed(0)
    own, goal = torch.randn(2, 4, 2), torch.randn(2, 4, 2)
    mask = torch.tensor([[1, 1, 1, 0], [1, 1, 0, 0]])
    places = Head(kind="places", per_token=True)
    found = teaching.soft_loss(places, own, goal, mask, mask, 1.0)
    changed = torch.where(mask[..., None].bool(), own, own + 5)
    assert torch.allclose(teaching.soft_loss(places, changed, goal, mask, mask, 1.0), found)
    pieces = [
        torch.nn.functional.kl_div(
            own[row, :length, at].log_softmax(0), goal[row, :length, at].softmax(0), reduction="sum"
        )
        for row, length in enumerate((3, 2)) for at in range(2)
    ]  # fmt: skip
    assert torch.allclose(found, torch.stack(pieces).mean(), atol=1e-6)


def test_the_teachers_answers_are_kept_and_are_what_it_says(tiny_model, encoded, teacher):
    heard = tiny.Heard()
    tiny.transfer(PLUGIN.NAME, tiny_model, encoded, heard)
    assert "strategy.answers-cached" not in heard.codes()
    transfer = tiny.transfer(PLUGIN.NAME, tiny_model, encoded, heard)
    assert heard.codes().count("strategy.answers-cached") == 1
    lessons = transfer.callbacks[-1]
    rows = torch.tensor([5, 0, 11])
    batch = transfer.collate([transfer.train[int(at)] for at in rows])
    assert batch["rows"].tolist() == [5, 0, 11]
    with torch.no_grad():
        now = load(teacher)(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    assert torch.allclose(lessons._answers.of(rows, 0), now, atol=1e-5)
    state = next(teacher.glob("*.safetensors"))
    state.touch()
    tiny.transfer(PLUGIN.NAME, tiny_model, encoded, heard)
    assert heard.codes().count("strategy.answers-cached") == 1, "another teacher, perhaps"


# --- other students


def narrow(tiny_model, folder):
    """A backbone of half the width with the same tokenizer."""
    from transformers import BertConfig, BertModel

    shutil.copytree(tiny_model, folder)
    config = BertConfig.from_pretrained(tiny_model, hidden_size=16, intermediate_size=32, num_hidden_layers=1)
    torch.manual_seed(1)
    BertModel(config).save_pretrained(folder)
    return folder


def test_a_narrow_student_learns_what_the_blocks_of_its_teacher_hold(tiny_model, encoded, teacher, tmp_path):
    small = narrow(tiny_model, tmp_path / "small")
    lessons = {"hidden": 1.0, "attention": 0.1, "relations": 1.0}
    transfer = tiny.transfer(PLUGIN.NAME, small, encoded, student="backbone", teacher=str(teacher), **lessons)
    widening = transfer.model.distillation_projection
    before = widening.weight.detach().clone()
    student = trained(transfer, encoded, tmp_path / "run")
    assert widening.weight.shape == (32, 16)
    assert not torch.equal(widening.weight, before), "it learns, too"
    assert student.config.hidden_size == 16
    assert not [name for name in student.state_dict() if "distillation" in name]


def test_a_student_with_another_tokenizer_learns_from_answers_alone(tiny_model, encoded, teacher, tickets):
    short = tiny.encode(tiny_model, tickets, max_length=8)
    whole = tiny.encode(tiny_model, tickets)

    def job(**options):
        plugin, build = PLUGIN, lambda **more: tiny.task().build(tiny_model, short, **more)
        from tlstudio.strategies.base import TransferJob

        return plugin.prepare(plugin.Config(teacher=str(teacher), **options), TransferJob(
            build, short, tiny.task().collator(tiny.task().Config(), short), tiny.task().HEAD, "tiny",
            torch.device("cpu"), tiny.silent, Control(), 3, lambda folder: whole))  # fmt: skip

    answers = job(student="backbone").callbacks[-1]._answers
    expected = tiny.logits(TorchScorer(teacher), whole.examples("train"))
    assert np.abs(answers.of(torch.arange(len(expected)), 0).numpy() - expected).max() < 1e-5
    for options in ({"student": "layers"}, {"student": "backbone", "hidden": 1.0}):
        with pytest.raises(StudioError) as caught:
            job(**options)
        assert caught.value.code == "strategy.teacher-reads-otherwise"


# --- rows without labels


def test_further_texts_are_learnt_as_the_teacher_answers_them(tiny_model, encoded, teacher, tmp_path):
    place = tmp_path / "more.txt"
    texts = [f"{word} {number}" for number, word in enumerate(("parcel", "money", "crash", "screen", "again") * 4)]
    place.write_text("\n".join(texts), encoding="utf-8")
    heard = tiny.Heard()
    transfer = tiny.transfer(PLUGIN.NAME, tiny_model, encoded, heard, unlabelled=str(place))
    rows = len(encoded.splits["train"])
    assert len(transfer.train) == rows + 20 == len(transfer.lengths)
    batch = transfer.collate([transfer.train[at] for at in (0, rows, rows + 19)])
    with torch.no_grad():
        answers = load(teacher)(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    assert batch["labels"].tolist() == [encoded.splits["train"]["labels"][0], *answers[1:].argmax(1).tolist()]
    assert torch.allclose(transfer.callbacks[-1]._answers.of(batch["rows"], 0), answers, atol=1e-5)
    assert "strategy.unlabelled" in heard.codes()
    trained(transfer, encoded, tmp_path / "run", epochs=1)


def test_the_labels_of_rows_without_any():
    from tlstudio.strategies.unlabelled import label_of
    from tlstudio.tasks.base import Encoded

    plain, scaled = Encoded({}, []), Encoded({}, [], facts={"mean": 10.0, "scale": 4.0})
    answer = np.asarray([-1.0, 2.0, 0.5], np.float32)
    assert label_of(Head(), answer, plain) == 1
    assert label_of(Head(kind="signs"), answer, plain) == [0, 1, 1]
    assert label_of(Head(kind="values"), np.asarray([12.0]), scaled) == 0.5


# --- refusals


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"teacher": ""}, "strategy.no-teacher"),
        ({"teacher": "absent"}, "model.no-run"),
        ({"layers": 3}, "strategy.layers"),
    ],
)
def test_what_cannot_teach(tiny_model, encoded, options, code):
    with pytest.raises(StudioError) as caught:
        prepared(tiny_model, encoded, **options)
    assert caught.value.code == code
    assert caught.value.remedy


def test_layers_that_cannot_be_taken_one_by_one():
    from transformers import AlbertConfig, AlbertModel

    shared = AlbertModel(AlbertConfig(vocab_size=20, hidden_size=16, num_hidden_layers=3, num_attention_heads=2,
                                      intermediate_size=16, embedding_size=8))  # fmt: skip
    with pytest.raises(StudioError) as caught:
        teaching.blocks_of(shared)
    assert caught.value.code == "strategy.no-layers"


def test_a_teacher_of_other_classes(tiny_model, encoded, teacher):
    with pytest.raises(StudioError) as caught:
        tiny.transfer(PLUGIN.NAME, tiny_model, replace(encoded, labels=["x", "y", "z"]), teacher=str(teacher))
    assert caught.value.code == "strategy.other-teacher"


@pytest.mark.parametrize("task", ["causal-lm", "masked-lm", "translation", "sentence-embedding", "object-detection"])
def test_tasks_without_soft_answers(task):
    problem = PLUGIN.fits(find("tlstudio.tasks")[task])
    assert problem is not None
    assert problem.code == "strategy.no-distillation"


# --- whole runs

WHOLE = ["multi-label-classification", "regression", "token-classification", "question-answering",
         "image-classification", "audio-classification"]  # fmt: skip


@pytest.mark.parametrize("name", [pytest.param(name, marks=() if name in WHOLE[1:3] else pytest.mark.slow)
                                  for name in WHOLE])  # fmt: skip
def test_every_kind_of_answer_can_be_taught(name, tmp_path):
    """A run, and one of a student of half its layers that learns from it."""
    case = CASES[name]
    recipe = from_dict({
        "model": {"source": "folder", "name": str(case.model(tmp_path / "model"))}, "data": case.data(tmp_path),
        "task": {"name": name, **case.options}, "evaluate": {"bootstrap": 100}, "export": ["safetensors"],
        "training": {"epochs": 1, "batch_size": 4, "threads": 1, "precision": "fp32"},
    })  # fmt: skip
    folder = tmp_path / "runs"
    assert pipeline.run(recipe, folder / "teacher", tiny.Heard(), Control()).outcome == "completed"
    student = recipe.changed("model", {"source": "run", "name": "teacher"})
    student = student.changed("strategy", {"name": "distillation", "teacher": "teacher"})
    finished = pipeline.run(student, folder / "student", tiny.Heard(), Control())
    assert finished.outcome == "completed", finished.error
    layers = [read_json(folder / run / "model/config.json")["num_hidden_layers"] for run in ("teacher", "student")]
    assert layers[1] == max(1, layers[0] // 2)
    results = read_json(folder / "student/results.json")
    assert [entry["parity"]["status"] for entry in results["exports"]] == ["passed"]
    assert [step["run"] for step in results["model"]["lineage"]] == ["teacher"]


def test_rows_that_look_different_each_time_are_shown_to_the_teacher(tmp_path):
    case = CASES["image-classification"]
    recipe = from_dict({
        "model": {"source": "folder", "name": str(case.model(tmp_path / "model"))}, "data": case.data(tmp_path),
        "task": {"name": "image-classification", **case.options}, "evaluate": {"bootstrap": 100}, "export": [],
        "training": {"epochs": 1, "batch_size": 4, "threads": 1, "precision": "fp32"},
    })  # fmt: skip
    assert pipeline.run(recipe, tmp_path / "teacher", tiny.Heard(), Control()).outcome == "completed"
    student = recipe.changed("strategy", {"name": "distillation", "teacher": "teacher"})
    student = student.changed("data.augment", [{"name": "flip"}, {"name": "mixup"}])
    heard = tiny.Heard()
    finished = pipeline.run(student, tmp_path / "student", heard, Control())
    assert finished.outcome == "completed", finished.error
    assert not list(cache_folder("features").glob("*")), "nothing of such rows can be kept"
