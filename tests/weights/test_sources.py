"""Which source a name means; what comes over the network is tested in test_hub and test_cli_weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from linn_cli.errors import UsageError, WeightsError
from linn_cli.weights import sets, sources
from linn_cli.weights.selection import select

BUNDLED = sets.bundled()


@pytest.fixture(autouse=True)
def no_records(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_without_a_wish_the_bundle_is_the_source() -> None:
    source = sources.find()
    assert source.sets == BUNDLED
    assert source.obtain_all() == list(BUNDLED)
    assert source.choose(25, None, None) == select(BUNDLED, 25, None, None)
    assert sources.known() == [source]


@pytest.mark.parametrize("entry", BUNDLED, ids=lambda entry: entry.name)
def test_a_bundled_name_is_that_set_for_every_sigma(entry: sets.WeightSet) -> None:
    source = sources.find(entry.name)
    assert [source.choose(sigma, None, None) for sigma in (0.5, 255)] == [entry, entry]
    assert source.is_here(entry)


def test_a_file_goes_before_a_bundled_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    name = BUNDLED[0].name
    Path(name).write_bytes(BUNDLED[0].path.read_bytes())
    assert sources.find(name).choose(25, None, None).path == Path(name)


def test_a_single_set_refuses_another_architecture() -> None:
    held = BUNDLED[0].architecture
    with pytest.raises(UsageError, match="leave variant and scales out"):
        sources.find(BUNDLED[0].path).choose(25, held.variant, 3 - held.scales)


def test_what_is_nothing_is_said() -> None:
    with pytest.raises(
        WeightsError, match="no such file and no bundled set; these are bundled: dninn"
    ):
        sources.find("dnin")
    with pytest.raises(WeightsError, match="cannot read the weights"):
        sources.find("missing.safetensors")
    with pytest.raises(UsageError, match="give hf://OWNER/REPO"):
        sources.find("hf://mine")
    with pytest.raises(UsageError, match="give hf://OWNER/REPO"):
        sources.find(hub_repo="mine")
