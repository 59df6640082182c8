from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from linn_cli.training import jpeg

# Pillow's numbers for 4:4:4 and 4:2:0.
WHOLE, HALVED = 0, 2


def levels(seed: int = 0, side: int = 96) -> Tensor:
    """Waves, an edge in colour and texture, whole grey levels (3, side, side)."""
    rows, columns = np.mgrid[:side, :side]
    waves = [np.sin(rows / (5 + k)) * np.cos(columns / (7 - k)) for k in range(3)]
    edge = np.array([1, -1, 1])[:, None, None] * (rows > columns)
    texture = np.random.default_rng(seed).normal(0, 15, (3, side, side))
    values = 128 + 76 * np.stack(waves) + 38 * edge + texture
    return torch.from_numpy(values.round().clip(0, 255)).float()


def by_pillow(picture: Tensor, quality: int, subsampling: int) -> Tensor:
    file = io.BytesIO()
    image = Image.fromarray(picture.permute(1, 2, 0).to(torch.uint8).numpy())
    image.save(file, "JPEG", quality=quality, subsampling=subsampling)
    decoded = np.array(Image.open(file))
    return torch.from_numpy(decoded).permute(2, 0, 1).float()


def compressed(pictures: Tensor, quality: list[int], subsampling: list[int]) -> Tensor:
    """Grey levels to grey levels."""
    told = torch.tensor(quality).view(-1, 1, 1, 1).float()
    halved = torch.tensor(subsampling).view(-1, 1, 1, 1) == HALVED
    return jpeg.compress(pictures / 255, told, halved) * 255


def mean_square(difference: Tensor) -> float:
    return difference.square().mean().item()


@pytest.mark.parametrize("subsampling", [WHOLE, HALVED])
@pytest.mark.parametrize("quality", [30, 60, 80, 95])
def test_it_loses_what_pillow_loses(quality: int, subsampling: int) -> None:
    original = levels(quality)
    expected = by_pillow(original, quality, subsampling)
    [found] = compressed(original[None], [quality], [subsampling])
    loss = mean_square(expected - original)
    # Encoders compute in whole numbers of their own. Here about a coefficient in a hundred lies so near the
    # middle between two steps that it falls to the other side, which hardly changes the loss...
    assert mean_square(found - original) == pytest.approx(loss, rel=0.01)
    # ...and moves its block by a step: a mean square of 1 to 4 for these pictures. With chroma enlarged in
    # another way it is 18 at least, with the table transposed 5.5.
    assert mean_square(found - expected) < 5


def test_each_picture_has_its_own_quality_and_chroma() -> None:
    pictures = torch.stack([levels(0), levels(1)])
    both = compressed(pictures, [60, 95], [HALVED, WHOLE])
    for number, (quality, subsampling) in enumerate([(60, HALVED), (95, WHOLE)]):
        alone = compressed(pictures[number : number + 1], [quality], [subsampling])
        torch.testing.assert_close(both[number : number + 1], alone)


def test_saturated_colours_stay_in_range() -> None:
    original = 255 * (levels() > 128).float()
    expected = by_pillow(original, 60, HALVED)
    [found] = compressed(original[None], [60], [HALVED])
    assert found.min() == 0
    assert found.max() == 255
    # As above; the mean square between the two is 5.
    loss = mean_square(expected - original)
    assert mean_square(found - original) == pytest.approx(loss, rel=0.01)
    assert mean_square(found - expected) < 8


def test_at_quality_100_grey_survives() -> None:
    grey = levels().mean(0).round().expand(1, 3, 96, 96)
    # Every step is one grey level: with rounding before and after it, no value moves by more than 2.
    assert (compressed(grey, [100], [HALVED]) - grey).abs().max() <= 2


def test_a_batch_may_be_empty() -> None:
    assert compressed(torch.empty(0, 3, 32, 32), [], []).shape == (0, 3, 32, 32)
