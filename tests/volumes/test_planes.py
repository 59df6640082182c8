from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from linn_cli.denoising.by_parts import Part
from linn_cli.denoising.networks import Networks
from linn_cli.noise.profile import NoiseProfile
from linn_cli.noise.strength import FULL
from linn_cli.units import Sigma
from linn_cli.volumes import planes, units
from linn_cli.volumes.axes import Axes
from linn_cli.volumes.planes import Work
from tests.conftest import noisy_picture

NETWORKS = Networks(precision="float32")


def work_on(values: NDArray[Any], letters: str, *sigmas: float, **options: Any) -> Work:
    profiles = [NoiseProfile(Sigma((sigma,))) for sigma in sigmas]
    shards = options.pop("shards", values.shape)
    return Work(values, shards, Axes(letters), profiles, NETWORKS, FULL, 10**6, **options)


def test_channels_have_their_own_noise_and_none_stays_to_the_bit() -> None:
    values = np.stack([noisy_picture((20.0,))[:, :, 0]] * 2)
    work = work_on(values, "cyx", 0.0, 20.0)
    (unit,) = work.units()
    counts: list[float] = []
    (answer,) = work.answers([unit], lambda done, note="", total=None: counts.append(done))
    np.testing.assert_array_equal(answer[0], values[0])
    assert (answer[1] - values[1]).std() > 15 / 255
    assert sum(counts) == pytest.approx(1)
    assert len(work.used) == 1
    assert len(work.networks_used()) == 2


def test_units_of_a_plane_come_one_by_one_from_one_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planes, "LARGE", 1)
    monkeypatch.setattr(units, "_ROWS", 48)
    values = noisy_picture((20.0,))[:, :, 0]
    work = work_on(values, "yx", 20.0, shards=(48, 128))
    run = work.units()
    answers = list(work.answers(run))
    assert [answer.shape for answer in answers] == [(48, 128), (48, 128), (32, 128)]
    everything = units.Unit((), Part(0, 128, 0, 128))
    (whole,) = work_on(values, "yx", 20.0).answers([everything])
    np.testing.assert_allclose(np.concatenate(answers), whole, rtol=0, atol=1.5e-5)


def test_grey_in_colour_is_denoised_once_and_stays_grey() -> None:
    values = np.repeat(noisy_picture((20.0,)), 3, axis=2)
    work = work_on(values, "yxs", 20.0, as_grey=True)
    (answer,) = work.answers(work.units())
    assert answer.shape == values.shape
    assert (answer == answer[:, :, :1]).all()
