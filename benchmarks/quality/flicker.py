"""How much of what linn leaves flickers: a still scene as a video, with fresh noise in each frame.

    python -m benchmarks.quality.flicker FOLDER [--sigma N ...] [--frames N] [--crop N] [--limit N] [--names FILE]

Of noisy and denoised videos, in grey levels: how far a pixel strays from its own mean over the frames (what changes,
which is seen as flicker), how far that mean is from the clean picture (what stays wrong), both as root mean squares,
and how far the mean brightness of a frame strays.
The video is lossless, so that no codec hides or adds any.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import av
import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks import common
from linn_cli.denoising import jobs
from linn_cli.denoising.job_list import Job
from linn_cli.denoising.networks import Networks
from linn_cli.metrics import add_noise
from linn_cli.noise.request import Request
from linn_cli.units import GREY_LEVELS, Sigma
from linn_cli.videos import frames

Film = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Flicker:
    """What is wrong with the frames of a still scene, in grey levels: what changes, what stays, and their brightness."""

    changes: float
    stays: float
    brightness: float

    @classmethod
    def of(cls, film: Film, clean: Film) -> Flicker:
        """Measure frames (N, H, W, C) against the clean picture (H, W, C)."""
        changes = float(film.var(axis=0, ddof=1).mean())
        # The mean of so few frames still holds some of what changes.
        stays = float(((film.mean(axis=0) - clean) ** 2).mean()) - changes / len(film)
        return cls(
            changes**0.5,
            max(stays, 0.0) ** 0.5,
            float(film.mean(axis=(1, 2, 3)).std(ddof=1)),
        )


def main() -> None:
    """Measure and print a table."""
    parser = common.arguments(__doc__)
    parser.add_argument("--sigma", type=float, nargs="+", default=[15.0, 25.0, 50.0])
    parser.add_argument("--frames", type=int, default=8)
    parser.add_argument("--crop", type=int, default=common.CROP)
    options = parser.parse_args()
    pictures = [common.read(path, crop=options.crop) for path in common.choose(options)]
    networks = Networks()
    print(f"{len(pictures)} pictures, {options.frames} frames each, in grey levels")
    print("sigma  video     changes   stays  brightness")
    for sigma in options.sigma:
        pairs = [measure(one, sigma, options.frames, networks) for one in pictures]
        for name, measured in zip(("noisy", "denoised"), zip(*pairs, strict=True), strict=True):
            means = [
                fmean(getattr(one, kind) for one in measured)
                for kind in ("changes", "stays", "brightness")
            ]
            print(f"{sigma:5g}  {name:8}{means[0]:9.2f}{means[1]:8.2f}{means[2]:12.3f}", flush=True)


def measure(
    clean: torch.Tensor, sigma: float, count: int, networks: Networks
) -> tuple[Flicker, Flicker]:
    """A still scene (C, H, W) as a video, before and after."""
    noisy = [
        (add_noise(clean, sigma / GREY_LEVELS, seed=seed) * GREY_LEVELS).round().clamp(0, 255)
        for seed in range(count)
    ]
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "noisy.mkv", Path(folder) / "clean.mkv"
        write(source, [one.expand(3, -1, -1).permute(1, 2, 0).byte().numpy() for one in noisy])
        outcome = jobs.run(Job(source, target), networks, Request(Sigma((sigma,))))
        if outcome.error:
            raise SystemExit(outcome.error)
        truth = (clean * GREY_LEVELS).expand(3, -1, -1).permute(1, 2, 0).double().numpy()
        before, after = (np.stack(list(read(path))) for path in (source, target))
    return Flicker.of(before, truth), Flicker.of(after, truth)


def write(path: Path, film: list[NDArray[np.uint8]]) -> None:
    """Write frames without loss."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.height, stream.width = film[0].shape[:2]
        stream.pix_fmt = "bgr0"
        for picture in film:
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="bgr0")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def read(path: Path) -> Iterator[Film]:
    """Read the frames of a video."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield frames.to_array(frame).astype(np.float64)


if __name__ == "__main__":
    main()
