"""Tiny random models with their tokenizers or processors, in transformers layout."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

# --- words and places in texts: token classification, question answering


def word_bert(folder: Path, words: Sequence[str], length: int = 64, pairs: bool = True) -> Path:
    """A random BERT with two layers of width 48; unknown words fall into letters."""
    import string

    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    signs = string.ascii_lowercase + string.digits + ".,?!'-"
    vocabulary = dict.fromkeys([*special, *words, *signs, *(f"##{sign}" for sign in signs)])
    tokenizer = Tokenizer(models.WordPiece({word: at for at, word in enumerate(vocabulary)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    pair = {"pair": "[CLS] $A [SEP] $B:1 [SEP]:1"} if pairs else {}
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)], **pair
    )
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), special, strict=True))
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        model_max_length=length, **names,
    ).save_pretrained(folder)  # fmt: skip
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=48, num_hidden_layers=2, num_attention_heads=4, intermediate_size=96,
        max_position_embeddings=length,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    return folder


def byte_gpt2(folder: Path, texts: Sequence[str], length: int = 64) -> Path:
    """A random GPT-2: its tokens hold the space before a word, it has no special token but the end, and no padding."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import GPT2Config, GPT2Model, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<|endoftext|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    ))  # fmt: skip
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|endoftext|>", model_input_names=["input_ids", "attention_mask"],
        model_max_length=length,
    ).save_pretrained(folder)  # fmt: skip
    torch.manual_seed(0)
    config = GPT2Config(vocab_size=tokenizer.get_vocab_size(), n_positions=length, n_embd=48, n_layer=2, n_head=4,
                        bos_token_id=0, eos_token_id=0)  # fmt: skip
    GPT2Model(config).save_pretrained(folder)
    return folder


def canine(folder: Path) -> Path:
    """A random CANINE: its tokenizer reads characters as numbers, so that it has no vocabulary and no file."""
    import torch
    from transformers import CanineConfig, CanineModel, CanineTokenizer

    torch.manual_seed(0)
    config = CanineConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, max_position_embeddings=128,
        num_hash_buckets=64, num_hash_functions=4, local_transformer_stride=16,
    )  # fmt: skip
    CanineModel(config).save_pretrained(folder)
    CanineTokenizer(model_max_length=128).save_pretrained(folder)
    return folder


# --- sounds


def wave_network(folder: Path, kind: str = "wav2vec2", masked: bool = True, classes: int = 0) -> Path:
    """A random network of waves with two layers of width 32; ``masked`` ones are told what is padding.

    With ``classes`` it has been a classifier before, with a projection of its own.
    """
    import torch
    import transformers

    torch.manual_seed(0)
    config = transformers.AutoConfig.for_model(
        kind, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, conv_dim=[32] * 3,
        conv_kernel=[10, 3, 3], conv_stride=[5, 4, 4], num_feat_extract_layers=3, num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=4, feat_extract_norm="layer" if masked else "group", do_stable_layer_norm=masked,
        classifier_proj_size=16, mask_time_length=2, vocab_size=30, **({"num_labels": classes} if classes else {}),
    )  # fmt: skip
    auto = transformers.AutoModelForAudioClassification if classes else transformers.AutoModel
    auto.from_config(config).save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor(return_attention_mask=masked).save_pretrained(folder)
    return folder


def spectrogram_network(folder: Path, seconds: float = 0.5, bands: int = 32) -> Path:
    """A random Audio Spectrogram Transformer that reads ``seconds``."""
    import torch
    import transformers

    torch.manual_seed(0)
    size = {"max_length": round(seconds * 100), "num_mel_bins": bands}
    transformers.ASTModel(
        transformers.ASTConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
                               patch_size=8, frequency_stride=8, time_stride=8, **size)
    ).save_pretrained(folder)  # fmt: skip
    transformers.ASTFeatureExtractor(**size).save_pretrained(folder)
    return folder


def whisper_network(folder: Path, seconds: int = 1) -> Path:
    """A random Whisper whose encoder reads ``seconds``; saved whole, with its decoder."""
    import torch
    import transformers

    torch.manual_seed(0)
    config = transformers.WhisperConfig(
        d_model=32, encoder_layers=2, decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2,
        encoder_ffn_dim=64, decoder_ffn_dim=64, num_mel_bins=80, max_source_positions=50 * seconds, vocab_size=50,
        max_target_positions=16, pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=1,
    )  # fmt: skip
    transformers.WhisperForConditionalGeneration(config).save_pretrained(folder)
    transformers.WhisperFeatureExtractor(chunk_length=seconds).save_pretrained(folder)
    return folder


def write_tones(folder: Path, each: int = 12, rate: int = 16_000, seconds: float = 0.3) -> Path:
    """WAV and FLAC files of low, middle and high tones in a folder a class; half are stereo, of different lengths."""
    import numpy as np
    import soundfile

    draw = np.random.default_rng(0)
    for label, pitch in {"low": 220.0, "middle": 900.0, "high": 3000.0}.items():
        (folder / label).mkdir(parents=True, exist_ok=True)
        for number in range(each):
            time = np.arange(int(rate * seconds * draw.uniform(0.7, 1.3))) / rate
            wave = draw.uniform(0.2, 0.8) * np.sin(2 * np.pi * pitch * draw.uniform(0.95, 1.05) * time)
            wave = (wave + 0.02 * draw.standard_normal(len(time))).astype(np.float32)
            sound = np.stack([wave, 0.5 * wave], axis=1) if number % 2 else wave
            soundfile.write(folder / label / f"{number}.{'flac' if number % 3 else 'wav'}", sound, rate)
    return folder


# --- images

_VISION = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64,
           "image_size": 32, "patch_size": 8}  # fmt: skip
_IMAGES: dict[str, tuple[str, dict[str, Any], str, dict[str, Any]]] = {  # config, its sizes, processor, its settings
    "vit": ("ViT", _VISION, "ViT", {"size": {"height": 32, "width": 32}}),
    "deit": ("DeiT", _VISION, "DeiT", {"size": {"height": 36, "width": 36}, "crop_size": {"height": 32, "width": 32}}),
    "dinov2": ("Dinov2", {**_VISION, "image_size": 48}, "Bit",
               {"size": {"shortest_edge": 36}, "crop_size": {"height": 32, "width": 32}}),
    "swin": ("Swin", {"image_size": 32, "patch_size": 2, "embed_dim": 16, "depths": [1, 1], "num_heads": [1, 2],
                      "window_size": 4}, "ViT", {"size": {"height": 32, "width": 32}}),
    "resnet": ("ResNet", {"embedding_size": 16, "hidden_sizes": [16, 32], "depths": [1, 1], "layer_type": "basic"},
               "ConvNext", {"size": {"shortest_edge": 32}}),
    "convnext": ("ConvNext", {"depths": [1, 1], "hidden_sizes": [16, 32], "num_stages": 2}, "ConvNext",
                 {"size": {"shortest_edge": 32}}),
    "efficientnet": ("EfficientNet", {"image_size": 64, "width_coefficient": 0.25, "depth_coefficient": 0.25,
                                      "hidden_dim": 320}, "EfficientNet",
                     {"size": {"height": 64, "width": 64}, "include_top": True}),
}  # fmt: skip
IMAGE_KINDS = tuple(_IMAGES)


def image_network(folder: Path, kind: str = "vit") -> Path:
    """A random backbone without a head, and its image processor's settings."""
    import torch
    import transformers

    config, sizes, processor, settings = _IMAGES[kind]
    torch.manual_seed(0)
    getattr(transformers, f"{config}Model")(getattr(transformers, f"{config}Config")(**sizes)).save_pretrained(folder)
    getattr(transformers, f"{processor}ImageProcessorPil")(**settings).save_pretrained(folder)
    return folder


def two_towers(folder: Path, kind: str = "clip", words: Sequence[str] = ("a", "photo", "of", "red", "green")) -> Path:
    """A random CLIP or SigLIP with its tokenizer of words."""
    import torch
    import transformers
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    vocabulary = {word: at for at, word in enumerate(["<pad>", "<unk>", "<start>", "<end>", *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<start> $A <end>", special_tokens=[("<start>", 2), ("<end>", 3)]
    )
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", unk_token="<unk>", bos_token="<start>", eos_token="<end>",
        model_input_names=["input_ids", "attention_mask"], model_max_length=12,
    ).save_pretrained(folder)  # fmt: skip
    torch.manual_seed(0)
    text = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64,
            "vocab_size": len(vocabulary), "max_position_embeddings": 12, "pad_token_id": 0, "bos_token_id": 2,
            "eos_token_id": 3}  # fmt: skip
    name = {"clip": "CLIP", "siglip": "Siglip"}[kind]
    sizes = {"projection_dim": 16} if kind == "clip" else {"text_config": {**text, "projection_size": 32}}
    config = getattr(transformers, f"{name}Config")(**{"text_config": text, "vision_config": _VISION, **sizes})
    getattr(transformers, f"{name}Model")(config).save_pretrained(folder)
    size = {"size": {"height": 32, "width": 32}}
    if kind == "clip":
        size = {"size": {"shortest_edge": 32}, "crop_size": {"height": 32, "width": 32}}
    getattr(transformers, f"{name}ImageProcessorPil")(**size).save_pretrained(folder)
    return folder


COLOURS = {"red": (200, 40, 40), "green": (40, 180, 60), "blue": (40, 60, 200)}


def write_pictures(folder: Path, each: int = 12, side: int = 40, colours: Sequence[str] = tuple(COLOURS)) -> Path:
    """PNG files in a folder a class: noise around one colour, wide and high ones, some partly transparent."""
    import numpy as np
    from PIL import Image

    draw = np.random.default_rng(0)
    for label in colours:
        (folder / label).mkdir(parents=True, exist_ok=True)
        for number in range(each):
            shape = (side, side + 8 * (number % 3), 3) if number % 2 else (side + 8 * (number % 3), side, 3)
            noise = draw.integers(-40, 40, shape) + np.array(COLOURS[label])
            image = Image.fromarray(noise.clip(0, 255).astype(np.uint8))
            if number % 4 == 0:  # behind the corner lies black, which nobody sees
                image.putalpha(Image.fromarray(np.where(np.indices(shape[:2]).sum(0) > 20, 255, 0).astype(np.uint8)))
            image.save(folder / label / f"{number}.png")
    return folder


# --- language models


def chat_llama(folder: Path, texts: Sequence[str], length: int = 128, tied: bool = True, template: bool = True) -> Path:
    """A random Llama that begins each text with a token of its own, ends it with another, and has a chat template."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<s>", "</s>", "<|user|>", "<|bot|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False,
    ))  # fmt: skip
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", model_max_length=length,
        model_input_names=["input_ids", "attention_mask"],
    )  # fmt: skip
    if template:
        fast.chat_template = (
            "{{ bos_token }}{% for m in messages %}{{ ('<|bot|>' if m['role'] == 'assistant' else '<|user|>') + "
            "m['content'] + eos_token }}{% endfor %}{% if add_generation_prompt %}{{ '<|bot|>' }}{% endif %}"
        )
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, intermediate_size=96, max_position_embeddings=length, bos_token_id=0, eos_token_id=1,
        tie_word_embeddings=tied,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


# --- objects in images


def detector(folder: Path, kind: str = "yolos", side: int = 64) -> Path:
    """A random detector with five queries, for images of 64 pixels; without a processor of its own.

    Its weights are larger than usual: with queries that are nearly alike, it would learn for thousands of steps.
    """
    import torch
    import transformers

    torch.manual_seed(0)
    config = transformers.AutoConfig.for_model(kind, **_detector(kind, side))
    if kind != "yolos":
        config.image_size = side  # not used by the network; says which images it was made for
    model = transformers.AutoModelForObjectDetection.from_config(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if any(part in name for part in ("detection_tokens", "query_position", "position_embeddings")):
                parameter.normal_(0, 0.5)
    model.save_pretrained(folder)
    return folder


def _detector(kind: str, side: int) -> dict[str, Any]:
    import transformers

    if kind == "yolos":
        return {"hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 96,
                "image_size": [side, side], "patch_size": 16, "num_detection_tokens": 5, "hidden_dropout_prob": 0.0,
                "initializer_range": 0.1}  # fmt: skip
    width = 64 if kind == "deformable_detr" else 48
    small = {"d_model": width, "encoder_layers": 1, "decoder_layers": 2, "encoder_attention_heads": 2, "num_queries": 5,
             "decoder_attention_heads": 2, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "dropout": 0.0}  # fmt: skip
    sizes = {"hidden_sizes": [8, 16, 24, 32], "depths": [1] * 4, "layer_type": "basic", "embedding_size": 8}
    stages = ["stage2", "stage3", "stage4"]
    if kind == "rt_detr":
        ends = transformers.RTDetrResNetConfig(**sizes, out_features=stages)
        return {**small, "d_model": 32, "backbone_config": ends, "encoder_hidden_dim": 32, "num_denoising": 6,
                "encoder_in_channels": [16, 24, 32], "decoder_in_channels": [32] * 3,
                "hidden_expansion": 0.5}  # fmt: skip
    levels = {"num_feature_levels": 3} if kind == "deformable_detr" else {}
    if not levels:
        sizes, stages = {**sizes, "hidden_sizes": [16, 32], "depths": [1, 1], "embedding_size": 16}, ["stage2"]
    return {**small, **levels, "use_timm_backbone": False, "use_pretrained_backbone": False, "backbone": None,
            "backbone_config": transformers.ResNetConfig(**sizes, out_features=stages), "init_std": 0.1}  # fmt: skip


def write_rectangles(folder: Path, count: int = 8, width: int = 72, height: int = 56) -> Path:
    """Images with a red and a blue rectangle, or one of them, or none, and their boxes as COCO annotations."""
    import json

    import numpy as np
    from PIL import Image, ImageDraw

    draw, images, annotations = np.random.default_rng(0), [], []
    kinds = {"red": ("#d02020", 1), "blue": ("#2040d0", 2)}
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        picture = Image.new("RGB", (width, height), "#e0e0d0")
        for name in [("red", "blue"), ("red",), ("blue",), ("red", "blue"), ()][number % 5]:
            size = draw.integers(16, 28, 2)
            left = int(draw.integers(0, width // 2 - size[0])) + (width // 2 if name == "blue" else 0)
            top = int(draw.integers(0, height - size[1]))
            box = [left, top, int(size[0]), int(size[1])]
            ImageDraw.Draw(picture).rectangle([left, top, left + box[2] - 1, top + box[3] - 1], kinds[name][0])
            annotations.append({"id": len(annotations) + 1, "image_id": number, "category_id": kinds[name][1],
                                "bbox": box, "area": box[2] * box[3], "iscrowd": 0})  # fmt: skip
        picture.save(folder / f"{number}.png")
        images.append({"id": number, "file_name": f"{number}.png", "width": width, "height": height})
    categories = [{"id": number, "name": name} for name, (_colour, number) in kinds.items()]
    path = folder / "annotations.json"
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    return path


# --- encoders with decoders: translation, summarisation


def word_writer(folder: Path, kind: str, texts: Sequence[str], length: int = 64, **changes: object) -> Path:
    """A random T5, BART, Marian, mBART … of width 32 without dropout, whose tokens are whole words.

    ``changes`` go into its config.
    """
    import torch
    import transformers
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    special = ["<pad>", "</s>", "<unk>", "<s>"]
    words = [*special, *sorted({word for text in texts for word in text.split()})]
    tokenizer = Tokenizer(models.WordLevel({word: at for at, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", bos_token="<s>",
        model_input_names=["input_ids", "attention_mask"], model_max_length=length,
    ).save_pretrained(folder)  # fmt: skip
    torch.manual_seed(0)
    size: dict[str, object] = {"d_model": 32, "vocab_size": len(words), "pad_token_id": 0, "eos_token_id": 1}
    if kind == "t5":
        size |= {"d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4, "decoder_start_token_id": 0,
                 "dropout_rate": 0.0}  # fmt: skip
    else:
        size |= {"encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4, "decoder_attention_heads": 4,
                 "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "max_position_embeddings": length, "bos_token_id": 3,
                 "decoder_start_token_id": 0 if kind == "marian" else 1, "forced_eos_token_id": 1,
                 "dropout": 0.0}  # fmt: skip
    config = transformers.AutoConfig.for_model(kind, **{**size, **changes})
    transformers.AutoModelForSeq2SeqLM.from_config(config).save_pretrained(folder)
    return folder
