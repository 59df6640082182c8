from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from linn_cli import denoise
from linn_cli.denoising import estimates, jobs
from linn_cli.denoising.job_list import Job
from linn_cli.denoising.networks import Networks
from linn_cli.denoising.planning import Existing
from linn_cli.network.architecture import Architecture
from linn_cli.noise.request import Request
from linn_cli.noise.strength import Strength
from linn_cli.pictures import tiff_rows
from linn_cli.units import Sigma
from linn_cli.weights import sets
from tests.conftest import random_model

ROWS, COLUMNS = np.mgrid[:96, :128]
CLEAN: NDArray[np.float64] = 0.5 + 0.3 * np.sin(ROWS / 19) * np.cos(COLUMNS / 23)


def noisy(sigma: float = 0.08, seed: int = 0) -> NDArray[np.float64]:
    answer: NDArray[np.float64] = CLEAN + np.random.default_rng(seed).normal(0, sigma, CLEAN.shape)
    return answer


def psnr(picture: NDArray[Any], clean: NDArray[Any] = CLEAN) -> float:
    return float(-10 * np.log10(np.mean((picture - clean) ** 2)))


@pytest.fixture(scope="module")
def networks() -> Networks:
    return Networks(precision="float32")


def run(
    networks: Networks, folder: Path, values: NDArray[Any], request: Request, **options: Any
) -> NDArray[Any]:
    job = Job(folder / "a.tif", folder / "b.tif")
    tifffile.imwrite(job.source, values, **options)
    outcome = jobs.run(job, networks, request)
    assert outcome.error is None
    return tifffile.imread(job.target)


@pytest.mark.parametrize(
    ("scale", "offset", "dtype"),
    [
        *((2**bits, offset, "uint16") for bits in (8, 12, 15) for offset in (0, 500)),
        *((scale, 0, "float32") for scale in (1e-4, 255, 6e4)),
        (4000, -1000, "float32"),
        (4000, -1000, "int16"),
        (1e6, 1e6, "float64"),
        (200, -100, "int8"),
        (1e6, -5e5, "int32"),
    ],
)
def test_the_answer_does_not_depend_on_where_values_lie(
    scale: float, offset: float, dtype: str
) -> None:
    picture = noisy()
    values = picture * scale + offset
    if not dtype.startswith("float"):
        values = values.round().clip(np.iinfo(dtype).min, np.iinfo(dtype).max)
    answer = denoise(values.astype(dtype), precision="float32").astype(float)
    usual = scale * denoise(picture.astype("float32"), precision="float32")
    if not dtype.startswith("float"):
        usual = usual.round()
    # Only rounding of the noisy values and of their estimate differs.
    assert psnr((answer - offset) / scale) > psnr(usual / scale) - 0.05


@pytest.mark.parametrize(
    ("scale", "offset", "dtype"),
    [
        (1, 0, "float32"),
        (6e4, 0, "float32"),
        (1e-4, 3.0, "float64"),
        (1000, 500, "uint16"),
        (65535, 0, "uint16"),
        (3000, -1000, "int16"),
        (255, 0, "uint8"),
        (1e6, -5e5, "int32"),
    ],
)
def test_the_sigma_that_the_line_shows_can_be_given(
    networks: Networks, tmp_path: Path, scale: float, offset: float, dtype: str
) -> None:
    job = Job(tmp_path / "a.tif", tmp_path / "b.tif")
    tifffile.imwrite(job.source, (noisy().clip(0, 1) * scale + offset).astype(dtype))
    answers = []
    request = Request()
    for _ in range(2):
        outcome = jobs.run(job, networks, request, existing=Existing(overwrite=True))
        answers.append((tifffile.imread(job.target).astype(float) - offset) / scale)
        said = re.search(r"sigma ([\d.]+).*?(?:\(--sigma-unit (\w+)\))?, [\d.]+ s$", str(outcome))
        assert said is not None
        unit = said[2] or "8bit"
        request = Request(Sigma.parse(said[1], unit), in_values=unit == "value")
    # The line has three digits, and rounding to integers may tip over.
    assert np.abs(answers[0] - answers[1]).max() < 0.005


@pytest.mark.parametrize("offset", [0, 100, 500, 2000])
@pytest.mark.parametrize(("white", "gain", "read"), [(1500, 2, 5), (200, 1, 3)])
def test_a_cameras_noise_is_found_on_any_offset(
    white: float, gain: float, read: float, offset: float
) -> None:
    rows, columns = np.mgrid[:128, :256]
    clean = white * (0.5 + 0.45 * np.sin(columns / 31) * np.cos(rows / 27))
    chance = np.random.default_rng(1)
    counts = gain * chance.poisson(clean / gain) + chance.normal(offset, read, clean.shape)
    values = counts.clip(0).round().astype("uint16")
    answer = denoise(values, precision="float32").astype(float) - offset
    before, after = (np.sqrt(np.mean((one - clean) ** 2)) for one in (values - offset, answer))
    assert after < before / 4


def test_stars_keep_their_values() -> None:
    picture = 1000 * noisy()
    rng = np.random.default_rng(1)
    places = rng.integers(5, 90, (12, 2)).T
    picture[places[0], places[1]] = rng.uniform(5e3, 6e4, 12)
    with pytest.warns(UserWarning, match="stars of one pixel it removes too"):
        answer = denoise(picture.astype("float32"))
    stars = tuple(places)
    assert np.abs(answer[stars] - picture[stars]).max() <= 80 * 1.2
    away = np.ones(CLEAN.shape, bool)
    for row, column in places.T:
        away[row - 4 : row + 5, column - 4 : column + 5] = False
    assert psnr(answer[away] / 1000, CLEAN[away]) > psnr(picture[away] / 1000, CLEAN[away]) + 8


@pytest.mark.parametrize("layout", ["contig", "separate"])
@pytest.mark.parametrize(
    ("channels", "dtype"),
    [
        *((channels, "uint8") for channels in (2, 3, 4, 5)),
        *((2, "float32"), (3, "uint16"), (4, "int8"), (5, "float32")),
    ],
)
def test_every_channel_is_denoised(
    networks: Networks, tmp_path: Path, layout: str, channels: int, dtype: str
) -> None:
    whole = 1.0 if dtype == "float32" else float(np.iinfo(dtype).max)
    stack = np.stack([noisy(0.02 * (index + 1), index) for index in range(channels)])
    values = stack.clip(0, 1) * whole
    values = (
        values.astype(dtype) if layout == "separate" else np.moveaxis(values, 0, -1).astype(dtype)
    )
    answer = run(
        networks, tmp_path, values, Request(), photometric="minisblack", planarconfig=layout
    )
    assert answer.dtype == dtype
    found = np.moveaxis(answer, -1, 0) if answer.shape[-1] == channels else answer
    for before, after in zip(stack, found, strict=True):
        assert psnr(after / whole) > psnr(before) + 4


@pytest.mark.parametrize("sigma", [None, Sigma((0.0, 20.4, 20.4))])
@pytest.mark.parametrize("by_rows", [False, True])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_a_channel_without_noise_stays_and_the_others_are_denoised(
    networks: Networks,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    dtype: str,
    by_rows: bool,
    sigma: Sigma | None,
) -> None:
    if by_rows:
        monkeypatch.setattr(tiff_rows, "LARGE", 1)
    whole = 1.0 if dtype == "float32" else float(np.iinfo(dtype).max)
    stored = np.dstack([np.full(CLEAN.shape, 0.25), noisy(0.08, 1), noisy(0.08, 2)])
    values = (stored.clip(0, 1) * whole).astype(dtype)
    answer = run(networks, tmp_path, values, Request(sigma), photometric="rgb")
    np.testing.assert_array_equal(answer[..., 0], values[..., 0])
    for channel in (1, 2):
        before, after = (one[..., channel] / whole for one in (values, answer))
        assert psnr(after) > psnr(before) + 8


@pytest.mark.parametrize("shape", [(1, 400), (400, 1), (3, 200), (7, 90)])
@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_narrow_pictures_are_denoised_wherever_their_values_lie(
    networks: Networks, tmp_path: Path, shape: tuple[int, int], scale: float
) -> None:
    noise = np.random.default_rng(0).normal(0, 0.08, shape)
    values = (scale * (0.5 + noise)).astype("float32")
    request = Request(Sigma.parse(str(0.08 * scale), "value"), in_values=True)
    answer = run(networks, tmp_path, values, request, photometric="minisblack")
    assert (answer / scale).std() < 0.6 * noise.std()


@pytest.mark.parametrize("photometric", ["rgb", "minisblack"])
def test_a_network_for_joint_colour_takes_colour_in_any_range_and_no_other_channels(
    tmp_path: Path, photometric: str
) -> None:
    weights = tmp_path / "joint.safetensors"
    architecture = Architecture(planes=3, phases=2, pairs=2, width=8, depth=3, activation="relu")
    sets.save(weights, random_model(architecture), (1.0, 80.0), "made up")
    values = (500 + 400 * np.dstack([noisy(seed=seed) for seed in range(3)])).astype("uint16")
    job = Job(tmp_path / "a.tif", tmp_path / "b.tif")
    tifffile.imwrite(job.source, values, photometric=photometric, planarconfig="contig")
    outcome = jobs.run(job, Networks(weight_file=weights), Request())
    if photometric == "rgb":
        assert outcome.error is None
        assert outcome.range is not None
    else:
        assert "is for colour pictures: choose other weights" in str(outcome.error)
        assert not job.target.exists()


def test_pages_have_their_own_noise_unless_it_is_the_same(
    networks: Networks, tmp_path: Path
) -> None:
    pages = np.stack([np.zeros(CLEAN.shape), noisy(0.02), noisy(0.1)])
    values = (pages.clip(0, 1) * 65535).astype(np.uint16)
    own = run(networks, tmp_path, values, Request(), photometric="minisblack")
    same = run(networks, tmp_path, values, Request(same=True), photometric="minisblack")
    assert psnr(own[2] / 65535) > psnr(same[2] / 65535) + 3
    np.testing.assert_array_equal(own[0], 0)


def test_frames_behind_one_directory_are_all_denoised(networks: Networks, tmp_path: Path) -> None:
    values = (np.stack([noisy(seed=seed) for seed in range(3)]).clip(0, 1) * 65535).astype("uint16")
    answer = run(networks, tmp_path, values, Request(), imagej=True, truncate=True)
    assert answer.shape == values.shape
    for before, after in zip(values, answer, strict=True):
        assert psnr(after / 65535) > psnr(before / 65535) + 6


@pytest.mark.parametrize("nodata", [-9999.0, float("nan")])
def test_holes_stay_to_the_bit_and_do_not_pull(
    networks: Networks, tmp_path: Path, nodata: float
) -> None:
    values = noisy().astype("float32")
    values[30:60, 40:80] = nodata
    answer = run(
        networks, tmp_path, values, Request(), extratags=[(42113, "s", 0, str(nodata), True)]
    )
    hole = np.s_[30:60, 40:80]
    np.testing.assert_array_equal(answer[hole], values[hole])
    beside, far = np.zeros(CLEAN.shape, bool), np.ones(CLEAN.shape, bool)
    beside[26:64, 36:84] = True
    beside[hole] = False
    far[22:68, 32:88] = False
    error = (answer - CLEAN) ** 2
    assert np.sqrt(error[beside].mean() / error[far].mean()) < 1.1


@pytest.mark.parametrize("pages", [1, 2])
@pytest.mark.parametrize("colours", [1, 3])
def test_what_a_mask_page_hides_stays_to_the_bit_and_does_not_pull(
    networks: Networks, tmp_path: Path, pages: int, colours: int
) -> None:
    hole = np.hypot(ROWS - 48, COLUMNS - 60) < 20
    stored = np.dstack([noisy(seed=seed) for seed in range(colours)]).clip(0, 1)
    stored[hole] = 1.0
    values = (stored * 65535).round().astype("uint16")
    photometric = "rgb" if colours == 3 else "minisblack"
    job = Job(tmp_path / "a.tif", tmp_path / "b.tif")
    with tifffile.TiffWriter(job.source) as writer:
        for _ in range(pages):
            writer.write(values.squeeze(), photometric=photometric, metadata=None)
            writer.write(~hole, subfiletype=4, photometric="mask", metadata=None)
    noise = estimates.of_file(job.source, max_pixels=10**9)
    assert noise.first.as_data("8bit")["overall"]["sigma"] == pytest.approx(20.4, rel=0.1)
    outcome = jobs.run(job, networks, Request())
    assert outcome.error is None
    with tifffile.TiffFile(job.target) as file:
        assert [int(page.aspage().subfiletype) for page in file.pages] == [0, 4] * pages
        answer = file.pages[2 * pages - 2].asarray().reshape(values.shape)
        np.testing.assert_array_equal(file.pages[1].asarray(), ~hole)
    np.testing.assert_array_equal(answer[hole], values[hole])
    beside = binary_dilation(hole, iterations=4) & ~hole
    far = ~binary_dilation(hole, iterations=8)
    error = (answer / 65535 - CLEAN[..., None]) ** 2
    assert np.sqrt(error[beside].mean() / error[far].mean()) < 1.3  # few pixels


@pytest.mark.parametrize("sigma", [8, 25])
@pytest.mark.parametrize("shape", ["round", "long"])
def test_beside_a_hole_the_answer_is_as_good_as_without(
    networks: Networks, tmp_path: Path, shape: str, sigma: float
) -> None:
    error, usual = 0.0, 0.0
    hole = np.hypot(ROWS % 32 - 16, COLUMNS % 32 - 16) < 8
    if shape == "long":
        hole = (2 * ROWS - COLUMNS) % 60 < 8
    for seed in range(2):
        values = noisy(sigma / 255, seed).astype("float32")
        whole = run(networks, tmp_path, values, Request())
        values[hole] = np.nan
        answer = run(networks, tmp_path, values, Request())
        beside = binary_dilation(hole, iterations=4) & ~hole
        error += float(((answer - CLEAN)[beside] ** 2).mean())
        usual += float(((whole - CLEAN)[beside] ** 2).mean())
    assert np.sqrt(error / usual) < 1.1


def test_pages_and_rows_without_values(networks: Networks, tmp_path: Path) -> None:
    values = np.stack([np.full(CLEAN.shape, np.nan), noisy()]).astype("float32")
    values[1, 10:14] = np.nan
    answer = run(networks, tmp_path, values, Request(), photometric="minisblack")
    np.testing.assert_array_equal(np.isnan(answer), np.isnan(values))
    rows = np.r_[:10, 14:96]
    assert psnr(answer[1, rows], CLEAN[rows]) > psnr(values[1, rows], CLEAN[rows]) + 6


def test_without_strength_every_value_stays(networks: Networks, tmp_path: Path) -> None:
    values = (1e6 * noisy() + 0.1).astype("float64")
    np.testing.assert_array_equal(
        run(networks, tmp_path, values, Request(strength=Strength.of(0))), values
    )
