"""How decoders begin and end, in all families; languages of models that write many."""

from __future__ import annotations

import json

import pytest
import torch

from tests.tasks import rewriting
from tlstudio.core.errors import StudioError
from tlstudio.models.batches import IGNORED
from tlstudio.models.scorers import TorchScorer
from tlstudio.tasks import decoders
from tlstudio.tasks.translation import PLUGIN

LANGUAGES = {"MBartTokenizer": ("en_XX", "de_DE"), "MBart50Tokenizer": ("en_XX", "de_DE"),
             "NllbTokenizer": ("eng_Latn", "deu_Latn")}  # fmt: skip


@pytest.fixture(scope="module", params=LANGUAGES)
def speaker(request):
    """A tokenizer of many languages, with a tiny vocabulary."""
    import importlib

    import transformers

    kind = getattr(transformers, request.param)
    codes = importlib.import_module(kind.__module__).FAIRSEQ_LANGUAGE_CODES
    words = ["<s>", "<pad>", "</s>", "<unk>", "▁a", "▁b", "▁c", "▁", *codes, "<mask>"]
    if request.param == "NllbTokenizer":
        return kind(vocab={word: at for at, word in enumerate(words)}, merges=[]), LANGUAGES[request.param]
    return kind(vocab=[(word, -float(at > 3)) for at, word in enumerate(words)]), LANGUAGES[request.param]


def test_each_family_says_the_language_in_its_own_way(speaker):
    tokenizer, (source, target) = speaker
    settings = decoders.beginning(tokenizer, source, target)
    first = "decoder_start_token_id" if type(tokenizer).__name__ == "MBartTokenizer" else "forced_bos_token_id"
    assert settings == {first: tokenizer.convert_tokens_to_ids(target)}
    decoders.speaking(tokenizer, source, target)
    assert tokenizer.convert_tokens_to_ids(source) in tokenizer("a b")["input_ids"]
    [ids], [full] = decoders.targets(tokenizer, ["a b c a b c"], 5)
    assert tokenizer.convert_tokens_to_ids(target) in ids
    assert tokenizer.eos_token_id in ids[-2:]
    assert (len(ids), full > 5) == (5, True)


@pytest.mark.parametrize("languages", [("", ""), ("en_XX", "")])
def test_languages_must_be_named(speaker, languages):
    with pytest.raises(StudioError) as caught:
        decoders.beginning(speaker[0], *languages)
    assert caught.value.code == "task.no-language"
    assert LANGUAGES["NllbTokenizer"][0][:3] or caught.value.params["known"]


def test_other_tokenizers_need_no_language(tmp_path):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(rewriting.model(tmp_path / "t5"))
    assert decoders.beginning(tokenizer, "en", "de") == {}
    assert decoders.speaking(tokenizer, "en", "de") is tokenizer


def test_a_model_without_a_first_token_is_refused(tmp_path):
    folder = rewriting.model(tmp_path / "bart", "bart")
    path = folder / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps({**config, "decoder_start_token_id": None}))
    with pytest.raises(StudioError) as caught:
        decoders.require_start(folder, {})
    assert (caught.value.code, caught.value.params["name"]) == ("model.no-start-token", "decoder_start_token_id")
    decoders.require_start(folder, {"decoder_start_token_id": 5})
    path.write_text(json.dumps({**config, "pad_token_id": None}))
    with pytest.raises(StudioError):
        decoders.require_start(folder, {})


@pytest.mark.parametrize(("kind", "first"), [("t5", 0), ("bart", 1), ("marian", 0), ("m2m_100", 1), ("pegasus", 1)])
def test_each_family_shifts_by_its_own_rule(tmp_path, kind, first):
    shift = decoders.shifter(rewriting.model(tmp_path / kind, kind))
    shifted = shift(torch.tensor([[5, 6, 1], [7, 1, IGNORED]]))
    assert shifted.tolist() == [[first, 5, 6], [first, 7, 1]]


def test_mbart_moves_the_language_to_the_front(tmp_path):
    shift = decoders.shifter(rewriting.model(tmp_path / "mbart", "mbart"))
    assert shift(torch.tensor([[5, 6, 1, 9], [7, 1, 9, IGNORED]])).tolist() == [[9, 5, 6, 1], [9, 7, 1, 9]]


@pytest.mark.parametrize("kind", ["marian", "mbart"])
def test_families_learn_a_pair_by_heart(tmp_path, kind):
    """What is learnt with the shift of the family is written with its first token."""
    from tlstudio.core.control import Control
    from tlstudio.core.progress import silent
    from tlstudio.core.recipe import DataSection
    from tlstudio.data.labelled import require
    from tlstudio.tasks.base import EncodeJob

    backbone, options = rewriting.model(tmp_path / kind, kind), {"max_target_length": 8, "beams": 2}
    if kind == "mbart":
        options |= {"source_language": "en_XX", "target_language": "de_DE"}
        _speaking_backbone(backbone)
    data = DataSection(path=str(rewriting.write(tmp_path, copies=2)))
    rows = require(data, silent, Control(), PLUGIN.ROLES)
    encoded = PLUGIN.encode(EncodeJob(PLUGIN.Config(**options), rows, backbone, silent, Control()))
    network = PLUGIN.build(backbone, encoded)
    optimiser = torch.optim.AdamW(network.parameters(), lr=5e-3)
    loss, batch = (
        PLUGIN.loss(PLUGIN.Config(), encoded),
        PLUGIN.collator(PLUGIN.Config(), encoded)([encoded.splits["train"][at] for at in range(4)]),
    )
    labels, reached = batch.pop("labels"), torch.tensor(1.0)
    for _ in range(400):
        optimiser.zero_grad()
        reached = loss(network.train()(**batch), labels)
        reached.backward()
        optimiser.step()
        if reached < 0.02:
            break
    assert reached < 0.02
    PLUGIN.save(PLUGIN.finish(network.eval(), encoded), encoded, backbone, tmp_path / "model",
                PLUGIN.HEAD.of({"head": {**PLUGIN.HEAD.to_dict(), **encoded.head}}))  # fmt: skip
    asked = [{"source_text": text} for text in rows.splits["train"].texts("source_text")][:4]
    examples = PLUGIN.examples(tmp_path / "model", asked)
    answers = PLUGIN.answers(tmp_path / "model", asked, examples, TorchScorer(tmp_path / "model").outputs(examples))
    wanted = list(rows.splits["train"].texts("target_text"))[:4]
    assert [answer["output"] for answer in answers] == wanted


def _speaking_backbone(folder):
    """The tokenizer of mBART with whole words, in place of the plain one."""
    import transformers
    from transformers.models.mbart.tokenization_mbart import FAIRSEQ_LANGUAGE_CODES

    words = sorted({f"▁{word}" for pair in rewriting.PAIRS for text in pair for word in text.split()})
    vocabulary = ["<s>", "<pad>", "</s>", "<unk>", *words, "▁", *FAIRSEQ_LANGUAGE_CODES, "<mask>"]
    tokenizer = transformers.MBartTokenizer(vocab=[(word, -float(at > 3)) for at, word in enumerate(vocabulary)])
    for path in folder.glob("*token*"):
        path.unlink()
    tokenizer.save_pretrained(folder)
    config = transformers.AutoConfig.from_pretrained(folder)
    config.vocab_size, config.pad_token_id, config.eos_token_id = len(tokenizer), 1, 2
    config.decoder_start_token_id, config.forced_eos_token_id, config.bos_token_id = None, 2, 0
    torch.manual_seed(0)
    transformers.AutoModelForSeq2SeqLM.from_config(config).save_pretrained(folder)
