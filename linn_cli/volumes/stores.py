"""Zarr stores by their addresses, a local folder or a URL; what fails in them is said in one line."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import zarr
from zarr.abc.store import Store
from zarr.core.buffer import cpu, default_buffer_prototype
from zarr.core.sync import sync
from zarr.storage import FsspecStore, LocalStore

from linn_cli.errors import InputError, LinnError, UsageError, explain, is_out_of_memory
from linn_cli.volumes.addresses import NODES, is_local

METADATA = (*NODES, ".zattrs", ".zmetadata")
# A server that does not answer is given up after so many seconds.
_PATIENCE = 3
_MOST_WORDS = 200


def opened(address: str, *, read_only: bool) -> Store:
    """The store at an address.

    Raises:
        InputError: there is none that can be read.
        UsageError: there is no package for URLs of that kind.
    """
    if is_local(address):
        return LocalStore(Path(address), read_only=read_only)
    kind = address.split("://")[0]
    options: dict[str, Any] = {}
    if kind == "s3":
        options["config_kwargs"] = {"connect_timeout": _PATIENCE, "retries": {"max_attempts": 1}}
    try:
        return FsspecStore.from_url(address, storage_options=options, read_only=read_only)
    except (ImportError, ValueError) as error:
        raise UsageError(f"{address}: linn cannot open {kind}:// ({_first_line(error)})") from error


def is_node(store: Store) -> bool:
    """Whether there is a Zarr at the root of a store."""
    return any(get(store, name) is not None for name in NODES)


def source(address: str) -> tuple[Store, Any]:
    """The store of a Zarr that is there, and the array or group at its root.

    Raises:
        InputError: it is not there, or cannot be read.
        UsageError: as `opened`.
    """
    with reading(address):
        store = opened(address, read_only=True)
        try:
            found = is_node(store)
        except FileNotFoundError:
            found = False
        if not found:
            raise InputError(f"{address}: is not there, or is not a Zarr")
        return store, node(store)


def get(store: Store, key: str) -> bytes | None:
    """What a store holds under a key; None for nothing."""
    found = sync(store.get(key, default_buffer_prototype()))
    return None if found is None else found.to_bytes()


def put(store: Store, key: str, content: bytes) -> None:
    """Store bytes under a key, whole or not at all."""
    sync(store.set(key, cpu.Buffer.from_bytes(content)))


def names(store: Store, prefix: str) -> list[str]:
    """What lies directly below a prefix, sorted."""

    async def listed() -> list[str]:
        return [name async for name in store.list_dir(prefix)]

    return sorted({name.strip("/") for name in sync(listed())} - {""})


def remove(store: Store, prefix: str = "") -> None:
    """Remove all below a prefix."""
    if isinstance(store, LocalStore) and not prefix:
        shutil.rmtree(store.root, ignore_errors=True)
    else:
        sync(store.delete_dir(prefix))


def node(store: Store, path: str = "") -> Any:
    """The array or group at a path of a store."""
    return zarr.open(store, path=path, mode="r")


@contextmanager
def reading(address: str) -> Iterator[None]:
    """Inside, whatever fails becomes an InputError that names the address."""
    with _explained(address, "cannot be read"), warnings.catch_warnings():
        # What lies in a store besides Zarr is copied.
        warnings.filterwarnings("ignore", "Object at .* is not recognized")
        yield


@contextmanager
def writing(address: str) -> Iterator[None]:
    """Inside, whatever fails becomes an InputError that names the address."""
    with _explained(address, "cannot be written"):
        yield


@contextmanager
def _explained(address: str, what: str) -> Iterator[None]:
    try:
        yield
    except (LinnError, MemoryError):
        raise
    except Exception as error:  # stores and codecs raise whatever they stumble over
        if is_out_of_memory(error):
            raise InputError(f"{address}: {explain(error)}") from error
        raise InputError(f"{address}: {what} ({_first_line(error)})") from error


def _first_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    line = next(iter(str(error).splitlines()), "") or type(error).__name__
    return line if len(line) <= _MOST_WORDS else f"{line[:_MOST_WORDS]}..."
