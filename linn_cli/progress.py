"""How a long task reports how far it is, how long the rest will take, and remarks for the user."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

Notify = Callable[[str], None]
# Less than this share of a step, or fewer seconds, say nothing about the rest.
_LEAST_SHARE, _LEAST_SECONDS = 0.02, 1.0


class Progress(Protocol):
    """Receives each part of a task as it is done."""

    def __call__(self, done: float, note: str = "", total: float | None = None) -> None:
        """Add `done` to what is done so far.

        Args:
            done: how much more is done.
            note: the step that the task is at, or what it is working on.
            total: how much there is in all, once that is known.
        """


def silent(done: float, note: str = "", total: float | None = None) -> None:
    """Report to nobody."""


def keep_quiet(text: str) -> None:
    """Remark nothing."""


def share(progress: Progress, whole: float, step: str = "") -> Progress:
    """A progress for a part of a task: `whole` reported to it count as 1 on `progress`, as a step of this name."""

    def part(done: float, note: str = "", total: float | None = None) -> None:
        progress(done / whole, step or note)

    return part


class TimeLeft:
    """How long a task will take yet, if its present step goes on as it went so far.

    Steps differ in their speed, and what they were expected to cost may be wrong: only the present one is measured.

    Args:
        total: how much there is in all; None as long as nobody knows.
        stepwise: whether a note is the name of a step; if not, the whole task is one.
        clock: the seconds since some time.
    """

    def __init__(
        self,
        total: float | None,
        *,
        stepwise: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.total = total
        self._stepwise = stepwise
        self._clock = clock
        self._lock = threading.Lock()
        self._done = 0.0
        self._step = ""
        self._begun = self._told = clock(), 0.0

    def add(self, done: float, note: str = "", total: float | None = None) -> None:
        """Hear of progress."""
        with self._lock:
            now = self._clock()
            self.total = self.total if total is None else total
            self._done += done
            if self._stepwise and note != self._step:
                self._step, self._begun = note, (now, self._done)
            if done:
                self._told = now, self._done

    def seconds(self) -> float | None:
        """The seconds left by now; None as long as nothing can be said."""
        with self._lock:
            (began, before), (told, done) = self._begun, self._told
        if self.total is None or done - before < _LEAST_SHARE * (self.total - before):
            return None
        if told - began < _LEAST_SECONDS:
            return None
        left = (self.total - done) * (told - began) / (done - before)
        return max(0.0, left - (self._clock() - told))
