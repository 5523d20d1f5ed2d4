"""A few steps before the run: is bf16 really faster here, does the batch fit, how long will it take?"""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from tlstudio.core import memory
from tlstudio.core.control import Control
from tlstudio.core.errors import StudioError
from tlstudio.core.events import Emit, log
from tlstudio.core.progress import Meter
from tlstudio.models.batches import split_batch
from tlstudio.training.settings import Settings

if TYPE_CHECKING:
    import torch

    from tlstudio.models.transfer import Transfer

_ROUNDS = 3
_GAIN = 1.05  # bf16 must be this much faster: below that its rounding buys nothing
_OPTIMISER_SHARE = 1.08  # a step of the fused optimiser, clipping and collating, relative to forward and backward
_EVALUATION_SHARE = 0.35  # forward without gradients, relative to a training step on as many texts


# of the allocators, of C++, and of oneDNN
_SIGNS = (
    "out of memory",
    "not enough memory",
    "can't allocate memory",
    "bad_alloc",
    "cannot allocate memory",
    "could not create a memory",
)


@dataclass(frozen=True)
class Rehearsal:
    """What the rehearsal found. Seconds are for one optimiser step on a batch of typical length."""

    settings: Settings
    seconds_fp32: float
    seconds_bf16: float | None
    steps: int
    seconds: float
    memory_bytes: int

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "settings": self.settings.to_dict()}


def rehearse(
    transfer: Transfer, loss: Callable[..., torch.Tensor], settings: Settings, auto_precision: bool,
    emit: Emit, control: Control,
) -> Rehearsal:  # fmt: skip
    """Runs forward and backward on batches of typical and of greatest length; no weight is changed.

    Of a training in phases the first one, which goes through the backbone, is tried.

    Raises:
        StudioError: not even one row fits into memory.
        Cancelled: the user has cancelled.
    """
    import torch

    chosen, loss = settings, transfer.loss or loss
    settings = replace(settings, **transfer.settings)
    memory.stay_within_group()
    meter = Meter(emit, control, "rehearse", 2 + 2 * _ROUNDS, "steps")
    with _state_kept(transfer.model):
        settings, needed = _fit_memory(transfer, loss, settings, emit, meter)
        seconds: dict[str, list[float]] = {"fp32": [], "bf16": []}
        candidates = ["fp32", "bf16"] if auto_precision and _can_bf16(settings.device) else [settings.precision]
        rows = _typical(transfer, settings.batch_size // settings.accumulate)
        for round_ in range(_ROUNDS + 1):  # the first one warms up
            for precision in candidates:
                taken = _step(transfer, loss, rows, precision, settings.device)
                if round_:
                    seconds[precision].append(taken)
                    meter.advance(3 - len(candidates) if len(candidates) == 1 else 1)
        transfer.model.zero_grad(set_to_none=True)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
    median = {precision: statistics.median(values) for precision, values in seconds.items() if values}
    # the fastest of each: another program that takes a core for a moment must not decide
    fastest = {precision: min(values) for precision, values in seconds.items() if values}
    settings = replace(settings, precision=_decide(fastest, settings.precision, emit))
    steps_per_epoch = max(1, -(-len(transfer.train) // settings.batch_size))
    more = 1 + sum(callback.PASSES for callback in transfer.callbacks)
    step = median[settings.precision] * settings.accumulate * _OPTIMISER_SHARE * more
    validation = len(transfer.validation) / settings.batch_size * step * _EVALUATION_SHARE
    return Rehearsal(
        settings=replace(chosen, precision=settings.precision, accumulate=settings.accumulate),
        seconds_fp32=median.get("fp32", 0.0),
        seconds_bf16=median.get("bf16"),
        steps=steps_per_epoch * settings.epochs,
        seconds=(steps_per_epoch * step + validation) * settings.epochs,
        memory_bytes=needed,
    )


def _decide(fastest: dict[str, float], precision: str, emit: Emit) -> str:
    if len(fastest) < 2:
        return precision
    gain = fastest["fp32"] / fastest["bf16"]
    log(emit, "training.precision",
        "Rehearsal: a step takes {fp32} ms in fp32 and {bf16} ms in bf16; {chosen} is used.",
        fp32=round(1000 * fastest["fp32"]), bf16=round(1000 * fastest["bf16"]),
        chosen="bf16" if gain >= _GAIN else "fp32")  # fmt: skip
    return "bf16" if gain >= _GAIN else "fp32"


def _can_bf16(device: str) -> bool:
    import torch

    if device == "cuda":
        return torch.cuda.is_bf16_supported()
    return device == "cpu"


def _fit_memory(
    transfer: Transfer, loss: Callable[..., torch.Tensor], settings: Settings, emit: Emit, meter: Meter
) -> tuple[Settings, int]:
    """Halves the part of the batch that is computed at once until the longest rows fit into what memory is left.

    Raises:
        StudioError: not even one row fits.
    """
    while True:
        part = max(1, settings.batch_size // settings.accumulate)
        needed = _tried(transfer, loss, settings, part)
        missing = 0 if needed is None else _missing(needed, settings.device)
        if needed is not None and not missing:
            meter.advance(2)
            return settings, needed
        transfer.model.zero_grad(set_to_none=True)
        if part == 1:
            if needed is None or missing > memory.swap():
                raise out_of_memory(needed)
            meter.advance(2)
            return settings, needed
        settings = replace(settings, accumulate=settings.accumulate * 2)
        log(emit, "training.smaller-batch",
            "Memory is short: each batch of {batch} rows is computed in {parts} parts.", "warning",
            batch=settings.batch_size, parts=settings.accumulate)  # fmt: skip


def _tried(transfer: Transfer, loss: Callable[..., torch.Tensor], settings: Settings, part: int) -> int | None:
    """Bytes that the training will take at its peak; None where even this try is too much."""
    rows = _longest(transfer, part)
    try:
        with memory.peak() as peak:
            _step(transfer, loss, rows, settings.precision, settings.device)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        return None
    weights = sum(parameter.numel() for parameter in transfer.model.parameters() if parameter.requires_grad)
    # two moments of AdamW in fp32 come on top of what the step itself took
    return max(memory_in_use(settings.device), 0 if settings.device == "cuda" else peak[0]) + 8 * weights


def _missing(needed: int, device: str) -> int:
    """Bytes by which the memory of this machine, or of its control group, is too small for that."""
    if device == "cuda":
        import torch

        return max(0, needed - int(torch.cuda.mem_get_info()[0]) - torch.cuda.memory_reserved())
    return max(0, needed - memory.in_use() - memory.available())


def is_out_of_memory(error: BaseException) -> bool:
    """CUDA, MPS and the CPU allocator each say it in their own way."""
    import torch

    text = str(error).lower()
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or any(sign in text for sign in _SIGNS)


def out_of_memory(needed: int | None = None) -> StudioError:
    """``needed``: bytes that the process would take, where that is known."""
    remedy = "Close other programs, lower task.max_length or training.batch_size, or choose a smaller model."
    if needed is None:
        return StudioError("training.no-memory", "There is not enough memory for this model.", remedy,
                           where="training.batch_size")  # fmt: skip
    return StudioError(
        "training.no-memory", "Training would take {needed} GB of memory, and there are {there} GB.", remedy,
        where="training.batch_size", needed=round(needed / 1e9, 1),
        there=round((memory.in_use() + memory.available()) / 1e9, 1),
    )  # fmt: skip


def memory_in_use(device: str) -> int:
    """Bytes: peak of the GPU's allocator, or resident memory of this process."""
    if device == "cuda":
        import torch

        return torch.cuda.max_memory_allocated()
    return memory.in_use()


def _lengths(transfer: Transfer) -> Any:
    import numpy as np

    if "length" in getattr(transfer.train, "column_names", ()):
        return np.asarray(transfer.train["length"])
    return np.ones(len(transfer.train))


def _longest(transfer: Transfer, count: int) -> list[dict[str, Any]]:
    order = _lengths(transfer).argsort()[::-1][:count]
    return [transfer.train[int(index)] for index in order]


def _typical(transfer: Transfer, count: int) -> list[dict[str, Any]]:
    """Neighbours in length, as a grouped batch has them, around the mean length."""
    lengths = _lengths(transfer)
    order = lengths.argsort()
    middle = int((lengths[order] < lengths.mean()).sum())
    start = max(0, min(middle - count // 2, len(order) - count))
    return [transfer.train[int(index)] for index in order[start : start + count]]


def _step(transfer: Transfer, loss: Callable[..., torch.Tensor], rows: list[dict[str, Any]], precision: str,
          device: str) -> float:  # fmt: skip
    """Seconds for forward and backward on ``rows``."""
    import torch

    transfer.model.train()
    batch = moved(transfer.collate(rows), device)
    labels, _rows, options = split_batch(batch)
    begin = time.perf_counter()
    with torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
        outputs = transfer.model(**batch)
        value = loss(outputs, labels, **options)
    value.backward()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - begin


def moved(value: Any, device: Any) -> Any:
    """Tensors on a device, also those in lists and mappings."""
    if hasattr(value, "to"):
        return value.to(device)
    if isinstance(value, dict):
        return {name: moved(item, device) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [moved(item, device) for item in value]
    return value


@contextlib.contextmanager
def _state_kept(model: torch.nn.Module) -> Any:
    """A rehearsal leaves no trace: the random state comes back and no gradient stays."""
    import torch

    cpu = torch.get_rng_state()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    try:
        yield
    finally:
        torch.set_rng_state(cpu)
        if cuda:
            torch.cuda.set_rng_state_all(cuda)
        model.zero_grad(set_to_none=True)
