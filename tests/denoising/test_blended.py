from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from linn_cli import samples
from linn_cli.denoising import blended, removal
from linn_cli.denoising.networks import Networks
from linn_cli.noise.camera import CameraNoise
from linn_cli.noise.profile import NoiseProfile
from tests.conftest import noisy_picture

NETWORKS = Networks(precision="float32")
ENCODED = (CameraNoise(1 / 200, 0.01, encoded=True),) * 3
RAW = (CameraNoise(1 / 400, 0.005), CameraNoise(1 / 300, 0.004), CameraNoise(1 / 200, 0.01))


def picture(dtype: str) -> Tensor:
    part = noisy_picture((8.0, 8.0, 8.0))[:75, :50]
    values = torch.from_numpy(part).permute(2, 0, 1)[None]
    return samples.from_floats(values.float(), getattr(torch, dtype))


def test_each_brightness_has_the_answer_for_its_own_sigma() -> None:
    """A flat picture has one brightness: what is told for it is what its noise is."""
    for level in (0.1, 0.5, 0.9):
        flat = level + 0.02 * torch.randn(
            (1, 3, 50, 50), generator=torch.Generator().manual_seed(0)
        )
        answer, _ = blended.remove(NETWORKS, flat, ENCODED, 1.0, lambda *_: None)
        told = [255 * ENCODED[0].deviation_at(level)] * 3
        alone = NETWORKS.at(told, 3)(flat, told)
        low, high = (one(flat, s) for s in _ends() for one in [NETWORKS.at(s, 3)])
        assert (answer - alone).abs().max() < 0.01
        assert answer.min() >= torch.minimum(low, high).min() - 0.01


def _ends() -> list[list[float]]:
    told = blended.sigmas(ENCODED, 1.0)
    return [list(told[0].levels), list(told[-1].levels)]


@pytest.mark.parametrize("cameras", [ENCODED, RAW])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_by_rows_it_is_the_same(cameras: tuple[CameraNoise, ...], dtype: str) -> None:
    values, found = picture(dtype), NoiseProfile.from_cameras(cameras)
    whole, network = removal.remove(NETWORKS, values, found)
    assert removal.goes_by_rows(found, 1.0)
    rows = values[0].split([5, 40, values.shape[2] - 45], dim=1)
    answers, same = removal.remove_by_rows(NETWORKS, rows, (3, values.shape[3]), found)
    answer = torch.cat(list(answers), dim=1)
    assert answer.dtype == values.dtype
    # The engine's promise in float32; an integer may be rounded to the other side.
    atol = 2e-5 if dtype == "float32" else 1.0
    torch.testing.assert_close(answer.double(), whole[0].double(), rtol=0, atol=atol)
    assert same.weight_set == network.weight_set


def test_a_halo_serves_every_answer() -> None:
    found = NoiseProfile.from_cameras(ENCODED)
    both = removal.halo(NETWORKS, found, 1.0, 3)
    for one in blended.sigmas(ENCODED, 1.0):
        alone = NETWORKS.at(one, 3).halo(one.by_channel(3))
        assert both.reach >= alone.reach
        assert both.alignment % alone.alignment == 0


def test_strength_multiplies_every_sigma() -> None:
    whole, half = (blended.sigmas(RAW, strength) for strength in (1.0, 0.5))
    for one, other in zip(whole, half, strict=True):
        np.testing.assert_allclose(one.levels, [2 * level for level in other.levels])


def test_few_counts_and_grey_go_through_the_transform() -> None:
    assert not blended.suits((CameraNoise(1 / 20, 0.0),) * 3)
    assert not blended.suits(ENCODED[:1])
    assert blended.suits(ENCODED)
    assert blended.suits(RAW)
