"""What Python's arguments ask for, and where that hardly fits the image."""

from __future__ import annotations

import numpy as np
import pytest

from linn_cli.denoising import arguments
from linn_cli.denoising.document import Plane
from linn_cli.errors import UsageError
from linn_cli.noise.request import Request
from linn_cli.pictures.picture import Picture
from linn_cli.units import Sigma


def test_arguments_become_a_request() -> None:
    found = arguments.asked(0.1, "auto", 1.0, None, None, "unit")
    assert found.sigma
    assert found.sigma.levels == pytest.approx((25.5,))
    assert arguments.asked("auto", "auto", 1.0, None, None, "8bit").is_estimate
    camera = arguments.asked("auto", "camera", 1.0, np.float32(2), [3.0], "8bit")
    assert len(camera.cameras) == 1
    for sigma, strength, unit in (("25", 1.0, "8bit"), (25, 3.0, "8bit"), ("auto", 1.0, "bits")):
        with pytest.raises(UsageError):
            arguments.asked(sigma, "auto", strength, None, None, unit)


@pytest.mark.parametrize(
    ("sigma", "dtype", "asks"),
    [
        (0.1, "u1", True),
        (0.5, "u1", False),
        (0.5, "f4", True),
        (1.5, "f4", False),
        (0, "f4", False),
    ],
)
def test_next_to_no_noise_is_doubted(sigma: float, dtype: str, asks: bool) -> None:
    assert bool(arguments.doubt(Request(Sigma((sigma,))), np.dtype(dtype))) is asks
    assert not arguments.doubt(Request(), np.dtype(dtype))


def test_floats_that_go_beyond_white_have_another_one() -> None:
    counts = Picture(np.full((8, 8, 1), 200.0, np.float32))
    assert arguments.farthest(counts) == 200
    assert arguments.farthest(Picture(np.full((8, 8, 1), 200, np.uint8))) == 0
    request = Request(Sigma((25.0,)))
    with pytest.raises(UsageError, match="go up to 200"):
        arguments.check_white([Plane(counts, request.find(counts))], request)
