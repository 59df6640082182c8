"""Which input file goes to which output file: decided for all of them before any work is done."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from linn_cli.denoising import _distinct
from linn_cli.denoising.job_list import Job, JobList
from linn_cli.denoising.shards import WHOLE, Shard
from linn_cli.errors import UsageError
from linn_cli.files import check_output
from linn_cli.pictures import folders, writing
from linn_cli.pictures.folders import Found
from linn_cli.pictures.formats import SUFFIXES, Format, format_of
from linn_cli.progress import Notify, keep_quiet
from linn_cli.videos import formats as videos

SUFFIX = "-denoised"


@dataclass(frozen=True)
class Existing:
    """What is to happen to outputs that are there already: an error, unless one of these holds."""

    overwrite: bool = False
    skip: bool = False


_REFUSED = Existing()
_ENDINGS = (*SUFFIXES, *videos.ENDINGS)


def plan(
    inputs: Sequence[Path],
    output: Path | None,
    *,
    recursive: bool = False,
    suffix: str = SUFFIX,
    target: Format | None = None,
    existing: Existing = _REFUSED,
    shard: Shard = WHOLE,
    notify: Notify = keep_quiet,
) -> JobList:
    """Decide the output of every input, before any work is done.

    Args:
        inputs: files, folders and patterns.
        output: a file if there is one input file, else a folder that keeps the tree below each input
            folder and is made if need be. By default outputs lie beside their inputs.
        recursive: take the folders within folders too.
        suffix: put behind the stems of outputs that lie beside their inputs.
        target: the format of the outputs, by default that of each input.
        existing: what to do about outputs that are there.
        shard: which part of the inputs to take.
        notify: is told what was passed over.

    Raises:
        UsageError: two inputs would write one output, an output would replace an input, or is there.
        InputError: an input folder has no pictures.
    """
    if Path(suffix).name != suffix and suffix:
        raise UsageError(f"suffix {suffix!r}: give a part of a file name, without a folder")

    def job(item: Found) -> Job:
        _check_format(item.path, target)
        if output is None:
            return Job(item.path, _renamed(item.path, suffix, target))
        return Job(item.path, output / _renamed(item.below, "", target))

    find = partial(folders.expand, inputs, recursive=recursive, leave_out=output)
    found = find(takes=shard.takes, notify=notify)
    if output is None:
        found = _without_own(found, suffix, notify)
    elif output.suffix and not output.is_dir() and not any(map(os.path.isdir, inputs)):
        # Files that are named are few, and all of them are here, whatever the shard.
        named = list(found)
        if len(named) == 1 and named[0].is_named:
            return _into_file(named[0].path, output, target, existing, shard)
        found = iter(named)
    is_folder = output is not None and output.is_dir()
    if output and not is_folder and (_exists(output) or output.suffix.lower() in _ENDINGS):
        raise UsageError(f"{output}: is a file's name; name a folder for several pictures")
    jobs = JobList(job(item) for item in found if shard.takes(item.below.as_posix()))
    _distinct.check(jobs)
    if shard != WHOLE and len(inputs) > 1:  # within one folder other shards have other outputs
        _distinct.check_apart(jobs, map(job, find()))
    check_existing(_there(jobs), existing)
    if shard != WHOLE and not jobs:
        notify(f"shard {shard} has none of these pictures")
    return jobs


def _into_file(
    source: Path, output: Path, target: Format | None, existing: Existing, shard: Shard
) -> JobList:
    """The job of the one picture that there is."""
    _check_format(source, target)
    _check_output(output, source)
    if target and target != format_of(output):
        raise UsageError(f"{output}: its name says {format_of(output)}, --format {target}")
    check_existing([output], existing)
    return JobList([Job(source, output)] if shard.takes(source.name) else [])


def _without_own(found: Iterable[Found], suffix: str, notify: Notify) -> Iterator[Found]:
    """Without the outputs of earlier runs, unless they were named themselves."""
    first, count = None, 0
    for item in found:
        if suffix and not item.is_named and item.path.stem.endswith(suffix):
            first, count = first or item.path, count + 1
        else:
            yield item
    if count:
        more = f" and {count - 1} more" if count > 1 else ""
        notify(f"{first}{more}: passed over as linn's own, since the name ends in {suffix}")


def _check_format(source: Path, target: Format | None) -> None:
    if target and videos.is_video(source):
        raise UsageError(f"{source}: is a video, --format is for pictures: name it with -o")


def _check_output(output: Path, source: Path) -> None:
    """A video goes into a video, and a picture into a picture."""
    if videos.is_video(source):
        check_output(output, [source], videos.ENDINGS)
    else:
        writing.check_output(output, source)


def _renamed(path: Path, suffix: str, target: Format | None) -> Path:
    if not suffix and target is None:
        return path
    ending = target.suffixes[0] if target else path.suffix
    return path.with_name(f"{path.stem}{suffix}{ending}")


def _there(jobs: JobList) -> Iterator[Path]:
    """Outputs that may be there: those in folders that are."""
    for group in jobs.groups:
        if group.is_there:
            yield from map(Path, group.outputs())


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
    refuse([target for target in targets if _exists(target)])


def refuse(there: Sequence[Path | str]) -> None:
    """Refuse to replace outputs that are there, if there are any.

    Raises:
        UsageError: there are.
    """
    if there:
        more, them = (f" and {len(there) - 1} more", "them") if len(there) > 1 else ("", "it")
        raise UsageError(
            f"{there[0]}{more}: there already; --overwrite replaces {them}, --skip-existing leaves {them}"
        )
