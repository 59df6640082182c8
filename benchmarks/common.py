"""What several of these scripts share: the pictures that they take, their logs, and networks tried on them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from torch import Tensor

from linn_cli.denoising import networks
from linn_cli.engine import pyramid
from linn_cli.engine.normalisation import CHROMA_STRENGTH, normalise, restore
from linn_cli.metrics import add_noise, psnr
from linn_cli.pictures import folders, reading
from linn_cli.units import GREY_LEVELS

# The side of what is taken of a held-out picture where many networks are tried.
CROP = 240


def script_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser that shows a script's docstring as it stands."""
    return argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def arguments(description: str | None, *, held_out: bool = False) -> argparse.ArgumentParser:
    """A parser that knows a folder of pictures and which of them to take; see `choose`.

    A script that decides a constant takes `held_out` pictures only: their names must be given.
    """
    parser = script_parser(description)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, help="so many pictures, spread over the folder")
    parser.add_argument(
        "--names", type=Path, required=held_out, help="only the pictures named in this file"
    )
    parser.add_argument("--without", type=Path, help="only the other pictures")
    return parser


def by_name(pictures: list[Path], options: argparse.Namespace) -> list[Path]:
    """The pictures that `--names` and `--without` leave."""
    if options.names:
        names = options.names.read_text(encoding="utf-8").split()
        pictures = [path for path in pictures if path.name in names]
    if options.without:
        names = options.without.read_text(encoding="utf-8").split()
        pictures = [path for path in pictures if path.name not in names]
    return pictures


def choose(options: argparse.Namespace) -> list[Path]:
    """The pictures that the options ask for; `--names weights/held-out.txt` are the held-out ones."""
    pictures = by_name(folders.list_pictures(options.folder), options)
    if options.limit:
        pictures = pictures[:: max(1, len(pictures) // options.limit)][: options.limit]
    return pictures


def read(path: Path, *, as_grey: bool = False, crop: int | None = None) -> Tensor:
    """A picture (C, H, W) in [0, 1]; of `crop`, the centre, at most so high and wide."""
    levels = torch.from_numpy(reading.read_levels(path, as_grey=as_grey)).float() / GREY_LEVELS
    planes = levels[None] if levels.dim() == 2 else levels.permute(2, 0, 1)
    if crop is None:
        return planes
    height, width = (min(side, crop) for side in planes.shape[1:])
    top, left = (planes.shape[1] - height) // 2, (planes.shape[2] - width) // 2
    return planes[:, top : top + height, left : left + width]


def mean_psnr(
    pictures: Sequence[Tensor], sigma: float, denoise: Callable[[Tensor], Tensor]
) -> float:
    """The mean PSNR in dB of what `denoise` makes of pictures in [0, 1], by the published protocol."""
    return fmean(
        psnr(denoise(add_noise(clean, sigma / GREY_LEVELS, seed=index)).clamp(0, 1), clean)
        for index, clean in enumerate(pictures)
    )


def network_psnr(
    pictures: Sequence[Tensor],
    sigma: float,
    weight_file: Path | None,
    precision: str = "float32",
) -> float:
    """`mean_psnr` of weights over pictures (C, H, W)."""
    channels = pictures[0].shape[0]
    network = networks.load(sigma, channels, weight_file=weight_file, precision=precision)
    return mean_psnr(pictures, sigma, lambda noisy: network(noisy[None], sigma)[0])


# Which of a log's lines are wanted, not what they say.
_NO_SETTINGS = ("log", "sigma", "peak")


class Log:
    """Lines of JSON in a file, one for each thing measured, by which a later run with the same settings goes on."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.path: Path | None = options.log
        mine = vars(options).items()
        self.settings = {name: str(value) for name, value in mine if name not in _NO_SETTINGS}
        lines = self.path.read_text(encoding="utf-8") if self.path and self.path.exists() else ""
        self.rows: list[dict[str, Any]] = [json.loads(line) for line in lines.splitlines()]

    def row(self, key: dict[str, Any], measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What was measured for `key` before, or is now."""
        wanted = {**key, "settings": self.settings}
        for row in self.rows:
            if wanted.items() <= row.items():
                return row
        row = {**wanted, **measure()}
        if self.path:
            with self.path.open("a", encoding="utf-8") as log:
                log.write(json.dumps(row) + "\n")
        return row


def by_planes(
    noisy: Tensor,
    sigma: float,
    halvings: Sequence[int],
    weight: float = pyramid.WEIGHT,
    strength: float = CHROMA_STRENGTH,
) -> Tensor:
    """Denoise a picture (C, H, W) as `LoadedNetwork` does, with these in place of its constants.

    `halvings` are those of each plane. One network, which is made for any sigma, does all of them.
    """
    scales = networks.load(sigma, precision="float32", weight_file="dninn-st-1-any").scales
    levels, chroma = [sigma] * len(noisy), [strength] * 2
    planes = [
        pyramid.stream(scales, [plane[None]], plane.shape[-1], halvings=count, weight=weight)
        for plane, count in zip(normalise(noisy, levels, chroma), halvings, strict=True)
    ]
    rows = torch.cat([torch.cat(list(bands), dim=2) for bands in planes])
    return restore(rows, levels, chroma)
