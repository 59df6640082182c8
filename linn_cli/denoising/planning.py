"""Which input file goes to which output file: decided for all of them before any work is done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from linn_cli.errors import UsageError
from linn_cli.files import check_output, place
from linn_cli.pictures import folders, writing
from linn_cli.pictures.folders import Found
from linn_cli.pictures.formats import SUFFIXES, Format, format_of
from linn_cli.progress import Notify, keep_quiet
from linn_cli.videos import formats as videos

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
_ENDINGS = (*SUFFIXES, *videos.ENDINGS)


def plan(
    inputs: Sequence[Path],
    output: Path | None,
    *,
    recursive: bool = False,
    suffix: str = SUFFIX,
    target: Format | None = None,
    existing: Existing = _REFUSED,
    notify: Notify = keep_quiet,
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
        notify: is told what was passed over.

    Raises:
        UsageError: two inputs would write one output, an output would replace an input, or is there.
        InputError: an input folder has no pictures.
    """
    if Path(suffix).name != suffix and suffix:
        raise UsageError(f"suffix {suffix!r}: give a part of a file name, without a folder")
    found = folders.expand(inputs, recursive=recursive, leave_out=output, notify=notify)
    films = [item.path for item in found if videos.is_video(item.path)]
    if films and target:
        raise UsageError(f"{films[0]}: is a video, --format is for pictures: name it with -o")
    if output is None:
        found = _without_own(found, suffix, notify)
        jobs = [Job(item.path, _renamed(item.path, suffix, target)) for item in found]
    elif len(found) == 1 and found[0].is_named and output.suffix and not output.is_dir():
        _check_output(output, found[0].path)
        if target and target != format_of(output):
            raise UsageError(f"{output}: its name says {format_of(output)}, --format {target}")
        jobs = [Job(found[0].path, output)]
    elif output.is_file() or (output.suffix.lower() in _ENDINGS and not output.is_dir()):
        raise UsageError(f"{output}: is a file's name; name a folder for several pictures")
    else:
        jobs = [Job(item.path, output / _renamed(item.below, "", target)) for item in found]
    _check_distinct(jobs)
    check_existing([job.target for job in jobs], existing)
    return jobs


def _without_own(found: list[Found], suffix: str, notify: Notify) -> list[Found]:
    """Without the outputs of earlier runs, unless they were named themselves."""
    if not suffix:
        return found
    own = [item for item in found if not item.is_named and item.path.stem.endswith(suffix)]
    if own:
        more = f" and {len(own) - 1} more" if len(own) > 1 else ""
        notify(f"{own[0].path}{more}: passed over as linn's own, since the name ends in {suffix}")
    return [item for item in found if item not in own]


def _check_output(output: Path, source: Path) -> None:
    """A video goes into a video, and a picture into a picture."""
    if videos.is_video(source):
        check_output(output, [source], videos.ENDINGS)
    else:
        writing.check_output(output, source)


def _renamed(path: Path, suffix: str, target: Format | None) -> Path:
    ending = target.suffixes[0] if target else path.suffix
    return path.with_name(f"{path.stem}{suffix}{ending}")


def _check_distinct(jobs: Iterable[Job]) -> None:
    sources = {_key(job.source) for job in jobs}
    taken: dict[str, Path] = {}
    for job in jobs:
        leads_to = _key(job.target)
        if leads_to in sources:
            raise UsageError(f"{job.target}: is an input too, choose another -o or --suffix")
        other = taken.setdefault(leads_to, job.source)
        if other != job.source:
            raise UsageError(
                f"{job.target}: both {other} and {job.source} would be written there; "
                "denoise them into different folders"
            )


def _key(path: Path) -> str:
    """A name for the place that a path leads to; where the disk takes names without regard to case, one for all."""
    leads_to = place(path)
    return leads_to if _minds_case(Path(leads_to).parent) else leads_to.casefold()


@cache
def _minds_case(folder: Path) -> bool:
    """Whether a disk tells names apart by case. A folder that is not there yet lies on the disk of the one above."""
    for part in (folder, *folder.parents):
        other = part.with_name(part.name.swapcase())
        if other != part and part.exists():
            return not (other.exists() and part.samefile(other))
    return False


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
