from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from linn_cli import denoise
from linn_cli.denoising import document as documents
from linn_cli.denoising import jobs
from linn_cli.denoising.job_list import Job
from linn_cli.denoising.jobs import Handling
from linn_cli.denoising.networks import Networks
from linn_cli.errors import UsageError
from linn_cli.noise.request import Request
from linn_cli.pages import denoised
from linn_cli.pictures import reading
from linn_cli.pictures.formats import format_named
from linn_cli.pictures.picture import Document, Picture
from linn_cli.units import Sigma
from tests.pages.test_html import shown

REQUEST = Request(Sigma((25.0,)))


@pytest.fixture(scope="module")
def networks() -> Networks:
    return Networks()


def test_what_is_transparent_stays_as_it_is(networks: Networks, tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    samples = chance.integers(100, 140, (40, 50, 4), dtype=np.uint8)
    samples[:, :, 3] = 255
    samples[10:30, 10:30] = (0, 255, 0, 0)
    job = Job(tmp_path / "a.png", tmp_path / "b.png")
    Image.fromarray(samples).save(job.source)
    assert jobs.run(job, networks, REQUEST).error is None
    answer = np.asarray(Image.open(job.target))
    np.testing.assert_array_equal(answer[:, :, 3], samples[:, :, 3])
    np.testing.assert_array_equal(answer[10:30, 10:30], samples[10:30, 10:30])
    # The green that is never seen does not bleed: it would shift what is beside it by dozens.
    beside = answer[9, 10:30, :3].astype(int)
    assert np.abs(beside - 120).max() < 12


def test_every_frame_is_denoised(networks: Networks, noisy: NDArray[np.uint8]) -> None:
    frames = (Picture(noisy[:, :, None]), Picture(noisy[::-1, :, None].copy()))
    document = Document(frames, format_named("tiff"))
    shares: list[float] = []

    def progress(done: float, note: str = "", total: float | None = None) -> None:
        shares.append(done)

    search = documents.search(document, REQUEST)
    found = [search.planes_of(frame) for frame in frames]
    clean, _ = documents.denoise(document, networks, found, REQUEST.strength, progress)
    for before, after in zip(frames, clean.frames, strict=True):
        np.testing.assert_array_equal(after.values[:, :, 0], denoise(before.values[:, :, 0], 25))
    assert sum(shares) == pytest.approx(1)


def test_stripping_turns_the_picture_upright(
    networks: Networks, tmp_path: Path, noisy: NDArray[np.uint8]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    job = Job(tmp_path / "a.png", tmp_path / "b.png")
    Image.fromarray(noisy).save(job.source, exif=exif)
    jobs.run(job, networks, REQUEST, handling=Handling(strip_metadata=True))
    found = reading.read(job.target)
    assert found.metadata == {}
    assert found.frames[0].size == noisy.shape


def test_pictures_are_compared_in_the_range_of_the_last(noisy: NDArray[np.uint8]) -> None:
    counts = [
        Picture((500.0 + noisy[:, :, None] * scale).astype(np.uint16)) for scale in (1.0, 2.0)
    ]
    first, last = documents.in_one_range(counts)
    assert first.range == last.range
    assert last.range is not None
    assert 700 < last.range.high < 1100
    mixed = documents.in_one_range([Picture(noisy[:, :, None]), counts[0]])
    assert [one.range for one in mixed] == [None, None]


def test_the_page_of_counts_shows_them(networks: Networks, tmp_path: Path) -> None:
    job = Job(tmp_path / "a.tif", tmp_path / "b.tif")
    values = np.random.default_rng(0).normal(5000, 300, (40, 50)).astype(np.float32)
    values[:, 25:] += 4000
    tifffile.imwrite(job.source, values)
    seen: list[Picture] = []
    jobs.run(job, networks, Request(), show=lambda *pair: seen.extend(pair))
    assert seen[0].range == seen[1].range
    assert seen[0].range is not None
    page = denoised.render(".html", "counts", seen[0], seen[1], 20.0)
    assert (
        f"values {seen[0].range.low:g} (black) to {seen[0].range.high:g} (white)"
        in shown(page)["lead"]
    )


@pytest.mark.parametrize("layout", ["contig", "separate", "pages"])
def test_each_channel_has_the_sigma_given_for_it(tmp_path: Path, layout: str) -> None:
    values = np.random.default_rng(0).integers(90, 160, (2, 40, 48), dtype=np.uint8)
    path = tmp_path / "a.tif"
    if layout == "pages":
        tifffile.imwrite(path, values, imagej=True, metadata={"axes": "CYX"})
    else:
        stored = np.moveaxis(values, 0, -1) if layout == "contig" else values
        tifffile.imwrite(path, stored, photometric="minisblack", planarconfig=layout, metadata=None)
    document = reading.read(path)
    search = documents.search(document, Request(Sigma((7.0, 5.0))))
    for frame in document.frames:
        search.planes_of(frame)
    assert [profile.sigma.levels for profile in search.profiles] == [(7.0,), (5.0,)]
    search = documents.search(document, Request(Sigma((7.0, 5.0, 6.0))))
    with pytest.raises(UsageError, match="3 sigmas for a picture of 2 channels: give 2, or one"):
        search.planes_of(document.frames[0])
