"""Where Zarrs lie: which paths and URLs are meant for one, and which goes where."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from linn_cli.errors import UsageError
from linn_cli.files import place
from linn_cli.pictures.formats import SUFFIXES

# What makes a folder a node of a Zarr: version 3, and version 2.
NODES = ("zarr.json", ".zgroup", ".zarray")
_ENDINGS = (".ome.zarr", ".zarr")


@dataclass(frozen=True)
class Job:
    """A Zarr to be denoised into another, by their addresses: a folder's path or a URL."""

    source: str
    target: str


def address_of(path: Path) -> str:
    """The address that a path of the command line stands for: as a path, s3://bucket has one slash."""
    local = re.match(r"file:/*(?=/)", os.fspath(path))
    if local:
        return os.fspath(path)[local.end() :]
    return re.sub(r"^([a-z0-9+]{2,}):/+(?=[^/])", r"\1://", os.fspath(path))


def is_local(address: str) -> bool:
    """Whether it is a path and no URL."""
    return "://" not in address


def is_meant(path: Path) -> bool:
    """Whether a path of the command line stands for a Zarr."""
    address = address_of(path)
    if not is_local(address) or path.name.lower().endswith(_ENDINGS):
        return True
    return any(os.path.isfile(path / name) for name in NODES)


def require() -> None:
    """Ask for the packages that an extra brings.

    Raises:
        UsageError: they are not installed.
    """
    if not find_spec("zarr"):
        raise UsageError("Zarr takes more packages: python -m pip install 'linn-cli[zarr]'")


def plan(sources: Sequence[str], output: str | None, suffix: str) -> list[Job]:
    """Which Zarr goes where.

    Args:
        sources: their addresses.
        output: the address of one output, or a folder that they go into; None for beside each.
        suffix: put behind the stems of outputs that lie beside their inputs.

    Raises:
        UsageError: the output is a picture's name; an output would be an input, lie in one or hold one, or two would be one.
    """
    several = len(sources) > 1
    if output is not None and output.lower().endswith(SUFFIXES):
        raise UsageError(
            f"{output}: is a picture's name, and a Zarr becomes a Zarr: end it in .zarr"
        )
    into = output is not None and (several or _is_plain_folder(output))
    jobs = []
    for source in sources:
        above, _, name = source.rstrip("/").rpartition("/")
        if output is None:
            target = f"{above}/{_renamed(name, suffix)}" if above else _renamed(name, suffix)
        else:
            target = f"{output.rstrip('/')}/{name}" if into else output.rstrip("/")
        jobs.append(Job(source, target))
    _check_apart(jobs)
    return jobs


def _is_plain_folder(output: str) -> bool:
    path = Path(output)
    return is_local(output) and path.is_dir() and not is_meant(path)


def _renamed(name: str, suffix: str) -> str:
    ending = next((end for end in _ENDINGS if name.lower().endswith(end)), "")
    return f"{name[: len(name) - len(ending)]}{suffix}{name[len(name) - len(ending) :]}"


def _check_apart(jobs: Sequence[Job]) -> None:
    taken: dict[str, str] = {}
    for job in jobs:
        target = _folder(job.target)
        for other in jobs:
            source = _folder(other.source)
            if target == source:
                raise UsageError(f"{job.target}: is an input too, choose another -o or --suffix")
            if target.startswith(source) or source.startswith(target):
                raise UsageError(f"{job.target}: lies in an input or holds it, choose another -o")
        before = taken.setdefault(target, job.source)
        if before != job.source:
            raise UsageError(f"{job.target}: both {before} and {job.source} would be written there")


def leads_to(address: str) -> str:
    """Where an address leads to, from any folder and through links."""
    return place(Path(address)) if is_local(address) else address


def _folder(address: str) -> str:
    return f"{leads_to(address).rstrip('/')}/"
