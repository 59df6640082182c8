"""Standard input and output in the place of picture files, called - on the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO

from linn_cli.errors import UsageError

PIPE = "-"


def is_pipe(path: Path | None) -> bool:
    """Whether a path on the command line means standard input or output."""
    return str(path) == PIPE


def source(path: Path) -> Path | BinaryIO:
    """What a picture is to be read from: the file, or standard input.

    Raises:
        UsageError: that is a terminal.
    """
    if not is_pipe(path):
        return path
    if sys.stdin.isatty():
        raise UsageError("standard input is a terminal: give it a picture (linn ... - < noisy.png)")
    return sys.stdin.buffer


def check_output() -> None:
    """See that a picture may go to standard output.

    Raises:
        UsageError: it is a terminal.
    """
    if sys.stdout.isatty():
        raise UsageError(
            "standard output is a terminal: send the picture elsewhere (linn ... -o - > clean.png)"
        )
