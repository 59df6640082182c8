from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from linn_cli.engine.pyramid import double, halve
from linn_cli.network.haar import ROWS
from linn_cli.noise import correlated, estimation


def noise(sigma: float, height: int, width: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 0.5 + sigma / 255 * torch.randn((height, width), generator=generator)


def enlarged(plane: Tensor, factor: float) -> Tensor:
    return F.interpolate(plane[None, None], scale_factor=factor, mode="bicubic")[0, 0]


def test_white_noise_has_no_blotches() -> None:
    [[found]] = correlated.measure([noise(20, 256, 256)])
    assert found.low < 20 < found.high


def test_noise_that_is_weak_in_fine_detail_has_its_full_strength_at_every_second_pixel() -> None:
    smoothed = F.avg_pool2d(noise(40, 257, 257)[None, None], 2, stride=1)[0, 0]
    [found] = correlated.measure([smoothed])[0]
    # The mean of four pixels has half their noise.
    assert found.low < 20 < found.high


@pytest.mark.parametrize("factor", [2, 4])
def test_blotches_are_followed_to_their_size(factor: int) -> None:
    plane = enlarged(noise(30, 512 // factor, 512 // factor), factor)
    levels = correlated.measure([plane])
    assert len(levels) >= {2: 2, 4: 3}[factor]


def test_all_channels_have_as_many_levels() -> None:
    blotchy, white = enlarged(noise(30, 128, 128), 2), noise(10, 256, 256, seed=1)
    levels = correlated.measure([blotchy, white, white])
    assert {len(channels) for channels in levels} == {3}


def test_a_small_or_partly_hidden_picture_is_not_halved() -> None:
    plane = enlarged(noise(30, 128, 128), 2)
    assert len(correlated.measure([plane])) > 1
    assert len(correlated.measure([plane[:127]])) == 1
    seen = torch.ones(plane.shape, dtype=torch.bool)
    seen[:20] = False
    assert len(correlated.measure([plane], seen=seen)) == 1


@pytest.mark.parametrize("shape", [(16, 16), (15, 18)])
@pytest.mark.parametrize("heights", [[16], [1, 2, 3, 4, 5]])
def test_removal_goes_from_coarse_to_fine(shape: tuple[int, int], heights: list[int]) -> None:
    picture = torch.rand((1, 2, *shape), generator=torch.Generator().manual_seed(3))
    seen: dict[str, Tensor] = {}

    def remover(name: str, factor: float) -> correlated.Remover:
        def remove(bands: Iterable[Tensor]) -> Iterator[Tensor]:
            seen[name] = torch.cat(list(bands), ROWS)
            yield factor * seen[name]

        return remove

    half = halve(picture)
    quarter = halve(half)
    less = half - 0.25 * double(quarter)[..., : half.shape[-2], : half.shape[-1]]
    blotches = half - 0.5 * less
    finest = picture - double(blotches)[..., : shape[0], : shape[1]]
    heights = [*heights[:-1], shape[0] - sum(heights[:-1])]
    bands = picture.split(heights, ROWS)
    removers = [remover("picture", 2), remover("half", 0.5), remover("quarter", 0.75)]
    answer = torch.cat(list(correlated.removed_by_rows(bands, removers)), ROWS)
    # float32 sums in another order
    for name, expected in (("quarter", quarter), ("half", less), ("picture", finest)):
        torch.testing.assert_close(seen[name], expected, atol=1e-6, rtol=0)
    torch.testing.assert_close(answer, 2 * finest, atol=2e-6, rtol=0)


def test_nothing_to_remove_changes_nothing() -> None:
    picture = torch.rand((1, 3, 17, 20), generator=torch.Generator().manual_seed(4))
    bands = picture.split(5, ROWS)
    answer = torch.cat(list(correlated.removed_by_rows(bands, [iter] * 2)), ROWS)
    assert torch.equal(answer, picture)


@pytest.mark.parametrize("shape", [(8, 8), (9, 400), (15, 16)])
def test_of_a_small_picture_every_pixel_is_looked_at(shape: tuple[int, int]) -> None:
    plane = noise(10, *shape)
    [[found]] = correlated.measure([plane])
    assert found == estimation.estimate(plane)
