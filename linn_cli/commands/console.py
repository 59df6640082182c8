"""What a person sees: tables on stdout, progress and errors on stderr."""

from __future__ import annotations

import logging
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table

from linn_cli.errors import InputError, LinnError, explain
from linn_cli.jsontext import to_json
from linn_cli.progress import Progress

_PIPED_WIDTH = 110
INTERRUPTED = 130


def say(text: str) -> None:
    """Print a remark on stderr."""
    typer.echo(f"linn: {text}", err=True)


def emit(text: str) -> None:
    """Print a result on stdout."""
    typer.echo(text)


def emit_json(data: Any) -> None:
    """Print a result on stdout as one line of JSON; an infinite or undefined number becomes null."""
    typer.echo(to_json(data))


def append_json(path: Path, *data: Any) -> None:
    """Append a line of JSON for each of `data` to a file; without any, only see that it can be done.

    Raises:
        InputError: the file cannot be written.
    """
    try:
        with path.open("a", encoding="utf-8") as log:
            log.writelines(to_json(item) + "\n" for item in data)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from error


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table on stdout: the first column is text, the others are numbers."""
    console = Console()
    if not console.is_terminal:
        console.width = _PIPED_WIDTH
    drawn = Table(title=escape(title), title_justify="left")
    for index, column in enumerate(columns):
        drawn.add_column(column, justify="right" if index else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*map(escape, row))
    console.print(drawn)


@contextmanager
def progress(description: str, total: float | None = None) -> Iterator[Progress]:
    """A progress bar on stderr, shown on a terminal only."""
    console = Console(stderr=True)
    bar = Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
    with bar:
        task = bar.add_task(description, total=total, note="")

        def advance(done: float, note: str = "", total: float | None = None) -> None:
            bar.update(task, advance=done, total=total, note=escape(note))

        yield advance


@contextmanager
def interruptions() -> Iterator[Callable[[], bool]]:
    """Inside, Ctrl-C and termination stop nothing but make what is yielded answer True."""
    received: list[int] = []
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda got, _: received.append(got)) for number in signals]
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


@contextmanager
def reported(*, debug: bool) -> Iterator[None]:
    """Turn whatever goes wrong inside into one line on stderr and an exit code.

    A `LinnError` has its own code; an interruption is 130; anything else is a defect of linn, 1. With
    `debug` the traceback is printed too. What the modules below log is said.
    """
    try:
        with _stoppable(), _logged(logging.DEBUG if debug else logging.WARNING):
            yield
    except (KeyboardInterrupt, Exception) as error:
        if isinstance(error, typer.Exit):
            raise
        if debug:
            traceback.print_exc()
        say(explain(error))
        raise typer.Exit(_exit_code(error)) from None


class _Stopped(KeyboardInterrupt):
    """A signal other than Ctrl-C asked linn to stop."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def _stoppable() -> Iterator[None]:
    """Inside, SIGTERM and SIGHUP stop linn as Ctrl-C does, which leaves nothing half-written."""

    def stop(number: int, _: object) -> None:
        raise _Stopped(number)

    names = ("SIGTERM", "SIGHUP")  # Windows has no SIGHUP
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {}
    if threading.current_thread() is threading.main_thread():
        # What was told to be ignored, as by nohup, still is.
        wanted = (number for number in numbers if signal.getsignal(number) != signal.SIG_IGN)
        before = {number: signal.signal(number, stop) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Said(logging.Handler):
    """Says what is logged."""

    def emit(self, record: logging.LogRecord) -> None:
        say(self.format(record))


@contextmanager
def _logged(level: int) -> Iterator[None]:
    logger, handler = logging.getLogger("linn_cli"), _Said()
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


def _exit_code(error: BaseException) -> int:
    match error:
        case LinnError():
            return error.exit_code
        case _Stopped():
            return 128 + error.number
        case KeyboardInterrupt():
            return INTERRUPTED
        case _:
            return 1
