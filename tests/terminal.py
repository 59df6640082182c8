"""A terminal for programs under test: what they leave on its screen."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

_WIDTH, _HEIGHT = 200, 50
_TOKEN = re.compile(r"\x1b\[\??(\d*)(?:;\d+)*([A-Za-z])|(\r|\n)|([^\x1b\r\n]+)")


def run_in_terminal(*command: str, stdout: Path | None = None) -> tuple[int, list[str]]:
    """Run a command whose stdin, stdout and stderr are a terminal; its exit code and the lines on the screen.

    Args:
        command: what to run.
        stdout: a file that takes stdout instead.
    """
    import pty  # Windows has none
    import struct
    from fcntl import ioctl
    from termios import TIOCSWINSZ

    ours, theirs = pty.openpty()
    ioctl(theirs, TIOCSWINSZ, struct.pack("HHHH", _HEIGHT, _WIDTH, 0, 0))
    out = os.open(stdout, os.O_WRONLY | os.O_CREAT) if stdout else theirs
    environment = os.environ | {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, stdin=theirs, stdout=out, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        written = b""
        try:
            while part := os.read(ours, 65536):
                written += part
        except OSError:  # Linux says so when the last program leaves
            pass
    os.close(ours)
    if stdout:
        os.close(out)
    return process.returncode, screen(written.decode())


def screen(written: str) -> list[str]:
    """The lines that a terminal shows in the end, without empty ones."""
    lines: list[str] = [""]
    row = column = 0
    for number, code, control, text in _TOKEN.findall(written):
        if control == "\r":
            column = 0
        elif control == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif code == "A":
            row = max(0, row - int(number or 1))
        elif code == "K":
            lines[row] = "" if number == "2" else lines[row][:column]
        elif text:
            lines[row] = lines[row].ljust(column)[:column] + text + lines[row][column + len(text) :]
            column += len(text)
    return [line.rstrip() for line in lines if line.strip()]


def python(script: str) -> tuple[str, ...]:
    """The command that runs a script."""
    return sys.executable, "-c", script
