"""What is pushed, short of the network; test_cli_weights pushes to a server."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from linn_cli.errors import UsageError, WeightsError
from linn_cli.network.architecture import Architecture
from linn_cli.weights import known_answer, publishing, sets
from tests.conftest import random_model

BUNDLED = sets.bundled()


@pytest.mark.parametrize("bundled", BUNDLED, ids=lambda entry: entry.name)
def test_an_entry_says_what_the_manifest_says(
    bundled: sets.WeightSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each network's is measured in test_known_answer.py.
    answer = SimpleNamespace(golden=known_answer.parse(bundled.facts))
    monkeypatch.setattr(known_answer, "attempt", lambda *_: answer)
    entry = publishing.entry(bundled.path)
    assert json.loads(json.dumps(entry)) == {key: bundled.facts[key] for key in entry}
    # What only the bundle's manifest can know.
    assert bundled.facts.keys() - entry.keys() <= {"bsd68", "cbsd68", "commit", "suits"}


def test_an_entrys_answer_is_that_of_its_network() -> None:
    bundled = BUNDLED[0]
    expected = known_answer.parse(bundled.facts)
    found = known_answer.parse(publishing.entry(bundled.path))
    assert expected is not None
    assert found is not None
    assert found.distance(expected) < known_answer.TOLERANCE


def test_an_entry_can_be_listed_again(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    held_out = json.dumps({"25": 29.0})
    sets.save(
        path, random_model(Architecture("lista", 2)), (5, 60), "made up", held_out_psnr=held_out
    )
    entry = json.loads(json.dumps(publishing.entry(path)))
    assert entry["held_out_psnr"] == {"25": 29.0}
    listed = sets.listed(entry, tmp_path)
    assert listed.architecture == Architecture("lista", 2)
    sets.load(listed)


def test_what_cannot_be_pushed_is_refused_before_the_hub_is_asked(tmp_path: Path) -> None:
    [one] = [tmp_path / "mine.safetensors"]
    sets.save(one, random_model(Architecture("st", 1)), (5, 60), "made up")
    (tmp_path / "other").mkdir()
    twin = tmp_path / "other" / "mine.safetensors"
    odd = tmp_path / "mine.weights"
    for path in (twin, odd):
        path.write_bytes(one.read_bytes())
    made = [sets.describe(path) for path in (one, twin, odd)]
    with pytest.raises(UsageError, match=r"mine.safetensors: two files of this name"):
        publishing.push("me/mine", made[:2])
    with pytest.raises(WeightsError, match=r"only .safetensors files are taken"):
        publishing.push("me/mine", made[2:])
    with pytest.raises(UsageError, match="give OWNER/REPO"):
        publishing.push("me/mine@v1", made[:1])
    with pytest.raises(UsageError, match="give hf://OWNER/REPO"):
        publishing.push("mine", made[:1])
