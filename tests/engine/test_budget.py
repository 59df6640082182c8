"""The oracle of the footprint is what an engine holds."""

from __future__ import annotations

import pytest

from linn_cli.engine import budget, streaming
from linn_cli.engine._convolution import Workspaces
from linn_cli.engine.bands import Filling, marked
from linn_cli.engine.folding import fold
from linn_cli.network.architecture import NETWORKS, Architecture
from linn_cli.progress import silent
from tests.conftest import FAMILY, random_image, random_model
from tests.engine.test_streaming import FOLDED, held


@pytest.mark.parametrize("architecture", [*FAMILY, NETWORKS["grey"], NETWORKS["colour"]], ids=str)
def test_the_footprint_is_about_what_is_held(architecture: Architecture) -> None:
    scales, width, band = fold(random_model(architecture).float()), 101, 64
    engine = streaming.ScaleStream(
        scales[0], scales[1:], width, band, shrink=True, spaces=Workspaces()
    )
    image = random_image(600, width, planes=architecture.planes).float()
    filling = Filling(architecture.alignment)
    rows = marked(filling.fill(image.split(band, dim=2)))
    work = streaming.Work(silent, filling)
    most = max(held(engine) for _ in engine.through(rows, work))
    said = budget.footprint(scales, width, band)
    assert 0.7 * said < most < 1.3 * said


def test_wide_pictures_have_bands_of_enough_rows() -> None:
    assert budget.band_height(1024) == 64
    assert budget.band_height(8000) == 16
    # The wider, the fewer rows: a band has no more than 2 * 65,536 pixels, for the memory's sake, but one row.
    assert budget.band_height(2**15) == 4
    assert budget.band_height(2**20) == 1


def test_a_budget_lowers_the_band() -> None:
    scales = FOLDED[Architecture("st", 1)]
    free = budget.highest_band(scales, [1000], None)
    assert free == budget.band_height(1000)
    allowed = budget.footprint(scales, 1000, free // 4)
    assert budget.highest_band(scales, [1000], allowed) == free // 4
    assert budget.highest_band(scales, [1000], 1) == 1
    # An engine for the half has twice the rows.
    allowed += budget.footprint(scales, 500, 2 * (free // 4))
    assert budget.highest_band(scales, [1000, 500], allowed) == free // 4
    assert budget.highest_band(scales, [1000, 500], allowed - 1) == free // 8
