"""The progress bar: what is done, how far it is, and the time left."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
)
from rich.progress import Progress as Bar
from rich.text import Text

from linn_cli.progress import Progress, TimeLeft


@contextmanager
def shown(
    console: Console, description: str, total: float | None, *, stepwise: bool
) -> Iterator[Progress]:
    """A bar on a terminal; the arguments are those of `console.progress`."""
    left = TimeLeft(total, stepwise=stepwise)
    bar = Bar(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        _TimeLeftColumn(left),
        TextColumn("{task.fields[note]}", markup=False),
        console=console,
        transient=True,
        redirect_stdout=False,
    )
    with bar:
        task = bar.add_task(description, total=total, note="")

        def advance(done: float, note: str = "", total: float | None = None) -> None:
            left.add(done, note, total)
            bar.update(task, advance=done, total=total, note=note)

        yield advance


class _TimeLeftColumn(ProgressColumn):
    """The time left, once something can be said of it."""

    def __init__(self, left: TimeLeft) -> None:
        super().__init__()
        self._left = left

    def render(self, task: Task) -> Text:
        """The time left as hours, minutes and seconds."""
        seconds = self._left.seconds()
        if seconds is None:
            return Text("")
        minutes, seconds = divmod(math.ceil(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        return Text(f"{hours}:{minutes:02}:{seconds:02} left")
