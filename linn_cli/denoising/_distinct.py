"""Whether outputs are files of their own: neither another's, nor an input."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from itertools import chain
from pathlib import Path
from unicodedata import normalize

from linn_cli.denoising.job_list import Group, Job, JobList
from linn_cli.errors import UsageError
from linn_cli.files import place


def check(jobs: JobList) -> None:
    """Refuse jobs of which two have one output, or one writes what is an input.

    Memory grows with the folders, the links and the files in one folder.

    Raises:
        UsageError: there are such jobs.
    """
    places = _Places()
    read: dict[str, list[Group]] = defaultdict(list)
    written: dict[str, list[Group]] = defaultdict(list)
    # What links lead to, by its folder.
    read_by_links: dict[str, set[str]] = defaultdict(set)
    written_by_links: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for group in jobs.groups:
        read[places.of_folder(group.folder)].append(group)
        written[places.of_folder(group.into)].append(group)
        for source in filter(places.follow, group.sources()):
            folder, name = places.of(source)
            read_by_links[folder].add(name)
        for source, target in group.pairs() if group.is_there else ():
            if places.follow(target):
                written_by_links[places.of(target)[0]].append((source, target))
    for folder in {**written, **written_by_links}:
        plain = (path for group in read[folder] for path in group.sources())
        sources = read_by_links[folder].union(
            places.of(path)[1] for path in plain if path not in places.links
        )
        taken: dict[str, str] = {}
        pairs = (pair for group in written[folder] for pair in group.pairs())
        for source, target in chain(
            (pair for pair in pairs if pair[1] not in places.links), written_by_links[folder]
        ):
            _, name = places.of(target)
            if name in sources:
                raise UsageError(f"{target}: is an input too, choose another -o or --suffix")
            _claim(target, source, taken.setdefault(name, source))


def check_apart(jobs: JobList, others: Iterable[Job]) -> None:
    """Refuse jobs whose outputs are inputs or outputs of others, which need not be held in memory.

    Raises:
        UsageError: there are such jobs.
    """
    places = _Places()
    taken = {places.anywhere(str(job.target)): str(job.source) for job in jobs}
    for job in others:
        source, target = str(job.source), str(job.target)
        if places.anywhere(source) in taken:
            raise UsageError(f"{source}: is an output too, choose another -o or --suffix")
        _claim(target, source, taken.get(places.anywhere(target), source))


def _claim(target: str, source: str, first: str) -> None:
    """Refuse an output that another source leads to."""
    if first != source:
        raise UsageError(
            f"{target}: both {first} and {source} would be written there; "
            "denoise them into different folders"
        )


class _Places:
    """The places that paths lead to, as folder and name; where a disk takes two names for the same, one for both."""

    def __init__(self) -> None:
        self.links: dict[str, tuple[str, str]] = {}
        self._folders: dict[str, tuple[str, bool]] = {}

    def follow(self, path: str) -> bool:
        """Whether a path is a link; remembers where it leads to."""
        name = os.path.basename(path)
        if name not in ("", "..") and not os.path.islink(path):
            return False
        self.links[path] = self._of(*os.path.split(place(Path(path))))
        return True

    def of(self, path: str) -> tuple[str, str]:
        """The place of a path; links must have been followed before."""
        return self.links.get(path) or self._of(*os.path.split(path))

    def anywhere(self, path: str) -> tuple[str, str]:
        """The place of a path, be it a link or not."""
        self.follow(path)
        return self.of(path)

    def of_folder(self, folder: str) -> str:
        """The place of a folder."""
        return self._folder(folder)[0]

    def _of(self, folder: str, name: str) -> tuple[str, str]:
        above, is_exact = self._folder(folder)
        return above, name if is_exact else _folded(name)

    def _folder(self, folder: str) -> tuple[str, bool]:
        if folder not in self._folders:
            above = place(Path(folder))
            is_exact = _minds_case(Path(above))
            self._folders[folder] = above if is_exact else _folded(above), is_exact
        return self._folders[folder]


def _folded(name: str) -> str:
    """One name for all that differ in case or in how accents are written."""
    return normalize("NFD", normalize("NFD", name).casefold())


@cache
def _minds_case(folder: Path) -> bool:
    """Whether a disk tells names apart by case. A folder that is not there yet lies on the disk of the one above."""
    for part in (folder, *folder.parents):
        other = part.with_name(part.name.swapcase())
        if other != part and part.exists():
            return not (other.exists() and part.samefile(other))
    return False
