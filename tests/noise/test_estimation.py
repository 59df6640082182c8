from __future__ import annotations

import math
from collections.abc import Callable
from statistics import fmean

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from skimage import data
from skimage.restoration import estimate_sigma

from linn_cli.errors import InputError, UsageError
from linn_cli.metrics import add_noise
from linn_cli.noise import estimation
from linn_cli.noise.estimation import Estimate

EIGHT_BITS = 1 / 255
Levels = tuple[float, float, float]


def noise(sigma: float, height: int = 200, width: int = 200, seed: int = 0) -> torch.Tensor:
    """White noise of sigma grey levels around mid-grey."""
    return add_noise(torch.full((height, width), 0.5).double(), sigma / 255, seed)


def photograph() -> torch.Tensor:
    return torch.from_numpy(data.camera()).double() / 255


@pytest.mark.parametrize("sigma", [0.3, 2, 25, 100])
def test_white_noise_alone_is_measured(sigma: float) -> None:
    found = estimation.estimate(noise(sigma))
    # Of 40,000 pixels the ten highest of 64 frequencies: about 1 % of standard error.
    assert found.sigma == pytest.approx(sigma, rel=0.04)
    assert found.low <= sigma <= found.high


@pytest.mark.parametrize("sigma", [2, 5, 15])
def test_it_is_closer_than_the_wavelet_median_on_a_photograph(sigma: float) -> None:
    noisy = add_noise(photograph(), sigma / 255, seed=1)
    found = estimation.estimate(noisy)
    wavelet = 255 * float(estimate_sigma(noisy.numpy()))
    assert abs(found.sigma - sigma) < abs(wavelet - sigma)
    assert found.low <= sigma <= found.high


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    covered = 0
    for seed in range(60):
        found = estimation.estimate(noise(10, 64, 64, seed))
        covered += found.low <= 10 <= found.high
    # Fewer than 54 of 60 have a chance of 1 % if 96 in a hundred are covered, as without texture more are.
    assert covered >= 54


@given(st.floats(0.01, 100), st.integers(0, 5))
def test_the_estimate_scales_with_the_plane(scale: float, seed: int) -> None:
    plane = noise(10, 24, 40, seed) - 0.5
    one, other = estimation.estimate(plane), estimation.estimate(scale * plane)
    # float32 patches.
    assert other.sigma == pytest.approx(scale * one.sigma, rel=1e-4)
    assert other.high == pytest.approx(scale * one.high, rel=1e-4)


def test_weak_noise_may_all_be_texture() -> None:
    weak, strong = (estimation.estimate(noise(sigma)) for sigma in (0.3, 30))
    assert weak.low / weak.sigma < 0.5 < 0.9 < strong.low / strong.sigma


@pytest.mark.parametrize("level", [0.0, 0.3, 1.0])
def test_a_constant_picture_has_no_noise(level: float) -> None:
    plane = torch.full((20, 30), level)
    assert estimation.estimate(plane) == Estimate(0, 0, 0)
    rounded = estimation.estimate(plane, EIGHT_BITS)
    assert (rounded.sigma, rounded.low) == (0, 0)
    assert rounded.high == pytest.approx(1 / math.sqrt(12))


def test_rounding_is_taken_off() -> None:
    rounded = (255 * noise(1)).round() / 255
    assert estimation.estimate(rounded).sigma == pytest.approx(math.sqrt(1 + 1 / 12), rel=0.03)
    assert estimation.estimate(rounded, EIGHT_BITS).sigma == pytest.approx(1, rel=0.03)


@pytest.mark.parametrize("period", [40, 100, 400])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.1])
def test_an_eight_bit_picture_without_noise_hides_no_more_than_rounding_does(
    period: int, share: float
) -> None:
    rows, columns = torch.meshgrid(torch.arange(128.0), torch.arange(128.0), indexing="ij")
    shading = 100 + rows / period + columns / (period + 3) + 3 * torch.sin(rows * columns / 500)
    specks = torch.rand(shading.shape, generator=torch.Generator().manual_seed(0)) < share
    found = estimation.estimate((shading + specks).round() / 255, 1 / 255)
    assert found.low <= found.sigma <= found.high < 1


@pytest.mark.parametrize("sigma", [10, 40, 75])
def test_clipping_is_allowed_for(sigma: float) -> None:
    ramp = torch.linspace(-0.1, 1.1, 400).double().expand(300, 400).clamp(0, 1)
    clipped = add_noise(ramp, sigma / 255, seed=0).clamp(0, 1)
    found = estimation.estimate(clipped)
    # What is left of clipped noise is known for smooth patches; its mean is measured to sigma / 8.
    assert found.sigma == pytest.approx(sigma, rel=0.05)
    assert found.low <= sigma <= found.high


def test_the_smallest_picture_has_a_wide_interval() -> None:
    found = estimation.estimate(noise(20, 8, 8))
    assert found.low < 0.75 * found.sigma
    assert found.high > 1.25 * found.sigma


def test_a_large_plane_is_sampled() -> None:
    assert estimation.estimate(noise(5, 1500, 1500)).sigma == pytest.approx(5, rel=0.02)


def test_what_cannot_be_estimated_is_refused() -> None:
    with pytest.raises(InputError, match="20 x 7 pixels are too few"):
        estimation.estimate(noise(5, 7, 20))
    with pytest.raises(InputError, match="not finite"):
        estimation.estimate(torch.full((9, 9), math.nan))
    junk = torch.zeros((9, 9))
    junk[4, 4] = 1e20  # finite, but not its square
    with pytest.raises(InputError, match="far too large"):
        estimation.estimate(junk)
    with pytest.raises(UsageError, match="uint8"):
        estimation.estimate(torch.zeros((9, 9), dtype=torch.uint8))
    with pytest.raises(UsageError, match="expected floats"):
        estimation.estimate(torch.zeros((9, 9, 3)))


def test_channels_are_estimated_one_by_one() -> None:
    image = torch.stack([noise(sigma, seed=sigma) for sigma in (5, 10, 20)], dim=-1)
    channels = estimation.estimate_channels(image)
    assert [channel.sigma for channel in channels] == pytest.approx([5, 10, 20], rel=0.04)
    together = estimation.overall(channels)
    assert together.sigma == pytest.approx(math.sqrt((25 + 100 + 400) / 3), rel=0.04)
    assert together.low < together.sigma < together.high
    assert estimation.estimate_channels(image[..., 0]) == channels[:1]


def test_errors_of_channels_average_out_in_part() -> None:
    one = Estimate(10.0, 9.0, 11.0)
    assert estimation.overall([one]) == one
    three = estimation.overall([one] * 3)
    # In variance, three errors of 1 that correlate by one half have a mean of error sqrt(2 / 3).
    assert three.sigma == 10
    assert 100 - three.low**2 == pytest.approx(math.sqrt(2 / 3) * (100 - 81))
    assert three.high**2 - 100 == pytest.approx(math.sqrt(2 / 3) * (121 - 100))


@given(st.lists(st.tuples(*[st.floats(0, 300)] * 3), min_size=1, max_size=4))
def test_the_overall_interval_is_no_wider_than_the_channels_together(levels: list[Levels]) -> None:
    channels = [Estimate(middle, low, high) for low, middle, high in map(sorted, levels)]
    found = estimation.overall(channels)

    def together(values: list[float]) -> float:
        return math.sqrt(fmean(value**2 for value in values))

    slack = 1e-4  # squares and a root of levels of up to 300
    assert together([one.low for one in channels]) <= found.low + slack
    assert found.low <= found.sigma <= found.high
    assert found.high <= together([one.high for one in channels]) + slack


def framed(levels: torch.Tensor, frame: float = 40) -> torch.Tensor:
    levels[:8] = levels[-60:] = frame
    return levels


def captioned(levels: torch.Tensor) -> torch.Tensor:
    levels[-60:-20, 100:300] = 30
    levels[-45:-35, 120:280:7] = 220
    return levels


@pytest.mark.parametrize("sigma", [2, 5, 20])
@pytest.mark.parametrize(
    "edit",
    [
        framed,
        captioned,
        lambda levels: levels.clamp(min=16),
        lambda levels: levels.clamp(max=200),
        lambda levels: levels.clamp(min=16, max=200),
        lambda levels: framed(levels.clamp(min=12, max=230), 0),
    ],
    ids=["frame", "caption", "lifted black", "dimmed white", "both", "both, framed"],
)
def test_what_an_editor_did_does_no_harm(
    sigma: float, edit: Callable[[torch.Tensor], torch.Tensor]
) -> None:
    levels = (add_noise(photograph(), sigma / 255, 0) * 255).round().clamp(0, 255)
    plain = estimation.estimate(levels / 255, EIGHT_BITS).sigma
    edited = estimation.estimate(edit(levels) / 255, EIGHT_BITS)
    assert edited.sigma == pytest.approx(plain, rel=0.05)
    assert edited.low < sigma < edited.high


@pytest.mark.parametrize("offset", [0.5, 1.0, -0.5, -1.0])
def test_floats_beyond_black_and_white_have_no_other_limits(offset: float) -> None:
    plane = noise(20)
    cut = plane.clamp(min=plane.quantile(0.1), max=plane.quantile(0.9)) + offset
    found = estimation.estimate(cut)
    assert 0 < found.low < found.sigma < found.high


def test_a_drawing_has_no_noise() -> None:
    levels = torch.full((200, 200), 250.0)
    levels[50:150:3, 40:160] = 10
    assert estimation.estimate(levels / 255, EIGHT_BITS).sigma == 0


def test_the_overall_interval_of_three_channels_holds_the_truth() -> None:
    held = 0
    for seed in range(40):
        planes = [noise(20, 48, 48, seed=3 * seed + channel) for channel in range(3)]
        found = estimation.overall([estimation.estimate(plane) for plane in planes])
        held += found.low <= 20 <= found.high
    assert held >= 36  # 19 in 20 and more; the errors of planes without texture are independent


def test_correlated_noise_is_told_from_white() -> None:
    white = noise(20, 300, 300)
    assert estimation.correlated(white) is None
    smoothed = torch.nn.functional.avg_pool2d(white[None, None], 2, stride=1)[0, 0]
    found = estimation.correlated(smoothed)
    assert found is not None
    # The mean of four pixels has half their noise.
    assert found.low < 10 < found.high
    assert estimation.correlated(white[:12]) is None
    assert estimation.correlated(torch.full((40, 40), 0.5)) is None
