from __future__ import annotations

import io
from collections import Counter

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Generator, Tensor

from linn_cli.network import planes
from linn_cli.training import filters, photographs
from linn_cli.training.photographs import PhotographNoise
from linn_cli.training.white import WhiteNoise

LEVELS = (0.5, 100.0)
# What rounding to 8 bits does: no deviation is told below it.
ROUNDING = 0.3 / 255


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def patches(noise: PhotographNoise, count: int) -> Tensor:
    """Smooth patches of many colours."""
    side = noise.size + noise.margin
    coarse = torch.rand(count, 3, 6, 6, generator=seeded())
    return torch.nn.functional.interpolate(coarse, (side, side), mode="bilinear")


@pytest.mark.parametrize("size", [8, 16, 32, 41, 48, 96])
@pytest.mark.parametrize("count", [1, 2, 3, 8, 10])
def test_any_batch_of_any_size_comes_back_noisy(size: int, count: int) -> None:
    noise = PhotographNoise(size, LEVELS)
    noisy, clean, sigma = noise(patches(noise, count), seeded(size))
    assert noisy.shape == clean.shape == (count, 3, size, size)
    assert sigma.shape == (count, 3, 1, 1)
    assert noisy.isfinite().all()
    assert sigma.min() > 0
    assert clean.min() >= 0
    assert clean.max() <= 1


def test_patches_are_never_larger_than_what_is_given() -> None:
    # Beyond a picture there is nothing to sample: filters.zoom would divide by 0.
    for size in range(8, 129):
        noise = PhotographNoise(size, LEVELS)
        stored = -(-(size + 8) // 16) * 16
        assert size + noise.margin >= stored


def test_the_sigma_told_is_the_deviation_half_the_time_and_near_it_otherwise() -> None:
    noise = PhotographNoise(48, LEVELS)
    noisy, clean, sigma = noise(patches(noise, 40), seeded())
    stored = noise.kinds(40).index("white")
    difference = planes.from_channels(noisy - clean)[:stored]
    measured = difference.square().mean((2, 3), keepdim=True).sqrt().clamp(min=ROUNDING)
    told = (sigma[:stored] / measured)[:, :, 0, 0]
    assert told.min() >= 0.7 - 1e-5  # float32, and a mean taken in another order
    assert told.max() <= 1.4 + 1e-5
    torch.testing.assert_close(told, told[:, :1].expand_as(told))  # the same for all planes
    exact = int(((told[:, 0] - 1).abs() < 1e-5).sum())
    assert (
        abs(exact - stored / 2) <= 2 * stored**0.5
    )  # half of them, give or take four standard errors
    assert noisy[:stored].min() >= 0
    assert noisy[:stored].max() <= 1
    levels = noisy[:stored] * 255
    assert (levels - levels.round()).abs().max() < 1e-4  # 8 bits, in float32


def test_the_rest_of_a_batch_has_white_noise() -> None:
    noise = PhotographNoise(48, (25.0, 25.0))
    given = patches(noise, 40)
    noisy, clean, sigma = noise(given, seeded())
    first = noise.kinds(40).index("white")
    middle = given[first:, :, 12:60, 12:60]
    assert torch.equal(clean[first:], middle)
    measured = planes.from_channels(noisy - clean)[first:].flatten(2).std(2)
    # A deviation over 2,304 samples is known to 1.5 %; four times that.
    torch.testing.assert_close(measured, sigma[first:, :, 0, 0], rtol=0.06, atol=0)
    assert WhiteNoise((25.0, 25.0)).margin == 0


def test_coarse_noise_is_alike_in_neighbouring_pixels() -> None:
    noise = PhotographNoise(48, (25.0, 25.0))
    grey = torch.full((40, 3, 72, 72), 0.5)
    noisy, clean, _ = noise(grey, seeded())
    difference = noisy - clean
    pairs = (difference[..., 1:] * difference[..., :-1]).mean((1, 2, 3))
    alike = pairs / difference.square().mean((1, 2, 3))
    # Over 6,912 samples a correlation of 0 is known to 0.012.
    kinds = np.array(noise.kinds(40))
    assert alike[kinds == "coarse"].min() > 0.1
    assert alike[kinds == "white"].abs().max() < 0.05


def test_some_cameras_keep_noise_at_edges_that_they_take_from_flat_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noise = PhotographNoise(48, LEVELS)
    step = torch.full((80, 3, 72, 72), 0.3)
    step[..., 36:] = 0.6

    def by_column() -> Tensor:
        """How strong fine noise of cameras is."""
        noisy, clean, _ = noise(step, seeded())
        cameras = [kind == "camera" for kind in noise.kinds(80)]
        return (noisy - clean)[cameras].diff(dim=2).square().mean((1, 2))

    some = by_column()
    monkeypatch.setattr(filters, "edges", lambda picture, *_: torch.zeros_like(picture[:, :1]))
    none = by_column()
    kept = some / none.clamp(min=1e-9) > 1.5
    # The edge lies within 13 to 33, and a camera sees it some pixels away.
    assert kept[:, 13:34].any(1).float().mean() > 0.25  # half the time, where it smooths at all
    assert kept[:, :5].float().mean() < 0.05  # an edge that is soft and enlarged may reach there


@pytest.mark.parametrize("count", [1, 3, 8, 40])
def test_each_kind_of_noise_has_its_share_of_a_batch(count: int) -> None:
    kinds = PhotographNoise(48, LEVELS).kinds(count)
    assert len(kinds) == count
    shares = dict.fromkeys(("camera", "coarse", "grain", "white"), 0) | Counter(kinds)
    if count == 40:
        assert shares == {"camera": 24, "coarse": 6, "grain": 4, "white": 6}


def test_the_draws_alone_decide() -> None:
    noise = PhotographNoise(32, LEVELS)
    one, two = (noise(patches(noise, 8), seeded(3)) for _ in range(2))
    for first, second in zip(one, two, strict=True):
        assert torch.equal(first, second)


def test_most_pictures_lose_their_own_grain() -> None:
    grainy = 0.5 + 0.1 * torch.randn(400, 3, 24, 24, generator=seeded())
    soft = photographs._softened(grainy, seeded(1))
    kept = torch.tensor(
        [torch.allclose(*both, atol=1e-6) for both in zip(soft, grainy, strict=True)]
    )
    assert kept.float().mean().item() == pytest.approx(0.2, abs=0.08)  # four standard errors
    # A Gaussian of 0.6 pixels leaves half of it: the root of the sum of its squared weights.
    assert (soft[~kept].std((1, 2, 3)) < 0.6 * 0.1).all()
    torch.testing.assert_close(soft.mean((2, 3)), grainy.mean((2, 3)), rtol=0, atol=0.03)


def test_some_of_them_are_enlarged() -> None:
    waves = (0.5 + 0.4 * (torch.arange(96) * 0.7 + 0.5).sin()).expand(400, 3, 96, 96).contiguous()
    soft = photographs._softened(waves, seeded(1)) - 0.5
    crossings = (soft[:, 0, 0].sign().diff(dim=1) != 0).float().sum(1)
    usual = (waves[0, 0, 0] - 0.5).sign().diff().ne(0).sum()
    enlarged = crossings < usual - 1
    # Two fifths, less those that are enlarged hardly at all: four standard errors.
    assert enlarged.float().mean().item() == pytest.approx(0.37, abs=0.1)
    assert crossings.min() >= 0.4 * usual - 1


def test_half_of_the_noise_is_strongest_at_some_brightness() -> None:
    steps = torch.linspace(0, 1, 64).expand(400, 3, 8, 64)
    strong = photographs._toned(steps, seeded())[:, 0, 0]
    assert strong.max() <= 1
    assert strong.min() >= 0.15
    even = (strong == 1).all(1)
    assert even.float().mean().item() == pytest.approx(0.5, abs=0.1)  # four standard errors
    ratio = strong[~even].amin(1) / strong[~even].amax(1)
    assert ratio.max() < 0.8
    strongest = strong[~even].argmax(1) / 63
    assert strongest.min() >= 0.1 - 1 / 63
    assert strongest.max() <= 0.7 + 1 / 63


def test_half_of_the_grain_is_the_same_in_all_colours() -> None:
    grey = torch.full((400, 3, 24, 24), 0.5)
    noisy, clean = photographs._grainy(grey, LEVELS, seeded())
    noise = noisy - clean
    alike = (noise - noise[:, :1]).abs().amax((1, 2, 3)) < 1e-6 * noise.abs().amax((1, 2, 3))
    assert alike.float().mean().item() == pytest.approx(0.5, abs=0.1)  # four standard errors


def test_grain_is_as_strong_as_it_is_meant_to_be_however_coarse() -> None:
    grey = torch.full((400, 3, 24, 24), 0.5)
    # Grain is made half as strong as other noise at most.
    noisy, clean = photographs._grainy(grey, (10.0, 20.0), seeded())
    deviation = 255 * (noisy - clean).square().mean((1, 2, 3)).sqrt()
    assert deviation.max() <= 10 + 1e-3
    as_meant = (deviation > 10 - 1e-3).float().mean()
    # The others are toned. Four standard errors.
    assert as_meant.item() == pytest.approx(0.5, abs=0.1)


def test_in_grey_the_noise_is_that_of_pictures_turned_into_grey() -> None:
    size = 48
    colour, grey = PhotographNoise(size, LEVELS), PhotographNoise(size, LEVELS, is_grey=True)
    given = patches(colour, 40)
    stored = colour.kinds(40).index("white")
    shown = colour(given, seeded()).clean
    noisy, clean, sigma = grey(given, seeded())
    assert noisy.shape == clean.shape == (40, 1, size, size)
    turned = (shown * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True)
    torch.testing.assert_close(clean[:stored], turned[:stored], rtol=0, atol=1e-5)
    levels = noisy[:stored] * 255
    assert (levels - levels.round()).abs().max() < 1e-4  # 8 bits, in float32
    measured = (noisy - clean).square().mean((1, 2, 3)).sqrt().clamp(min=ROUNDING)
    told = sigma[:, 0, 0, 0] / measured
    assert told.min() >= 0.7 - 1e-5
    assert told.max() <= 1.4 + 1e-5
    # White noise is made after that, so that it is as strong as meant: known to 1.5 % over 2,304 samples; four times that.
    torch.testing.assert_close(told[stored:], torch.ones(40 - stored), rtol=0.06, atol=0)


def test_jpeg_in_grey_is_that_of_an_encoder() -> None:
    grey = torch.randint(256, (1, 1, 32, 32), generator=seeded()) / 255
    quality, subsampled = torch.full((1, 1, 1, 1), 80.0), torch.ones(1, 1, 1, 1, dtype=torch.bool)
    mine = photographs._compressed(grey, quality, subsampled)
    stream = io.BytesIO()
    levels = (255 * grey[0, 0]).round().byte().numpy()
    Image.fromarray(levels).save(stream, "jpeg", quality=80)
    theirs = torch.from_numpy(np.array(Image.open(stream))).float() / 255
    # Encoders compute in whole numbers: some coefficients fall on the other side of a step.
    assert (mine[0, 0] - theirs).abs().mean() < 0.5 / 255
