from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from linn_cli.denoising import estimates, jobs
from linn_cli.denoising.job_list import Job
from linn_cli.denoising.networks import Networks
from linn_cli.errors import InputError
from linn_cli.noise.request import Request
from linn_cli.pictures import tiff_pages, tiff_rows
from linn_cli.pictures.reading import MOST_PIXELS

SIGMAS = 8.0, 20.0, 14.0


@pytest.fixture
def planes() -> NDArray[np.uint16]:
    chance = np.random.default_rng(0)
    clean = 120 + 50 * np.sin(np.mgrid[:96, :112][1] / 9)
    noisy = [clean + chance.normal(0, sigma, clean.shape) for sigma in SIGMAS]
    return (np.stack(noisy).clip(0, 255) * 257).astype(np.uint16)


@pytest.mark.parametrize("is_large", [False, True])
@pytest.mark.parametrize("layout", ["contig", "separate", "pages", "channels in pages"])
def test_every_plane_has_the_noise_that_is_removed_from_it(
    planes: NDArray[np.uint16],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    layout: str,
    is_large: bool,
) -> None:
    job = Job(tmp_path / "a.tif", tmp_path / "b.tif")
    if layout in ("contig", "separate"):
        stored = np.moveaxis(planes, 0, -1) if layout == "contig" else planes
        tifffile.imwrite(job.source, stored, photometric="minisblack", planarconfig=layout)
    else:
        axes = "TYX" if layout == "pages" else "CYX"
        tifffile.imwrite(job.source, planes, imagej=True, metadata={"axes": axes})
    if is_large:
        monkeypatch.setattr(tiff_pages, "LARGE", 1)
    noise = estimates.of_file(job.source, max_pixels=MOST_PIXELS)
    assert (noise.size, noise.pages) == ((112, 96), 3 if "pages" in layout else 1)
    assert [plane.page for plane in noise.planes] == ([1, 2, 3] if "pages" in layout else [1] * 3)
    by_channel = [None] * 3 if layout == "pages" else [1, 2, 3]
    assert [plane.channel for plane in noise.planes] == by_channel
    found = [plane.as_data("8bit")["overall"]["sigma"] for plane in noise.planes]
    assert found == pytest.approx(SIGMAS, rel=0.15)
    outcome = jobs.run(job, Networks(fast=True), Request())
    assert outcome.error is None
    assert outcome.sigma_unit == noise.unit
    told = [level for plane in noise.planes for level in plane.as_data(noise.unit)["sigma"]]
    assert outcome.sigma == pytest.approx(told)


def test_a_large_picture_is_sampled_as_it_is_denoised(
    planes: NDArray[np.uint16], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.tif"
    tall = np.concatenate([planes[1]] * 4)
    tifffile.imwrite(path, tall, rowsperstrip=16)
    monkeypatch.setattr(tiff_rows, "LARGE", 1)
    monkeypatch.setattr(tiff_rows, "_SAMPLE", tall.size // 2)
    noise = estimates.of_file(path, max_pixels=MOST_PIXELS)
    assert noise.size == (112, 384)
    assert noise.first.as_data("8bit")["overall"]["sigma"] == pytest.approx(20, rel=0.1)
    outcome = jobs.run(Job(path, tmp_path / "b.tif"), Networks(fast=True), Request())
    assert outcome.sigma == pytest.approx([noise.first.as_data(noise.unit)["overall"]["sigma"]])
    with pytest.raises(InputError, match=r"a\.tif: more than 100 pixels"):
        estimates.of_file(path, max_pixels=100)


def test_a_plane_without_values_has_a_reason(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    pages = chance.normal(0.5, 0.05, (3, 64, 64)).astype(np.float32)
    pages[0] = np.nan
    tifffile.imwrite(tmp_path / "a.tif", pages, imagej=True, metadata={"axes": "TYX"})
    noise = estimates.of_file(tmp_path / "a.tif", max_pixels=MOST_PIXELS)
    assert [plane.measured is None for plane in noise.planes] == [True, False, False]
    assert noise.first.page == 2
    first, second, _ = noise.lines()
    assert first == "page 1: no pixel has a value"
    assert second.startswith("page 2: sigma 0.0")
    assert noise.as_data()["planes"][0]["error"] == "no pixel has a value"
    tifffile.imwrite(tmp_path / "b.tif", pages[:1])
    with pytest.raises(InputError, match="no pixel has a value"):
        estimates.of_file(tmp_path / "b.tif", max_pixels=MOST_PIXELS)


def test_a_stream_is_estimated(planes: NDArray[np.uint16]) -> None:
    file = io.BytesIO()
    Image.fromarray((planes[1] >> 8).astype(np.uint8)).save(file, "JPEG", quality=98)
    file.seek(0)
    shares: list[float] = []

    def progress(done: float, note: str = "", total: float | None = None) -> None:
        shares.append(done)

    noise = estimates.of_file(file, max_pixels=MOST_PIXELS, progress=progress)
    [line] = noise.lines()
    assert line.startswith("sigma ")
    assert sum(shares) == 1
