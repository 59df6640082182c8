"""Standard input and output in the place of picture files, called - on the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO

from linn_cli.errors import UsageError

PIPE = "-"
_STDIN = ("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")


def is_pipe(path: Path | None) -> bool:
    """Whether a path on the command line means standard input or output."""
    return str(path) == PIPE


def is_stream(path: Path) -> bool:
    """Whether a path on the command line is read once, from its beginning to its end: -, /dev/stdin, <(...)."""
    return is_pipe(path) or str(path) in _STDIN or path.is_fifo() or path.is_char_device()


def check_source(path: Path) -> None:
    """See that a picture may come from a path.

    Raises:
        UsageError: it means standard input, and that is a terminal or closed.
    """
    if not (is_pipe(path) or str(path) in _STDIN):
        return
    if sys.stdin is None:
        raise UsageError("standard input is closed: give it a picture (linn ... - < noisy.png)")
    if sys.stdin.isatty():
        raise UsageError("standard input is a terminal: give it a picture (linn ... - < noisy.png)")


def source(path: Path) -> Path | BinaryIO:
    """What a picture is to be read from: the file, standard input, or another stream.

    Raises:
        UsageError: as `check_source`.
    """
    if not is_stream(path):
        return path
    check_source(path)
    return sys.stdin.buffer if is_pipe(path) or str(path) in _STDIN else path.open("rb")


def check_output() -> None:
    """See that a picture may go to standard output.

    Raises:
        UsageError: it is a terminal.
    """
    if sys.stdout is None:
        raise UsageError("standard output is closed: give -o FILE")
    if sys.stdout.isatty():
        raise UsageError(
            "standard output is a terminal: send the picture elsewhere (linn ... -o - > clean.png)"
        )
