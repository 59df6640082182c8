from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from linn_cli.denoising import _distinct
from linn_cli.denoising.job_list import Job, JobList
from linn_cli.errors import UsageError


def jobs(tmp_path: Path, *pairs: tuple[str, str]) -> JobList:
    return JobList(Job(tmp_path / source, tmp_path / target) for source, target in pairs)


def test_outputs_of_their_own_are_taken(tmp_path: Path) -> None:
    _distinct.check(jobs(tmp_path, ("a/x.png", "out/x.png"), ("b/x.png", "out/b/x.png")))


@pytest.mark.parametrize(
    "pairs",
    [
        (("a/x.png", "out/x.png"), ("b/x.png", "out/x.png")),
        (("a/x.png", "out/x.png"), ("b/x.png", "a/../out/x.png")),
        (("a/x.png", "link/x.png"), ("b/x.png", "out/x.png")),
        (("a/x.png", "link.png"), ("b/x.png", "out/y.png")),
    ],
)
def test_an_output_that_two_would_write_is_refused(
    tmp_path: Path, pairs: tuple[tuple[str, str], ...]
) -> None:
    for folder in ("a", "b", "out"):
        (tmp_path / folder).mkdir()
    (tmp_path / "link").symlink_to("out")
    (tmp_path / "link.png").symlink_to("out/y.png")
    with pytest.raises(UsageError, match="would be written there"):
        _distinct.check(jobs(tmp_path, *pairs))


@pytest.mark.parametrize(
    "pairs",
    [
        (("a/x.png", "a/y.png"), ("a/y.png", "out/y.png")),
        (("link/x.png", "out/x.png"), ("b/x.png", "a/x.png")),
        (("a/l.png", "out/l.png"), ("b/x.png", "out/far.png")),
        (("a/l.png", "a/l.png"),),
    ],
)
def test_an_output_that_is_an_input_is_refused(
    tmp_path: Path, pairs: tuple[tuple[str, str], ...]
) -> None:
    for folder in ("a", "b", "out"):
        (tmp_path / folder).mkdir()
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "a" / "l.png").symlink_to("../out/far.png")
    with pytest.raises(UsageError, match="is an input too"):
        _distinct.check(jobs(tmp_path, *pairs))


def test_memory_is_that_of_one_folder(tmp_path: Path) -> None:
    found = jobs(
        tmp_path,
        *((f"{n // 100}/{n % 100}.png", f"out/{n // 100}/{n % 100}.png") for n in range(10_000)),
    )
    tracemalloc.start()
    _distinct.check(found)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 400_000


def test_where_case_counts_nothing_accents_count_nothing_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = ("a/\u00c4.png", "out/\u00c4.png"), ("b/a\u0308.png", "out/a\u0308.png")
    _distinct.check(jobs(tmp_path, *pairs))
    monkeypatch.setattr(_distinct, "_minds_case", lambda folder: False)
    with pytest.raises(UsageError, match="would be written there"):
        _distinct.check(jobs(tmp_path, *pairs))
