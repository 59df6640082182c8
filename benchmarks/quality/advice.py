"""How often the sigma that the page of `linn denoise --compare` advises is better than the one that was given.

    python -m benchmarks.quality.advice bsd432/ --names weights/held-out.txt --limit 7

Each picture gets noise of every kind, is rounded to 8 bits, and is denoised with half the true sigma, the true one
and twice as much. The sigma of a camera's noise is its root mean square; that of noise which is demosaiced, blurred or
compressed is what it was before. Advice is right where following it raises PSNR.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from benchmarks.common import arguments, choose, read
from linn_cli.api import Denoiser
from linn_cli.evaluation import advice, residual
from linn_cli.metrics import psnr
from linn_cli.pictures.picture import Picture
from linn_cli.units import GREY_LEVELS

Levels = NDArray[np.uint8]
FACTORS = (0.5, 1.0, 2.0)
SIGMAS = (4.0, 7.5, 12.0, 20.0, 35.0, 50.0)
QUALITIES = (75, 85, 92, 95)
SUBSAMPLING = {"JPEG 4:4:4": 0, "JPEG 4:2:0": 2}
KINDS = ("white", "camera", "demosaiced", "blurred", *SUBSAMPLING)
VERDICTS = ("right", "wrong", "silent")
CROP = 128


def main() -> None:
    """Measure and print a table."""
    options = arguments(__doc__).parse_args()
    pictures = choose(options)
    denoiser = Denoiser()
    counts: Counter[tuple[str, float, str]] = Counter()
    gains = []
    for name, factor, gain in (case for at in enumerate(pictures) for case in cases(denoiser, *at)):
        verdict = "silent" if gain is None else "right" if gain > 0 else "wrong"
        counts[name, factor, verdict] += 1
        if gain is not None:
            gains.append(gain)
    print(f"{counts.total()} cases, {len(pictures)} pictures, right / wrong / silent")
    print(f"{'noise':18}" + "".join(f"{f'told x {factor:g}':>16}" for factor in FACTORS))
    for name in sorted({name for name, _, _ in counts}):
        row = (" / ".join(str(counts[name, factor, one]) for one in VERDICTS) for factor in FACTORS)
        print(f"{name:18}" + "".join(f"{cell:>16}" for cell in row))
    total = Counter(verdict for _, _, verdict in counts.elements())
    print(", ".join(f"{total[verdict]} {verdict}" for verdict in VERDICTS))
    if gains:
        print(f"followed: {np.mean(gains):+.2f} dB on average, {min(gains):+.2f} at worst")


def cases(denoiser: Denoiser, index: int, path: Path) -> Iterator[tuple[str, float, float | None]]:
    """Of a picture: the kind of noise, what linn was told times the true sigma, and the gain in dB if advised."""
    for number, (kind, colour) in enumerate((kind, colour) for kind in KINDS for colour in (0, 1)):
        if kind == "JPEG 4:2:0" and not colour:
            continue  # without colour there is nothing to subsample
        clean = read(path, as_grey=not colour, crop=CROP)
        sigma = SIGMAS[(index + number) % len(SIGMAS)]
        noisy = noisy_levels(clean, kind, sigma, seed=100 * index + number)
        for factor in FACTORS:
            gain = gain_by_advice(denoiser, noisy, clean, sigma * factor)
            yield f"{kind}, {'colour' if colour else 'grey'}", factor, gain


def gain_by_advice(denoiser: Denoiser, noisy: Levels, clean: Tensor, told: float) -> float | None:
    """How much PSNR rises if the advice is followed; None without one."""
    answer = denoiser(noisy, told)
    picture = Picture(np.atleast_3d(noisy))
    better = advice.better_sigma(picture, residual.measure(noisy, answer, told))
    if better is None:
        return None
    return psnr(planes(denoiser(noisy, better)), clean) - psnr(planes(answer), clean)


def planes(levels: Levels) -> Tensor:
    """A picture (H, W) or (H, W, 3) in 8 bits as (C, H, W) in [0, 1]."""
    return torch.from_numpy(np.atleast_3d(levels)).permute(2, 0, 1).float() / GREY_LEVELS


def noisy_levels(clean: Tensor, kind: str, sigma: float, seed: int) -> Levels:
    """A clean picture (C, H, W) in [0, 1] with noise, in 8 bits, (H, W) or (H, W, 3)."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(clean.shape, generator=generator) * sigma / GREY_LEVELS
    match kind:
        case "camera":
            noisy = clean + noise * (0.2 + 0.8 * clean / clean.mean()).sqrt()
        case "demosaiced":
            noisy = demosaiced(clean + noise)
        case "blurred":
            noisy = clean + smoothed(noise)
        case _:
            noisy = clean + noise
    levels = (noisy * GREY_LEVELS).round().clamp(0, GREY_LEVELS).byte().permute(1, 2, 0).numpy()
    levels = levels if levels.shape[2] == 3 else levels[:, :, 0]
    if kind not in SUBSAMPLING:
        return levels
    content = io.BytesIO()
    quality = QUALITIES[seed // 100 % len(QUALITIES)]
    Image.fromarray(levels).save(content, "JPEG", quality=quality, subsampling=SUBSAMPLING[kind])
    return np.array(Image.open(content))


def smoothed(noise: Tensor) -> Tensor:
    """Noise (C, H, W) after a binomial filter of 3 x 3."""
    row = torch.tensor([1.0, 2.0, 1.0])
    kernel = (row[:, None] * row / 16).expand(len(noise), 1, 3, 3)
    return F.conv2d(F.pad(noise[None], (1, 1, 1, 1), "reflect"), kernel, groups=len(noise))[0]


def demosaiced(values: Tensor) -> Tensor:
    """Values (C, H, W) as a Bayer sensor measures them, bilinearly interpolated; of grey, the green."""
    rows, columns = torch.meshgrid(*map(torch.arange, values.shape[1:]), indexing="ij")
    green = (rows + columns) % 2 == 1
    masks = torch.stack([~green & (rows % 2 == 0), green, ~green & (rows % 2 == 1)]).float()
    masks = masks if len(values) == 3 else masks[1:2]
    measured = smoothed(values * masks) / smoothed(masks)
    return torch.where(masks > 0, values, measured)


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    main()
