"""Real SentencePiece models, trained on a few texts, and a Marian that has nothing else."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.tasks import rewriting

_SPECIAL = ("<pad>", "</s>", "<unk>")


def pieces(texts: Sequence[str], size: int = 60, **options: Any) -> bytes:
    """The file of a SentencePiece model."""
    import sentencepiece

    stream = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([*texts] * 20), model_writer=stream, vocab_size=size, hard_vocab_limit=False,
        minloglevel=2, **{"pad_id": 3, **options},
    )  # fmt: skip
    return stream.getvalue()


def marian(folder: Path) -> Path:
    """A random Marian with its own slow tokenizer: source.spm, target.spm and vocab.json, as on the hub."""
    import sentencepiece
    import torch
    import transformers

    folder.mkdir(parents=True)
    vocabulary = dict.fromkeys(["</s>", "<unk>"])
    for name, texts in zip(("source.spm", "target.spm"), zip(*rewriting.PAIRS, strict=True), strict=True):
        content = pieces(texts, 200)
        (folder / name).write_bytes(content)
        own = sentencepiece.SentencePieceProcessor(model_proto=content)
        vocabulary |= dict.fromkeys(own.id_to_piece(at) for at in range(own.get_piece_size()))
    words = [word for word in vocabulary if word not in ("<s>", "<pad>")] + ["<pad>"]
    (folder / "vocab.json").write_text(json.dumps({word: at for at, word in enumerate(words)}), encoding="utf-8")
    torch.manual_seed(0)
    pad = len(words) - 1
    config = transformers.MarianConfig(
        d_model=32, vocab_size=len(words), encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=64, decoder_ffn_dim=64, max_position_embeddings=64, dropout=0.0,
        pad_token_id=pad, decoder_start_token_id=pad, eos_token_id=0, bos_token_id=None, forced_eos_token_id=0,
        init_std=0.1,  # with less, the decoder learns long before the encoder tells it anything
    )  # fmt: skip
    transformers.MarianMTModel(config).save_pretrained(folder)
    return folder
