"""What the stabilising transform gains on camera noise: PSNR in dB with it and without.

    python -m benchmarks.quality.camera BSD68/ [--limit N] [--peak N] [--log FILE]

Each picture gets Poisson noise of a sensor whose white is `peak` counts and Gaussian read noise in
counts; peak 0 stands for white noise of sigma `read`, in grey levels. Neither is clipped or rounded.

- white: `--noise white`, which takes the noise for white and estimates its sigma;
- estimated: `--noise camera`, gain and read noise estimated from the picture;
- true: the same with the true ones;
- by itself: in how many per cent of the pictures linn takes the noise for a camera's without being told.

--alarms only estimates, on white noise, in floats and in 8 bits: in how many per cent of the pictures `--noise
camera` finds a gain, in how many linn finds one by itself, and how many times its standard error it is at most.

--encoded makes the noise in light and stores it by a curve, on the middle 256 x 256 pixels, in grey and in colour: PSNR
with `--noise white`, by default, with the best single sigma of some around the truth, and with the truth told.

With --log each measured picture is a line of JSON, and a later run of the same settings goes on after the last.
"""

from __future__ import annotations

from functools import partial
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from torch import Tensor

from benchmarks import common
from benchmarks.common import Log, arguments, choose
from linn_cli import samples
from linn_cli.denoising import removal
from linn_cli.denoising.loaded_network import Change
from linn_cli.denoising.networks import Networks
from linn_cli.metrics import add_noise, psnr
from linn_cli.noise import camera_fit, encoding, measurement
from linn_cli.noise.camera import CameraNoise
from linn_cli.noise.measured import CAMERA
from linn_cli.noise.measured import WHITE as WHITE_NOISE
from linn_cli.noise.profile import NoiseProfile
from linn_cli.noise.request import AUTO, Request
from linn_cli.pictures import reading
from linn_cli.pictures.picture import Picture
from linn_cli.units import GREY_LEVELS, Sigma

CASES = [(peak, read) for peak in (2, 5, 10, 30) for read in (0, 1, 2)]
ENCODED = ((1000, 3), (200, 2), (50, 1))
CURVES: dict[str, tuple[Change, Change]] = {
    "srgb": (encoding.to_light, encoding.to_values),
    "2.2": (lambda values: values**2.2, lambda light: light.clamp(min=0) ** (1 / 2.2)),
    "linear": (lambda values: values, lambda light: light),
}
ALARMS = (2, 5, 10, 25, 50)
WHITE = [(0, sigma) for sigma in (5, 15, 25, 50)]


def main() -> None:
    """Measure and print a table."""
    parser = arguments(__doc__)
    parser.add_argument("--peak", type=int, action="append", help="only this peak")
    parser.add_argument("--log", type=Path)
    parser.add_argument("--alarms", action="store_true")
    parser.add_argument("--encoded", action="store_true")
    options = parser.parse_args()

    pictures = choose(options)
    if options.alarms:
        alarms(pictures)
        return
    if options.encoded:
        encoded(pictures)
        return
    log = Log(options)
    print(f"{len(pictures)} pictures")
    print("peak  read   white  estimated    true  gain (dB)  worst (dB)  by itself %")
    for peak, read in CASES + WHITE:
        if options.peak and peak not in options.peak:
            continue
        rows = [
            log.row(
                {"name": path.name, "peak": peak, "read": read},
                partial(measure, path, peak, read, index),
            )
            for index, path in enumerate(pictures)
        ]
        white, estimated, true, by_itself = (
            fmean(row[name] for row in rows) for name in ("white", "estimated", "true", "itself")
        )
        worst = min(row["estimated"] - row["white"] for row in rows)
        print(
            f"{peak:4}  {read:4}  {white:6.2f}  {estimated:9.2f}  {true:6.2f}"
            f"  {estimated - white:9.3f}  {worst:10.3f}  {100 * by_itself:11.1f}",
            flush=True,
        )


def alarms(pictures: list[Path]) -> None:
    """Print how often white noise seems to grow with brightness."""
    print(f"{len(pictures)} pictures\nsigma   bits  camera %  by itself %  highest certainty")
    for sigma in ALARMS:
        for step in (0.0, 1 / 255):
            rows = []
            for index, path in enumerate(pictures):
                clean = torch.from_numpy(reading.read_levels(path)).float() / 255
                noisy = add_noise(clean, sigma / 255, seed=index)
                if step:
                    noisy = (noisy / step).round().clamp(0, 255).to(torch.uint8)
                told, certainty = camera_fit.estimate(noisy * step if step else noisy, step)
                itself = measurement.measure(Picture(noisy[..., None].numpy())).grows
                rows.append((told.gain > 0, itself, certainty if told.gain else 0.0))
            told_so, by_itself, highest = zip(*rows, strict=True)
            print(
                f"{sigma:5}  {'8' if step else 'float':>5}  {100 * fmean(told_so):15.1f}"
                f"  {100 * fmean(by_itself):11.1f}  {max(highest):17.1f}",
                flush=True,
            )


def encoded(pictures: list[Path]) -> None:
    """Print what becomes of light's noise behind a curve."""
    print(
        f"{len(pictures)} pictures\ncurve   peak  read  bits  channels  white  default   best   true  found %"
    )
    for (name, (to_light, to_values)), bits, as_grey in product(
        CURVES.items(), (8, 16), (True, False)
    ):
        for peak, read in ENCODED:
            rows = []
            for index, path in enumerate(pictures):
                clean = common.read(path, as_grey=as_grey, crop=256)
                generator = torch.Generator().manual_seed(index)
                counts = torch.poisson(peak * to_light(clean).double(), generator=generator)
                normal = torch.randn(clean.shape, generator=generator).double()
                stored = to_values((counts + read * normal) / peak).clamp(0, 1)
                levels = (stored * (2**bits - 1)).round().to(getattr(torch, f"uint{bits}"))
                truth = CameraNoise(1 / peak, read / peak, encoded=name != "linear")
                rows.append(_qualities(levels, clean, truth))
            white, default, best, true, found = (
                fmean(column) for column in zip(*rows, strict=True)
            )
            print(
                f"{name:6}  {peak:4}  {read:4g}  {bits:4}  {1 if as_grey else 3:8}  {white:5.2f}  {default:7.2f}"
                f"  {best:5.2f}  {true:5.2f}  {100 * found:7.0f}",
                flush=True,
            )


def _qualities(
    levels: Tensor, clean: Tensor, truth: CameraNoise
) -> tuple[float, float, float, float, float]:
    networks = Networks()
    picture = Picture(levels.permute(1, 2, 0).numpy())
    profiles = [Request(model=model).find(picture) for model in (WHITE_NOISE, AUTO)]
    profiles.append(NoiseProfile.from_cameras((truth,) * len(clean)))
    mean = GREY_LEVELS * truth.deviations_at(clean.double()).square().mean().sqrt().item()
    profiles += [NoiseProfile(Sigma((factor * mean,))) for factor in (0.7, 0.85, 1.0, 1.2)]
    white, default, true, *single = (
        psnr(
            samples.to_floats(removal.remove(networks, levels[None], one)[0][0]).clamp(0, 1), clean
        )
        for one in profiles
    )
    return white, default, max(single), true, float(profiles[1].grows)


def measure(path: Path, peak: int, read: int, index: int) -> dict[str, Any]:
    """The PSNR of one picture by each way."""
    clean = torch.from_numpy(reading.read_levels(path)).double() / 255
    generator = torch.Generator().manual_seed(index)
    counts = torch.poisson(peak * clean, generator=generator)
    normal = torch.randn(clean.shape, generator=generator).double()
    if peak:
        noisy, truth = (counts + read * normal) / peak, CameraNoise(1 / peak, read / peak)
    else:
        noisy, truth = clean + read / 255 * normal, CameraNoise(0.0, read / 255)
    picture = Picture(noisy.float()[..., None].numpy())
    white, found = (Request(model=model).find(picture) for model in (WHITE_NOISE, CAMERA))
    networks = Networks()

    def quality(what: NoiseProfile) -> float:
        answer, _ = removal.remove(networks, noisy[None, None].float(), what)
        return psnr(answer[0, 0].clamp(0, 1), clean)

    [camera] = found.cameras
    return {
        "white": quality(white),
        "estimated": quality(found),
        "true": quality(NoiseProfile.from_cameras((truth,))),
        "itself": measurement.measure(picture).grows,
        "found": [camera.gain, camera.read],
    }


if __name__ == "__main__":
    main()
