"""What holes cost the pixels beside them: the error within 4 pixels of a hole, without and with the hole.

    python -m benchmarks.quality.holes FOLDER --names FILE [--sigma N ...] [--stiffness N ...] [--limit N]

"beside" is the root mean square error beside holes as multiples of that of the same pixels in a picture without holes,
"worst" that of the worst picture, and "elsewhere" as multiples of that farther than 8 pixels from holes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from benchmarks import common
from linn_cli.denoising import planes
from linn_cli.denoising.networks import Networks
from linn_cli.noise.profile import NoiseProfile
from linn_cli.noise.strength import Strength
from linn_cli.pictures import holes
from linn_cli.pictures.picture import Picture
from linn_cli.progress import silent
from linn_cli.units import GREY_LEVELS, Sigma

_RADII = (20, 8, 8, 5, 3, 2)
_BESIDE, _ELSEWHERE = 4, 8
_EDGE = 12

Mask = NDArray[np.bool_]


def main() -> None:
    """Measure and print a table."""
    parser = common.arguments(__doc__, held_out=True)
    parser.add_argument("--sigma", type=float, nargs="+", default=[10.0, 25.0])
    parser.add_argument("--stiffness", type=float, nargs="+", default=[holes._STIFFNESS])
    options = parser.parse_args()
    paths = common.choose(options)
    pictures = [common.read(path, as_grey=True, crop=common.CROP)[0].numpy() for path in paths]
    networks = Networks(device="cpu")
    print(f"{len(pictures)} pictures")
    print("sigma  stiffness  beside   worst  elsewhere")
    for sigma in options.sigma:
        for stiffness in options.stiffness:
            holes._STIFFNESS = stiffness
            errors = np.array(list(measure(pictures, sigma, networks)))
            beside, whole, far = np.sqrt(errors.mean(axis=0))
            worst = np.sqrt((errors[:, 0] / errors[:, 1]).max())
            print(
                f"{sigma:5g}{stiffness:11g}{beside / whole:8.3f}{worst:8.3f}{beside / far:11.3f}",
                flush=True,
            )


def measure(
    pictures: list[NDArray[Any]], sigma: float, networks: Networks
) -> Iterator[tuple[float, float, float]]:
    """The mean square error of each picture beside holes, there without holes, and elsewhere."""
    for seed, clean in enumerate(pictures):
        chance = np.random.default_rng(seed)
        noisy = clean + chance.normal(0, sigma / GREY_LEVELS, clean.shape).astype(np.float32)
        hole = _holes(chance, *clean.shape)
        beside, elsewhere = _near(hole, _BESIDE) & ~hole, ~_near(hole, _ELSEWHERE)
        without = (_denoised(noisy, sigma, networks) - clean) ** 2
        answer = _denoised(np.where(hole, np.nan, noisy), sigma, networks) - clean
        yield (
            float((answer[beside] ** 2).mean()),
            float(without[beside].mean()),
            float((answer[elsewhere] ** 2).mean()),
        )


def _denoised(values: NDArray[Any], sigma: float, networks: Networks) -> NDArray[Any]:
    profile = NoiseProfile(Sigma((sigma,)))
    picture = Picture(values.astype(np.float32)[:, :, None])
    answer, _ = planes.denoise(networks, picture, profile, Strength(), silent)
    return answer.values[:, :, 0]


def _holes(chance: np.random.Generator, height: int, width: int) -> Mask:
    """Round holes of several sizes, anywhere."""
    rows, columns = np.mgrid[:height, :width]
    mask = np.zeros((height, width), np.bool_)
    for radius in _RADII:
        top, left = (chance.integers(_EDGE, side - _EDGE) for side in (height, width))
        mask |= (rows - top) ** 2 + (columns - left) ** 2 <= radius**2
    return mask


def _near(mask: Mask, distance: int) -> Mask:
    wide = torch.from_numpy(mask)[None, None].float()
    near: Mask = F.max_pool2d(wide, 2 * distance + 1, 1, distance)[0, 0].numpy() > 0
    return near


if __name__ == "__main__":
    main()
