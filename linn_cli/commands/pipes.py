"""Standard input and output in the place of picture files, called - on the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from linn_cli.commands import console
from linn_cli.errors import UsageError

if TYPE_CHECKING:
    from linn_cli.denoising.jobs import Handling
    from linn_cli.denoising.networks import Networks
    from linn_cli.denoising.outcome import Outcome
    from linn_cli.denoising.planning import Existing
    from linn_cli.noise.request import Request
    from linn_cli.pictures.formats import Format

PIPE = "-"
_STDIN = ("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")
_STDOUT = ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")


def is_pipe(path: Path | None) -> bool:
    """Whether a path on the command line means standard input or output."""
    return str(path) in (PIPE, *_STDOUT)


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


def check(
    pictures: list[Path],
    output: Path | None,
    compare: Path | None,
    existing: Existing,
    *,
    json: bool,
    shard: str | None,
) -> None:
    """See that `linn denoise` can take a picture from standard input, to standard output, or both.

    Raises:
        UsageError: that cannot go with what else the command line asks for.
    """
    if len(pictures) > 1:
        raise UsageError(f"{PIPE} is one picture by itself: linn denoise - -o - --sigma 25")
    if pictures[0].is_dir():
        raise UsageError(f"{pictures[0]}: is a folder, and standard output takes one picture")
    if shard:
        raise UsageError(f"--shard {shard} (or LINN_SHARD) takes a part of many files: leave - out")
    if compare:
        raise UsageError("--compare shows a file denoised into a file: leave - out")
    from linn_cli.denoising import planning
    from linn_cli.pictures import writing

    check_source(pictures[0])
    if output is None or is_pipe(output):
        if json:
            raise UsageError("standard output takes either the picture or --json: give -o FILE")
        check_output()
        planning.check_existing([], existing)
        return
    writing.check_output(output)
    planning.check_existing([output], existing)


def denoise(
    picture: Path,
    output: Path | None,
    networks: Networks,
    request: Request,
    wanted: Format | None,
    handling: Handling,
    existing: Existing,
    *,
    quiet: bool,
) -> Outcome:
    """Denoise a picture from standard input, to standard output, or both."""
    from linn_cli.denoising import jobs
    from linn_cli.denoising.outcome import Outcome
    from linn_cli.pictures import formats, reading

    name = reading.STDIN if is_pipe(picture) else picture.name
    target = None if is_pipe(output) else output
    if target and existing.skip and target.exists():
        return Outcome(str(picture), str(target), skipped=True)
    if target:
        wanted = wanted or formats.format_of(target)
    with console.progress(name, 1, stepwise=True, quiet=quiet) as advance:
        answer, outcome = jobs.pipe(
            source(picture),
            networks,
            request,
            wanted,
            output=str(target or PIPE),
            handling=handling,
            progress=advance,
        )
    jobs.deliver(answer, target)
    return outcome
