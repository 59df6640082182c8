"""What several of these scripts share: the pictures that they take, and the network plane by plane."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from linn_cli import pipeline, pyramid
from linn_cli.normalisation import CHROMA_STRENGTH, normalise, restore


def arguments(description: str | None) -> argparse.ArgumentParser:
    """A parser that knows a folder of pictures and which of them to take."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, help="so many pictures, spread over the folder")
    parser.add_argument("--names", type=Path, help="only the pictures named in this file")
    parser.add_argument("--without", type=Path, help="only the other pictures")
    return parser


def choose(pictures: list[Path], options: argparse.Namespace) -> list[Path]:
    """The pictures that the options ask for."""
    if options.names:
        names = options.names.read_text(encoding="utf-8").split()
        pictures = [path for path in pictures if path.name in names]
    if options.without:
        names = options.without.read_text(encoding="utf-8").split()
        pictures = [path for path in pictures if path.name not in names]
    if options.limit:
        pictures = pictures[:: max(1, len(pictures) // options.limit)][: options.limit]
    return pictures


def by_planes(
    noisy: Tensor,
    sigma: float,
    halvings: Sequence[int],
    weight: float = pyramid.WEIGHT,
    strength: float = CHROMA_STRENGTH,
) -> Tensor:
    """Denoise a picture (C, H, W) as `denoiser.Denoiser` does, with these in place of its constants.

    `halvings` are those of each plane. One network, which is made for any sigma, does all of them.
    """
    scales = pipeline.load(sigma, precision="float32", weight_file="dninn-st-1-any").scales
    levels = [sigma] * len(noisy)
    planes = [
        pyramid.stream(scales, [plane[None]], plane.shape[-1], halvings=count, weight=weight)
        for plane, count in zip(normalise(noisy, levels, strength), halvings, strict=True)
    ]
    rows = torch.cat([torch.cat(list(bands), dim=2) for bands in planes])
    return restore(rows, levels, strength)
