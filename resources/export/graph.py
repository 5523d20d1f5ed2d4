"""A graph of torch.export, asked as predict.py asks: the shape of ONNX Runtime's session."""
import json
from pathlib import Path

import numpy as np
import torch


class Input:
    def __init__(self, name):
        self.name = name


class InferenceSession:
    def __init__(self, path):
        here = Path(path).parent
        settings = json.loads((here / "tlstudio.json").read_text(encoding="utf-8"))
        self.inputs = list(settings.get("inputs") or ["input_ids", "attention_mask"])
        head = settings.get("head") or {}
        self.outputs = ["sentence_embedding"] if head.get("pool") else list(head.get("outputs") or ["logits"])
        self.module = torch.export.load(path).module()

    def get_inputs(self):
        return [Input(name) for name in self.inputs]

    def run(self, names, given):
        with torch.inference_mode():
            found = self.module(*(torch.from_numpy(np.ascontiguousarray(given[name])) for name in self.inputs))
        answers = dict(zip(self.outputs, (part.float().numpy() for part in found)))
        return [answers[name] for name in names]
