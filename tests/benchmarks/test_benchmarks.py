"""Runs the benchmarks with their usual sizes: ``pytest -m benchmark tests/benchmarks -s``."""

from __future__ import annotations

import importlib

import pytest

from tests.benchmarks import common

NAMES = ("start", "stalls", "loop", "fine_tuning", "probe", "int8", "large", "doctor")


@pytest.mark.benchmark
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", NAMES)
def test_benchmark(name):
    try:
        importlib.import_module(f"tests.benchmarks.{name}").main([])
    except common.Missing as reason:
        pytest.skip(str(reason))
