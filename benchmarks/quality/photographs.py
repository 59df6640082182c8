"""What linn's default makes of photographs' noise, beside the best white sigma for luma and chroma.

    python -m benchmarks.quality.photographs REAL/ [--half even|odd] [--grey]
    python -m benchmarks.quality.photographs bsd432/ --names weights/held-out.txt --made [--kind KIND] [--limit N] [--grey]

REAL/ has pairs noisy/NAME and clean/NAME. Choose by the names whose last digit is even, and report the odd ones once.
With --made, noise is made on the centre (256 x 256) of clean pictures, by kind. For each kind it prints how many
pictures linn took for a photograph's noise, and the PSNR in dB of the noisy picture, of `linn denoise`, of that answer
after linn's own JPEG, and of the best of a grid of sigmas by plane (--best, which takes long). With --grey noisy and
clean pictures are turned into grey first.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from benchmarks.common import arguments, choose, read
from linn_cli.denoising import removal
from linn_cli.denoising.networks import Networks
from linn_cli.metrics import psnr
from linn_cli.network.planes import from_channels
from linn_cli.noise.profile import NoiseProfile
from linn_cli.noise.request import Request
from linn_cli.pictures import reading, writing
from linn_cli.pictures.formats import format_named
from linn_cli.pictures.picture import Document, Picture
from linn_cli.units import GREY_LEVELS, Sigma

_SIDE = 256
_GRID = (2.0, 3.5, 5.5, 8.0, 11.0, 15.0, 20.0, 27.0, 36.0, 50.0)
_GAMMA = 2.2

Pair = tuple[str, Tensor, Tensor]


def _noise(like: Tensor, seed: int) -> Tensor:
    return torch.randn(like.shape, generator=torch.Generator().manual_seed(seed))


def _jpeg(picture: Tensor, quality: int, subsampling: int) -> Tensor:
    file = io.BytesIO()
    levels = (GREY_LEVELS * picture).round().clamp(0, GREY_LEVELS).byte().permute(1, 2, 0)
    Image.fromarray(levels.numpy()).save(file, "JPEG", quality=quality, subsampling=subsampling)
    with Image.open(file) as image:
        return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / GREY_LEVELS


def _blurred(noise: Tensor, radius: float) -> Tensor:
    reach = int(4 * radius) + 1
    place = torch.arange(-reach, reach + 1).float()
    weights = torch.exp(-((place / radius) ** 2) / 2)
    weights /= weights.sum()
    padded = F.pad(noise[:, None], [reach] * 4, "reflect")
    rows = F.conv2d(padded, weights[None, None, None])
    blurred = F.conv2d(rows, weights[None, None, :, None])[:, 0]
    return blurred / blurred.std()


def _sensor(picture: Tensor, gain: float, read_noise: float, seed: int) -> Tensor:
    light = picture**_GAMMA
    return light + (gain * light + read_noise**2).sqrt() * _noise(light, seed)


def _developed(light: Tensor) -> Tensor:
    return light.clamp(0, 1) ** (1 / _GAMMA)


def _demosaiced(light: Tensor) -> Tensor:
    """A Bayer mosaic of light (3, H, W), interpolated linearly."""
    mosaic = torch.zeros_like(light)
    mosaic[0, ::2, ::2] = mosaic[1, ::2, 1::2] = mosaic[1, 1::2, ::2] = mosaic[2, 1::2, 1::2] = 1
    kernel = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]])[None, None]
    sums, weights = (
        F.conv2d(F.pad(plane, [1] * 4, "reflect")[:, None], kernel)[:, 0]
        for plane in (light * mosaic, mosaic)
    )
    return sums / weights


Maker = Callable[[Tensor, int], tuple[Tensor, Tensor]]


def _white(sigma: float) -> Maker:
    return lambda clean, seed: (clean + sigma / GREY_LEVELS * _noise(clean, seed), clean)


def _compressed(sigma: float, quality: int, subsampling: int) -> Maker:
    def make(clean: Tensor, seed: int) -> tuple[Tensor, Tensor]:
        return _jpeg(_white(sigma)(clean, seed)[0], quality, subsampling), clean

    return make


def _coarse(radius: float, sigma: float, planes: int = 3) -> Maker:
    def make(clean: Tensor, seed: int) -> tuple[Tensor, Tensor]:
        return clean + sigma / GREY_LEVELS * _blurred(_noise(clean[:planes], seed), radius), clean

    return make


def _camera(gain: float, read_noise: float, *, mosaic: bool) -> Maker:
    def make(clean: Tensor, seed: int) -> tuple[Tensor, Tensor]:
        noisy = _sensor(clean, gain, read_noise, seed)
        if not mosaic:
            return _developed(noisy), clean
        return _developed(_demosaiced(noisy)), _developed(_demosaiced(clean**_GAMMA))

    return make


KINDS: dict[str, Maker] = {
    "no noise": lambda clean, _: (clean, clean),
    "white 12": _white(12),
    "white 12, JPEG 92 4:4:4": _compressed(12, 92, 0),
    "white 12, JPEG 92 4:2:0": _compressed(12, 92, 2),
    "white 12, JPEG 85 4:2:0": _compressed(12, 85, 2),
    "blurred by 0.8, 12": _coarse(0.8, 12),
    "grain 1.5, 12": _coarse(1.5, 12, planes=1),
    "sensor": _camera(0.006, 0.01, mosaic=False),
    "demosaiced": _camera(0.006, 0.01, mosaic=True),
}


def main() -> None:
    """Measure and print a table."""
    parser = arguments(__doc__)
    parser.add_argument("--half", choices=("even", "odd"), default="even")
    parser.add_argument("--made", action="store_true")
    parser.add_argument("--kind", choices=tuple(KINDS), help="only this kind of noise")
    parser.add_argument("--best", action="store_true")
    parser.add_argument("--grey", action="store_true")
    options = parser.parse_args()
    pairs = (
        _made(choose(options), options.kind)
        if options.made
        else _real(options.folder, options.half)
    )
    networks = Networks()
    rows: dict[str, list[list[float]]] = {}
    for kind, *pair in pairs:
        noisy, clean = map(_in_grey, pair) if options.grey else pair
        rows.setdefault(kind, []).append(measure(networks, noisy, clean, best=options.best))
    print(f"{'kind':>24}  pictures  photo  noisy  linn  as JPEG  best")
    for kind, found in rows.items():
        photo, *scores = zip(*found, strict=True)
        means = map(fmean, scores)
        columns = "  ".join(f"{mean:.2f}" for mean in means)
        print(f"{kind:>24}  {len(found):8}  {sum(photo):5.0f}  {columns}")


def measure(networks: Networks, noisy: Tensor, clean: Tensor, *, best: bool) -> list[float]:
    """Whether it is taken for a photograph's noise, and PSNR: noisy, default, default as JPEG, and best."""
    levels = (GREY_LEVELS * noisy).round().clamp(0, GREY_LEVELS).byte()
    picture = Picture(levels.permute(1, 2, 0).contiguous().numpy())
    profile = Request().find(picture)

    def removed(profile: NoiseProfile) -> Tensor:
        return removal.remove(networks, levels[None], profile)[0][0]

    answer = removed(profile)
    file = io.BytesIO()
    document = Document((Picture(answer.permute(1, 2, 0).numpy()),), format_named("jpeg"))
    writing.encode(file, document, document.format)
    file.seek(0)
    stored = torch.from_numpy(reading.decode(file, "").frames[0].values).permute(2, 0, 1)
    scores = [psnr(one.float() / GREY_LEVELS, clean) for one in (levels, answer, stored)]
    if best:
        plain = replace(profile, cameras=(), chroma=(1.0, 1.0), photo=(), photo_half=())
        truth = from_channels(clean)
        squares = [(from_channels(levels.float() / GREY_LEVELS) - truth).square().mean((1, 2))]
        for sigma in _GRID:
            told = replace(plain, sigma=Sigma((sigma,) * len(levels)))
            squares.append(
                (from_channels(removed(told).float() / GREY_LEVELS) - truth).square().mean((1, 2))
            )
        least = torch.stack(squares).min(0).values.mean()
        scores.append(-10 * least.log10().item())
    return [float(bool(profile.photo)), *scores]


def _in_grey(picture: Tensor) -> Tensor:
    """As Pillow turns colour into grey."""
    levels = (GREY_LEVELS * picture).round().clamp(0, GREY_LEVELS).byte().permute(1, 2, 0)
    grey = Image.fromarray(levels.numpy()).convert("L")
    return torch.from_numpy(np.array(grey))[None].float() / GREY_LEVELS


def _made(paths: list[Path], kind: str | None) -> Iterator[Pair]:
    for name, make in KINDS.items():
        if kind not in (None, name):
            continue
        for index, path in enumerate(paths):
            yield name, *make(read(path, crop=_SIDE), index)


def _real(folder: Path, half: str) -> Iterator[Pair]:
    for path in sorted((folder / "noisy").iterdir()):
        if (int(path.stem[-1]) % 2 == 0) == (half == "even"):
            yield path.name.split("_")[0], read(path), read(folder / "clean" / path.name)


if __name__ == "__main__":
    main()
