"""Runs the model in this folder with OpenVINO; called like a session of ONNX Runtime."""
from types import SimpleNamespace

import openvino


class Session:
    def __init__(self, folder):
        # fp32: some processors would compute in bf16 otherwise, and answer a little differently
        self._model = openvino.Core().compile_model(
            str(folder / "openvino_model.xml"), "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
        )
        self._names = [item.get_any_name() for item in self._model.inputs]

    def get_inputs(self):
        return [SimpleNamespace(name=name) for name in self._names]

    def run(self, names, values):
        found = self._model({name: values[name] for name in self._names})
        return [found[name].copy() for name in names]
