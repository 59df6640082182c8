from __future__ import annotations

import io
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from numpy.typing import NDArray
from PIL import Image

from linn_cli import denoise
from linn_cli.denoising import jobs, planning
from linn_cli.denoising.job_list import Job
from linn_cli.denoising.jobs import Handling
from linn_cli.denoising.networks import Networks
from linn_cli.denoising.outcome import Outcome
from linn_cli.denoising.planning import Existing
from linn_cli.engine import _convolution, budget
from linn_cli.errors import InputError
from linn_cli.noise.request import Request
from linn_cli.pictures import reading, tiff_rows
from linn_cli.pictures.formats import format_named
from linn_cli.progress import Progress, silent
from linn_cli.units import Sigma

REQUEST = Request(Sigma((25.0,)))


@pytest.fixture(scope="module")
def networks() -> Networks:
    return Networks()


def test_a_file_is_denoised_like_an_array(
    networks: Networks, noisy_file: Path, noisy: NDArray[np.uint8]
) -> None:
    job = Job(noisy_file, noisy_file.parent / "new" / "clean.png")
    outcome = jobs.run(job, networks, REQUEST)
    with Image.open(job.target) as image:
        np.testing.assert_array_equal(np.array(image), denoise(noisy, 25))
    assert (outcome.width, outcome.height, outcome.channels, outcome.depth) == (52, 37, 1, "uint8")
    assert outcome.error is None
    assert outcome.seconds > 0
    assert outcome.bytes == job.target.stat().st_size
    assert "52 x 37 grey uint8, sigma 25, polyphase DnINN-ST grey" in outcome.details()[0]


@pytest.mark.parametrize(
    ("name", "frames", "large"),
    [("whole.png", 1, 10**9), ("pages.tif", 2, 10**9), ("rows.tif", 1, 1)],
)
def test_a_quality_that_a_format_has_not_is_said(
    networks: Networks,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    frames: int,
    large: int,
) -> None:
    monkeypatch.setattr(tiff_rows, "LARGE", large)
    source = tmp_path / name
    levels = np.random.default_rng(0).integers(0, 256, (130, 40), np.uint8)
    pictures = [Image.fromarray(levels)] * frames
    pictures[0].save(source, save_all=frames > 1, append_images=pictures[1:])
    for quality in (None, 50):
        job = Job(source, tmp_path / f"{quality}{source.suffix}")
        outcome = jobs.run(job, networks, REQUEST, handling=Handling(quality))
        assert outcome.error is None
        assert any("no quality" in said for said in outcome.remarks) == (quality is not None)


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
        outcome = jobs.run(job, networks, REQUEST)
        assert reason in str(outcome.error)
        assert str(outcome) == outcome.error
    assert sorted(path.name for path in tmp_path.iterdir()) == ["blocked", "pictures"]


def test_a_fault_names_its_file(networks: Networks, tmp_path: Path) -> None:
    job = Job(tmp_path / "a.tif", tmp_path / "b.tif")
    tifffile.imwrite(job.source, np.full((20, 20), 1e300))
    error = str(jobs.run(job, networks, Request()).error)
    assert error.startswith(f"{job.source}: ")
    heic = Job(tmp_path / "a.heic", tmp_path / "a-denoised.heic")
    assert "convert it to PNG first" in str(jobs.run(heic, networks, REQUEST).error)


def test_running_out_of_memory_fails_one_picture_only(
    networks: Networks, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done_so_far, failures = 0.0, 0

    def failing(*arguments: Any, **options: Any) -> torch.Tensor:
        nonlocal failures
        if done_so_far > 0.5 and not failures:
            failures += 1
            raise RuntimeError("CUDA out of memory")
        return original(*arguments, **options)

    def progress(done: float, note: str = "", total: float | None = None) -> None:
        nonlocal done_so_far
        done_so_far += done

    original = _convolution.convolve
    monkeypatch.setattr(_convolution, "convolve", failing)
    monkeypatch.setattr(budget, "_BAND_PIXELS", 5 * 52)  # bands of five rows, and pictures of 37
    monkeypatch.setattr(budget, "_ENOUGH_ROWS", 1)
    outcomes = [
        jobs.run(job, networks, REQUEST, progress=progress) for job in planning.plan([tree], None)
    ]
    assert "out of memory" in str(outcomes[0].error)
    assert outcomes[1].error is None
    assert not (tree / "a-denoised.png").exists()


def test_what_exists_is_skipped(networks: Networks, noisy_file: Path) -> None:
    job = Job(noisy_file, noisy_file.with_name("clean.png"))
    job.target.write_bytes(b"here")
    assert jobs.run(job, networks, REQUEST, existing=Existing(skip=True)).skipped
    assert job.target.read_bytes() == b"here"


@pytest.mark.parametrize("workers", [1, 3])
def test_outcomes_come_in_order(
    networks: Networks, noisy: NDArray[np.uint8], tmp_path: Path, workers: int
) -> None:
    todo = []
    for index in range(5):
        todo.append(Job(tmp_path / f"{index}.png", tmp_path / f"{index}-clean.png"))
        Image.fromarray(noisy[: 5 + 8 * index]).save(todo[-1].source)
    shares: list[float] = []
    outcomes = list(
        jobs.run_all(
            todo,
            lambda job, progress: jobs.run(job, networks, REQUEST, progress=progress),
            lambda done, note="", total=None: shares.append(done),
            workers,
        )
    )
    assert [outcome.input for outcome in outcomes] == [str(job.source) for job in todo]
    assert sum(shares) == pytest.approx(len(todo))
    for job in todo:
        expected = denoise(reading.read_levels(job.source), 25)
        np.testing.assert_array_equal(reading.read_levels(job.target), expected)


@pytest.mark.parametrize("sigma", [25.0, None])
@pytest.mark.parametrize("kind", ["white", "correlated", "camera"])
def test_progress_names_the_steps_and_counts_to_one(
    networks: Networks, noisy_file: Path, sigma: float | None, kind: str
) -> None:
    if sigma and kind != "white":
        return
    told: list[tuple[float, str]] = []
    request = Request(Sigma((sigma,)) if sigma else None, kind)
    job = Job(noisy_file, noisy_file.with_name("clean.png"))
    jobs.run(
        job,
        networks,
        request,
        progress=lambda done, note="", total=None: told.append((done, note)),
    )
    assert sum(done for done, _ in told) == pytest.approx(1)
    steps = ["reading", *([] if sigma else ["estimating noise"]), "denoising", "writing"]
    assert list(dict.fromkeys(note for _, note in told)) == steps


def test_what_is_skipped_or_fails_counts_whole(tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    todo = [Job(Path(name), tmp_path / name) for name in ("a.png", "b.png")]
    list(
        jobs.run_all(
            todo,
            lambda job, progress: Outcome(str(job.source), str(job.target), skipped=True),
            lambda done, note="", total=None: told.append((done, note)),
        )
    )
    assert told == [(1, "a.png"), (1, "b.png")]


def test_an_interruption_stops_every_worker() -> None:
    together = threading.Barrier(3)
    began: list[str] = []
    stopped: list[str] = []

    def work(job: Job, progress: Progress) -> Outcome:
        began.append(job.source.name)
        if job.source.name in ("0", "1", "2"):
            together.wait(10)
        if job.source.name == "0":
            raise KeyboardInterrupt
        late = time.monotonic() + 10
        try:
            while time.monotonic() < late:
                progress(1e-9)
        except KeyboardInterrupt:
            stopped.append(job.source.name)
            raise
        return Outcome(job.source.name, "x")

    todo = [Job(Path(str(index)), Path("x")) for index in range(50)]
    with pytest.raises(KeyboardInterrupt):
        list(jobs.run_all(todo, work, silent, workers=3))
    assert sorted(["0", *stopped]) == sorted(began)
    # The worker that was interrupted may take one more before the others are told.
    assert {"0", "1", "2"} <= set(began) <= {"0", "1", "2", "3"}


def test_of_very_many_files_few_wait_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_AHEAD", 2)
    todo = [Job(Path(str(index)), Path("x")) for index in range(50)]
    begun: list[str] = []

    def work(job: Job, progress: Progress) -> Outcome:
        begun.append(job.source.name)
        return Outcome(str(job.source), "x")

    told = []
    for outcome in jobs.run_all(todo, work, silent, workers=3):
        told.append(outcome.input)
        assert len(begun) <= len(told) + 6
    assert told == [str(index) for index in range(50)]


@pytest.mark.parametrize("name", [None, "tiff"])
def test_a_stream_is_denoised_into_a_file_in_memory(
    networks: Networks, noisy_file: Path, noisy: NDArray[np.uint8], name: str | None
) -> None:
    target = None if name is None else format_named(name)
    source = io.BytesIO(noisy_file.read_bytes())
    answer, outcome = jobs.pipe(source, networks, REQUEST, target)
    with Image.open(io.BytesIO(answer)) as image:
        assert image.format == ("PNG" if name is None else "TIFF")
        np.testing.assert_array_equal(np.array(image), denoise(noisy, 25))
    assert (outcome.input, outcome.output) == ("-", "-")


def test_delivering_is_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs.deliver(b"answer", tmp_path / "x.png")
    assert (tmp_path / "x.png").read_bytes() == b"answer"

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match="No space left"):
        jobs.deliver(b"other", tmp_path / "x.png")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"answer"]
