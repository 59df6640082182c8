"""The pictures that files, folders and patterns stand for; whatever is passed over is told."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from linn_cli.errors import InputError
from linn_cli.files import place
from linn_cli.pictures import _other_formats
from linn_cli.pictures.formats import SUFFIXES
from linn_cli.progress import Notify, keep_quiet


@dataclass(frozen=True)
class Found:
    """A picture file, its path below the argument that it stands for, and whether it was named itself."""

    path: Path
    below: Path
    is_named: bool


def expand(
    inputs: Iterable[Path],
    *,
    recursive: bool = False,
    leave_out: Path | None = None,
    notify: Notify = keep_quiet,
) -> list[Found]:
    """The files that files, folders and patterns stand for, each once.

    Links are followed, but no folder is entered twice, so that loops end. Hidden files and folders inside folders
    are left out without a word.

    Args:
        inputs: files, which need not be there, folders and patterns.
        recursive: take the folders within folders too.
        leave_out: a folder within them that is not entered.
        notify: is told what was passed over.

    Raises:
        InputError: a folder has no pictures or cannot be read, or nothing matches a pattern.
    """
    taken: dict[str, Found] = {}
    for given in inputs:
        for found in _stands_for(given, recursive, leave_out, notify):
            key = place(found.path)
            kept, again = taken.get(key, found), found
            if os.path.islink(kept.path) and not os.path.islink(found.path):
                kept, again = found, kept
            taken[key] = kept
            if again.path != kept.path:
                notify(f"{again.path}: the same picture as {kept.path}, which is taken")
    return list(taken.values())


def list_pictures(folder: Path) -> list[Path]:
    """The pictures directly in a folder, in name order.

    Raises:
        InputError: there is no such folder, or no picture in it.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: not a folder of pictures")
    pictures, _ = _files_in(folder)
    if not pictures:
        raise InputError(f"{folder}: no pictures in it ({', '.join(SUFFIXES)})")
    return pictures


def _stands_for(
    given: Path, recursive: bool, leave_out: Path | None, notify: Notify
) -> Iterator[Found]:
    """The files that an argument stands for."""
    try:
        if given.is_dir():
            files = _within(given, recursive, leave_out, notify)
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
        yield from (Found(path, part, False) for path, part in zip(files, below, strict=True))
    else:
        yield Found(given, Path(given.name), True)


def _within(folder: Path, recursive: bool, leave_out: Path | None, notify: Notify) -> list[Path]:
    """The pictures in a folder; in those within it too, but for hidden ones and `leave_out`."""
    tree = _tree(folder, leave_out, notify) if recursive else [folder]
    listed = [_files_in(one) for one in tree]
    pictures = [path for here, _ in listed for path in here]
    others = [path for _, rest in listed for path in rest]
    passed = []
    if not recursive and (inner := len(_folders_in(folder, leave_out))):
        passed.append(f"{inner} folder{'s' if inner > 1 else ''} (-r enters)")
    if others:
        passed.append(_other_formats.in_words(others))
    said = f"passed over {', '.join(passed)}"
    if not pictures:
        raise InputError(f"{folder}: no pictures in it{f'; {said}' if passed else ''}")
    if passed:
        notify(f"{folder}: {said}")
    return pictures


def _tree(folder: Path, leave_out: Path | None, notify: Notify) -> list[Path]:
    """A folder and those within it, then those that links within it lead to; none twice."""
    entered: dict[str, Path] = {}
    waiting = [folder]
    while waiting:
        top = waiting.pop(0)
        for name, inner, _ in os.walk(top, onerror=_unreadable):
            here = Path(name)
            first = entered.setdefault(place(here), here)
            if first is not here:
                if here.is_symlink():
                    notify(
                        f"{here}: a link to {first}, which is taken already, so it is not followed"
                    )
                inner.clear()
                continue
            within = _folders_in(here, leave_out)
            # Links wait: a folder keeps its own name and not that of a link to it.
            waiting += [path for path in within if path.is_symlink()]
            inner[:] = [path.name for path in within if not path.is_symlink()]
    return list(entered.values())


def _folders_in(folder: Path, leave_out: Path | None) -> list[Path]:
    """The folders directly in a folder, by name; neither hidden ones nor `leave_out`."""
    left_out = None if leave_out is None else place(leave_out)
    shown = (path for path in folder.iterdir() if path.name[0] != "." and path.is_dir())
    return sorted(path for path in shown if place(path) != left_out)


def _unreadable(error: OSError) -> None:
    raise InputError(f"{error.filename}: cannot be read ({error.strerror})") from error


def _files_in(folder: Path) -> tuple[list[Path], list[Path]]:
    """The pictures directly in a folder, to go by their names, and the other files; no hidden ones."""
    shown = (path for path in folder.iterdir() if path.name[0] != "." and not path.is_dir())
    # By name and not by path, which some systems compare without regard to case.
    files = sorted(shown, key=lambda path: path.name)
    pictures = [path for path in files if path.suffix.lower() in SUFFIXES and path.is_file()]
    taken = set(pictures)
    return pictures, [path for path in files if path not in taken]
