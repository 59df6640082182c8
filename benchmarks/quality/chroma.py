"""What the rotation into luma and chroma gains over each channel by itself, and at which chroma strength.

python -m benchmarks.quality.chroma bsd432/ --names weights/held-out.txt

Mean PSNR in dB over held-out colour training pictures; CHROMA_STRENGTH is chosen by it.
"""

from __future__ import annotations

from functools import partial

from torch import Tensor

from benchmarks.common import CROP, arguments, by_planes, choose, mean_psnr, read
from linn_cli.denoising import networks
from linn_cli.engine import pyramid

SIGMAS = (5, 15, 25, 50)
STRENGTHS = (0.95, 1.0, 1.05, 1.1, 1.2)


def main() -> None:
    """Measure and print a table."""
    options = arguments(__doc__, held_out=True).parse_args()
    pictures = [read(path, crop=CROP) for path in choose(options)]
    print(f"{len(pictures)} held-out pictures, up to {CROP} x {CROP}")
    print("sigma  channels", *(f"{strength:7g}" for strength in STRENGTHS))
    for sigma in SIGMAS:
        alone = mean_psnr(pictures, sigma, partial(by_channel, sigma=sigma))
        rotated = [
            mean_psnr(pictures, sigma, partial(in_planes, sigma=sigma, strength=strength))
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


if __name__ == "__main__":
    main()
