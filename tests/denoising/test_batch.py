from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from numpy.typing import NDArray
from PIL import Image

from linn_cli import denoise
from linn_cli.denoising import batch, planning
from linn_cli.denoising.batch import Handling
from linn_cli.denoising.networks import Networks
from linn_cli.denoising.planning import Existing, Job
from linn_cli.engine import _convolution, budget
from linn_cli.errors import InputError
from linn_cli.noise.request import Request
from linn_cli.pictures import reading, tiff_rows
from linn_cli.pictures.formats import format_named
from linn_cli.pictures.picture import Document, Picture

REQUEST = Request((25.0,))


@pytest.fixture(scope="module")
def networks() -> Networks:
    return Networks()


def test_a_file_is_denoised_like_an_array(
    networks: Networks, noisy_file: Path, noisy: NDArray[np.uint8]
) -> None:
    job = Job(noisy_file, noisy_file.parent / "new" / "clean.png")
    outcome = batch.run(job, networks, REQUEST)
    with Image.open(job.target) as image:
        np.testing.assert_array_equal(np.array(image), denoise(noisy, 25))
    assert (outcome.width, outcome.height, outcome.channels, outcome.depth) == (52, 37, 1, "uint8")
    assert outcome.error is None
    assert outcome.seconds > 0
    assert "52 x 37 grey uint8, sigma 25, st" in str(outcome)


def test_what_is_transparent_stays_as_it_is(networks: Networks, tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    samples = chance.integers(100, 140, (40, 50, 4), dtype=np.uint8)
    samples[:, :, 3] = 255
    samples[10:30, 10:30] = (0, 255, 0, 0)
    job = Job(tmp_path / "a.png", tmp_path / "b.png")
    Image.fromarray(samples).save(job.source)
    assert batch.run(job, networks, REQUEST).error is None
    answer = np.asarray(Image.open(job.target))
    np.testing.assert_array_equal(answer[:, :, 3], samples[:, :, 3])
    np.testing.assert_array_equal(answer[10:30, 10:30], samples[10:30, 10:30])
    # The green that is never seen does not bleed: it would shift what is beside it by dozens.
    beside = answer[9, 10:30, :3].astype(int)
    assert np.abs(beside - 120).max() < 12


def test_every_frame_is_denoised(networks: Networks, noisy: NDArray[np.uint8]) -> None:
    frames = (Picture(noisy[:, :, None]), Picture(noisy[::-1, :, None].copy()))
    document = Document(frames, format_named("tiff"))
    rows: list[float] = []
    clean, _, _ = batch.denoise_document(
        document, networks, REQUEST, lambda n, total: rows.append(n)
    )
    for before, after in zip(frames, clean.frames, strict=True):
        np.testing.assert_array_equal(after.values[:, :, 0], denoise(before.values[:, :, 0], 25))
    assert sum(rows) == 2 * noisy.shape[0]


def test_stripping_turns_the_picture_upright(
    networks: Networks, tmp_path: Path, noisy: NDArray[np.uint8]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    job = Job(tmp_path / "a.png", tmp_path / "b.png")
    Image.fromarray(noisy).save(job.source, exif=exif)
    batch.run(job, networks, REQUEST, handling=Handling(strip_metadata=True))
    found = reading.read(job.target)
    assert found.metadata == {}
    assert found.frames[0].size == noisy.shape


def test_faults_are_outcomes_and_leave_nothing(
    networks: Networks, noisy_file: Path, tmp_path: Path
) -> None:
    blocked = tmp_path / "blocked"
    blocked.touch()
    for job, reason in [
        (Job(tmp_path / "missing.png", tmp_path / "x.png"), "no such file"),
        (Job(noisy_file, blocked / "x.png"), "cannot be written"),
        (Job(noisy_file, tmp_path / "x.tga"), "choose an output name"),
    ]:
        outcome = batch.run(job, networks, REQUEST)
        assert reason in str(outcome.error)
        assert str(outcome) == outcome.error
    assert sorted(path.name for path in tmp_path.iterdir()) == ["blocked", "pictures"]


def assert_as_whole(by_rows: NDArray[Any], whole: NDArray[Any], levels: int) -> None:
    """Equal but for rounding: other heights of bands may add up in another order on some processors.

    The engine promises 1e-5 in float32; where that meets the half of an integer, it is one level.
    """
    assert by_rows.dtype == whole.dtype
    np.testing.assert_allclose(by_rows.astype(np.float64), whole, rtol=0, atol=levels or 1e-5)


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
    outcome = batch.run(job, networks, REQUEST, done=lambda count, total: counts.append(count))
    assert outcome.error is None
    assert (outcome.width, outcome.height, outcome.channels, outcome.depth) == (
        52,
        37,
        channels,
        dtype,
    )
    assert sum(counts) == 37
    expected = denoise(values if channels == 3 else values[:, :, 0], 25)
    assert_as_whole(tifffile.imread(job.target), expected, 1 if dtype.startswith("uint") else 0)
    estimated = batch.run(job, networks, Request())
    assert estimated.error is None
    assert len(estimated.sigma) == 1 or channels == 3
    assert estimated.remarks[0].startswith("sigma ")


def test_strength_cannot_lead_beyond_the_limit(
    networks: Networks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, noisy: NDArray[np.uint8]
) -> None:
    job = Job(tmp_path / "a.tif", tmp_path / "b.tif")
    tifffile.imwrite(job.source, noisy, rowsperstrip=5)
    for least in (1, 10**9):  # by rows and whole
        monkeypatch.setattr(tiff_rows, "LARGE", least)
        outcome = batch.run(job, networks, Request((800.0,), strength=2.0))
        assert (outcome.error, outcome.sigma) == (None, (1020.0,))


@pytest.mark.parametrize(("peak", "by_rows"), [(40, True), (3, False)])
def test_a_cameras_noise_in_a_large_tiff_is_removed_by_rows_unless_it_is_heavy(
    networks: Networks,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    peak: int,
    by_rows: bool,
) -> None:
    ramp = np.linspace(0.1, 0.9, 400)[:, None] * np.ones((1, 400))
    counts = np.random.default_rng(0).poisson(peak * ramp) / peak
    job = Job(tmp_path / "a.tif", tmp_path / "b.tif")
    tifffile.imwrite(job.source, counts.astype(np.float32), rowsperstrip=5)
    outcome = batch.run(job, networks, Request())
    assert (outcome.error, outcome.noise) == (None, "poisson-gauss")
    expected = tifffile.imread(job.target)
    monkeypatch.setattr(tiff_rows, "LARGE", 1)
    if by_rows:
        monkeypatch.setattr(batch, "_whole", None)
    assert batch.run(job, networks, Request()).error is None
    assert_as_whole(tifffile.imread(job.target), expected, 0)


def test_a_large_grey_tiff_stored_as_colour_stays_grey(
    networks: Networks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, noisy: NDArray[np.uint8]
) -> None:
    job = Job(tmp_path / "a.tif", tmp_path / "b.tif")
    tifffile.imwrite(job.source, np.dstack([noisy] * 3), rowsperstrip=5, photometric="rgb")
    monkeypatch.setattr(tiff_rows, "LARGE", 1)
    assert batch.run(job, networks, REQUEST).error is None
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
        batch.run(job, networks, REQUEST).error
    )
    assert list(tmp_path.iterdir()) == [job.source]


def test_stripping_turns_a_large_tiff_upright(
    networks: Networks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, noisy: NDArray[np.uint8]
) -> None:
    job = Job(tmp_path / "a.tif", tmp_path / "b.tif")
    tags = [(274, "H", 1, 6, True)]
    tifffile.imwrite(job.source, noisy, rowsperstrip=5, extratags=tags, metadata=None)
    monkeypatch.setattr(tiff_rows, "LARGE", 1)
    assert batch.run(job, networks, REQUEST, handling=Handling(strip_metadata=True)).error is None
    assert tifffile.imread(job.target).shape == noisy.shape[::-1]


def test_a_fault_names_its_file(networks: Networks, tmp_path: Path) -> None:
    job = Job(tmp_path / "a.tif", tmp_path / "b.tif")
    tifffile.imwrite(job.source, np.full((20, 20), np.nan, np.float32))
    error = str(batch.run(job, networks, REQUEST).error)
    assert error == f"{job.source}: the image holds values that are not finite numbers"
    heic = Job(tmp_path / "a.heic", tmp_path / "a-denoised.heic")
    assert "convert it to PNG first" in str(batch.run(heic, networks, REQUEST).error)


def test_running_out_of_memory_fails_one_picture_only(
    networks: Networks, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = 0

    def failing(*arguments: Any, **options: Any) -> torch.Tensor:
        if taken == 7:  # one is always looked ahead, so five went through all layers
            raise RuntimeError("CUDA out of memory")
        return original(*arguments, **options)

    def done(rows: float, total: int) -> None:
        nonlocal taken
        taken += rows == 2.5

    original = _convolution.convolve
    monkeypatch.setattr(_convolution, "convolve", failing)
    monkeypatch.setattr(budget, "_BAND_PIXELS", 5 * 52)  # bands of five rows, and pictures of 37
    monkeypatch.setattr(budget, "_ENOUGH_ROWS", 1)
    outcomes = [batch.run(job, networks, REQUEST, done=done) for job in planning.plan([tree], None)]
    assert "out of memory" in str(outcomes[0].error)
    assert outcomes[1].error is None
    assert not (tree / "a-denoised.png").exists()


def test_what_exists_is_skipped(networks: Networks, noisy_file: Path) -> None:
    job = Job(noisy_file, noisy_file.with_name("clean.png"))
    job.target.write_bytes(b"here")
    assert batch.run(job, networks, REQUEST, existing=Existing(skip=True)).skipped
    assert job.target.read_bytes() == b"here"


@pytest.mark.parametrize("workers", [1, 3])
def test_outcomes_come_in_order(
    networks: Networks, noisy: NDArray[np.uint8], tmp_path: Path, workers: int
) -> None:
    jobs = []
    for index in range(5):
        jobs.append(Job(tmp_path / f"{index}.png", tmp_path / f"{index}-clean.png"))
        Image.fromarray(noisy[: 5 + 8 * index]).save(jobs[-1].source)
    shares: list[float] = []
    outcomes = list(
        batch.run_all(
            jobs,
            lambda job, done: batch.run(job, networks, REQUEST, done=done),
            lambda name, share: shares.append(share),
            workers,
        )
    )
    assert [outcome.input for outcome in outcomes] == [str(job.source) for job in jobs]
    assert sum(shares) == pytest.approx(len(jobs))
    for job in jobs:
        expected = denoise(reading.read_levels(job.source), 25)
        np.testing.assert_array_equal(reading.read_levels(job.target), expected)


def test_an_interruption_stops_every_worker() -> None:
    started = threading.Barrier(3)
    stopped: list[str] = []

    def work(job: Job, done: batch.Done) -> batch.Outcome:
        if job.source.name == "0":
            started.wait(10)
            raise KeyboardInterrupt
        started.wait(10)
        try:
            while True:
                done(1, 10**9)
        except KeyboardInterrupt:
            stopped.append(job.source.name)
            raise

    jobs = [Job(Path(str(index)), Path("x")) for index in range(50)]
    with pytest.raises(KeyboardInterrupt):
        list(batch.run_all(jobs, work, lambda name, share: None, workers=3))
    assert sorted(stopped) == ["1", "2"]


@pytest.mark.parametrize("name", [None, "tiff"])
def test_a_stream_is_denoised_into_a_file_in_memory(
    networks: Networks, noisy_file: Path, noisy: NDArray[np.uint8], name: str | None
) -> None:
    target = None if name is None else format_named(name)
    source = io.BytesIO(noisy_file.read_bytes())
    answer, outcome = batch.pipe(source, networks, REQUEST, target)
    with Image.open(io.BytesIO(answer)) as image:
        assert image.format == ("PNG" if name is None else "TIFF")
        np.testing.assert_array_equal(np.array(image), denoise(noisy, 25))
    assert (outcome.input, outcome.output) == ("-", "-")


def test_delivering_is_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    batch.deliver(b"answer", tmp_path / "x.png")
    assert (tmp_path / "x.png").read_bytes() == b"answer"

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match="No space left"):
        batch.deliver(b"other", tmp_path / "x.png")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"answer"]
