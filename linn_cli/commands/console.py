"""What a person sees: tables on stdout, progress and errors on stderr."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import typer

from linn_cli.errors import InputError, LinnError, explain
from linn_cli.jsontext import to_json
from linn_cli.progress import Progress, silent

if TYPE_CHECKING:
    from rich.console import Console

# rich takes half the time of --help, which needs none of it, so that functions import it.
_PIPED_WIDTH = 110
INTERRUPTED = 130
_IN_ONE_LINE = str.maketrans({"\n": "\\n", "\r": "\\r"})


@cache
def _stderr() -> Console:
    """The one way to stderr: it writes above a progress bar that it shows. It looks up sys.stderr at each line."""
    from rich.console import Console

    return Console(stderr=True)


def say(text: str) -> None:
    """Print a remark on stderr, in one line even if a file's name has several."""
    _print(f"linn: {text.translate(_IN_ONE_LINE)}")


def emit(text: str) -> None:
    """Print a result on stdout."""
    if _is_one_terminal():
        _print(text)
    else:
        typer.echo(text)


def emit_json(data: Any) -> None:
    """Print a result on stdout as one line of JSON; an infinite or undefined number becomes null."""
    emit(to_json(data))


def _print(text: str) -> None:
    from rich.text import Text

    _stderr().print(Text(text), soft_wrap=True)


def _is_one_terminal() -> bool:
    """Whether results and the progress bar appear on one terminal, so that one would garble the other."""
    if not (_is_terminal(sys.stdout) and _is_terminal(sys.stderr)):
        return False
    return os.path.sameopenfile(sys.stdout.fileno(), sys.stderr.fileno())


def _is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal; one that is closed (2>&-) is None."""
    return stream is not None and stream.isatty()


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
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

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
def progress(
    description: str, total: float | None = None, *, stepwise: bool = False, quiet: bool = False
) -> Iterator[Progress]:
    """A progress bar on stderr, shown on a terminal only.

    Args:
        description: what is done.
        total: how much there is to do, once that is known.
        stepwise: whether notes are the names of steps, whose speeds differ.
        quiet: show no bar.
    """
    if quiet or not _is_terminal(sys.stderr) or not _stderr().is_interactive:
        yield silent
        return
    from linn_cli.commands import _bar

    with _bar.shown(_stderr(), description, total, stepwise=stepwise) as advance:
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
def reported(*, debug: bool, quiet: bool = False) -> Iterator[None]:
    """Turn whatever goes wrong inside into one line on stderr and an exit code.

    A `LinnError` has its own code; an interruption is 130; anything else is a defect of linn, 1. With
    `debug` the traceback is printed too. What the modules below log is said, when `quiet` only errors are.
    """
    level = logging.ERROR if quiet else logging.WARNING
    try:
        with _stoppable(), _logged(logging.DEBUG if debug else level):
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
    # What libraries log about a damaged file would stand beside linn's own line.
    others, silence = logging.getLogger("tifffile"), logging.NullHandler()
    before = logger.level
    logger.addHandler(handler)
    others.addHandler(silence)
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        others.removeHandler(silence)
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
