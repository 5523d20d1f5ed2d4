"""Model folders made to harm."""

from __future__ import annotations

import json
import struct
import zipfile
from typing import Any

from tests.hostile.place import Case, Place, inspect_model, load_model
from tlstudio.core.control import Control
from tlstudio.core.progress import silent


def _pickled(place: Place, name: str = "pytorch_model.bin") -> Any:
    folder = place.model()
    (folder / "model.safetensors").unlink()
    (folder / name).write_bytes(place.payload())
    return folder


def pickle_as_weights(place: Place) -> Any:
    return inspect_model(_pickled(place))


def pickle_converted(place: Place) -> Any:
    import torch

    from tlstudio.models.converting import convert

    folder = _pickled(place)
    torch.save({"weight": torch.zeros(2), "x": place.evil}, folder / "pytorch_model.bin")
    return convert(folder, None, silent, Control())


def bomb_converted(place: Place) -> Any:
    from tlstudio.models.converting import convert

    folder = _pickled(place)
    with zipfile.ZipFile(folder / "pytorch_model.bin", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", place.payload())
        archive.writestr("archive/data/0", bytes(64 << 20))
    return convert(folder, None, silent, Control())


def pickles_beside(place: Place) -> Any:
    folder = place.model()
    names = ("optimizer.pt", "scheduler.pt", "training_args.bin", "rng_state.pth", "pytorch_model.bin", "model.pkl",
             "adapter_model.bin", "flax_model.msgpack", "tf_model.h5", "vocab.pkl", "state.npy")  # fmt: skip
    for name in names:
        (folder / name).write_bytes(place.payload())
    load_model(folder)
    return "loaded from safetensors; the pickles were not opened"


def huge_header(place: Place) -> Any:
    folder = place.model()
    with open(folder / "model.safetensors", "r+b") as stream:
        stream.write(struct.pack("<Q", 10 << 30))
    return inspect_model(folder)


def huge_header_in_a_huge_file(place: Place) -> Any:
    folder = place.model()
    with open(folder / "model.safetensors", "r+b") as stream:
        stream.write(struct.pack("<Q", 10 << 30))
        stream.truncate((10 << 30) + 100)  # takes no place: the rest is a hole
    return inspect_model(folder)


def _header(place: Place, header: bytes, data: int = 8) -> Any:
    folder = place.model()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(data))
    return inspect_model(folder)


def deep_header(place: Place) -> Any:
    return _header(place, b"[" * 200_000)


def overlapping_tensors(place: Place) -> Any:
    part = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    return _header(place, json.dumps({"a": part, "b": part}).encode())


def code_for_an_architecture(place: Place) -> Any:
    folder = place.model(model_type="evil", auto_map={"AutoModel": "modeling_evil.Evil", "AutoConfig": "m.Evil"})
    (folder / "modeling_evil.py").write_text(place.program)
    return inspect_model(folder)


def code_beside_an_architecture(place: Place) -> Any:
    kinds = dict.fromkeys(("AutoConfig", "AutoModel", "AutoModelForSequenceClassification"), "modeling_evil.Evil")
    folder = place.model(auto_map=kinds)
    (folder / "modeling_evil.py").write_text(place.program)
    place.edit("tokenizer_config.json", auto_map={"AutoTokenizer": ["modeling_evil.Evil", "modeling_evil.Evil"]})
    load_model(folder)
    note = inspect_model(folder)["code"]
    assert note is not None
    return f"loaded without it, and told: {note['code']}"


def code_from_elsewhere(place: Place) -> Any:
    return inspect_model(place.model(model_type="evil", auto_map={"AutoConfig": "evil/repo--configuration.Evil"}))


def tokenizer_with_code(place: Place) -> Any:
    folder = place.model()
    (folder / "evil.py").write_text(place.program)
    place.edit("tokenizer_config.json", tokenizer_class="Evil", auto_map={"AutoTokenizer": ["evil.Evil", None]})
    load_model(folder)
    return "the tokenizer was read from tokenizer.json, without it"


def code_to_generate(place: Place) -> Any:
    """A task's settings are passed to ``generate``, which can take a program."""
    from tlstudio.models.heads import Head

    folder = place.model()
    (folder / "custom_generate").mkdir()
    (folder / "custom_generate" / "generate.py").write_text(place.program + "def generate(*a, **k): pass\n")
    given = {"max_new_tokens": 3, "custom_generate": str(folder), "trust_remote_code": True}
    head = Head.of({"head": {"auto": "AutoModelForCausalLM", "kind": "text", "generate": given}})
    load_model(folder)
    assert head.generate == {"max_new_tokens": 3, "trust_remote_code": True}
    return f"left with {head.generate}"


def any_class_of_transformers(place: Place) -> Any:
    from tlstudio.models import heads

    folder = place.model()
    (folder / "tlstudio.json").write_text(json.dumps({"head": {"auto": "pipeline"}}))
    return heads.load(folder)


def kernel_of_the_hub(place: Place) -> Any:
    return inspect_model(place.model(attn_implementation="evil/kernel"))


def endless_layers(place: Place) -> Any:
    return inspect_model(place.model(num_hidden_layers=10**9))


def endless_labels(place: Place) -> Any:
    return inspect_model(place.model(num_labels=10**9))


def endless_config(place: Place) -> Any:
    folder = place.model()
    with open(folder / "config.json", "ab") as stream:
        stream.truncate(3 << 30)
    return inspect_model(folder)


def deep_config(place: Place) -> Any:
    folder = place.model()
    (folder / "config.json").write_text('{"model_type": "bert", "x": ' + "[" * 200_000)
    return inspect_model(folder)


def _with_pattern(place: Place, pattern: str, where: str = "pre_tokenizer") -> Any:
    folder = place.model()
    split = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
    replace = {"type": "Replace", "pattern": {"Regex": pattern}, "content": ""}
    place.edit("tokenizer.json", **{where: split if where == "pre_tokenizer" else replace})
    return folder


def pattern_that_doubles(place: Place) -> Any:
    return load_model(_with_pattern(place, "(a+)+$"))


def pattern_in_the_normaliser(place: Place) -> Any:
    return load_model(_with_pattern(place, "(x|xx|xxx)*y(z|zz)*!$", "normalizer"))


def _with_template(place: Place, template: str) -> Any:
    place.model()
    return place.edit("tokenizer_config.json", chat_template=template).parent


def _chat(folder: Any) -> Any:
    from tlstudio.models.tokenizers import load_tokenizer
    from tlstudio.tasks.chats import Chat, template_of

    tokenizer = load_tokenizer(folder)
    return Chat(tokenizer, template_of(tokenizer, "auto")).text([{"role": "user", "content": "the secret word"}])


def template_that_escapes(place: Place) -> Any:
    way = "''.__class__.__mro__[1].__subclasses__()"
    call = "cycler.__init__.__globals__.os.mkdir"
    return _chat(_with_template(place, f"{{{{ {way} }}}}{{{{ {call}('{place.canary}') }}}}"))


def template_that_loops(place: Place) -> Any:
    loop = "{% for i in range(99999) %}"
    return _chat(_with_template(place, f"{loop}{loop}{loop}{{% endfor %}}{{% endfor %}}{{% endfor %}}"))


def template_that_loops_for_some_rows(place: Place) -> Any:
    loop = "{% for i in range(99999) %}"
    condition = "{% if 'secret' in messages[0].content %}"
    return _chat(_with_template(place, f"{condition}{loop}{loop}{{% endfor %}}{{% endfor %}}{{% endif %}}"))


def template_that_fills_the_memory(place: Place) -> Any:
    return _chat(_with_template(place, "{% set n = 60000 * 60000 %}{{ 'a' * n }}"))


def pickle_in_a_graph(place: Place) -> Any:
    from tlstudio.models.torch_graph import GraphScorer

    folder = place.model()
    with zipfile.ZipFile(folder / "model.pt2", "w") as archive:
        archive.writestr("model/archive_format", "pt2")
        archive.writestr("model/data/constants/custom_obj_0", place.payload())
    return GraphScorer(folder / "model.pt2")


def modules_of_sentence_transformers(place: Place) -> Any:
    folder = place.model()
    modules = [{"idx": 0, "name": "0", "path": "", "type": "os.system"}, {"idx": 1, "name": "1", "path": "1_x",
               "type": "modeling_evil.Evil"}]  # fmt: skip
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "modeling_evil.py").write_text(place.program)
    load_model(folder)
    return "loaded by transformers; the modules were not imported"


def bundle_that_leaves(place: Place) -> Any:
    from tlstudio.pipeline.predict import Predictor

    path = place.folder / "bundle.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"../{place.canary.name}/x", b"x")
    return Predictor(path)


def checkpoint_with_a_pickle(place: Place) -> Any:
    """What a run zip of somebody else may hold."""
    from tlstudio.training.checkpoints import load_states
    from tlstudio.worker import explained

    place.write("checkpoint/optimiser.pt", place.payload())
    try:
        return load_states(place.folder / "checkpoint")
    except Exception as error:
        raise explained(error) from None


CASES = (
    Case("pytorch_model.bin that runs code", pickle_as_weights, ("model.pickle",)),
    Case("the same, converted", pickle_converted, ("convert.refused",)),
    Case("pytorch_model.bin that is a zip bomb, converted", bomb_converted, ("convert.refused",)),
    Case("pickles beside sound weights (optimizer.pt, training_args.bin …)", pickles_beside),
    Case("safetensors: header of 10 GB in a small file", huge_header, ("model.damaged-weights",)),
    Case("safetensors: header of 10 GB in a file of 10 GB", huge_header_in_a_huge_file, ("model.damaged-weights",)),
    Case("safetensors: header of 200,000 brackets", deep_header, ("model.damaged-weights",)),
    Case("safetensors: tensors over one another", overlapping_tensors, ("model.damaged-weights",)),
    Case("config asks for code in the folder", code_for_an_architecture, ("model.needs-code",)),
    Case("config asks for code of another repository", code_from_elsewhere, ("model.needs-code",)),
    Case("config of a known kind asks for code", code_beside_an_architecture),
    Case("tokenizer asks for code", tokenizer_with_code, ()),
    Case("settings ask for a program that generates", code_to_generate),
    Case("settings name any class of transformers", any_class_of_transformers, ("model.bad-settings",)),
    Case("config names a kernel on the hub", kernel_of_the_hub, ("model.impossible-config",)),
    Case("config with a billion layers", endless_layers, ("model.impossible-config",)),
    Case("config with a billion labels", endless_labels, ("model.impossible-config",)),
    Case("config.json of 3 GB", endless_config, ("model.file-too-large",)),
    Case("config.json of 200,000 brackets", deep_config, ("files.too-deep", "files.not-json")),
    Case("tokenizer.json: catastrophic regex", pattern_that_doubles, ("model.bad-pattern",)),
    Case("tokenizer.json: the same in the normaliser", pattern_in_the_normaliser, ("model.bad-pattern",)),
    Case("chat template that leaves the sandbox", template_that_escapes, ("task.bad-conversation",)),
    Case("chat template that loops", template_that_loops, ("model.bad-template",)),
    Case("chat template that loops for some rows only", template_that_loops_for_some_rows, ("task.bad-conversation",)),
    Case("chat template that fills the memory", template_that_fills_the_memory, ("model.bad-template",)),
    Case("model.pt2 with a pickle", pickle_in_a_graph, ("model.made-elsewhere",)),
    Case("modules.json that names os.system", modules_of_sentence_transformers),
    Case("bundle.zip with a name outside of it", bundle_that_leaves, ("model.bad-bundle",)),
    Case("checkpoint with a pickle, as in a run zip", checkpoint_with_a_pickle,
         ("run.not-only-tensors",)),
)  # fmt: skip
