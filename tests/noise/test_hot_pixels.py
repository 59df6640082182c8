from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

import linn_cli
from linn_cli.cli import app
from linn_cli.noise import hot_pixels
from linn_cli.noise.measurement import measure
from linn_cli.noise.request import Request
from linn_cli.pictures import writing
from linn_cli.pictures.formats import format_named
from linn_cli.pictures.picture import Document, Picture
from linn_cli.wording import as_options

SIDE = 160


def noisy(channels: int = 1) -> Tensor:
    """A smooth picture (C, H, W) with noise of sigma 8, in 8 bits."""
    y, x = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    scene = 0.5 + 0.2 * torch.sin(x / 19) * torch.cos(y / 23)
    noise = torch.randn((channels, SIDE, SIDE), generator=torch.Generator().manual_seed(0))
    return (255 * scene + 8 * noise).round().clamp(0, 255).byte()


def where(share: float) -> Tensor:
    return torch.rand((SIDE, SIDE), generator=torch.Generator().manual_seed(1)) < share


def spoilt(values: Tensor, share: float) -> Tensor:
    """Salt and pepper on so many pixels of all channels."""
    salt = torch.rand((SIDE, SIDE), generator=torch.Generator().manual_seed(2)) < 0.5
    return torch.where(where(share), 255 * salt.to(values), values)


def picture(values: Tensor) -> Picture:
    return Picture(values.permute(1, 2, 0).numpy())


@pytest.mark.parametrize("share", [0.001, 0.02, 0.1])
@pytest.mark.parametrize("channels", [1, 3])
def test_hot_pixels_are_found_and_no_others_replaced(share: float, channels: int) -> None:
    clean = noisy(channels)
    values = spoilt(clean, share)
    found = hot_pixels.find(values / 255)
    assert found
    assert found.share == pytest.approx(share, rel=0.25)
    answer = hot_pixels.removed(values[None], found)[0]
    changed = (answer != values).all(0)
    assert changed[where(share)].float().mean() > 0.93
    assert not changed[~where(share)].any()
    error = (answer.float() - clean.float())[:, where(share)].square().mean().sqrt()
    assert error < 20  # the noise of one pixel and of a median of eight


def test_without_the_option_they_are_said_and_do_not_mislead_the_estimate() -> None:
    clean, values = noisy(), spoilt(noisy(), 0.05)
    sigma = measure(picture(values)).sigma
    assert sigma == pytest.approx(measure(picture(clean)).sigma, rel=0.05)
    profile = Request().find(picture(values))
    assert profile.hot_pixels is None
    assert "--hot-pixels removes them" in as_options(profile.advice[0])
    asked = Request(hot_pixels=True).find(picture(values))
    assert asked.hot_pixels
    assert asked.words[-1].endswith("removed")
    assert not any("hot" in word for word in Request().find(picture(clean)).words)


def test_stars_and_drawings_are_not_called_hot_pixels() -> None:
    stars = torch.zeros((1, 1, SIDE, SIDE))
    stars[0, 0][where(0.003)] = 1
    optics = torch.tensor([[0.02, 0.14, 0.02], [0.14, 1, 0.14], [0.02, 0.14, 0.02]])
    sky = 0.1 + torch.nn.functional.conv2d(stars, optics[None, None], padding=1)[0]
    seen = sky + 0.01 * torch.randn(sky.shape, generator=torch.Generator().manual_seed(0))
    assert hot_pixels.find(seen) is None
    dots = where(0.01).float()[None]
    assert hot_pixels.find(dots) is None
    assert hot_pixels.find(dots, asked=True)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.uint16, torch.float32])
@pytest.mark.parametrize("heights", [1, 3, 7, 64])
def test_by_rows_is_the_same_to_the_bit(dtype: torch.dtype, heights: int) -> None:
    whole = spoilt(noisy(3), 0.1).float()
    values = (whole / 255 if dtype.is_floating_point else whole).to(dtype)
    scale = 1.0 if dtype.is_floating_point else float(torch.iinfo(dtype).max)
    found = hot_pixels.find(whole / 255, asked=True)
    assert found
    least = tuple(one * 255 / scale if dtype == torch.uint16 else one for one in found.least)
    found = hot_pixels.HotPixels(found.share, least)
    answer = hot_pixels.removed(values[None], found)[0]
    bands = list(hot_pixels.removed_by_rows(values.split(heights, 1), found))
    assert torch.equal(torch.cat(bands, 1), answer)
    assert (answer != values).any()


def test_a_tiny_picture_has_none() -> None:
    assert hot_pixels.find(torch.rand((1, 2, 9)), asked=True) is None
    values = torch.zeros((1, 1, 2, 9))
    assert torch.equal(hot_pixels.removed(values, hot_pixels.HotPixels(0.1, (0.1,))), values)


def test_they_are_said_in_python_and_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = spoilt(noisy(), 0.05).permute(1, 2, 0).numpy()
    with pytest.warns(UserWarning, match="salt and pepper, hot_pixels removes them"):
        linn_cli.denoise(values)
    writing.write(tmp_path / "a.png", Document((Picture(values),), format_named("png")))
    for command in ("estimate", "denoise"):
        with pytest.raises(SystemExit) as stopped:
            app([command, str(tmp_path / "a.png")])
        assert not stopped.value.code
        assert "--hot-pixels removes them" in " ".join("".join(capsys.readouterr()).split())
