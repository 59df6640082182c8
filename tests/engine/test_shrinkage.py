"""The oracle is the shrinkage of the whole picture."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from linn_cli.engine._shrinkage import shrinkage_stream
from linn_cli.engine.bands import Pair
from linn_cli.network.architecture import Architecture
from tests.conftest import FAMILY, random_image, random_model

SHRINKAGES = {
    architecture: random_model(architecture).scales[-1].shrinkage for architecture in FAMILY
}


@given(
    architecture=st.sampled_from(FAMILY),
    cuts=st.lists(st.integers(1, 9), min_size=1, max_size=6),
    band=st.integers(1, 9),
)
def test_bands_are_shrunk_as_the_whole(
    architecture: Architecture, cuts: list[int], band: int
) -> None:
    shrinkage = SHRINKAGES[architecture]
    channels = architecture.planes * architecture.phases_of(architecture.scales - 1) ** 2
    coarse = random_image(sum(cuts), 5, planes=channels)
    detail = random_image(sum(cuts), 5, planes=3 * channels, seed=1)
    bands: list[Pair] = [
        (*pair, False) for pair in zip(coarse.split(cuts, 2), detail.split(cuts, 2), strict=True)
    ]
    bands[-1] = (*bands[-1][:2], True)
    shrunk = list(shrinkage_stream(shrinkage, band).through(bands))
    assert [last for *_, last in shrunk] == [False] * (len(shrunk) - 1) + [True]
    answers = [torch.cat(parts, dim=2) for parts in list(zip(*shrunk, strict=True))[:2]]
    # Rounding in float64 of sums of some hundred products.
    torch.testing.assert_close(answers, [coarse, shrinkage(detail)], rtol=0, atol=1e-11)


@pytest.mark.parametrize("architecture", FAMILY, ids=str)
def test_shrinking_changes_something(architecture: Architecture) -> None:
    shrinkage = SHRINKAGES[architecture]
    channels = 3 * architecture.planes * architecture.phases_of(architecture.scales - 1) ** 2
    detail = random_image(6, 6, planes=channels)
    assert (shrinkage(detail) - detail).abs().max() > 0.001
