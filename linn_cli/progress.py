"""How a long task reports how far it is, and remarks for the user."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

Notify = Callable[[str], None]


class Progress(Protocol):
    """Receives each part of a task as it is done."""

    def __call__(self, done: float, note: str = "", total: float | None = None) -> None:
        """Add `done` to what is done so far.

        Args:
            done: how much more is done.
            note: what the task is working on.
            total: how much there is in all, once that is known.
        """


def silent(done: float, note: str = "", total: float | None = None) -> None:
    """Report to nobody."""


def keep_quiet(text: str) -> None:
    """Remark nothing."""


def share(progress: Progress, whole: float) -> Progress:
    """A progress for a part of a task: `whole` reported to it count as 1 on `progress`."""

    def part(done: float, note: str = "", total: float | None = None) -> None:
        progress(done / whole, note)

    return part


def beat(progress: Progress) -> Progress:
    """A progress for work that counts as nothing: `progress` can still stop it by raising."""

    def nothing(done: float, note: str = "", total: float | None = None) -> None:
        progress(0, note)

    return nothing
