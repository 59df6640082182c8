from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from linn_cli.denoising.job_list import Job, JobList

JOBS = [
    Job(Path("in/a.png"), Path("out/a.png")),
    Job(Path("in/b.png"), Path("out/b.tif")),
    Job(Path("c.png"), Path("/c.png")),
    Job(Path("in/d\n.png"), Path("out/d\n.png")),
]


def test_jobs_come_back_in_order_each_time() -> None:
    found = JobList(iter(JOBS))
    assert list(found) == list(found) == JOBS
    assert (len(found), found[0], found[-1], found[1:3]) == (4, JOBS[0], JOBS[3], JOBS[1:3])
    assert not JobList()
    with pytest.raises(IndexError):
        found[4]


def test_a_job_takes_little_more_than_its_names() -> None:
    many = 20_000

    def jobs() -> Iterator[Job]:
        for number in range(many):
            yield Job(Path(f"in/{number:05}.png"), Path(f"out/{number:05}.png"))

    def measured() -> tuple[int, int]:
        tracemalloc.start()
        found = JobList(jobs())
        held, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(found) == many
        return held, most - held

    # Python's own table of names grows in some of them.
    held, more = map(min, zip(*(measured() for _ in range(4)), strict=True))
    assert held / many < 20  # bytes; a name has 10
    assert more / many < 30
