"""How whatever takes long tells how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Takes how much more is done."""

    def __call__(self, done: float, note: str = "", total: float | None = None) -> None:
        """`done` more of `total`, once that is known, is done; `note` says what is being worked on."""


def silent(done: float, note: str = "", total: float | None = None) -> None:
    """Tell nobody."""


def share(progress: Progress, whole: float) -> Progress:
    """What counts in parts of `whole`, for a progress that counts wholes."""

    def part(done: float, note: str = "", total: float | None = None) -> None:
        progress(done / whole, note)

    return part


def beat(progress: Progress) -> Progress:
    """For work that does not count: the progress hears that it goes on, and can stop it by raising."""

    def nothing(done: float, note: str = "", total: float | None = None) -> None:
        progress(0, note)

    return nothing
