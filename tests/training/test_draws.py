from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Generator, Tensor

from linn_cli.training.draws import chance, log_uniform, normal, uniform

MANY = 10_000


def seeded() -> Generator:
    return Generator().manual_seed(0)


@pytest.mark.parametrize(
    "draw",
    [
        lambda draws: uniform((2, 3), draws),
        lambda draws: log_uniform((2, 3), draws, 1, 2),
        lambda draws: normal((2, 3), draws),
        lambda draws: chance(0.5, 6, draws).view(2, 3),
    ],
)
def test_the_draws_alone_decide(draw: Callable[[Generator], Tensor]) -> None:
    assert draw(seeded()).shape == (2, 3)
    assert torch.equal(draw(seeded()), draw(seeded()))


def test_numbers_lie_evenly_in_their_range() -> None:
    # Of this many numbers, a share is known to 0.005; three times that.
    drawn = uniform((MANY,), seeded(), -3, 1)
    assert -3 <= drawn.min() < drawn.max() <= 1
    assert (drawn < -2).double().mean().item() == pytest.approx(1 / 4, abs=0.015)
    drawn = log_uniform((MANY,), seeded(), 1e-5, 1e-1)
    assert 0.99e-5 <= drawn.min() < drawn.max() <= 1.01e-1
    assert (drawn < 1e-3).double().mean().item() == pytest.approx(1 / 2, abs=0.015)


def test_normal_numbers_have_mean_0_and_deviation_1() -> None:
    drawn = normal((MANY,), seeded())
    # Standard errors are 0.01 and 0.007; three times the larger.
    assert drawn.mean().item() == pytest.approx(0, abs=0.03)
    assert drawn.std().item() == pytest.approx(1, abs=0.03)


def test_chance_happens_as_often_as_told() -> None:
    happened = chance(0.3, MANY, seeded())
    assert happened.shape == (MANY, 1, 1, 1)
    error = math.sqrt(0.3 * 0.7 / MANY)
    assert happened.double().mean().item() == pytest.approx(0.3, abs=3 * error)
    assert not chance(0, MANY, seeded()).any()
    assert chance(1, MANY, seeded()).all()
