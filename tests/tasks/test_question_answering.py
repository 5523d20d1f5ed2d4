"""Question answering: windows, the choice of an answer or none, and the way to an export."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from tests import forked, tiny
from tests.tasks import models, questions
from tlstudio import pipeline
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.paths import resource
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection, from_dict
from tlstudio.data.labelled import require
from tlstudio.metrics import squad
from tlstudio.models.heads import Head
from tlstudio.models.tokenizers import load_tokenizer
from tlstudio.pipeline.predict import Predictor
from tlstudio.tasks import extractive
from tlstudio.tasks import question_answering as module
from tlstudio.tasks.base import EncodeJob
from tlstudio.tasks.extractive import NONE, Sizes

TASK = module.PLUGIN
CONTEXT = "Then it rained all day . Anna lives in Old Prague, and Boris lives in Oslo."


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    return models.word_bert(tmp_path_factory.mktemp("bert"), questions.WORDS)


def recipe(model, data, **changes):
    return from_dict({
        "model": {"source": "folder", "name": str(model)},
        "data": data,
        "task": {"name": TASK.NAME, "max_length": 32, "stride": 8},
        "strategy": {"name": "full-fine-tuning", "hidden_dropout": 0.0},
        "training": {"epochs": 25, "batch_size": 4, "learning_rate": 3e-3, "threads": 1, "precision": "fp32",
                     "patience": 0},
        "evaluate": {"bootstrap": 100},
        "export": [],
        **changes,
    })  # fmt: skip


@pytest.fixture(scope="module")
def done(backbone, tmp_path_factory):
    """A whole run over SQuAD 2.0 data, learnt by heart; some passages need several windows."""
    base, heard = tmp_path_factory.mktemp("homes"), tiny.Heard()
    wish = recipe(backbone, questions.section(base), compress=["dynamic-int8"], export=["onnx"])
    with tiny.own_home(base / "home"):
        finished = pipeline.run(wish, base / "run", heard, Control())
    assert finished.outcome == "completed", finished.error
    return base / "run", json.loads((base / "run/results.json").read_text()), heard


def encoded(backbone, data, **options):
    rows = require(DataSection.model_validate(data), silent, Control(), TASK.ROLES)
    heard = tiny.Heard()
    return TASK.encode(EncodeJob(TASK.Config(**options), rows, backbone, heard, Control())), rows, heard


def rows_file(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def row(question, context, *answers, **more):
    starts = [str(context.index(answer)) for answer in answers]
    return {"question": question, "context": context, "answers": list(answers), "answer_starts": starts, **more}


# --- windows


def test_every_character_of_a_passage_is_read_in_some_window(backbone, tmp_path):
    context = " ".join(questions.FILLERS * 8)
    byte = models.byte_gpt2(tmp_path / "gpt2", [context])
    for folder in (backbone, byte):
        tokenizer = load_tokenizer(folder)
        size = extractive.sizes(tokenizer, 32, 500)
        assert size.stride == (32 - tokenizer.num_special_tokens_to_add(pair=True)) // 4
        found = list(extractive.windows(tokenizer, ["where is it", "why"], [context, "then"], size))
        assert [window.source for window in found] == [0] * (len(found) - 1) + [1]
        covered = set()
        for window in found[:-1]:
            assert len(window.ids) == len(window.starts) == len(window.ends) == len(window.types) <= 32
            for begin, end in zip(window.starts, window.ends, strict=True):
                if begin != NONE:
                    assert not context[begin:end].startswith(" ")
                    covered |= set(range(begin, end))
        assert covered == {at for at, sign in enumerate(context) if sign != " "}


def test_a_question_that_is_too_long_leaves_room(backbone):
    tokenizer = load_tokenizer(backbone)
    size = extractive.sizes(tokenizer, 32, 8)
    long = " ".join(["where"] * 100)
    [window] = extractive.windows(tokenizer, [long], ["anna lives in oslo"], size)
    assert sum(begin != NONE for begin in window.starts) == 4
    assert len(window.ids) == size.question + 4 + 3
    assert window.types[-1] == 1
    [nothing] = extractive.windows(tokenizer, [""], [""], size)
    assert nothing.ids == [2, 3, 3]


def test_the_tokens_of_an_answer():
    window = extractive.Window(0, [2, 9, 3, 5, 6, 7, 3], [0] * 7, [-1, -1, -1, 10, 14, 20, -1],
                               [-1, -1, -1, 13, 19, 22, -1])  # fmt: skip
    assert window.places(10, 13) == (3, 3)
    assert window.places(14, 22) == (4, 5)
    assert window.places(15, 18) == (4, 4), "part of a token"
    assert window.places(8, 13) == (0, 0), "it begins before the window"
    assert window.places(20, 25) == (0, 0)
    assert window.places(0, 0) == (0, 0)


@pytest.mark.parametrize(("answers", "starts", "expected"), [
    (["Oslo"], ["5"], (5, 9)), ([" Oslo "], ["4"], (5, 9)), ([], [], (0, 0)), ([""], ["0"], (0, 0)),
    (["Oslo"], ["11"], (13, 17)), (["Bern"], ["0"], None), (["", "Oslo"], ["0", "5"], (5, 9)),
])  # fmt: skip
def test_where_an_answer_stands(answers, starts, expected):
    assert module._place("from Oslo to Oslo", answers, starts) == expected


def test_what_is_learnt(backbone, tmp_path):
    rows = [row(f"where does anna live {at}", f"then {at} anna lives in old prague", "old prague") for at in range(10)]
    found, _rows, heard = encoded(backbone, {"path": str(rows_file(tmp_path / "rows.jsonl", rows))}, max_length=32)
    tokenizer = load_tokenizer(backbone)
    assert found.facts | {"may_lack": False, "threshold": 0.0, "max_answer": 30} == found.facts
    for entry in found.splits["train"]:
        first, last = entry["labels"]
        assert tokenizer.decode(entry["input_ids"][first : last + 1]) == "old prague"
        assert (entry["context"], entry["answers"]) == (None, None)
    for entry in found.splits["test"]:
        assert entry["answers"] == ["old prague"]
        assert entry["context"].endswith("lives in old prague")
    assert "task.windows" not in heard.codes()
    batch = TASK.collator(TASK.Config(), found)([found.splits["train"][at] for at in range(2)])
    assert batch["labels"][:, :2].tolist() == [found.splits["train"][at]["labels"] for at in range(2)]
    assert set(batch) == {"input_ids", "attention_mask", "token_type_ids", "labels"}


def test_a_training_answer_that_stands_nowhere_is_left_out(backbone, tmp_path):
    document = questions.articles(12, lacking=False)
    wrong = document["data"][0]["paragraphs"][5]["qas"][0]["answers"][0]
    wrong["text"] = "Atlantis"
    (tmp_path / "homes.json").write_text(json.dumps(document))
    test = questions.write(tmp_path / "test.json", count=4, seed=1)
    data = {"path": str(tmp_path / "homes.json"), "test": str(test), "check_answers": False, "split": {"validation": 0}}
    found, _rows, heard = encoded(backbone, data, max_length=64)
    [note] = [note for note in heard.of("log") if note.code == "task.misplaced-answers"]
    assert note.params == {"count": 1}
    assert len(set(found.splits["train"]["source"])) == 11
    assert not found.facts["may_lack"], "questions to test with do not decide"


def test_the_loss_is_the_mean_of_start_and_end():
    import torch

    draw = torch.Generator().manual_seed(1)
    outputs = SimpleNamespace(start_logits=torch.randn(2, 8, generator=draw),
                              end_logits=torch.randn(2, 8, generator=draw))  # fmt: skip
    labels = torch.tensor([[3, 4] + [-100] * 6, [0, 0] + [-100] * 6])
    cross = torch.nn.functional.cross_entropy
    expected = (cross(outputs.start_logits, labels[:, 0]) + cross(outputs.end_logits, labels[:, 1])) / 2
    loss = TASK.loss(TASK.Config(), None)
    assert loss(outputs, labels).item() == pytest.approx(expected.item())
    half = cross(outputs.start_logits[:1], labels[:1, 0]) + cross(outputs.end_logits[:1], labels[:1, 1])
    assert loss(outputs, labels, torch.tensor([2.0, 0.0])).item() == pytest.approx(half.item() / 2)


# --- answers


def part(starts, ends, first, last):
    return {"starts": starts, "ends": ends, "output": np.stack([first, last], axis=1)}


def test_the_best_pair_in_order_answers():
    """Against a plain double loop."""
    draw = np.random.default_rng(4)
    for longest in (1, 3, 30):
        output = draw.normal(size=(14, 2))
        starts = [NONE] * 3 + [4 * at for at in range(10)] + [NONE]
        ends = [NONE] * 3 + [4 * at + 3 for at in range(10)] + [NONE]
        pairs = [(output[a, 0] + output[b, 1], starts[a], ends[b]) for a in range(3, 13) for b in range(a, 13)
                 if b - a < longest]  # fmt: skip
        score, start, end = max(pairs)
        found = extractive.best([part(starts, ends, *output.T)], longest, True)
        assert (found.start, found.end) == (start, end)
        assert found.gap == pytest.approx(output[0].sum() - score)
        values = np.array([*sorted((value for value, *_place in pairs), reverse=True)[:20], output[0].sum()])
        chances = np.exp(values) / np.exp(values).sum()
        assert found.probability == pytest.approx(chances[0])
        assert found.nothing == pytest.approx(chances[-1])
        sure = extractive.best([part(starts, ends, *output.T)], longest, False)
        assert sure.probability == pytest.approx(np.exp(values[0]) / np.exp(values[:-1]).sum())


def test_windows_of_a_passage_share_their_best_answer():
    one = part([NONE, 0, 5], [NONE, 4, 9], [3.0, 1, 0], [3.0, 1, 0])
    two = part([NONE, 5, 10], [NONE, 9, 14], [1.0, 0, 4], [0.5, 0, 4])
    found = extractive.best([one, two], 30, True)
    assert (found.start, found.end, found.gap) == (10, 14, 1.5 - 8)
    assert extractive.best([part([NONE], [NONE], [1.0], [1.0])], 30, True).gap == np.inf
    assert extractive.best([part([NONE], [NONE], [1.0], [1.0])], 30, False).text("abc") == ""


def test_the_threshold_is_the_best_one():
    """Against all thresholds, as the official script tries them."""
    draw = np.random.default_rng(5)
    for _round in range(20):
        count = int(draw.integers(1, 30))
        gaps = draw.normal(size=count).round(1)
        lacks = draw.random(count) < 0.5
        answered, unanswered = np.where(lacks, 0, draw.random(count)), lacks.astype(float)
        chosen = extractive.threshold(gaps, answered, unanswered)

        def mean(limit, gaps=gaps, answered=answered, unanswered=unanswered):
            return np.where(gaps > limit, unanswered, answered).mean()

        assert mean(chosen) == pytest.approx(max(mean(limit) for limit in [-99, *gaps, 99]))
    assert np.isfinite(extractive.threshold([np.inf, np.inf], [0, 0], [1, 1]))


def test_the_passage_like_the_question():
    context = "Rain fell. The town of Bern hosts a chess club. Anna sells bread."
    begin, end = extractive.most_similar("Which town hosts a chess club?", context, 1)
    assert context[begin:end] == "Bern"
    assert extractive.most_similar("why?", "", 2) == (0, 0)
    assert extractive.most_similar("安娜住在哪里", "安娜住在北京", 2)[1] == 6
    assert extractive.most_similar("?", "one two", 5) == (0, 7)


def test_answers_agree_where_start_and_end_do():
    head = Head(kind="places")
    one = np.array([[0.0, 1.0], [2.0, 0.0], [1.0, 3.0]])
    assert head.agreement([one, one], [one, one + 0.1]) == 1.0
    assert head.agreement([one, one], [one, one[::-1]]) == 0.5


# --- backbones


def test_backbones_that_do_not_fit():
    assert TASK.fits({"model_type": "bert"}) is None
    assert TASK.fits({"model_type": "layoutlmv2"}).code == "task.needs-pages"
    assert TASK.fits({"model_type": "resnet"}).code == "task.other-backbone"


def test_a_backbone_that_was_a_classifier_of_three(backbone, tmp_path):
    from transformers import AutoConfig, AutoModelForSequenceClassification

    config = AutoConfig.from_pretrained(backbone, num_labels=3)
    AutoModelForSequenceClassification.from_config(config).save_pretrained(tmp_path)
    assert TASK.build(tmp_path, None).qa_outputs.out_features == 2


# --- a whole run


def test_the_run_learns_answers_and_their_absence(done):
    folder, results, _heard = done
    assert (results["headline"], results["unit"], results["labels"]) == ("answer_f1", "questions", [])
    test = results["test"]
    assert (test["rows"], test["unanswerable"]) == (24, 6)
    assert test["metrics"]["answer_f1"]["value"] >= 0.95
    assert set(test["metrics"]) == {*squad.NAMES, *squad.UNANSWERED_NAMES}
    assert [entry["name"] for entry in results["baselines"]] == ["sliding-window", "no-answer"]
    assert results["baselines"][-1]["metrics"]["answer_f1"]["value"] == 0.25
    assert test["samples"]["kind"] == "answers"
    for item in test["samples"]["items"]:
        predicted = item["predicted"]
        assert item["context"][predicted["start"] :].startswith(predicted["text"])
        assert 0 < predicted["score"] <= 1
        assert all(item["context"][answer["start"] :].startswith(answer["text"]) for answer in item["answers"])
    settings = json.loads((folder / "model/tlstudio.json").read_text())
    assert settings["may_lack"] is True
    assert settings["threshold"] != 0.0, "tuned on the validation rows"
    assert set(settings["inputs"]) == {"input_ids", "attention_mask", "token_type_ids"}


def test_the_predictions_have_the_official_numbers(done):
    import pyarrow.parquet as pq

    folder, results, _heard = done
    table = pq.read_table(folder / "predictions.parquet").to_pylist()
    scores = [squad.score(entry["predicted"], [entry["label"]]) for entry in table]
    assert results["test"]["metrics"]["exact_match"]["value"] == pytest.approx(np.mean([exact for exact, _ in scores]))
    assert [(entry["exact"], entry["score"]) for entry in table] == scores
    for entry in table:
        if entry["predicted"]:
            assert entry["context"][entry["start"] :].startswith(entry["predicted"])
        else:
            assert entry["start"] is None


def test_compressed_and_exported_models_answer_alike(done):
    _folder, results, _heard = done
    assert [entry["parity"]["status"] for entry in results["exports"]] == ["passed"]
    assert results["stages"][1]["agreement"] > 0.7  # of a tiny model, whose scores lie close together
    assert results["stages"][1]["metrics"]["answer_f1"]["value"] > 0.7


def learnt(folder):
    """The questions of the run, with passages of one window and of several."""
    import pyarrow.parquet as pq

    return pq.read_table(folder / "predictions.parquet").to_pylist()


def test_new_questions(done):
    folder = done[0]
    table = learnt(folder)
    found = Predictor(folder).predict([*table, {"question": "", "context": ""}])
    assert [answer["answer"] for answer in found[:-1]] == [entry["predicted"] for entry in table]
    for answer, entry in zip(found, table, strict=False):
        assert (answer["kind"], answer["question"]) == ("answer", entry["question"])
        assert answer["context"][answer["start"] : answer["end"]] == answer["answer"]
        assert answer["no_answer"] == (not answer["answer"])
        assert answer["probability"] == pytest.approx(entry["confidence"], abs=1e-4)
    assert found[-1]["no_answer"]
    with pytest.raises(StudioError) as caught:
        Predictor(folder).predict([{"question": "why"}])
    assert caught.value.code == "predict.missing-value"


@pytest.mark.parametrize("runtime", ["onnx", "transformers"])
def test_the_scripts_beside_exports_give_the_same_answers(done, runtime, tmp_path):
    folder = shutil.copytree(done[0] / ("exports/onnx" if runtime == "onnx" else "model"), tmp_path / "export")
    shutil.copyfile(resource(TASK.SCRIPTS[runtime]), folder / "predict.py")
    table = learnt(done[0])
    asked = [[entry["question"], entry["context"]] for entry in table] + [["", ""], ["where " * 40, CONTEXT]]
    code = ("import json, runpy, sys; predict = runpy.run_path(sys.argv[1])['predict']; "
            "print(json.dumps([predict(*pair)[:3] for pair in json.loads(sys.stdin.read())]))")  # fmt: skip
    ended = forked.python(["-c", code, str(folder / "predict.py")], json.dumps(asked))
    assert ended.returncode == 0, ended.stderr
    rows = [{"question": question, "context": context} for question, context in asked]
    expected = Predictor(done[0]).predict(rows)
    assert json.loads(ended.stdout) == [[answer["answer"], answer["start"], answer["end"]] for answer in expected]


def test_a_finished_run_can_be_asked_its_questions_again(done):
    """What another export starts from."""
    rows = [{role: entry[role] for role in TASK.ASKS} for entry in learnt(done[0])]
    found = TASK.examples(done[0] / "model", rows)
    assert len(found) > len(rows)
    assert next(iter(found[0])) == "input_ids", "batches are grouped by its length"


def test_a_probe_where_every_question_has_an_answer(backbone, tmp_path):
    """SQuAD 1.1, and folds."""
    path = questions.write(tmp_path / "homes.json", lacking=False)
    data = {"path": str(path), "split": {"method": "k-fold", "folds": 2}}
    wish = recipe(backbone, data, strategy={"name": "linear-probe"}, training={
        "epochs": 3, "batch_size": 8, "threads": 1, "precision": "fp32"})  # fmt: skip
    finished = pipeline.run(wish, tmp_path / "run", silent, Control())
    assert finished.outcome == "completed", finished.error
    results = json.loads((tmp_path / "run/results.json").read_text())
    assert set(results["test"]["metrics"]) == {*squad.NAMES}
    assert set(results["cross_validation"]["mean"]) == {*squad.NAMES}
    assert set(results["cross_validation"]["pooled"]) == {*squad.NAMES}
    assert [entry["name"] for entry in results["baselines"]] == ["sliding-window"]
    [answer] = Predictor(tmp_path / "run").predict([{"question": "where does anna live", "context": CONTEXT}])
    assert answer["answer"]
    assert not answer["no_answer"]


def test_the_longest_answer_is_kept_to(backbone, tmp_path):
    rows = [row(f"where is {at}", f"then {at} it rained all day long", "rained all day") for at in range(10)]
    found, _rows, _heard = encoded(backbone, {"path": str(rows_file(tmp_path / "rows.jsonl", rows))}, max_length=32,
                                   max_answer_length=2)  # fmt: skip
    assert found.facts["max_answer"] == 2
    outputs = []
    for entry in found.splits["test"]:
        output = np.zeros((len(entry["input_ids"]), 2), np.float32)
        last = max(at for at, begin in enumerate(entry["starts"]) if begin != NONE)
        output[last - 3, 0] = output[last, 1] = output[last - 2, 1] = 5.0
        output[last, 1] = 6.0
        outputs.append(output)
    measured = TASK.measure(None, found, "test", outputs, 0.5)
    assert set(measured) == set(TASK.QUICK)
    answer, context, _right = next(module._answered(found, "test", outputs))
    assert len(answer.text(context).split()) == 2


def test_cancelled_in_the_middle(backbone, tmp_path):
    control = Control()

    def emit(event):
        if event.kind == "metric":
            control.cancel()

    wish = recipe(backbone, questions.section(tmp_path))
    assert pipeline.run(wish, tmp_path / "run", emit, control).outcome == "cancelled"
    assert not (tmp_path / "run/model").exists()


def test_sizes_leave_room_for_a_passage(backbone):
    tokenizer = load_tokenizer(backbone)
    assert extractive.sizes(tokenizer, 384, 128) == Sizes(384, 95, 64)
    assert extractive.sizes(tokenizer, 16, 128) == Sizes(16, 3, 6)


def test_models_without_types_of_tokens_get_none(tmp_path):
    """Generic tokenizers offer them to every model; GPT-2 would add the vectors of its first words."""
    from tests.tasks.models import byte_gpt2

    folder = byte_gpt2(tmp_path / "gpt2", questions.WORDS)
    path = folder / "tokenizer_config.json"
    names = ["input_ids", "token_type_ids", "attention_mask"]
    path.write_text(json.dumps({**json.loads(path.read_text()), "model_input_names": names}))
    rows = require(DataSection(**questions.section(tmp_path)), silent, Control(), TASK.ROLES)
    encoded = TASK.encode(EncodeJob(TASK.Config(max_length=64), rows, folder, silent, Control()))
    assert encoded.inputs == ("input_ids", "attention_mask")
    TASK.save(TASK.build(folder, encoded), encoded, folder, tmp_path / "model")
    [example, *_more] = TASK.examples(tmp_path / "model", [{"question": "Where?", "context": "Anna lives in Rome."}])
    assert "token_type_ids" not in example
