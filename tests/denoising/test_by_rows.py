from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from linn_cli import denoise
from linn_cli.denoising import by_rows, jobs
from linn_cli.denoising import document as documents
from linn_cli.denoising.job_list import Job
from linn_cli.denoising.jobs import Handling
from linn_cli.denoising.networks import Networks
from linn_cli.denoising.planning import Existing
from linn_cli.noise.request import Request
from linn_cli.noise.strength import Strength
from linn_cli.pictures import reading, tiff_rows
from linn_cli.pictures.picture import Picture
from linn_cli.units import Sigma

REQUEST = Request(Sigma((25.0,)))


@pytest.fixture(scope="module")
def networks() -> Networks:
    return Networks()


def assert_as_whole(by_rows: NDArray[Any], whole: NDArray[Any], levels: int) -> None:
    """Equal but for rounding: other heights of bands may add up in another order on some processors.

    The engine promises 1e-5 in float32; where that meets the half of an integer, it is one level.
    """
    assert by_rows.dtype == whole.dtype
    np.testing.assert_allclose(by_rows.astype(np.float64), whole, rtol=0, atol=levels or 1e-5)


def test_a_hole_anywhere_is_found_and_kept(
    networks: Networks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiff_rows, "LARGE", 1)
    monkeypatch.setattr(tiff_rows, "_SAMPLE", 1)  # the first strip only
    values = np.random.default_rng(0).normal(0.5, 0.1, (130, 40)).astype(np.float32)
    values[100, 7] = -9999
    job = Job(tmp_path / "a.tif", tmp_path / "b.tif")
    tifffile.imwrite(job.source, values, extratags=[(42113, "s", 0, "-9999", True)])
    assert jobs.run(job, networks, REQUEST).error is None
    answer = tifffile.imread(job.target)
    assert answer[100, 7] == -9999
    assert np.delete(answer.ravel(), 100 * 40 + 7).min() > 0


@pytest.mark.parametrize("sigma", [None, Sigma((25.0,))])
@pytest.mark.parametrize(("dtype", "nodata"), [("float32", np.nan), ("uint16", 0)])
def test_holes_go_by_rows(
    networks: Networks,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    dtype: str,
    nodata: float,
    sigma: Sigma | None,
) -> None:
    white = 1.0 if dtype == "float32" else 65535.0
    rows, columns = np.mgrid[:500, :64]
    clean = 0.5 + 0.2 * np.sin(rows / 19) * np.cos(columns / 13)
    noisy = clean + np.random.default_rng(0).normal(0, 25 / 255, clean.shape)
    values = (noisy.clip(0.01, 0.99) * white).astype(dtype)
    hole = (rows - 224) ** 2 + (columns - 30) ** 2 < 400  # over the edge of a block
    hole |= (rows > 300) & (rows < 470)
    values[hole] = nodata
    job = Job(tmp_path / "a.tif", tmp_path / "b.tif")
    tifffile.imwrite(job.source, values, extratags=[(42113, "s", 0, str(nodata), True)])
    answers = []
    for least in (1, 10**9):
        monkeypatch.setattr(tiff_rows, "LARGE", least)
        request = Request(sigma)
        way = by_rows.choose(job, request, strip_metadata=False, max_pixels=10**9)
        assert way.by_rows == (least == 1)
        assert jobs.run(job, networks, request, existing=Existing(overwrite=True)).error is None
        answer = tifffile.imread(job.target)
        np.testing.assert_array_equal(answer[hole], values[hole])
        answers.append(answer[~hole] / white)
    # Far inside of a hole that reaches over blocks they may be filled otherwise.
    assert np.abs(answers[0] - answers[1]).max() < 0.02
    assert np.sqrt(np.mean((answers[0] - clean[~hole]) ** 2)) < 0.025


def test_a_large_tiff_without_values_stays_as_it_is(
    networks: Networks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiff_rows, "LARGE", 1)
    values = np.full((130, 40), np.nan, np.float32)
    job = Job(tmp_path / "a.tif", tmp_path / "b.tif")
    tifffile.imwrite(job.source, values)
    assert jobs.run(job, networks, Request()).error is None
    np.testing.assert_array_equal(tifffile.imread(job.target), values)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_a_large_tiff_goes_by_rows_to_the_same_answer(
    networks: Networks,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    noisy: NDArray[np.uint8],
    dtype: str,
    channels: int,
) -> None:
    white = 1.0 if dtype == "float32" else np.iinfo(dtype).max
    values = (np.dstack([noisy, noisy[::-1], 255 - noisy])[:, :, :channels] / 255 * white).astype(
        dtype
    )
    job = Job(tmp_path / "a.tif", tmp_path / "b.tif")
    photometric = "rgb" if channels == 3 else "minisblack"
    tifffile.imwrite(job.source, values.squeeze(), rowsperstrip=5, photometric=photometric)
    monkeypatch.setattr(tiff_rows, "LARGE", 1)
    monkeypatch.setattr(reading, "read", None)
    counts: list[float] = []
    outcome = jobs.run(
        job, networks, REQUEST, progress=lambda done, note="", total=None: counts.append(done)
    )
    assert outcome.error is None
    assert (outcome.width, outcome.height, outcome.channels, outcome.depth) == (
        52,
        37,
        channels,
        dtype,
    )
    assert sum(counts) == pytest.approx(1, abs=0.01)  # halves of 37 rows have 19 and 10
    expected = denoise(values if channels == 3 else values[:, :, 0], 25)
    assert_as_whole(tifffile.imread(job.target), expected, 1 if dtype.startswith("uint") else 0)
    estimated = jobs.run(job, networks, Request())
    assert estimated.error is None
    found = Request().find(Picture(values))
    assert estimated.sigma == found.sigma.levels
    assert estimated.estimate == found.words


def test_strength_cannot_lead_beyond_the_limit(
    networks: Networks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, noisy: NDArray[np.uint8]
) -> None:
    job = Job(tmp_path / "a.tif", tmp_path / "b.tif")
    tifffile.imwrite(job.source, noisy, rowsperstrip=5)
    for least in (1, 10**9):  # by rows and whole
        monkeypatch.setattr(tiff_rows, "LARGE", least)
        answers = []
        for sigma, strength in ((800.0, 2.0), (1020.0, 1.0)):
            request = Request(Sigma((sigma,)), strength=Strength.of(strength))
            outcome = jobs.run(job, networks, request, existing=Existing(overwrite=True))
            assert (outcome.error, outcome.sigma) == (None, (sigma,))
            answers.append(tifffile.imread(job.target))
        np.testing.assert_array_equal(answers[0], answers[1])


@pytest.mark.parametrize(("peak", "by_rows"), [(40, True), (3, False)])
def test_a_cameras_noise_in_a_large_tiff_is_removed_by_rows_unless_it_is_heavy(
    networks: Networks,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    peak: int,
    by_rows: bool,
) -> None:
    ramp = np.linspace(0.1, 0.9, 300)[:, None] * np.ones((1, 200))
    counts = np.random.default_rng(0).poisson(peak * ramp) / peak
    job = Job(tmp_path / "a.tif", tmp_path / "b.tif")
    tifffile.imwrite(job.source, counts.astype(np.float32), rowsperstrip=5)
    outcome = jobs.run(job, networks, Request())
    assert (outcome.error, outcome.noise) == (None, "camera")
    expected = tifffile.imread(job.target)
    monkeypatch.setattr(tiff_rows, "LARGE", 1)
    if by_rows:
        monkeypatch.setattr(documents, "denoise", None)
    assert jobs.run(job, networks, Request()).error is None
    assert_as_whole(tifffile.imread(job.target), expected, 0)


def test_hot_pixels_in_a_large_tiff_of_16_bits_are_replaced_by_rows(
    networks: Networks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ramp = np.linspace(15_000, 45_000, 300)[:, None] * np.ones((1, 200))
    random = np.random.default_rng(0)
    values = (ramp + random.normal(0, 2000, ramp.shape)).astype(np.uint16)
    hot = random.random(ramp.shape) < 0.01
    values[hot] = 65535
    job = Job(tmp_path / "a.tif", tmp_path / "b.tif")
    tifffile.imwrite(job.source, values, rowsperstrip=5)
    request = Request(hot_pixels=True)
    outcome = jobs.run(job, networks, request)
    assert outcome.error is None
    assert outcome.estimate[-1].endswith("removed")
    expected = tifffile.imread(job.target)
    assert np.abs(expected[hot] - ramp[hot]).max() < 6000
    monkeypatch.setattr(tiff_rows, "LARGE", 1)
    monkeypatch.setattr(documents, "denoise", None)
    assert jobs.run(job, networks, request).error is None
    assert_as_whole(tifffile.imread(job.target), expected, 1)


def test_a_large_grey_tiff_stored_as_colour_stays_grey(
    networks: Networks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, noisy: NDArray[np.uint8]
) -> None:
    job = Job(tmp_path / "a.tif", tmp_path / "b.tif")
    tifffile.imwrite(job.source, np.dstack([noisy] * 3), rowsperstrip=5, photometric="rgb")
    monkeypatch.setattr(tiff_rows, "LARGE", 1)
    assert jobs.run(job, networks, REQUEST).error is None
    expected = np.dstack([denoise(noisy, 25)] * 3)
    np.testing.assert_array_equal(tifffile.imread(job.target), expected)


def test_a_damaged_large_tiff_leaves_nothing(
    networks: Networks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = Job(tmp_path / "a.tif", tmp_path / "b.tif")
    levels = np.random.default_rng(0).integers(0, 256, (300, 200), dtype=np.uint8)
    tifffile.imwrite(job.source, levels, rowsperstrip=5, compression="zlib")
    content = bytearray(job.source.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    job.source.write_bytes(content)
    monkeypatch.setattr(tiff_rows, "LARGE", 1)
    assert "a.tif: cannot be read, damaged or cut short" in str(
        jobs.run(job, networks, REQUEST).error
    )
    assert list(tmp_path.iterdir()) == [job.source]


def test_stripping_turns_a_large_tiff_upright(
    networks: Networks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, noisy: NDArray[np.uint8]
) -> None:
    job = Job(tmp_path / "a.tif", tmp_path / "b.tif")
    tags = [(274, "H", 1, 6, True)]
    tifffile.imwrite(job.source, noisy, rowsperstrip=5, extratags=tags, metadata=None)
    monkeypatch.setattr(tiff_rows, "LARGE", 1)
    assert jobs.run(job, networks, REQUEST, handling=Handling(strip_metadata=True)).error is None
    assert tifffile.imread(job.target).shape == noisy.shape[::-1]


def test_a_file_whose_noise_takes_the_whole_picture_is_estimated_once(
    networks: Networks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ramp = np.linspace(0.1, 0.9, 200)[:, None] * np.ones((1, 200))
    counts = np.random.default_rng(0).poisson(3 * ramp) / 3
    job = Job(tmp_path / "a.tif", tmp_path / "b.tif")
    tifffile.imwrite(job.source, counts.astype(np.float32), rowsperstrip=5)
    monkeypatch.setattr(tiff_rows, "LARGE", 1)
    asked = 0
    original = Request.find

    def find(self: Request, picture: Picture) -> Any:
        nonlocal asked
        asked += 1
        return original(self, picture)

    monkeypatch.setattr(Request, "find", find)
    outcome = jobs.run(job, networks, Request(model="camera"))
    assert (outcome.error, asked) == (None, 1)
