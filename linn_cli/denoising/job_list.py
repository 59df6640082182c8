"""Very many jobs in little memory: their folders, and the names of the files in each."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import overload

_BETWEEN = "\0"  # in no file's name
_MOST_NAMES = 1000


@dataclass(frozen=True)
class Job:
    """One file to be denoised into another."""

    source: Path
    target: Path


@dataclass(frozen=True)
class Group:
    """Jobs from one folder into one; `names` are of the sources, and `targets` of the outputs if these differ."""

    folder: str
    into: str
    names: str
    targets: str | None

    @property
    def is_there(self) -> bool:
        """Whether there is a folder to write into; a bare name goes into the current one."""
        return os.path.isdir(self.into or os.curdir)

    def sources(self) -> list[str]:
        """The paths of the sources."""
        return [os.path.join(self.folder, name) for name in self.names.split(_BETWEEN)]

    def outputs(self) -> list[str]:
        """The paths of the targets."""
        names = self.names if self.targets is None else self.targets
        return [os.path.join(self.into, name) for name in names.split(_BETWEEN)]

    def pairs(self) -> Iterator[tuple[str, str]]:
        """The paths of each source and its target."""
        return zip(self.sources(), self.outputs(), strict=True)


class JobList(Sequence[Job]):
    """Jobs in order. They are made anew each time that they are asked for."""

    def __init__(self, jobs: Iterable[Job] = ()) -> None:
        self.groups: list[Group] = []
        self._count = 0
        split = ((os.path.split(job.source), os.path.split(job.target)) for job in jobs)
        for (folder, into), pairs in groupby(split, key=lambda pair: (pair[0][0], pair[1][0])):
            while some := [
                (source, target) for (_, source), (_, target) in islice(pairs, _MOST_NAMES)
            ]:
                names, targets = map(_BETWEEN.join, zip(*some, strict=True))
                self.groups.append(
                    Group(folder, into, names, targets if targets != names else None)
                )
                self._count += len(some)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Job]:
        for group in self.groups:
            for source, target in group.pairs():
                yield Job(Path(source), Path(target))

    @overload
    def __getitem__(self, index: int) -> Job: ...
    @overload
    def __getitem__(self, index: slice) -> list[Job]: ...
    def __getitem__(self, index: int | slice) -> Job | list[Job]:
        if isinstance(index, slice):
            return list(self)[index]
        return next(islice(self, range(self._count)[index], None))
