from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from linn_cli.evaluation import tables
from linn_cli.evaluation.benchmark import Summary
from linn_cli.evaluation.comparison import Difference
from linn_cli.evaluation.published import Published

KNOWN = Published("BSD68", {"BM3D": {15: 31.07, 25: 28.57}, "WNNM": {15: 31.37, 25: 28.83}})
SUMMARY = Summary("DnINN-ST 1-scale", "set", "cpu", "float32", 25.0, 68, 28.95, 0.82, 10.0, 1.05)


def test_every_row_has_every_column() -> None:
    for _, columns, rows in (
        tables.summaries(Path("BSD68"), [SUMMARY]),
        tables.beside_published([SUMMARY], KNOWN),
    ):
        assert rows
        assert all(len(row) == len(columns) for row in rows)


def test_the_run_stands_below_the_published_rows() -> None:
    title, columns, rows = tables.beside_published([SUMMARY], KNOWN)
    assert columns == ["method", "sigma 25"]
    assert rows[0] == ["BM3D", "28.57"]
    assert rows[-1] == ["linn DnINN-ST 1-scale (this run)", "28.95"]
    assert len(rows) == 3
    assert title == "PSNR in dB, as published on BSD68"


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
        [Summary("m", "set", "cpu", "float32", 30.0, 1, 28.0, None, 1.0, 1.0)], KNOWN
    )
    assert rows[0] == ["BM3D", "-"]


def test_the_difference_of_two_pictures_is_named() -> None:
    seen = Difference(30.0, None, -0.5, 8.0, 40.0, 0.25, np.zeros((2, 2), np.float32))
    title, columns, rows = tables.difference(("a.png", "b.png"), seen)
    assert "a.png and b.png" in title
    assert all(len(row) == len(columns) for row in rows)
    assert ["b.png is brighter by, on average", "-0.500"] in rows
    assert ["SSIM", "-"] in rows
    assert ["pixels that differ", "25.0%"] in rows
