"""How close the noise estimates are, by sigma, beside scikit-image's wavelet median.

    python -m benchmarks.quality.estimation BSD68/ [--limit N] [--quantize] [--crop N] [--denoise] [--log FILE]

Noise is added by the published protocol, the picture with index i getting that of seed i; --quantize
rounds the noisy picture to 8 bits and clips it, --crop takes N x N pixels of its middle. A row is the bias
and the root mean square error in per cent of sigma, how often the 95 % interval covers the truth, and the
seconds a megapixel. `correlated` is how often white noise is taken for correlated, a false alarm. --denoise
adds the PSNR that is lost by denoising with the estimate in place of the true sigma.

--kind jpeg, bayer, scaled or doubled measures how often correlated noise is noticed: a noisy picture that
went through JPEG of quality 90, bilinear demosaicing, or an enlargement by 1.5 or 2.

With --log each measured picture is a line of JSON, and a later run of the same settings goes on after the last.
`--names FILE` takes only the pictures named in a file, `--without FILE` only the others.
"""

from __future__ import annotations

import argparse
import io
import math
import time
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
from PIL import Image
from skimage.restoration import estimate_sigma
from torch import Tensor
from torch.nn import functional as F

from benchmarks.common import Log, arguments, choose
from linn_cli.denoising import networks
from linn_cli.metrics import add_noise, psnr
from linn_cli.noise import estimation

SIGMAS = (1, 2, 5, 10, 15, 25, 35, 50, 75)
EIGHT_BITS = 1 / 255


def main() -> None:
    """Measure and print a table."""
    parser = arguments(__doc__)
    parser.add_argument("--sigma", type=float, action="append")
    parser.add_argument("--colour", action="store_true", help="noise in three channels")
    parser.add_argument("--quantize", action="store_true")
    parser.add_argument("--crop", type=int)
    parser.add_argument("--denoise", action="store_true")
    parser.add_argument(
        "--kind", choices=("white", "jpeg", "bayer", "scaled", "doubled"), default="white"
    )
    parser.add_argument("--log", type=Path)
    options = parser.parse_args()

    pictures = choose(options)
    log = Log(options)
    print(f"{len(pictures)} pictures, {options.kind}{', 8 bits' * options.quantize}")
    print(
        "sigma   bias %  RMS %  cover %  s/Mpx | wavelet: bias %  RMS %  s/Mpx | correlated %  dB lost"
    )
    for sigma in options.sigma or SIGMAS:
        rows = [
            log.row(
                {"name": path.name, "sigma": sigma}, partial(measure, path, sigma, index, options)
            )
            for index, path in enumerate(pictures)
        ]
        print(line_of(sigma, rows), flush=True)


def measure(path: Path, sigma: float, index: int, options: argparse.Namespace) -> dict[str, Any]:
    """All that is measured on one picture at one sigma."""
    with Image.open(path) as file:
        levels = np.array(file.convert("RGB" if options.colour else "L"))
    if options.crop:
        top, left = (max(0, (side - options.crop) // 2) for side in levels.shape[:2])
        levels = levels[top : top + options.crop, left : left + options.crop]
    clean = torch.from_numpy(levels).float() / 255
    noisy = correlate(add_noise(clean, sigma / 255, seed=index), options.kind)
    if options.quantize:
        noisy = (255 * noisy).round().clamp(0, 255) / 255
    began = time.perf_counter()
    # The clean pictures are rounded to 8 bits, so the noisy ones hold that error whatever comes after.
    channels = estimation.estimate_channels(noisy, EIGHT_BITS)
    found = estimation.overall(channels)
    seconds = time.perf_counter() - began
    began = time.perf_counter()
    wavelet = 255 * float(
        estimate_sigma(
            noisy.numpy(), average_sigmas=True, channel_axis=-1 if options.colour else None
        )
    )
    wavelet_seconds = time.perf_counter() - began
    planes = noisy[None] if noisy.dim() == 2 else noisy.movedim(-1, 0)
    return {
        "error": found.sigma / sigma - 1,
        "covered": found.low <= sigma <= found.high,
        "seconds": seconds / noisy.numel() * 1e6,
        "wavelet": wavelet / sigma - 1,
        "wavelet_seconds": wavelet_seconds / noisy.numel() * 1e6,
        "correlated": estimation.correlated(planes[0], EIGHT_BITS) is not None,
        "lost": loss(noisy, clean, sigma, found.sigma) if options.denoise else None,
    }


def correlate(noisy: Tensor, kind: str) -> Tensor:
    """What a camera or a program may do to a noisy picture."""
    match kind:
        case "jpeg":
            buffer = io.BytesIO()
            levels = (255 * noisy).round().clamp(0, 255).byte().numpy()
            Image.fromarray(levels).save(buffer, "JPEG", quality=90)
            return torch.from_numpy(np.array(Image.open(buffer))).float() / 255
        case "bayer":
            # The green of a Bayer sensor: measured on a chequerboard, elsewhere the mean of four.
            mean = F.conv2d(
                F.pad(noisy[None, None], (1, 1, 1, 1), "reflect"),
                torch.tensor([[0, 1, 0], [1, 0, 1], [0, 1, 0.0]])[None, None] / 4,
            )[0, 0]
            rows, columns = torch.meshgrid(*map(torch.arange, noisy.shape), indexing="ij")
            return torch.where((rows + columns) % 2 == 0, noisy, mean)
        case "scaled" | "doubled":
            factor = 1.5 if kind == "scaled" else 2
            return F.interpolate(noisy[None, None], scale_factor=factor, mode="bicubic")[0, 0]
        case _:
            return noisy


def loss(noisy: Tensor, clean: Tensor, sigma: float, estimate: float) -> float:
    """PSNR in dB with the true sigma less that with the estimate, planes by themselves."""

    def quality(used: float) -> float:
        denoiser = networks.load(min(used, 255.0))
        planes = noisy[None] if noisy.dim() == 2 else noisy.movedim(-1, 0)
        answer = denoiser(planes[:, None], used)[:, 0].clamp(0, 1)
        return psnr(answer, clean[None] if clean.dim() == 2 else clean.movedim(-1, 0))

    return quality(sigma) - quality(estimate)


def line_of(sigma: float, rows: list[dict[str, Any]]) -> str:
    """A row of the table."""

    def mean(name: str) -> float:
        return fmean(row[name] for row in rows)

    def spread(name: str) -> float:
        return math.sqrt(fmean(row[name] ** 2 for row in rows))

    lost = f"{mean('lost'):8.4f}" if rows[0]["lost"] is not None else "       -"
    return (
        f"{sigma:5g}  {100 * mean('error'):7.2f}  {100 * spread('error'):5.2f}"
        f"  {100 * mean('covered'):7.1f}  {mean('seconds'):5.2f} |"
        f" {100 * mean('wavelet'):16.2f}  {100 * spread('wavelet'):5.2f}  {mean('wavelet_seconds'):5.2f} |"
        f" {100 * mean('correlated'):12.1f} {lost}"
    )


if __name__ == "__main__":
    main()
