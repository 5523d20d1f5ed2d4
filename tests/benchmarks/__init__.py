"""Measured side by side in one run; run by hand on a quiet machine. Nothing here asserts a time.

    python -m tests.benchmarks.start          the window: start, memory
    python -m tests.benchmarks.stalls         the window's event loop while a model trains
    python -m tests.benchmarks.loop           our training loop over a bare one
    python -m tests.benchmarks.fine_tuning    full fine-tuning against a plain transformers script
    python -m tests.benchmarks.probe          linear probe on cached features against a frozen backbone
    python -m tests.benchmarks.int8           int8 ONNX against PyTorch fp32
    python -m tests.benchmarks.large          large files: opened, divided, shown
    python -m tests.benchmarks.doctor         the data doctor on planted faults

Evidence about methods, on real data; each run is kept, so that a command goes on where it was broken off:

    python -m tests.benchmarks.strategies     Reuters R8 by strategy: accuracy, parameters, minutes, memory
    python -m tests.benchmarks.few_shot       8 and 16 rows a class over five seeds
    python -m tests.benchmarks.cross_lingual  emoji names: English to German, French, Chinese
    python -m tests.benchmarks.continual      four pairs of classes learnt in turn
    python -m tests.benchmarks.distillation   students of 3 and 2 layers
    python -m tests.benchmarks.ranking        the ranking of backbones against real fine-tuning

The first group all at once: ``pytest -m benchmark tests/benchmarks -s``. Each takes ``--help``.
"""
