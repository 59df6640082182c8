from __future__ import annotations

import torch

from linn_cli.network import planes


def test_the_rotation_is_orthonormal_and_undone() -> None:
    identity = torch.eye(3, dtype=torch.float64)
    torch.testing.assert_close(planes.ROTATION @ planes.ROTATION.T, identity)
    picture = torch.randn((2, 3, 4, 5), dtype=torch.float64)
    torch.testing.assert_close(planes.to_channels(planes.from_channels(picture)), picture)


def test_grey_is_its_own_plane_and_has_no_chroma() -> None:
    grey = torch.rand((1, 4, 5))
    assert planes.from_channels(grey) is grey
    _, *chroma = planes.from_channels(grey.expand(3, -1, -1).double())
    assert all(plane.abs().max() < 1e-12 for plane in chroma)


def test_the_noise_of_a_plane_is_that_of_independent_channels() -> None:
    sigma = (4.0, 8.0, 20.0)
    noise = torch.randn((3, 400, 400), generator=torch.Generator().manual_seed(0))
    measured = planes.from_channels(noise * torch.tensor(sigma).view(3, 1, 1)).flatten(1).std(1)
    # A deviation over 160,000 samples is known to 0.2 %; four times that.
    torch.testing.assert_close(measured, torch.tensor(planes.sigma_of(sigma)), rtol=0.008, atol=0)
    assert planes.sigma_of([7.0]) == [7.0]
