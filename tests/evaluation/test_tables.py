from __future__ import annotations

from pathlib import Path

import pytest

from linn_cli.evaluation import tables
from linn_cli.evaluation.benchmark import Summary

SUMMARY = Summary("DnINN-ST 1-scale", "set", "cpu", "float32", 25.0, 68, 28.95, 0.82, 10.0, 1.05)


def test_every_row_has_every_column() -> None:
    for _, columns, rows in (
        tables.summaries(Path("BSD68"), [SUMMARY]),
        tables.beside_published([SUMMARY]),
    ):
        assert rows
        assert all(len(row) == len(columns) for row in rows)


def test_the_run_stands_below_the_published_rows() -> None:
    _, columns, rows = tables.beside_published([SUMMARY])
    assert columns == ["method", "sigma 25"]
    assert rows[0] == ["BM3D", "28.57"]
    assert rows[-1] == ["linn DnINN-ST 1-scale (this run)", "28.95"]
    assert len(rows) == 10


def test_quality_comes_before_what_it_took() -> None:
    _, columns, _ = tables.summaries(Path("BSD68"), [SUMMARY])
    assert columns[:4] == ["method", "sigma", "PSNR", "SSIM"]


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0%"),
        (1e-6, "< 0.1%"),
        (0.25, "25.0%"),
        (0.999, "99.9%"),
        (0.99999, "> 99.9%"),
        (1, "100%"),
    ],
)
def test_all_and_none_are_only_said_where_they_are(share: float, text: str) -> None:
    assert tables.percent(share) == text


@pytest.mark.parametrize(
    ("sigma", "text"), [(25, "25"), (25.1234, "25.1"), (0.01234, "0.0123"), (1020, "1020")]
)
def test_a_noise_level_has_three_digits(sigma: float, text: str) -> None:
    assert tables.level(sigma) == text


def test_a_sigma_nobody_published_has_no_figure() -> None:
    _, _, rows = tables.beside_published(
        [Summary("m", "set", "cpu", "float32", 30.0, 1, 28.0, None, 1.0, 1.0)]
    )
    assert rows[0] == ["BM3D", "-"]
