"""Weights in a Hub repository, held to what was there at first use.

The Hub's client compares no more than the size of what it downloads, and a branch may move. So the first
use of a repository's revision records its commit and its manifest, which has the sha256 of every file; later
uses take both from the record and ask nobody. See docs/weights.md for what that protects from.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from linn_cli.errors import NoFileError, UnreachableError, UsageError, WeightsError
from linn_cli.files import write_atomically
from linn_cli.network.architecture import MOST_BYTES
from linn_cli.progress import Notify, Progress, keep_quiet, silent
from linn_cli.weights import _hub_client

SCHEME = "hf://"
MANIFEST = "manifest.json"
MOST_MANIFEST_BYTES = 2**20
DEFAULT_REVISION = "main"

_REFERENCE = re.compile(
    r"(?:hf://)?(?P<repository>\w[\w.-]*/\w[\w.-]*)(?:@(?P<revision>[^/@\s]+))?(?:/(?P<file>.+))?",
    re.ASCII,
)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Reference:
    """What `hf://owner/repo[@revision][/file]` names."""

    repository: str
    revision: str = DEFAULT_REVISION
    file: str | None = None

    def __str__(self) -> str:
        revision = "" if self.revision == DEFAULT_REVISION else f"@{quote(self.revision, safe='')}"
        return f"{SCHEME}{self.repository}{revision}" + (f"/{self.file}" if self.file else "")


def parse(text: str) -> Reference:
    """Take `hf://owner/repo[@revision][/file]` apart; the scheme may be left out.

    A revision is a branch, a tag or a commit; a slash in it is written %2F.

    Raises:
        UsageError: it is not of this form.
        WeightsError: the file is no safetensors file.
    """
    match = _REFERENCE.fullmatch(text)
    if match is None:
        raise UsageError(f"{text!r}: give hf://OWNER/REPO[@REVISION][/FILE]")
    if match["file"] is not None:
        _check_name(match["file"], text)
    return Reference(
        match["repository"], unquote(match["revision"] or DEFAULT_REVISION), match["file"]
    )


def is_commit(revision: str) -> bool:
    """Whether a revision is a full commit, which never moves."""
    return _COMMIT.fullmatch(revision) is not None


@dataclass(frozen=True)
class Record:
    """What a revision was at first use: its commit, and the files of its manifest with their sha256.

    A repository without a manifest has the entries of those files that were used one by one.
    """

    commit: str
    has_manifest: bool
    entries: tuple[Entry, ...] = ()

    def sha256(self, file: str) -> str | None:
        """The sha256 that a file must have; None if nothing says."""
        return next((entry["sha256"] for entry in self.entries if entry["file"] == file), None)


def lock(reference: Reference, *, update: bool = False, notify: Notify = keep_quiet) -> Record:
    """The record of a revision, made at first use or, with `update`, anew; changes are announced.

    Args:
        reference: the repository and revision; its file only matters where there is no manifest.
        update: ask the Hub again.
        notify: takes remarks for the user, a line each.

    Raises:
        UnreachableError: the Hub is to be asked and does not answer.
        WeightsError: there is no such repository or revision, its manifest is not one, or it has none
            and the reference names no file.
    """
    place = _place(reference)
    try:
        known = _read(place)
    except WeightsError:
        if not update:
            raise
        known = None
    if known is None or update:
        found = _find(reference, ask=update)
        for line in _changes(reference, known, found):
            notify(line)
        if known and not found.has_manifest and known.commit == found.commit:
            found = known  # with the digests of its files
        _write(place, reference, found, notify)
        known = found
    if not known.has_manifest and reference.file is None:
        raise _no_manifest(reference)
    if known.has_manifest and reference.file and known.sha256(reference.file) is None:
        listed = ", ".join(entry["file"] for entry in known.entries)
        raise WeightsError(f"{reference}: not in the manifest, which lists {listed or 'nothing'}")
    return known


def fetch(
    reference: Reference,
    record: Record,
    file: str,
    *,
    progress: Progress = silent,
    notify: Notify = keep_quiet,
) -> Path:
    """The path of a file of the recorded commit whose sha256 is the recorded one.

    A file that is in the Hub's cache is not asked for. One that has another sha256 is removed from the
    cache and downloaded once more. A file without a known sha256 has its own recorded at first use.

    Raises:
        UnreachableError: the file is not cached and the Hub does not answer.
        WeightsError: the file does not exist or keeps coming with another sha256.
    """
    expected = record.sha256(file)
    path = _obtain(reference.repository, file, record.commit, MOST_BYTES, progress)[1]
    found = _digest(path)
    if expected is None:
        _record_digest(reference, record, file, found, notify)
    elif found != expected:
        _hub_client.discard(path)
        notify(f"{reference.repository}: {file} is damaged or changed, fetching it again")
        path = _obtain(reference.repository, file, record.commit, MOST_BYTES, progress)[1]
        found = _digest(path)
        if found != expected:
            _hub_client.discard(path)
            raise WeightsError(
                f"{reference.repository}: {file} is damaged or changed (sha256 {found[:12]}..., not "
                f"{expected[:12]}...); it was fetched twice and is not used"
            )
    return path


def is_cached(reference: Reference, record: Record, file: str) -> bool:
    """Whether a file of the recorded commit is in the Hub's cache; its sha256 is not looked at."""
    return _hub_client.cached(reference.repository, file, record.commit) is not None


def records() -> list[tuple[Reference, Record]]:
    """Every revision that has a record, by name."""
    found = []
    for place in sorted(_folder().glob("*.json")):
        data = _load(place)
        record = _parse(place, data)
        found.append((Reference(str(data["repository"]), str(data["revision"])), record))
    return found


def manifest_entries(content: bytes, where: str) -> tuple[Entry, ...]:
    """The files that a manifest lists, each with a safe name and a sha256.

    Raises:
        WeightsError: it is no manifest.
    """
    try:
        entries = json.loads(content)["files"]
        for entry in entries:
            if not _SHA256.fullmatch(entry["sha256"]):
                raise ValueError(f"sha256 {entry['sha256']!r}")
            if not isinstance(entry["file"], str):
                raise TypeError(f"file {entry['file']!r}")
            _check_name(entry["file"], where)
        return tuple(entries)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise WeightsError(f"{where}: the manifest is unreadable ({error})") from error


def _find(reference: Reference, *, ask: bool) -> Record:
    """Ask the Hub what the revision is; unless it must be asked, its cache may know too."""
    repository, revision = reference.repository, reference.revision
    try:
        commit, path = _obtain(repository, MANIFEST, revision, MOST_MANIFEST_BYTES)
    except NoFileError:
        if reference.file is None:
            raise _no_manifest(reference) from None
        commit, _ = _hub_client.look_up(repository, reference.file, revision)
        return Record(commit, has_manifest=False)
    except UnreachableError:
        found = None if ask else _hub_client.cached(repository, MANIFEST, revision)
        if found is None:
            raise
        commit, path = found
    try:
        entries = manifest_entries(path.read_bytes(), str(reference))
    except WeightsError:
        _hub_client.discard(path)
        raise
    return Record(commit, has_manifest=True, entries=entries)


def _obtain(
    repository: str, file: str, revision: str, most_bytes: int, progress: Progress = silent
) -> tuple[str, Path]:
    """A file's commit and path, from the cache if the revision is a commit: only then it cannot move."""
    found = _hub_client.cached(repository, file, revision) if is_commit(revision) else None
    commit, path = found or _hub_client.download(
        repository, file, revision, most_bytes=most_bytes, progress=progress
    )
    if path.stat().st_size > most_bytes:  # whatever the server said of its size
        _hub_client.discard(path)
        raise WeightsError(f"{SCHEME}{repository}: {file} is far too large")
    return commit, path


def _changes(reference: Reference, known: Record | None, found: Record) -> list[str]:
    """What differs between two records of a revision, in words."""
    name = str(replace(reference, file=None))
    if known is None:
        return [f"{name}: commit {found.commit[:12]} is recorded; later uses keep to it"]
    if known == found or not (known.has_manifest or found.has_manifest):
        moved = known.commit != found.commit
        return [f"{name}: commit {known.commit[:12]} -> {found.commit[:12]}"] if moved else []
    if known.commit == found.commit:
        lines = [f"{name}: the manifest of commit {found.commit[:12]} has CHANGED, the commit not"]
    else:
        lines = [f"{name}: commit {known.commit[:12]} -> {found.commit[:12]}"]
    if known.has_manifest and not found.has_manifest:
        lines.append(f"{name}: the manifest is gone, and with it every known sha256")
    before = {entry["file"]: entry["sha256"] for entry in known.entries}
    after = {entry["file"]: entry["sha256"] for entry in found.entries}
    lines += [f"{name}: {file} is new" for file in after if file not in before]
    lines += [f"{name}: {file} is gone" for file in before if file not in after]
    kept = before.keys() & after.keys()
    return lines + [
        f"{name}: {file} has changed" for file in sorted(kept) if before[file] != after[file]
    ]


def _record_digest(
    reference: Reference, record: Record, file: str, found: str, notify: Notify
) -> None:
    place = _place(reference)
    latest = _read(place) or record  # another file may have been recorded meanwhile
    entries = (*latest.entries, {"file": file, "sha256": found})
    notify(
        f"{reference}: without a manifest its sha256 is unknown; {found[:12]}... is recorded, later "
        "uses keep to it"
    )
    _write(place, reference, replace(latest, entries=entries), notify)


def _no_manifest(reference: Reference) -> WeightsError:
    return WeightsError(
        f"{reference}: the repository has no {MANIFEST}, so nothing says what its files are: name one, "
        f"{reference}/FILE.safetensors"
    )


def _check_name(file: str, where: str) -> None:
    """Refuse a file that is not safetensors, or whose name would leave the repository's folder."""
    if not file.endswith(".safetensors"):
        raise WeightsError(
            f"{where}: {file!r} is refused, only .safetensors files are taken: others can run code"
        )
    astray = {"", ".", ".."} & set(file.split("/")) or {"\\", ":"} & set(file)
    if astray or not file.isprintable():
        raise WeightsError(f"{where}: {file!r} is no name of a file in a repository")


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read ({error.strerror})") from error


def _folder() -> Path:
    """Where the records are: linn's own cache folder, which XDG_CACHE_HOME moves on every system."""
    from platformdirs import user_cache_path

    moved = os.environ.get("XDG_CACHE_HOME")
    cache = Path(moved) / "linn" if moved else user_cache_path("linn", appauthor=False)
    return cache / "hub"


def _place(reference: Reference) -> Path:
    name = quote(f"{reference.repository}@{reference.revision}", safe="@")
    return _folder() / f"{name}.json"


def _read(place: Path) -> Record | None:
    return _parse(place, _load(place)) if place.exists() else None


def _load(place: Path) -> dict[str, Any]:
    try:
        data = json.loads(place.read_bytes())
        if isinstance(data, dict):
            return data
    except (OSError, ValueError, RecursionError):
        pass
    raise _damaged(place)


def _parse(place: Path, data: dict[str, Any]) -> Record:
    try:
        if not is_commit(data["commit"]) or not {"repository", "revision"} <= data.keys():
            raise ValueError(f"commit {data['commit']!r}")
        entries = manifest_entries(json.dumps(data).encode(), str(place))
        return Record(data["commit"], bool(data["manifest"]), entries)
    except (WeightsError, KeyError, TypeError, ValueError) as error:
        raise _damaged(place) from error


def _damaged(place: Path) -> WeightsError:
    return WeightsError(f"{place}: damaged; `linn weights fetch --update` writes it anew")


def _write(place: Path, reference: Reference, record: Record, notify: Notify) -> None:
    data = {
        "repository": reference.repository,
        "revision": reference.revision,
        "commit": record.commit,
        "manifest": record.has_manifest,
        "files": list(record.entries),
    }
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with write_atomically(place) as temporary:
            temporary.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        notify(f"{place}: cannot be written ({error.strerror}), so the next use asks the Hub again")
