"""Where weights come from: the bundle, a file, or a repository on the Hub."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from linn_cli.errors import UnreachableError, UsageError, WeightsError
from linn_cli.network.architecture import Variant
from linn_cli.progress import Notify, Progress, keep_quiet, silent
from linn_cli.weights import hub, sets
from linn_cli.weights.hub import Record, Reference
from linn_cli.weights.selection import select
from linn_cli.weights.sets import WeightSet
from linn_cli.wording import setting


@dataclass(frozen=True)
class Source:
    """Weight sets to choose from; those of the Hub are fetched once they are chosen.

    A `named` source was asked for by its one file, which serves for every sigma. `fallback` takes over if
    the Hub cannot be reached.
    """

    name: str
    sets: tuple[WeightSet, ...]
    named: bool = False
    locked: tuple[Reference, Record] | None = None
    fallback: Source | None = None
    notify: Notify = keep_quiet
    progress: Progress = silent

    def select(
        self,
        sigma: float,
        variant: Variant | None,
        scales: int | None,
        most: float | None = None,
        channels: int = 1,
        *,
        fast: bool = False,
        noise: str = "white",
    ) -> WeightSet:
        """The best set for sigma (8-bit grey levels), not fetched; None means any; see `sets.select`.

        Raises:
            UsageError: there is none of this variant and scales.
        """
        if not self.named:
            where = f"in {self.name}" if self.locked else "bundled"
            return select(
                self.sets, sigma, variant, scales, where, most, channels, fast=fast, noise=noise
            )
        [chosen] = self.sets
        held = chosen.architecture
        if not held.is_asked_for(variant, scales):
            raise UsageError(
                f"{self.name}: holds {held}, leave {setting('variant')} and {setting('scales')} out"
            )
        return chosen

    def choose(
        self,
        sigma: float,
        variant: Variant | None,
        scales: int | None,
        most: float | None = None,
        channels: int = 1,
        *,
        fast: bool = False,
        noise: str = "white",
    ) -> WeightSet:
        """The best set for sigma as `select` finds it, on this machine.

        Raises:
            UsageError: there is none of this variant and scales.
            UnreachableError: it is not cached, the Hub does not answer, and there is no fallback.
            WeightsError: it cannot be had as the manifest describes it.
        """
        chosen = self.select(sigma, variant, scales, most, channels, fast=fast, noise=noise)
        try:
            return self.obtain(chosen)
        except UnreachableError as error:
            return self._instead(error).choose(
                sigma, variant, scales, most, channels, fast=fast, noise=noise
            )

    def obtain_all(self) -> list[WeightSet]:
        """All of the sets, on this machine; errors as `choose`."""
        try:
            return [self.obtain(weight_set) for weight_set in self.sets]
        except UnreachableError as error:
            return self._instead(error).obtain_all()

    def obtain(self, weight_set: WeightSet) -> WeightSet:
        """One of the sets, with the path of its file on this machine.

        Raises:
            UnreachableError, WeightsError: as `choose`.
        """
        if self.locked is None:
            return weight_set
        reference, record = self.locked
        file = weight_set.path.as_posix()
        path = hub.fetch(reference, record, file, progress=self.progress, notify=self.notify)
        return replace(weight_set, path=path)

    def is_here(self, weight_set: WeightSet) -> bool:
        """Whether one of the sets is on this machine; nobody is asked and nothing checked."""
        if self.locked is None:
            return True
        reference, record = self.locked
        return hub.is_cached(reference, record, weight_set.path.as_posix())

    def _instead(self, error: UnreachableError) -> Source:
        if self.fallback is None:
            raise error
        self.notify(_announced(error))
        return self.fallback


def find(
    wanted: str | Path | None = None,
    hub_repo: str | None = None,
    *,
    update: bool = False,
    notify: Notify = keep_quiet,
    progress: Progress = silent,
) -> Source:
    """Find what `--weights` and `--hub-repo` name.

    Args:
        wanted: a local file, else a bundled set's name, else `hf://owner/repo[@revision][/file]`.
        hub_repo: with nothing wanted, the repository to choose from; the bundled sets stand in for it
            as long as the Hub cannot be reached.
        update: ask the Hub for the repository's latest commit, rather than keep to the recorded one.
        notify: takes remarks for the user, a line each.
        progress: told how far downloads are.

    Raises:
        UsageError: a reference is malformed.
        UnreachableError: nothing is recorded of a wanted repository and the Hub does not answer.
        WeightsError: there is no such file, set, repository or revision, or it is damaged.
    """
    text = "" if wanted is None else str(wanted)
    if text.startswith(hub.SCHEME):
        return _remote(hub.parse(text), None, update=update, notify=notify, progress=progress)
    if wanted is not None:
        return _local(Path(wanted))
    bundled = Source("bundled", sets.bundled())
    if not hub_repo:
        return bundled
    reference = hub.parse(hub_repo)
    try:
        return _remote(reference, bundled, update=update, notify=notify, progress=progress)
    except UnreachableError as error:
        notify(_announced(error))
        return bundled


def known() -> list[Source]:
    """The bundled sets and those of every repository that has a record here; asks nobody."""
    found = [Source("bundled", sets.bundled())]
    for reference, record in hub.records():
        if record.has_manifest:
            found.append(_locked(reference, record))
        else:
            alone = [replace(reference, file=str(entry["file"])) for entry in record.entries]
            found += [
                _remote(file) for file in alone if hub.is_cached(file, record, str(file.file))
            ]
    return found


def _local(path: Path) -> Source:
    bundled = {entry.name: entry for entry in sets.bundled()}
    if str(path) in bundled and not path.exists():
        return Source(str(path), (bundled[str(path)],), named=True)
    if not path.exists() and not path.suffix:
        raise WeightsError(
            f"{path}: no such file and no bundled set; these are bundled: {', '.join(bundled)}"
        )
    return Source(str(path), (sets.describe(path),), named=True)


def _remote(
    reference: Reference,
    fallback: Source | None = None,
    *,
    update: bool = False,
    notify: Notify = keep_quiet,
    progress: Progress = silent,
) -> Source:
    record = hub.lock(reference, update=update, notify=notify)
    if reference.file is None or record.has_manifest:
        found = _locked(reference, record)
    else:  # nothing but the file itself says what it is
        path = hub.fetch(reference, record, reference.file, progress=progress, notify=notify)
        record = hub.lock(reference)
        digest = record.sha256(reference.file)
        described = replace(sets.describe(path), path=Path(reference.file), sha256=digest)
        found = Source(str(reference), (described,), locked=(reference, record))
    return replace(
        found, named=reference.file is not None, fallback=fallback, notify=notify, progress=progress
    )


def _locked(reference: Reference, record: Record) -> Source:
    """What the manifest in a record lists: all of it, or the file that the reference names."""
    listed = tuple(
        sets.listed(entry, Path())
        for entry in record.entries
        if reference.file in (None, entry["file"])
    )
    return Source(str(reference), listed, locked=(reference, record))


def _announced(error: UnreachableError) -> str:
    return f"{error}; the bundled weights are used instead"
