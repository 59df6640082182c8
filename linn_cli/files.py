"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from linn_cli.errors import UsageError


@contextmanager
def write_atomically(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, renamed to it on success and removed on any failure.

    A link is followed. The temporary file keeps the ending of `path`, since writers choose the format
    by it, and its permissions are those of a plainly created file, or of the one that it replaces.

    Raises:
        OSError: the folder is missing or read-only, or the disk is full.
    """
    path = path.resolve()
    temporary = path.with_name(f".linn-{secrets.token_hex(8)}{path.suffix}")
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666))
    try:
        yield temporary
        if path.exists():
            temporary.chmod(path.stat().st_mode & 0o777)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def check_output(path: Path, sources: Collection[Path], endings: Collection[str]) -> None:
    """Refuse an output that could not be written, or that would replace one of its sources.

    Raises:
        UsageError: before any work is done.
    """
    if path.suffix.lower() not in endings:
        raise UsageError(f"{path}: choose an output name that ends in {', '.join(endings)}")
    try:
        exists = path.exists()
        if path.is_dir():
            raise UsageError(f"{path}: is a folder, name a file for the output")
        if not path.parent.is_dir():
            raise UsageError(f"{path}: there is no folder {path.parent}, make it first")
        if any(is_same(path, source) for source in sources):
            raise UsageError(f"{path}: output and input are the same file, choose another output")
        if not os.access(path.resolve().parent, os.W_OK | os.X_OK):
            raise UsageError(f"{path}: the folder cannot be written to, choose another output")
        if exists and not os.access(path, os.W_OK):
            raise UsageError(f"{path}: is there already and read-only, choose another output")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror})") from error


def place(path: Path) -> str:
    """Where a path leads to; a loop of links leads to itself."""
    try:
        return str(path.resolve())
    except (OSError, RuntimeError):
        return str(path.absolute())


def is_same(path: Path, other: Path) -> bool:
    """Whether two paths lead to one file, which need not be there.

    Raises:
        OSError: a path cannot be followed.
    """
    if path.exists() and other.exists():
        return path.samefile(other)
    return path.resolve() == other.resolve()
