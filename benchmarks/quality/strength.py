"""How much of the noise each --strength leaves, in brightness and in colour.

    python -m benchmarks.quality.strength PICTURES/ --names weights/held-out.txt [--limit N] [--sigma S]

White noise of sigma, in 8 bits, on the middle of each picture. "left" is the part of the very noise that is still in
the answer, in per cent: its projection on the noise that was added. PSNR is against the clean picture.
"""

from __future__ import annotations

from statistics import fmean

import torch
from torch import Tensor

from benchmarks.common import CROP, arguments, choose, read
from linn_cli.denoising import apart
from linn_cli.denoising.networks import Networks
from linn_cli.metrics import add_noise, psnr
from linn_cli.network import planes
from linn_cli.noise.profile import NoiseProfile
from linn_cli.noise.strength import Strength
from linn_cli.units import GREY_LEVELS, Sigma

STRENGTHS = ("0", "50", "70", "100", "130", "70,130", "50,150", "0,100")


def main() -> None:
    """Measure and print a table."""
    parser = arguments(__doc__, held_out=True)
    parser.add_argument("--sigma", type=float, default=12.0)
    options = parser.parse_args()
    networks = Networks()
    profile = NoiseProfile(Sigma((options.sigma,)))
    clean = [read(path, crop=CROP) for path in choose(options)]
    noisy = [
        (GREY_LEVELS * add_noise(one, options.sigma / GREY_LEVELS, seed=index))
        .round()
        .clamp(0, 255)
        / GREY_LEVELS
        for index, one in enumerate(clean)
    ]
    print(
        f"{len(clean)} pictures, sigma {options.sigma:g}\nstrength   PSNR  luma left  chroma left"
    )
    for text in STRENGTHS:
        rows = []
        for before, true in zip(noisy, clean, strict=True):
            answer, _ = apart.remove(networks, before[None], profile, Strength.parse(text))
            rows.append((psnr(answer[0].clamp(0, 1), true), *left(answer[0], before, true)))
        quality, luma, chroma = (fmean(column) for column in zip(*rows, strict=True))
        print(f"{text:>8}  {quality:5.2f}  {luma:9.0f}  {chroma:11.0f}", flush=True)


def left(answer: Tensor, noisy: Tensor, clean: Tensor) -> tuple[float, float]:
    """The part of the noise that is left, in luma and in chroma, in per cent."""
    wrong, noise = (planes.from_channels((one - clean).double()) for one in (answer, noisy))
    parts = [slice(0, 1), slice(1, 3)]
    luma, chroma = (
        (100 * torch.sum(wrong[part] * noise[part]) / noise[part].square().sum()).item()
        for part in parts
    )
    return luma, chroma


if __name__ == "__main__":
    main()
