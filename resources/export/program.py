"""Runs the program in this folder with ExecuTorch; called like a session of ONNX Runtime."""
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from executorch.runtime import Runtime


class Session:
    def __init__(self, path):
        settings = json.loads((Path(path).parent / "tlstudio.json").read_text(encoding="utf-8"))
        self._inputs = list(settings.get("inputs") or ["input_ids", "attention_mask"])
        head = settings.get("head") or {}
        self._outputs = ["sentence_embedding"] if head.get("pool") else list(head.get("outputs") or ["logits"])
        self._program = Runtime.get().load_program(path)  # the method below borrows it
        self._method = self._program.load_method("forward")

    def get_inputs(self):
        return [SimpleNamespace(name=name) for name in self._inputs]

    def run(self, names, given):
        """It takes one row at a time."""
        rows = [[np.ascontiguousarray(given[name][row : row + 1]) for name in self._inputs]
                for row in range(len(given[self._inputs[0]]))]
        found = [self._method.execute([torch.from_numpy(value) for value in row]) for row in rows]
        answers = {name: np.concatenate([one[at].float().numpy() for one in found])
                   for at, name in enumerate(self._outputs)}
        return [answers[name] for name in names]
