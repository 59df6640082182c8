from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch

from linn_cli.commands import tables
from linn_cli.evaluation.benchmark import Score, Summary
from linn_cli.evaluation.clean_pictures import CleanPictures
from linn_cli.evaluation.invertibility import Check, RoundTrip
from linn_cli.evaluation.published import Published
from linn_cli.network.architecture import Architecture
from linn_cli.training.run import Progress
from linn_cli.weights.known_answer import Verdict
from linn_cli.weights.sets import WeightSet
from linn_cli.weights.sources import Source

SUMMARY = Summary("DnINN-ST 1-scale", "set", "cpu", "float32", 25.0, 68, 28.95, 0.82, 10.0, 1.05)
SCORE = Score("a.png", 25.0, math.inf, None, 0.1, 100, "linn m")
WEIGHTS = WeightSet(Path("set.safetensors"), Architecture(), (5, 60), "made up")
TRIP = RoundTrip(torch.float32, "scale 1", 321, 481, 1e-6, 1e-4)


def test_every_row_has_every_column() -> None:
    for _, columns, rows in (
        tables.scores([SCORE]),
        tables.round_trips([("set", TRIP)], 25),
        tables.weight_sets([Source("here", (WEIGHTS,))]),
        tables.verdicts([Verdict("set", "network", hash_known=False)]),
    ):
        assert rows
        assert all(len(row) == len(columns) for row in rows)


def test_errors_are_given_in_both_units() -> None:
    [row] = tables.round_trip_data([("set", TRIP)], 25, [])["worst"]
    assert row["error_in_sigma"] == 1e-6
    assert row["error_in_grey_levels"] == pytest.approx(25e-6)
    assert row["passed"]


def test_what_was_checked_is_said() -> None:
    both, one = (torch.float32, torch.float64), (torch.float32,)
    pictures = tuple(torch.rand((2, side)) for side in (1, 3))
    checks = [Check(WEIGHTS, both, pictures), *[Check(WEIGHTS, one, pictures[1:])] * 2]
    words = "Checked: 1 set on 2 pictures in float32 and float64; 2 sets on 1 picture in float32."
    assert tables.checked(checks, everything=True) == words
    assert tables.checked(checks, everything=False) == f"{words} --all checks everything."
    data = tables.round_trip_data([], 25, checks)["checked"]
    assert data[0] == {
        "weights": "set",
        "dtypes": ["float32", "float64"],
        "pictures": ["1x2", "3x2"],
    }


def test_benchmark_data_is_json() -> None:
    pictures = CleanPictures([Path("a.png"), Path("b.png")], faults={1: "b.png: broken"})
    known = Published("BSD68", {"BM3D": {25: 28.57}})
    for found in (known, None):
        data = tables.benchmark_data(Path("BSD68"), [SUMMARY], [], pictures, found)
        data = json.loads(json.dumps(data))
        assert data["summaries"][0]["psnr"] == 28.95
        assert data["failed"] == [{"picture": "b.png", "error": "b.png: broken"}]
        expected = found and {"on": "BSD68", "psnr": {"BM3D": {"25": 28.57}}}
        assert data["published"] == expected


def test_progress_is_one_line() -> None:
    line = tables.progress_line(Progress(500, 0.0125, 2_000_000, 20.0, {"25": 29.3654}))
    assert line == "step 500: loss 0.012500, held out 29.365 dB at sigma 25; 100.0 kpx/s"
