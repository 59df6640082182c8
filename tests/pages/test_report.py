from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from linn_cli.evaluation.benchmark import Score, Summary, Trial
from linn_cli.evaluation.published import Published
from linn_cli.metrics import psnr
from linn_cli.pages import report
from tests.pages.test_embedding import decoded
from tests.pages.test_html import shown

OWN, OTHER = "linn DnINN-ST 1-scale", "NLM"
KNOWN = Published("BSD68", {"BM3D": {25: 28.57}})
SUMMARIES = [
    Summary("DnINN-ST 1-scale", "set", "cpu", "float32", 25.0, 5, 29.0, 0.8, 1.0, 0.3, 134_659),
    Summary("NLM", None, "cpu", "float64", 25.0, 5, 27.0, 0.7, 1.0, 0.5),
]


def filled(pictures: int = 5, side: int = 120) -> report.Gallery:
    """Picture k of a gallery has an error that grows with k, the other method twice that."""
    gallery = report.Gallery(pictures, 1, 2)
    generator = torch.Generator().manual_seed(0)
    for label, factor in ((OWN, 1.0), (OTHER, 2.0)):
        for index in range(pictures):
            clean = torch.rand((side, side + 10), generator=generator)
            noisy = clean + 0.1
            estimate = (clean + factor * (index + 1) * 0.01).clamp(0, 1)
            score = Score(
                image=f"<{index}>.png",
                sigma=25.0,
                psnr=psnr(estimate, clean),
                ssim=None,
                seconds=0.1,
                pixels=clean.numel(),
                method=label,
            )
            gallery.add(score, Trial(index, clean, noisy, estimate))
    return gallery


def test_the_page_holds_every_picture_and_figure() -> None:
    data = shown(report.render(Path("<b>"), SUMMARIES, filled(), KNOWN))
    assert data["title"] == "<b>"
    assert len(data["clean"]) == 5
    [level] = data["sigmas"]
    assert level["sigma"] == 25
    for index, picture in enumerate(level["pictures"]):
        assert picture["name"] == f"<{index}>.png"
        assert set(picture["estimates"]) == set(picture["scores"]) == {OWN, OTHER}
        assert decoded(picture["noisy"]).shape[:2] == (120, 130)
        assert picture["scores"][OWN]["psnr"] > picture["scores"][OTHER]["psnr"]
    assert data["summaries"][0]["parameters"] == 134_659
    assert [summary["own"] for summary in data["summaries"]] == [True, False]
    assert data["published"]["psnr"] == {"BM3D": [[25, 28.57]]}
    assert data["tables"][1]["rows"] == [
        ["BM3D", "28.57"],
        [f"{OWN} (this run)", "29.00"],
        [f"{OTHER} (this run)", "27.00"],
    ]


def test_other_pictures_have_nothing_published_beside_them() -> None:
    data = shown(report.render(Path("x"), SUMMARIES, filled()))
    assert data["published"] is None
    assert len(data["tables"]) == 1
    assert "could not" not in data["lead"]


def test_pictures_that_failed_are_left_out_and_counted() -> None:
    gallery = filled()
    gallery.leave_out([0, 3])
    data = shown(report.render(Path("x"), SUMMARIES, gallery, failed=2))
    assert "2 more could not be measured" in data["lead"]
    names = [picture["name"] for picture in data["sigmas"][0]["pictures"]]
    assert names == ["<1>.png", "<2>.png", "<4>.png"]
    assert len(data["clean"]) == 3


def test_the_worst_the_median_and_the_best_are_cropped_without_loss() -> None:
    crops = shown(report.render(Path("x"), SUMMARIES, filled()))["sigmas"][0]["crops"]
    assert [(crop["rank"], crop["name"]) for crop in crops] == [
        ("worst", "<4>.png"),
        ("median", "<2>.png"),
        ("best", "<0>.png"),
    ]
    for crop in crops:
        assert [panel["name"] for panel in crop["panels"]] == ["clean", "noisy", OWN, OTHER]
        clean, noisy = (decoded(panel["source"]).astype(int) for panel in crop["panels"][:2])
        assert clean.shape[:2] == (96, 96)
        # 0.1 of white is 25.5 levels; both are rounded, and white stays white.
        assert np.abs(np.minimum(clean + 25.5, 255) - noisy).max() <= 1


def test_more_pictures_share_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    roomy = report.render(Path("x"), SUMMARIES, filled())
    crops = sum(
        len(panel["source"])
        for crop in shown(roomy)["sigmas"][0]["crops"]
        for panel in crop["panels"]
    )
    monkeypatch.setattr(report, "_BUDGET", 30_000)
    tight = report.render(Path("x"), SUMMARIES, filled())
    page_itself = 60_000
    assert len(tight) < 30_000 * 4 / 3 + crops + page_itself < len(roomy)


@given(
    height=st.integers(1, 12),
    width=st.integers(1, 12),
    side=st.integers(1, 8),
    seed=st.integers(0, 5),
)
def test_the_worst_corner_has_the_largest_error(
    height: int, width: int, side: int, seed: int
) -> None:
    error = torch.randn((height, width), generator=torch.Generator().manual_seed(seed))
    top, left = report.worst_corner(error, side)
    tall, wide = min(side, height), min(side, width)
    squares = error.square()
    sums = {
        (y, x): float(squares[y : y + tall, x : x + wide].sum())
        for y in range(height - tall + 1)
        for x in range(width - wide + 1)
    }
    assert sums[top, left] == pytest.approx(max(sums.values()), rel=1e-5)
