from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from linn_cli.cluster import setup as setups
from linn_cli.cluster.setup import Setup
from linn_cli.denoising.jobs import Handling
from linn_cli.denoising.planning import Existing
from linn_cli.errors import ClusterError, UsageError
from linn_cli.noise.request import Request
from linn_cli.units import Sigma
from linn_cli.weights import sets, sources

SETUP = Setup(Request(Sigma((25.0,))), Handling(), Existing())


def test_the_same_linn_and_weights_make_networks() -> None:
    sealed = SETUP.sealed()
    assert sealed.networks("cpu", None).at(25).device.type == "cpu"
    assert sealed.networks("cpu", 10**8).at(25).max_memory == 10**8
    assert len({sealed, SETUP.sealed()}) == 1, "a worker knows it again"


def test_another_linn_is_refused() -> None:
    with pytest.raises(ClusterError, match=r"has linn .*, and 0\.0\.1 is at work"):
        replace(SETUP.sealed(), version="0.0.1").networks("cpu", None)


def test_a_file_of_other_weights_by_the_same_name_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.safetensors"
    first, other = sets.bundled()[:2]
    shutil.copy(first.path, file)
    sealed = replace(SETUP, weights=str(file)).sealed()
    sealed.networks("cpu", None)
    shutil.copy(other.path, file)
    with pytest.raises(ClusterError, match=r"other weights by the name of .*mine\.safetensors"):
        sealed.networks("cpu", None)


def test_faults_of_the_device_and_the_network_show_at_once() -> None:
    for options in ({"precision": "float16"}, {"scales": 3}):
        with pytest.raises(UsageError):
            replace(SETUP, **options).sealed().networks("cpu", None)


def test_the_hash_covers_every_set() -> None:
    source = sources.find()
    assert setups.digest(source) == setups.digest(sources.find())
    assert setups.digest(source) != setups.digest(replace(source, sets=source.sets[1:]))
    changed = replace(source.sets[0], sha256="0" * 64)
    assert setups.digest(source) != setups.digest(replace(source, sets=(changed, *source.sets[1:])))
