"""What is finished of a run, kept beside its output so that the run can go on after it was stopped."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from zarr.abc.store import Store

from linn_cli.errors import UsageError
from linn_cli.volumes import stores

FOLDER = ".linn"
_RUN = f"{FOLDER}/run.json"
_DONE = f"{FOLDER}/done"


@dataclass(frozen=True)
class Record:
    """The record of a run in its output's store."""

    store: Store

    @property
    def is_begun(self) -> bool:
        """Whether a run has begun and is not complete."""
        return stores.get(self.store, _RUN) is not None

    def begin(self, run: dict[str, Any], address: str) -> bool:
        """Begin a run, or go on with the same one; tells which.

        Raises:
            UsageError: another run was begun there.
        """
        wanted = json.dumps(run, sort_keys=True).encode()
        before = stores.get(self.store, _RUN)
        if before is None:
            stores.put(self.store, _RUN, wanted)
        elif before != wanted:
            raise UsageError(
                f"{address}: was begun from another input, or with other options or another version of linn; "
                "repeat those, or --overwrite begins again"
            )
        return before is not None

    def finished(self, array: str) -> set[str]:
        """The names of what is finished of an array."""
        return set(stores.names(self.store, f"{_DONE}/{_plain(array)}"))

    @property
    def has_any(self) -> bool:
        """Whether something is finished."""
        return bool(stores.names(self.store, _DONE))

    def finish(self, array: str, name: str) -> None:
        """Remember that something is finished."""
        stores.put(self.store, f"{_DONE}/{_plain(array)}/{name}", b"")

    def remove(self) -> None:
        """The run is complete."""
        stores.remove(self.store, FOLDER)


def _plain(path: str) -> str:
    """A path as one name."""
    return path.replace("%", "%25").replace("/", "%2F") or "%"
