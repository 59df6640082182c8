"""What the rotation into luma and chroma gains over each channel by itself, and at which chroma strength.

python benchmarks/chroma.py bsd432/ --held-out weights/held-out.txt

Mean PSNR in dB over held-out colour training pictures; CHROMA_STRENGTH is chosen by it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import fmean

from common import CROP, by_planes, centre
from torch import Tensor

from linn_cli.denoising import networks
from linn_cli.engine import pyramid
from linn_cli.metrics import add_noise, psnr
from linn_cli.pictures import folders
from linn_cli.training.patches import hold_out

SIGMAS = (5, 15, 25, 50)
STRENGTHS = (0.95, 1.0, 1.05, 1.1, 1.2)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--held-out", type=Path, required=True)
    parser.add_argument("--every", type=int, default=1, help="take every so manieth picture")
    options = parser.parse_args()
    names = options.held_out.read_text(encoding="utf-8").split()
    _, held_out = hold_out(folders.list_pictures(options.folder), names)
    pictures = [centre(path) for path in held_out[:: options.every]]
    print(f"{len(pictures)} held-out pictures, up to {CROP} x {CROP}")
    print("sigma  channels", *(f"{strength:7g}" for strength in STRENGTHS))
    for sigma in SIGMAS:
        noisy = [add_noise(clean, sigma / 255, seed=index) for index, clean in enumerate(pictures)]
        alone = mean_psnr(noisy, pictures, partial(by_channel, sigma=sigma))
        rotated = [
            mean_psnr(noisy, pictures, partial(in_planes, sigma=sigma, strength=strength))
            for strength in STRENGTHS
        ]
        print(f"{sigma:5}  {alone:8.3f}", *(f"{value:7.3f}" for value in rotated), flush=True)


def by_channel(picture: Tensor, sigma: float) -> Tensor:
    """Each channel as a grey picture."""
    return networks.load(sigma)(picture[:, None], sigma)[:, 0]


def in_planes(picture: Tensor, sigma: float, strength: float) -> Tensor:
    """Luma and chroma, as linn does it."""
    halvings = [0, pyramid.CHROMA_HALVINGS, pyramid.CHROMA_HALVINGS]
    return by_planes(picture, sigma, halvings, strength=strength)


def mean_psnr(
    noisy: list[Tensor], clean: list[Tensor], denoise: Callable[[Tensor], Tensor]
) -> float:
    """The mean PSNR in dB of what `denoise` makes of the noisy pictures."""
    return fmean(
        psnr(denoise(picture).clamp(0, 1), truth)
        for picture, truth in zip(noisy, clean, strict=True)
    )


if __name__ == "__main__":
    main()
