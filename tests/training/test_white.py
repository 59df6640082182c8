from __future__ import annotations

import torch

from linn_cli.network import planes
from linn_cli.training.white import WhiteNoise


def test_the_noise_has_the_sigma_that_is_told_for_each_plane() -> None:
    clean = torch.full((12, 3, 96, 96), 0.5)
    noisy, same, sigma = WhiteNoise((5, 50))(clean, torch.Generator().manual_seed(0))
    assert same is clean
    measured = planes.from_channels(noisy - clean).flatten(2).std(2)
    # A deviation over 9,216 samples is known to 0.8 %; four times that.
    torch.testing.assert_close(measured, sigma[:, :, 0, 0], rtol=0.032, atol=0)


def test_in_some_patches_the_channels_differ() -> None:
    clean = torch.full((60, 3, 8, 8), 0.5)
    _, _, sigma = WhiteNoise((25, 25))(clean, torch.Generator().manual_seed(0))
    unlike = (sigma[:, :1] - sigma).abs().amax(dim=(1, 2, 3)) > 1e-6
    # A third of 60, give or take three standard errors.
    assert 20 - 11 <= int(unlike.sum()) <= 20 + 11


def test_grey_patches_have_one_sigma_and_the_draws_alone_decide() -> None:
    clean = torch.full((4, 1, 8, 8), 0.5)
    one, two = (WhiteNoise((5, 50))(clean, torch.Generator().manual_seed(3)) for _ in range(2))
    assert one.sigma.shape == (4, 1, 1, 1)
    assert torch.equal(one.noisy, two.noisy)
