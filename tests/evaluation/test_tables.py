from __future__ import annotations

from pathlib import Path

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


def test_a_sigma_nobody_published_has_no_figure() -> None:
    _, _, rows = tables.beside_published(
        [Summary("m", "set", "cpu", "float32", 30.0, 1, 28.0, None, 1.0, 1.0)]
    )
    assert rows[0] == ["BM3D", "-"]
