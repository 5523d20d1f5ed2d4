"""Instruction tuning: the answers alone are learnt, with the model's own template or a plain one."""

from __future__ import annotations

import json

import pytest

from tests import tiny
from tests.tasks import models, speech, whole
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.progress import silent
from tlstudio.core.recipe import DataSection
from tlstudio.data.labelled import require
from tlstudio.metrics import generation
from tlstudio.pipeline.predict import Predictor
from tlstudio.tasks import chats
from tlstudio.tasks.base import EncodeJob
from tlstudio.tasks.instruction_tuning import PLUGIN
from tlstudio.tasks.suggest import suggest

TRAINING = {**whole.TRAINING, "epochs": 25, "batch_size": 4, "learning_rate": 5e-3}
OPTIONS = {"max_length": 64, "answer_length": 12, "tested_answers": 5}


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    return models.chat_llama(tmp_path_factory.mktemp("llama"), speech.vocabulary())


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory):
    return models.byte_gpt2(tmp_path_factory.mktemp("gpt2"), speech.vocabulary(), length=128)


@pytest.fixture(scope="module")
def found(tmp_path_factory, llama):
    folder = tmp_path_factory.mktemp("instruction")
    with tiny.own_home(folder / "home"):
        yield whole.good(
            whole.run(PLUGIN.NAME, llama, speech.question_file(folder), folder, options=OPTIONS, training=TRAINING,
                      export=["safetensors"])
        )  # fmt: skip


def encoded(model, path, **options):
    rows = require(DataSection(path=str(path)), silent, Control(), PLUGIN.ROLES)
    return PLUGIN.encode(EncodeJob(PLUGIN.Config(**options), rows, model, silent, Control()))


def chat(folder, wish="auto"):
    from tlstudio.models.tokenizers import load_tokenizer

    tokenizer = load_tokenizer(folder)
    return chats.Chat(tokenizer, chats.template_of(tokenizer, wish)), tokenizer


def learnt(tokenizer, labels):
    return tokenizer.decode([label for label in labels if label != -100])


# --- the run


def test_colours_are_learnt(found):
    test = found.results["test"]
    assert test["metrics"]["perplexity"]["value"] < 1.4
    assert test["metrics"]["rouge_l"]["value"] > 0.8
    baselines = {entry["name"]: entry["metrics"] for entry in found.results["baselines"]}
    assert list(baselines) == ["unigram", "untrained"]
    assert baselines["untrained"]["rouge_l"]["value"] < 0.2
    items = test["samples"]["items"]
    assert len(items) == 5
    rouge = generation.rouge([item["output"] for item in items], [item["reference"] for item in items])[:, 2]
    assert [item["score"] for item in items] == pytest.approx(rouge.tolist())
    assert test["metrics"]["rouge_l"]["value"] == pytest.approx(rouge.mean())
    columns = found.predictions()
    assert columns["label"] == columns["response"]
    assert sum(text != "" for text in columns["predicted"]) == 5
    assert "training.sample" in found.heard.codes()


def test_answers_and_the_script_of_the_export(found):
    prompts = ["what is snow", "tell me grass"]
    answers = Predictor(found.folder).predict([{"prompt": prompt} for prompt in prompts])
    assert answers[0] == {"kind": "generation", "prompt": prompts[0], "output": "it is white"}
    folder = found.folder / "exports/safetensors"
    assert found.results["exports"][0]["parity"]["status"] == "passed"
    assert whole.script(folder, *prompts) == [answer["output"] for answer in answers]


def test_later_exports_compare_the_losses_of_the_responses(found):
    model = found.folder / "model"
    columns = found.predictions()
    rows = [{"prompt": p, "response": r} for p, r in zip(columns["prompt"], columns["response"], strict=True)]
    from tlstudio.models.scorers import TorchScorer, score

    answers = score(TorchScorer(model), PLUGIN.proofs(model, rows))
    import math

    assert [math.exp(-loss / count) for loss, count, _right in answers] == pytest.approx(columns["score"], rel=1e-4)


def test_a_conversation_is_a_prompt_as_well(found):
    messages = [speech.message("user", "what colour is coal")]
    plain, whole_chat = Predictor(found.folder).predict(
        [{"prompt": "what colour is coal"}, {"prompt": json.dumps(messages)}]
    )
    assert plain["output"] == whole_chat["output"]


# --- conversations as tokens


def test_only_the_answer_and_its_end_are_learnt(llama):
    talk, tokenizer = chat(llama)
    ids, labels = talk.learnt(chats.pair("what colour is snow", "it is white"))
    assert tokenizer.decode(ids) == "<s><|user|>what colour is snow</s><|bot|>it is white</s>"
    assert learnt(tokenizer, labels) == "it is white</s>"
    assert ids[: len(talk.prompt(chats.asked("what colour is snow")))] == talk.prompt(
        chats.asked("what colour is snow")
    )


def test_all_answers_of_a_conversation_are_learnt(llama):
    talk, tokenizer = chat(llama)
    messages = [
        speech.message(*pair) for pair in (("user", "a"), ("assistant", "b"), ("user", "b"), ("assistant", "b"))
    ]
    ids, labels = talk.learnt(messages)
    assert learnt(tokenizer, labels) == "b</s>b</s>"
    assert tokenizer.decode(ids) == talk.text(messages)
    prompt, response = chats.last_exchange(messages)
    assert (chats.asked(prompt), response) == (messages[:3], "b")
    assert chats.last_exchange(messages[:2]) == ("a", "b")
    assert chats.last_exchange(messages[:1]) == ("a", "")


def test_a_plain_template_where_there_is_none(gpt2, tmp_path):
    made = encoded(gpt2, speech.question_file(tmp_path), max_length=96)
    talk, tokenizer = chat(gpt2)
    ids, labels = talk.learnt(chats.pair("what colour is snow", "it is white"))
    text = "### Instruction:\nwhat colour is snow\n\n### Response:\nit is white<|endoftext|>"
    assert tokenizer.decode(ids) == text
    assert learnt(tokenizer, labels) == "it is white<|endoftext|>"
    assert made.facts["template"] == chats.template_of(tokenizer, "plain")
    model = PLUGIN.build(gpt2, made)
    PLUGIN.save(model, made, gpt2, tmp_path / "model", PLUGIN.head(PLUGIN.Config()))
    from transformers import AutoTokenizer

    again = AutoTokenizer.from_pretrained(tmp_path / "model")
    assert again.apply_chat_template(chats.pair("x", "y"), tokenize=False).endswith("y<|endoftext|>\n\n")
    assert (
        PLUGIN.examples(tmp_path / "model", [{"prompt": "what colour is snow"}])[0]["input_ids"]
        == ids[: len(ids) - sum(label != -100 for label in labels)]
    )


def test_the_plain_template_can_be_wished_and_keeps_the_first_token(llama):
    talk, _tokenizer = chat(llama, "plain")
    assert talk.text(chats.asked("q"), asks=True) == "<s>### Instruction:\nq\n\n### Response:\n"
    system = [speech.message("system", "be brief"), *chats.pair("q", "r")]
    assert talk.text(system) == "<s>be brief\n\n### Instruction:\nq\n\n### Response:\nr</s>\n\n"


def test_templates_that_refuse_or_drop_answers(llama):
    _talk, tokenizer = chat(llama)
    refuses = chats.Chat(tokenizer, "{{ raise_exception('no system messages') }}")
    with pytest.raises(StudioError) as caught:
        refuses.learnt(chats.pair("q", "r"))
    assert caught.value.code == "task.bad-conversation"
    with pytest.raises(StudioError) as caught:
        chats.Chat(tokenizer, "{{ messages[0]['content'] }}").learnt(chats.pair("q", "r"))
    assert caught.value.code == "task.lost-answer"


def test_a_template_that_writes_earlier_answers_otherwise(llama):
    _talk, tokenizer = chat(llama)
    template = (
        "{% for m in messages %}[{{ m['role'] }}]{% if m['role'] == 'assistant' and loop.last %}<t></t>{% endif %}"
        "{{ m['content'] }}</s>{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"
    )
    messages = [
        speech.message(*pair) for pair in (("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d"))
    ]
    _ids, labels = chats.Chat(tokenizer, template).learnt(messages)
    assert learnt(tokenizer, labels) == "b</s>d</s>"


def test_what_does_not_fit_is_cut():
    ids, labels = list(range(20)), [-100] * 12 + list(range(12, 20))
    assert chats.cut(ids, labels, 20) == (ids, labels)
    short, known = chats.cut(ids, labels, 10)
    assert (short, known[1:]) == (list(range(7, 17)), labels[8:17])
    assert chats.cut(ids, [-100] * 2 + ids[2:], 10)[0] == ids[:10], "the end of a long answer is cut off"


def test_long_rows_are_told(gpt2, tmp_path):
    heard = tiny.Heard()
    rows = require(DataSection(path=str(speech.question_file(tmp_path))), silent, Control(), PLUGIN.ROLES)
    made = PLUGIN.encode(EncodeJob(PLUGIN.Config(max_length=24), rows, gpt2, heard, Control()))
    assert made.truncated["texts"] > 0
    assert heard.codes() == ["task.truncated"]
    assert max(map(len, made.splits["train"]["input_ids"])) <= 24


def test_packing_puts_whole_rows_together(llama, tmp_path):
    path = speech.question_file(tmp_path)
    single, packed = encoded(llama, path, max_length=64), encoded(llama, path, max_length=64, packing=True)
    assert len(packed.splits["train"]) < len(single.splits["train"])
    assert len(packed.splits["test"]) == len(single.splits["test"])
    assert max(packed.splits["train"]["length"]) <= 64
    for name in ("input_ids", "labels"):
        one, other = ([token for row in made.splits["train"][name] for token in row] for made in (single, packed))
        assert one == other
    assert packed.truncated["texts"] == single.truncated["texts"] == 0


# --- data


def test_conversations_are_data_as_well(llama, tmp_path):
    rows = require(DataSection(path=str(speech.chat_file(tmp_path))), silent, Control(), PLUGIN.ROLES)
    assert list(rows.roles.columns) == ["messages"]
    assert PLUGIN.lacks(rows.roles.columns) == []
    made = PLUGIN.encode(EncodeJob(PLUGIN.Config(), rows, llama, silent, Control()))
    _talk, tokenizer = chat(llama)
    texts = {learnt(tokenizer, labels) for labels in made.splits["train"]["labels"]}
    assert any(text.count("it is") == 2 for text in texts)
    assert all(text.startswith("it is") and text.endswith("</s>") for text in texts)
    assert suggest(rows.roles.columns) == PLUGIN.NAME == suggest({"prompt": "p", "response": "r"})


def test_a_run_on_conversations(llama, tmp_path):
    quick = {**TRAINING, "epochs": 1}
    found = whole.good(
        whole.run(PLUGIN.NAME, llama, speech.chat_file(tmp_path), tmp_path, options=OPTIONS, training=quick)
    )
    columns = found.predictions()
    assert all(text.startswith("it is") for text in columns["label"])
    assert any(text.startswith("[{") for text in columns["prompt"])


def test_texts_alone_have_nothing_to_answer(llama, tmp_path):
    found = whole.run(PLUGIN.NAME, llama, speech.circle_file(tmp_path), tmp_path, options=OPTIONS)
    assert found.finished.outcome == "failed"
    assert found.finished.error["code"] == "data.no-column-left"
