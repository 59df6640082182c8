"""What best removes noise that is weaker in fine detail, as after demosaicing, enlarging or JPEG.

    python -m benchmarks.quality.correlated PICTURES/ [--limit N] [--names FILE] [--sigma 10 --sigma 25]

White noise of sigma is added, the picture goes through what `python -m benchmarks.quality.estimation --kind` does, is
rounded to 8 bits, and each way of taking its noise away is scored in PSNR. The first two are what linn has:

- white: as white noise of the sigma estimated from all pixels;
- correlated: `linn denoise --noise correlated`, see `linn_cli/noise/correlated.py`;
- spread: as white noise of the sigma estimated from every second pixel of every second row;
- phases: the four pictures of every second pixel by themselves (Zhou et al., AAAI 2020).
"""

from __future__ import annotations

from pathlib import Path
from statistics import fmean

import torch
from torch import Tensor

from benchmarks.common import arguments, choose
from benchmarks.quality.estimation import EIGHT_BITS, correlate
from linn_cli.denoising import removal
from linn_cli.denoising.networks import Networks
from linn_cli.metrics import add_noise, psnr
from linn_cli.noise import estimation
from linn_cli.noise.measured import CORRELATED
from linn_cli.noise.request import Request
from linn_cli.pictures import reading
from linn_cli.pictures.picture import Picture
from linn_cli.units import LEAST_SIGMA, MOST_SIGMA

KINDS = ("white", "bayer", "scaled", "doubled", "jpeg")
WAYS = ("noisy", "white", "correlated", "spread", "phases")


def main() -> None:
    """Measure and print a table."""
    parser = arguments(__doc__)
    parser.add_argument("--sigma", type=float, action="append")
    options = parser.parse_args()
    pictures = choose(options)
    networks = Networks()
    print(f"{len(pictures)} pictures, PSNR in dB")
    print("  kind  sigma" + "".join(f"{way:>12}" for way in WAYS))
    for kind in KINDS:
        for sigma in options.sigma or (10.0, 25.0):
            rows = [
                measure(networks, path, kind, sigma, index) for index, path in enumerate(pictures)
            ]
            means = "".join(f"{fmean(column):12.2f}" for column in zip(*rows, strict=True))
            print(f"{kind:>6}  {sigma:5g}{means}", flush=True)


def measure(networks: Networks, path: Path, kind: str, sigma: float, seed: int) -> list[float]:
    """The PSNR of each of `WAYS` on one picture."""
    clean = torch.from_numpy(reading.read_levels(path)).float() / 255
    noisy = correlate(add_noise(clean, sigma / 255, seed), kind)
    if kind in ("scaled", "doubled"):
        clean = correlate(clean, kind)
    clean, noisy = even(clean[None, None]), even(noisy[None, None])
    noisy = (noisy * 255).round().clamp(0, 255) / 255

    def remove(picture: Tensor, level: float) -> Tensor:
        sigma = min(max(level, LEAST_SIGMA), MOST_SIGMA)
        return networks.at(sigma)(picture, sigma)

    picture = Picture(noisy[0].permute(1, 2, 0).numpy())
    found = Request(model=CORRELATED).find(picture)
    level = sigma_of(noisy[..., ::2, ::2])
    phases = noisy.clone()
    for top in (0, 1):
        for left in (0, 1):
            phases[..., top::2, left::2] = remove(phases[..., top::2, left::2].contiguous(), level)
    answers = (
        noisy,
        remove(noisy, sigma_of(noisy)),
        removal.remove(networks, noisy, found)[0],
        remove(noisy, level),
        phases,
    )
    return [psnr(answer.clamp(0, 1), clean) for answer in answers]


def sigma_of(picture: Tensor) -> float:
    """The sigma estimated for a picture (1, 1, H, W)."""
    return estimation.estimate(picture[0, 0], EIGHT_BITS).sigma


def even(picture: Tensor) -> Tensor:
    """Without the last row or column, if their number is odd."""
    height, width = picture.shape[-2:]
    return picture[..., : height // 2 * 2, : width // 2 * 2]


if __name__ == "__main__":
    main()
