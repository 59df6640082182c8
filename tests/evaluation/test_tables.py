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


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0, "0.0%"), (1e-6, "<0.1%"), (0.5, "50.0%"), (0.99999, ">99.9%"), (1, "100.0%")],
)
def test_all_and_none_are_said_only_of_all_and_none(share: float, shown: str) -> None:
    seen = Difference(30.0, 0.9, 0.0, 8.0, 40.0, share, np.zeros((2, 2), np.float32))
    assert ["pixels that differ", shown] in tables.difference(("a", "b"), seen)[2]
