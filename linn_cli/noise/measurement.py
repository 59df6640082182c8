"""Measure the noise of a picture: estimates by channel, and what speaks against its being white."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from linn_cli import samples
from linn_cli.engine.load import with_threads
from linn_cli.engine.pyramid import halve
from linn_cli.noise import (
    _patch_statistics,
    camera_fit,
    clipping,
    correlated,
    estimation,
    hot_pixels,
    photograph,
)
from linn_cli.noise._sampling import sampled
from linn_cli.noise.camera import CameraNoise
from linn_cli.noise.clipping import Clipping
from linn_cli.noise.hot_pixels import HotPixels
from linn_cli.noise.measured import Measured
from linn_cli.noise.photograph import Plane
from linn_cli.pictures import holes
from linn_cli.pictures.picture import Picture

# Estimates sort and count much and multiply little, so that threads would wait for each other.
_ALONE = with_threads(1)


@_ALONE
def measure(picture: Picture, *, grows: bool = True) -> Measured:
    """Estimate the white noise of a picture, where it is not wholly transparent.

    Args:
        picture: also looked at for what is not white about its noise.
        grows: look whether it grows with brightness, or is a photograph's, too.

    Raises:
        InputError: the picture is too small, or holds values that are not finite.
    """
    picture = sampled(picture)
    planes, step, visible = _planes(picture)
    patches = [_patch_statistics.measure(plane, visible) for plane in planes]
    channels = tuple(estimation.from_patches(one, step) for one in patches)
    overall = estimation.overall(channels)
    halves = (
        estimation.stronger_in_half(plane, whole, step, visible)
        for plane, whole in zip(planes, channels, strict=True)
    )
    correlated_half = [half for half in halves if half]
    photo = photograph.find(planes, visible, is_coarse=bool(correlated_half)) if grows else ()
    if correlated_half or photo:
        found = estimation.overall(correlated_half) if correlated_half else None
        return Measured(channels, overall, found, photo=photo)
    white = Measured(channels, overall)
    if not grows:
        return white
    fits = camera_fit.fit_channels(patches, channels, step)
    if all(one.is_white for one, _ in fits):
        return white
    if not any(one.encoded for one, _ in fits):
        white = replace(white, clipped=find_clipping(picture, white.sigma))
        if white.clipped and white.clipped.black:  # such noise is weaker in the dark, too
            return white
    certainty = max(certainty for one, certainty in fits if not one.is_white)
    return replace(white, cameras=tuple(one for one, _ in fits), certainty=certainty)


@_ALONE
def measure_correlated(picture: Picture) -> list[Measured]:
    """Estimate correlated noise of a picture, of its half, and so on; see `correlated.measure`."""
    return [
        Measured(channels, estimation.overall(channels))
        for channels in correlated.measure(*_planes(sampled(picture)))
    ]


@_ALONE
def measure_photo(picture: Picture) -> tuple[Plane, ...]:
    """The coarse noise of a photograph's luma and chroma; () if the picture is too small or flat."""
    planes, _, visible = _planes(sampled(picture))
    return photograph.assume(planes, visible)


@_ALONE
def measure_photo_of_half(picture: Picture) -> tuple[Plane, ...]:
    """`measure_photo` for the picture of half the size."""
    planes, _, visible = _planes(sampled(picture))
    halves = [halve(plane[None, None])[0, 0] for plane in planes]
    seen = None if visible is None else halve(visible[None, None].float())[0, 0] == 1
    return photograph.assume(halves, seen)


@_ALONE
def find_photo(picture: Picture) -> tuple[Plane, ...]:
    """The clearly coarse noise of a colour picture, as photographs have it; () without, however strong its noise is."""
    if not picture.is_colour:
        return ()
    planes, _, visible = _planes(sampled(picture))
    return photograph.find(planes, visible)


@_ALONE
def measure_camera(picture: Picture) -> list[CameraNoise]:
    """Estimate gain and read noise of each channel; see `measure` for errors."""
    planes, step, visible = _planes(sampled(picture))
    patches = [_patch_statistics.measure(plane, visible) for plane in planes]
    channels = [estimation.from_patches(one, step) for one in patches]
    return [one for one, _ in camera_fit.fit_channels(patches, channels, step)]


@_ALONE
def find_hot_pixels(picture: Picture, *, asked: bool) -> HotPixels | None:
    """The hot pixels, salt and pepper of a picture; None if there are hardly any, or none that were `asked` for."""
    part = sampled(picture)
    values = part.scale.to_floats(torch.from_numpy(_finite(part)))
    return hot_pixels.find(values.permute(2, 0, 1), asked=asked)


def find_lonely(picture: Picture) -> tuple[str, ...]:
    """What to say of a value that many pixels of a picture in its own range have and no other comes near; () without."""
    if picture.range is None:
        return ()
    part = sampled(picture)
    value = holes.lonely(part.values if part.holes is None else part.values[~part.holes])
    if value is None:
        return ()
    return (
        f"many values are {value:g}, far from all others: if that stands for no value, a tag has to say so "
        f"(gdal_edit -a_nodata {value:g})",
    )


def without(picture: Picture, hot: HotPixels) -> Picture:
    """What tells the noise of a picture, without its hot pixels."""
    part = sampled(picture)
    values = part.scale.to_floats(torch.from_numpy(_finite(part))).permute(2, 0, 1)[None]
    cleaned = part.scale.from_floats(
        hot_pixels.removed(values, hot)[0], torch.from_numpy(part.values[:0]).dtype
    )
    return part.with_values(cleaned.permute(1, 2, 0).numpy())


def find_clipping(picture: Picture, sigma: tuple[float, ...]) -> Clipping:
    """Where a picture's levels cut its noise off, as `clipping.find_in` finds it."""
    part = sampled(picture)
    if part.range is None and part.holes is None:
        return clipping.find_in(torch.from_numpy(part.values).permute(2, 0, 1)[None], sigma)
    floats = part.scale.to_floats(torch.from_numpy(_finite(part)))
    return clipping.find_in(floats.permute(2, 0, 1)[None], sigma)


def _planes(picture: Picture) -> tuple[list[Tensor], float, Tensor | None]:
    """The channels, white at 1, the step between their levels, and which pixels are known; None for all.

    Hot pixels would be taken for noise, and are not among them.
    """
    planes = picture.scale.to_floats(torch.from_numpy(_finite(picture))).permute(2, 0, 1)
    if picture.is_colour and samples.is_grey(planes):
        planes = planes[:1]  # grey stored as colour
    known = None if picture.known is None else torch.from_numpy(picture.known)
    if hot := hot_pixels.find(planes):
        planes = hot_pixels.removed(planes[None], hot)[0]
    return list(planes), picture.step, known


def _finite(picture: Picture) -> NDArray[Any]:
    """The values; where there is none, that of a pixel beside it, since any other would stand out, or else 0."""
    values, unknown = picture.values, picture.holes
    if unknown is None:
        return values
    for axis in (1, 0):
        values, unknown = _carried(values, unknown, axis)
    return np.where(unknown, 0, values).astype(values.dtype)


def _carried(
    values: NDArray[Any], unknown: NDArray[np.bool_], axis: int
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Values with the one before along an axis, or else the one after, where they are unknown; and where they still are."""
    index = np.moveaxis(np.arange(values.shape[axis])[:, None, None], 0, axis)
    before = np.maximum.accumulate(np.where(unknown, 0, index), axis)
    places = np.maximum(before, unknown.argmin(axis, keepdims=True))
    lost = unknown.all(axis, keepdims=True)
    return np.take_along_axis(values, places, axis), np.broadcast_to(lost, values.shape)
