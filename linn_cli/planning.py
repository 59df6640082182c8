"""Which input file goes to which output file: decided for all of them before any work is done."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from linn_cli import images
from linn_cli.errors import InputError, UsageError
from linn_cli.formats import Format

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
    found = [item for given in inputs for item in _expanded(given, recursive)]
    if output is None:
        found = [item for item in found if not item[0].stem.endswith(suffix)] or found
        jobs = [Job(source, _renamed(source, suffix, target)) for source, _ in found]
    elif _is_file(output, inputs):
        images.check_output(output, found[0][0])
        return [Job(found[0][0], output)]
    else:
        jobs = [Job(source, output / _renamed(below, "", target)) for source, below in found]
    _check_distinct(jobs)
    _check_existing(jobs, existing)
    return jobs


def _expanded(given: Path, recursive: bool) -> Iterator[tuple[Path, Path]]:
    """The files that an argument stands for, each with its path below the argument."""
    if given.is_dir():
        folders = [given]
        if recursive:
            folders = sorted(Path(folder) for folder, _, _ in os.walk(given))  # follows no links
        files = [path for folder in folders for path in images.pictures_in(folder)]
        if not files:
            raise InputError(
                f"{given}: no pictures in it{'' if recursive else ' (-r looks deeper)'}"
            )
        yield from ((path, path.relative_to(given)) for path in files)
    elif not given.exists() and glob.has_magic(str(given)):
        matches = [Path(match) for match in sorted(glob.glob(str(given), recursive=recursive))]
        files = [path for path in matches if path.is_file()]
        if not files:
            raise InputError(f"{given}: no file matches")
        yield from ((path, Path(path.name)) for path in files)
    else:
        yield given, Path(given.name)


def _is_file(output: Path, inputs: Sequence[Path]) -> bool:
    one = len(inputs) == 1 and not inputs[0].is_dir() and not glob.has_magic(str(inputs[0]))
    return one and not output.is_dir() and bool(output.suffix)


def _renamed(path: Path, suffix: str, target: Format | None) -> Path:
    ending = target.suffixes[0] if target else path.suffix
    return path.with_name(f"{path.stem}{suffix}{ending}")


def _check_distinct(jobs: Iterable[Job]) -> None:
    sources = {job.source.resolve() for job in jobs}
    taken: dict[str, Path] = {}
    for job in jobs:
        place = job.target.resolve()
        if place in sources:
            raise UsageError(f"{job.target}: is an input too, choose another -o or --suffix")
        # Some file systems take names that differ in case only for the same.
        other = taken.setdefault(str(place).casefold(), job.source)
        if other != job.source:
            raise UsageError(
                f"{job.target}: both {other} and {job.source} would be written there; "
                "denoise them into different folders"
            )


def _check_existing(jobs: Sequence[Job], existing: Existing) -> None:
    if existing.overwrite or existing.skip:
        return
    there = [job.target for job in jobs if job.target.exists()]
    if there:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise UsageError(
            f"{there[0]}{more}: there already; --overwrite replaces, --skip-existing leaves it"
        )
