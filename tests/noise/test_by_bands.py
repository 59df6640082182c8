from __future__ import annotations

import pytest
import torch

from linn_cli.noise import _by_bands, _spectra
from linn_cli.noise._by_bands import BandNetworks


@pytest.mark.parametrize("channels", [1, 3])
def test_the_features_are_logarithms_of_deviations(channels: int) -> None:
    white = torch.randn((channels, 192, 192), generator=torch.Generator().manual_seed(0))
    picture = 0.5 + 10 / 255 * white
    spectra = _spectra.measure(list(picture))
    found = _by_bands.features(spectra)
    assert found.shape == (BandNetworks(channels).mean.shape[0],)
    twice = _by_bands.features(_spectra.measure(list(0.5 + 2 * (picture - 0.5))))
    torch.testing.assert_close(twice - found, torch.full_like(found, 2.0).log(), rtol=0, atol=0.01)
