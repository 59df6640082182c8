"""Where an output grows: beside its place on a disk, in its place on a server. Only a complete one has metadata there."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zarr
from zarr.abc.store import Store
from zarr.storage import StorePath

from linn_cli.denoising.planning import Existing, refuse
from linn_cli.errors import UsageError
from linn_cli.volumes import stores
from linn_cli.volumes.addresses import is_local
from linn_cli.volumes.record import FOLDER, Record
from linn_cli.volumes.stores import reading, writing

_PARTIAL = ".partial"
# How chunks, or the folders that they lie in, are called in an array's folder.
_CHUNK = re.compile(r"c|(c\.)?\d+(\.\d+)*")


@dataclass(frozen=True)
class Target:
    """An output that grows in a store; it appears at `address` when it is finished."""

    address: str
    store: Store

    @property
    def record(self) -> Record:
        """What is finished of it."""
        return Record(self.store)

    @property
    def growing(self) -> str:
        """Where it grows."""
        return f"{self.address}{_PARTIAL}" if is_local(self.address) else self.address

    def array(self, like: zarr.Array[Any]) -> zarr.Array[Any]:
        """An array of this output with the shape, chunks and codecs of the source's. It has no metadata yet."""
        return zarr.Array(zarr.AsyncArray(like.metadata, StorePath(self.store, like.path)))

    def finish(self, source: Store, denoised: Collection[str]) -> None:
        """Copy all but the chunks of these arrays from the source, metadata last, and let the output appear.

        Raises:
            InputError: something cannot be read or written.
        """
        late = {}
        for key, content in _files(source, "", set(denoised)):
            if key.rpartition("/")[2] in stores.METADATA:
                late[key] = content
            else:
                self._put(key, content)
        # A folder's metadata come after those of what it holds.
        for key in sorted(late, key=lambda key: -key.count("/")):
            self._put(key, late[key])
        with writing(self.growing):
            if is_local(self.address):
                _sweep(Path(self.growing))
                _appear(Path(self.growing), Path(self.address))
                # Last, so that a run that is killed before finds all of it finished.
                Record(stores.opened(self.address, read_only=False)).remove()
            else:
                self.record.remove()

    def _put(self, key: str, content: bytes) -> None:
        with writing(self.growing):
            stores.put(self.store, key, content)

    def remove_if_nothing_is_finished(self) -> None:
        """After a failure: leave only what a later run can go on with."""
        with writing(self.growing):
            if not self.record.has_any:
                if is_local(self.address):
                    stores.remove(self.store)
                else:
                    self.record.remove()


def opened(address: str, existing: Existing) -> Target | None:
    """The place for an output; None if it is there and to be skipped.

    Raises:
        UsageError: the output is there, or something that is not linn's is in the way.
        InputError: nothing can be written there.
    """
    if is_local(address):
        there = Path(address).exists()
        if Path(address).is_file():
            raise UsageError(f"{address}: is a file, choose another -o")
        with writing(address):
            Path(address).parent.mkdir(parents=True, exist_ok=True)
            grown = Target(address, stores.opened(f"{address}{_PARTIAL}", read_only=False))
            others = set(stores.names(grown.store, "")) - {FOLDER}
        if others and not grown.record.is_begun:
            raise UsageError(f"{grown.growing}: is in the way, and no run began it: rename it")
    else:
        with writing(address):
            grown = Target(address, stores.opened(address, read_only=False))
            there = stores.is_node(grown.store) and not grown.record.is_begun
    if there and existing.skip:
        return None
    if there and not existing.overwrite:
        refuse([address])
    if existing.overwrite:
        with writing(grown.growing):
            if there or grown.record.is_begun:
                stores.remove(grown.store)
    return grown


def _files(store: Store, prefix: str, denoised: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """All that a store holds, but the chunks of denoised arrays and the record of a run."""
    with reading(str(store)):
        listed = stores.names(store, prefix)
    for name in listed:
        key = f"{prefix}/{name}".strip("/")
        if key == FOLDER or (prefix in denoised and _CHUNK.fullmatch(name)):
            continue
        with reading(f"{store}/{key}"):
            content = None if key in denoised else stores.get(store, key)
        if content is None:
            yield from _files(store, key, denoised)
        else:
            yield key, content


def _sweep(folder: Path) -> None:
    """Remove what writers that were killed left behind."""
    for top, _, files in os.walk(folder):
        for name in files:
            if name.endswith(_PARTIAL):
                Path(top, name).unlink(missing_ok=True)


def _appear(grown: Path, there: Path) -> None:
    """Put a folder in its place; the one that it replaces goes when the new one is there."""
    if not there.exists():
        os.rename(grown, there)
        return
    aside = there.with_name(f".linn-{there.name}")
    shutil.rmtree(aside, ignore_errors=True)  # of a run that was killed
    os.rename(there, aside)
    try:
        os.rename(grown, there)
    except OSError:
        os.rename(aside, there)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def size(address: str) -> int | None:
    """How many bytes a folder holds; None of a server, which would take long to count."""
    if not is_local(address):
        return None
    return sum(
        Path(top, name).stat().st_size for top, _, files in os.walk(address) for name in files
    )
