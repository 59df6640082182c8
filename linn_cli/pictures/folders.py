"""The pictures that files, folders and patterns stand for; whatever is passed over is told."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from linn_cli.errors import InputError
from linn_cli.files import place
from linn_cli.pictures import _other_formats
from linn_cli.pictures.formats import SUFFIXES
from linn_cli.progress import Notify, keep_quiet

Takes = Callable[[str], bool]


def everything(below: str) -> bool:
    """Take every file."""
    return True


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
    takes: Takes = everything,
    notify: Notify = keep_quiet,
) -> Iterator[Found]:
    """The files that files, folders and patterns stand for, each once.

    Links are followed, but no folder is entered twice, so that loops end. Hidden files and folders inside folders
    are left out without a word. Memory grows with the folders and links, not with the files in them.

    Args:
        inputs: files, which need not be there, folders and patterns.
        recursive: take the folders within folders too.
        leave_out: a folder within them that is not entered.
        takes: which of the files in folders are wanted, by their paths below the folder that was given.
        notify: is told what was passed over.

    Raises:
        InputError: a folder has no pictures or cannot be read, or nothing matches a pattern.
    """
    names = _Names(notify)
    arguments: list[tuple[Path, list[Path], list[Path]]] = []
    for number, given in enumerate(inputs):
        tree = _tree(given, names, number, leave_out, recursive) if _is_dir(given) else []
        matches = [] if _is_dir(given) else _matches(given, recursive)
        names.add(matches, number)
        arguments.append((given, tree, matches))
    # Only now is it known which of its names comes first for each file.
    for number, (given, tree, matches) in enumerate(arguments):
        yield from _within(given, tree, names, number, leave_out, recursive, takes)
        for path in matches:
            if names.keep(path, number):
                yield Found(path, Path(path.name), path is given)


def list_pictures(folder: Path) -> list[Path]:
    """The pictures directly in a folder, in name order.

    Raises:
        InputError: there is no such folder, or no picture in it.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: not a folder of pictures")
    listed = _Listing.of(folder)
    if not (listed.files or listed.links):
        raise InputError(f"{folder}: no pictures in it ({', '.join(SUFFIXES)})")
    return [folder / name for name in sorted([*listed.files, *listed.links])]


class _Names:
    """The names of each file: which of them is taken. The earliest is, but a link only if there is no other."""

    def __init__(self, notify: Notify) -> None:
        self.notify = notify
        # By the places that they lead to: folders and named files with the number of their argument, and links.
        self.folders: dict[str, tuple[int, Path]] = {}
        self.files: dict[str, tuple[int, Path]] = {}
        self.links: dict[str, tuple[int, Path]] = {}

    def enter(self, folder: Path, argument: int) -> bool:
        """Whether a folder is to be entered, since it has not been."""
        _, first = self.folders.setdefault(place(folder), (argument, folder))
        if first is not folder and folder.is_symlink():
            self.notify(
                f"{folder}: a link to {first}, which is taken already, so it is not followed"
            )
        return first is folder

    def add(self, files: Iterable[Path], argument: int) -> None:
        """Take note of files that an argument names."""
        for path in files:
            if not os.path.islink(path):
                self.files.setdefault(place(path), (argument, path))

    def keep(self, path: Path, argument: int, leads_to: str | None = None) -> bool:
        """Whether a file goes by this name of this argument; says so if it goes by another."""
        leads_to = leads_to or place(path)
        folder, name = os.path.split(leads_to)
        plain = [self.files[leads_to]] if leads_to in self.files else []
        if folder in self.folders and _is_picture(name):
            by, entered = self.folders[folder]
            plain.append((by, entered / name))
        number, first = min(plain) if plain else self.links.setdefault(leads_to, (argument, path))
        if first != path:
            self.notify(f"{path}: the same picture as {first}, which is taken")
        return (number, first) == (argument, path)


@dataclass
class _Listing:
    """What lies directly in a folder, by name, hidden things left out: pictures, links to some, others by kind."""

    files: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    pictures: int = 0

    @classmethod
    def of(cls, folder: Path, takes: Takes = everything) -> _Listing:
        """List a folder; of the files that are no links, only those that `takes` wants by their names."""
        listed = cls()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name[0] != "." and not _leads_to_folder(entry):
                        listed._add(entry, takes)
        except OSError as error:
            raise _unreadable(folder, error) from error
        listed.files.sort()
        listed.links.sort()
        return listed

    def _add(self, entry: os.DirEntry[str], takes: Takes) -> None:
        if not _leads_to_file(entry):
            self.others[_other_formats.BROKEN] += 1
            return
        if not _is_picture(entry.name):
            self.others[_other_formats.kind(Path(entry.name))] += 1
            return
        self.pictures += 1
        if entry.is_symlink():
            self.links.append(entry.name)
        elif takes(entry.name):
            self.files.append(entry.name)


def _within(
    given: Path,
    tree: list[Path],
    names: _Names,
    argument: int,
    leave_out: Path | None,
    recursive: bool,
    takes: Takes,
) -> Iterator[Found]:
    """The wanted pictures in the folders of a tree; says what it passes over."""
    pictures, others = 0, Counter[str]()
    for folder in tree:
        part = folder.relative_to(given).as_posix()
        prefix = "" if part == "." else f"{part}/"
        listed = _Listing.of(folder, lambda name, prefix=prefix: takes(prefix + name))  # type: ignore[misc]
        pictures += listed.pictures
        others += listed.others
        links = {name for name in listed.links if names.keep(folder / name, argument)}
        wanted = (name for name in links if takes(prefix + name))
        leads_to = place(folder) if names.files else ""
        for name in sorted([*listed.files, *wanted]) if links else listed.files:
            path = folder / name
            if (
                name in links
                or not leads_to
                or names.keep(path, argument, os.path.join(leads_to, name))
            ):
                yield Found(path, Path(prefix + name), False)
    passed = []
    if not recursive and (inner := sum(len(_folders_in(folder, leave_out)) for folder in tree)):
        passed.append(f"{inner} folder{'s' if inner > 1 else ''} (-r enters)")
    if others:
        passed.append(_other_formats.in_words(others))
    said = f"passed over {', '.join(passed)}"
    if tree and not pictures:
        raise InputError(f"{given}: no pictures in it{f'; {said}' if passed else ''}")
    if passed:
        names.notify(f"{given}: {said}")


def _matches(given: Path, recursive: bool) -> list[Path]:
    """The files that match a pattern, or the one that is named."""
    try:
        if given.exists() or not glob.has_magic(str(given)):
            return [given]
        matches = map(Path, sorted(set(glob.glob(str(given), recursive=recursive))))
        files = [path for path in matches if path.is_file()]
    except (OSError, RuntimeError):  # a loop of links, a name that is too long: reading it will say
        return [given]
    if not files:
        raise InputError(f"{given}: no file matches")
    return files


def _tree(
    top: Path, names: _Names, argument: int, leave_out: Path | None, recursive: bool
) -> list[Path]:
    """A folder and, if wanted, those within it, then those that links within it lead to; none twice."""
    found, waiting = [], [top]
    while waiting:
        below = [waiting.pop(0)]
        while below:
            here = below.pop()
            if not names.enter(here, argument):
                continue
            found.append(here)
            if recursive:
                within = _folders_in(here, leave_out)
                # Links wait: a folder keeps its own name and not that of a link to it.
                waiting += [path for path in within if path.is_symlink()]
                below += [path for path in reversed(within) if not path.is_symlink()]
    return found


def _folders_in(folder: Path, leave_out: Path | None) -> list[Path]:
    """The folders directly in a folder, by name; neither hidden ones nor `leave_out`."""
    left_out = None if leave_out is None else place(leave_out)
    try:
        with os.scandir(folder) as entries:
            names = [
                entry.name for entry in entries if entry.name[0] != "." and _leads_to_folder(entry)
            ]
    except OSError as error:
        raise _unreadable(folder, error) from error
    # By name and not by path, which some systems compare without regard to case.
    shown = (folder / name for name in sorted(names))
    return [path for path in shown if place(path) != left_out]


def _unreadable(folder: Path, error: OSError) -> InputError:
    return InputError(f"{folder}: cannot be read ({error.strerror})")


def _is_dir(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that is too long: reading it will say
        return False


def _leads_to_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a loop of links
        return False


def _leads_to_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _is_picture(name: str) -> bool:
    return name[0] != "." and os.path.splitext(name)[1].lower() in SUFFIXES
