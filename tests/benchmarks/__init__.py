"""Ratios measured side by side in one run; run by hand on a quiet machine. Nothing here asserts a time.

    python -m tests.benchmarks.start          the window: start, memory
    python -m tests.benchmarks.stalls         the window's event loop while a model trains
    python -m tests.benchmarks.loop           our training loop over a bare one
    python -m tests.benchmarks.fine_tuning    full fine-tuning against a plain transformers script
    python -m tests.benchmarks.probe          linear probe on cached features against a frozen backbone
    python -m tests.benchmarks.int8           int8 ONNX against PyTorch fp32

All at once: ``pytest -m benchmark tests/benchmarks -s``. Each takes ``--help``.
"""
