"""Where an output grows: beside its place on a disk, in its place on a server. Only a complete one has metadata there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zarr
from zarr.abc.store import Store
from zarr.storage import StorePath

from linn_cli.denoising.planning import Existing, refuse
from linn_cli.volumes import stores
from linn_cli.volumes.addresses import is_local
from linn_cli.volumes.record import Record
from linn_cli.volumes.stores import reading, writing

_PARTIAL = ".partial"


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
        late = []
        for key in _keys(source, "", set(denoised)):
            if key.rpartition("/")[2] in stores.METADATA:
                late.append(key)
            else:
                self._copy(source, key)
        # A folder's metadata come after those of what it holds.
        for key in sorted(late, key=lambda key: -key.count("/")):
            self._copy(source, key)
        with writing(self.growing):
            self.record.remove()
            if is_local(self.address):
                _sweep(Path(self.growing))
                _appear(Path(self.growing), Path(self.address))

    def _copy(self, source: Store, key: str) -> None:
        with reading(f"{source}/{key}"):
            content = stores.get(source, key)
        with writing(self.growing):
            if content is not None:
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
        UsageError: the output is there.
        InputError: nothing can be written there.
    """
    if is_local(address):
        there = Path(address).exists()
        with writing(address):
            Path(address).parent.mkdir(parents=True, exist_ok=True)
            grown = Target(address, stores.opened(f"{address}{_PARTIAL}", read_only=False))
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


def _keys(store: Store, prefix: str, denoised: Collection[str]) -> Iterator[str]:
    """All keys but those of the chunks of denoised arrays."""
    if prefix in denoised:
        yield from (f"{prefix}/{name}".strip("/") for name in stores.METADATA)
        return
    with reading(str(store)):
        listed = stores.names(store, prefix)
    for name in listed:
        key = f"{prefix}/{name}".strip("/")
        with reading(f"{store}/{key}"):
            is_file = key not in denoised and stores.get(store, key) is not None
        if is_file:
            yield key
        else:
            yield from _keys(store, key, denoised)


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
    aside = there.with_name(f"{there.name}.replaced")
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
