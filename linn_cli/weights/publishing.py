"""Weights of one's own on the Hub: files, manifest and model card in one commit."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors import safe_open

from linn_cli.errors import NoFileError, UsageError, WeightsError
from linn_cli.weights import _hub_client, hub, known_answer, sets
from linn_cli.weights.card import BUNDLED_TERMS, Terms, model_card
from linn_cli.weights.sets import WeightSet

_FACTS = ("steps", "pixels", "seed")
_CARD, _LICENCE = "README.md", "LICENSE.md"


def entry(path: Path) -> dict[str, Any]:
    """The manifest's entry for a weight file: what its header says, its sha256 and golden answer.

    Raises:
        WeightsError: the file is not one that linn would load.
    """
    described = sets.describe(path)
    model = sets.load(described)
    with safe_open(path, "pt") as file:
        header = file.metadata()
    answer = known_answer.attempt(model, known_answer.usual_sigma(described.sigma)).golden
    facts: dict[str, Any] = {
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        **described.architecture.facts,
        "sigma": list(described.sigma),
        **({"noise": described.noise} if described.noise != "white" else {}),
        "provenance": described.provenance,
        **{fact: int(header[fact]) for fact in _FACTS if fact in header},
        "golden": asdict(answer),
    }
    if "held_out_psnr" in header:
        facts["held_out_psnr"] = json.loads(header["held_out_psnr"])
    return facts


def push(
    repository: str,
    pushed: Sequence[WeightSet],
    licence: str | None = None,
    datasets: Sequence[str] = (),
    *,
    private: bool = False,
) -> str:
    """Add weight sets to a repository on the Hub, or replace those of the same name; the commit.

    The manifest and the card list them beside what the repository's manifest listed before.

    Args:
        repository: OWNER/REPO; created if there is none.
        pushed: on this machine; each is checked as if it were to be used.
        licence: the Hub's identifier of one; None keeps what the repository says.
        datasets: the Hub's identifiers of what the sets were trained on; empty as None above.
        private: create the repository for its owner only.

    Raises:
        UsageError: the repository's name is none, or two sets have the same file name.
        UnreachableError: the Hub does not answer.
        WeightsError: a set is not to be used, or the token may not write to the repository.
    """
    reference = hub.parse(repository)
    if reference != hub.Reference(reference.repository):
        raise UsageError(f"{repository!r}: give OWNER/REPO")
    names = Counter(weight_set.path.name for weight_set in pushed)
    if twice := [name for name, count in names.items() if count > 1]:
        raise UsageError(f"{twice[0]}: two files of this name, rename one")
    for name in names:
        hub.parse(f"{hub.SCHEME}{reference.repository}/{name}")
    added = [_checked_entry(weight_set) for weight_set in pushed]
    files: dict[str, bytes | Path] = {
        weight_set.path.name: weight_set.path.read_bytes() for weight_set in pushed
    }
    defaults = Terms()
    if set(pushed) <= set(sets.bundled()):
        defaults = BUNDLED_TERMS
        files[_LICENCE] = pushed[0].path.with_name(_LICENCE)
    _hub_client.create(reference.repository, private=private)
    before, parent = _present(reference)
    terms = _terms(before, defaults, licence, datasets)
    kept = [other for other in before.get("files", []) if other["file"] not in names]
    entries = sorted([*kept, *added], key=lambda listed: str(listed["file"]))
    manifest = {**asdict(terms), "files": entries}
    files[hub.MANIFEST] = (json.dumps(manifest, indent=2) + "\n").encode()
    files[_CARD] = model_card(entries, terms).encode()
    message = f"Weights by linn: {', '.join(names)}"
    return _hub_client.upload(reference.repository, files, message, parent=parent)


def _checked_entry(weight_set: WeightSet) -> dict[str, Any]:
    """The manifest's entry of a set that passes every check; a manifest's own is kept."""
    sets.load(weight_set)
    return {**entry(weight_set.path), **weight_set.facts, "file": weight_set.path.name}


def _present(reference: hub.Reference) -> tuple[Mapping[str, Any], str | None]:
    """The repository's manifest and the commit that it is of; empty and None if it has none."""
    try:
        commit, path = _hub_client.download(
            reference.repository,
            hub.MANIFEST,
            reference.revision,
            most_bytes=hub.MOST_MANIFEST_BYTES,
        )
    except NoFileError:
        return {}, None
    content = path.read_bytes()
    for other in hub.manifest_entries(content, str(reference)):
        sets.listed(other, Path())
    manifest: dict[str, Any] = json.loads(content)
    return manifest, commit


def _terms(
    before: Mapping[str, Any], defaults: Terms, licence: str | None, datasets: Sequence[str]
) -> Terms:
    """What is said by now, else what the repository's manifest says, else the defaults."""
    try:
        return Terms(
            licence or before.get("licence") or defaults.licence,
            tuple(datasets) or tuple(before.get("datasets", ())) or defaults.datasets,
            str(before.get("remark") or defaults.remark),
        )
    except TypeError as error:
        raise WeightsError("the repository's manifest is of another form") from error
