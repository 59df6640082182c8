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

With --log each measured picture is a line of JSON, and a later run of the same settings goes on after the last.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import torch

from benchmarks.common import Log, arguments, choose
from linn_cli.denoising import removal
from linn_cli.denoising.networks import Networks
from linn_cli.metrics import add_noise, psnr
from linn_cli.noise import camera, measurement
from linn_cli.noise.camera import CameraNoise
from linn_cli.noise.measurement import CAMERA
from linn_cli.noise.measurement import WHITE as WHITE_NOISE
from linn_cli.noise.request import NoiseProfile, Request
from linn_cli.pictures import reading
from linn_cli.pictures.picture import Picture

CASES = [(peak, read) for peak in (2, 5, 10, 30) for read in (0, 1, 2)]
ALARMS = (2, 5, 10, 25, 50)
WHITE = [(0, sigma) for sigma in (5, 15, 25, 50)]


def main() -> None:
    """Measure and print a table."""
    parser = arguments(__doc__)
    parser.add_argument("--peak", type=int, action="append", help="only this peak")
    parser.add_argument("--log", type=Path)
    parser.add_argument("--alarms", action="store_true")
    options = parser.parse_args()

    pictures = choose(options)
    if options.alarms:
        alarms(pictures)
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
                told, certainty = camera.estimate(noisy * step if step else noisy, step)
                itself = measurement.measure(Picture(noisy[..., None].numpy())).grows
                rows.append((told.gain > 0, itself, certainty if told.gain else 0.0))
            told_so, by_itself, highest = zip(*rows, strict=True)
            print(
                f"{sigma:5}  {'8' if step else 'float':>5}  {100 * fmean(told_so):15.1f}"
                f"  {100 * fmean(by_itself):11.1f}  {max(highest):17.1f}",
                flush=True,
            )


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
