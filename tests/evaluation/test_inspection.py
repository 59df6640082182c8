from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from linn_cli.engine.normalisation import network_sigma, normalise
from linn_cli.errors import UsageError
from linn_cli.evaluation import inspection
from linn_cli.network import haar, polyphase
from linn_cli.network.architecture import Architecture
from linn_cli.network.model import DnINN
from linn_cli.network.shrinkage import Lista
from linn_cli.units import Sigma
from tests.conftest import ARCHITECTURES, POLYPHASE, random_model

SIGMA = 20.0
GREY = [
    *ARCHITECTURES,
    *(one for one in POLYPHASE if one.planes == 1),
    Architecture("lista", 2, phases=2, pairs=1, width=8, depth=2, activation="relu"),
]
Array = NDArray[np.float32]


@pytest.fixture
def levels(noisy: NDArray[np.uint8]) -> Array:
    return noisy.astype(np.float32)


def normalised(levels: Array, model: DnINN) -> torch.Tensor:
    picture = (torch.from_numpy(levels) - 127.5) / SIGMA
    return picture[None, None].to(next(model.parameters()))


@pytest.mark.parametrize("architecture", GREY, ids=str)
def test_what_is_seen_is_what_the_network_does(architecture: Architecture, levels: Array) -> None:
    model = random_model(architecture)
    parts: list[str] = []
    seen = inspection.inspect(
        model, levels, SIGMA, lambda done, note="", total=None: parts.append(note)
    )
    assert len(parts) == inspection.parts(model)

    with torch.inference_mode():
        image = normalised(levels, model)
        expected = model(image * SIGMA / 255 + 0.5, SIGMA / 255)[0, 0] * 255
        image = polyphase.fill(image, architecture.alignment)
        # Pictures are kept as float32: half an epsilon of 255 or more.
        np.testing.assert_allclose(seen.denoised, expected.numpy(), atol=1e-3, rtol=1e-6)
        for scale, view in zip(model.scales, seen.scales, strict=True):
            split = torch.cat(haar.split(image, scale.dilation), dim=1)[0]
            coarse, detail = scale.analyse(image)
            shrunk = polyphase.merge(scale.shrinkage(detail), scale.phases)
            whole = polyphase.merge(detail, scale.phases)
            for channels, truth in (
                (view.split, split),
                (view.lifted, torch.cat((coarse, whole), dim=1)[0]),
                (view.shrunk, torch.cat((coarse, shrunk), dim=1)[0]),
            ):
                np.testing.assert_allclose(channels, truth.numpy(), rtol=1e-6, atol=1e-6)
            assert view.steps[-1].detail == pytest.approx(inspection.rms(view.lifted[1:]), rel=1e-5)
            assert view.steps[-1].coarse == pytest.approx(inspection.rms(view.lifted[0]), rel=1e-5)
            code = scale.shrinkage.code(detail) if isinstance(scale.shrinkage, Lista) else shrunk
            assert view.zeros == pytest.approx((code == 0).double().mean(dim=(0, 2, 3)).tolist())
            image = coarse
    assert np.abs(seen.error).max() < 1e-9  # float64 rounding; a lost channel would be grey levels


def test_the_plain_transform_ignores_the_network(levels: Array) -> None:
    views = [
        inspection.inspect(random_model(Architecture("st", 2), seed), levels, SIGMA).scales
        for seed in (0, 1)
    ]
    for one, other in zip(*views, strict=True):
        np.testing.assert_array_equal(one.plain, other.plain)
        assert not np.array_equal(one.lifted, other.lifted)


def test_without_zeros_the_plain_answer_is_the_picture(levels: Array) -> None:
    model = random_model(Architecture())
    model.scales[0].shrinkage.threshold.zero_()  # type: ignore[operator]
    seen = inspection.inspect(model, levels, SIGMA)
    # The threshold is then the smallest detail, which leaves each value by at most that.
    np.testing.assert_allclose(seen.plain, levels, atol=0.5)


def test_filter_energy_is_that_of_the_filters(levels: Array) -> None:
    model = random_model(Architecture())
    step = model.scales[0].steps[2]
    energy = sum(
        float(value.square().sum())
        for name, value in step.predict.state_dict().items()
        if name.endswith("weight")
    )
    seen = inspection.inspect(model, levels, SIGMA)
    assert seen.scales[0].steps[2].predict_energy == pytest.approx(energy)


def test_colour_is_refused(levels: Array) -> None:
    with pytest.raises(UsageError, match="expected a grey picture"):
        inspection.inspect(random_model(Architecture()), np.dstack([levels] * 3), SIGMA)


def test_a_network_of_colour_is_refused(levels: Array) -> None:
    with pytest.raises(UsageError, match="choose other weights"):
        inspection.inspect(random_model(POLYPHASE[1]), levels, SIGMA)


def test_of_a_colour_picture_the_plane_is_the_luma_that_the_network_gets() -> None:
    levels = np.random.default_rng(0).uniform(0, 255, (9, 12, 3)).astype(np.float32)
    for sigma in (Sigma((20.0,)), Sigma((10.0, 30.0, 20.0))):
        luma, channels = inspection.plane(levels, sigma)
        assert channels == sigma.by_channel(3)
        planes = normalise(torch.from_numpy(levels).permute(2, 0, 1) / 255, channels)
        seen = (luma - 127.5) / network_sigma(channels)
        # float32 values of some tens: half an epsilon of each, and of their sums.
        np.testing.assert_allclose(seen, planes[0, 0].numpy(), atol=1e-4)


def test_the_plane_of_a_grey_picture_is_the_picture(levels: Array) -> None:
    stored_as_colour = np.dstack([levels] * 3)
    for picture in (levels, stored_as_colour):
        grey, channels = inspection.plane(picture, Sigma((25.0,)))
        np.testing.assert_array_equal(grey, levels)
        assert channels == (25.0,)
    # Different noise was asked for: then its channels are three.
    _, channels = inspection.plane(stored_as_colour, Sigma((25.0, 20.0, 25.0)))
    assert len(channels) == 3
    with pytest.raises(UsageError, match="3 sigmas for a picture of 1 channel:"):
        inspection.plane(levels, Sigma((25.0, 20.0, 25.0)))


def test_the_histogram_holds_every_coefficient() -> None:
    values = np.array([[-100.0, 0.0, 0.001], [0.2, 100.0, 3.0]], np.float32)
    shares = inspection.histogram(values)
    assert sum(shares) == pytest.approx(1)
    assert len(shares) == len(inspection.MIDDLES)
    assert shares[0] == shares[-1] == pytest.approx(1 / 6)
    assert shares[int(np.argmin(np.abs(inspection.MIDDLES)))] == pytest.approx(2 / 6)


@pytest.mark.parametrize(
    ("side", "rows", "columns"),
    [(1, (3, 4), (2, 3)), (3, (2, 5), (1, 4)), (5, (1, 6), (0, 5)), (100, (0, 7), (0, 5))],
)
def test_the_middle_is_the_middle(
    side: int, rows: tuple[int, int], columns: tuple[int, int]
) -> None:
    levels = np.arange(35, dtype=np.float32).reshape(7, 5)
    expected = levels[slice(*rows), slice(*columns)]
    np.testing.assert_array_equal(inspection.middle(levels, side), expected)
    coloured = np.dstack([levels] * 3)
    assert inspection.middle(coloured, side).shape == (*expected.shape, 3)
