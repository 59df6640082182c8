"""Zarrs for tests, and the answer that is expected of each plane."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from linn_cli.denoising.networks import Networks
from linn_cli.denoising.outcome import Outcome
from linn_cli.denoising.planning import Existing
from linn_cli.noise.request import Request
from linn_cli.units import Sigma

zarr = pytest.importorskip("zarr", reason="needs the extra linn-cli[zarr]")

SIGMA = 20.0
REQUEST = Request(Sigma((SIGMA,)))
# Small networks, since it is the way through the volume that is tested.
NETWORKS = Networks(precision="float32", fast=True)
# Of a volume and of the same plane in memory, in units of white.
TOLERANCE = 1.5e-5


def noisy(shape: tuple[int, ...], dtype: str = "float32", seed: int = 0) -> NDArray[Any]:
    """Planes (..., H, W) of waves over the whole range, with noise of SIGMA."""
    rows, columns = np.mgrid[: shape[-2], : shape[-1]]
    clean = 0.5 + 0.25 * np.sin(rows / 9) + 0.2 * np.cos(columns / 7)
    values = clean + np.random.default_rng(seed).normal(0, SIGMA / 255, shape)
    if dtype == "float32":
        return np.asarray(values, np.float32)
    white = np.iinfo(dtype).max
    answer: NDArray[Any] = (values * white).round().clip(0, white).astype(dtype)
    return answer


def ome(path: Path, values: NDArray[Any], axes: str, version: str = "0.5", **options: Any) -> Path:
    """An OME-Zarr of two levels; version 0.4 lies in Zarr 2."""
    group = zarr.open_group(path, mode="w", zarr_format=2 if version == "0.4" else 3)
    kinds = {"c": "channel", "t": "time"}
    named = [{"name": axis, "type": kinds.get(axis, "space")} for axis in axes]
    factors = [2 if axis in "yx" else 1 for axis in axes]
    smaller = values[tuple(slice(None, None, factor) for factor in factors)]
    for name, level in (("0", values), ("1", smaller)):
        group.create_array(name, data=level, **options)
    datasets = [
        {"path": name, "coordinateTransformations": [{"type": "scale", "scale": scale}]}
        for name, scale in (("0", [1] * len(axes)), ("1", factors))
    ]
    facts = {"multiscales": [{"axes": named, "datasets": datasets, "version": version}]}
    group.attrs.update(facts if version == "0.4" else {"ome": {"version": version, **facts}})
    return path


def plain(path: Path, values: NDArray[Any], **options: Any) -> Path:
    """An array by itself."""
    zarr.create_array(path, data=values, **options)
    return path


def denoised(source: Path, target: Path, request: Request = REQUEST, **wanted: Any) -> Outcome:
    """Denoise a Zarr into another."""
    from linn_cli.volumes.addresses import Job
    from linn_cli.volumes.run import Wanted, run

    return run(Job(str(source), str(target)), NETWORKS, request, Wanted(**wanted))


def overwriting() -> dict[str, Any]:
    return {"existing": Existing(overwrite=True)}


def expected(plane: NDArray[Any], request: Request = REQUEST) -> NDArray[Any]:
    """The answer for a plane (H, W) or (H, W, 3) in memory."""
    from linn_cli import denoise

    sigma = request.sigma or "auto"
    return denoise(plane, sigma, noise=request.model, precision="float32", fast=True)


def assert_close(answer: NDArray[Any], wanted: NDArray[Any]) -> None:
    """Equal to the tolerance; integers may be rounded the other way."""
    white = 1 if wanted.dtype.kind == "f" else np.iinfo(wanted.dtype).max
    limit = TOLERANCE if white == 1 else max(1.0, TOLERANCE * white)
    assert answer.dtype == wanted.dtype
    np.testing.assert_allclose(answer.astype(float), wanted.astype(float), rtol=0, atol=limit)
