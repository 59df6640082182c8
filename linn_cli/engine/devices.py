"""Which processor computes, and what it is good at."""

from __future__ import annotations

import math
import re
from pathlib import Path

import torch

from linn_cli.errors import UsageError
from linn_cli.wording import setting

# From this sigma on, in grey levels, bfloat16 loses at most 0.01 dB on held-out pictures with either number
# of scales; below it the noise-normalised picture is so large that its rounding shows.
# benchmarks/quality/precision.py measures it.
BFLOAT16_FROM = 5.0
# The last is bfloat16 even where the device must emulate it, which is slow.
PRECISIONS = ("auto", "float32", "bfloat16", "emulated-bfloat16")

_KNOWN = re.compile(r"cpu|mps|cuda(:\d{1,2})?")
# What a worker may need for a picture of 24 megapixels in colour, generously.
_WORKER_BYTES = 2 * 10**9


def resolve(name: str) -> torch.device:
    """The device called auto, cpu, cuda, cuda:N or mps; auto takes the best that is present.

    Raises:
        UsageError: the name is none of these, or this machine has no such device.
    """
    if name == "auto":
        name = next((kind for kind in ("cuda", "mps") if _present(torch.device(kind))), "cpu")
    if not _KNOWN.fullmatch(name):
        raise UsageError(f"unknown device {name!r}: choose auto, cpu, cuda, cuda:N or mps")
    device = torch.device(name)
    if not _present(device):
        raise UsageError(f"device {name!r} is not available here: choose auto or cpu")
    if device.type == "cuda":
        torch.backends.cudnn.allow_tf32 = False  # float32 shall mean float32
    return device


def choose_convolutions_by_trial() -> None:
    """Let a GPU try its ways to convolve at each new shape: worth it where shapes stay the same."""
    torch.backends.cudnn.benchmark = True


def has_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies in bfloat16 natively."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    # Older releases of torch do not tell; then float32 is used.
    capabilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return device.type == "cpu" and any(
        bool(capabilities.get(name)) for name in ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16")
    )


def resolve_precision(name: str, device: torch.device, sigma: float) -> torch.dtype:
    """The dtype that one of `PRECISIONS` stands for; auto looks at the device and sigma (grey levels).

    Raises:
        UsageError: the name is none of these, or it is bfloat16 and the device would emulate it.
    """
    match name:
        case "auto":
            return (
                torch.bfloat16 if sigma >= BFLOAT16_FROM and has_bfloat16(device) else torch.float32
            )
        case "float32":
            return torch.float32
        case "bfloat16" if not has_bfloat16(device):
            raise UsageError(
                f"bfloat16: this processor ({device}) does not compute in it, and emulating it is slower than "
                f"float32; leave {setting('precision')} out, or force it with "
                f"{setting('precision', 'emulated-bfloat16')}"
            )
        case "bfloat16" | "emulated-bfloat16":
            return torch.bfloat16
        case _:
            known = f"{', '.join(PRECISIONS[:-1])} or {PRECISIONS[-1]}"
            raise UsageError(f"unknown precision {name!r}: choose {known}")


def training_precision(name: str, device: torch.device) -> torch.dtype:
    """The dtype to train in: auto is bfloat16 where the device has it.

    Raises:
        UsageError: the name is not auto, float32 or bfloat16, or the device would emulate bfloat16.
    """
    return resolve_precision(name, device, math.inf)


def use_threads(count: int | None) -> None:
    """Compute with this many processor threads from now on, in the whole process; None changes nothing."""
    if count is not None:
        torch.set_num_threads(count)


def share_of_threads(workers: int) -> int | None:
    """How many threads each of several workers should compute with; None for all that there are."""
    return None if workers == 1 else max(1, torch.get_num_threads() // workers)


def workers(device: torch.device, count: int) -> int:
    """How many of `count` pictures to work on at a time; several on the CPU, if the memory is there.

    A thread for each picture is faster than all threads for one (benchmarks/cost/folder.py).
    """
    if device.type != "cpu":
        return 1
    memory = available_memory(1.0)
    room = count if memory is None else memory // _WORKER_BYTES
    return max(1, min(count, torch.get_num_threads(), room))


def workers_of_machine(name: str, count: int) -> int:
    """How many processes to share `count` pictures among: one for each GPU, or as `workers` on the CPU.

    Raises:
        UsageError: as `resolve`.
    """
    device = resolve(name)
    if device.type == "cuda" and device.index is None:
        return max(1, min(count, torch.cuda.device_count()))
    return workers(device, count)


def available_memory(share: float) -> int | None:
    """A share of the main memory that is free or can be freed, in bytes; None where nobody tells."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        [available] = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    except (OSError, ValueError):
        return None
    return int(share * int(available) * 1024)


def _present(device: torch.device) -> bool:
    match device.type:
        case "cuda":
            return torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count()
        case "mps":
            return torch.backends.mps.is_available()
        case _:
            return True
