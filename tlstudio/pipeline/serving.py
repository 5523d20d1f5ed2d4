"""Runs and exports behind the server of :mod:`tlstudio.core.serving`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tlstudio.core.errors import StudioError
from tlstudio.core.serving import Limits, Served, Server
from tlstudio.pipeline.predict import Predictor

_FILES = {"image": 10_000_000, "audio": 20_000_000}  # bytes of a request that carries a file


def served(target: Path, limits: Limits | None = None) -> Served:
    """The model of a run or an export, to be asked by row.

    Raises:
        StudioError: there is no model in ``target``.
    """
    predictor = Predictor(target)
    task = predictor.task
    asks = task.ASKS

    def answer(rows: list[dict[str, str]]) -> list[Any]:
        found = predictor.predict(list[Mapping[str, Any]](rows))
        # where a file lay for the model is nobody's business
        return [{name: value for name, value in one.items() if name not in _FILES} for one in found]

    usual = limits or Limits(body=max(_FILES.get(name, Limits.body) for name in asks))
    return Served(f"{target.resolve().name}: {task.TITLE}", tuple(asks), answer, tuple(task.OPTIONAL), usual)


def listen(served: Served, host: str, port: int) -> Server:
    """A server that is bound to its port, but answers only when it is run.

    Raises:
        StudioError: the address or the port cannot be had.
    """
    try:
        return Server(served, host, port)
    except (OSError, OverflowError) as error:
        raise StudioError(
            "serve.no-port", "{host}:{port} cannot be listened on: {reason}.",
            "Choose another port with --port, or another address.", where="port", host=host, port=port,
            reason=(getattr(error, "strerror", None) or str(error)).rstrip("."),
        ) from error  # fmt: skip
