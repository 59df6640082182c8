"""How many processors other programs leave free: more threads than these only wait for each other.

Threads that share a picture meet after every layer. Where another program holds one of them up, all wait, most of them
spinning, and two threads are slower than one (benchmarks/cost/busy.py). So linn computes with as many as are free.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

import torch

# The kernel counts in hundredths of a second: over a shorter time they say too little.
_LEAST_SECONDS = 0.1
# So much of a processor may be taken and it still counts as free.
_TOLERATED = 0.25

T = TypeVar("T")


class _Seen(NamedTuple):
    """What a look at the processors saw, in seconds since some time: the clock, all programs' and this one's work."""

    clock: float
    work: float
    own: float


class Load:
    """Watches what other programs do, from when it is made."""

    def __init__(self) -> None:
        self._seen = _look()
        self._free: int | None = None

    def threads(self, most: int) -> int:
        """How many threads to compute with now: `most`, or as many as processors are free, and at least one.

        Where the system does not tell, which only Linux does, that is `most`.
        """
        if most == 1 or self._seen is None:
            return most
        if self._free is None:
            time.sleep(max(0.0, self._seen.clock + _LEAST_SECONDS - time.perf_counter()))
        now = _look()
        if now and now.clock - self._seen.clock >= _LEAST_SECONDS:
            self._free = free(self._seen, now, len(_processors()))
            self._seen = now
        return min(most, self._free or most)

    def pace(self, parts: Iterator[T]) -> Iterator[T]:
        """Yield the parts, each computed with as many of this thread's threads as are free by then."""
        done = object()
        while True:
            with with_threads(self.threads(torch.get_num_threads())):
                part = next(parts, done)
            if part is done:
                return
            yield part  # type: ignore[misc]


def free(before: _Seen, now: _Seen, processors: int) -> int:
    """How many of the processors other programs left free between two looks, and at least one."""
    others = (now.work - before.work - now.own + before.own) / (now.clock - before.clock)
    return max(1, math.floor(processors - max(0.0, others) + _TOLERATED))


@contextmanager
def with_threads(count: int) -> Iterator[None]:
    """Inside, torch computes with this many threads for the calling thread."""
    before = torch.get_num_threads()
    if count == before:
        yield
        return
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _processors() -> set[int]:
    """The processors that this program may use."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


def _look() -> _Seen | None:
    try:
        lines = Path("/proc/stat").read_text(encoding="ascii").splitlines()
        mine = {f"cpu{number}" for number in _processors()}
        rows = [line.split() for line in lines if line.partition(" ")[0] in mine]
        ticks = [list(map(int, row[1:9])) for row in rows]
        second = os.sysconf("SC_CLK_TCK")
        gives_way = os.getpriority(os.PRIO_PROCESS, 0) > 0
    except (OSError, ValueError, AttributeError):
        return None
    # What was told to give way (nice) does, unless this program was told so too.
    work = sum(
        user + system + interrupts + soft + stolen + (nice if gives_way else 0)
        for user, nice, system, _, _, interrupts, soft, stolen in ticks
    )
    return _Seen(time.perf_counter(), work / second, time.process_time()) if ticks else None
