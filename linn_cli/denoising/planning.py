"""Which input file goes to which output file: decided for all of them before any work is done."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from linn_cli.errors import InputError, UsageError
from linn_cli.pictures import folders, writing
from linn_cli.pictures.formats import Format, format_of

SUFFIX = "-denoised"


@dataclass(frozen=True)
class Job:
    """One file to be denoised into another."""

    source: Path
    target: Path


@dataclass(frozen=True)
class Existing:
    """What is to happen to outputs that are there already: an error, unless one of these holds."""

    overwrite: bool = False
    skip: bool = False


_REFUSED = Existing()


def plan(
    inputs: Sequence[Path],
    output: Path | None,
    *,
    recursive: bool = False,
    suffix: str = SUFFIX,
    target: Format | None = None,
    existing: Existing = _REFUSED,
) -> list[Job]:
    """Decide the output of every input, before any work is done.

    Args:
        inputs: files, folders and patterns.
        output: a file if there is one input file, else a folder that keeps the tree below each input
            folder and is made if need be. By default outputs lie beside their inputs.
        recursive: take the folders within folders too.
        suffix: put behind the stems of outputs that lie beside their inputs.
        target: the format of the outputs, by default that of each input.
        existing: what to do about outputs that are there.

    Raises:
        UsageError: two inputs would write one output, an output would replace an input, or is there.
        InputError: an input folder has no pictures.
    """
    if Path(suffix).name != suffix and suffix:
        raise UsageError(f"suffix {suffix!r}: give a part of a file name, without a folder")
    found = [item for given in inputs for item in _expanded(given, recursive, output)]
    found = list({_place(item.path): item for item in reversed(found)}.values())[::-1]
    if output is None:
        found = [item for item in found if item.is_named or not item.path.stem.endswith(suffix)]
        jobs = [Job(item.path, _renamed(item.path, suffix, target)) for item in found]
    elif len(found) == 1 and found[0].is_named and output.suffix and not output.is_dir():
        writing.check_output(output, found[0].path)
        if target not in (None, format_of(output)):
            raise UsageError(f"{output}: its name says {format_of(output)}, --format {target}")
        jobs = [Job(found[0].path, output)]
    elif output.is_file():
        raise UsageError(f"{output}: is a file; name a folder for several pictures")
    else:
        jobs = [Job(item.path, output / _renamed(item.below, "", target)) for item in found]
    _check_distinct(jobs)
    check_existing([job.target for job in jobs], existing)
    return jobs


@dataclass(frozen=True)
class _Item:
    """An input file, its path below the argument that it stands for, and whether it was named itself."""

    path: Path
    below: Path
    is_named: bool


def _expanded(given: Path, recursive: bool, output: Path | None) -> Iterator[_Item]:
    """The files that an argument stands for."""
    try:
        if given.is_dir():
            files = _within(given, recursive, output)
            below = [path.relative_to(given) for path in files]
        elif not given.exists() and glob.has_magic(str(given)):
            matches = map(Path, sorted(glob.glob(str(given), recursive=recursive)))
            files = [path for path in matches if path.is_file()]
            below = [Path(path.name) for path in files]
            if not files:
                raise InputError(f"{given}: no file matches")
        else:
            files = []
    except (OSError, RuntimeError):  # a loop of links, a name that is too long: reading it will say
        files = []
    if files:
        yield from (_Item(path, part, False) for path, part in zip(files, below, strict=True))
    else:
        yield _Item(given, Path(given.name), True)


def _within(folder: Path, recursive: bool, output: Path | None) -> list[Path]:
    """The pictures in a folder; in those within it too, but for hidden ones and the output's."""
    within = [folder]
    if recursive:
        within = []
        for name, inner, _ in os.walk(folder, onerror=_unreadable):  # follows no links
            here = Path(name)
            inner[:] = sorted(
                part
                for part in inner
                if part[0] != "." and (output is None or _place(here / part) != _place(output))
            )
            within.append(here)
    files = [path for one in within for path in folders.pictures_in(one)]
    if not files:
        raise InputError(f"{folder}: no pictures in it{'' if recursive else ' (-r looks deeper)'}")
    return files


def _unreadable(error: OSError) -> None:
    raise InputError(f"{error.filename}: cannot be read ({error.strerror})") from error


def _renamed(path: Path, suffix: str, target: Format | None) -> Path:
    ending = target.suffixes[0] if target else path.suffix
    return path.with_name(f"{path.stem}{suffix}{ending}")


def _place(path: Path) -> str:
    """Where a path leads to."""
    try:
        return str(path.resolve())
    except (OSError, RuntimeError):
        return str(path.absolute())


def _check_distinct(jobs: Iterable[Job]) -> None:
    # Some file systems take names that differ in case only for the same.
    sources = {_place(job.source).casefold() for job in jobs}
    taken: dict[str, Path] = {}
    for job in jobs:
        place = _place(job.target).casefold()
        if place in sources:
            raise UsageError(f"{job.target}: is an input too, choose another -o or --suffix")
        other = taken.setdefault(place, job.source)
        if other != job.source:
            raise UsageError(
                f"{job.target}: both {other} and {job.source} would be written there; "
                "denoise them into different folders"
            )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that is too long: writing it will say
        return False


def check_existing(targets: Iterable[Path], existing: Existing) -> None:
    """Refuse outputs that are there, unless it is decided what becomes of them.

    Raises:
        UsageError: before any work is done.
    """
    if existing.overwrite and existing.skip:
        raise UsageError("--overwrite and --skip-existing exclude each other")
    if existing.overwrite or existing.skip:
        return
    there = [target for target in targets if _exists(target)]
    if there:
        more, them = (f" and {len(there) - 1} more", "them") if len(there) > 1 else ("", "it")
        raise UsageError(
            f"{there[0]}{more}: there already; --overwrite replaces {them}, --skip-existing leaves {them}"
        )
