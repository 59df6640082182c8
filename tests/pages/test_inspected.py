from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from linn_cli.evaluation import inspection
from linn_cli.network.architecture import Architecture
from linn_cli.pages import inspected
from tests.conftest import random_model
from tests.pages.test_embedding import decoded
from tests.pages.test_html import shown

Grey = NDArray[np.uint8]


@pytest.mark.parametrize("architecture", [Architecture("st", 1), Architecture("lista", 2)], ids=str)
def test_the_inspection_page_shows_every_stage(architecture: Architecture, noisy: Grey) -> None:
    levels = noisy.astype(np.float32)
    seen = inspection.inspect(random_model(architecture), levels, 25)
    data = shown(inspected.render("x", seen, 25, architecture, "set", inspection.SigmaUnit()))
    assert "luma" not in data["lead"]
    assert str(architecture) in data["lead"]
    assert len(data["scales"]) == architecture.scales
    for number, scale in enumerate(data["scales"]):
        stages = ["plain Haar", "after lifting", "after shrinkage"]
        if number:
            stages.insert(1, "before lifting")
        assert list(scale["pictures"]) == list(scale["histograms"]) == stages
        assert all(len(pictures) == 4 for pictures in scale["pictures"].values())
        assert len(scale["steps"]) == 4
    np.testing.assert_array_equal(decoded(data["noisy"]["source"])[..., 0], noisy)
    # The coarse channel of plain Haar is twice the local mean of the picture.
    coarse = decoded(data["scales"][0]["pictures"]["plain Haar"][0]["source"])[..., 0]
    padded = np.pad(levels, 1, mode="reflect")
    means = (padded[1:, 1:] + padded[1:, :-1] + padded[:-1, 1:] + padded[:-1, :-1]) / 4
    np.testing.assert_allclose(coarse, np.clip(means, 0, 255), atol=0.51)
