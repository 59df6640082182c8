from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from linn_cli.denoising import document as documents
from linn_cli.denoising import estimates, jobs
from linn_cli.denoising.job_list import Job
from linn_cli.denoising.jobs import Handling
from linn_cli.denoising.networks import Networks
from linn_cli.noise.request import Request
from linn_cli.pictures import tiff_pages
from linn_cli.pictures.picture import Picture

STACKS: list[dict[str, Any]] = [
    {"imagej": True},
    {"imagej": True, "truncate": True},
    {"truncate": True},
    {"photometric": "minisblack", "compression": "zlib"},
    {"photometric": "minisblack", "bigtiff": True, "byteorder": ">"},
]


@pytest.fixture(scope="module")
def networks() -> Networks:
    return Networks()


def stack(count: int = 5) -> NDArray[np.uint16]:
    noise = np.random.default_rng(0).normal(0, 60, (count, 40, 48))
    return (1000 + 200 * np.sin(np.arange(48) / 9) + noise).astype(np.uint16)


@pytest.mark.parametrize("options", STACKS)
def test_page_by_page_comes_the_same_as_whole(
    networks: Networks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    whole, paged = (Job(tmp_path / "a.tif", tmp_path / name) for name in ("b.tif", "c.tif"))
    tifffile.imwrite(whole.source, stack(), **options)
    expected = jobs.run(whole, networks, Request())
    monkeypatch.setattr(tiff_pages, "LARGE", 0)
    monkeypatch.setattr(tiff_pages, "read", lambda *_: pytest.fail("read whole"))
    told: list[tuple[float, str]] = []
    found = jobs.run(
        paged,
        networks,
        Request(),
        progress=lambda done, note="", total=None: told.append((done, note)),
    )
    assert found.error is None
    assert whole.target.read_bytes() == paged.target.read_bytes()
    assert tifffile.imread(paged.target).shape == (5, 40, 48)
    assert (found.sigma, found.frames, found.range) == (expected.sigma, 5, expected.range)
    assert sum(done for done, _ in told) == pytest.approx(1)
    assert list(dict.fromkeys(note for _, note in told)) == ["reading", "denoising"]


def test_no_more_than_a_page_is_held(
    networks: Networks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiff_pages, "LARGE", 0)
    monkeypatch.setattr(documents, "MOST_PAGES", 2)
    job = Job(tmp_path / "a.tif", tmp_path / "b.tif")
    tifffile.imwrite(job.source, stack(8), photometric="minisblack")
    held, most = 0, 0

    def at(frames: tiff_pages.Frames, index: int) -> Picture:
        nonlocal held, most
        held += 1
        most = max(most, held)
        values = original(frames, index).values

        class Page(type(values)):  # type: ignore[misc]
            def __del__(self) -> None:
                nonlocal held
                held -= 1

        return Picture(values.view(Page))

    original = tiff_pages.Frames.at
    monkeypatch.setattr(tiff_pages.Frames, "at", at)
    assert jobs.run(job, networks, Request()).error is None
    assert most <= 4


def test_a_stack_that_is_cut_short_leaves_nothing(
    networks: Networks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiff_pages, "LARGE", 0)
    job = Job(tmp_path / "a.tif", tmp_path / "b.tif")
    tifffile.imwrite(job.source, stack(), photometric="minisblack")
    job.source.write_bytes(job.source.read_bytes()[:-3000])
    error = jobs.run(job, networks, Request()).error
    assert error is not None
    assert error.startswith(f"{job.source}: cannot be read, damaged or cut short")
    assert sorted(tmp_path.iterdir()) == [job.source]


def test_frames_that_are_missing_are_said(networks: Networks, tmp_path: Path) -> None:
    job = Job(tmp_path / "a.tif", tmp_path / "b.tif")
    tifffile.imwrite(job.source, stack(), imagej=True, truncate=True)
    job.source.write_bytes(job.source.read_bytes()[:-3000])
    outcome = jobs.run(job, networks, Request())
    assert "the file speaks of 5 frames and holds 1" in outcome.remarks
    [line] = estimates.of_file(job.source, max_pixels=10**9).lines()
    assert line.endswith("the file speaks of 5 frames and holds 1")


def test_a_page_that_is_too_large_is_refused(
    networks: Networks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiff_pages, "LARGE", 0)
    job = Job(tmp_path / "a.tif", tmp_path / "b.tif")
    tifffile.imwrite(job.source, stack(), photometric="minisblack")
    few = jobs.run(job, networks, Request(), handling=Handling(max_pixels=1919))
    assert "more than 1919 pixels" in str(few.error)
    # Those of one page are held at a time.
    assert jobs.run(job, networks, Request(), handling=Handling(max_pixels=1920)).error is None
